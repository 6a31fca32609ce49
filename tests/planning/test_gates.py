"""A file against what is usual: held where it is far from it, let through where it only varies."""

import random
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch.config import Gates, Settings, Source
from batch.loader.load import load
from batch.model import Finding
from batch.planning.gates import Profile, mail_holds, messages, reasons
from batch.planning.gates.baseline import Baseline, middle_share, seasonal, usual
from batch.planning.gates.profile import ages, file_ask

GATES = Gates()
WEEK = (1.2, 1.0, 1.0, 1.0, 1.1, 0.4, 0.3)


def night(number: int, rows: int = 300, **more: Any) -> Profile:
    """An ordinary file of a warehouse that is quiet at the weekend."""
    rows = round(rows * WEEK[number % 7] * random.Random(number).uniform(0.85, 1.15))
    carriers = {"UPS": rows * 3 // 10, "USPS": rows - rows * 3 // 10}
    made = Profile(
        rows=rows, parcels=rows, new=rows, units=1.4, carriers=carriers, weekday=number % 7
    )
    return replace(made, number="1Z1", number_orders=1, **more)


def codes(file: Profile, nights: Sequence[Profile], gates: Gates = GATES) -> list[str]:
    return [
        reason.code for reason in (*reasons(file, nights, gates), *mail_holds(file, nights, gates))
    ]


KNOWN = [night(number) for number in range(35)]
TONIGHT = night(35)


def test_ordinary_nights_pass_from_the_first_one_on() -> None:
    for number in range(120):
        nights = [night(earlier) for earlier in range(max(0, number - 60), number)]
        assert codes(night(number), nights) == [], number


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (night(35, 150), "fewer_rows"),
        (night(40, 150), "fewer_rows"),
        (night(35, 1500), "more_than_usual"),
        (replace(TONIGHT, units=14.0), "quantities"),
        (replace(TONIGHT, carriers={"UPS": TONIGHT.rows}), "one_carrier"),
        (replace(TONIGHT, carriers={"": TONIGHT.rows}), "one_carrier"),
        (replace(TONIGHT, number_orders=40), "one_number"),
        (replace(TONIGHT, absent=300, new=40), "most_orders_unknown"),
        (replace(TONIGHT, wrong=TONIGHT.rows - 20, new=20), "most_rows_wrong"),
        (replace(TONIGHT, known=TONIGHT.parcels - 5, new=5, known_days=31), "shipped_before"),
        (replace(TONIGHT, days=30, old=TONIGHT.rows), "old_ship_dates"),
        (replace(TONIGHT, new=10_001, parcels=10_001), "hold_above"),
    ],
)
def test_a_disaster_is_held(file: Profile, code: str) -> None:
    """A Saturday's half file, too: it is compared with Saturdays."""
    assert code in codes(file, KNOWN)


def file_of(parcels: int, **more: Any) -> Profile:
    """A file of so many parcels, all of them new, a row each."""
    return replace(Profile(rows=parcels, parcels=parcels, new=parcels), **more)


WEEKS = [
    file_of(100, weekday=number % 7, units=1.0, carriers={"UPS": 40, "": 60})
    for number in range(35)
]
ONE = WEEKS[0]


