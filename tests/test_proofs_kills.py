"""The short forms of the proofs by killing; `tests/proofs` has the long ones."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def proved(*command: str) -> str:
    """What a proof prints; it has found nothing doubled, lost or unaccounted for."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_nothing_is_doubled_or_lost_by_200_kills_at_random_moments() -> None:
    """Each export killed up to six times, started again until it ends, compared with the store's own list."""
    said = proved("tests.proofs.kills", "--kills", "200")
    assert "0 doubled, 0 lost, 0 wrong" in said


def test_nothing_is_doubled_or_lost_by_a_kill_at_any_durable_point() -> None:
    """Every passage of every named point: run, settling, second judgement, corrections, undo, decisions."""
    said = proved("tests.proofs.points", "--short")
    assert "0 doubled, 0 lost, 0 wrong" in said
