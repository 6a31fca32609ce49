"""A comment is what a customer reads: one that could not be decoded for sure is left out."""

import pytest

from batch.config import Source
from batch.loader.load import load

TEXT = "Order Number;Tracking Number;Comments\n1001;T100000001;{}\n1002;T100000002;Thank you\n"


@pytest.mark.parametrize(
    ("encoding", "comment", "kept"),
    [
        ("cp1252", "Merci à bientôt", "Merci à bientôt"),
        ("cp1250", "Děkujeme za nákup, žluťoučký kůň", "Děkujeme za nákup, žluťoučký kůň"),
        ("cp1251", "Спасибо за заказ", "Спасибо за заказ"),
        ("koi8-r", "Спасибо за заказ", ""),
        ("utf-8", "Danke \ufffd schön", ""),  # lost before it came
    ],
)
def test_only_what_was_read_for_sure_goes_to_the_customer(tmp_path, encoding, comment, kept):
    path = tmp_path / "export.csv"
    path.write_bytes(TEXT.format(comment).encode(encoding))
    first, second = load(path, Source(map={"comments": "Comments"})).parcels()
    assert (first.comments, second.comments) == (kept, "Thank you")
    assert any("left out" in warning for warning in first.warnings) is not bool(kept)
