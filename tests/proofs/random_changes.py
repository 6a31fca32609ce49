"""Whether the tests notice any slip in the rules: `python -m tests.proofs.random_changes --count 80
--seed 0`.

Draws one-token changes by seed over the modules of rules: a comparison swapped, `+` for `-`, `and`
for `or`, a number off by one, a `not` dropped, a code misspelled, a result lost. Each is written
into a copy of the project, and the module's own tests are run there. Prints what noticed each
change, each survivor with its place, and the share that was noticed, less those of `EQUAL`, which
change nothing that can be seen. Ends with 1 below 90 %.
"""

import argparse
import difflib
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

import pytest

from tests.proofs.changes import Change, changes_of
from tests.proofs.mutations import ROOT, copied

RULES: Sequence[tuple[str, Sequence[str]]] = (
    ("planning/gates/*.py", ("gates",)),
    ("planning/saved_plan.py", ("saved_plan", "plan")),
    ("planning/trusted_file.py", ("trusted_file",)),
    ("planning/*.py", ("judging",)),
    ("model/matching.py", ("matching", "judging", "mutants_settling")),
    ("bigcommerce/verdict.py", ("answers",)),
    ("bigcommerce/parse.py", ("client_parsing",)),
    ("bigcommerce/payload.py", ("payload",)),
    ("bigcommerce/quota_window.py", ("quota_window", "quota", "quota_nonsense")),
    ("loader/cells/carriers.py", ("carriers", "cell_edges", "grouping", "spelling")),
    ("loader/cells/check_digits.py", ("carriers", "cell_edges")),
    ("loader/cells/row_status.py", ("standing", "cells", "cell_edges")),
    ("loader/cells/*.py", ("cells", "cell_edges", "grouping")),
    ("loader/rows/grouping.py", ("grouping",)),
    ("loader/columns/value_shapes.py", ("value_shapes", "headers")),
    ("results/accounting.py", ("accounting",)),
    ("pipeline/deduplicate.py", ("met_before", "made_differs")),
    ("pipeline/report.py", ("report", "cost", "carry_over")),
    ("pipeline/shipping/reconciler.py", ("reconciler", "only_doubts_wait", "mutants_settling")),
    ("pipeline/shipping/dispatcher.py", ("backoff", "pool", "made_differs", "mutants_settling")),
    ("pipeline/shipping/corrections.py", ("backoff", "update", "made_differs")),
    ("pipeline/shipping/earlier_doubts.py", ("only_doubts_wait",)),
)
"""Files of rules below `batch/`, and the tests that are theirs, the likeliest first; the first
pattern counts.
"""

