"""What a person finds beside a file that came back: what is wrong, and what to do."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from batch.errors import ShipbatchError
from batch.model import Run, Unanswered
from batch.model.reading import answer_option
from batch.primitives.escapes import letter
from batch.watcher.folder_layout import NOTICES, unused_path

ERROR, NOTE = NOTICES

_SETTINGS = (
    (
        "(`--map FIELD=COLUMN` and `--sheet NAME` are told to shipbatch once and for all:"
        " whoever looks after it puts"
    ),
    'map.FIELD = "COLUMN", or sheet = "NAME", under [sources.NAME] in shipbatch.toml.',
    "Or correct the header, or keep the right sheet alone.)",
)


def unusable_file(file: Path, error: ShipbatchError, folder: Path) -> str:
    """For a file that cannot be read as an export."""
    where, wrong, todo = str(file), str(error), error.todo
    lines = [
        f"{file.name} came back: it could not be used, and nothing of it was sent.",
        f"What is wrong: {wrong.replace(where, file.name)}",
        f"What to do: {todo.replace(where, file.name)}" if todo else "",
        *(_SETTINGS if "--map" in todo or "--sheet" in todo else ()),
        f"Then drop it into {folder} again.",
    ]
    return letter(lines)


def incomplete_file(file: Path, why: str, todo: str) -> str:
    """For a file that came back before all of it was sent."""
    return letter(
        [f"{file.name} came back before all of it was sent.", f"Why: {why}", f"What to do: {todo}"]
    )


def questions(file: Path, error: Unanswered) -> str:
    """For a file that waits for answers where it lies."""
    lines = [f"{file.name} waits: there is a question about it, and nothing of it was sent."]
    for number, question in enumerate(error.questions, 1):
        lines.append(f"{number}. {question.text}")
        for one in question.choices:
            option = answer_option(question.id, one.key)
            lines.append(f'   {one.effect or "or"}: shipbatch decide "{file}" {option}')
        lines += [f"   {question.others}"] if question.others else []
    return letter(
        [*lines, "Answer each once: the answers are kept, and the file is run again by itself."]
    )


def program_failure(file: Path, error: BaseException, tries: int) -> str:
    """For a file on which the program fails."""
    lines = [
        (
            f"{file.name} came back: shipbatch failed on it {tries} times,"
            " and that is a bug in shipbatch."
        ),
        f"What is wrong: {type(error).__name__}: {error}",
        (
            "What to do: give this text and the file to whoever looks after shipbatch."
            " What was sent is recorded;"
        ),
        "dropped again, the file sends only what is left of it.",
    ]
    return letter(lines)


def same_content(file: Path, earlier: Run) -> str:
    """For a file with the content of another one: words after "the"."""
    name, at = Path(earlier.file).name, f"{earlier.started.astimezone():%Y-%m-%d %H:%M}"
    again = "" if name == file.name else f" as {name}"
    return f"same content was already processed on {at}{again} (run {earlier.run_id}): 0 sent."


def answer_refusals(sheet: Path, refused: Sequence[str], answer_in: Path | None) -> str:
    """For answers in a sheet that could not be taken."""
    again = f"Answer once more in {answer_in.name}: save it and close it." if answer_in else ""
    return letter([f"Not every Decision in {sheet.name} could be taken:", *refused, again])


def write_notice(text: str, beside: Path, ending: str) -> None:
    """Put a text beside a file; where there is no room for it, the log alone has said so."""
    with suppress(OSError):
        letter = unused_path(beside.parent, f"{beside.stem}{ending}")
        # new, no link followed; Windows' editor looks for the BOM
        with letter.open("x", encoding="utf-8-sig") as file:
            file.write(f"{text.rstrip()}\n")


def remove_notice(beside: Path, ending: str) -> None:
    """Remove the text beside a file: it no longer holds."""
    with suppress(OSError):
        beside.with_name(f"{beside.stem}{ending}").unlink(missing_ok=True)
