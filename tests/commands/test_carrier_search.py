"""`shipbatch carriers WORD`: what a carrier is called in settings and answers."""

from batch.commands.carriers import find_carriers
from batch.loader.cells.carriers import carrier
from batch.model.exit_status import ExitStatus


def test_a_word_finds_codes_that_a_file_or_an_answer_may_give() -> None:
    """The likeliest first, and each is understood as it is printed."""
    found = find_carriers("maruti")
    assert found.data[0]["code"] == "shree-maruti"
    assert found.lines[0].startswith("shree-maruti  ")
    codes = [
        each["code"] for word in ("UPSG", "DHL", "correos") for each in find_carriers(word).data
    ]
    assert all(code in (carrier(code).provider, carrier(code).slug) for code in codes)


def test_a_word_that_finds_nothing_says_what_to_try() -> None:
    """And a script can tell it by the exit status."""
    found = find_carriers("Joe's van")
    assert (found.status, found.data) == (ExitStatus.NOT_ALL_SENT, [])
    assert "tracking_link" in found.lines[1]
