"""Whether the suite would notice: `python -m tests.proofs.mutations`, `--only 'a 504|settle'`,
`--list`.

Each mutant of `tests/proofs/mutants.py` is one safeguard less. It is written into a copy of the
project, never into the project itself, and the tests it names are run there: they must turn red,
and the table says which did so first. The same tests are first run on an untouched copy, where they
must be green. Ends with 1 where a mutant survives.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proofs.mutants import MUTANTS, Misplaced, Mutant

ROOT = Path(__file__).parents[2]
NEEDED = ("batch", "tests", "pyproject.toml")
# seconds for the tests of one mutant, or twice what all take untouched: one that hangs is noticed,
# too
LONGEST = 300.0
_RED = re.compile(r"^(?:FAILED|ERROR) (?:tests/)?(\S+?::.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What the suite said of one copy."""

    mutant: Mutant | None
    """None: the copy is untouched."""
    red: str
    """The first test that failed; empty: all were green."""
    seconds: float
    said: str = ""

    def __str__(self) -> str:
        name = self.mutant.name if self.mutant else "is as it is"
        return f"{name:54} {self.red or 'SURVIVED':90} {self.seconds:5.1f} s"


def main() -> int:
    """Try every mutant, and print the table; 1 where one survives, or none can be tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutations", description=__doc__)
    parser.add_argument(
        "--only", default=".", help="mutants whose name fits this regular expression"
    )
    parser.add_argument("--list", action="store_true", help="name the mutants, and try none")
    parser.add_argument("--jobs", type=int, default=2, help="copies at a time")
    given = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if re.search(given.only, mutant.name)]
    if not chosen:
        parser.error(f"no mutant has a name that fits {given.only!r}")
    if given.list:
        print("\n".join(f"{mutant.name:54} batch/{mutant.file}" for mutant in chosen))
        return 0
    for mutant in chosen:
        mutant.applied((ROOT / "batch" / mutant.file).read_text("utf-8"))
    untouched = tried(None, tests_of(chosen), longest=None)
    if untouched.red:
        print(f"Nothing can be proved, {untouched.red} is red without a mutant:\n{untouched.said}")
        return 1
    survived = 0
    for verdict in verdicts(chosen, given.jobs, longest=max(LONGEST, 2 * untouched.seconds)):
        print(verdict, flush=True)
        survived += not verdict.red
    print(f"{len(chosen)} mutants, {survived} survived.")
    return 1 if survived else 0


def verdicts(mutants: Iterable[Mutant], jobs: int, *, longest: float) -> Iterator[Verdict]:
    """Each mutant's, in their order, a few at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda mutant: tried(mutant, mutant.tests, longest=longest), mutants)


def tests_of(mutants: Iterable[Mutant]) -> Sequence[str]:
    """Every file that one of the mutants names, once."""
    return list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))


def tried(mutant: Mutant | None, tests: Sequence[str], *, longest: float | None) -> Verdict:
    """Run tests on a copy with, or without, the mutant, until the first fails, or for so many
    seconds.
    """
    began = time.monotonic()
    with copied(ROOT) as copy:
        if mutant:
            mutant.apply(copy)
        # Its own import path, before an installed shipbatch; no byte code of another copy.
        environ = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-rfE",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            *tests,
        ]
        try:
            done = subprocess.run(
                command,
                cwd=copy,
                env=environ,
                timeout=longest,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            red = _red(done)
            said = done.stdout
        except subprocess.TimeoutExpired:
            red, said = f"(no end within {longest:.0f} s)", ""
    return Verdict(mutant, red, time.monotonic() - began, said)


def _red(done: "subprocess.CompletedProcess[str]") -> str:
    """The test that failed; RuntimeError where none could be run, which is no test's verdict."""
    found = _RED.search(done.stdout)
    if done.returncode == 0:
        return ""
    if done.returncode != 1 or not found:
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout}")
    return found[1]


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the project that lives as long as the block."""
    with TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        copy.chmod(0o755)  # some tests give up root's rights to see what a plain user may
        for name in NEEDED:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        yield copy


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Misplaced as misplaced:
        sys.exit(str(misplaced))
