"""What goes wrong in the sandbox on request, and what stays true in its store."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from clock import VirtualLoop
from sandbox_client import STORE, Client, parcel, session

from batch.sandbox import Behaviour, Fault, Faults, Quota, Reply, Sandbox

PATH = "/orders/100/shipments"


@pytest.fixture
async def client(virtual_clock: VirtualLoop) -> AsyncIterator[Client]:
    async with Sandbox(STORE) as sandbox, session() as opened:
        yield Client(sandbox, opened)


def made(client: Client) -> int:
    """Shipments of the order that the tests ship."""
    return sum(shipment["order_id"] == 100 for shipment in client.sandbox.shipments())


class TestBrokenReplies:
    @pytest.mark.parametrize("reply", [Reply.RESET, Reply.CLOSE, Reply.CUT_HEADERS])
    @pytest.mark.parametrize("performs", [0, 1, 2])
    async def test_a_lost_answer_says_nothing_of_what_was_done(
        self, client: Client, reply: Reply, performs: int
    ) -> None:
        """Nothing made, one, or two: the client sees the same."""
        client.sandbox.faults.add(Fault(reply, performs))
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await client.post(PATH, parcel())
        assert made(client) == performs
        assert client.sandbox.requests[-1][2] == 0

    async def test_a_reset_is_told_from_an_end(self, client: Client) -> None:
        """RST reaches the client as a reset connection."""
        client.sandbox.faults.add(Fault(Reply.RESET))
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await client.post(PATH, parcel())

    async def test_a_body_is_cut_in_the_middle(self, client: Client) -> None:
        """201 and its headers arrive, the shipment does not."""
        client.sandbox.faults.add(Fault(Reply.CUT_BODY))
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.post(PATH, parcel())
        assert made(client) == 1

    async def test_a_hanging_request_ends_with_the_clients_patience(self, client: Client) -> None:
        """No byte comes, however long one waits; the shipment is there."""
        client.sandbox.faults.add(Fault(Reply.HANG))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await client.post(PATH, parcel())
        assert made(client) == 1

    async def test_a_slow_answer_comes_byte_by_byte(self, client: Client, virtual_clock: VirtualLoop) -> None:
        """Every byte within a read timeout, the whole far beyond it."""
        client.sandbox.faults.add(Fault(Reply.SLOW, pace=0.1))
        answer = await client.post(PATH, parcel())
        assert answer.json["order_id"] == 100
        assert virtual_clock.time() == pytest.approx(0.1 * len(answer.raw))

    async def test_a_giant_body_has_no_end(self, client: Client) -> None:
        """More than any client should read."""
        client.sandbox.faults.add(Fault(Reply.GIANT))
        headers = {"X-Auth-Token": client.sandbox.token}
        async with client.session.post(client.base + PATH, json=parcel(), headers=headers) as answer:
            assert len(await answer.content.readexactly(5 << 20)) == 5 << 20

    async def test_a_kept_connection_dies_without_a_word(self, client: Client) -> None:
        """A whole answer that does not say `close`, and then the end."""
        client.sandbox.faults.add(Fault(Reply.STALE))
        address = client.base.removeprefix("http://").partition("/")[0]
        reader, writer = await asyncio.open_connection(*address.split(":"))
        path = f"/stores/sandbox/v2{PATH}/count"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Auth-Token: {client.sandbox.token}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b'{"count": 0}')
        assert b"Connection:" not in answer

    @pytest.mark.parametrize(
        ("reply", "status", "raw"),
        [
            (Reply.EMPTY, 201, b""),
            (Reply.MALFORMED, 201, b'{"id": 1, "order_id": ?????????'),
            (Reply.NO_ID, 201, b'{"status": "ok"}'),
            (204, 204, b""),
        ],
    )
    async def test_a_success_without_an_id(self, client: Client, reply: Reply | int, status: int, raw: bytes) -> None:
        """Made, and not told which."""
        client.sandbox.faults.add(Fault(reply))
        headers = {"X-Auth-Token": client.sandbox.token}
        async with client.session.post(client.base + PATH, json=parcel(), headers=headers) as answer:
            assert (answer.status, await answer.read()) == (status, raw)
        assert made(client) == 1

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 423, 429, 499, 500, 502, 503, 504, 507])
    async def test_any_status_may_come_back(self, client: Client, status: int) -> None:
        """With the body that belongs to it, and whether or not the work was done."""
        client.sandbox.faults.add(Fault(status, performs=status % 2))
        answer = await client.post(PATH, parcel())
        assert (answer.status, made(client)) == (status, status % 2)
        if status in {400, 409, 500}:
            assert answer.json[0]["status"] == status
        elif status in {401, 403, 422}:
            assert answer.json["status"] == status
        elif status in {502, 503, 504}:
            assert answer.raw.startswith(b"<html>")

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    async def test_a_redirect_leads_to_a_host_that_is_not_there(self, client: Client, status: int) -> None:
        """Whoever follows it is found out."""
        client.sandbox.faults.add(Fault(status, performs=0))
        assert (await client.post(PATH, parcel())).headers["Location"] == "https://elsewhere.invalid/"

    async def test_a_captive_portal_and_a_suspended_store(self, client: Client) -> None:
        """HTML with 200; 503 in the API's words."""
        client.sandbox.faults.add(Fault(Reply.PORTAL, performs=0, nth=1))
        client.sandbox.faults.add(Fault(Reply.SUSPENDED, performs=0, nth=2))
        portal, suspended = await client.post(PATH, parcel()), await client.post(PATH, parcel())
        assert (portal.status, portal.headers["Content-Type"]) == (200, "text/html")
        assert "X-Rate-Limit-Requests-Left" not in portal.headers
        assert suspended.json[0]["message"].startswith("The store is suspended.")

    async def test_headers_may_lie_or_be_missing(self, client: Client) -> None:
        """A 429 with units left, and one without a word on the quota."""
        client.sandbox.faults.add(Fault(429, performs=0, nth=1, headers={"X-Rate-Limit-Time-Reset-Ms": "-7"}))
        client.sandbox.faults.add(Fault(429, performs=0, nth=2, bare=True))
        lying, silent = await client.post(PATH, parcel()), await client.post(PATH, parcel())
        assert (lying.headers["X-Rate-Limit-Requests-Left"], lying.headers["X-Rate-Limit-Time-Reset-Ms"]) == (
            "449",
            "-7",
        )
        assert not [name for name in silent.headers if name.startswith("X-")]


