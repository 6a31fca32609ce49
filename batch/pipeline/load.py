"""An export read, with what is known of its source and its header row."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from batch.config import Settings, Source
from batch.config.environment import this_user
from batch.config.settings import is_source_answer
from batch.ledger import Ledger, export_store
from batch.loader.columns.choose_table import is_column_answer
from batch.loader.load import Load, load
from batch.model import Field, Finding, RowNote, Run, Unanswered
from batch.pipeline import input_copies


class RecalledColumns(Protocol):
    """What a ledger knows of header rows and of their sources."""

    def recall(self, header: str) -> Mapping[str, str]: ...

    def answers(self, store: str, source: str) -> Mapping[str, str]: ...

    def has_shipped(self, store: str, sources: Iterable[str], header: str) -> bool: ...


class NothingKnown:
    """In place of a ledger, where there is none yet."""

    def recall(self, header: str) -> Mapping[str, str]:
        return {}

    def answers(self, store: str, source: str) -> Mapping[str, str]:
        return {}

    def has_shipped(self, store: str, sources: Iterable[str], header: str) -> bool:
        return False


def read(
    copy: Path, source: Source, settings: Settings, ledger: RecalledColumns, *, assume: bool = False
) -> Load:
    """Load an export with what is known of its source and its header row; `assume`: as if its first
    answers held.
    """

    def recall(fingerprint: str) -> Mapping[Field, str]:
        return {Field(name): column for name, column in ledger.recall(fingerprint).items()}

    def answers(fingerprint: str) -> Mapping[str, str]:
        names = filter(None, [fingerprint, source.name])
        return {
            question: answer
            for name in names
            for question, answer in ledger.answers(settings.store, name).items()
        }

    def has_shipped(fingerprint: str) -> bool:
        return ledger.has_shipped(
            settings.store, [*filter(None, [fingerprint, source.name])], fingerprint
        )

    return load(
        copy,
        source,
        aliases=settings.carriers,
        recall=recall,
        answers=answers,
        has_shipped=has_shipped,
        assume=assume,
    )


async def keep_answers(
    ledger: Ledger,
    settings: Settings,
    source: Source,
    given: Mapping[str, str],
    found: Load | Unanswered,
) -> None:
    """Keep what a person has answered, and what a file was read by, for its source; what
    shipbatch.toml says is not.
    """
    if isinstance(found, Load) and found.by_hand:
        return
    name = source.name or found.fingerprint
    kept = ledger.answers(settings.store, name)
    if isinstance(found, Unanswered):
        asked = {question.id for question in found.questions}
        by_person, others = {key: answer for key, answer in given.items() if key not in asked}, {}
    else:
        by_person = {
            key: answer
            for key, answer in given.items()
            if key in found.settled or is_source_answer(key) or is_column_answer(key)
        }
        new = {
            key: found.settled[key]
            for key in found.settled.keys() - by_person.keys() - source.answers.keys()
        }
        others = {key: answer for key, answer in new.items() if kept.get(key) != answer}
    who = this_user()
    await ledger.keep_answers(settings.store, name, by_person, who)
    await ledger.keep_answers(settings.store, name, others, who if given else "")


def source_key(export: Load, source: Source) -> str:
    """What a file's source is called in the ledger: its name, else its header row's digest; empty
    for what a person has made.
    """
    return "" if export.by_hand else source.name or export.fingerprint


def copy_of(run: Run, settings: Settings) -> Path:
    """The copy of a run's export, also from the database; its old path if it expired."""
    return input_copies.again(
        Path(run.copy), run.sha256, settings.home, partial(export_store.fetch, settings.ledger)
    )


def source_of_run(run: Run, settings: Settings) -> Source:
    """The source of a run's export, with the sheet that it read, also where `--sheet` named it."""
    source = settings.source_named(run.source, Path(run.file).name)
    return source.model_copy(update={"sheet": run.profile.get("sheet") or source.sheet})


def loader_notes(export: Load) -> list[RowNote]:
    """What the loader says of single rows; equal findings share a note."""
    rows: dict[Finding, list[int]] = {}
    for row, finding in export.findings.items():
        rows.setdefault(finding, []).append(row)
    return [RowNote(tuple(each), finding) for finding, each in rows.items()]
