"""A worksheet that writes plain text in one step."""

from functools import cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_column = cache(xl_col_to_name)


class Paper(Worksheet):  # type: ignore[misc]
    """A worksheet that writes text with nothing to escape without xlsxwriter's calls and searches.

    All else is left to it; everything is, where a later xlsxwriter renames its innermost step.
    """

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if (
            type(cell).__name__ == "String"
            and self.constant_memory
            and cell.format
            and _is_plain(cell.string)
        ):
            style = cell.format._get_xf_index()  # noqa: SLF001  as its own step does
            self.fh.write(
                f'<c r="{_column(col)}{row + 1}" s="{style}" t="inlineStr">'
                f"<is><t>{cell.string}</t></is></c>"
            )
        else:
            super()._write_cell(row, col, cell)


def _is_plain(text: str) -> bool:
    """Whether XML and Excel take it as it is: no markup, control, `_x0041_`, outer blank."""
    return (
        text.isprintable()
        and "&" not in text
        and "<" not in text
        and ">" not in text
        and "_x" not in text
        and text == text.strip()
    )
