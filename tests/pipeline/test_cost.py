"""What a run costs in requests: told before its first shipment, saved, and none where the file is
vouched for.
"""

import pytest
from shop import OpenShop, Shop, dense, number, order, said, statuses, store

from batch.sandbox import Fault, Quota

HEADER = ("Order ID", "Order Address ID", "Order Product ID", "Quantity", "Tracking Number")


def complete(*order_ids: int, quantity: int = 1) -> list[tuple[object, ...]]:
    """Rows with every id, as the shop's orders have them."""
    return [(n, n * 100, n * 10, quantity, number(n)) for n in order_ids]


def addressed(count: int, **more: object) -> dict[str, object]:
    """Orders whose address's id is a hundred times their own."""
    return store(*(order(n, addresses=[{"id": n * 100}], **more) for n in range(100, 100 + count)))


class TestTrustFile:
    async def test_nothing_is_read(self, shop: OpenShop) -> None:
        """One request a shipment, and no other."""
        there = await shop(addressed(20))
        report = await there.run(*complete(*range(100, 120)), header=HEADER, trust_file=True)
        assert statuses(report) == ["created"] * 20
        assert [method for method, _, _ in there.box.requests] == ["POST"] * 20
        assert report.summary["requests"] == 20

    async def test_what_lacks_an_id_is_looked_up(self, shop: OpenShop) -> None:
        """Without its address: judged as ever, and in one page."""
        there = await shop(addressed(3))
        rows = [*complete(100), (101, "", 1010, 1, number(101)), (102, "", 1020, 1, number(102))]
        report = await there.run(*rows, header=HEADER, trust_file=True)
        assert statuses(report) == ["created"] * 3
        assert [
            path.split("min_id=")[1][:3]
            for method, path, _ in there.box.requests
            if method == "GET"
        ] == ["101"]

    async def test_a_second_time_nothing_is_sent(self, shop: OpenShop) -> None:
        """The ledger knows them."""
        there = await shop(addressed(3))
        await there.run(*complete(100, 101, 102), header=HEADER, trust_file=True)
        report = await there.run(
            *complete(100, 101, 102), header=HEADER, trust_file=True, name="again.csv"
        )
        assert (statuses(report), report.summary["requests"]) == (["already created"] * 3, 0)

    async def test_a_parcel_more_of_an_order_of_ours(self, shop: OpenShop) -> None:
        """What the ledger has made of the order is counted; nothing is read for it."""
        there = await shop(addressed(1))
        await there.run(*complete(100), header=HEADER, trust_file=True)
        second = (100, 10000, 1000, 1, number(7))
        report = await there.run(second, header=HEADER, trust_file=True, name="second.csv")
        assert statuses(report) == ["created"]
        assert len(there.made()) == 2

    async def test_what_the_store_refuses_is_said(self, shop: OpenShop) -> None:
        """More than the order has: its own words."""
        there = await shop(addressed(1))
        report = await there.run(*complete(100, quantity=9), header=HEADER, trust_file=True)
        assert said(report)[2][0] == "rejected"

    async def test_a_doubt_is_settled_as_ever(self, shop: OpenShop) -> None:
        """Answered with 504 and not made: read back, and made once."""
        there = await shop(addressed(1))
        there.fault(Fault(504, performs=0, method="POST", nth=1))
        report = await there.run(*complete(100), header=HEADER, trust_file=True)
        assert statuses(report) == ["created"]
        assert len(there.made()) == 1


class TestCumulative:
    async def test_a_second_night_costs_nothing(self, shop: OpenShop) -> None:
        """The month so far, with numbers: what shipped yesterday is not asked about."""
        there = await shop(dense(30))
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(30)]
        await there.run(*rows[:20])
        report = await there.run(*rows[:20], name="tomorrow.csv")
        assert (report.summary["requests"], report.summary["requests_saved"]) == (0, 60)
        report = await there.run(*rows, name="later.csv")
        assert report.summary["requests"] == 10 + 1


def told(there: Shop) -> int:
    """Requests that the last run said it would send."""
    (line,) = (line for line in there.screen.lines if " to send, " in line)
    return int(line.split()[0])


