"""What a file means: cases from the trade's own mishaps; each ships the right thing, or asks what
it is about.
"""

from pathlib import Path

import pytest

from tests.casebook import CASES, run_case


@pytest.mark.parametrize("folder", sorted(CASES.iterdir()), ids=lambda folder: folder.name)
async def test_the_case_holds(folder: Path, tmp_path: Path) -> None:
    """Nothing in the file is passed over in silence, and nothing ships that the file itself speaks
    against.
    """
    why, _, runs = await run_case(folder, tmp_path, tmp_path / "home")
    assert not why, "\n".join(run.output for run in runs)
