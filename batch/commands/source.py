"""What is remembered of a source: by whom and when it was answered, and what corrects it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from batch.commands.answer import CommandResult
from batch.config import Settings, Source
from batch.config.settings import is_source_answer
from batch.errors import NothingSent
from batch.ledger import Ledger
from batch.ledger.contract import KeptAnswer
from batch.ledger.queries import LedgerReader
from batch.loader.rows.inspection import READ
from batch.model import Run

DIGEST = 12
"""Characters of a header row's digest by which a source without a name is named."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A source as the ledger and shipbatch.toml know it."""

    key: str
    """Its name, else its header row's digest."""
    last: Run | None
    settings: Source

    @property
    def title(self) -> str:
        return self.settings.name or self.key[:DIGEST]


def list_sources(ledger: LedgerReader, settings: Settings) -> CommandResult:
    """All sources of a store, with their newest files; those without a name by their header row."""
    found = list(_sources(ledger, settings))
    lines = tuple(f"{one.title:<{DIGEST}}  {_last(one)}" for one in found)
    data = [{"source": one.key, "last": one.last.file if one.last else ""} for one in found]
    return CommandResult(lines or ("No file of a source has been run yet.",), data)


def describe_source(ledger: LedgerReader, settings: Settings, name: str) -> CommandResult:
    """What is remembered of a source; NothingSent where there is none of that name."""
    known = _find(ledger, settings, name)
    kept = _answers(ledger, settings, known)
    said = {one.question: one for one in kept}
    given = {key: value for key, value in _written(known.settings).items() if key not in said}
    columns = {} if known.settings.name else ledger.recall(known.key)
    data = {
        "source": known.key,
        "last": known.last.file if known.last else "",
        "settings": given,
        "columns": dict(columns),
        "answers": [asdict(one) | {"at": one.at.isoformat()} for one in kept],
    }
    return CommandResult(tuple(_lines(known, given, columns, kept)), data)


async def correct_source(
    ledger: Ledger,
    settings: Settings,
    name: str,
    answers: Mapping[str, str],
    forget: Collection[str],
    who: str,
) -> CommandResult:
    """Keep other answers for a source, and forget some, which are then asked again."""
    known = _find(ledger, settings, name)
    there = {one.question for one in _answers(ledger, settings, known)}
    given = [question for question in answers if not is_source_answer(question)]
    if unknown := [question for question in (*given, *forget) if question not in there]:
        raise NothingSent(
            f"{unknown[0]} has not been answered for {known.title}.",
            f"`shipbatch source {known.title}` lists what has.",
        )
    known.settings.answered(answers)
    await ledger.keep_answers(settings.store, known.key, answers, who)
    await ledger.forget_answers(settings.store, known.key, forget)
    return describe_source(ledger, settings, name)


def _sources(ledger: LedgerReader, settings: Settings) -> Iterator[_Known]:
    newest = ledger.sources(settings.store)
    named = {source.name: source for source in settings.sources}
    for key in dict.fromkeys((*named, *newest)):
        last = ledger.run(newest[key]) if key in newest else None
        yield _Known(key, last, named.get(key) or Source())


def _find(ledger: LedgerReader, settings: Settings, name: str) -> _Known:
    """By its name, by the beginning of its digest, or by the name of a file of its."""
    every = list(_sources(ledger, settings))
    of_file = settings.source_for(Path(name).name).name
    for fits in (
        lambda one: name == one.key or (of_file and of_file == one.key),
        lambda one: len(name) >= DIGEST and one.key.startswith(name),
        lambda one: one.last and Path(one.last.file).name == Path(name).name,
    ):
        if found := [one for one in every if fits(one)]:
            return found[0]
    known = ", ".join(one.title for one in every) or "none yet"
    raise NothingSent(f"There is no source {name}.", f"Name one of: {known}; or a file of it.")


def _answers(ledger: LedgerReader, settings: Settings, known: _Known) -> list[KeptAnswer]:
    kept = ledger.kept_answers(settings.store, known.key)
    return [one for one in kept if one.question != READ]


def _written(source: Source) -> dict[str, str]:
    """What shipbatch.toml sets for it."""
    changed = source.model_dump(exclude_defaults=True, exclude={"name", "answers"})
    return {key: str(value) for key, value in changed.items()} | dict(source.answers)


def _last(known: _Known) -> str:
    if not known.last:
        return "no file yet"
    return f"{Path(known.last.file).name}, {known.last.started.astimezone():%Y-%m-%d %H:%M}"


def _lines(
    known: _Known, given: Mapping[str, str], columns: Mapping[str, str], kept: list[KeptAnswer]
) -> Iterator[str]:
    yield f"{known.title}: last file {_last(known)}"
    if given:
        yield "In shipbatch.toml, which counts before all answers:"
        yield from (f"  {key} = {value}" for key, value in given.items())
    if columns:
        yield "Columns, as they were read last (--map FIELD=COLUMN corrects one):"
        yield from (f"  {field}: {column}" for field, column in columns.items())
    if not kept:
        yield "Nothing has been asked about its files."
        return
    yield "Answers:"
    for one in kept:
        who = f"{one.who}, {one.at.astimezone():%Y-%m-%d}" if one.who else "as it always shipped"
        yield f"  {one.question} = {one.answer} ({who})"
    yield f"To correct one: shipbatch source {known.title} --answer ID=CHOICE; to be asked again:"
    yield f"  shipbatch source {known.title} --forget ID"
