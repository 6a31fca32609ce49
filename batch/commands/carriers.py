"""Carriers that a word may mean, as `tracking_carrier`, `[carriers]` and `--answer` take them."""

from batch.commands.answer import CommandResult
from batch.loader.cells.carrier_search import similar
from batch.model.exit_status import ExitStatus

MOST = 20
"""Carriers that are shown."""


def find_carriers(word: str) -> CommandResult:
    """The likeliest first: what to write for each, and its name."""
    found = similar(word)[:MOST]
    data = [{"code": code.provider or code.slug, "name": code.name} for code in found]
    if not found:
        todo = "Try a part of its name, or the carrier's own language; for none of these, ship with"
        lines = (
            f"No carrier that the store makes tracking links for is called like {word!r}.",
            f"{todo} a link of your own (tracking_link).",
        )
        return CommandResult(lines, data, ExitStatus.NOT_ALL_SENT)
    width = max(len(each["code"]) for each in data)
    return CommandResult(tuple(f"{e['code']:<{width}}  {e['name']}" for e in data), data)
