"""Who a parcel goes to, as a file or a store has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipient:
    """The three things that tell one recipient from another; empty where nothing is said."""

    name: str = ""
    """People and firm, in any order: `Jane Doe Acme Ltd`."""
    postcode: str = ""
    country: str = ""
    """A name in any language, or an ISO 3166 code."""

    def __bool__(self) -> bool:
        return bool(self.name or self.postcode or self.country)

    @property
    def text(self) -> str:
        """In words: `Jane Doe, 78751, US`."""
        return ", ".join(filter(None, (self.name, self.postcode, self.country)))


NOBODY = Recipient()
