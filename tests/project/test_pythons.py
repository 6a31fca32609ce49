"""The Pythons and systems that the project names, and what it does where it is tried on them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What Windows has not, taken away once what needs it on this system is there.
WITHOUT = """
import asyncio, filelock, multiprocessing.popen_fork, os, platformdirs, psutil
import pytest, signal, subprocess, sys
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("SIGALRM", "SIGCONT", "SIGHUP", "SIGKILL", "SIGSTOP"):
    delattr(signal, name)
del os.fork
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]))
"""


def test_every_python_that_is_named_is_tried() -> None:
    """The classifiers, `requires-python` and the workflow speak of the same ones, without a gap."""
    classified = re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    first, last = (int(version.split(".")[1]) for version in (classified[0], classified[-1]))
    assert classified == [f"3.{minor}" for minor in range(first, last + 1)]
    assert PROJECT["requires-python"] == f">={classified[0]}"
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    (matrix,) = re.findall(r"python: \[(.*)\]", workflow)
    assert re.findall(r'"(.*?)"', matrix) == classified


def test_without_what_windows_lacks_every_other_test_is_found() -> None:
    """A test that needs more says so where it needs it, not where its file begins."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
