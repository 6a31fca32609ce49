"""The catalogue of error codes: whole, used, and the only home of what a person is told with a
code.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.model.catalogue import Code, catalogue
from batch.model.statuses import TROUBLES

PACKAGE = Path(__file__).parents[2] / "batch"
READS_THEM_BACK = {"ledger/rows.py"}
ALSO_PLAIN_WORDS = {
    "changed",
    "correction",
    "in_doubt",
    "not_shipped",
    "limit",
    "refused",
    "stopped",
    "updated",
    "void",
}
"""Codes that are spelled for something else, too: a state, a key of the summary, a setting."""


def nodes(*, model: bool) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the model's modules, or of all others but the sandbox's."""
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith("model/") == model and not name.startswith("sandbox/"):
            yield from ((name, node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))


def test_the_codes_are_the_catalogues() -> None:
    """In one order; mypy sees the names, people the entries."""
    assert list(Code) == list(catalogue())


@pytest.mark.parametrize("code", Code)
def test_an_entry_has_an_example(code: Code) -> None:
    """It says what is wrong, and, where somebody has to do something, what to do, and who."""
    entry = catalogue()[code]
    finding = code.finding(**entry.example)
    assert finding.error.endswith(".")
    assert "{" not in finding.error + finding.todo
    assert bool(finding.todo) >= (entry.status in TROUBLES)
    assert all(f"{{{name}}}" in entry.error + entry.todo for name in entry.example)


def test_findings_are_made_from_the_catalogue_alone() -> None:
    """No module but the model's makes one by hand, but where the ledger reads back what it has
    kept.
    """
    made = {
        name
        for name, node in nodes(model=False)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Finding"
    }
    assert made == READS_THEM_BACK


def test_no_code_is_spelled_elsewhere() -> None:
    """A code is named, not written, so that whoever looks for one finds every use."""
    codes = set(Code) - ALSO_PLAIN_WORDS
    spelled = {
        (name, node.value)
        for name, node in nodes(model=False)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in codes
    }
    assert not spelled


def test_every_code_is_used() -> None:
    """None is left in the catalogue that nothing says any more."""
    named = {
        node.attr
        for model in (True, False)
        for _, node in nodes(model=model)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Code"
    }
    assert {code.name for code in Code} == named
