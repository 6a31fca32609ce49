"""A file is judged in pieces and posted by a cursor: nobody can tell from what comes of it."""

import gc
from collections.abc import Iterator

import pytest
from shop import OpenShop, dense, number, said, statuses

from batch.errors import LedgerError
from batch.pipeline import planner
from batch.primitives.spill import SpillDict
from batch.sandbox import Fault


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders at a time."""
    monkeypatch.setattr(planner, "AT_ONCE", 2)


class TestJudgedInPieces:
    async def test_an_orders_parcels_are_judged_together_wherever_they_stand(
        self, shop: OpenShop
    ) -> None:
        """The order has three mugs: the first parcel takes two, the last cannot have two more."""
        there = await shop(dense(5))
        rows = [
            (100, "MUG", 2, number(1)),
            *((order, "MUG", 1, number(order)) for order in range(104, 100, -1)),
        ]
        report = await there.run(*rows, (100, "MUG", 2, number(2)))
        assert statuses(report) == ["created"] * 5 + ["invalid"]
        assert said(report)[7] == ("invalid", "not_enough_left")
        assert len(there.made()) == 5

    async def test_shipments_are_made_in_the_files_order(self, shop: OpenShop) -> None:
        """Not in that of the orders' numbers, by which they were read."""
        there = await shop(dense(6))
        rows = [(order, "MUG", 1, number(order)) for order in (105, 100, 104, 101, 103)]
        report = await there.run(*rows, limit=3, workers=1)
        assert statuses(report) == ["created"] * 3 + ["not sent"] * 2
        assert [order for order, _, _ in sorted(there.made())] == [100, 104, 105]

    async def test_what_is_not_there_yet_is_told_in_every_piece(self, shop: OpenShop) -> None:
        """The store's newest order is known from the piece that met it."""
        there = await shop(dense(3))
        rows = [(order, "MUG", 1, number(order)) for order in (100, 101, 102, 200, 201, 202, 203)]
        report = await there.run(*rows)
        assert statuses(report) == ["created"] * 3 + ["waiting"] * 4

    async def test_a_second_run_meets_all_of_it(self, shop: OpenShop) -> None:
        """And asks the store for nothing."""
        there = await shop(dense(7))
        rows = [(order, "MUG", 1, number(order)) for order in range(100, 107)]
        await there.run(*rows)
        again = await there.run(*rows)
        assert statuses(again) == ["already created"] * 7
        assert again.summary["requests"] == 0

    async def test_what_has_aged_is_judged_again_in_pieces(self, shop: OpenShop) -> None:
        """Every record is judged before its request, and all of them hold."""
        there = await shop(dense(7))
        rows = [(order, "MUG", 1, number(order)) for order in range(100, 107)]
        assert statuses(await there.run(*rows, judgement=0.0)) == ["created"] * 7
        assert len(there.made()) == 7

    async def test_it_ages_from_its_beginning(self, shop: OpenShop) -> None:
        """Four pieces of ten seconds: the first is older than 30 s when the last is read."""
        there = await shop(dense(7))
        there.fault(Fault(delay=10.0, method="GET"))
        rows = [(order, "MUG", 1, number(order)) for order in range(100, 107)]
        await there.run(*rows, judgement=30.0)
        methods = [method for method, _, _ in there.box.requests]
        assert methods == ["GET"] * (4 + 1) + ["POST"] * 7


class TestShelf:
    def test_it_is_a_mapping_by_number(self) -> None:
        """Read in the numbers' order; what was taken out and changed is put back to count."""
        shelf: SpillDict[list[str]] = SpillDict()
        shelf.update({3: ["c"], 1: ["a"], -2: ["z"]})
        assert list(shelf.items()) == [(-2, ["z"]), (1, ["a"]), (3, ["c"])]
        shelf[1].append("lost")
        assert shelf[1] == ["a"]
        shelf[1] = [*shelf[1], "kept"]
        assert shelf[1] == ["a", "kept"]
        del shelf[3]
        assert 3 not in shelf
        assert len(shelf) == 2
        with pytest.raises(KeyError):
            shelf[3]
        with pytest.raises(KeyError):
            del shelf[3]

    def test_a_full_disk_is_told(self) -> None:
        """With what to do; no part of it is taken for whole."""
        shelf: SpillDict[bytes] = SpillDict()
        shelf._file.execute("PRAGMA max_page_count = 10")
        with pytest.raises(LedgerError, match="no room for temporary files") as told:
            shelf.update((n, bytes(4096)) for n in range(1000))
        assert "TMPDIR" in told.value.todo

    def test_it_is_closed_with_its_owner(self) -> None:
        """No file is left open."""
        shelf: SpillDict[int] = SpillDict()
        file = shelf._file
        del shelf
        gc.collect()
        with pytest.raises(Exception, match="closed"):
            file.execute("SELECT 1")

    def test_it_can_be_read_while_it_is_read(self) -> None:
        """Keys, and a value for each."""
        shelf: SpillDict[int] = SpillDict()
        shelf.update((n, n * n) for n in range(1000))
        assert sum(shelf[n] for n in _every(shelf)) == sum(n * n for n in range(1000))


def _every(shelf: SpillDict[int]) -> Iterator[int]:
    return iter(shelf)