@pytest.mark.parametrize(
    ("least", "less", "nights", "code"),
    [
        (file_of(1000, number_orders=20), file_of(1000, number_orders=19), (), "one_number"),
        (file_of(19, number_orders=10), file_of(20, number_orders=10), (), "one_number"),
        (file_of(10, number_orders=10), file_of(9, number_orders=9), (), "one_number"),
        (
            replace(ONE, number_orders=60),
            replace(ONE, number_orders=59),
            [ONE, *(replace(one, number_orders=30) for one in WEEKS)],
            "one_number",
        ),
        (file_of(10, absent=5), file_of(10, absent=4), (), "most_orders_unknown"),
        (file_of(10, absent=9), file_of(9, absent=9), (), "most_orders_unknown"),
        (file_of(1000, absent=9, unlisted=1), file_of(1000, absent=9), (), "most_orders_unknown"),
        (
            replace(ONE, absent=60),
            replace(ONE, absent=59),
            [replace(one, absent=30) for one in WEEKS],
            "most_orders_unknown",
        ),
        (file_of(501), file_of(500), (), "many_mails"),
        (file_of(901), file_of(900), [file_of(300), file_of(5)], "many_mails"),
        (file_of(20, days=8), file_of(20, days=7), (), "old_ship_dates"),
        (file_of(20, days=8), file_of(19, days=8), (), "old_ship_dates"),
        (file_of(301), file_of(300), WEEKS, "more_than_usual"),
        (file_of(301), file_of(300), WEEKS[:7], "more_than_usual"),
        (file_of(10, rows=301), file_of(9, rows=301), WEEKS, "more_than_usual"),
        (file_of(10_001), file_of(10_000), (), "hold_above"),
        (file_of(59), file_of(61), WEEKS, "fewer_rows"),
        (file_of(59), file_of(61), WEEKS[:28], "fewer_rows"),
        (file_of(35), file_of(37), WEEKS[:20], "fewer_rows"),
        (replace(ONE, wrong=50), replace(ONE, wrong=49), WEEKS, "most_rows_wrong"),
        (
            replace(ONE, wrong=60),
            replace(ONE, wrong=59),
            [replace(one, wrong=20) for one in WEEKS],
            "most_rows_wrong",
        ),
        (file_of(10, wrong=9), file_of(9, wrong=9), WEEKS, "most_rows_wrong"),
        (replace(ONE, units=3.1), replace(ONE, units=3.0), WEEKS, "quantities"),
        (file_of(10, units=9.0), file_of(9, units=9.0), WEEKS, "quantities"),
        (
            replace(ONE, carriers={"UPS": 95, "": 5}),
            replace(ONE, carriers={"UPS": 94, "": 6}),
            WEEKS,
            "one_carrier",
        ),
        (replace(ONE, ahead=5, dated=10), replace(ONE, ahead=4, dated=10), (), "ship_dates_ahead"),
        (file_of(10, strangers=2), file_of(10, strangers=1), (), "other_recipients"),
        (file_of(10, strangers=9), file_of(9, strangers=9), (), "other_recipients"),
        (
            replace(ONE, carriers={"DHL": 10}),
            replace(ONE, carriers={"DHL": 9}),
            WEEKS,
            "one_carrier",
        ),
        (
            replace(ONE, known=90, known_days=7),
            replace(ONE, known=89, known_days=7),
            WEEKS,
            "shipped_before",
        ),
        (
            replace(ONE, known=90, known_days=7),
            replace(ONE, known=90, known_days=6),
            WEEKS,
            "shipped_before",
        ),
        (
            file_of(10, known=9, known_days=7),
            file_of(9, known=9, known_days=7),
            WEEKS,
            "shipped_before",
        ),
    ],
)
def test_each_gate_closes_at_its_figure(
    least: Profile, less: Profile, nights: Sequence[Profile], code: str
) -> None:
    """And not a step before."""
    assert code in codes(least, nights)
    assert code not in codes(less, nights)


@pytest.mark.parametrize(
    ("file", "usual", "less", "code"),
    [
        (replace(ONE, known=95, known_days=30), {"known": 46}, {"known": 45}, "shipped_before"),
        (
            replace(ONE, carriers={"UPS": 100}),
            {"carriers": {"UPS": 48, "": 52}},
            {"carriers": {"UPS": 47, "": 53}},
            "one_carrier",
        ),
        (
            replace(ONE, carriers={"UPS": 100}),
            {"carriers": {"UPS": 1}},
            {"carriers": {"": 1}},
            "one_carrier",
        ),
    ],
)
def test_what_a_source_often_sends_is_no_disaster(
    file: Profile, usual: dict[str, Any], less: dict[str, Any], code: str
) -> None:
    """Half of the time."""
    assert code in codes(file, [replace(night, **less) for night in WEEKS])
    assert code not in codes(file, [replace(night, **usual) for night in WEEKS])


