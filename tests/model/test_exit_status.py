"""The exit statuses: which is told where several apply, and that no other number ends a command."""

import ast
import itertools
from pathlib import Path

import pytest

from batch.model.exit_status import ExitStatus, worst

PACKAGE = Path(__file__).parents[2] / "batch"
CONTRACT = (129, 130, 143, 70, 75, 2, 74, 3, 1, 0)
"""DESIGN section 5, the first that applies; a fault of ours is told before what it left undone."""


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(CONTRACT, 2)))
def test_the_first_that_applies_is_told(first: int, second: int) -> None:
    """In whichever order they were met."""
    assert worst([first, second]) == worst([second, first]) == first


def test_nothing_done_is_well_done() -> None:
    """Nor does a number count that is none of ours: an older database may hold it."""
    assert worst([]) is worst([99]) is ExitStatus.ALL_DONE


def test_a_command_ends_with_a_named_status() -> None:
    """No module of ours writes the number."""
    for path in (path for path in PACKAGE.rglob("*.py") if "sandbox" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "typer.Exit",
                "sys.exit",
                "CommandResult",
            }:
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                numbers = [
                    arg
                    for arg in given
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, int)
                ]
                assert not numbers, f"{path}:{node.lineno}"
