"""The short forms of the proofs by killing; `tests/proofs` has the long ones."""

from tests.proofs.process import proved


def test_nothing_is_doubled_or_lost_by_200_kills_at_random_moments() -> None:
    """Each export killed up to six times, started again until it ends, compared with the store's own list."""
    said = proved("tests.proofs.kills", "--kills", "200")
    assert "0 doubled, 0 lost, 0 wrong" in said


def test_nothing_is_doubled_or_lost_by_a_kill_at_any_durable_point() -> None:
    """Every passage of every named point: run, settling, second judgement, corrections, undo, decisions."""
    said = proved("tests.proofs.points", "--short")
    assert "0 doubled, 0 lost, 0 wrong" in said
