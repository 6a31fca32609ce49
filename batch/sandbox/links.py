"""The tracking link and display name that the store makes of a provider, carrier and number.

Two forms are known from BigCommerce's documentation, USPS and AfterShip; the others are invented
here.
"""

from collections.abc import Mapping
from urllib.parse import quote

AFTERSHIP = "https://track.aftership.com/{carrier}/{number}"
NATIVE = {
    "usps": "https://trkcnfrm1.smi.usps.com/PTSInternetWeb/InterLabelInquiry.do"
    "?strOrigTrackNum={number}",
    "ups": "https://ups.invented.example/track?number={number}",
    "fedex": "https://fedex.invented.example/track?number={number}",
    "auspost": "https://auspost.invented.example/track?number={number}",
    "canadapost": "https://canadapost.invented.example/track?number={number}",
    "royalmail": "https://royalmail.invented.example/track?number={number}",
}
NAMES = {
    "": "",
    "auspost": "Australia Post",
    "canadapost": "Canada Post",
    "endicia": "Endicia",
    "fedex": "FedEx",
    "royalmail": "Royal Mail",
    "shipperhq": "ShipperHQ",
    "ups": "UPS",
    "upsonline": "UPS Online",
    "upsready": "UPS Ready",
    "usps": "USPS",
}
UNNAMED = "custom"
"""The provider of a shipment made without the field: it gets no link."""


def generated_link(text: Mapping[str, str]) -> str:
    """The link for a number and a provider or carrier; empty where a custom link is given."""
    provider, number = text["shipping_provider"], text["tracking_number"]
    carrier = text["tracking_carrier"] or provider
    if text["tracking_link"] or not number or not carrier or provider == UNNAMED:
        return ""
    template = NATIVE.get(provider or carrier, AFTERSHIP)
    return template.format(carrier=quote(carrier, safe=""), number=quote(number, safe=""))


def display_name(text: Mapping[str, str]) -> str:
    """The provider's name for people; `Other` where it is not integrated."""
    provider = text["shipping_provider"]
    if not provider and text["tracking_carrier"]:
        return "Other"
    return NAMES.get(provider, "Other")
