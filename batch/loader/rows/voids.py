"""Labels taken back: a number that one row calls void is void in the file's other rows, too."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from batch.loader.rows.inspection import Categorical, Inspection, skip_finding
from batch.model.catalogue import Code
from batch.primitives.spelling import fold_case


@dataclass(frozen=True, slots=True)
class Void:
    """What a row says is void."""

    order: int
    """The store's id; 0 where the row has none."""
    labels: tuple[str, ...]
    """Tracking numbers; else the link."""


def dead_numbers(
    seen: Inspection, numbers: Categorical[str], link: Categorical[str], sku: Categorical[str]
) -> None:
    """Skip the rows whose number, or link, a void row of the file has: before it or behind.

    Where both rows name a line, only of the same line: a cancelled line voids no other line's
    label.
    """
    void = [row for row, finding in seen.findings.items() if finding.code == Code.VOID]
    for column in (numbers, link):
        dead: dict[str, dict[str, int]] = {}
        for row in void:
            if label := fold_case(column[row]):
                dead.setdefault(label, {}).setdefault(fold_case(sku[row]), row)
        if dead:
            _skip(seen, column, sku, dead)


def _skip(
    seen: Inspection,
    column: Categorical[str],
    sku: Categorical[str],
    dead: Mapping[str, Mapping[str, int]],
) -> None:
    is_dead = np.array([fold_case(value) in dead for value in column.values], dtype=np.bool_)
    for row in np.flatnonzero(is_dead[column.codes]).tolist():
        label, line = column[row], fold_case(sku[row])
        by_line = dead[fold_case(label)]
        by = by_line.get(line, by_line.get("")) if line else next(iter(by_line.values()))
        if by is not None:
            said = f"{label} is void: row {seen.frame.rows[by]} says so."
            seen.reject(row, skip_finding(Code.VOID, said), alone=True)
