"""The rows of one parcel → a `Parcel`: lines added up, comments joined, costs agreed on. Pure."""

from collections.abc import Sequence

import numpy as np

from batch.loader.cells.carrier_numbers import company_of_dhl, guess, other_owner
from batch.loader.cells.values import COMMENTS_LENGTH
from batch.loader.rows.carrier_columns import Shipper
from batch.loader.rows.inspection import Categorical
from batch.loader.rows.tracking_columns import unique_numbers
from batch.loader.rows.typed_rows import ALL, Entries
from batch.model import Line, Parcel

LOOKED_AT = 1_000
"""Numbers without a carrier that are looked at to see whether they tell it."""


def parcel(entries: Entries, members: Sequence[int]) -> Parcel:
    """One parcel from its data rows, in file order."""
    first = members[0]
    order, address = int(entries.order[first]), int(entries.address[first])
    warnings = (
        [note for row in members for note in entries.notes.get(row, ())] if entries.notes else []
    )
    numbers = unique_numbers(_texts(entries.numbers, members))
    method, carrier = _shipper(entries, members, numbers, warnings)
    owners = (other_owner(carrier, number) for number in numbers) if carrier else ()
    return Parcel(
        order_id=order if order > 0 else None,
        rows=tuple(entries.rows[list(members)].tolist()),
        lines=_lines(entries, members, warnings),
        external_order_id="" if order > 0 else entries.externals[-1 - order],
        order_address_id=address or None,
        numbers=tuple(numbers),
        # Where an order's several parcels are in one, no link can stand for all of them.
        tracking_link=_common_text(
            entries.link, members, "several tracking links; they are left out", warnings
        ),
        carrier_name=carrier.name if carrier else "",
        number_of=next(filter(None, owners), ""),
        shipping_provider=carrier.provider if carrier else "",
        tracking_carrier=carrier.slug if carrier else "",
        shipping_method=method,
        merchant_shipping_cost=_common_text(
            entries.cost, members, "different shipping costs ({}); the cost is left out", warnings
        ),
        comments=_comments(entries, members, warnings),
        warnings=tuple(warnings),
        decision=_common_text(
            entries.decision, members, "different decisions ({}); none is taken", warnings
        ),
        recipient=entries.recipients.at(members),
        unnumbered=entries.unnumbered.get(first, "") if entries.unnumbered else "",
    )


def _texts(named: Categorical[str], members: Sequence[int]) -> list[str]:
    """The different texts of the rows, in their order, without empty ones."""
    if len(named.values) == 1:
        return []
    if len(members) == 1:
        return [text] if (text := named[members[0]]) else []
    return [text for text in dict.fromkeys(named[row] for row in members) if text]


def _shipper(
    entries: Entries, members: Sequence[int], numbers: Sequence[str], warnings: list[str]
) -> Shipper:
    """The carrier its rows name, else the number's own; what speaks against it is a warning."""
    found = [entries.shipper[row] for row in members]
    methods = list(dict.fromkeys(shipper.method for shipper in found if shipper.method))
    if len(methods) > 1:
        warnings.append(
            f"its rows name several services ({', '.join(methods)}); the first is taken"
        )
    method = methods[0] if methods else ""
    named = next((shipper.carrier for shipper in found if shipper.carrier), None)
    if named and numbers and (company := company_of_dhl(named, numbers[0])):
        warnings.append(
            f"the carrier is {named.name}, and {numbers[0]} is a number of {company.name}:"
            " it ships as that"
        )
        return Shipper(method, company)
    if named and not named.by_number:
        return Shipper(method, named)
    guessed = guess(numbers[0]) if numbers else None
    if guessed:
        said = f"the carrier is {named.name!r}" if named else "no carrier is named"
        warnings.append(f"{said}; {numbers[0]} can only be a number of {guessed.name}")
    return Shipper(method, guessed or named)


