"""`check`: proves what a run needs, one line a thing, and says what to fix."""

import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from batch.bigcommerce import Client
from batch.bigcommerce.parse import whole
from batch.bigcommerce.response import Response
from batch.bigcommerce.verdict import Kind, judge, judge_read
from batch.commands.answer import CommandResult
from batch.config import Database, Place, Settings, Source, require_credentials
from batch.errors import DatabaseAway, LedgerError, NothingSent
from batch.ledger import network_disk, read_ledger
from batch.model import Run
from batch.model.exit_status import ExitStatus

NO_ORDER = 2_147_483_647  # no store has counted so far
SHIPMENT = {"order_address_id": 1, "items": [{"order_product_id": 1, "quantity": 1}]}
"""Well-formed, so that only the order can be wrong with it."""
READ, MODIFY = "read orders", "modify orders"
SKEW = 60  # seconds this machine's clock may be off
LOW = 500_000_000  # bytes free below which the disk is nearly full


class CheckStatus(StrEnum):
    """What is known of a thing."""

    OK = "ok"  # proven
    UNPROVEN = "not proven"  # neither one nor the other
    UNREACHED = "unreached"  # it could not be asked; later it may
    WRONG = "wrong"  # a run would fail on it


STATUS: Mapping[CheckStatus, ExitStatus] = {
    CheckStatus.WRONG: ExitStatus.NOTHING_SENT,
    CheckStatus.UNREACHED: ExitStatus.CANNOT_RUN_NOW,
    CheckStatus.UNPROVEN: ExitStatus.WAITS_FOR_PERSON,
}
"""Exit status, the first that applies."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing, proven or not."""

    what: str
    verdict: CheckStatus
    said: str
    todo: str = ""


def check_result(checks: list[Check]) -> CommandResult:
    """The checks as lines; exit 0 only where all is proven."""
    lines = []
    for one in checks:
        lines.append(f"{one.verdict:<11} {one.what:<13} {one.said}")
        if one.todo:
            lines.append(f"{'':<25} → {one.todo}")
    bad = [one for one in checks if one.verdict is not CheckStatus.OK]
    lines.append(f"{len(bad)} of {len(checks)} need a look." if bad else "All of this is proven.")
    found = {one.verdict for one in bad}
    status = next((status for verdict, status in STATUS.items() if verdict in found), ExitStatus.ALL_DONE)
    return CommandResult(tuple(lines), {"status": status, "checks": [asdict(one) for one in checks]}, status)


def refuses(checks: Sequence[Check]) -> bool:
    """Whether the store itself says that nothing can be shipped with these credentials."""
    return any(one.verdict is CheckStatus.WRONG and one.what in {"credentials", READ, MODIFY} for one in checks)


async def run_checks(settings: Settings, store_name: str = "") -> list[Check]:
    """Everything a run of this store needs: this machine's part, then the store's."""
    checks = [*_places(settings)]
    try:
        complete = require_credentials(settings, store_name)
    except NothingSent as error:
        return [*checks, Check("credentials", CheckStatus.WRONG, str(error), error.todo)]
    checks.append(Check("credentials", CheckStatus.OK, f"a hash and a token for {complete.store}"))
    async with Client(complete) as client:
        return checks + [check async for check in _store(client)]


def _places(settings: Settings) -> Iterator[Check]:
    """Home, disk, ledger and drop folders."""
    yield _home(settings.home)
    yield _disk(settings.home)
    yield _ledger(settings.ledger, settings.store)
    for folder in settings.folders:
        yield _folder(f"folder {folder.name}", folder.path)


