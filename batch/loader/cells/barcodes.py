"""A barcode as a scanner writes it → the tracking number in it.

Sources: USPS Publication 199 (IMpb: 420, ZIP code, number); FedEx label specifications as collected
in jkeen/tracking_number_data; GS1 General Specifications (application identifiers in brackets, and
symbology identifiers such as `]C1`).
"""

import re

from batch.loader.cells.check_digits import fedex_digit, is_impb, mod10

_SYMBOLOGY = re.compile(r"\][A-Za-z]\d")
_BRACKETS = re.compile(r"(?:\(\d{2,4}\) ?[\dA-Z ]+)+")
_USPS = re.compile(r"420\d{5}(?:\d{4})?(9\d{21}|9\d{25})")
_FEDEX_EXPRESS = re.compile(r"[0-8]\d{19}00(\d{12})")
_FEDEX_ASTRA = re.compile(r"3\d{15}(\d{12})\d{4}")
_FEDEX_GROUND = re.compile(r"96\d{5}(\d{15})")


def number_in_barcode(text: str) -> str:
    """The tracking number where the text is a whole barcode whose check digit is right; else the
    text as it is.
    """
    if len(text) < 20:
        return text
    code = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    if _BRACKETS.fullmatch(code):
        code = re.sub(r"[() ]", "", code)
    if (found := _USPS.fullmatch(code)) and is_impb(found[1]):
        return found[1]
    for shape in (_FEDEX_EXPRESS, _FEDEX_ASTRA):
        if (found := shape.fullmatch(code)) and fedex_digit(found[1][:11]) == found[1][11]:
            return found[1]
    if (found := _FEDEX_GROUND.fullmatch(code)) and mod10(found[1]):
        return found[1]
    return code
