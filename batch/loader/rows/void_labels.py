"""The labels of a file's void rows, to be looked up among what has shipped."""

from dataclasses import dataclass

from batch.loader.rows.typed_rows import Entries
from batch.model.catalogue import Code


@dataclass(frozen=True, slots=True)
class Void:
    """What a row says is void."""

    order: int
    """The store's id; 0 where the row has none."""
    labels: tuple[str, ...]
    """Tracking numbers; else the link."""


def voids(entries: Entries) -> dict[int, Void]:
    """Row number → what it says is void, of the rows that name a number or link."""
    found = {}
    for row, finding in entries.findings.items():
        labels = tuple(entries.numbers[row].split("\n")) if entries.numbers[row] else ()
        labels = labels or (entries.link[row],)
        if finding.code == Code.VOID and any(labels):
            found[int(entries.rows[row])] = Void(max(int(entries.order[row]), 0), labels)
    return found