LONGEST = 120.0  # seconds for the tests of one change: one that hangs is noticed, too
ENOUGH = 0.9
LIBRARIES = [
    "aiohttp",
    "openpyxl",
    "pandas",
    "psycopg",
    "pydantic",
    "python_calamine",
    "rich",
    "typer",
    "xlsxwriter",
]
"""Imported once, before the processes of the changes are forked; of shipbatch and the tests nothing
is.
"""
_FIRST_RED = re.compile(r"^(?:FAILED|ERROR) (?:tests/)?(\S+?::.+?|\S+)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Equal:
    """A change that no test can notice."""

    file: str
    """Below `batch/`."""
    line: str
    """Today's, as it is in the source."""
    instead: str
    why: str


EQUAL: Sequence[Equal] = (
    Equal(
        "pipeline/deduplicate.py",
        'return {run_id: earlier.sha256 if (earlier := ledger.run(run_id)) else "" for run_id in'
        " runs}",
        "return {run_id: earlier.sha256 if (earlier := ledger.run(run_id)) else 'x' for run_id in"
        " runs}",
        "the database keeps a record's run as long as the record",
    ),
    Equal(
        "model/matching.py",
        'return {what for what, *_ in differences(asked, seen)} <= {"tracking number", "tracking'
        ' link"}',
        'return {what for what, *_ in differences(asked, seen)} < {"tracking number", "tracking'
        ' link"}',
        "links are compared only where there is no number: the two never differ together",
    ),
    Equal(
        "planning/gates/baseline.py",
        "[abs(one - middles[season]) for season, logs in seasons.items() for one in logs] or [0.0]",
        "[abs(one - middles[season]) for season, logs in seasons.items() for one in logs] or [1.0]",
        "without a figure there is no season whose spread could count",
    ),
    Equal(
        "loader/cells/row_status.py",
        "LONGEST_PHRASE = 4",
        "LONGEST_PHRASE = 5",
        "the list has no longer phrase",
    ),
    Equal(
        "loader/rows/grouping.py",
        "_divide(place, named[parcel].astype(np.int64)), np.where(named[parcel], label, 0)",
        "_divide(place, named[parcel].astype(np.int64)), np.where(named[parcel], label, 1)",
        "what is without a label needs one number, whichever",
    ),
    Equal(
        "loader/rows/grouping.py",
        "kinds.setdefault(s.carrier.firm, len(kinds) + 1) if s.carrier else 0",
        "kinds.setdefault(s.carrier.firm, len(kinds) + 2) if s.carrier else 0",
        "two carriers have two numbers, whichever",
    ),
    Equal(
        "loader/rows/grouping.py",
        "return np.append(self.any(mask), False)[self.of]",
        "return np.append(self.any(mask), True)[self.of]",
        "a row of no parcel has its finding already",
    ),
    Equal(
        "pipeline/shipping/dispatcher.py",
        "return False",
        "return True",
        "while an order is busy, the ledger refuses its other parcels as well",
    ),
    Equal(
        "pipeline/shipping/dispatcher.py",
        "break",
        "continue",
        "only where the run is to stop is nothing let through, and then the loop ends",
    ),
    Equal(
        "pipeline/shipping/dispatcher.py",
        "if clock.time() + verdict.wait > patience:",
        "if clock.time() + verdict.wait >= patience:",
        "no clock shows that very moment",
    ),
)


def main() -> int:
    """Draw, try, and print; 1 where too few are noticed, or nothing can be tried."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proofs.random_changes", description=__doc__
    )
    parser.add_argument("--count", type=int, default=80, help="changes to draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--module",
        default="",
        help="only modules whose path has this in it, such as planning/gates",
    )
    parser.add_argument("--list", action="store_true", help="show the changes, and try none")
    parser.add_argument("--jobs", type=int, default=2, help="copies at a time")
    given = parser.parse_args()
    tests = {module: tests for module, tests in rule_modules().items() if given.module in module}
    if not tests:
        parser.error(
            f"no module of rules has {given.module!r} in its path; there are"
            f" {', '.join(rule_modules())}"
        )
    chosen = drawn(list(tests), given.seed, given.count)
    if given.list:
        print("\n".join(difference(change) for change in chosen))
        return 0
    multiprocessing.get_context("forkserver").set_forkserver_preload(LIBRARIES)
    with ExitStack() as stack:
        copies: SimpleQueue[Path] = SimpleQueue()
        first = stack.enter_context(copied(ROOT))
        copies.put(first)
        # Without a change they are green; and what they compile is there for all.
        if red := _red(
            copies, {}, sorted({test for change in chosen for test in tests[change.file]}), None
        ):
            print(f"Nothing can be proved, {red} is red without a change.")
            return 1
        for _ in range(1, given.jobs):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="mutant-")))
            copies.put(shutil.copytree(first, folder, dirs_exist_ok=True))
        pool = stack.enter_context(ThreadPoolExecutor(given.jobs))
        tried = pool.map(lambda change: noticed_by(copies, change, tests[change.file]), chosen)
        return reported(zip(chosen, tried, strict=True))


def reported(tried: Iterator[tuple[Change, str]]) -> int:
    """Print what became of each change, and the share that was noticed; the exit status."""
    noticed = survived = equal = 0
    for change, red in tried:
        place = f"batch/{change.file}:{change.line}"
        if red:
            noticed += 1
            print(f"{place:48} {change.what:40} {red}", flush=True)
        elif why := why_equal(change):
            equal += 1
            print(f"{place:48} {change.what:40} equal: {why}", flush=True)
        else:
            survived += 1
            print(f"{place:48} {change.what:40} SURVIVED\n{difference(change)}", flush=True)
    share = noticed / ((noticed + survived) or 1)
    print(
        f"{noticed} of {noticed + survived} changes noticed, {share:.0%}; {equal} more are equal in"
        " behaviour."
    )
    return 0 if share >= ENOUGH else 1


def rule_modules() -> dict[str, Sequence[str]]:
    """The files of the test suite for each module of rules, by its path below `batch/`."""
    found: dict[str, Sequence[str]] = {}
    for pattern, tests in RULES:
        for path in sorted((ROOT / "batch").glob(pattern)):
            found.setdefault(
                path.relative_to(ROOT / "batch").as_posix(), [_test_file(test) for test in tests]
            )
    return found


def drawn(modules: Sequence[str], seed: int, count: int) -> Sequence[Change]:
    """So many of the changes that can be made to these modules, each as likely as any other, in
    their order.
    """
    every = [change for module in modules for change in changes_of(module, source_of(module))]
    picked = random.Random(seed).sample(range(len(every)), min(count, len(every)))
    return [every[index] for index in sorted(picked)]


def why_equal(change: Change) -> str:
    """Why nothing can notice it; empty where something should."""
    made = (change.file, *map(str.strip, _lines(change)))
    return next((one.why for one in EQUAL if (one.file, one.line, one.instead) == made), "")


def difference(change: Change) -> str:
    """The change as a short diff."""
    before, after = source_of(change.file), change.applied(source_of(change.file))
    name = f"batch/{change.file}"
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, name, lineterm="", n=1
    )
    return "\n".join(f"    {line}" for line in list(lines)[2:])


def source_of(module: str) -> str:
    return (ROOT / "batch" / module).read_text("utf-8")


def noticed_by(copies: "SimpleQueue[Path]", change: Change, tests: Sequence[str]) -> str:
    """The first test that fails with the change; empty: none."""
    return _red(copies, {change.file: change.applied(source_of(change.file))}, tests, LONGEST)


def _red(
    copies: "SimpleQueue[Path]", texts: dict[str, str], tests: Sequence[str], longest: float | None
) -> str:
    """What is red in a copy of which these files have other texts."""
    copy = copies.get()
    said = copy / "said.txt"
    try:
        for module, text in texts.items():
            _write(copy / "batch" / module, text)
        process = multiprocessing.get_context("forkserver").Process(
            target=_tested, args=(copy, tests, said, not texts)
        )
        process.start()
        process.join(longest)
        if process.is_alive():
            os.killpg(process.pid, signal.SIGKILL)  # and what its tests have started
            process.join()
            return f"(no end within {longest:.0f} s)"
        if process.exitcode == 0:
            return ""
        told = said.read_text("utf-8", "replace")
        if process.exitcode not in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}:
            raise RuntimeError(
                f"pytest ended with {process.exitcode}, which is no test's verdict:\n{told}"
            )
        found = _FIRST_RED.search(told)
        return found[1] if found else f"(ended with {process.exitcode})"
    finally:
        for module in texts:
            _write(copy / "batch" / module, source_of(module))
        copies.put(copy)


def _write(path: Path, text: str) -> None:
    """Write a module, and forget what it was compiled to: a second's change of one length looks the
    same.
    """
    path.write_text(text, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _tested(copy: Path, tests: Sequence[str], said: Path, compile_too: bool) -> None:
    """In a process of its own: run tests in a copy, until the first fails, and end with pytest's
    status.
    """
    os.setsid()
    os.chdir(copy)
    os.environ |= {"PYTHONPATH": str(copy)} | (
        {} if compile_too else {"PYTHONDONTWRITEBYTECODE": "1"}
    )
    sys.dont_write_bytecode = not compile_too
    sys.path[0] = str(copy)
    for name in [name for name in sys.modules if name == "tests" or name.startswith("tests.")]:
        del sys.modules[name]
    with said.open("w") as written:
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    options = ["-x", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    status = pytest.main([*options, *tests])
    sys.stdout.flush()
    os._exit(status)


def _lines(change: Change) -> tuple[str, str]:
    """The changed line, before and after."""
    before, after = source_of(change.file), change.applied(source_of(change.file))
    return before.splitlines()[change.line - 1], after.splitlines()[change.line - 1]


def _test_file(name: str) -> str:
    """A file of the suite by its short name, wherever its folder is."""
    (path,) = (ROOT / "tests").rglob(f"test_{name}.py")
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    began = time.monotonic()
    status = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(status)