class TestLateWork:
    async def test_the_store_makes_it_after_the_client_gave_up(
        self, client: Client, virtual_clock: VirtualLoop
    ) -> None:
        """Absent at first, there at its time."""
        client.sandbox.faults.add(Fault(504, late=20.0))
        assert (await client.post(PATH, parcel())).status == 504
        assert made(client) == 0
        await client.sandbox.settle()
        assert (made(client), virtual_clock.time()) == (1, pytest.approx(20, abs=1))

    async def test_a_delay_holds_the_answer_not_the_work(self, client: Client, virtual_clock: VirtualLoop) -> None:
        """The shipment is seen by others while its maker waits."""
        client.sandbox.faults.add(Fault(delay=40.0, method="POST"))
        waiting = asyncio.ensure_future(client.post(PATH, parcel()))
        while not (await client.get(PATH)).json:
            pass
        assert not waiting.done()
        assert (await waiting).status == 201
        assert virtual_clock.time() == pytest.approx(40, abs=1)

    async def test_a_read_may_be_behind(self, client: Client, virtual_clock: VirtualLoop) -> None:
        """A replica shows the list, and a deleted shipment, as they were."""
        shipment = (await client.post(PATH, parcel())).json
        client.sandbox.faults.add(Fault(method="GET", seen=10.0))
        assert (await client.get(PATH)).status == 204
        assert (await client.get("/orders/100")).json["items_shipped"] == 0
        await asyncio.sleep(11)
        assert [seen["id"] for seen in (await client.get(PATH)).json] == [shipment["id"]]
        await client.delete(f"{PATH}/{shipment['id']}")
        assert (await client.get(PATH)).status == 200

    async def test_orders_lag_for_some_seconds(self, virtual_clock: VirtualLoop) -> None:
        """What a behaviour delays is right in the end."""
        async with Sandbox(STORE, behaviour=Behaviour(lag=5.0)) as sandbox, session() as opened:
            client = Client(sandbox, opened)
            await client.post(PATH, parcel())
            assert (await client.get("/orders/100")).json["items_shipped"] == 0
            await asyncio.sleep(6)
            assert (await client.get("/orders/100")).json["items_shipped"] == 1


