"""A Decision cell counts once: an old sheet dropped in again ships nothing more."""

import pytest
from shop import OpenShop
from test_decide import MUG, drop_with, held, statuses

from batch.pipeline.decisions import current_user


async def test_an_answer_that_was_carried_out_is_not_taken_again(shop: OpenShop) -> None:
    """Dropped in once it ships; the same sheet dropped in again finds its parcel made."""
    there = await held(shop)
    report = await there.run(MUG)
    assert statuses(await drop_with(there, report, {2: "ship"})) == ["created"]
    made = there.made()
    again = await drop_with(there, report, {2: "ship"})
    assert statuses(again) == ["already created"]
    assert there.made() == made


def test_a_user_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container nobody need be in the list of users: a decision is still somebody's."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert current_user()
