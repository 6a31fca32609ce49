"""Carrier words become the API's codes; tracking numbers bear witness, never overruling a name."""

import csv
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.loader.cells.carrier_codes import (
    NATIVE,
    PROVIDERS,
    Carrier,
    Code,
    brands,
    display_names,
    names,
    table,
    tokens,
)
from batch.loader.cells.carrier_numbers import guess, other_owner
from batch.loader.cells.carrier_search import similar
from batch.loader.cells.carriers import carrier
from batch.loader.cells.check_digits import (
    fedex_digit,
    mod10,
    posts,
    readings,
    s10_digit,
    ups_digit,
)

UPS = "1Z5R89390357567127"
USPS = "9400111201080805483016"
FEDEX = "986578788855"


def slugs(number):
    return {reading.slug for reading in readings(number)}


def code(text, aliases=None):
    found = carrier(text, aliases)
    return found.provider or found.slug


def rows():
    """Match, provider, slug and alias of every alias in the package's table."""
    with files("batch.loader.cells").joinpath("carriers.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for alias in row["aliases"].split("|"):
                yield row["match"], row["provider"], row["slug"], alias


def test_every_alias_is_its_own_row():
    """No alias of the table is taken by another row's."""
    listed = [(alias, provider, slug) for _, provider, slug, alias in rows() if tokens(alias)]
    found = [(alias, carrier(alias).provider, carrier(alias).slug) for alias, _, _ in listed]
    assert len(listed) > 600
    assert found == listed


def test_every_code_of_the_table_exists():
    """Providers are in the API's enumeration, slugs in the lists of BigCommerce and AfterShip."""
    assert {provider for _, provider, _, _ in rows()} - {""} <= set(PROVIDERS)
    assert {slug for _, _, slug, _ in rows()} - {""} <= set(names())
    assert {slug for slugs in posts().values() for slug in slugs} <= set(names())
    assert set(NATIVE) <= set(names())


def test_an_alias_stands_in_one_row():
    """An alias listed for two carriers would mean what the last row says."""
    codes = {}
    for match, provider, slug, alias in rows():
        codes.setdefault((match, "".join(tokens(alias))), set()).add((provider, slug))
    assert not {key: found for key, found in codes.items() if key[1] and len(found) > 1}


def test_every_slug_and_display_name_is_accepted():
    """Whatever BigCommerce or AfterShip list is understood as the whole cell."""
    assert not [slug for slug in names() if not carrier(slug).known]
    assert not [name for name in names().values() if not carrier(name).known]
    assert not [code for code in display_names().values() if not (code.provider or code.slug)]


@given(st.text(), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3))
def test_any_words_are_answered(text, aliases):
    """Whatever a cell says, it is a carrier, no parcel, or not known, and no words are lost."""
    found = carrier(text, aliases)
    assert found.known or found.method == " ".join(text.split())
    assert not (found.provider and found.slug)


