"""What is wrong with a setting, in words: its place, its value, what is allowed."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from batch.errors import ConfigError

Place = Callable[[tuple[int | str, ...]], str]
"""A setting's place, for a message."""

_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text in quotes",
    "path": "a path in quotes",
    "dict": "a table",
    "tuple": "a list",
    "frozen": "a list in brackets",
    "model": "a table",
}


def config_error(error: ValidationError, place: Place, kind: type[BaseModel]) -> ConfigError:
    """All mistakes found by a model's validation, each with its place."""
    return ConfigError.of_file(
        (f"{place(each['loc'])}{_mistake_text(dict(each), kind)}" for each in error.errors()),
        "Correct it, or take it out to use the default; "
        "`shipbatch config --example` shows them all.",
    )


def _mistake_text(mistake: dict[str, Any], kind: type[BaseModel]) -> str:
    about, loc = str(mistake["type"]), mistake["loc"]
    value, context = mistake["input"], mistake.get("ctx", {})
    if about == "extra_forbidden":
        return f": there is no such setting{_suggestion(str(loc[-1]), _settings_at(kind, loc))}"
    if about == "missing":
        return ": it is missing."
    if loc[-1] == "[key]":
        return f": there is no such field. The fields are {context['expected']}."
    if about in _LIMITS:
        name, words = _LIMITS[about]
        return f" is {value!r}: it has to be {words} {context[name]}."
    if about in {"literal_error", "enum"}:
        return f" is {value!r}: it has to be {context['expected']}."
    if about == "string_pattern_mismatch":
        return f' is {value!r}: it has to be a time, as "23:30".'
    needed = next((words for start, words in _KINDS.items() if about.startswith(start)), "")
    return (
        f" is {value!r}: it has to be {needed}."
        if needed
        else f" is {value!r}: {mistake['msg'].removeprefix('Value error, ')}."
    )


def _settings_at(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The settings that exist where one was not found."""
    found: Any = kind
    for part in loc[:-1]:
        field = found.model_fields.get(part) if isinstance(part, str) else None
        if field is not None:
            inner = [
                each for each in (field.annotation, *get_args(field.annotation)) if _is_model(each)
            ]
            found = inner[0] if inner else found
    return list(found.model_fields)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else "."