def test_one_night_of_one_carrier_makes_it_ordinary() -> None:
    file = replace(ONE, carriers={"UPS": 100})
    assert "one_carrier" not in codes(file, [*WEEKS, replace(ONE, carriers={"UPS": 95, "": 5})])
    assert "one_carrier" in codes(file, [*WEEKS, replace(ONE, carriers={"UPS": 94, "": 6})])


def test_nights_count_from_the_seventh_on() -> None:
    few = replace(ONE, wrong=100)
    assert "most_rows_wrong" not in codes(few, WEEKS[:6])
    assert "most_rows_wrong" in codes(few, WEEKS[:7])


def test_the_figures_are_said() -> None:
    (reason,) = reasons(night(35, 140), KNOWN, GATES)
    assert f"It has {night(35, 140).rows} rows; on a Monday usually" in reason.error
    assert "in 5 earlier files" in reason.error
    (reason,) = reasons(night(28, 140), KNOWN[:28], GATES)
    assert "on a Monday usually" in reason.error
    (reason,) = reasons(night(11, 50), KNOWN[:11], GATES)
    assert "rows; usually 297 rows" in reason.error
    assert "in 11 earlier files" in reason.error


FULL = Profile(
    rows=1200, wrong=900, parcels=1100, new=1050, known=1000, known_days=12, absent=600, units=3.14
)
FULL = replace(FULL, number="1Z1", number_orders=1030, days=31, old=800, weekday=6)
SUNDAYS = [replace(FULL, rows=rows, new=rows // 2) for rows in (900, 3000, 1500)]
EVERY = [*SUNDAYS, replace(FULL, weekday=0)]
LISTED = replace(FULL, unlisted=500)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (messages.orders_unknown(FULL, None), "1,100 parcels, 600 name an order that"),
        (messages.orders_unknown(FULL, None), " this store does not have."),
        (messages.orders_unknown(FULL, 0.12), " does not have; usually it is 12%."),
        (messages.orders_unknown(LISTED, None), "have (500 by its lists alone: too many to ask"),
        (messages.one_number(FULL, None), "number 1Z1 stands on 1,030 orders."),
        (messages.one_number(FULL, 0), " orders; before, it was at most none."),
        (messages.one_number(FULL, 3), " orders; before, it was at most 3."),
        (messages.fewer_rows(FULL, SUNDAYS), "It has 1,200 rows; on a Sunday usually 1,500 rows"),
        (messages.fewer_rows(FULL, SUNDAYS), " rows (900 to 3,000 in 3 earlier files)."),
        (messages.fewer_rows(FULL, EVERY), "1,200 rows; usually 1,350 rows (900 to 3,000 in 4"),
        (messages.more_than_usual(FULL, SUNDAYS), "would mail 1,050 customers; usually 750 sh"),
        (messages.more_than_usual(FULL, SUNDAYS), " shipments (450 to 1,500 in 3 earlier files)."),
        (messages.many_mails(FULL, 0, 500), "source it is the first, and up to 500 go"),
        (messages.many_mails(FULL, 1, 500), "source only 1 earlier file is known, and"),
        (messages.many_mails(FULL, 2, 500), "source only 2 earlier files are known, and"),
        (messages.old_ship_dates(FULL, 7), "and 800 of 1,200 rows were shipped more than 7 days"),
        (messages.quantities(FULL, 1.04), "A row ships 3.1 units, as a geometric mean; usually"),
        (messages.one_carrier("", 1000, 1200, 0.4), "1,000 of 1,200 rows have no carrier;"),
        (messages.one_carrier("UPS", 9, 12, 0.4), "have carrier UPS; usually it is 40%."),
        (messages.most_rows_wrong(FULL, 0.02), "900 of 1,200 rows are wrong; usually it is 2%."),
        (messages.shipped_before(FULL, 0.1), "1,000 were shipped before, 12 days ago"),
        (messages.too_many(FULL, 1000), "1,050 shipments; hold_above is 1,000."),
    ],
)
def test_each_reason_is_said_with_its_figures(held: Finding, said: str) -> None:
    assert said in held.error
    assert held.todo


