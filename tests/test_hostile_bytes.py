"""No bytes hold the program: time grows with a file's size at most, and what reads it may die, hang or swell alone."""

import importlib
import inspect
import os
import pkgutil
import re
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from datetime import time as daytime
from pathlib import Path

import pytest

import batch.loader
from batch.config import Source
from batch.errors import FileError, ReaderDied
from batch.loader.cells import money, order_numbers, row_status, skus, tracking_numbers, values
from batch.loader.cells.damage import find_lost_digits, undress
from batch.loader.columns.synonyms import numbered_meaning
from batch.loader.files import reader, reader_limits
from batch.loader.files.detect import content_of
from batch.loader.files.dialect import Dialect, records
from batch.loader.files.html_table import _grids
from batch.loader.files.read import read_tables
from batch.loader.files.row_stream import BrokenStream, decode_rows, encode_rows
from batch.loader.load import load
from batch.loader.rows import ship_dates
from batch.model.sheet_format import read_mark
from batch.watcher.attempts import read_attempt

MODULES = [
    importlib.import_module(f"batch.loader.{found.name}") for found in pkgutil.iter_modules(batch.loader.__path__)
]
PATTERNS = {
    f"{module.__name__}.{name}": pattern
    for module in MODULES
    for name, value in vars(module).items()
    for pattern in (value.values() if isinstance(value, dict) else [value])
    if isinstance(pattern, re.Pattern)
}
"""Every pattern that a module of the loader compiles."""

SOURCE = "".join(map(inspect.getsource, MODULES))

PIECES = (
    *(" ", "0", "1", "9", "a", "A", "-", "a-", "a1", ".", "1.", ",", "#", '"', "'", "=", "<", ">", "\n", "/", "\u0301"),
    *("<!-- -->", "<!--", "<c ", '<c r="A1" ', '<c t="e" r="A1"', "<a:c ", "<f ", "<b ", '<a ">"', "x ", " x", "1x "),
    *("1 x ", "A:\n", "a:", "=a", '--map "a=', "--map a=b ", "&#1", "([required ", "1Z", "1a\n", "\n1", "0-", "\x05"),
)
BEGINNINGS = ("", "1", "1-1-1", "USD", "order", "http://a", "1" + "0" * 20, "1x", "1 jan ", '="', "#", "<c ", "a x")
ENDS = ("!", "\n!")
SIZE = 400
"""Characters; ten times as many take ten times as long, or a hundred times where the square is in it."""


