"""What can be taken out of shipbatch that keeps it from shipping twice, or from losing a parcel;
one mutant each.

A mutant names a place, which must be in today's source exactly once, and what to put there. The
suite must turn red on every one of them: `python -m tests.proofs.mutations`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SHIPPING = ("tests/proofs/test_mutants_settling.py", "tests/pipeline/test_pool.py")
LEDGER = ("tests/ledger/test_ledger.py", "tests/ledger/test_ledger_sqlite.py")
POSTGRES = ("tests/ledger/test_ledger_postgres.py",)
ANSWERS = ("tests/bigcommerce/test_answers.py",)
CLIENT = ("tests/bigcommerce/test_client_faults.py", "tests/bigcommerce/test_client.py")
JUDGING = ("tests/planning/test_judging.py",)
FETCHING = ("tests/remote_files/test_fetching_whole.py",)
TRUSTING = ("tests/config/test_ownership.py",)
MET = ("tests/pipeline/test_met_before.py",)
DIFFERS = ("tests/pipeline/test_made_differs.py",)
PARSING = ("tests/bigcommerce/test_client_parsing.py",)
SPELLING = ("tests/primitives/test_spelling.py",)
HOSTILE = ("tests/loader/test_hostile_bytes.py",)
LATE = ("tests/proofs/test_proofs_late.py",)
WAITS = ("tests/pipeline/test_only_doubts_wait.py",)


class Misplaced(Exception):
    """A mutant's place is not in the source exactly once: the mutant is to be rewritten."""


@dataclass(frozen=True)
class Mutant:
    """One safeguard less."""

    name: str
    """What is missing, as it goes on after 'shipbatch …'."""
    file: str
    """Below `batch/`."""
    place: str
    instead: str
    tests: Sequence[str]
    """Files of the suite that must notice, the likeliest first."""

    def applied(self, source: str) -> str:
        """The file's text without the safeguard; Misplaced where it cannot be told which place is
        meant.
        """
        if (count := source.count(self.place)) != 1:
            raise Misplaced(
                f"{self.name}: batch/{self.file} has this {count} times, not once:\n{self.place}"
            )
        return source.replace(self.place, self.instead)

    def apply(self, root: Path) -> None:
        """Write it into a copy of the project."""
        path = root / "batch" / self.file
        path.write_text(self.applied(path.read_text("utf-8")), "utf-8")


