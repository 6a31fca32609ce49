"""The short form of the scoreboard; `python -m tests.proofs.scoreboard` has the long one, and the
official client.
"""

import pytest

from tests.proofs.scoreboard import NAIVE, SHIPBATCH, played, round_of


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "allows"])
async def test_what_a_script_doubles_or_loses_shipbatch_does_not(*, refuses: bool) -> None:
    """The same faults, the same kill: a script's retries leave doubles, a run leaves each parcel
    once.
    """
    round_ = round_of(3, shipments=12, kills=1, refuses=refuses)
    ours, theirs = await played(SHIPBATCH, round_), await played(NAIVE, round_)
    assert (ours.doubled, ours.lost) == (0, 0)
    assert theirs.doubled + theirs.lost > 0