class TestTold:
    async def test_before_the_first_post(self, shop: OpenShop) -> None:
        """Requests, time at the quota as it is, mails; no POST has been sent then."""
        there = await shop(dense(100))
        there.box.quota = Quota(20, 30.0)
        sent: list[int] = []
        say = type(there.screen).say

        def listen(screen: object, line: str) -> None:
            if "requests to send" in line:
                sent.append(there.posts)
            say(screen, line)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(there.screen), "say", listen)
            await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(100)))
        assert sent == [0]
        (line,) = (line for line in there.screen.lines if "requests to send" in line)
        assert line == (
            "100 requests to send, about 3 min at the store's quota of 20 requests in 30 s, 10% of"
            " it left to other apps. The store mails 100 times: the customer of each shipment."
        )

    async def test_in_a_dry_run(self, shop: OpenShop) -> None:
        """In words, and as data."""
        there = await shop(dense(100))
        there.box.quota = Quota(20, 30.0)
        report = await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(100)), dry=True)
        estimate = report.summary["estimate"]
        assert (estimate["requests"], estimate["mails"]) == (100, 100)
        assert 120 < estimate["seconds"] <= 150

    async def test_it_comes_true(self, shop: OpenShop) -> None:
        """The time that was told is the time that it took, less than a window apart."""
        there = await shop(dense(100))
        there.box.quota = Quota(20, 30.0)
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(100)]
        told = (await there.run(*rows, dry=True)).summary["estimate"]["seconds"]
        took = (await there.run(*rows)).summary["seconds"]
        assert abs(took - told) <= 31

    async def test_corrections_are_among_them(self, shop: OpenShop) -> None:
        """A request each, before the first shipment's; no customer is mailed for one."""
        there = await shop(dense(4))
        await there.run(*((100 + n, "MUG", 3, number(n)) for n in range(3)))
        sent, rows = (
            len(there.box.requests),
            [(100 + n, "MUG", 3, number(10 + n)) for n in range(4)],
        )
        dry = await there.run(*rows, name="later.csv", update=True, dry=True)
        assert (dry.summary["estimate"]["requests"], dry.summary["estimate"]["mails"]) == (4, 1)
        report = await there.run(*rows, name="later.csv", update=True)
        assert told(there) == 4
        assert (len(there.box.requests) - sent, report.summary["requests_saved"]) == (
            1 + 1 + 4,
            4 * 4 - 5,
        )

    async def test_not_what_a_limit_leaves(self, shop: OpenShop) -> None:
        """With --limit, also in a dry run."""
        there = await shop(dense(10))
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(10)]
        assert (await there.run(*rows, dry=True, limit=3)).summary["estimate"]["requests"] == 3
        await there.run(*rows, limit=3)
        assert (told(there), there.posts) == (3, 3)

    async def test_orders_that_are_read_once_more_are_among_them(self, shop: OpenShop) -> None:
        """A judgement that will have aged before its shipments are sent: a read an order, where
        they lie far apart.
        """
        there = await shop(dense(1501))
        await there.run(*((100 + 300 * n, "MUG", 1, number(n)) for n in range(5)), judgement=0.0)
        assert (told(there), len(there.box.requests)) == (10, 5 + 10)

    @pytest.mark.parametrize(
        ("headers", "words"),
        [
            (
                {"Requests-Quota": "0"},
                "10 requests to send, less than a minute as carefully as the store is asked now",
            ),
            (
                {"Requests-Left": "0", "Time-Reset-Ms": "7200000"},
                "10 requests to send, at the store's quota of 450 requests in 30 s",
            ),
        ],
    )
    async def test_no_time_is_promised_that_the_quota_does_not_tell(
        self, shop: OpenShop, headers: dict[str, str], words: str
    ) -> None:
        """One that makes no sense, and one that is used up for hours."""
        there = await shop(dense(10))
        there.fault(
            Fault(headers={f"X-Rate-Limit-{name}": value for name, value in headers.items()})
        )
        await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(10)), dry=True)
        assert any(line.startswith(words) for line in there.screen.lines)

    async def test_what_was_not_sent_saved_no_request(self, shop: OpenShop) -> None:
        """Ten orders looked up by one read in place of thirty, and one of them shipped."""
        there = await shop(dense(10))
        report = await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(10)), limit=1)
        assert (report.summary["requests"], report.summary["requests_saved"]) == (2, 29)

    async def test_how_many_requests_were_saved(self, shop: OpenShop) -> None:
        """Against four calls an order."""
        there = await shop(dense(10))
        report = await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(10)))
        assert (report.summary["requests"], report.summary["requests_saved"]) == (11, 29)
