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
    DECISION = "decision"  # a person's answer to a held row, in a sheet of ours


LONGEST: Mapping[str, int] = {
    Field.TRACKING_NUMBER: 50,
    Field.TRACKING_LINK: 500,
    Field.COMMENTS: 65_535,
}
"""Characters, as documented for orders/shipments; longer texts are refused, never cut."""
