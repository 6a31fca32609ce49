"""What lies in a drop folder: which files are whole, what is not taken, and names that no move may lose."""

import os
import sys
import threading
import unicodedata
from pathlib import Path

import pytest

from batch.watcher.arrivals import EMPTY, Arrivals
from batch.watcher.folder_layout import DONE, FolderLayout, unused_path

STILL = 2.0


@pytest.fixture
def place(tmp_path: Path) -> FolderLayout:
    """A drop folder, made."""
    made = FolderLayout(tmp_path / "inbox")
    made.root.mkdir()
    made.make()
    return made


def drop(place: FolderLayout, name: str, text: str = "x") -> Path:
    path = place.root / name
    path.write_text(text)
    return path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_file_is_whole_when_it_has_been_still(place: FolderLayout) -> None:
    """Each change begins the wait anew; the look says when it is worth looking again."""
    arrivals, path = Arrivals(place, STILL), drop(place, "a.csv")
    first = arrivals.scan(10)
    assert (first.ready, first.due) == ([], 12)
    path.write_text("xy")
    assert arrivals.scan(12).ready == []
    assert arrivals.scan(13.9).ready == []
    assert names(arrivals.scan(14).ready) == ["a.csv"]


def test_a_file_renamed_in_is_whole_as_one_copied_in(place: FolderLayout) -> None:
    """Under its unfinished name it is nobody's; under its own it is looked at from then on."""
    arrivals, part = Arrivals(place, STILL), drop(place, "a.csv.filepart")
    assert arrivals.scan(0).due is None
    part.rename(place.root / "a.csv")
    assert arrivals.scan(5).ready == []
    assert names(arrivals.scan(7).ready) == ["a.csv"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who writes")
def test_a_file_that_somebody_has_open_for_writing_is_not_whole(place: FolderLayout) -> None:
    """However long it has been still: a copy over a slow line pauses."""
    arrivals = Arrivals(place, STILL)
    with (place.root / "a.csv").open("w") as writer:
        writer.write("x")
        writer.flush()
        arrivals.scan(0)
        late = arrivals.scan(1000)
        assert (late.ready, late.unready, late.due) == ([], 1, 1002)
    with (place.root / "a.csv").open():  # a reader is no writer
        assert names(arrivals.scan(1002).ready) == ["a.csv"]


def test_an_empty_file_is_waited_for_longer(place: FolderLayout) -> None:
    """Some programs make the name first, and fill it a while later."""
    arrivals = Arrivals(place, STILL)
    drop(place, "a.csv", "")
    arrivals.scan(0)
    assert arrivals.scan(EMPTY - 1).ready == []
    assert names(arrivals.scan(EMPTY).ready) == ["a.csv"]


def test_whole_files_come_in_the_order_in_which_they_were_finished(place: FolderLayout) -> None:
    """What was there before anybody looked comes by its time, then by its name."""
    arrivals = Arrivals(place, STILL)
    for name, changed in (("b.csv", 5), ("a.csv", 5), ("z.csv", 1)):
        os.utime(drop(place, name), (changed, changed))
    arrivals.scan(0)
    os.utime(drop(place, "early.csv"), (0, 0))  # copied later, with its time kept
    arrivals.scan(1)
    assert names(arrivals.scan(9).ready) == ["z.csv", "a.csv", "b.csv", "early.csv"]


@pytest.mark.parametrize(
    "name",
    [
        *("a.part", "a.TMP", "a.csv.filepart", "a.crdownload", "a.csv~", "~$a.xlsx", ".~lock.a.xlsx#", ".a.csv"),
        *("Thumbs.db", "a.error.txt", "a.note.txt"),
    ],
)
def test_what_others_are_writing_or_have_left_is_not_taken(place: FolderLayout, name: str) -> None:
    """Nor our own texts, dropped back in with the files they lay beside."""
    arrivals = Arrivals(place, STILL)
    drop(place, name)
    arrivals.scan(0)
    assert arrivals.scan(1000).ready == []
    assert (place.root / name).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_what_is_no_file_is_named_and_left_alone(place: FolderLayout) -> None:
    """A link out of the folder, a pipe, a folder called like an export; opening a pipe would wait for ever."""
    secret = place.root.parent / "secret.csv"
    secret.write_text("x")
    (place.root / "link.csv").symlink_to(secret)
    (place.root / "broken.csv").symlink_to(place.root / "nowhere")
    os.mkfifo(place.root / "pipe.csv")
    (place.root / "folder.csv").mkdir()
    arrivals = Arrivals(place, STILL)
    arrivals.scan(0)
    look = arrivals.scan(1000)
    assert look.ready == []
    assert look.odd == {
        "link.csv": "a link to another place",
        "broken.csv": "a link to another place",
        "pipe.csv": "a pipe",
        "folder.csv": "a folder",
    }


def test_of_thousands_the_first_are_enough(place: FolderLayout) -> None:
    """A look does not ask of every one who writes it; the others come when these have gone."""
    arrivals = Arrivals(place, STILL)
    for number in range(50):
        os.utime(drop(place, f"{number:02}.csv"), (number, number))
    arrivals.scan(0)
    first = arrivals.scan(2)
    assert names(first.ready) == [f"{number:02}.csv" for number in range(16)]
    assert first.unready == 34
    for path in first.ready:
        path.unlink()
    assert names(arrivals.scan(2).ready)[0] == "16.csv"


def test_nothing_is_remembered_of_what_is_gone(place: FolderLayout) -> None:
    """A watcher lives for weeks."""
    arrivals = Arrivals(place, STILL)
    for number in range(50):
        path = drop(place, f"{number}.csv")
        arrivals.scan(number)
        path.unlink()
    arrivals.scan(99)
    assert not arrivals._seen


def test_many_who_claim_get_each_file_once(place: FolderLayout) -> None:
    """The rename decides, not the look."""
    paths = [drop(place, f"{number}.csv") for number in range(40)]
    got: list[Path] = []

    def claim_all() -> None:
        got.extend(filter(None, map(place.claim, paths)))

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in got) == sorted(path.name for path in paths)
    assert len(list(place.working.iterdir())) == 40