def cost(work: Callable[[str], object], text: str) -> float:
    """Seconds of the processor; the best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        work(text)
        best = min(best, time.process_time() - began)
    return best


def grows(work: Callable[[str], object], make: Callable[[int], str], size: int) -> bool:
    """Whether ten times the text takes more than 25 times as long; what takes no time at all is not looked at."""
    began = time.process_time()
    work(long := make(10 * size))
    if time.process_time() - began < 0.002:
        return False
    return cost(work, long) > 25 * cost(work, make(size)) + 0.001


def hostile(beginning: str, piece: str, end: str) -> Callable[[int], str]:
    return lambda size: beginning + piece * (size // len(piece)) + end


SHAPES = [hostile(beginning, piece, end) for beginning in BEGINNINGS for piece in PIECES for end in ENDS]


def uses(name: str) -> Iterator[Callable[[str], object]]:
    """The pattern as its module uses it; one of which that does not show, as all of a cell."""
    pattern = PATTERNS[name]
    used = re.findall(rf"\b{name.rpartition('.')[2]}\.(search|match|fullmatch|findall|finditer|sub|split)\(", SOURCE)
    is_bytes = isinstance(pattern.pattern, bytes)
    whole = {"match", "fullmatch"}
    for how in {name if name in whole else "search" for name in used or whole}:
        method = getattr(pattern, how)
        yield lambda text, use=method: use(text.encode() if is_bytes else text)


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_takes_linear_time(name: str) -> None:
    """Whatever a cell or a page holds: ten times as much of it takes at most 25 times as long."""
    for use in uses(name):
        slow = [make(40) for make in SHAPES if grows(use, make, SIZE)]
        assert not slow, slow[:3]


READERS: dict[str, Callable[[str], object]] = {
    "content_of": lambda text: content_of(text.encode()),
    "undressed": undress,
    "lost_digits": find_lost_digits,
    "order": order_numbers.order_number,
    "external": order_numbers.external_number,
    "sku": lambda text: (skus.sku(text), skus.items(text), skus.may_be_several(text)),
    "plain skus": lambda text: skus.plain_skus([text]),
    "tracking": tracking_numbers.tracking_number,
    "link": tracking_numbers.link,
    "quantity": values.quantity,
    "identifier": values.identifier,
    "comments": values.comments,
    "cost": money.cost,
    "day": lambda text: ship_dates._read(text, day_first=True),
    "status": row_status.parse_row_status,
    "void": row_status.is_void,
    "header": numbered_meaning,
    "page": _grids,
    "page in a cell": lambda text: _grids(f"<table><td>{text}"),
    "records": lambda text: sum(map(len, records(iter([text]), Dialect(",", width=2)))),
}


@pytest.mark.parametrize("name", READERS)
def test_all_that_reads_a_text_takes_linear_time(name: str) -> None:
    """Not the patterns alone: whatever is called with a cell, a head, a page or a text."""
    marks = [lambda size: "e" + "\u0301\u0327" * (size // 2), lambda size: 'a","b\n' * (size // 6)]
    slow = [make(40) for make in (*SHAPES[::3], *marks) if grows(READERS[name], make, SIZE)]
    slow += [make(40) for make in marks if grows(READERS[name], make, 20_000)]
    assert not slow, slow[:3]


FILES: dict[str, Callable[[int], bytes]] = {
    "a quote never closed": lambda n: b"Order,SKU\n" + b'1","b\n' * n,
    "a quote in the first line": lambda n: b'Order,SKU\n1,"A\n' + b"1001,A\n" * n,
    "stray quotes everywhere": lambda n: b"Order,SKU\n" + b'1,"x"y\n2,"z\n' * n,
    "a record without an end": lambda n: b"Order,SKU\n" + b'"1\n","2\n",\n' * n,
    "rows beyond the header": lambda n: b"Order,SKU\n" + (b"1,A" + b"," * 2000 + b"\n") * (n // 200),
    "code page": lambda n: b"Order,SKU\n" + b"1001,\xe9\n" * n,
    "marks over a letter": lambda n: b"Order,SKU\n1001," + "\u0301\u0327".encode() * n + b"\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_takes_linear_time(name: str, tmp_path: Path) -> None:
    """From its bytes to judged rows, in this process."""
    path = tmp_path / "export.csv"

    def work(text: str) -> None:
        path.write_bytes(FILES[name](int(text)))
        with suppress(FileError):
            load(path, Source())

    assert cost(work, "5000") < 25 * cost(work, "500") + 0.05


def test_forty_eight_comments_are_read(tmp_path: Path) -> None:
    """As many as doubled the time with each one more."""
    path = tmp_path / "export.xls"
    path.write_bytes(b"<!-- -->" * 48 + b"no page")
    assert len(read_tables(path)) == 1


# ── the reader process ──────────────────────────────────────────────────────────────────────


@contextmanager
def meeting_readers(act: Callable[[int], object]) -> Iterator[list[int]]:
    """While it lasts, something is done to each reader as it starts."""
    met: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.001):
            for process in list(reader._READERS):
                if process.pid not in met and act(process.pid) is not False:
                    met.append(process.pid)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield met
    finally:
        over.set()
        looking.join()


def page(path: Path, rows: int = 20_000) -> Path:
    path.write_text("<table>" + "<tr><td>Order<td>SKU" * rows)
    return path


def test_the_reader_gets_nothing_of_our_environment_but_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SHIPBATCH_NOTIFY", "SHIPBATCH_DATABASE", "BIGCOMMERCE_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a secret")
    seen: list[bytes] = []

    def note(pid: int) -> object:
        told = Path(f"/proc/{pid}/environ").read_bytes()
        if b"reader_process" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return False  # not yet the program
        seen.append(told)
        return None

    with meeting_readers(note):
        read_tables(page(tmp_path / "page.xls"))
    assert seen
    assert {line.split(b"=")[0].decode() for line in seen[0].split(b"\0") if line} <= {*reader.NEEDED, "PYTHONPATH"}


def test_a_reader_that_is_killed_is_named(tmp_path: Path) -> None:
    with meeting_readers(lambda pid: os.kill(pid, signal.SIGKILL)), pytest.raises(ReaderDied, match="by SIGKILL"):
        read_tables(page(tmp_path / "page.xls"))


def test_a_reader_that_hangs_is_ended_at_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_limits, "SECONDS", 1)
    stopping = meeting_readers(lambda pid: os.kill(pid, signal.SIGSTOP))
    with stopping as met, pytest.raises(ReaderDied, match="within 1 s"):
        read_tables(page(tmp_path / "page.xls"))
    assert not Path(f"/proc/{met[0]}").exists()


def test_a_text_has_the_same_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_limits, "SECONDS", -1)
    path = tmp_path / "export.csv"
    path.write_bytes(b"Order,SKU\n1001,A\n")
    with pytest.raises(FileError, match="within -1 s"):
        load(path, Source())


def test_many_columns_take_linear_time(tmp_path: Path) -> None:
    """Each of them might be the SKU: the question names some, and follows each answer to its end."""
    path = tmp_path / "export.csv"

    def work(text: str) -> None:
        width = int(text)
        lines = [
            [f"Code {n % 100}" for n in range(width)],
            *([f"AB-{n * row}" for n in range(width)] for row in range(1, 20)),
        ]
        path.write_text("".join(f"{','.join(line)},{at or 'Order'}\n" for at, line in enumerate(lines)))
        with pytest.raises(FileError, match="columns could be sku"):
            load(path, Source())

    assert cost(work, "1000") < 25 * cost(work, "100")


SWELLING: dict[str, Callable[[], bytes]] = {
    "cells that span": lambda: b"<table>" + b"<tr>" + b"<td colspan=200>a" * 1_000_000,
    "cells that span down": lambda: b"<table>" + b"<tr><td colspan=200 rowspan=200>a" * 500,
    "tables in tables": lambda: b"<table><tr><td>" * 200_000,
    "a comment that never ends": lambda: b"<table><!--" * 200_000,
    "a tag that never ends": lambda: b"<table>" + b'<a ">"' * 200_000,
    "a reference of digits": lambda: b"<table><tr><td>1<td>&#" + b"9" * 100_000 + b";<tr><td>1<td>2",
}


@pytest.mark.parametrize("name", SWELLING)
def test_a_page_that_swells_is_read_or_refused_within_its_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "page.xls"
    path.write_bytes(SWELLING[name]())
    said: list[FileError] = []
    try:
        read_tables(path)
    except FileError as error:
        said.append(error)
    assert not any(isinstance(error, ReaderDied) for error in said)


def test_a_list_of_thousands_of_parts_is_not_read_for_a_mark(tmp_path: Path) -> None:
    """The mark is looked for in this process, whatever the file; a workbook of ours has a few dozen parts."""
    path = tmp_path / "export.xlsx"
    mark = '<Properties xmlns="x"><property name="shipbatch"><x>{"run": "r"}</x></property></Properties>'
    for parts, is_read in ((1, True), (20, False)):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("docProps/custom.xml", mark)
            for number in range(parts):
                archive.writestr(f"{number}" + "x" * 65_000, b"")
        assert (read_mark(path) is not None) is is_read


def test_frames_give_back_what_was_put_in() -> None:
    rows = [
        ["a", 1.5, True, "x\x1fy", None],
        ["b", 2.0, 7, datetime(2026, 1, 2, 3), date(2026, 1, 2)],
        [],
        [""],
        [daytime(1), timedelta(hours=30)],
    ]
    for some in (rows, rows[:2], [["a", 1.0]] * 3, [[]] * 4, [["", ""]]):
        assert decode_rows(encode_rows(some)) == some


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]\n",
        b'{"rows": 2, "widths": null, "columns": [["t", 1]]}\na',
        b'{"rows": 1, "widths": [9], "columns": [["m", 12]]}\n["z", ["a"]]',
        b"\x80\x04N.",
    ],
)
def test_what_the_reader_does_not_write_is_not_taken(content: bytes) -> None:
    """Also where its process has been taken over by the file: nothing but cells comes out of it."""
    with pytest.raises(BrokenStream):
        decode_rows(content)


def test_nothing_of_the_loader_unpickles() -> None:
    for module in MODULES:
        assert not re.search(r"\b(pickle|marshal)\b", inspect.getsource(module)), module


# ── what the watcher remembers ──────────────────────────────────────────────────────────────


def test_a_file_on_which_the_watcher_died_twice_is_given_up(tmp_path: Path) -> None:
    """The count lies in the home, so that a watcher started anew knows it; the next file of the name begins at none."""
    file = tmp_path / "export.xls"
    file.write_bytes(b"x")
    for _ in range(2):
        if not (child := os.fork()):
            with read_attempt(file, tmp_path):
                os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
    with pytest.raises(FileError, match="2 times"), read_attempt(file, tmp_path):
        pass
    with read_attempt(file, tmp_path):
        pass
    assert not list((tmp_path / "reading").iterdir())
