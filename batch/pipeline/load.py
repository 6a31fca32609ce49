"""An export read, with what is known of its source and its header row."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from batch.config import Settings, Source
from batch.ledger import export_store
from batch.loader.load import Load, load
from batch.model import Field, Finding, RowNote, Run
from batch.pipeline import input_copies


class RecalledColumns(Protocol):
    """What a ledger knows of header rows."""

    def recall(self, header: str) -> Mapping[str, str]: ...


def read(copy: Path, source: Source, settings: Settings, ledger: RecalledColumns) -> Load:
    """Load an export with what is known of its source and header row. Raises FileError."""

    def recall(fingerprint: str) -> Mapping[Field, str]:
        return {Field(name): column for name, column in ledger.recall(fingerprint).items()}

    return load(copy, source, aliases=settings.carriers, recall=recall)


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
