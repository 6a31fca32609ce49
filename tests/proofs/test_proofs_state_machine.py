"""Whatever a depot, its store and its machine do, in any order: nothing twice, nothing lost, all
accounted for.

The long run: `SHIPBATCH_PROOF=long pytest tests/proofs/test_proofs_state_machine.py` (new dice,
until it fails).
"""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batch.sandbox import Behaviour, Fault
from tests.clock import VirtualLoop
from tests.proofs.depot import ORDERS, SETTLE, TIMEOUT, Depot, Row
from tests.proofs.process import Death
from tests.proofs.score import folder
from tests.proofs.weather import BAD_READS, NOT_DONE, UNKNOWN

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("short", max_examples=40, stateful_step_count=12, derandomize=True)
settings.register_profile("long", max_examples=20_000, stateful_step_count=40, print_blob=True)
PROFILE = settings.get_profile(os.environ.get("SHIPBATCH_PROOF", "short"))


def row_of(order: int, place: int | None, units: int, parcel: int) -> Row:
    """A row of one of an order's lines, or of all that remains; parcel 0 has no number."""
    return order, place, None if place is None else units, f"T1{order}00{parcel}" if parcel else ""


rows = st.builds(
    row_of,
    st.sampled_from(ORDERS),
    st.sampled_from((0, 0, 1, 1, None)),
    st.integers(1, 2),
    st.integers(0, 3),
)


def unmixed(rows: list[Row]) -> list[Row]:
    """Without the rows that have no number, where another one's number would be taken to be theirs
    too.
    """
    filling = {order for order, place, _, number in rows if place is None and number}
    return [row for row in rows if row[3] or row[0] not in filling]


files = st.lists(rows, min_size=1, max_size=5).map(unmixed)
names = st.sampled_from(("monday.csv", "tuesday.csv"))
deaths = st.one_of(
    st.builds(
        Death,
        request=st.integers(1, 10),
        done=st.integers(0, 1),
        late=st.sampled_from((0.0, SETTLE / 2)),
    ),
    st.builds(Death, word=st.integers(1, 20)),
    st.builds(Death, after=st.floats(0.01, 2 * SETTLE)),
)
write_faults = st.one_of(
    st.builds(
        Fault,
        st.sampled_from(UNKNOWN),
        performs=st.sampled_from((0, 1, 1, 2)),
        late=st.sampled_from((0.0, 0.0, SETTLE / 2)),
    ),
    st.builds(Fault, st.sampled_from((*NOT_DONE, 400, 409, 422)), performs=st.just(0)),
    st.builds(Fault, performs=st.just(2)),
    st.builds(Fault, delay=st.sampled_from((1.0, 2 * TIMEOUT))),
)
read_faults = st.one_of(
    st.builds(Fault, st.sampled_from(BAD_READS), pace=st.just(3.0)),
    st.builds(Fault, seen=st.floats(0, SETTLE / 3)),
)
sides = st.builds(
    Behaviour,
    refuses_overshipping=st.booleans(),
    page_size=st.sampled_from((250, 1, 2)),
    empty_list=st.sampled_from(("204", "[]")),
    min_id_inclusive=st.booleans(),
    sideloads=st.sampled_from(("whole", "stubs")),
)


