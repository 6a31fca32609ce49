"""The key under which words of a file are compared with words we know. Pure."""

from batch.loader.files.tables import unicode_form
from batch.primitives.spelling import narrow

ORDINALS = str.maketrans({"º": "o", "ª": "a", "№": "no"})
"""`Nº de pedido` is `No de pedido`."""


def normalise(text: str) -> str:
    """Only letters and digits, of any script, lower-case without accents; `²` is no `2`."""
    plain = unicode_form("NFD", narrow(text).translate(ORDINALS))
    plain = unicode_form("NFD", plain.casefold())
    return "".join(char for char in plain if char.isalnum())
