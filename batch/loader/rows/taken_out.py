"""Rows that a person took out of a workbook: hidden, filtered away, or struck through."""

import numpy as np

from batch.loader.rows.frame import Mask
from batch.loader.rows.inspection import Inspection
from batch.model import Field, Finding, Question
from batch.model.catalogue import Code
from batch.model.reading import answer_option, choice

SHIPS = (
    Field.ORDER_ID,
    Field.EXTERNAL_ORDER_ID,
    Field.TRACKING_NUMBER,
    Field.TRACKING_LINK,
    Field.SKU,
    Field.ORDER_PRODUCT_ID,
    Field.QUANTITY,
)
SHOWN = 5
"""Rows that are named by their numbers."""
ASKED = "hidden_rows"
AGAIN = "hidden_rows:many"
MANY = 0.05
"""Share of a file's rows above which it is asked again: a person may have filtered to look."""


def taken_out(seen: Inspection) -> None:
    """Leave out, or ship, the rows that a person took out, as the source's answer says."""
    struck = np.isin(seen.frame.rows, sorted(_struck_rows(seen)))
    hidden = np.isin(seen.frame.rows, sorted(seen.table.hidden)) & ~struck
    rows = (hidden | struck) & seen.may_ship
    if not rows.any():
        return
    answer = _answer(seen, rows, _what(seen, hidden & rows, struck & rows))
    if answer != "skip":
        return

    def finding(row: int) -> Finding:
        how = "struck through" if struck[row] else "hidden"
        option = answer_option(ASKED, "ship")
        return Code.TAKEN_OUT.finding(row=seen.frame.rows[row], how=how, option=option)

    seen.refuse_rows(rows, finding, alone=True)


def _struck_rows(seen: Inspection) -> set[int]:
    """Rows of which a cell that says what ships is struck through."""
    used = {column.position for name in SHIPS for column in seen.frame.of.get(name, ())}
    return {row for row, column in seen.table.struck if column in used}


def _what(seen: Inspection, hidden: Mask, struck: Mask) -> str:
    """The rows in words, the first few by their numbers."""
    said = []
    for rows, one, many in (
        (hidden, "is hidden or filtered away", "are hidden or filtered away"),
        (struck, "is struck through", "are struck through"),
    ):
        numbers = seen.frame.rows[np.flatnonzero(rows)].tolist()
        if len(numbers) == 1:
            said.append(f"row {numbers[0]} {one}")
        elif numbers:
            more = ", …" if len(numbers) > SHOWN else ""
            shown = ", ".join(map(str, numbers[:SHOWN]))
            said.append(f"{len(numbers):,} rows ({shown}{more}) {many}")
    return " and ".join(said)


def _answer(seen: Inspection, rows: Mask, what: str) -> str:
    """The source's answer; above `MANY` one that was given for as many."""
    answers, many = seen.answers, rows.mean() > MANY
    before = answers.given.get(ASKED, "") or seen.source.hidden_rows
    if seen.source.hidden_rows and not many:
        return seen.source.hidden_rows
    name = AGAIN if many and before and ASKED not in answers.fresh else ASKED
    again = f" ({rows.mean():.0%} of the file: was it filtered only to be looked at?)"
    question = Question(
        name,
        f"In the workbook, {what}{again if name == AGAIN else ''}. Do they ship?",
        (
            choice(name, "skip", f"to leave {rows.sum():,} out"),
            choice(name, "ship", f"to ship {rows.sum():,} like all others"),
        ),
        always="ship",
    )
    answer = seen.ask(question, rows)
    if answer and many:
        answers.settled[AGAIN] = answer
    if answer == "ship":
        seen.said.append(f"{what}, and ships like all others, as it was answered")
    return answer
