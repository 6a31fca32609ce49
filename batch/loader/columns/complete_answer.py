"""All questions about the columns of a table, together: what would be asked next is asked with the
first.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from batch.errors import ColumnError
from batch.model import Field, Question, Unanswered
from batch.model.reading import MOST_QUESTIONS

T = TypeVar("T")
Settled = Callable[[Mapping[Field, str]], T]
"""What a person's mapping settles, or a ColumnError."""

_OPTION = re.compile(r'--map (?:"([a-z_]+)=([^"]*)"|([a-z_]+)=([^\s;"]*))')
ANSWER = re.compile(rf"{_OPTION.pattern}(?: {_OPTION.pattern})*")
"""One answer in the words of a todo: an option, or several side by side."""


def settle_with_questions(
    settled: Settled[T], said: Mapping[Field, str]
) -> tuple[T, list[Question]]:
    """What is settled by what a person has said, and what is still to be asked: each question as if
    those before it had their first answers. Unanswered where a question's first answer settles
    nothing.
    """
    questions: list[Question] = []
    assumed: dict[Field, str] = {}
    while True:
        try:
            return settled({**said, **assumed}), questions
        except Unanswered as error:
            question = error.questions[0]
            answer = _as_mapping(question.choices[0].option) if question.choices else {}
            questions.append(question)
            if not answer.keys() - assumed.keys() - said.keys() or len(questions) == MOST_QUESTIONS:
                raise Unanswered(questions) from None
            assumed |= answer


def complete_todo(todo: str, settled: Settled[T], said: Mapping[Field, str]) -> tuple[str, str]:
    """The todo, each of its answers with the options that would be asked for after it; and why, for
    the first.
    """
    then: list[str] = []

    def whole(answer: re.Match[str]) -> str:
        options = answer[0]
        while following := _next_question(options, settled, said):
            more = ANSWER.search(following.todo)
            if not more or set(_as_mapping(more[0])) <= {*said, *_as_mapping(options)}:
                break
            then.append(str(following))
            options = f"{options} {more[0]}"
        return options

    return ANSWER.sub(whole, todo), " ".join(then[:1])


def _next_question(
    options: str, settled: Settled[T], said: Mapping[Field, str]
) -> ColumnError | None:
    try:
        settled({**said, **_as_mapping(options)})
    except ColumnError as error:
        return error
    return None


def _as_mapping(options: str) -> dict[Field, str]:
    """The options as a mapping; none of a name that is no field."""
    found = {
        match[1] or match[3]: match[2] or match[4] or "" for match in _OPTION.finditer(options)
    }
    return {Field(name): text for name, text in found.items() if name in set(Field)}