def test_the_command_that_lets_a_file_go_names_the_store_where_there_are_several() -> None:
    assert messages.release("R1", "") == 'shipbatch decide R1 --file --answer ship --why "…"'
    assert messages.release("R1", "eu").startswith("shipbatch decide R1 --file --answer ship --st")
    assert file_ask("abc", "one_number") == "file:one_number:abc"


@pytest.mark.parametrize("file", [night(35, 110), replace(TONIGHT, units=14.0), night(35, 900)])
def test_while_few_nights_are_known_little_is_said(file: Profile) -> None:
    assert codes(file, KNOWN[:3]) in ([], ["many_mails"])


def test_what_is_wrong_by_itself_is_held_on_the_first_night() -> None:
    assert codes(replace(TONIGHT, absent=TONIGHT.parcels, new=0), ()) == ["most_orders_unknown"]
    assert codes(replace(TONIGHT, number_orders=300), ()) == ["one_number"]
    assert codes(Profile(rows=12, parcels=12, new=12, number="1Z", number_orders=12), ()) == [
        "one_number"
    ]
    assert codes(Profile(rows=40, parcels=40, new=40, number="1Z", number_orders=12), ()) == []
    assert codes(night(0, 900), ()) == ["many_mails"]


def test_a_first_large_file_that_was_let_through_makes_the_next_one_usual() -> None:
    assert codes(night(1, 900), [night(0, 900)]) == []


def test_a_source_that_sends_the_whole_month_each_night_is_usual() -> None:
    """Its rows grow with the month and fall at its end, and most of them are known."""

    def growing(number: int) -> Profile:
        rows = 20 * (1 + number % 30)
        return Profile(
            rows=rows, parcels=rows, new=20, known=rows - 20, known_days=9 if rows > 300 else 2
        )

    for number in range(90):
        assert codes(growing(number), [growing(n) for n in range(number)][-60:]) == [], number


def test_a_holiday_peak_that_grows_over_days_is_let_through() -> None:
    nights = list(KNOWN)
    for number, peak in enumerate((1.2, 1.5, 1.9, 2.3, 2.6, 2.2, 1.8), 35):
        file = night(number, round(300 * peak))
        assert codes(file, nights) == [], peak
        nights.append(file)


def test_a_gate_of_zero_is_open() -> None:
    disaster = replace(
        night(35, 20), units=40.0, absent=300, number_orders=300, wrong=20, days=90, known_days=90
    )
    assert codes(disaster, KNOWN, Gates.open()) == []
    assert codes(replace(disaster, new=20_000, rows=20_000), KNOWN, Gates.open()) == []


def test_a_source_sets_gates_of_its_own() -> None:
    settings = Settings(gates=Gates(hold_above=50, mail_gate=9))
    assert settings.gates_for(Source(gates=Gates(hold_above=70))) == Gates(
        hold_above=70, mail_gate=9
    )


def test_the_age_of_a_file_is_its_median() -> None:
    today = date(2026, 11, 25)
    shipped = {today: 2, today - timedelta(days=30): 5}
    assert ages(shipped, today, old=7) == (30, 5)
    assert ages({}, today, old=7) == (None, 0)
    assert ages({today: 1, today - timedelta(days=2): 1}, today, old=2) == (0, 0)
    assert ages(
        {today: 1, today - timedelta(days=2): 2, today - timedelta(days=3): 1}, today, old=2
    ) == (2, 1)


def test_nothing_known_is_no_share_and_no_figure() -> None:
    assert middle_share([], []) == middle_share([0], [0]) == 0.0
    assert middle_share([1, 0, 3], [2, 0, 4]) == 0.625
    assert not any(Profile().as_data.values())
    assert usual([0, 0]) is None
    assert seasonal([(0, 0)]) == {}
    with pytest.raises(ValueError, match="shorter"):
        middle_share([1, 2], [3])


def test_what_is_usual_is_the_middle_its_spread_and_the_most() -> None:
    """By ratios; a season has its own middle and most, and the spread that all have in common."""
    assert astuple(usual([0, 1, 2, 4]) or Baseline(0, 0, 0)) == pytest.approx((2, 2**5.9304, 4))
    first, second = seasonal([(0, 1), (0, 2), (0, 4), (1, 3), (1, 0)]).values()
    assert astuple(first) == pytest.approx((2, 2 ** (5.9304 / 2), 4))
    assert astuple(second) == pytest.approx((3, 2 ** (5.9304 / 2), 3))


