"""The short form of the mutations: each can still be made. `python -m tests.proofs.mutations` makes
them.
"""

import ast
from pathlib import Path

import pytest

from tests.proofs.mutants import MUTANTS, Misplaced, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_has_its_place_in_todays_source(mutant: Mutant) -> None:
    """Its place is there exactly once, what it makes of the file is Python, and its tests exist."""
    mutated = mutant.applied((ROOT / "batch" / mutant.file).read_text("utf-8"))
    if mutant.file.endswith(".py"):
        ast.parse(mutated)
    assert all((ROOT / test).is_file() for test in mutant.tests)


@pytest.mark.parametrize("source", ["nothing of the kind", "here, and here"])
def test_a_mutant_without_its_one_place_fails_loudly(source: str) -> None:
    """Gone or ambiguous: the message names the file and the place."""
    with pytest.raises(
        Misplaced, match=r"batch/pipeline/shipping/dispatcher\.py has this [02] times"
    ):
        Mutant("says so", "pipeline/shipping/dispatcher.py", "here", "there", ()).applied(source)


def test_no_two_mutants_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
