"""Orders, lines, addresses and shipments as the API writes them in JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from batch.sandbox.behaviour import Sideloads
from batch.sandbox.links import display_name, generated_link
from batch.sandbox.orders import Line, Order, Shipment
from batch.sandbox.statuses import status_name

API = "https://api.bigcommerce.com/stores/{store_hash}/v2"
"""The beginning of links in documents, as in the published examples."""

PERSON = {
    "first_name": "Test",
    "last_name": "Customer",
    "company": "",
    "street_1": "455 Main Street",
    "street_2": "",
    "city": "Austin",
    "state": "Texas",
    "zip": "78751",
    "country": "United States",
    "country_iso2": "US",
    "phone": "555-123-4567",
    "email": "test@example.com",
}
"""Whoever nothing is given of: a placeholder, as in stores for trying things out."""
NOTHING = "0.0000"
_COSTS = ("base_cost", "cost_ex_tax", "cost_inc_tax", "cost_tax")
_HANDLING = (
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
)
_ORDER_COSTS = (
    *(
        "subtotal_ex_tax",
        "subtotal_inc_tax",
        "subtotal_tax",
        "total_ex_tax",
        "total_inc_tax",
        "total_tax",
    ),
    *("base_shipping_cost", "shipping_cost_ex_tax", "shipping_cost_inc_tax", "shipping_cost_tax"),
    *("base_handling_cost", "handling_cost_ex_tax", "handling_cost_inc_tax", "handling_cost_tax"),
    *("base_wrapping_cost", "wrapping_cost_ex_tax", "wrapping_cost_inc_tax", "wrapping_cost_tax"),
    *(
        "refunded_amount",
        "store_credit_amount",
        "gift_certificate_amount",
        "discount_amount",
        "coupon_discount",
    ),
)
_ORDER: dict[str, Any] = dict.fromkeys(_ORDER_COSTS, NOTHING) | {
    "is_tax_inclusive_pricing": False,
    "payment_method": "Credit Card",
    "payment_provider_id": "",
    "payment_status": "captured",
    "ip_address": "",
    "ip_address_v6": "",
    "geoip_country": "United States",
    "geoip_country_iso2": "US",
    "currency_id": 1,
    "currency_code": "USD",
    "currency_exchange_rate": "1.0000000000",
    "default_currency_id": 1,
    "default_currency_code": "USD",
    "staff_notes": "",
    "customer_message": "",
    "ebay_order_id": "0",
    "is_email_opt_in": False,
    "credit_card_type": None,
    "order_source": "www",
    "channel_id": 1,
    "external_source": None,
    "external_merchant_id": None,
    "tax_provider_id": "BasicTaxProvider",
    "customer_locale": "en",
}
_LINE_COSTS = (
    *("base_price", "price_ex_tax", "price_inc_tax", "price_tax"),
    *("base_total", "total_ex_tax", "total_inc_tax", "total_tax"),
    *(
        "base_cost_price",
        "cost_price_inc_tax",
        "cost_price_ex_tax",
        "cost_price_tax",
        "refund_amount",
    ),
    *("base_wrapping_cost", "wrapping_cost_ex_tax", "wrapping_cost_inc_tax", "wrapping_cost_tax"),
    *("weight", "width", "height", "depth", "fixed_shipping_cost", "discounted_total_inc_tax"),
)
_LINE: dict[str, Any] = dict.fromkeys(_LINE_COSTS, NOTHING) | {
    "variant_id": 0,
    "upc": "",
    "return_id": 0,
    "wrapping_id": 0,
    "wrapping_name": "",
    "wrapping_message": "",
    "event_name": None,
    "event_date": None,
    "ebay_item_id": "",
    "ebay_transaction_id": "",
    "option_set_id": None,
    "bin_picking_number": "",
    "external_id": None,
    "brand": "",
    "applied_discounts": [],
    "product_options": [],
    "configurable_fields": [],
    "gift_certificate_id": None,
}
_WARNING = {
    "message": "Not all line items of this consignment are returned with this response, "
    "only {} are included. "
    "Please use the `/v2/orders/{{order_id}}/products` endpoint to fetch all line items."
}
_LOCATION = {
    "id": 1,
    "name": "Main Street",
    "code": "MAIN",
    "address_line_1": "455 Main Street",
    "address_line_2": "",
    "city": "Austin",
    "state": "Texas",
    "postal_code": "78751",
    "country_alpha2": "US",
    "email": "shop@example.com",
    "phone": "555-123-4567",
}


def link(resource: str) -> dict[str, str]:
    """The link that stands in a document for another one."""
    return {"url": API + resource, "resource": resource}


def order_document(order: Order, moment: float) -> dict[str, Any]:
    """An order as it was then, with links in place of its lines and addresses."""
    path = f"/orders/{order.id}"
    status = status_name(order.status_id)
    return _ORDER | {
        "id": order.id,
        "customer_id": order.customer_id,
        "date_created": order.date_created,
        "date_modified": order.date_modified,
        "date_shipped": order.date_shipped,
        "status_id": order.status_id,
        "status": status,
        "custom_status": status,
        "is_deleted": order.is_deleted,
        "items_total": sum(line.quantity for line in order.lines.values()),
        "items_shipped": sum(order.units_shipped(line, moment) for line in order.lines.values()),
        "order_is_digital": not any(line.kind == "physical" for line in order.lines.values()),
        "shipping_address_count": len(order.addresses),
        "billing_address": PERSON | order.billing | {"form_fields": []},
        "external_id": order.external_id or None,
        "external_order_id": order.external_id,
        "products": link(f"{path}/products"),
        "shipping_addresses": link(f"{path}/shippingaddresses"),
        "coupons": link(f"{path}/coupons"),
        "consignments": link(f"{path}/consignments"),
        "fees": link(f"{path}/fees"),
    }


def line_document(order: Order, line: Line, moment: float) -> dict[str, Any]:
    """An order's line: its id is what a shipment calls order_product_id."""
    return _LINE | {
        "id": line.id,
        "order_id": order.id,
        "product_id": line.product_id,
        "order_pickup_method_id": int(line.pickup),
        "order_address_id": line.address_id,
        "name": line.name,
        "name_customer": line.name,
        "name_merchant": line.name,
        "sku": line.sku,
        "type": line.kind,
        "quantity": line.quantity,
        "quantity_shipped": order.units_shipped(line, moment),
        "quantity_refunded": line.refunded,
        "is_refunded": 0 < line.quantity <= line.refunded,
        "parent_order_product_id": line.parent,
        "is_bundled_product": line.parent is not None,
    }


