"""To whom the rows go, as the file has it."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch.loader.cells.damage import BLANK_WORDS
from batch.loader.files.tables import words
from batch.loader.rows.frame import CategoricalColumn, Frame
from batch.model import Field, Recipient


@dataclass(frozen=True, slots=True)
class Recipients:
    """The columns that say to whom; a name may stand in several of them."""

    names: Sequence[CategoricalColumn] = ()
    postcodes: Sequence[CategoricalColumn] = ()
    countries: Sequence[CategoricalColumn] = ()

    @classmethod
    def of(cls, frame: Frame) -> "Recipients":
        """The columns of a file."""
        return cls(
            frame.of.get(Field.RECIPIENT_NAME, ()),
            frame.of.get(Field.RECIPIENT_POSTCODE, ()),
            frame.of.get(Field.RECIPIENT_COUNTRY, ()),
        )

    def at(self, rows: Sequence[int]) -> Recipient:
        """Who the first of the rows names that names anybody."""
        if not (self.names or self.postcodes or self.countries):
            return Recipient()
        found = (self._at(row) for row in rows)
        return next(filter(None, found), Recipient())

    def _at(self, row: int) -> Recipient:
        return Recipient(
            _text(self.names, row), _text(self.postcodes, row), _text(self.countries, row)
        )


def _text(columns: Sequence[CategoricalColumn], row: int) -> str:
    texts = (words(column.cell(row)).strip() for column in columns)
    return " ".join(text for text in texts if text.casefold() not in BLANK_WORDS)
