"""A file judged as a whole before its first shipment: let through, or held for a person."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median

from batch.config import Gates, Settings, Source
from batch.ledger import Ledger
from batch.ledger.contract import Decision
from batch.loader.load import Load
from batch.model import Finding, RowNote, Run, Shipment, Status
from batch.model.catalogue import Code
from batch.model.sheet_format import Mark
from batch.model.statuses import PASSING
from batch.pipeline.load import source_key
from batch.planning.gates import Profile, file_ask, mail_holds, reasons, release
from batch.planning.gates.profile import ages, night_of

NIGHTS = 60
"""Earlier files that a file is compared with."""
RUNS = 150
"""Runs that are looked through for them: some are of one file."""
SAMPLE = 500
"""Parcels by which it is found out how long ago a file was shipped."""
TOMORROW = timedelta(days=1)
"""Further east it is tomorrow already, and tonight's label may have tomorrow's date."""
ABSENT = frozenset({Code.UNKNOWN_ORDER, Code.ORDER_NOT_THERE_YET, Code.ORDER_NOT_LISTED})


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gates say of a file."""

    run: Run
    """With its source and what the file looks like."""
    reasons: tuple[Finding, ...] = ()
    """Why it is held; empty where it is not."""
    release: str = ""
    """The command that lets it go on."""

    def notes(self, shipments: Iterable[Shipment], notes: Iterable[RowNote]) -> Iterator[RowNote]:
        """A held file's notes: what would ship, now or later, is held; the rest stays as it is."""
        rows: set[int] = {row for shipment in shipments for row in shipment.rows}
        for note in notes:
            if note.finding.status in PASSING:
                rows.update(note.rows)
            else:
                yield note
        for reason in self.reasons:
            todo = (
                f"{reason.todo} To ship it all the same: `{self.release}`, then run the file again;"
                " or write `ship` into the Decision cell of every held row of this sheet, and run"
                " it (in `held` of a drop folder: save and close it)."
            )
            ask = file_ask(self.run.sha256, reason.code)
            yield RowNote(
                tuple(sorted(rows)), replace(reason, todo=todo), request_key=ask, facts={}
            )


class FileGate:
    """Compares a file with its source's earlier ones, and knows what people have said of it."""

    def __init__(self, ledger: Ledger, settings: Settings, *, who: str) -> None:
        self._ledger, self._settings, self._who = ledger, settings, who

    async def judge(
        self,
        run: Run,
        export: Load,
        source: Source,
        shipments: Iterable[Shipment],
        notes: Iterable[RowNote],
        *,
        mark: Mark | None = None,
        resumed: bool,
        dry: bool,
    ) -> GateResult:
        """Why a file is held, less what a person released; what went through does so again."""
        gates = self._settings.gates_for(source)
        name = source_key(export, source)
        earlier = self._ledger.runs_of(run.store, name, RUNS) if name else []
        passed = [one for one in earlier if not one.profile.get("held")]
        profile = self._profile(run, export, shipments, notes, gates)
        run = replace(run, source=name, profile=profile.as_data)
        before = [one.sha256 for one in passed] if resumed else [one.sha256 for one in passed[:1]]
        if run.sha256 in before or (mark and self._was_released(mark)):
            return GateResult(run)
        nights = _nights(run, passed)
        found = list(reasons(profile, nights, gates))
        mails = list(mail_holds(profile, nights, gates))
        if self._settings.customers_will_be_mailed and not dry:
            await self._keep(run, mails)
        elif not self._settings.customers_will_be_mailed:
            found += mails
        words = self._ledger.decisions(
            run.store, [file_ask(run.sha256, reason.code) for reason in found]
        )
        held = tuple(r for r in found if not is_release(words.get(file_ask(run.sha256, r.code))))
        run = replace(run, profile=run.profile | {"held": [r.code for r in held]})
        return GateResult(run, held, release(run.run_id, self._settings.store_name) if held else "")

    def _was_released(self, mark: Mark) -> bool:
        """Whether a sheet of ours is of a file held as a whole and then released by a person."""
        earlier = self._ledger.run(mark.run)
        asks = [
            file_ask(mark.sha256, code)
            for code in (earlier.profile.get("held") or () if earlier else ())
        ]
        words = self._ledger.decisions(earlier.store, asks) if earlier else {}
        return bool(asks) and all(is_release(words.get(ask)) for ask in asks)

    async def _keep(self, run: Run, mails: Iterable[Finding]) -> None:
        """Keep `--customers-will-be-mailed` as a word on the file, for when it is resumed."""
        for reason in mails:
            word = Decision(
                file_ask(run.sha256, reason.code),
                "ship",
                self._who,
                "--customers-will-be-mailed",
                datetime.now(UTC),
            )
            await self._ledger.decide(run.store, word)

    def _profile(
        self,
        run: Run,
        export: Load,
        shipments: Iterable[Shipment],
        notes: Iterable[RowNote],
        gates: Gates,
    ) -> Profile:
        """The file's profile, by its own rows and by the store's answers."""
        wrong = known = absent = unlisted = strangers = 0
        sample: list[str] = []
        for note in notes:
            wrong += len(note.rows) if note.finding.status is Status.INVALID else 0
            absent += note.finding.code in ABSENT
            strangers += note.finding.code == Code.RECIPIENT_DIFFERS
            unlisted += note.finding.code == Code.ORDER_NOT_LISTED
            if note.finding.status is Status.ALREADY_CREATED:
                known += 1
                sample += [note.request_key] if len(sample) < SAMPLE else []
        today = run.started.astimezone().date()
        days, old = ages(export.shipped, today, old=gates.old_days)
        return replace(
            export.profile,
            wrong=wrong,
            new=sum(1 for _ in shipments),
            known=known,
            known_days=self._days_since(run, sample) or days or 0,
            absent=absent,
            unlisted=unlisted,
            strangers=strangers,
            days=days,
            old=old,
            ahead=sum(rows for day, rows in export.shipped.items() if day > today + TOMORROW),
            dated=sum(export.shipped.values()),
            weekday=night_of(run.started),
        )

    def _days_since(self, run: Run, asks: Sequence[str]) -> int | None:
        """How long ago parcels were shipped by earlier runs: the median."""
        records = [
            record
            for found in self._ledger.records_by_key(run.store, asks).values()
            for record in found
        ]
        made = [
            (run.started - record.changed_at).days
            for record in records
            if record.made and record.changed_at
        ]
        return int(median(made)) if made else None


def _nights(run: Run, passed: Sequence[Run]) -> list[Profile]:
    """What the source's earlier files looked like when they first went through, oldest first."""
    files = {
        one.sha256: one for one in passed if one.profile and one.sha256 != run.sha256
    }  # newest first: the oldest stays
    oldest_first = sorted(files.values(), key=lambda one: one.started)
    return [Profile.of(one.profile) for one in oldest_first[-NIGHTS:]]


def is_release(word: Decision | None) -> bool:
    """Whether a person has let a file go."""
    return word is not None and word.answer == "ship"