def unnamed_carriers(entries: Entries) -> tuple[str, ...]:
    """One line where rows have a number and no carrier, and the numbers looked at do not tell it
    either.
    """
    silent = np.array(
        [shipper.carrier is None for shipper in entries.shipper.values], dtype=np.bool_
    )
    bare = (
        (entries.numbers.codes != 0)
        & (entries.link.codes == 0)
        & silent[entries.shipper.codes]
        & ~entries.alone
    )
    rows = np.flatnonzero(bare)
    numbers = (entries.numbers[row].partition("\n")[0] for row in rows[:LOOKED_AT].tolist())
    untold = next((number for number in numbers if guess(number) is None), "")
    if not untold:
        return ()
    have = "rows have" if len(rows) > 1 else "row has"
    said = (
        f"{len(rows):,} {have} a tracking number and no carrier, and numbers like {untold} do not"
        " tell it: no tracking "
        "link is made. Name its column (--map carrier=COLUMN), or write under"
        " [sources.NAME.constants] in "
        f'shipbatch.toml: carrier = "NAME"'
    )
    return (said,)


def _lines(entries: Entries, members: Sequence[int], warnings: list[str]) -> tuple[Line, ...]:
    """The lines asked for, each once; lines of several rows are added up, with a warning."""
    asked = [line for row in members for line in _requested_lines(entries, row)]
    if len(asked) < 2:
        return tuple(asked)
    found: dict[int | str, list[Line]] = {}
    for line in asked:
        found.setdefault(line.order_product_id or line.sku, []).append(line)
    return tuple(
        lines[0] if len(lines) == 1 else _sum_lines(lines, warnings) for lines in found.values()
    )


def _requested_lines(entries: Entries, row: int) -> tuple[Line, ...]:
    """What one row asks for: mostly a line, for a row of several SKUs more, none for all that
    remains.

    Units alone are of a line without a name: the order's only one.
    """
    number = (int(entries.rows[row]),)
    if entries.several and row in entries.several:
        return tuple(Line(sku, None, units, number) for sku, units in entries.several[row])
    line, sku, units = int(entries.line[row]), entries.sku[row], int(entries.quantity[row])
    if not line and not sku and units == ALL:
        return ()
    return (Line(sku, line or None, None if units == ALL else units, number),)


def _sum_lines(lines: Sequence[Line], warnings: list[str]) -> Line:
    first = lines[0]
    rows = tuple(dict.fromkeys(row for line in lines for row in line.rows))
    name = f"SKU {first.sku}" if first.sku else f"line {first.order_product_id}"
    where = f"rows {_and(rows)} {'both' if len(rows) == 2 else 'all'} name {name}"
    if len(rows) == 1:
        where = f"row {rows[0]} names {name} {len(lines)} times"
    units = [line.quantity for line in lines if line.quantity is not None]
    if len(units) < len(lines):
        warnings.append(f"{where}: all that remains of it ships")
        return Line(first.sku, first.order_product_id, None, rows)
    warnings.append(f"{where}: {' + '.join(map(str, units))} = {sum(units)} units")
    return Line(first.sku, first.order_product_id, sum(units), rows)


def _and(rows: Sequence[int]) -> str:
    return f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _common_text(
    named: Categorical[str], members: Sequence[int], odds: str, warnings: list[str]
) -> str:
    """The one text of all its rows; none where they are at odds, and that is said."""
    texts = _texts(named, members)
    if len(texts) > 1:
        warnings.append(f"its rows have {odds.format(', '.join(texts))}")
    return texts[0] if len(texts) == 1 else ""


def _comments(entries: Entries, members: Sequence[int], warnings: list[str]) -> str:
    texts = _texts(entries.comments, members)
    whole = "\n".join(texts)
    if len(whole) <= COMMENTS_LENGTH:
        return whole
    warnings.append(
        f"its comments have {len(whole):,} characters together; only the first row's is kept"
    )
    return texts[0]