@given(st.text())
def test_any_number_is_answered(text):
    """Whatever a tracking cell holds, it speaks against a carrier or is silent."""
    assert not other_owner(carrier("UPS"), text) or readings(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("USPS Priority Mail", "usps"),
        ("U.S. Postal Service", "usps"),
        ("Priority Mail Express", "usps"),
        ("USPS (Stamps.com)", "usps"),
        ("stamps_com", "usps"),
        ("uspsgroundadvantage", "usps"),
        ("UPS®", "ups"),
        ("UPS Ground", "ups"),
        ("ups_walleted", "ups"),
        ("3 Day Select", "ups"),
        ("UPS Mail Innovations", "ups-mi"),
        ("Fed Ex 2Day", "fedex"),
        ("FEDEX_GROUND", "fedex"),
        ("GROUND_HOME_DELIVERY", "fedex"),
        ("FedEx® Freight Priority", "fedex-freight"),
        ("DHL", "dhl"),
        ("dhl_express", "dhl"),
        ("DHL eCommerce", "dhl-global-mail"),
        ("DHL SmartMail Parcel Plus Ground", "dhl-global-mail"),
        ("DHL Paket", "dhl-germany"),
        ("Royal Mail Tracked 24", "royalmail"),
        ("TOLP24", "royalmail"),
        ("Evri Household Delivery", "myhermes-uk"),
        ("DPD Local", "interlink-express"),
        ("DPD", "dpd"),
        ("Collect+", "collectplus"),
        ("Canada Post - Xpresspost", "canadapost"),
        ("eParcel", "auspost"),
        ("LSO", "lonestar"),
        ("R+L Carriers", "rl-carriers"),
        ("Freight Via SAIA", "saia-freight"),
        ("佐川急便", "sagawa"),
        ("ヤマト運輸 宅急便", "taqbin-jp"),
        ("carrier_12", "carrier_12"),
        ("royal-mail", "royalmail"),
        ("dpd-uk", "dpd-uk"),
        ("upsready", "upsready"),
    ],
)
def test_spellings_seen_in_files(text, wanted):
    """What warehouses write is what the API calls it."""
    assert code(text) == wanted


@pytest.mark.parametrize(
    "text", ["groups", "Express", "Post", "Priority", "Ground", "Standard", "Startups Courier Co"]
)
def test_no_carrier_is_found_inside_other_words(text):
    """Whole tokens only: `ups` is not in `groups`, and a generic word names nobody."""
    found = carrier(text)
    assert not found.known
    assert found.method == text


@pytest.mark.parametrize(
    "text", ["Will Call", "Local Pickup", "N/A", "Other", "Abholung", "店頭受取", "FBA", "manual"]
)
def test_what_is_no_parcel_has_no_link(text):
    """It is understood, keeps its words as the method, and names no carrier."""
    found = carrier(text)
    assert (found.known, found.provider, found.slug, found.method) == (True, "", "", text)


@pytest.mark.parametrize("text", ["", "  ", "-"])
def test_a_blank_is_no_carrier(text):
    """Nothing was said, so nothing is unknown."""
    assert carrier(text) == Carrier("", "", "", known=True, name="")
    assert carrier("--").method == "--"


def test_a_code_has_a_name_to_show():
    """The provider's or the slug's own, else the code itself."""
    assert [Code(provider=code).name for code in ("usps", "carrier_12")] == ["USPS", "carrier_12"]
    assert [Code(slug=code).name for code in ("dhl-germany", "no-such")] == [
        names()["dhl-germany"],
        "no-such",
    ]
    assert Code().name == ""


def test_the_brands_are_those_of_the_table():
    """The first alias of each, once; no services."""
    first = [row[3] for row in rows() if row[0] == "brand"]
    assert len(set(brands())) == len(brands()) > 100
    assert set(brands()) <= set(first)
    assert not {"Priority Mail", "Ground"} & set(brands())


def test_service_words_stay_in_the_method():
    """The whole text where it says more than the carrier's name, nothing where it does not."""
    assert carrier("UPS Ground").method == "UPS Ground"
    assert carrier("Priority Mail").method == "Priority Mail"
    assert carrier("United Parcel Service").method == ""


def test_own_aliases_come_first():
    """A code of the store, a slug, or a carrier's name; longest alias first."""
    own = {"UPS": "provider:carrier_12", "our van": "", "brown": "ups", "red": "DHL Express"}
    assert code("UPS Ground", own) == "carrier_12"
    assert code("Brown", own) == "ups"
    assert code("Red Line", own) == "dhl"
    assert carrier("Our Van", own).known
    assert code("Our Van", own) == ""


def test_a_native_provider_is_sent_alone():
    """The provider makes the link, so no slug goes with it."""
    assert not [alias for alias in table()["brand"].values() if alias.slug in NATIVE]


