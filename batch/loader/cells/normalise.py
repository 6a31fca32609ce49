"""The key under which words of a file are compared with words we know. Pure."""

from batch.loader.files.tables import normalised
from batch.primitives.spelling import narrow

ORDINALS = str.maketrans({"º": "o", "ª": "a", "№": "no"})
"""`Nº de pedido` is `No de pedido`."""


def normalise(text: str) -> str:
    """Lower-case, without accents, and only letters and digits, of any script; idempotent. `²` is no `2`."""
    plain = normalised("NFD", narrow(text).translate(ORDINALS))
    plain = normalised("NFD", plain.casefold())
    return "".join(char for char in plain if char.isalnum())