MUTANTS: Sequence[Mutant] = (
    # the intent
    Mutant(
        "sends before the intent is durable",
        "pipeline/shipping/dispatcher.py",
        "        await self._ledger.intend(record.record_id, evidence, baseline.shipment_id)\n",
        "        self._early = asyncio.ensure_future(\n"
        "            self._ledger.intend(record.record_id, evidence, baseline.shipment_id)\n"
        "        )\n",
        SHIPPING,
    ),
    Mutant(
        "commits without a sync",
        "ledger/sqlite/opening.py",
        '"PRAGMA synchronous = FULL"',
        '"PRAGMA synchronous = OFF"',
        LEDGER[::-1],
    ),
    Mutant(
        "goes on after a failed commit",
        "ledger/writer.py",
        "            unit.refusal = self._failure\n",
        "            unit.refusal = self._failure\n        self._failure = None\n",
        LEDGER[::-1],
    ),
    Mutant(
        "sends what it can no longer record",
        "pipeline/shipping/dispatcher.py",
        "        except (LedgerError, StoreStopped, Unreadable) as error:",
        "        except (StoreStopped, Unreadable) as error:",
        SHIPPING,
    ),
    Mutant(
        "begins new work on a full disk",
        "ledger/sqlite/connection.py",
        "if self._full and point in NEW_WORK else None",
        "if False else None",
        LEDGER[::-1],
    ),
    Mutant(
        "believes of a commit whose answer was lost that it took",
        "ledger/postgres/session.py",
        "            return bool(row[0] > self._commits)\n",
        "            return True\n",
        POSTGRES,
    ),
    Mutant(
        "writes a commit again whose answer alone was lost",
        "ledger/postgres/session.py",
        "            return bool(row[0] > self._commits)\n",
        "            return False\n",
        POSTGRES,
    ),
    Mutant(
        "goes on with a database that has lost what it confirmed",
        "ledger/postgres/session.py",
        "        if counted.rowcount != 1:\n",
        "        if False:\n",
        POSTGRES,
    ),
    Mutant(
        "upgrades the ledger under runners of the older version",
        "ledger/postgres/schema.py",
        '        connection.execute("SELECT pg_advisory_xact_lock(?)", (RUNNERS,))\n',
        '        connection.execute("SELECT 1")\n',
        ("tests/ledger/test_migrations.py",),
    ),
    Mutant(
        "sends again what was refused with 429 without a look",
        "pipeline/shipping/dispatcher.py",
        "                and await self._find_after_refusal(record, baseline)\n",
        "                and False\n",
        LATE,
    ),
    # verdicts
    Mutant(
        "takes a 504 for 'again'",
        "bigcommerce/verdict.py",
        '    return Verdict(Kind.UNKNOWN, f"status_{reply.status}")',
        "    return Verdict(Kind.AGAIN if reply.status == 504 else Kind.UNKNOWN,"
        ' f"status_{reply.status}")',
        ANSWERS,
    ),
    Mutant(
        "takes a cut answer for 'again'",
        "bigcommerce/verdict.py",
        "    if reply.phase is Phase.CUT:\n        return Verdict(Kind.UNKNOWN,",
        "    if reply.phase is Phase.CUT:\n        return Verdict(Kind.AGAIN,",
        ANSWERS,
    ),
    Mutant(
        "takes a lost answer for 'again'",
        "bigcommerce/verdict.py",
        'Verdict(Kind.UNKNOWN, "no_answer")',
        'Verdict(Kind.AGAIN, "no_answer")',
        ANSWERS,
    ),
    Mutant(
        "takes a 201 that proves nothing for 'never'",
        "bigcommerce/verdict.py",
        'Verdict(Kind.UNKNOWN, "no_proof")',
        'Verdict(Kind.NEVER, "no_proof")',
        ANSWERS,
    ),
    Mutant(
        "takes any 404 for a refusal",
        "bigcommerce/verdict.py",
        "    if reply.status != HTTPStatus.NOT_FOUND or reply.phase is not Phase.ANSWERED:\n       "
        " return False\n",
        "    return reply.status == HTTPStatus.NOT_FOUND\n",
        ANSWERS,
    ),
    Mutant(
        "takes a 500 for a refusal",
        "bigcommerce/verdict.py",
        "frozenset({HTTPStatus.BAD_REQUEST, ",
        "frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_REQUEST, ",
        ANSWERS,
    ),
    # what was made
    Mutant(
        "takes any 201 for the shipment that was asked",
        "pipeline/shipping/dispatcher.py",
        "    if verdict.shipment and (differing := _differing(",
        "    if False and (differing := _differing(",
        DIFFERS,
    ),
    Mutant(
        "takes an answer with an older shipment's id",
        "pipeline/shipping/dispatcher.py",
        "    if said.shipment_id <= baseline.shipment_id:\n",
        "    if False:\n",
        DIFFERS,
    ),
    Mutant(
        "does not look behind a lying answer at once",
        "pipeline/shipping/dispatcher.py",
        "        if outcome.state is State.IN_DOUBT and verdict.shipment:\n",
        "        if False:\n",
        DIFFERS,
    ),
    Mutant(
        "forgets which shipment an answer has named",
        "pipeline/shipping/dispatcher.py",
        'evidence |= {"named": verdict.shipment.shipment_id, ',
        "evidence |= {",
        DIFFERS,
    ),
    Mutant(
        "says nothing of what was made otherwise than asked",
        "model/findings.py",
        "if found.twins else made_differs(asked, found.mine)\n",
        "if found.twins else None\n",
        DIFFERS,
    ),
    Mutant(
        "ends well though something was made otherwise",
        "pipeline/report.py",
        "or counts.get(MADE_DIFFERS) ",
        "",
        DIFFERS,
    ),
    Mutant(
        "ships beside what was made otherwise",
        "planning/already_shipped.py",
        "draft.fits(e.made) or e.came_from(draft.parcel.request_key)]\n",
        "draft.fits(e.made)]\n",
        DIFFERS,
    ),
    # what is read
    Mutant(
        "does not heed a consignment's warning",
        "bigcommerce/parse.py",
        " or WARNING in part,\n",
        ",\n",
        PARSING,
    ),
    Mutant(
        "takes a list with a warning in it for whole",
        "bigcommerce/parse.py",
        "        stubs=len(lines) < len(entries)",
        "        stubs=not entries",
        PARSING,
    ),
    Mutant(
        "takes an order without lines for an empty one",
        "bigcommerce/parse.py",
        "        or not lines\n",
        "        or not groups\n",
        PARSING,
    ),
    # the wire
    Mutant(
        "lets the HTTP library send again",
        "bigcommerce/transport.py",
        "                raise ConnectionLost(_plain(error)) from error\n",
        "                raise\n",
        CLIENT,
    ),
    Mutant(
        "sends a POST again when the connection drops",
        "bigcommerce/transport.py",
        "                raise ConnectionLost(_plain(error)) from error\n",
        "                return await send(request)\n",
        CLIENT,
    ),
    Mutant(
        "takes a dropped connection for one that never was",
        "bigcommerce/transport.py",
        "                raise ConnectionLost(_plain(error)) from error\n",
        "                raise NeverLeft from error\n",
        CLIENT,
    ),
    Mutant(
        "follows redirects",
        "bigcommerce/transport.py",
        "allow_redirects=False",
        "allow_redirects=True",
        CLIENT,
    ),
    Mutant(
        "reads one page",
        "bigcommerce/client.py",
        "for page in range(1, 1000):",
        "for page in range(1, 2):",
        CLIENT[::-1],
    ),
    # settling
    Mutant(
        "claims what another record has",
        "model/matching.py",
        "s.shipment_id not in claimed and ",
        "",
        SHIPPING,
    ),
    Mutant(
        "claims what was there before the intent",
        "model/matching.py",
        " and s.shipment_id > baseline",
        "",
        SHIPPING,
    ),
    Mutant(
        "does not keep what was there before the intent",
        "pipeline/shipping/dispatcher.py",
        "evidence, baseline.shipment_id)",
        "evidence, 0)",
        SHIPPING,
    ),
    Mutant(
        "claims a parcel under another number",
        "model/matching.py",
        "        label\n        and items\n",
        "        items\n",
        SHIPPING,
    ),
    Mutant(
        "claims a parcel for another address",
        "model/matching.py",
        " and shipment.order_address_id == seen.order_address_id",
        "",
        SHIPPING,
    ),
    Mutant(
        "passes over a near miss",
        "model/matching.py",
        "return Match(mine=same[0] if same else None, twins=tuple(same[1:]), near=near)",
        "return Match(mine=same[0] if same else None, twins=tuple(same[1:]))",
        SHIPPING,
    ),
    Mutant(
        "looks once",
        "pipeline/shipping/reconciler.py",
        "            await look_at(some, last=False)\n",
        "            await look_at(some, last=True)\n",
        SHIPPING,
    ),
    Mutant(
        "looks twice without the settle wait",
        "pipeline/shipping/reconciler.py",
        "self._settings.settle - (passed or 0.0)",
        "0.0",
        SHIPPING,
    ),
    Mutant(
        "cuts the settle window short",
        "pipeline/shipping/reconciler.py",
        "self._settings.settle - (passed or 0.0)",
        "self._settings.settle / 2 - (passed or 0.0)",
        WAITS,
    ),
    Mutant(
        "begins the settle window anew with each start",
        "pipeline/shipping/reconciler.py",
        "self._settings.settle - (passed or 0.0)",
        "self._settings.settle",
        WAITS,
    ),
    Mutant(
        "measures a settle window by another machine's clock",
        "primitives/uptime.py",
        'told["boot"] != boot_id()',
        "told[\"boot\"] == ''",
        WAITS,
    ),
    Mutant(
        "measures a settle window by a clock that was set back",
        "primitives/uptime.py",
        "    return passed if passed >= 0 else None\n",
        "    return abs(passed)\n",
        WAITS,
    ),
    Mutant(
        "takes an earlier try's settle window for this one's",
        "pipeline/shipping/reconciler.py",
        "        return attempts[: last + 1]\n",
        "        return [*attempts[:last], *attempts[last + 1 :], attempts[last]]\n",
        WAITS,
    ),
    Mutant(
        "begins the settle window before its sender is known to have ended",
        "pipeline/shipping/reconciler.py",
        "evidence = {} if sender else uptime.gave_up_evidence()",
        "evidence = uptime.gave_up_evidence()",
        WAITS,
    ),
    Mutant(
        "ships from an order in doubt beside what is being settled",
        "pipeline/shipping/shipper.py",
        "(record for record in work if not self._earlier.holds(record))",
        "iter(work)",
        WAITS,
    ),
    Mutant(
        "ships what was judged while its order was in doubt",
        "pipeline/shipping/shipper.py",
        "            if not (anew or planner.has_aged):\n",
        "            if not planner.has_aged:\n",
        WAITS,
    ),
    Mutant(
        "waits with everything for what is in doubt",
        "pipeline/shipping/earlier_doubts.py",
        "        if whole or settling.done():\n",
        "        if settling:\n",
        WAITS,
    ),
    Mutant(
        "ships a held file's doubts",
        "pipeline/pipeline.py",
        "                await self._shipping.enter(context, held_plan(plan, gated))\n",
        "                await self._shipping.ship(context, held_plan(plan, gated), planner)\n",
        WAITS,
    ),
    Mutant(
        "does not look at quantity_shipped",
        "pipeline/shipping/reconciler.py",
        "await self._has_moved(record)",
        "False",
        SHIPPING,
    ),
    Mutant(
        "forgets --never-resend",
        "pipeline/shipping/reconciler.py",
        "moved=moved, never=never",
        "moved=moved, never=False",
        SHIPPING,
    ),
    Mutant(
        "does not settle what a crash has left",
        "pipeline/shipping/shipper.py",
        "        if not (doubts := self._ledger.unsettled_records(self._settings.store)):\n",
        "        if doubts := self._ledger.unsettled_records(self._settings.store):\n",
        SHIPPING,
    ),
    # the record
    Mutant(
        "lets a created record be left",
        "model/records.py",
        "    State.CREATED: frozenset(),\n",
        "    State.CREATED: frozenset({State.PLANNED}),\n",
        SHIPPING,
    ),
    Mutant(
        "lets a rejected record be left",
        "model/records.py",
        "    State.REJECTED: frozenset(),\n",
        "    State.REJECTED: frozenset({State.PLANNED}),\n",
        SHIPPING,
    ),
    Mutant(
        "sends again what waits for a person",
        "model/records.py",
        "    State.NEEDS_PERSON: frozenset({State.CREATED, State.PLANNED}),\n",
        "    State.NEEDS_PERSON: frozenset({State.CREATED, State.PLANNED, State.INTENT}),\n",
        SHIPPING,
    ),
    Mutant(
        "lets the database take any move",
        "ledger/sqlite/opening.py",
        "WHEN OLD.state <> NEW.state AND NOT ({legal})",
        "WHEN OLD.state <> NEW.state AND 0 AND NOT ({legal})",
        LEDGER[::-1],
    ),
    Mutant(
        "lets two records claim one shipment",
        "ledger/sqlite/schema.sql",
        "CREATE UNIQUE INDEX IF NOT EXISTS claimed ON",
        "CREATE INDEX IF NOT EXISTS claimed ON",
        LEDGER,
    ),
    Mutant(
        "lets two records be one parcel",
        "ledger/sqlite/schema.sql",
        "CREATE UNIQUE INDEX IF NOT EXISTS one_parcel ON",
        "CREATE INDEX IF NOT EXISTS one_parcel ON",
        LEDGER,
    ),
    # one at a time
    Mutant(
        "has no single flight in the database",
        "ledger/sqlite/schema.sql",
        "CREATE UNIQUE INDEX IF NOT EXISTS single_flight ON",
        "CREATE INDEX IF NOT EXISTS single_flight ON",
        LEDGER,
    ),
    Mutant(
        "has no single flight in the pool",
        "pipeline/shipping/dispatcher.py",
        "                if order_id not in self._orders_in_flight:\n",
        "                if order_id:\n",
        SHIPPING,
    ),
    Mutant(
        "runs beside another runner",
        "pipeline/session.py",
        "        if lock:\n",
        "        if not lock:\n",
        SHIPPING,
    ),
    Mutant(
        "runs beside a runner with another home",
        "ledger/locks.py",
        "            if shared_home and not _is_same_folder(home, shared_home):\n",
        "            if shared_home and _is_same_folder(home, shared_home):\n",
        ("tests/ledger/test_ledger_locks.py",),
    ),
    # where files come from, and whose word counts
    Mutant(
        "fetches two files of one name into one place",
        "remote_files/fetch.py",
        '    folder = Path(tempfile.mkdtemp(prefix=f"{now}-", dir=home / FOLDER))\n',
        "    folder = home / FOLDER\n",
        FETCHING,
    ),
    Mutant(
        "lets an address say in which folder its file lies",
        "remote_files/addresses.py",
        '_NO_NAME.sub("_", unquote(split(url).path.rpartition("/")[2]))',
        'unquote(split(url).path.rpartition("/")[2])',
        FETCHING,
    ),
    Mutant(
        "follows a server to any other",
        "remote_files/https.py",
        "            check_sent_on(url, typed)\n",
        "",
        FETCHING,
    ),
    Mutant(
        "takes a file that was replaced while it came",
        "remote_files/https.py",
        "    return len(tags) > 1 or told not in {None, 0, length}  # not every HEAD knows\n",
        "    return False\n",
        FETCHING,
    ),
    Mutant(
        "takes a file of which only its time of change has changed",
        "remote_files/https.py",
        "    if not tags and answer",
        "    if False and answer",
        FETCHING,
    ),
    Mutant(
        "fetches without end",
        "remote_files/copy.py",
        "        if length > self._largest:\n",
        "        if False:\n",
        FETCHING,
    ),
    Mutant(
        "takes half a file for the whole, of which no end is told",
        "remote_files/https.py",
        '_all(answer, "Transfer-Encoding") != "chunked":',
        '"chunked" not in _all(answer, "Transfer-Encoding"):',
        FETCHING,
    ),
    Mutant(
        "sends the token wherever a file says",
        "config/load.py",
        "    if checked != API_URL and ",
        "    if False and ",
        TRUSTING,
    ),
    Mutant(
        "obeys a file that others can write",
        "config/toml_file.py",
        '    require_own(path, "or take it away, for what it says may be another\'s word")\n',
        "",
        TRUSTING,
    ),
    Mutant(
        "keeps its ledger where others can write",
        "config/environment.py",
        '    require_own(home, "or set SHIPBATCH_HOME to a folder of yours")\n',
        "",
        TRUSTING,
    ),
    # judging
    Mutant(
        "ships units again that have shipped without a number",
        "planning/already_shipped.py",
        "        if shared and not equal:\n",
        "        if False:\n",
        MET,
    ),
    Mutant(
        "takes a number that comes late for another parcel",
        "planning/holds.py",
        "    return _number_missing(draft, view) or _number_added(draft, view)\n",
        "    return _number_missing(draft, view)\n",
        MET,
    ),
    Mutant(
        "judges a row without the file's earlier rows",
        "planning/allocation.py",
        "            self._left[line_id] -= units\n",
        "",
        JUDGING,
    ),
    Mutant(
        "does not know a number it has shipped",
        "planning/already_shipped.py",
        "    return _compare_label(draft, view) if draft.label else _compare_units(draft, view)\n",
        "    return New(draft) if draft.label else _compare_units(draft, view)\n",
        JUDGING,
    ),
    Mutant(
        "does not know a parcel without a number it has shipped",
        "planning/already_shipped.py",
        "    return _compare_label(draft, view) if draft.label else _compare_units(draft, view)\n",
        "    return _compare_label(draft, view) if draft.label else New(draft)\n",
        JUDGING,
    ),
    Mutant(
        "ships again what was deleted",
        "planning/holds.py",
        "        if draft.has_made(record) and record.made and not view.may_ship(draft):\n",
        "        if False:\n",
        JUDGING,
    ),
    Mutant(
        "judges once, however long ago",
        "pipeline/shipping/shipper.py",
        "            if not (anew or planner.has_aged):\n",
        "            if record:\n",
        SHIPPING,
    ),
    # text
    Mutant(
        "takes a sign for the digit it resembles",
        "primitives/spelling.py",
        '    return _VOICED.sub(lambda both: unicodedata.normalize("NFKC", both[0]),'
        " text).translate(_USUAL)\n",
        '    return unicodedata.normalize("NFKC", text)\n',
        SPELLING,
    ),
    Mutant(
        "takes SKUs that differ in case for one",
        "loader/rows/parcels.py",
        "        found.setdefault(line.order_product_id or line.sku, []).append(line)\n",
        "        found.setdefault(line.order_product_id or line.sku.lower(), []).append(line)\n",
        SPELLING,
    ),
    # what is said, and a drop folder that others write into
    Mutant(
        "says that nothing was sent after an earlier night's rest was",
        "pipeline/runner.py",
        "        if self.wrote:\n",
        "        if False:\n",
        ("tests/pipeline/test_carry_over.py",),
    ),
    Mutant(
        "calls an order unknown that a page left out",
        "bigcommerce/order_pages.py",
        "        await self._read_unseen(wanted, known)\n",
        "",
        ("tests/bigcommerce/test_pages.py",),
    ),
    Mutant(
        "believes a stored value that nobody has written",
        "ledger/soundness.py",
        "    if not fits:\n",
        "    if False:\n",
        ("tests/ledger/test_ledger_damage.py",),
    ),
    Mutant(
        "puts back statuses that are to be left alone",
        "commands/undo.py",
        "            and not self.keeps_status\n",
        "",
        ("tests/commands/test_undo.py",),
    ),
    Mutant(
        "takes files from a room that is a link",
        "watcher/folder_layout.py",
        "                if wrong := self._fault((self.root / room).lstat()):\n",
        '                if wrong := "":\n',
        ("tests/watcher/test_watch_rooms.py",),
    ),
    Mutant(
        "reads a file that has a second name elsewhere",
        "watcher/folder_layout.py",
        "if told.st_nlink > 1 else",
        "if False else",
        ("tests/watcher/test_watch_rooms.py",),
    ),
    Mutant(
        "runs at once what was put there after the look",
        "watcher/inbox.py",
        "        if claimed and not is_same(claimed, whole.seen):",
        "        if False:",
        ("tests/watcher/test_watch_rooms.py",),
    ),
    Mutant(
        "calls a watcher running that was killed",
        "watcher/status_file.py",
        " or _has_died(said, _lock_of(path))",
        "",
        ("tests/proofs/test_proofs_watch.py",),
    ),
    # bytes that mean harm
    Mutant(
        "shows its reader the whole environment",
        "loader/files/reader.py",
        "    found = {name: os.environ[name] for name in NEEDED if name in os.environ}\n",
        "    found = dict(os.environ)\n",
        HOSTILE,
    ),
    Mutant(
        "takes from its reader what is cut wrongly",
        "loader/files/row_stream.py",
        "    if len(cells) != length:\n",
        "    if False:\n",
        HOSTILE,
    ),
    Mutant(
        "begins a file again on which it has died twice",
        "watcher/attempts.py",
        "    if begun >= MOST:\n",
        "    if False:\n",
        HOSTILE,
    ),
    Mutant(
        "sorts the marks of a text of any length",
        "loader/files/tables.py",
        " if len(text) <= LONGEST_NAME else text\n",
        "\n",
        HOSTILE,
    ),
    Mutant(
        "reads a text beyond its deadline",
        "loader/files/reader_limits.py",
        "        if time.monotonic() > self._at:\n",
        "        if False:\n",
        HOSTILE,
    ),
    # one store
    Mutant(
        "takes two names of this machine for two stores",
        "config/origins.py",
        "    if parts.hostname in LOOPBACK:\n",
        "    if False:\n",
        ("tests/ledger/test_one_store.py",),
    ),
    Mutant(
        "takes a hash in another case for another store",
        "config/origins.py",
        "{store_hash.casefold()}",
        "{store_hash}",
        ("tests/ledger/test_one_store.py",),
    ),
    Mutant(
        "sends beside what was put aside",
        "ledger/sqlite/schema.sql",
        "WHEN NEW.state = 'intent' AND EXISTS (",
        "WHEN NEW.state = 'no state' AND EXISTS (",
        ("tests/ledger/test_one_store.py",),
    ),
    Mutant(
        "lets both doubts of a merged order be settled by themselves",
        "ledger/merge_stores.py",
        "                self._put_aside(record, first)\n\n    def _keep_apart",
        "                pass\n\n    def _keep_apart",
        ("tests/ledger/test_one_store.py",),
    ),
    Mutant(
        "prints what a file says as it is",
        "primitives/escapes.py",
        'return "".join(char if _is_seen(char) else _escape(char) for char in text)',
        "return text",
        ("tests/cli/test_escapes.py",),
    ),
    Mutant(
        "keeps what it made for lack of a word in its answer",
        "model/matching.py",
        "    if is_named and not same_items(",
        "    if not same_items(",
        ("tests/model/test_matching.py",),
    ),
    Mutant(
        "leaves a queued file's end as it was",
        "fleet/late_results.py",
        '        if row["sign"] != row["now"] and (',
        "        if False and (",
        ("tests/fleet/test_fleet_recounting.py",),
    ),
)
