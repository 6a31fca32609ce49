"""The columns of a table while they are told apart: name, place, sample values, and how a person
names them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from batch.loader.cells.normalise import normalise
from batch.loader.columns.synonyms import UNKNOWN, Strength, is_harmless, meaning, numbered_meaning
from batch.loader.columns.value_shapes import filled_cells
from batch.loader.files.tables import Cell, column_letters, words
from batch.model import Field

EXAMPLES = 3
LONGEST_SHOWN = 30
MOST_LISTED = 200
LEAVE_OUT = frozenset({"", "-"})
"""What `--map FIELD=` says for "no column is this field"."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column, its header and the sample's values."""

    index: int
    name: str
    cells: tuple[Cell, ...]
    says: Mapping[Field, Strength]
    """What its header may mean."""
    is_ordered: bool
    is_numbered: bool
    is_known: bool
    """Whether its header is understood, as ours or as another thing."""
    is_done: bool = False
    """Whether it names units by what was done with them: picked, packed, sent."""
    is_paper: bool = False
    """Whether it numbers another paper: an invoice, a customer."""

    @property
    def is_harmless(self) -> bool:
        """Whether a word of its name says that it is a price, a weight, a name or the like."""
        return is_harmless(self.name)

    @property
    def letter(self) -> str:
        """As a spreadsheet program names it: A, B … AA."""
        return column_letters(self.index + 1)

    @property
    def is_sure(self) -> bool:
        """Whether its name leaves no doubt: `BigCommerce Order ID`."""
        return Strength.SURE in self.says.values()

    @property
    def label(self) -> str:
        return f"`{self.name}`" if self.name else f"column {self.letter}"

    @property
    def examples(self) -> tuple[str, ...]:
        """A few of its values, blanks left out."""
        texts = dict.fromkeys(words(cell) for cell in filled_cells(self.cells))
        return tuple(text[:LONGEST_SHOWN] for text in list(texts)[:EXAMPLES])

    @property
    def example_text(self) -> str:
        return f"values {', '.join(self.examples)}" if self.examples else "no values"


def columns_of(
    header: Sequence[str], sample: Sequence[Sequence[Cell]], ours: Collection[int]
) -> list[Column]:
    """All columns with a header or a value; the sample's rows may be shorter or longer than the
    header.
    """
    width = max(len(header), max(map(len, sample), default=0))
    names = [" ".join(name.split()) for name in header] + [""] * (width - len(header))
    found = [_column(index, names[index], sample) for index in range(width) if index not in ours]
    return [column for column in found if column.name or column.examples]


def _column(index: int, name: str, sample: Sequence[Sequence[Cell]]) -> Column:
    cells = tuple(row[index] if index < len(row) else None for row in sample)
    said = meaning(name)
    numbered = UNKNOWN if said.known else numbered_meaning(name)
    said = numbered if numbered.fields else said
    return Column(
        index,
        name,
        cells,
        said.fields,
        said.ordered,
        bool(numbered.fields),
        said.known,
        said.done,
        said.paper,
    )


def find(text: str, columns: Sequence[Column]) -> Column | None:
    """The column a person means: by its header, else its letter, else its 1-based number."""
    text = text.strip()
    key, place = normalise(text), text.removeprefix("=").strip()
    by_name = (column for column in columns if text and column.name == text)
    alike = (column for column in columns if key and normalise(column.name) == key)
    by_place = (
        column
        for column in columns
        if place.upper() == column.letter or place == str(column.index + 1)
    )
    return next(chain(by_name, alike, by_place), None)


def map_option(field: Field, column: Column | None, columns: Sequence[Column]) -> str:
    """A `--map` option that names this column and no other, in quotes any shell takes; None leaves
    the field out.
    """
    text = map_text(column, columns)
    if column is None:
        return f"--map {field}={text}"
    return (
        f'--map "{field}={text}"' if " " in text or not text.isalnum() else f"--map {field}={text}"
    )


def map_text(column: Column | None, columns: Sequence[Column]) -> str:
    """How a `--map` names a column: by its header, where that is its own and plain; None is `-`."""
    if column is None:
        return "-"
    plain = (
        column.name not in LEAVE_OUT
        and column.name.isprintable()
        and not set(column.name) & set('"$`!%\\')
    )
    return (
        column.name if plain and find(column.name, columns) is column else _place(column, columns)
    )


def _place(column: Column, columns: Sequence[Column]) -> str:
    """Its letter, or its number where a header reads like the letter."""
    return column.letter if find(column.letter, columns) is column else f"={column.index + 1}"


def column_with_letter(column: Column) -> str:
    """Its header and letter."""
    return f"{column.label} (column {column.letter})" if column.name else column.label


def column_list(columns: Sequence[Column]) -> str:
    """All columns by header, by letter where they have none; of very many the first."""
    more = f" and {len(columns) - MOST_LISTED:,} more" if len(columns) > MOST_LISTED else ""
    return (", ".join(column.label for column in columns[:MOST_LISTED]) or "no columns") + more
