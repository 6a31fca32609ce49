"""The sandbox as a server on this machine: the gateway before the endpoints, and its life."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from batch.sandbox import gateway, http
from batch.sandbox.answers import Answer, Refusal
from batch.sandbox.behaviour import Behaviour
from batch.sandbox.endpoints import Call, Endpoint
from batch.sandbox.faults import Fault, Faults, Reply
from batch.sandbox.quota import Quota, Window
from batch.sandbox.responses import shipment_document
from batch.sandbox.store import Store

UNANSWERED = 0
"""The logged status of a request that has got no answer with a status, or not yet."""
_BROKEN = frozenset({Reply.CUT_HEADERS, Reply.RESET, Reply.CLOSE, Reply.HANG})


class Sandbox:
    """A BigCommerce store on this machine, made of plain data (`batch.sandbox.orders` has the shape).

    `async with` serves it, on a free port unless one is given. With an `event_log` file it starts again
    from what an earlier process had made. `quota`, `behaviour` and `faults` may be set at any time.
    """

    def __init__(
        self,
        orders: Mapping[str, Any],
        *,
        behaviour: Behaviour | None = None,
        quota: Quota | None = None,
        faults: Faults | None = None,
        event_log: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        store_hash: str = "sandbox",
        token: str = "sandbox-token",  # noqa: S107  opens nothing but this process
    ) -> None:
        self.store = Store(orders, behaviour or Behaviour(), event_log)
        self.faults = faults or Faults()
        self.store_hash = store_hash
        self.token = token
        self.url = f"http://{host}:{port}"
        self.requests: list[tuple[str, str, int]] = []
        """Method, path with query, status (0: none) of each request, in the order they came."""
        self.counts: Counter[str] = Counter()
        """Requests by endpoint: `POST /orders/{}/shipments`."""
        self.app = web.Application(client_max_size=1 << 24)
        self.app.router.add_route("*", "/{path:.*}", self._answer)
        self.app.on_shutdown.append(self._release)
        self._window = Window(quota or Quota())
        self._address = (host, port)
        self._prefix = f"/stores/{store_hash}/v2"
        self._late: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def behaviour(self) -> Behaviour:
        """What the store does where the documentation is silent."""
        return self.store.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.store.behaviour = behaviour

    @property
    def quota(self) -> Quota:
        """What the store takes in a window; another one counts from the next request."""
        return self._window.quota

    @quota.setter
    def quota(self, quota: Quota) -> None:
        self._window.quota = quota

    def shipments(self) -> list[dict[str, Any]]:
        """All shipments the store holds, as the API writes them, by order and age."""
        return [shipment_document(self.store.orders[s.order_id], s) for s in self.store.shipments()]

    async def settle(self) -> None:
        """Wait until what is late has been done."""
        while self._late:
            await asyncio.gather(*self._late)

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()
        self.store.close()

    async def _release(self, _app: web.Application) -> None:
        """Let go of those who hang, and forget what is late."""
        self._closing.set()
        for task in self._late:
            task.cancel()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request and log it."""
        place = len(self.requests)
        self.requests.append((request.method, request.path_qs, UNANSWERED))
        fault = None
        try:
            target = gateway.route(request, self._prefix, self.token)
            self.counts[f"{request.method} {target.pattern}"] += 1
            self._spend()
            gateway.permit(request, self.behaviour)
            fault = self.faults.strike(request.method, target.path, target.ids)
            answer = self._perform(target, await self._call(request, target, fault), fault)
        except Refusal as refused:
            answer = refused.answer
        sent = http.RawResponse.of(answer, self._headers(fault))
        if fault is not None:
            sent = http.apply_fault(sent, fault)
            await asyncio.sleep(fault.delay)
        if fault is None or fault.reply not in _BROKEN:
            self.requests[place] = (request.method, request.path_qs, sent.status)
        return sent.response() if fault is None else await http.send(request, sent, fault, self._closing)

    def _spend(self) -> None:
        now = self.store.clock.now()
        if not self._window.spend(now):
            raise Refusal(Answer(429, headers={"X-Retry-After": self._window.retry_after(now)}))

    async def _call(self, request: web.Request, target: gateway.Route, fault: Fault | None) -> Call:
        body = await request.read() if request.can_read_body else b""
        if fault is not None and fault.makes:
            body = json.dumps(json.loads(body) | fault.makes).encode()
        moment = self.store.clock.now() - fault.seen if fault is not None and fault.seen else math.inf
        return Call(f"{self.url}{request.path}", target.ids, request.query, body, moment)

    def _perform(self, target: gateway.Route, call: Call, fault: Fault | None) -> Answer:
        """Do what is asked as often and as late as the fault says."""
        if fault is None:
            return target.endpoint(self.store, call)
        now = 0 if fault.late else fault.performs
        answer = _try(target.endpoint, self.store, replace(call, keep=now > 0))
        self._repeat(target.endpoint, call, now - 1)
        if fault.late:
            task = asyncio.ensure_future(self._later(fault, target.endpoint, call))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        return answer

    def _repeat(self, endpoint: Endpoint, call: Call, times: int) -> None:
        for _ in range(times):
            _try(endpoint, self.store, call)

    async def _later(self, fault: Fault, endpoint: Endpoint, call: Call) -> None:
        await asyncio.sleep(fault.late)
        self._repeat(endpoint, call, fault.performs)

    def _headers(self, fault: Fault | None) -> dict[str, str]:
        clock = self.store.clock
        quota = {} if fault is not None and fault.bare else self._window.headers(clock.now())
        return {"Date": clock.http_date(), **quota}


def _try(endpoint: Endpoint, store: Store, call: Call) -> Answer:
    try:
        return endpoint(store, call)
    except Refusal as refused:
        return refused.answer


async def serve(sandbox: Sandbox, ready: Callable[[Sandbox], None]) -> None:
    """Serve a store until cancelled; `ready` is called once, when its address is known."""
    async with sandbox:
        ready(sandbox)
        await asyncio.Event().wait()
