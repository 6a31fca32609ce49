"""The rows of one parcel → a `Parcel`: lines added up, comments joined, costs agreed on. Pure."""

from collections.abc import Iterator, Sequence

from batch.loader.carriers import disagreement, guess
from batch.loader.cells import COMMENTS_LENGTH
from batch.loader.entries import ALL, Entries
from batch.model import Line, Parcel


def parcel(entries: Entries, members: Sequence[int]) -> Parcel:
    """One parcel from its data rows, in file order."""
    first = members[0]
    order = int(entries.order[first])
    warnings = [note for row in members for note in entries.notes.get(row, ())]
    lines = (
        _lines(entries, members, warnings) if len(members) > 1 or _is_several(entries, first) else _line(entries, first)
    )
    numbers = tuple(dict.fromkeys(n for row in members for n in entries.numbers[row].split("\n") if n))
    links = _values(entries.link[row] for row in members)
    if len(links) > 1:  # an order's parcels in one: no link can stand for all of them
        warnings.append("its rows have several tracking links; they are left out")
    shipper = next((s for row in members if (s := entries.shipper[row]).named), entries.shipper[first])
    provider, slug = shipper.provider, shipper.slug
    methods = _values(entries.shipper[row].method for row in members)
    if len(methods) > 1:
        warnings.append(f"its rows name several services ({', '.join(methods)}); the first is taken")
    if shipper.named is None and numbers and (found := guess(numbers[0])):
        provider, slug = found.provider, found.slug
        warnings.append(f"no carrier is named; {numbers[0]} can only be a number of {found.name}")
    elif shipper.named:
        warnings.extend(said for number in numbers if (said := disagreement(shipper.named, number)))
    return Parcel(
        order_id=order if order > 0 else None,
        rows=tuple(int(entries.rows[row]) for row in members),
        lines=lines,
        external_order_id="" if order > 0 else entries.externals[-1 - order],
        order_address_id=int(entries.address[first]) or None,
        numbers=numbers,
        tracking_link=links[0] if len(links) == 1 else "",
        shipping_provider=provider,
        tracking_carrier=slug,
        shipping_method=methods[0] if methods else "",
        merchant_shipping_cost=_cost(entries, members, warnings),
        comments=_comments(entries, members, warnings),
        warnings=tuple(warnings),
        decision=_decision(entries, members, warnings),
    )


def _values(texts: Iterator[str]) -> list[str]:
    """The different texts, in order, without empty ones."""
    return [text for text in dict.fromkeys(texts) if text]


def _is_several(entries: Entries, row: int) -> bool:
    return row in entries.several


def _line(entries: Entries, row: int) -> tuple[Line, ...]:
    line, sku, units = int(entries.line[row]), entries.sku[row], int(entries.quantity[row])
    if not line and not sku:
        return ()
    return (Line(sku, line or None, None if units == ALL else units, (int(entries.rows[row]),)),)


def _lines(entries: Entries, members: Sequence[int], warnings: list[str]) -> tuple[Line, ...]:
    """The lines asked for, each once; those that several rows name are added up, and that is said."""
    found: dict[int | str, list[Line]] = {}
    for row in members:
        number = int(entries.rows[row])
        if row in entries.several:
            lines = tuple(Line(sku, None, units, (number,)) for sku, units in entries.several[row])
        else:
            lines = _line(entries, row)
        for line in lines:
            found.setdefault(line.order_product_id or line.sku.casefold(), []).append(line)
    return tuple(_added(lines, warnings) for lines in found.values())


def _added(lines: Sequence[Line], warnings: list[str]) -> Line:
    first = lines[0]
    if len(lines) == 1:
        return first
    rows = tuple(dict.fromkeys(row for line in lines for row in line.rows))
    name = f"SKU {first.sku}" if first.sku else f"line {first.order_product_id}"
    where = f"rows {_and(rows)} both name" if len(rows) == 2 else f"rows {_and(rows)} all name"
    where = where if len(rows) > 1 else f"row {rows[0]} names {len(lines)} times"
    units = [line.quantity for line in lines if line.quantity is not None]
    if len(units) < len(lines):
        warnings.append(f"{where} {name}: all that remains of it ships")
        return Line(first.sku, first.order_product_id, None, rows)
    warnings.append(f"{where} {name}: {' + '.join(map(str, units))} = {sum(units)} units")
    return Line(first.sku, first.order_product_id, sum(units), rows)


def _and(rows: Sequence[int]) -> str:
    return f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}" if len(rows) > 1 else str(rows[0])


def _cost(entries: Entries, members: Sequence[int], warnings: list[str]) -> str:
    costs = _values(entries.cost[row] for row in members)
    if len(costs) > 1:
        warnings.append(f"its rows have different shipping costs ({', '.join(costs)}); the cost is left out")
        return ""
    return costs[0] if costs else ""


def _comments(entries: Entries, members: Sequence[int], warnings: list[str]) -> str:
    texts = _values(entries.comments[row] for row in members)
    whole = "\n".join(texts)
    if len(whole) <= COMMENTS_LENGTH:
        return whole
    warnings.append(f"its comments have {len(whole):,} characters together; only the first row's is kept")
    return texts[0]


def _decision(entries: Entries, members: Sequence[int], warnings: list[str]) -> str:
    words = _values(entries.decision[row] for row in members)
    if len(words) > 1:
        warnings.append(f"its rows have different decisions ({', '.join(words)}); none is taken")
        return ""
    return words[0] if words else ""