class DepotMachine(RuleBasedStateMachine):
    """One depot under everything at once."""

    @initialize(side=sides, first=files)
    def open(self, side: Behaviour, first: list[Row]) -> None:
        self.stack = ExitStack()
        self.runner = self.stack.enter_context(asyncio.Runner(loop_factory=VirtualLoop))
        self.depot = Depot(self.stack.enter_context(folder()), side)
        self.stack.callback(lambda: self.runner.run(self.depot.box.__aexit__(None, None, None)))
        self.runner.run(self.depot.box.__aenter__())
        self.travel: time_machine.travel | None = None
        self.depot.drop("monday.csv", first)

    @rule(name=names, rows=files)
    def drop(self, name: str, rows: list[Row]) -> None:
        """A new export."""
        self.depot.drop(name, rows)

    @rule(more=rows)
    def cumulate(self, more: Row) -> None:
        """Tuesday's export has all of Monday's."""
        self.depot.drop("tuesday.csv", unmixed([*self.depot.files["monday.csv"], more]))

    @rule(place=st.integers(0, 4), other=rows)
    def edit_row(self, place: int, other: Row) -> None:
        """A row is changed in a file that may have been run."""
        rows = list(self.depot.files["monday.csv"])
        rows[place % len(rows)] = other
        self.depot.drop("monday.csv", unmixed(rows))

    @rule(
        name=names,
        judgement=st.sampled_from((900.0, 0.0)),
        never_resend=st.booleans(),
        verify=st.booleans(),
        sleeps_at=st.sampled_from((0, 0, 0, 2, 5)),
    )
    def run(
        self, name: str, judgement: float, never_resend: bool, verify: bool, sleeps_at: int
    ) -> None:
        """To the end; the machine may sleep a night in the middle of it."""
        self.depot.sleeps_at = sleeps_at
        self._do(
            self.depot.run(
                self._there(name), judgement=judgement, never_resend=never_resend, verify=verify
            )
        )

    @rule(name=names, death=deaths)
    def kill(self, name: str, death: Death) -> None:
        """At any moment of a run."""
        self._do(self.depot.run(self._there(name), death))

    @rule(name=names, wait=st.sampled_from((0.0, 5.0, 60.0)))
    def second_process(self, name: str, wait: float) -> None:
        """While another has the store."""
        self._do(self.depot.run_beside(self._there(name), wait=wait))

    @rule(fault=write_faults, nth=st.integers(1, 3))
    def bad_write(self, fault: Fault, nth: int) -> None:
        self._fault(fault, "POST", range(nth, nth + 1))

    @rule(fault=read_faults, nth=st.integers(1, 6), times=st.sampled_from((1, 1, 8)))
    def bad_read(self, fault: Fault, nth: int, times: int) -> None:
        self._fault(fault, "GET", range(nth, nth + times))

    @rule(row=rows)
    def foreign_shipment(self, row: Row) -> None:
        self._do(self.depot.ship_elsewhere(row))

    @rule(word=st.sampled_from(("ship", "ship", "skip")))
    def decide(self, word: str) -> None:
        """The truth on doubts, this word on what is held."""
        self.depot.faults.clear()
        self._do(self.depot.answer(word))

    @rule(place=st.integers(0, 3))
    def undo(self, place: int) -> None:
        self.depot.faults.clear()
        self._do(self.depot.undo(place))

    @rule(hours=st.sampled_from((-1, 1, -9_000, 9_000)))
    def clock_jump(self, hours: int) -> None:
        """The machine's clock is put back or forward."""
        now = datetime.now(UTC) + timedelta(hours=hours)
        self._stop_travel()
        self.travel = time_machine.travel(now)
        self.travel.start()

    @rule(seconds=st.sampled_from((60.0, 86_400.0)))
    def time_passes(self, seconds: float) -> None:
        self._do(asyncio.sleep(seconds))

    @invariant()
    def nothing_twice(self) -> None:
        self.depot.check()

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        with self.stack:
            try:
                self._do(self.depot.finish())
            finally:
                self._stop_travel()

    def _there(self, name: str) -> str:
        return name if name in self.depot.files else "monday.csv"

    def _fault(self, fault: Fault, method: str, nth: range) -> None:
        path = "/shipments$" if method == "POST" else ""
        self.depot.faults.add(replace(fault, method=method, path=path, nth=nth))

    def _do(self, doing: Coroutine[Any, Any, object]) -> None:
        self.runner.run(doing)

    def _stop_travel(self) -> None:
        if self.travel:
            self.travel.stop()
            self.travel = None


TestDepot = DepotMachine.TestCase
TestDepot.settings = settings(
    PROFILE, deadline=None, phases=PHASES, suppress_health_check=QUIET, report_multiple_bugs=False
)
