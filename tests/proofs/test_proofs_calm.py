"""The short form of the proof of calm; `python -m tests.proofs.calm` is the long one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_forty_five_nights_pass_in_quiet_and_ten_disasters_are_held() -> None:
    """A small warehouse: ordinary nights ship silently, and nothing of a disaster is sent."""
    command = [sys.executable, "-m", "tests.proofs.calm", "--nights", "45", "--rows", "30"]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "0 missing, 0 doubled" in done.stdout
    assert "disasters held before the first POST: 10 of 10" in done.stdout
