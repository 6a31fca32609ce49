"""The short form of a fleet's night; the long one is `python -m tests.proofs.fleet`."""

from tests.proofs.warehouse import proved


def test_a_night_doubles_nothing_loses_nothing_and_keeps_the_order() -> None:
    """Two workers, four stores, five files each; four troubles at five times the pace."""
    night = [
        "--workers",
        "2",
        "--stores",
        "4",
        "--files",
        "5",
        "--weather",
        "1",
        "--troubles",
        "4",
        "--pace",
        "5",
    ]
    said = proved("tests.proofs.fleet", *night)
    assert "20 files, 60 shipments" in said
    assert "0 doubled, 0 lost, 0 out of order, 0 by no owner, 0 wrong" in said
    assert "no trouble" not in said