@pytest.mark.parametrize(
    ("number", "families"),
    [
        (UPS, {"ups"}),
        ("1z 879e 9303 4683 4440", {"ups"}),
        ("1Z5R89390357567128", set()),
        (USPS, {"usps"}),
        ("9400111201080805483017", set()),
        ("92748931507708513018050063", {"usps"}),
        ("420221539101026837331000039521", {"usps"}),
        ("4201002334249200190132607600833457", {"usps"}),
        ("0307 1790 0005 2348 3741", {"usps"}),
        ("9261292700768711948021", {"usps", "fedex"}),
        (FEDEX, {"fedex"}),
        ("996578788855", set()),
        ("041441760228964", {"fedex"}),
        ("9611020987654312345672", {"fedex"}),
        ("9622001900000000000000776632517510", {"fedex"}),
        ("RB123456785US", {"usps"}),
        ("RB123456785GB", {"royal-mail", "parcel-force"}),
        ("RB123456786US", set()),
        ("RB123456785XX", set()),
        ("3318810025", {"dhl"}),
        ("TBA123456789000", set()),
        ("", set()),
    ],
)
def test_shapes_and_check_digits(number, families):
    """Published examples of each carrier's rule, and the same with a wrong digit."""
    assert slugs(number) == families


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15))
def test_a_ups_number_has_one_check_digit(body):
    """Of the ten last digits exactly one fits, and it names UPS alone."""
    fitting = [digit for digit in "0123456789" if slugs(f"1Z{body}{digit}")]
    assert fitting == [ups_digit(body)]
    assert guess(f"1Z{body}{fitting[0]}") == carrier("UPS")


@pytest.mark.parametrize(
    ("body", "digit"),
    [("00000000000", "0"), ("00000000001", "1"), ("00000000300", "0"), ("00000000010", "3")],
)
def test_a_fedex_number_has_one_check_digit(body, digit):
    """A remainder of ten is written 0."""
    assert fedex_digit(body) == digit


@given(st.text("0123456789", min_size=8, max_size=8), st.sampled_from(sorted(posts())))
def test_a_post_number_has_one_check_digit(serial, country):
    """Of the ten check digits exactly one fits, and it names the posts of its country."""
    fitting = [digit for digit in "0123456789" if slugs(f"RR{serial}{digit}{country}")]
    assert fitting == [s10_digit(serial)]
    assert slugs(f"RR{serial}{fitting[0]}{country}") == set(posts()[country])


@given(st.text("0123456789", min_size=19, max_size=19))
def test_a_changed_digit_is_found(body):
    """A weighted check digit tells a number from one with a single digit changed."""
    number = next(f"94{body}{digit}" for digit in "0123456789" if mod10(f"94{body}{digit}"))
    changed = number[:10] + str((int(number[10]) + 1) % 10) + number[11:]
    assert guess(number) == carrier("USPS")
    assert guess(changed) is None


def test_a_guess_needs_certainty():
    """Numbers that several carriers may use are nobody's."""
    assert guess(FEDEX) is None
    assert guess("RB123456785GB") is None
    assert guess("CA123456785CA").provider == "canadapost"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("USPS", UPS),
        ("FedEx Ground", UPS),
        ("UPS Ground", USPS),
        ("DHL Express", USPS),
        ("Royal Mail", USPS),
        ("Evri", UPS),
        ("GLS", UPS),
        ("PostNL", UPS),
        ("OnTrac", UPS),
        ("DPD", "CA123456785CA"),
    ],
)
def test_a_number_that_is_surely_anothers_is_known(text, number):
    """Its shape and check digit are of one carrier, and the one that is named has no such."""
    assert other_owner(carrier(text), number) == guess(number).name


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("UPS Ground", "ups", True),
        ("UPS", "FedEx", False),
        ("Fleet A", "FLEET A", True),
        ("Fleet A", "Fleet B", False),
    ],
)
def test_a_parcel_is_one_carriers_whatever_the_service(one, other, alike):
    """Where nobody knows them, the words tell."""
    assert (carrier(one).firm == carrier(other).firm) is alike


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("UPS", UPS),
        ("UPS SurePost", USPS),
        ("UPS", "9261292700768711948021"),
        ("FedEx SmartPost", "9261292700768711948021"),
        ("DHL eCommerce", USPS),
        ("OSM Worldwide", USPS),
        ("Pitney Bowes", UPS),
        ("Amazon", UPS),
        ("USPS", FEDEX),
        ("USPS", "CA123456785CA"),
        ("Royal Mail", "CA123456785CA"),
        ("Parcelforce", "RB123456785GB"),
        ("Purolator", "CA123456785CA"),
        ("DHL", "RB123456785DE"),
        ("carrier_12", UPS),
        ("UPS", FEDEX),
        ("Some Courier", UPS),
        ("Local Pickup", UPS),
        ("UPS", "105123456"),
        ("USPS", ""),
    ],
)
def test_the_witness_is_silent_where_it_is_not_sure(text, number):
    """Parcels handed to USPS, consolidators, posts with each other's numbers, unknown carriers and
    numbers without a sure rule are let through.
    """
    assert not other_owner(carrier(text), number)


