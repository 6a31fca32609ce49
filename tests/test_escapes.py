"""Control characters of a file are shown, never obeyed: on the terminal, in letters, the log, messages and sheets."""

import io
import json
import unicodedata
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from dock import Dock
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from shop import HEADER, dense, number, table
from terminal import Said, Terminal
from test_watch import dock  # noqa: F401  the fixture

from batch.cli.progress import BarProgress, LineProgress
from batch.errors import FileError
from batch.model.sheet_format import Mark
from batch.monitoring import of_error
from batch.monitoring.log import LogEvent
from batch.primitives.escapes import json_line, letter, visible
from batch.sandbox import Quota, Sandbox

EVIL = "\x1b[31m\x1b]0;owned\x07\x9b2J\x7f\u202e\u2066\u200f\u061c\u200b\u2028\u2029\u00ad\ufeff\U000e0041\u3164\u034f"
"""Colours, a title, a cleared screen; reversed text, blanks of no width, line ends of other kinds, fillers."""
CELL = EVIL.replace("\x1b]0;owned\x07", "")
"""Fewer of C0: a text that is full of them is no text."""
LINES = "\r\nforged: 2 shipped"
MARKUP = "[bold]:warning:[link=x]"
NAMED = f"a{EVIL}\nforged{MARKUP}.csv"
"""A file's name, as a disk takes it."""
OpenSandbox = Callable[..., Awaitable[Sandbox]]


def unseen(text: str) -> list[str]:
    """What of a text a person would not see as it is, line ends apart."""
    hidden = "\u3164\u034f"
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [c for c in text if c != "\n" and (unicodedata.category(c) in kinds or c in hidden)]


def check(said: Said) -> str:
    """What was printed is clean, and no line of it was forged."""
    assert unseen(said.all) == []
    assert not [line for line in said.all.splitlines() if line.strip().startswith("forged")]
    assert "Traceback" not in said.all
    return said.all


@given(st.text())
def test_all_of_a_text_can_be_seen_and_json_stays_json(text: str) -> None:
    """In one line; nothing is escaped twice, and what can be seen is left alone."""
    shown = visible(text)
    assert unseen(shown) == []
    assert "\n" not in shown
    assert visible(shown) == shown
    assert json.loads(json_line({text: text})) == {text: text}


def test_escapes_are_those_of_json() -> None:
    assert (
        visible("a\x1b\n\t\u202e\U000e0041\ud800é 番\u3000\\")
        == "a\\u001b\\n\\t\\u202e\\udb40\\udc41\\ud800é 番\u3000\\"
    )


@pytest.fixture
async def shell(sandbox: OpenSandbox, tmp_path: Path) -> Terminal:
    """A store of ten orders from 100 on, and a terminal."""
    return Terminal(tmp_path, await sandbox(dense(10), quota=Quota(requests=10_000)))


ROWS: list[tuple[object, ...]] = [
    (100, f"MUG{CELL}{LINES}", 1, number(1), f"UPS{CELL}{LINES}{MARKUP}", f"x{CELL}"),
    (101, "MUG", f"1{CELL}{LINES}", number(2), "", ""),
    (f"102{CELL}{LINES}", "MUG", 1, number(3), "", ""),
    (103, "MUG", 1, f"1Z{CELL}{LINES}{MARKUP}", "", ""),
    (104, "MUG", 1, number(5), f"Nobody's{CELL}{LINES}{MARKUP}", f"=cmd{CELL}"),
    (105, f"a{CELL}\u0430", 1, number(6), "", ""),
    (106, "MUG", 1, f"https://track.example/{CELL}", "", ""),
]
WIDE = (*HEADER, f"Carrier{CELL}{LINES}{MARKUP}", f"Note{CELL}{LINES}")


async def test_a_run_shows_what_it_quotes(shell: Terminal) -> None:
    """Plan, run, its sheets, then all that looks back at it: not a byte of the file is obeyed anywhere."""
    shell.write(NAMED, table(*ROWS, header=WIDE))
    commands = [
        ("run", "--dry-run", "--map", "carrier=E", NAMED),
        ("run", "--map", "carrier=E", NAMED),
        ("history",),
        ("find", "--offline", f"MUG{CELL}"),
        ("decide",),
        ("decide", f"x{EVIL}{LINES}", "--answer", f"y{EVIL}"),
        ("run", f"--x{EVIL}{LINES}"),
        ("run", f"--map=x{EVIL}{LINES}=y", NAMED),
        (f"x{EVIL}{LINES}",),
        ("run", "--quiet", NAMED),
        ("run", "--log-format", "json", NAMED),
    ]
    said = [check(await shell(*words)) for words in commands]
    assert "\\u001b[31m" in said[1]
    assert "\\nforged[bold]:warning:[link=x].csv: 7 rows" in said[1]
    for words in (("run", "--json", NAMED), ("find", "--offline", "--json", "104")):
        answer = await shell(*words)
        assert unseen(answer.out) == []
        assert answer.json
    logs = [path.read_text("utf-8") for path in (shell.home / "logs").iterdir()]
    assert [unseen(log) for log in logs] == [[]]
    assert "forged" not in {line[:6] for line in logs[0].splitlines()}