@pytest.mark.parametrize(
    ("kept", "low", "high"),
    [
        (Baseline(100, 1.5, 100), 50, 300),
        (Baseline(100, 4, 100), 25, 400),
        (Baseline(100, 1.5, 200), 50, 400),
    ],
)
def test_a_figure_is_far_off_beyond_the_share_the_spread_and_twice_the_most(
    kept: Baseline, low: int, high: int
) -> None:
    """Of half, and three times."""
    assert [kept.is_outlier_low(figure, 0.5) for figure in (low - 1, low)] == [True, False]
    assert [kept.far_above(figure, 3) for figure in (high, high + 1)] == [False, True]


def test_without_a_mail_gate_the_first_file_passes() -> None:
    assert codes(file_of(5000), (), Gates(mail_gate=0)) == []
    assert codes(file_of(2), (), Gates(mail_gate=1)) == ["many_mails"]
    assert codes(file_of(16), [file_of(5)], Gates(mail_gate=0)) == ["many_mails"]
    assert codes(file_of(15), [file_of(5)], Gates(mail_gate=0)) == []


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        (("2026-11-20",), date(2026, 11, 20)),
        (("2026-11-20T22:14:03Z", "2026-11-20 08:00"), date(2026, 11, 20)),
        (("20.11.2026",), date(2026, 11, 20)),
        (("11/20/2026 10:15 PM",), date(2026, 11, 20)),
        (("20/11/26",), date(2026, 11, 20)),
        (("20261120",), date(2026, 11, 20)),
        (("20 Nov 2026",), date(2026, 11, 20)),
        (("Nov 20, 2026",), date(2026, 11, 20)),
        (("2026年11月20日",), date(2026, 11, 20)),
    ],
)
def test_ship_dates_are_read_as_warehouses_write_them(
    cells: tuple[str, ...], day: date, tmp_path: Path
) -> None:
    export = tmp_path / "export.csv"
    rows = [f'{n},MUG,1,PARCEL{n:06},"{cell}"' for n, cell in enumerate(cells, 1001)]
    export.write_text(
        "\n".join(["Order ID,SKU,Quantity,Tracking Number,Ship Date", *rows]), "utf-8"
    )
    assert dict(load(export, Source()).shipped) == {day: len(cells)}


def test_ship_dates_that_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(
        "Order ID,SKU,Quantity,Tracking Number,Ship"
        " Date\n1,MUG,1,PARCEL1,soon\n2,MUG,1,PARCEL2,31.11.26\n"
    )
    assert load(export, Source()).shipped == {}


def test_what_a_file_looks_like(tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    header = "Order ID,SKU,Quantity,Tracking Number,Carrier"
    rows = [
        "1,MUG,1,SAME0001,UPS",
        "1,CUP,1,SAME0001,UPS",
        "2,MUG,4,SAME0001,UPS",
        "3,MUG,x,OTHER001,DPD",
    ]
    export.write_text("\n".join([header, *rows]))
    profile = load(export, Source()).profile
    assert (profile.rows, profile.wrong, profile.parcels) == (4, 1, 2)
    assert (profile.number, profile.number_orders) == ("SAME0001", 2)
    assert profile.carriers == {"UPS": 3}
    assert profile.units == pytest.approx(4 ** (1 / 3))
    assert Profile.of(profile.as_data) == profile


def test_a_night_goes_from_noon_to_noon() -> None:
    from batch.planning.gates.profile import night_of

    evening = datetime(2026, 11, 25, 23, 50).astimezone()
    assert night_of(evening) == night_of(evening + timedelta(minutes=40)) == 2
    assert night_of(evening.astimezone(UTC)) == 2
    noon = evening.replace(hour=12, minute=0)
    assert (night_of(noon), night_of(noon - timedelta(minutes=1))) == (2, 1)
