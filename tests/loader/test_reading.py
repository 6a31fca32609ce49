"""Questions about a file: all at once, answered once, kept for its source; a known source goes on
with the rest.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from shop import OpenShop, Shop, dense, number, said

from batch.commands.read import answer_questions, read_file
from batch.config import LEDGER, Place, Source
from batch.errors import ColumnError
from batch.ledger import open_ledger, read_ledger
from batch.loader.load import Load, load
from batch.model import ColumnState, Unanswered
from batch.pipeline import Job, NothingKnown, Pipeline

HEADER = ("Order ID", "SKU", "Quantity", "UOM", "Tracking Number")


def export(
    there: Shop, *rows: str, header: str = ",".join(HEADER), name: str = "export.csv"
) -> Path:
    path = there.folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


async def run(there: Shop, file: Path, **answers: str):
    async with there.desk() as desk:
        given = {name.replace("__", ":"): answer for name, answer in answers.items()}
        return await Pipeline(desk).run(Job(file, answers=given))


def loaded(tmp_path: Path, *lines: str, **more) -> Load:
    path = tmp_path / "export.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return load(path, Source(), **more)


def asked(tmp_path: Path, *lines: str) -> list[str]:
    with pytest.raises(Unanswered) as caught:
        loaded(tmp_path, *lines)
    return [question.id for question in caught.value.questions]


async def test_an_answer_is_kept_with_who_and_the_question_is_never_put_again(
    shop: OpenShop,
) -> None:
    """A new header row stops the file; the answer settles it, that night and every other."""
    there = await shop(dense(3))
    file = export(there, f"100,MUG,1,CS,{number(1)}")
    with pytest.raises(Unanswered, match="CS in 1 row"):
        await run(there, file)
    assert there.posts == 0
    assert said(await run(there, file, unit__CS="3"))[2] == ("created", "")
    assert there.made()[0][2] == {1000: 3}
    assert said(await run(there, export(there, f"101,MUG,1,CS,{number(2)}", name="next.csv")))[
        2
    ] == ("created", "")
    with there.ledger() as ledger:
        kept = ledger.answers("shop", load(file, Source(), assume=True).fingerprint)
    assert kept["unit:CS"] == "3"


async def test_on_a_known_source_a_new_word_holds_its_own_rows_and_the_rest_ships(
    shop: OpenShop,
) -> None:
    """As one question, with the option that answers it; answered, the rows ship."""
    there = await shop(dense(4))
    await run(there, export(there, f"100,MUG,1,EA,{number(1)}"))
    file = export(there, f"101,MUG,1,EA,{number(2)}", f"102,MUG,1,BX3,{number(3)}", name="next.csv")
    done = await run(there, file)
    assert said(done) == {2: ("created", ""), 3: ("held", "question")}
    assert "--answer unit:BX3=3" in done.rows[3].finding.todo
    assert said(await run(there, file, unit__BX3="3"))[3] == ("created", "")


async def test_what_a_source_has_always_done_counts_as_answered(shop: OpenShop) -> None:
    """A source that shipped before anything was asked goes on as ever."""
    there = await shop(dense(4))
    header = "Order ID,Store,Tracking Number"
    await run(
        there,
        export(there, f"100,Mine,{number(1)}", f"101,Theirs,{number(2)}", header=header),
        store="all",
    )
    with closing(sqlite3.connect(there.home / LEDGER)) as older, older:
        older.execute("DELETE FROM answers")
    file = export(
        there, f"102,Mine,{number(3)}", f"103,Theirs,{number(4)}", header=header, name="next.csv"
    )
    assert set(said(await run(there, file)).values()) == {("created", "")}


async def test_a_new_store_on_a_known_source_waits_alone(shop: OpenShop) -> None:
    """The answer for those that were there is kept for each, and says nothing of another."""
    there = await shop(dense(6))
    header = "Order ID,Store,Tracking Number"
    first = export(there, f"100,Mine,{number(1)}", f"101,Theirs,{number(2)}", header=header)
    assert said(await run(there, first, store="Mine")) == {
        2: ("created", ""),
        3: ("skipped", "other_store"),
    }
    rows = [f"102,Mine,{number(3)}", f"103,Theirs,{number(4)}", f"104,New,{number(5)}"]
    done = await run(there, export(there, *rows, header=header, name="next.csv"))
    assert said(done) == {
        2: ("created", ""),
        3: ("skipped", "other_store"),
        4: ("held", "question"),
    }


async def test_answers_outlive_the_ledger_that_was_opened(place: Place) -> None:
    """In either store; the newest for a question counts, and those of another source do not."""
    async with open_ledger(place) as ledger:
        await ledger.keep_answers("shop", "acme", {"unit:CS": "12", "store": "all"}, "ann")
        await ledger.keep_answers("shop", "acme", {"unit:CS": "24"}, "bo")
    with read_ledger(place) as ledger:
        assert ledger.answers("shop", "acme") == {"unit:CS": "24", "store": "all"}
        assert not ledger.answers("shop", "other")
        assert not ledger.has_shipped("shop", ["acme"], "abc")


async def test_a_files_questions_are_answered_by_decide_and_told_by_read(shop: OpenShop) -> None:
    """`read` puts the same questions as `run`, sends nothing, and has none left once they are
    answered.
    """
    there = await shop(dense(3))
    file = export(there, f"100,MUG,1,CS,{number(1)}")
    told = read_file(file, Source(), {}, there.settings(), NothingKnown())
    assert told.status == 2
    assert [question["id"] for question in told.data["questions"]] == ["unit:CS"]
    async with there.desk() as desk:
        taken = await answer_questions(
            desk.ledger, there.settings(), file, Source(), {"unit:CS": "2"}, "ann"
        )
    assert taken.status == 0
    with there.ledger() as ledger:
        assert read_file(file, Source(), {}, there.settings(), ledger).data["rows"] == 1
    assert said(await run(there, file))[2] == ("created", "")
    assert there.made()[0][2] == {1000: 2}


def test_every_column_is_in_one_state(tmp_path: Path) -> None:
    """Used, speaks, known, or not understood, which one line names."""
    found = loaded(
        tmp_path,
        "Order Number,Tracking Number,Carrier,Void,Weight,Kringel",
        "1001,1Z999AA10123456784,UPS,N,2.5,a b c d e f",
        "1002,1Z12345E0205271686,UPS,N,2.5,q",
    )
    states = [column.state for column in found.reading.columns]
    used, speaks, known, left = ColumnState
    assert states == [used, used, used, known, speaks, left] or states == [
        used,
        used,
        used,
        speaks,
        known,
        left,
    ]
    assert any("Kringel" in line for line in found.said)


def test_all_questions_come_in_one_message_five_at_most(tmp_path: Path) -> None:
    """Of columns and of rows; the first answers as printed settle it."""
    lines = (
        "Invoice Number,SKU,Foo,UOM,Store,Tracking Number,Carrier,Status",
        "1001,A,2,CS,Mine,1Z999AA10123456784,UPS,Shipped",
        "1002,B,3,EA,Theirs,1Z12345E0205271686,UPS,Shipped",
        "1003,B,1,EA,Mine,1Z12345E6605272234,UPS,Ready",
    )
    assert asked(tmp_path, *lines) == ["order_id", "quantity", "status:Ready", "store", "unit:CS"]
    assert loaded(tmp_path, *lines, assume=True).row_count == 3


@pytest.mark.parametrize(
    ("header", "rows", "ids"),
    [
        ("Order ID,Customer,Total", ("1001,Ann,20.00", "1002,Bo,30.00"), ["evidence"]),
        (
            "Order ID,Tracking Number,Carrier,Packed",
            ("1001,T100000001,UPS,Y", "1002,T100000002,UPS,Y"),
            None,
        ),
        ("Order ID,SKU,Qty,Qty Picked,Tracking Number", ("1001,A,3,2,T100000001",), None),
        (
            "Order ID,Reference,Tracking Number",
            ("9001,1004,T100000001", "9002,1005,T100000002"),
            ["order_id"],
        ),
    ],
)
def test_a_question_is_put_only_where_answers_would_differ(
    tmp_path: Path, header: str, rows: tuple[str, ...], ids: list[str] | None
) -> None:
    """And not where one reading is right in practice."""
    if ids:
        assert asked(tmp_path, header, *rows) == ids
    else:
        assert loaded(tmp_path, header, *rows).row_count == len(rows)


def test_no_option_is_offered_where_no_column_can_be_it(tmp_path: Path) -> None:
    """Postcodes, prices and names are no order numbers."""
    with pytest.raises(ColumnError, match=r"names no order.*`Postcode`") as caught:
        loaded(
            tmp_path, "Postcode,Price,Name,Tracking Number", "10115,12.50,Ann,1Z999AA10123456784"
        )
    assert "--map order_id=Postcode" not in caught.value.todo


def test_a_blank_or_negative_line_beside_others_did_not_go(tmp_path: Path) -> None:
    """It does not spoil its parcel."""
    head = "Order ID,SKU,Quantity,Tracking Number"
    found = loaded(
        tmp_path, head, "1001,A,1,T100000001", "1001,B,,T100000001", "1001,C,-1,T100000001"
    )
    assert [[line.sku for line in parcel.lines] for parcel in found.parcels()] == [["A"]]
    assert {finding.code for finding in found.findings.values()} == {"quantity_zero"}


@pytest.mark.parametrize("cell", ["", "n/a", "-"])
def test_a_tracking_column_that_is_blank_throughout_is_no_evidence(tmp_path, cell):
    """Nothing shows that any of it has shipped: asked once, and not of a source that is known."""
    path = tmp_path / "export.csv"
    rows = "\n".join(f"{1001 + n},A,1,{cell},UPS" for n in range(3))
    path.write_text(f"Order Number,SKU,Quantity,Tracking Number,Carrier\n{rows}\n", "utf-8")
    with pytest.raises(Unanswered) as caught:
        load(path, Source())
    assert [question.id for question in caught.value.questions] == ["blank_numbers"]
    assert len(list(load(path, Source(answers={"blank_numbers": "ship"})).parcels())) == 3
    assert len(list(load(path, Source(), has_shipped=lambda _: True).parcels())) == 3
