"""The result of one request, not yet judged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

HIDDEN = "[hidden]"


class Phase(StrEnum):
    """How far a request got; each comment says what is certain."""

    NOT_SENT = "not sent"  # no byte left: DNS, refused, connect timeout, TLS, reset before a byte
    SENT = "sent"  # bytes may have left, and no answer was understood
    ANSWERED = "answered"  # status line and whole body read
    CUT = "cut"  # status line and headers read; the body truncated, oversized or too slow


@dataclass(frozen=True, slots=True)
class Response:
    """The result of one request, without any secret."""

    phase: Phase
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    problem: str = ""
    """The network's fault, in our words."""
    certificate: bool = False
    """The server's certificate was not accepted."""
    sent: float | None = None
    """The loop's time at the first byte; connecting takes its own time before that."""

    def without(self, secret: str) -> "Response":
        """The same without a secret that the server may have echoed."""
        if not secret or (
            secret.encode() not in self.body
            and not any(secret in text for text in self.headers.values())
        ):
            return self
        headers = {name: text.replace(secret, HIDDEN) for name, text in self.headers.items()}
        return replace(
            self, headers=headers, body=self.body.replace(secret.encode(), HIDDEN.encode())
        )

    @property
    def json(self) -> Any:
        """The body's value. Raises ValueError where it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def is_page(self) -> bool:
        """Whether the body is a web page, which the API never answers."""
        start = self.body.lstrip()[:15].lower()
        return start.startswith((b"<!doctype html", b"<html")) or (
            bool(start) and self.headers.get("content-type", "").lower().startswith("text/html")
        )
