"""The short forms of the proofs by killing; `.ci/run` has longer ones, `tests/proofs` the long
ones.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batch.ledger import read_ledger
from tests.proofs.warehouse import proved


def test_nothing_is_doubled_or_lost_by_40_kills_at_random_moments() -> None:
    """Each export killed up to six times, started again until it ends, compared with the store's
    own list.
    """
    said = proved("tests.proofs.kills", "--kills", "40")
    assert "0 doubled, 0 lost, 0 wrong" in said


def test_nothing_is_doubled_or_lost_by_a_kill_around_any_intent() -> None:
    """Every passage, before and after it is on disk."""
    said = proved("tests.proofs.points", "--short", "--only", "intent")
    assert "0 doubled, 0 lost, 0 wrong" in said


@pytest.mark.parametrize("statement", ["SELECT 1", "PRAGMA journal_mode = WAL"])
def test_a_ledger_whose_maker_was_killed_reads_as_an_empty_one(
    tmp_path: Path, statement: str
) -> None:
    """The file is there, its tables are not: it is not taken for another program's."""
    path = tmp_path / "ledger.sqlite3"
    path.touch()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    with read_ledger(path) as ledger:
        assert ledger.runs() == []