class TestWhichRequests:
    async def statuses(self, client: Client, *asked: tuple[str, str]) -> list[int]:
        return [(await client.ask(method, path)).status for method, path in asked]

    async def test_by_method_path_and_order(self, client: Client) -> None:
        """Only what fits all of them is hit."""
        client.sandbox.faults.add(Fault(500, method="GET", path=r"/shipments$", order=100))
        asked = [("GET", PATH), ("GET", "/orders/101/shipments"), ("GET", PATH + "/count"), ("DELETE", PATH)]
        assert await self.statuses(client, *asked) == [500, 204, 200, 204]

    @pytest.mark.parametrize(("nth", "hit"), [(2, [2]), (range(2, 4), [2, 3]), ([1, 4], [1, 4]), (None, [1, 2, 3, 4])])
    async def test_by_count(self, client: Client, nth: object, hit: list[int]) -> None:
        """Requests that fit are counted from 1."""
        client.sandbox.faults.add(Fault(500, path="/orders$", nth=nth))
        statuses = [(await self.statuses(client, ("GET", "/order_statuses"), ("GET", "/orders")))[1] for _ in range(4)]
        assert [number for number, status in enumerate(statuses, 1) if status == 500] == hit

    def test_chance_is_replayed_from_its_seed(self) -> None:
        """The same seed hits the same requests, another one others; about as many as said."""

        def hits(seed: int) -> list[bool]:
            faults = Faults(Fault(500, probability=0.25), seed=seed)
            return [faults.strike("GET", "/orders", ()) is not None for _ in range(1000)]

        assert hits(1) == hits(1) != hits(2)
        assert 150 < sum(hits(1)) < 350

    def test_the_first_that_hits_is_taken_and_all_count(self) -> None:
        """Two faults for the first and second request meet these."""
        faults = Faults(Fault(500, nth=1), Fault(502, nth=2))
        assert [found and found.reply for found in (faults.strike("GET", "/orders", ()) for _ in range(3))] == [
            500,
            502,
            None,
        ]

    def test_plain_data_says_the_same(self) -> None:
        """Faults of another process come from JSON."""
        faults = Faults.of([{"reply": "reset", "nth": [2]}, {"reply": 503, "performs": 0}])
        found = [faults.strike("POST", PATH, (100,)) for _ in range(2)]
        assert found == [Fault(503, performs=0), Fault(Reply.RESET, nth=[2])]

    async def test_faults_can_be_cleared(self, client: Client) -> None:
        """Then all is well."""
        client.sandbox.faults.add(Fault(500))
        client.sandbox.faults.clear()
        assert (await client.get("/orders")).status == 200


class TestQuota:
    async def test_every_answer_tells_it(self, client: Client) -> None:
        """Window, what is left of it, quota and requests left; also on refusals."""
        await client.get("/orders")
        headers = (await client.get("/orders/9")).headers
        told = {name: headers[f"X-Rate-Limit-{name}"] for name in ("Time-Window-Ms", "Requests-Quota", "Requests-Left")}
        assert told == {"Time-Window-Ms": "30000", "Requests-Quota": "450", "Requests-Left": "448"}
        assert "X-Retry-After" not in headers
        assert headers["Date"].endswith(" GMT")

    async def test_one_too_many_is_refused_before_any_work(self, client: Client, virtual_clock: VirtualLoop) -> None:
        """429, no body, the seconds to wait; after these it goes on."""
        client.sandbox.quota = Quota(requests=5, window=10.0, others=3)
        assert [(await client.get("/orders")).headers["X-Rate-Limit-Requests-Left"] for _ in range(2)] == ["1", "0"]
        refused = await client.post(PATH, parcel())
        assert (refused.status, refused.raw, made(client)) == (429, b"", 0)
        wait = int(refused.headers["X-Retry-After"])
        assert wait * 1000 >= int(refused.headers["X-Rate-Limit-Time-Reset-Ms"]) > 0
        await asyncio.sleep(wait)
        assert (await client.post(PATH, parcel())).status == 201


class TestAnswersThatAreNotTrue:
    async def test_a_201_may_say_another_thing_than_was_made(self, client: Client) -> None:
        """And leave something out; a refusal stays as it is."""
        client.sandbox.faults.add(Fault(says={"tracking_number": "OTHER"}, lacks=["items"], method="POST"))
        answer = await client.post(PATH, parcel(tracking_number="1Z9"))
        assert (answer.json["tracking_number"], "items" in answer.json) == ("OTHER", False)
        assert client.sandbox.shipments()[0]["tracking_number"] == "1Z9"
        assert (await client.post(PATH, parcel(quantity=9))).status == 400

    async def test_another_thing_may_be_made_than_was_asked(self, client: Client) -> None:
        """The answer is true then."""
        client.sandbox.faults.add(Fault(makes={"tracking_number": "OTHER"}, method="POST"))
        made = (await client.post(PATH, parcel(tracking_number="1Z9"))).json
        assert (made["tracking_number"], client.sandbox.shipments()[0]["tracking_number"]) == ("OTHER", "OTHER")

    async def test_a_store_may_write_numbers_in_its_own_way(self, client: Client) -> None:
        """Without blanks, in capitals."""
        client.sandbox.behaviour = Behaviour(rewrites_numbers=True)
        assert (await client.post(PATH, parcel(tracking_number="1z 9"))).json["tracking_number"] == "1Z9"