def _home(home: Path) -> Check:
    what, todo = "home", "Set SHIPBATCH_HOME to a folder of yours."
    if not home.exists():
        parent = next(each for each in home.parents if each.exists())
        if os.access(parent, os.W_OK):
            return Check(what, CheckStatus.OK, f"{home}: will be made by the first run")
        return Check(
            what, CheckStatus.WRONG, f"{home} cannot be made in {parent}.", "Set SHIPBATCH_HOME to a folder of yours."
        )
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        return Check(what, CheckStatus.WRONG, f"{home} cannot be written.", todo)
    mode = stat.S_IMODE(home.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return Check(
            what, CheckStatus.WRONG, f"{home}: others can look into it (mode {mode:04o}).", f"chmod 700 '{home}'"
        )
    return Check(what, CheckStatus.OK, str(home))


def _disk(home: Path) -> Check:
    there = next(each for each in (home, *home.parents) if each.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / 1e9:.1f} GB free"
    if kind := network_disk(there):
        todo = "Set SHIPBATCH_HOME to a folder on a local disk."
        return Check("disk", CheckStatus.WRONG, f"{home} lies on a network disk ({kind}): a crash can damage it.", todo)
    if free < LOW:
        return Check(
            "disk", CheckStatus.WRONG, f"only {said} at {there}.", "Make room: a run needs its ledger and sheets."
        )
    return Check("disk", CheckStatus.OK, said)


def _ledger(place: Place, store: str) -> Check:
    if isinstance(place, Path) and not place.exists():
        return Check("ledger", CheckStatus.OK, "none yet: nothing has been run")
    where = "sound"
    try:
        if isinstance(place, Database):
            from batch.ledger.postgres.opening import server

            found = server(place)
            if found.advice:
                return Check("ledger", CheckStatus.WRONG, found.advice, "Correct the server's postgresql.conf.")
            where = f"{place} ({found.name})"
        with read_ledger(place) as ledger:
            ledger.check()
            doubts, runs = len(ledger.unsettled_records(store)), len(ledger.runs(store))
    except DatabaseAway as error:
        return Check("ledger", CheckStatus.UNREACHED, str(error), error.todo)
    except LedgerError as error:
        return Check("ledger", CheckStatus.WRONG, str(error), error.todo)
    if isinstance(place, Path) and not os.access(place, os.W_OK):
        return Check("ledger", CheckStatus.WRONG, f"{place} cannot be written.", "Give this user write access to it.")
    doubtful = f", {doubts} in doubt (the next run settles them)" if doubts else ""
    return Check("ledger", CheckStatus.OK, f"{where}, {runs} runs of this store{doubtful}")


def _folder(what: str, path: Path) -> Check:
    if not path.is_dir():
        return Check(
            what, CheckStatus.WRONG, f"{path} is not there, or is no folder.", "Make it, or correct its `path`."
        )
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Check(
            what, CheckStatus.WRONG, f"{path}: files cannot be moved within it.", "Give this user write access."
        )
    return Check(what, CheckStatus.OK, str(path))


def arrivals(settings: Settings, now: datetime) -> list[Check]:
    """Of each source with an `expected_by`, whether a file has come today; `now` in this machine's time zone."""
    due = [source for source in settings.sources if source.expected_by]
    if not due:
        todo = 'Write expected_by = "23:30" into a [sources.NAME] of shipbatch.toml.'
        return [Check("arrivals", CheckStatus.UNPROVEN, "no source says when its file comes.", todo)]
    with read_ledger(settings.ledger) as ledger:
        runs = ledger.runs(settings.store)
    return [_arrival(source, settings, runs, now) for source in due]


def _arrival(source: Source, settings: Settings, runs: Sequence[Run], now: datetime) -> Check:
    what = f"file {source.name}"
    of_source = [run for run in runs if settings.source_for(Path(run.file).name).name == source.name]
    today = [run for run in of_source if run.started.astimezone(now.tzinfo).date() == now.date()]
    if today:
        return Check(
            what, CheckStatus.OK, f"{Path(today[0].file).name}, {today[0].started.astimezone(now.tzinfo):%H:%M}"
        )
    if f"{now:%H:%M}" < source.expected_by:
        return Check(what, CheckStatus.OK, f"none yet today; it is due by {source.expected_by}")
    last = "none ever"
    if of_source:
        last = f"{Path(of_source[0].file).name}, {of_source[0].started.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
    said = f"no file today by {source.expected_by} (the last: {last})."
    return Check(what, CheckStatus.WRONG, said, "Ask the warehouse for it; then `shipbatch run` it.")


async def _store(client: Client) -> AsyncIterator[Check]:
    """Scopes, quota, clock: by at most three requests, none of which can change anything."""
    reply = await client.probe("/orders", {"min_id": 1, "limit": 1, "sort": "id"})
    read = _read(reply)
    yield read
    if read.verdict is not CheckStatus.OK:
        yield Check(MODIFY, CheckStatus.UNPROVEN, "not asked, for orders cannot be read")
        return
    yield await _modify(client)
    yield _quota(reply)
    yield _clock(reply)


def _read(reply: Response) -> Check:
    what, verdict = READ, judge_read(reply)
    if verdict.kind is Kind.DONE:
        return Check(what, CheckStatus.OK, "the store answers with orders")
    if verdict.stop:
        return Check(what, CheckStatus.WRONG, verdict.stop, verdict.todo)
    said = reply.problem or "; ".join(verdict.problems) or f"it answers {reply.status}"
    if verdict.kind is Kind.NEVER:
        return Check(what, CheckStatus.UNPROVEN, f"The store does not say: {said}.", "Check BIGCOMMERCE_API_URL.")
    todo = "Check the network, BIGCOMMERCE_API_URL and the store's status page; then check again."
    return Check(what, CheckStatus.UNREACHED, f"The store did not answer: {said}.", todo)


async def _modify(client: Client) -> Check:
    """A create on an order that cannot exist: 404 where the token may make shipments, 403 where it may not."""
    what, again = MODIFY, "Run `shipbatch check` again; the first live run will tell."
    there = await client.probe(f"/orders/{NO_ORDER}")
    if judge_read(there).code != "not_found":
        said = f"not asked: the store does not say that it has no order {NO_ORDER} (it answers {there.status})"
        return Check(what, CheckStatus.UNPROVEN, said, again)
    reply = await client.create_shipment(NO_ORDER, SHIPMENT)
    verdict = judge(reply)
    if verdict.code == "order_not_found":
        return Check(what, CheckStatus.OK, "the store would make shipments for this token")
    if verdict.code in {"scope_missing", "token_refused"}:
        return Check(what, CheckStatus.WRONG, f"Orders can be read, and not modified ({reply.status}).", verdict.todo)
    said = f"answers {reply.status}" if reply.status else f"did not answer ({reply.problem})"
    return Check(what, CheckStatus.UNPROVEN, f"The store {said} where 404 or 403 would prove it.", again)


def _quota(reply: Response) -> Check:
    left, quota, window = (
        whole(reply.headers.get(f"x-rate-limit-{name}", ""))
        for name in ("requests-left", "requests-quota", "time-window-ms")
    )
    if left is None:
        return Check("quota", CheckStatus.OK, "the store reports none: asked gently")
    of = f" of {quota}" if quota else ""
    said = f"{left}{of} requests left in this window{f' of {window / 1000:g} s' if window else ''}"
    if quota and left < quota * 0.1:
        todo = "Other apps of this store use nearly all of it: runs will be slow. Find out which."
        return Check("quota", CheckStatus.UNPROVEN, f"only {said}.", todo)
    return Check("quota", CheckStatus.OK, said)


def _clock(reply: Response) -> Check:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        off = (datetime.now(UTC) - theirs).total_seconds()
    except (ValueError, TypeError):
        return Check(
            "clock", CheckStatus.UNPROVEN, "The store's answer has no date to compare with.", "Look at `date -u`."
        )
    if abs(off) > SKEW:
        said = f"This machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the store's."
        return Check("clock", CheckStatus.WRONG, said, "Switch on time synchronisation (NTP).")
    return Check("clock", CheckStatus.OK, "right within a minute, by the store's")
