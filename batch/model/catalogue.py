"""All error codes a person can meet: their texts are in `catalogue.toml`; findings use them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from batch.model.rows import Finding, Who
from batch.model.statuses import Status


class Code(StrEnum):
    """The error codes; the catalogue says what each means."""

    UNKNOWN_ORDER = "unknown_order"
    ORDER_NOT_LISTED = "order_not_listed"
    ORDER_NOT_THERE_YET = "order_not_there_yet"
    ORDER_NEVER_CAME = "order_never_came"
    SEVERAL_ORDERS = "several_orders"
    ORDER_DELETED = "order_deleted"
    ORDER_STATUS = "order_status"
    RECIPIENT_DIFFERS = "recipient_differs"
    UNKNOWN_SKU = "unknown_sku"
    UNKNOWN_LINE = "unknown_line"
    QUANTITY_WITHOUT_LINE = "quantity_without_line"
    WRONG_ADDRESS = "wrong_address"
    AMBIGUOUS_SKU = "ambiguous_sku"
    DIGITAL_LINE = "digital_line"
    GIFT_CERTIFICATE = "gift_certificate"
    PICKUP_LINE = "pickup_line"
    NOT_ENOUGH_LEFT = "not_enough_left"
    PACKED_UNORDERED = "packed_unordered"
    NOTHING_LEFT = "nothing_left"
    PARCEL_INCOMPLETE = "parcel_incomplete"
    NUMBER_TWICE = "number_twice"
    SEVERAL_PARCELS = "several_parcels"
    JOINED_PARCELS = "joined_parcels"
    TOO_MANY_PARCELS = "too_many_parcels"
    SEVERAL_ADDRESSES = "several_addresses"
    CHANGED = "changed"
    CORRECTION = "correction"
    EQUAL_AGAIN = "equal_again"
    SHIPPED_IN_PART = "shipped_in_part"
    NUMBER_MISSING = "number_missing"
    NUMBER_ADDED = "number_added"
    DELETED_BEFORE = "deleted_before"
    VOIDED_AFTER_SHIPPING = "voided_after_shipping"
    NUMBER_OF_ANOTHER_ORDER = "number_of_another_order"
    UPDATED = "updated"
    NOT_CORRECTED = "not_corrected"
    DECIDED_SKIP = "decided_skip"
    DECIDED_BUT_GONE = "decided_but_gone"
    CHANGED_SINCE_PLAN = "changed_since_plan"
    NOT_IN_PLAN = "not_in_plan"
    IN_DOUBT = "in_doubt"
    SENDER_NOT_ENDED = "sender_not_ended"
    TWO_DOUBTS = "two_doubts"
    ANSWER_DIFFERS = "answer_differs"
    NEEDS_PERSON = "needs_person"
    MADE_DIFFERS = "made_differs"
    DUPLICATE_ON_SERVER = "duplicate_on_server"
    REFUSED = "refused"
    CHANGED_MEANWHILE = "changed_meanwhile"
    ORDER_IN_DOUBT = "order_in_doubt"
    STOPPED = "stopped"
    LIMIT = "limit"
    NOT_SETTLED = "not_settled"
    TAKEN_OVER = "taken_over"
    MOST_ORDERS_UNKNOWN = "most_orders_unknown"
    ONE_NUMBER = "one_number"
    FEWER_ROWS = "fewer_rows"
    MORE_THAN_USUAL = "more_than_usual"
    MANY_MAILS = "many_mails"
    SHIP_DATES_AHEAD = "ship_dates_ahead"
    OLD_SHIP_DATES = "old_ship_dates"
    QUANTITIES = "quantities"
    ONE_CARRIER = "one_carrier"
    OTHER_RECIPIENTS = "other_recipients"
    MOST_ROWS_WRONG = "most_rows_wrong"
    SHIPPED_BEFORE = "shipped_before"
    HOLD_ABOVE = "hold_above"
    VOID = "void"
    NOT_SHIPPED = "not_shipped"
    OTHER_STORE = "other_store"
    TAKEN_OUT = "taken_out"
    QUESTION = "question"
    NOT_FILLED_IN = "not_filled_in"
    REPEATED_HEADER = "repeated_header"
    REORDERED = "reordered"
    TOTALS_ROW = "totals_row"
    IGNORED_SKU = "ignored_sku"
    QUANTITY_ZERO = "quantity_zero"
    TOO_MANY_CELLS = "too_many_cells"
    SHIFTED_CELLS = "shifted_cells"
    NO_ORDER = "no_order"
    DOUBLED_ROW = "doubled_row"
    NO_LINE = "no_line"
    NO_QUANTITY = "no_quantity"
    OTHER_CARRIER = "other_carrier"
    CARRIER_CONFLICT = "carrier_conflict"
    LINK_CONFLICT = "link_conflict"
    BAD_ORDER_NUMBER = "bad_order_number"
    BAD_SKU = "bad_sku"
    BAD_ID = "bad_id"
    NOT_AN_ID = "not_an_id"
    BAD_QUANTITY = "bad_quantity"
    NEGATIVE_QUANTITY = "negative_quantity"
    AMBIGUOUS_QUANTITY = "ambiguous_quantity"
    BAD_TRACKING_NUMBER = "bad_tracking_number"
    TRACKING_NUMBER_TOO_LONG = "tracking_number_too_long"
    BAD_TRACKING_LINK = "bad_tracking_link"
    TRACKING_LINK_TOO_LONG = "tracking_link_too_long"
    COMMENTS_TOO_LONG = "comments_too_long"
    BAD_VOID = "bad_void"
    BAD_COST = "bad_cost"
    BAD_COMMENT = "bad_comment"
    DIGITS_LOST = "digits_lost"
    LEADING_ZEROS_LOST = "leading_zeros_lost"
    READ_AS_NUMBER = "read_as_number"
    READ_AS_DATE = "read_as_date"
    CELL_TOO_NARROW = "cell_too_narrow"
    FORMULA_TEXT = "formula_text"
    FORMULA_ERROR = "formula_error"

    def finding(self, **values: object) -> Finding:
        """A finding from the catalogue; raises KeyError where a value for its texts is missing."""
        return catalogue()[self].finding(**values)


@dataclass(frozen=True, slots=True)
class Entry:
    """A code: the status of its rows, who can act on it, what it says and what to do."""

    code: str
    status: Status
    who: Who
    error: str
    """Its names in braces stand for what differs."""
    todo: str
    example: Mapping[str, Any]
    """Name → an example of its value."""

    def finding(self, **values: object) -> Finding:
        """See `Code.finding`."""
        return Finding(
            self.status,
            self.code,
            self.error.format(**values),
            self.todo.format(**values),
            self.who,
        )


@cache
def catalogue() -> Mapping[str, Entry]:
    """Code → its entry."""
    import tomllib  # here, for `--help` needs no finding

    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    return {
        code: Entry(
            code,
            Status(fields["status"]),
            Who(fields.get("who", "")),
            fields.get("error", "{error}"),
            fields.get("todo", "{todo}"),
            fields["example"],
        )
        for code, fields in tomllib.loads(text).items()
    }
