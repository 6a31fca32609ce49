"""The account of a file: what each column was taken for, what is asked, how many rows and parcels
there are.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from batch.commands.answer import CommandResult
from batch.config import Folder, Settings, Source
from batch.ledger import Ledger
from batch.loader.load import Load
from batch.model import ColumnReading, ColumnState, Question, Reading, Unanswered
from batch.model.exit_status import ExitStatus
from batch.pipeline import RecalledColumns, read

TITLES: Mapping[ColumnState, str] = {
    ColumnState.USED: "Used",
    ColumnState.SPEAKS: "Says how many, whether a row ships, or whose it is",
    ColumnState.KNOWN: "Known, and of no account",
    ColumnState.NOT_UNDERSTOOD: "Not understood, and not used",
}


def read_file(
    file: Path,
    source: Source,
    answers: Mapping[str, str],
    settings: Settings,
    ledger: RecalledColumns,
) -> CommandResult:
    """Read a file as `run` would, and say how; FileError where it cannot be read at all."""
    source = source.model_copy(update={"answers": {**source.answers, **answers}})
    try:
        export = read(file, source, settings, ledger)
    except Unanswered as error:
        lines = (*_account(error.reading), *_questions(error.questions), error.todo)
        return CommandResult(lines, error.reading.as_data, status=ExitStatus.NOTHING_SENT)
    rows = _rows(export)
    lines = (
        *_account(export.reading),
        *_questions(export.reading.questions),
        *export.reading.said,
        *export.warnings,
    )
    said = (
        f"{rows['rows']:,} rows, {rows['parcels']:,} parcels, "
        f"{rows['left_out']:,} rows that do not ship."
    )
    return CommandResult((*lines, said), {**export.reading.as_data, **rows})


def folder_of(file: Path, settings: Settings) -> Folder:
    """The drop folder in whose `held` a file lies; one with nothing set where it lies elsewhere."""
    above = file.absolute().parent.parent
    return next(
        (folder for folder in settings.folders if folder.path.absolute() == above),
        Folder(path=above),
    )


async def answer_questions(
    ledger: Ledger,
    settings: Settings,
    file: Path,
    source: Source,
    answers: Mapping[str, str],
    who: str,
) -> CommandResult:
    """Keep answers for a file's source; what is still asked of the file then is said."""
    given = source.model_copy(update={"answers": {**source.answers, **answers}})
    found: Load | Unanswered
    try:
        found = read(file, given, settings, ledger)
    except Unanswered as error:
        found = error
    left = {question.id for question in found.questions} if isinstance(found, Unanswered) else set()
    taken = {question: answer for question, answer in answers.items() if question not in left}
    await ledger.keep_answers(settings.store, source.name or found.fingerprint, taken, who)
    lines = [
        f"{question}: {answer}, kept for files of this kind." for question, answer in taken.items()
    ]
    if isinstance(found, Unanswered):
        return CommandResult(
            (*lines, *_questions(found.questions)), taken, ExitStatus.WAITS_FOR_PERSON
        )
    then = "Nothing is asked any more: run the file; one in `held` goes on by itself."
    return CommandResult((*lines, then), taken)


def _rows(export: Load) -> dict[str, int]:
    parcels = sum(1 for _ in export.parcels())
    return {"rows": export.row_count, "parcels": parcels, "left_out": len(export.findings)}


def _account(reading: Reading) -> Iterator[str]:
    for state, title in TITLES.items():
        found = [column for column in reading.columns if column.state is state]
        if found:
            yield f"{title}:"
        yield from (f"  {_line(column)}" for column in found)


def _line(column: ColumnReading) -> str:
    values = f" ({', '.join(column.samples)})" if column.samples else ""
    field = f" → {column.field}" if column.field else ""
    return f"{column.letter} {column.header or 'without a header'}{field}{values}: {column.reason}"


def _questions(questions: tuple[Question, ...]) -> Iterator[str]:
    for number, question in enumerate(questions, 1):
        yield f"Question {number}, {question.id}: {question.text}"
        yield from (f"  {choice.effect or 'or'}: {choice.option}" for choice in question.choices)
        if question.others:
            yield f"  {question.others}"
