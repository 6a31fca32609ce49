"""What was understood of a file: each column's state, and the questions that only a person can
answer. Pure data.

Screen, workbook, JSON and page show this one object; nothing else makes questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from batch.errors import ColumnError
from batch.model.fields import Field

MOST_QUESTIONS = 5
"""Questions of a file that are put at once."""


class ColumnState(StrEnum):
    """How far a column is understood; each is in exactly one."""

    USED = "used"
    KNOWN = "known_and_harmless"
    SPEAKS = "speaks"
    """It says how many, whether a row ships or whose it is, and is obeyed."""
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """One column: what it was taken for, and why."""

    letter: str
    header: str
    state: ColumnState
    field: Field | None = None
    samples: tuple[str, ...] = ()
    reason: str = ""
    alternatives: tuple[str, ...] = ()
    """`--map` options that read it otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question."""

    key: str
    """As in `--answer ID=KEY`."""
    effect: str
    """What ships differently."""
    option: str = ""
    """The option that gives it, as it can be pasted."""


@dataclass(frozen=True, slots=True)
class Question:
    """What two readings of a file would ship differently."""

    id: str
    """Stable, made of the matter: `quantity`, `store`, `unit:CS`, `status:Ready`."""
    text: str
    choices: tuple[Choice, ...]
    """The likeliest first."""
    rows: tuple[int, ...] = ()
    """The rows that it is about; empty: the whole file."""
    others: str = ""
    """What else may be answered; empty: one of the choices."""
    always: str = ""
    """The choice that a source has always gone by which shipped before it was asked; empty: the
    first.
    """

    @property
    def as_always(self) -> str:
        """What was done before anything was asked."""
        return self.always or self.choices[0].key

    @property
    def todo(self) -> str:
        """Its choices, each with the option that gives it."""
        said = "; ".join(
            f"{choice.effect}: {choice.option}" if choice.effect else choice.option
            for choice in self.choices
        )
        more = f" ({self.others})" if self.others else ""
        return f"{said[:1].upper()}{said[1:]}{more}"


def answer_option(question: str, key: str) -> str:
    """An `--answer` option, in quotes that any shell takes where it needs some."""
    text = f"{question}={key}"
    plain = all(char.isalnum() or char in ":=_.-" for char in text)
    return f"--answer {text}" if plain else f'--answer "{text}"'


def choice(question: str, key: str, effect: str) -> Choice:
    """One answer, given by `--answer`."""
    return Choice(key, effect, answer_option(question, key))


@dataclass(frozen=True, slots=True)
class Reading:
    """The account of a file."""

    columns: tuple[ColumnReading, ...] = ()
    questions: tuple[Question, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def as_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class Unanswered(ColumnError):
    """A file that has questions: at most five of them, with the answers to choose from."""

    def __init__(
        self, questions: Sequence[Question], reading: Reading | None = None, fingerprint: str = ""
    ) -> None:
        self.questions = tuple(questions)[:MOST_QUESTIONS]
        self.reading = reading or Reading(questions=self.questions)
        self.fingerprint = fingerprint
        """Of the header row, which answers are kept under where the source has no name."""
        super().__init__(" ".join(self.lines), self._todo())

    @property
    def lines(self) -> tuple[str, ...]:
        """Each question on a line of its own; with its answers where there are several."""
        if len(self.questions) == 1:
            return (self.questions[0].text,)
        return tuple(
            f"{n}. {question.text} {question.todo}." for n, question in enumerate(self.questions, 1)
        )

    def about(self, ours: str, theirs: str) -> Self:
        """The same: the questions name columns and rows, and no file."""
        return type(self)(self.questions, self.reading, self.fingerprint)

    def _todo(self) -> str:
        if len(self.questions) == 1:
            return self.questions[0].todo
        first = " ".join(question.choices[0].option for question in self.questions)
        return f"Give the same command again with an answer to each; the first of each is {first}"


def likeliest(questions: Sequence[Question]) -> Mapping[str, str]:
    """Each question's first choice."""
    return {question.id: question.choices[0].key for question in questions}
