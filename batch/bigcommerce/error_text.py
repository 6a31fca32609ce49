"""The store's error messages, from all the forms in which they come."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from batch.bigcommerce.response import Response

_MESSAGE = re.compile(r"<message>((?:[^<]|<(?!/?message>))*+)</message>")
_TITLE = re.compile(r"<title[^<>]*+>((?:[^<]|<(?!/?title))*+)</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*+>")
"""None reads a character twice: a gateway may answer a megabyte of anything."""


def error_messages(reply: Response) -> Iterator[str]:
    """An answer's messages, one per problem: from JSON, XML, text, a web page or the transport."""
    if reply.problem:
        yield reply.problem
    if reply.status is None or reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        found = reply.json
    except ValueError:
        yield from _prose(reply.body.decode("utf-8", "replace"))
        return
    for part in found if isinstance(found, list) else [found]:
        if isinstance(part, Mapping):
            yield from _sentence(part)
        elif part:
            yield _short(str(part))


def _sentence(part: Mapping[str, Any]) -> Iterator[str]:
    said = [str(part[name]) for name in ("message", "title", "detail") if part.get(name)]
    details = part.get("details")
    if isinstance(details, Mapping):
        said += [
            str(details[name])
            for name in ("invalid_reason", "conflict_reason")
            if details.get(name)
        ]
        facts = [
            f"{name} {details[name]}"
            for name in ("available_quantity", "order_product_id")
            if name in details
        ]
        said += [f"({', '.join(facts)})"] if facts else []
    errors = part.get("errors")
    if isinstance(errors, Mapping):
        said += [f"{name}: {text}" for name, text in errors.items()]
    if said:
        yield _short(" ".join(said))


def _prose(text: str) -> Iterator[str]:
    """The words of an XML error, a web page's title, or plain text."""
    if messages := _MESSAGE.findall(text):
        yield from map(_short, messages)
    elif title := _TITLE.search(text):
        yield f"a web page: {_short(title[1])}"
    elif plain := _TAG.sub(" ", text).strip():
        yield _short(plain)


def _short(text: str, length: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
