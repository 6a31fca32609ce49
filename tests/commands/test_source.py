"""What is remembered of a source: shown with who and when, corrected, asked again."""

import pytest
from shop import HEADER, OpenShop, Shop, dense, number

from batch.commands.source import correct_source, describe_source, list_sources
from batch.config import Source
from batch.errors import ConfigError, NothingSent

UNITS = (*HEADER, "UOM")


async def shipped(shop: OpenShop, **source: object) -> Shop:
    """A shop to which a file with an answered unit was shipped."""
    there = await shop(dense(1))
    row = (100, "MUG", 1, number(0), "CS")
    await there.run(row, header=UNITS, source=source, answers={"unit:CS": "2"})
    return there


async def test_it_is_listed_by_its_header_row_or_name(shop: OpenShop) -> None:
    """With its newest file; a name of shipbatch.toml is there before any file of it."""
    there = await shipped(shop)
    settings = there.settings(sources=(Source(name="acme"),))
    with there.ledger() as ledger:
        named, digest = list_sources(ledger, settings).lines
    assert named.startswith("acme ")
    assert "no file yet" in named
    assert "export.csv, 20" in digest


async def test_answers_are_shown_with_who_and_when(shop: OpenShop) -> None:
    """By a file's name, or the beginning of the header row's digest; and as JSON."""
    there = await shipped(shop)
    with there.ledger() as ledger:
        by_file = describe_source(ledger, there.settings(), "export.csv")
        by_digest = describe_source(ledger, there.settings(), by_file.data["source"][:12])
    assert by_file == by_digest
    (answer,) = [one for one in by_file.data["answers"] if one["question"] == "unit:CS"]
    assert (answer["answer"], bool(answer["who"])) == ("2", True)
    assert any("unit:CS = 2 (" in line for line in by_file.lines)
    assert by_file.data["columns"]["sku"] == "SKU"


async def test_what_shipbatch_toml_says_is_shown_first(shop: OpenShop) -> None:
    """It counts before every answer."""
    there = await shipped(shop, name="acme", misfit="ship_what_fits")
    settings = there.settings(sources=(Source(name="acme", misfit="ship_what_fits"),))
    with there.ledger() as ledger:
        told = describe_source(ledger, settings, "acme")
    assert told.data["settings"] == {"misfit": "ship_what_fits"}
    assert "  misfit = ship_what_fits" in told.lines


async def test_an_answer_is_corrected_and_forgotten(shop: OpenShop) -> None:
    """The next file is read by the new one; what is forgotten is asked again."""
    there = await shipped(shop)
    async with there.desk() as desk:
        told = await correct_source(
            desk.ledger, desk.settings, "export.csv", {"unit:CS": "3"}, [], "ann"
        )
        assert any("unit:CS = 3 (ann, " in line for line in told.lines)
        again = await correct_source(
            desk.ledger, desk.settings, "export.csv", {}, ["unit:CS"], "ann"
        )
    assert not [one for one in again.data["answers"] if one["question"] == "unit:CS"]
    report = await there.run((100, "MUG", 1, number(9), "CS"), header=UNITS)
    assert [row.finding.code for row in report.rows.values()] == ["question"]


async def test_what_is_not_known_is_refused(shop: OpenShop) -> None:
    """A source, a question, a word of a setting; with what there is."""
    there = await shipped(shop)
    async with there.desk() as desk:
        known = desk.ledger, desk.settings
        with pytest.raises(NothingSent, match="no source nobody"):
            describe_source(*known, "nobody")
        with pytest.raises(NothingSent, match="unit:XX has not been answered"):
            await correct_source(*known, "export.csv", {"unit:XX": "1"}, [], "ann")
        with pytest.raises(ConfigError, match="misfit=perhaps"):
            await correct_source(*known, "export.csv", {"misfit": "perhaps"}, [], "ann")
