"""An interpreter that dies in a proof: no kill of ours, never forgiven, and it says where."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.score import Score
from tests.proofs.world import KILLED, Ended, Judgement, World

ROOT = Path(__file__).parents[2]
DIE = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
ITSELF = f"import tests.proofs\n{DIE}"
A_FORK = (
    f"import os, tests.proofs.world as w\ndef work():\n {DIE}\nos._exit(-w.ended(w.forked(work)))"
)
ANOTHER = (
    "import subprocess, sys, tests.proofs\nsys.exit(-subprocess.call([sys.executable, '-c',"
    f" {DIE!r}]))"
)


@pytest.mark.parametrize("program", [ITSELF, A_FORK, ANOTHER], ids=["itself", "a fork", "another"])
def test_a_process_of_a_proof_that_dies_says_where(program: str) -> None:
    """Python's stack is on standard error, of whatever process it is."""
    environ = {name: word for name, word in os.environ.items() if name != "PYTHONFAULTHANDLER"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert abs(done.returncode) == signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr
    assert 'File "<string>", line' in done.stderr


def test_a_start_that_died_of_no_kill_of_ours_is_wrong(tmp_path: Path) -> None:
    """Also where a later start made all good; what it said goes with it."""
    starts = [
        Ended(KILLED, "", "", 0),
        Ended(-signal.SIGSEGV, "", "Fatal Python error", 1),
        Ended(0, "{}", "", 0),
    ]
    score = Score.of("seed 7", World(tmp_path, "", starts=starts), 1, Judgement())
    assert score.kills == 1
    assert score.wrong == ["seed 7: it died of signal 11: Fatal Python error"]
