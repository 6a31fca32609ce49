"""The simulation for some seeds; `.ci/run` has the first thousand, `python -m
tests.proofs.simulation` all you like.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_is_doubled_lost_or_claimed_wrongly_in_50_universes() -> None:
    """Every store, weather and kill that the first seeds come up with; a failed one is printed."""
    command = [sys.executable, "-m", "tests.proofs.simulation", "--seeds", "0:50"]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "50 seeds" in done.stdout
    assert "0 doubled, 0 lost, 0 false claims" in done.stdout