@pytest.mark.parametrize(
    ("text", "number", "wanted"),
    [
        ("Amazon", "", "amazon"),
        ("Amazon Logistics", "", "amazon"),
        ("Stamps.com", "", "usps"),
        ("Pitney Bowes", "", "pitney-bowes"),
        ("ShipStation", "", ""),
        ("EasyPost", "", ""),
    ],
)
def test_a_platform_gives_way_to_the_carrier_of_the_number(text, number, wanted):
    """It sells the labels of others; where the number does not tell, its own code is taken."""
    found = carrier(text)
    assert found.by_number == (text != "Amazon Logistics")
    assert (found.provider or found.slug) == wanted
    assert found.known == bool(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CJ대한통운", "cj-gls"), ("롯데택배", "lotte"), ("한진택배", "hanjin"),
        ("우체국택배", "korea-post"), ("中通快递", "zto-express"),
        ("圆通速递", "yto"), ("申通快递", "sto"), ("韵达快递", "yundaex"),
        ("京东物流", "jd-express"),
        ("Correios SEDEX", "brazil-correios"), ("Loggi", "loggi"),
        ("Yurtiçi Kargo", "yurtici-kargo"), ("Aras Kargo", "araskargo"),
        ("MNG Kargo", "mng-kargo"), ("SÜRAT KARGO", "surat-kargo"), ("PTT Kargo", "ptt-kargo"),
        ("XpressBees", "xpressbees"), ("Trackon Courier", "trackon"),
        ("Shree Maruti Courier", "shree-maruti"), ("Gati", "gati-kwe"),
        ("Kurier InPost", "inpost-paczkomaty"), ("Kurier DPD", "dpd-poland"),
        ("Poczta Polska", "poczta-polska"), ("СДЭК", "cdek"),
        ("Pickup by customer", ""), ("Abholung durch Kunden", ""),
    ],
)  # fmt: skip
def test_carriers_as_their_countries_write_them(text, wanted):
    """Korea, China, Brazil, Turkey, India, Poland; and what is no parcel of any."""
    assert code(text) == wanted
    assert carrier(text).known


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("UPSG", "ups"), ("FX", "fedex"), ("maruti", "shree-maruti"), ("Royl Mail", "royalmail"),
        ("J&T Express", "jtexpress"), ("schenker", "dbschenker-api"),
    ],
)  # fmt: skip
def test_a_word_finds_the_carriers_it_may_mean(word, wanted):
    """By its beginning, a part of it, or nearly its letters; the likeliest first."""
    found = similar(word)
    assert wanted == (found[0].provider or found[0].slug)
    assert len(found) == len(set(found))


def test_a_word_like_no_carrier_finds_none():
    """And neither does one of signs alone."""
    assert similar("Joe's van") == similar("?!") == ()