async def test_its_sheets_open_and_our_words_in_them_are_seen(shell: Terminal) -> None:
    """The export's own cells stay as they are; a plan is found again by its file's odd name."""
    shell.write(NAMED, table(*ROWS, header=WIDE))
    plan = Path((await shell("run", "--dry-run", "--json", "--map", "carrier=E", NAMED)).json["results"])
    book = openpyxl.load_workbook(plan)
    ours = [*book["Summary"].iter_rows(values_only=True)]
    page = book["Results"]
    header = [str(cell.value) for cell in page[1]]
    ours += [[row[header.index(name)] for name in ("Error", "What To Do")] for row in page.iter_rows(values_only=True)]
    assert [text for row in ours for text in row if unseen(str(text))] == []
    ran = await shell("run", "--json", "--plan", plan)
    assert (ran.status, ran.json["created"]) == (1, 1), ran.all


@pytest.mark.parametrize("text", [f"/a{EVIL}/b", '"quoted"', "C:\\new", "plain", "x\x1b"])
def test_a_mark_keeps_a_name_as_it_is(text: str, tmp_path: Path) -> None:
    """In XML that every program can read."""
    from batch.model.sheet_format import read_mark

    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, value in Mark("run", file=text).properties.items():
            book.set_custom_property(name, value, "text")
    mark = read_mark(path)
    assert mark is not None
    assert mark.file == text


def book(*sheets: str) -> bytes:
    """A workbook with sheets of these names."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as made:
        for name in sheets:
            made.add_worksheet(name).write_row(0, 0, [f"Ord{EVIL}", "Nothing"])
            made.get_worksheet_by_name(name).write_row(1, 0, ["x", "y"])
    return stream.getvalue()


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, table((100, "MUG", 1, number(1))))
    return stream.getvalue()


HOSTILE: dict[str, bytes] = {
    "sheets.xlsx": book("a\u202eb\u2028c", "d\u2066"),
    "members.zip": zipped(f"a{EVIL}{LINES}.csv", f"b{EVIL}.csv"),
    "member.zip": zipped(f"a{EVIL}{LINES}.csv"),
    "headers.csv": f"Ord{EVIL},Who{MARKUP}\r\n1{EVIL},2\r\n".encode(),
    "sep.csv": f"sep=\x1b\nOrder ID\x1bSKU{EVIL}\n1\x1b2\n".encode(),
    f"{NAMED}.pdf": b"%PDF-1.7\n\xe2\xe3",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_within_files_are_shown(shell: Terminal, name: str) -> None:
    """Of sheets, of what is inside archives, of headers that nobody knows: in what is said and in the log."""
    (shell.folder / name).write_bytes(HOSTILE[name])
    check(await shell("run", name))


async def test_letters_and_the_watchers_words_are_seen(dock: Dock) -> None:  # noqa: F811
    """What lies beside a file that came back, what was said meanwhile, `status` and the log."""
    async with dock.watched():
        dock.drop("good.csv", *ROWS, header=[*HEADER, "Carrier", "Note"])
        for name, content in HOSTILE.items():
            (dock.inbox / name).write_bytes(content)
        await dock.until(lambda: not any(each.is_file() for each in dock.inbox.iterdir()) and not dock.there("working"))
    letters = list(dock.inbox.rglob("*.txt"))
    assert len(letters) >= 4
    for path in letters:
        assert unseen(path.read_text("utf-8-sig")) == []
        assert "\nforged" not in path.read_text("utf-8-sig")
    assert [path.name for path in dock.inbox.rglob("*") if unseen(path.name)] == []
    assert unseen(dock.log) == []
    stream = io.StringIO()
    lines = LineProgress(Console(file=stream, width=80))
    for line in [*dock.screen.lines, *dock.told.split("\n")]:
        lines.say(line)
    assert unseen(stream.getvalue()) == []
    assert "\nforged" not in stream.getvalue()


@pytest.mark.parametrize("screen", [LineProgress, BarProgress])
def test_a_screen_takes_nothing_for_markup(screen: Callable[[Console], LineProgress | BarProgress]) -> None:
    """Neither on a terminal, where colours would be shown."""
    stream = io.StringIO()
    screen(Console(file=stream, force_terminal=True, width=200)).say(
        f"{MARKUP} 12 \x1b[2J [link=http://e]x[/link] \\[b]"
    )
    assert stream.getvalue() == "[bold]:warning:[link=x] 12 \\u001b[2J [link=http://e]x[/link] \\[b]\n"


def test_a_line_of_the_log_is_one_line() -> None:
    """In either form; JSON says what it was."""
    from datetime import UTC, datetime

    event = LogEvent("refused", facts={"file": NAMED, "trouble": {f"new {EVIL}": 1}})
    for form in ("text", "json"):
        line = event.line(form, datetime.now(UTC))
        assert unseen(line) == []
        assert "\n" not in line
    assert json.loads(line)["file"] == NAMED


def test_a_letter_and_a_digest_have_the_lines_they_are_given() -> None:
    assert letter(["a\nb", "", "\x1b"]) == "a\\nb\n\\u001b\n"
    digest = of_error(FileError(f"{NAMED} is damaged."), NAMED, 2)
    assert len(list(map(visible, digest.lines))) == 2


def test_a_claimed_file_has_a_name_to_show() -> None:
    """A dropped file's odd name becomes one that can be shown."""
    from batch.watcher.folder_layout import safe_name

    assert unseen(safe_name(NAMED)) == []
    assert safe_name("Größe 番号.csv") == "Größe 番号.csv"
