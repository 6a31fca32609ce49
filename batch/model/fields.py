"""The fields that a column of an export may be."""

from collections.abc import Mapping
from enum import StrEnum


class Field(StrEnum):
    """What a column of an export can mean; the value is the FIELD of `--map FIELD=COLUMN`."""

    ORDER_ID = "order_id"
    EXTERNAL_ORDER_ID = "external_order_id"  # a marketplace's number, looked up by the store
    ORDER_PRODUCT_ID = "order_product_id"  # the id of the order's line, not the product's
    ORDER_ADDRESS_ID = "order_address_id"
    SKU = "sku"
    QUANTITY = "quantity"  # units shipped, not units ordered
    TRACKING_NUMBER = "tracking_number"
    TRACKING_LINK = "tracking_link"
    CARRIER = "carrier"  # any words: "UPS Ground", "dhl_express"
    SHIPPING_PROVIDER = "shipping_provider"  # the API's own code: "usps", "carrier_12"
    TRACKING_CARRIER = "tracking_carrier"  # an AfterShip slug: "dpd-uk"
    SHIPPING_METHOD = "shipping_method"  # service words: "Ground", "Next Day"
    MERCHANT_SHIPPING_COST = "merchant_shipping_cost"
    COMMENTS = "comments"
    SHIP_DATE = "ship_date"
    VOID = "void"
    STATUS = "status"  # voided, cancelled, not shipped yet: rows without a shipment to make
    HOLD = "hold"  # a yes in it keeps the row from shipping: on hold, do not ship, a return label
    SHIPPED = "shipped"  # a no in it says that the row has not shipped yet
    # what sort of row it is: where it says return or cancelled, the row does not ship
    KIND = "kind"
    SHOP = "shop"  # the store, channel or marketplace that an order is of
    UNIT = "unit"  # what the quantity counts: each, dozen, case
    SHORT = "short"  # units of the line that did not go: back-ordered, short, cancelled
    RECIPIENT_NAME = "recipient_name"  # to whom: compared with the order, never sent
    RECIPIENT_POSTCODE = "recipient_postcode"
    RECIPIENT_COUNTRY = "recipient_country"
    DECISION = "decision"  # a person's answer to a held row, in a sheet of ours


LONGEST: Mapping[str, int] = {
    Field.TRACKING_NUMBER: 50,
    Field.TRACKING_LINK: 500,
    Field.COMMENTS: 65_535,
}
"""Characters that the API documents; longer texts are refused, never cut."""

SPEAKING = frozenset(
    {
        Field.VOID,
        Field.STATUS,
        Field.HOLD,
        Field.SHIPPED,
        Field.KIND,
        Field.SHOP,
        Field.UNIT,
        Field.SHORT,
    }
)
"""Fields that say whether, how many or whose; they are no part of a shipment."""

OPTIONAL_FIELDS = frozenset(
    {
        Field.SHIPPING_METHOD,
        Field.MERCHANT_SHIPPING_COST,
        Field.COMMENTS,
        Field.SHIP_DATE,
        Field.RECIPIENT_POSTCODE,
        Field.RECIPIENT_COUNTRY,
    }
)
"""Fields that decide nothing about what is shipped: of two columns the first is taken, with a
warning.
"""

SEVERAL = frozenset(
    {
        Field.STATUS,
        Field.HOLD,
        Field.SHIPPED,
        Field.KIND,
        Field.SHOP,
        Field.SHORT,
        Field.RECIPIENT_NAME,
    }
)
"""Fields that each of several columns may be: what any of them says counts."""
