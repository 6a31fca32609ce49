"""Countries by their names in many languages, of CLDR, by babel."""

from functools import cache, lru_cache

_TAGS = "en de fr es pt it nl pl sv da nb fi cs hu tr ru ja zh zh_Hant ko"
_LANGUAGES = tuple(_TAGS.split())
_COUNTRIES = {
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "great britain": "GB",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "korea": "KR",
    "turkey": "TR",
}
"""What people write and CLDR does not have."""


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str:
    """A country's ISO 3166 code by its name in any of twenty languages, or by a code; empty where
    it is not known.
    """
    from babel.core import get_global  # here, for most files need none of it

    name = " ".join(text.replace(".", "").casefold().split())
    if not name:
        return ""
    code = name.upper()
    if code in _names("en").values():
        return code
    if codes := get_global("territory_aliases").get(code):
        return str(codes[0])
    if name in _COUNTRIES:
        return _COUNTRIES[name]
    return next((names[name] for names in map(_names, _LANGUAGES) if name in names), "")


@cache
def _names(language: str) -> dict[str, str]:
    """A language's names of countries, folded → ISO 3166 code."""
    from babel import Locale

    return {
        name.casefold(): code
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2
    }