@pytest.mark.parametrize("other", ["Ähre.csv", "ähre.csv", unicodedata.normalize("NFD", "Ähre.csv"), "ÄHRE.CSV"])
def test_a_name_that_some_disk_takes_for_another_one_gets_the_time(place: FolderLayout, other: str) -> None:
    """Upper and lower case, composed and decomposed letters: what is there is never replaced."""
    (place.done / "Ähre.csv").write_text("first")
    moved = drop(place, other, "second").rename(unused_path(place.root / DONE, other))
    again = drop(place, other, "third").rename(unused_path(place.root / DONE, other))
    assert sorted(path.read_text() for path in place.done.iterdir()) == ["first", "second", "third"]
    assert moved.suffix.casefold() == again.suffix.casefold() == ".csv"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other disks refuse such names themselves")
@pytest.mark.parametrize("name", [b"a" * 251 + b".csv", b"b." + b"c" * 253, b"\xff\xfe.csv", b"a\nb\x1b[2J.csv"])
def test_a_name_that_cannot_be_written_or_shown_is_taken_under_one_that_can(place: FolderLayout, name: bytes) -> None:
    """255 bytes leave no room for what is appended; bytes that are no text fit into no ledger and no log."""
    path = Path(os.fsdecode(os.fsencode(place.root) + b"/" + name))
    path.write_text("x")
    claimed = place.claim(path)
    assert claimed is not None
    assert claimed.name.isprintable()
    assert len(claimed.name.encode()) <= 180
    assert claimed.read_text() == "x"
    assert claimed.suffix == path.suffix or len(path.suffix) > 20