def address_document(order: Order, address_id: int, moment: float) -> dict[str, Any]:
    """A shipping address with the units that go there; money is text."""
    resource = f"/orders/{order.id}/shippingaddresses/{address_id}/shippingquotes"
    return _destination(order, address_id, moment, NOTHING) | {
        "order_id": order.id,
        "shipping_quotes": link(resource),
    }


def shipment_document(order: Order, shipment: Shipment) -> dict[str, Any]:
    """A shipment, in the field order of a real answer."""
    texts = shipment.texts
    return {
        "id": shipment.id,
        "order_id": order.id,
        "customer_id": order.customer_id,
        "order_address_id": shipment.address_id,
        "date_created": shipment.date_created,
        "tracking_number": texts["tracking_number"],
        "merchant_shipping_cost": texts["merchant_shipping_cost"],
        "shipping_method": texts["shipping_method"],
        "comments": texts["comments"],
        "shipping_provider": texts["shipping_provider"],
        "tracking_carrier": texts["tracking_carrier"],
        "tracking_link": texts["tracking_link"],
        "billing_address": PERSON | order.billing,
        "shipping_address": _person(order, shipment.address_id),
        "items": [
            {
                "order_product_id": line_id,
                "product_id": order.lines[line_id].product_id,
                "quantity": quantity,
            }
            for line_id, quantity in shipment.items
        ],
        "generated_tracking_link": generated_link(texts),
        "shipping_provider_display_name": display_name(texts),
    }


def consignments(order: Order, moment: float, sideloads: Sideloads, most: int) -> dict[str, Any]:
    """Where an order's lines go; `sideloads` may cut the lists."""

    def shown(chosen: Iterable[Line]) -> dict[str, Any]:
        lines = list(chosen)
        if sideloads == "none":
            return {"line_items": []}
        if sideloads == "stubs":
            return {
                "line_items": [link(f"/orders/{order.id}/products/{line.id}") for line in lines]
            }
        documents = [line_document(order, line, moment) for line in lines]
        if sideloads == "whole" or len(lines) <= most:
            return {"line_items": documents}
        return _cut(
            documents[:most], sideloads, _WARNING | {"message": _WARNING["message"].format(most)}
        )

    email = {"recipient_email": PERSON["email"]}
    all_lines = order.lines.values()
    pickups = [line for line in all_lines if line.pickup]
    downloads = [line for line in all_lines if line.kind == "digital" and not line.pickup]
    gifts = [line for line in all_lines if line.kind == "giftcertificate" and not line.pickup]
    return {
        "pickups": [_pickup(order) | shown(pickups)] if pickups else [],
        "shipping": [
            _consignment(order, address_id, moment)
            | shown(line for line in all_lines if line.ships and line.address_id == address_id)
            for address_id in order.addresses
        ],
        "downloads": [email | shown(downloads)] if downloads else [],
        "email": {"gift_certificates": [email | shown(gifts)] if gifts else []},
    }


def _cut(
    first: list[dict[str, Any]], sideloads: Sideloads, warning: dict[str, str]
) -> dict[str, Any]:
    """A list's first lines, and the warning where it stands."""
    match sideloads:
        case "warned beside":
            return {"line_items": first, "__warning__": warning}
        case "warned within":
            return {"line_items": [*first, {"__warning__": warning}]}
        case "warned object":
            return {
                "line_items": {str(n): line for n, line in enumerate(first)}
                | {"__warning__": warning}
            }
    return {"line_items": first}


def _consignment(order: Order, address_id: int, moment: float) -> dict[str, Any]:
    resource = f"/orders/{order.id}/consignments/shipping/{address_id}/shipping_quotes"
    return _destination(order, address_id, moment, 0) | {"shipping_quotes": link(resource)}


def _pickup(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up",
        "collection_instructions": "",
        "collection_time_description": "9am - 6pm",
        "location": _LOCATION,
    }


def _person(order: Order, address_id: int) -> dict[str, str]:
    given: Mapping[str, Any] = order.addresses[address_id]
    known = {name: given[name] for name in PERSON if name in given}
    return dict.fromkeys(PERSON, "") | known if known else PERSON


def _destination(
    order: Order, address_id: int, moment: float, nothing: float | str
) -> dict[str, Any]:
    """What a shipping address and a consignment have in common; money is text, or numbers."""
    lines = [line for line in order.lines.values() if line.address_id == address_id]
    return {
        "id": address_id,
        **_person(order, address_id),
        "items_total": sum(line.quantity for line in lines),
        "items_shipped": sum(order.units_shipped(line, moment) for line in lines),
        "shipping_method": "None",
        **dict.fromkeys((*_COSTS, *_HANDLING), nothing),
        "cost_tax_class_id": 0,
        "handling_cost_tax_class_id": 0,
        "shipping_zone_id": 1,
        "shipping_zone_name": "United States",
        "form_fields": [],
    }
