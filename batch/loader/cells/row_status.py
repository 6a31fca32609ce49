"""What a void or a status cell says of its row: shipped, not shipped yet, or taken back. Pure."""

import re
from enum import IntEnum

from batch.loader.cells.damage import BLANK_WORDS, Wrong, date_like, undress
from batch.loader.cells.normalise import normalise
from batch.loader.files.tables import Cell
from batch.model.catalogue import Code


class RowStatus(IntEnum):
    """How far a row's shipment has come, in the file's own words."""

    UNSAID = 0
    """Blank, or words that nobody here knows; they decide nothing."""
    SHIPPED = 1
    NOT_YET = 2
    """The order waits; there is no shipment."""
    VOID = 3
    """There was one, and it was taken back."""


def _keys(*words: str) -> frozenset[str]:
    return frozenset(map(normalise, words))


_YES = _keys("y", "yes", "true", "t", "1", "x", "ja", "oui", "si", "sí", "sim", "v")
_NO = _keys(
    "n",
    "no",
    "false",
    "f",
    "0",
    "nein",
    "non",
    "nee",
    "não",
    "ok",
    "valid",
    "active",
    "not voided",
    "unvoided",
)
_VOID = _keys(
    *("void", "voided", "cancelled", "canceled", "refunded", "deleted"),
    *(
        "storniert",
        "annulliert",
        "abgebrochen",
        "annulé",
        "annulée",
        "anulado",
        "anulada",
        "cancelado",
        "cancelada",
    ),
    *(
        "annullato",
        "annullata",
        "geannuleerd",
        "anulowane",
        "anulowana",
        "makulerad",
        "отменен",
        "отменено",
    ),
    *("キャンセル", "キャンセル済み", "取消", "取消済", "已取消"),
)
"""Words that count anywhere in a cell: `Label voided`."""
_VOID_ALONE = _keys("cancel", "delete", "skip", "remove", "storno", "annuler", "anular", "annulla")
_NOT_VOID = _keys(
    "not",
    "no",
    "non",
    "nicht",
    "partially",
    "partly",
    "partial",
    "teilweise",
    "requested",
    "pending",
)
_NOT_YET = _keys(
    *(
        "unfulfilled",
        "unshipped",
        "not shipped",
        "not yet shipped",
        "not fulfilled",
        "unprocessed",
        "to be shipped",
    ),
    *(
        "awaiting shipment",
        "awaiting fulfillment",
        "awaiting fulfilment",
        "awaiting payment",
        "awaiting stock",
    ),
    *(
        "pending",
        "pending fulfillment",
        "pending shipment",
        "on hold",
        "hold",
        "open",
        "new",
        "queued",
        "draft",
    ),
    *(
        "backordered",
        "back ordered",
        "backorder",
        "processing",
        "in progress",
        "in process",
        "picking",
        "allocated",
    ),
    *("ready to ship", "ready for shipping", "out of stock"),
    *("offen", "neu", "in Bearbeitung", "nicht versendet", "nicht versandt", "wartet auf Versand"),
    *("en attente", "non expédié", "non expédiée", "en préparation", "en cours", "à expédier"),
    *(
        "pendiente",
        "no enviado",
        "en proceso",
        "en preparación",
        "pendente",
        "não enviado",
        "em processamento",
    ),
    *(
        "in attesa",
        "non spedito",
        "in lavorazione",
        "in afwachting",
        "niet verzonden",
        "in behandeling",
    ),
    *(
        "未出荷",
        "未発送",
        "処理中",
        "出荷待ち",
        "発送待ち",
        "出荷準備中",
        "保留",
        "未发货",
        "待发货",
    ),
)
_SHIPPED = _keys(
    *(
        "shipped",
        "fulfilled",
        "complete",
        "completed",
        "delivered",
        "dispatched",
        "despatched",
        "sent",
        "closed",
    ),
    *(
        "in transit",
        "manifested",
        "versendet",
        "versandt",
        "verschickt",
        "geliefert",
        "zugestellt",
        "erledigt",
    ),
    *(
        "expédié",
        "expédiée",
        "envoyé",
        "livré",
        "enviado",
        "enviada",
        "entregado",
        "entregue",
        "spedito",
        "evaso",
    ),
    *(
        "verzonden",
        "geleverd",
        "出荷済み",
        "出荷済",
        "発送済み",
        "発送済",
        "出荷完了",
        "配達完了",
        "已发货",
    ),
)
_STAMP = re.compile(r"(?:20\d{6}|1\d{9})(?:\.0+)?")
_NO_STAMP = re.compile(r"[0\-:/. TZ]*")


def parse_row_status(cell: Cell) -> RowStatus:
    """What a status cell says; UNSAID for every word not known here."""
    if not isinstance(cell, str):
        return RowStatus.UNSAID
    whole = normalise(cell)
    words = set(map(normalise, re.findall(r"[^\W_]+", cell)))
    if whole in _VOID_ALONE or (words & _VOID and not words & _NOT_VOID):
        return RowStatus.VOID
    if whole in _NOT_YET:
        return RowStatus.NOT_YET
    return RowStatus.SHIPPED if whole in _SHIPPED else RowStatus.UNSAID


def is_void(cell: Cell) -> bool | Wrong:
    """Whether a void cell says yes: by a word, or by the time at which it was done; blank is no."""
    if cell is None or isinstance(cell, bool):
        return bool(cell)
    text = (
        undress(cell)
        if isinstance(cell, str)
        else f"{cell:.0f}"
        if isinstance(cell, float)
        else str(cell)
    )
    key = normalise(text)
    if text.casefold() in BLANK_WORDS or key in _NO or _NO_STAMP.fullmatch(text):
        return False
    if (
        key in _YES
        or parse_row_status(text) is RowStatus.VOID
        or date_like(text)
        or _STAMP.fullmatch(text)
    ):
        return True
    return Wrong(
        Code.BAD_VOID,
        "it does not say whether the shipment was voided",
        "Write Y for a voided one, nothing for others.",
    )
