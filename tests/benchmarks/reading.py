"""How well files are understood: `python -m tests.benchmarks.reading [FOLDER of cases, beside the
project's]`.

Cases are run against a sandbox, the layouts of programs are loaded. A case is right unaided where
it holds without a question, asked rightly where it holds with one; a layout that is right is asked
without need where it asks.
"""

import asyncio
import logging
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from batch.config import Source
from batch.loader.load import load
from batch.model import Unanswered
from tests.casebook import CASES, run_case
from tests.loader.test_export_layouts import became, layouts

KINDS = (
    "right unaided",
    "asked once, rightly",
    "asked without need",
    "wrong message",
    "silently wrong",
    "other",
)


async def of_case(folder: Path) -> tuple[str, int, int]:
    """What kind of end it is, its questions, its files."""
    with TemporaryDirectory() as where:
        why, silent, runs = await run_case(folder, Path(where), Path(where) / "home")
    asked = sum(run.asked for run in runs)
    if silent:
        kind = "silently wrong"
    elif not why:
        kind = "asked once, rightly" if asked else "right unaided"
    else:
        kind = "wrong message" if any("name what" in line for line in why) else "other"
    return kind, asked, len(runs)


def of_layout(lines: list[str], made: list[str]) -> tuple[str, int, int]:
    """The same of an export of a program, with what it must become."""
    expected = [line for line in made if not line.startswith("asks ")]
    with TemporaryDirectory() as where:
        path = Path(where) / "export.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            found, asked = load(path, Source()), 0
        except Unanswered as error:
            found, asked = load(path, Source(), assume=True), len(error.questions)
    if became(found) != expected:
        return ("wrong message" if asked else "silently wrong"), asked, 1
    if not asked:
        return "right unaided", 0, 1
    return ("asked once, rightly" if len(expected) < len(made) else "asked without need"), asked, 1


def main() -> None:
    """Run all, and print a table of kinds."""
    logging.disable()
    folders = [Path(each) for each in sys.argv[1:]] or [CASES]
    cases = [case.parent for folder in folders for case in sorted(folder.glob("*/case.json"))]
    tables = {
        "cases": [asyncio.run(of_case(case)) for case in cases],
        "layouts": [of_layout(lines, made) for _, lines, made in layouts()],
    }
    for name, ends in tables.items():
        counts = Counter(kind for kind, _, _ in ends)
        files, questions = sum(files for _, _, files in ends), sum(asked for _, asked, _ in ends)
        print(
            f"{name}: {len(ends)}, {files} files, {questions / max(files, 1):.2f} questions a file"
        )
        for kind in KINDS:
            print(f"  {kind:24}{counts[kind]:5}{counts[kind] / max(len(ends), 1):8.0%}")


if __name__ == "__main__":
    main()
