"""A drop folder in which somebody puts links, other people's files and other things than exports in
the way.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from dock import Dock
from shop import HEADER, OpenShop, Watched, dense, number, table

from batch.watcher.folder_layout import ROOMS, FolderLayout, UnsafeEntry, entry


@pytest.fixture
async def dock(shop: OpenShop) -> Dock:
    return Dock(await shop(dense(8)))


def mug(order_id: int) -> tuple[object, ...]:
    return order_id, "MUG", 1, number(order_id)


@pytest.mark.parametrize("room", ROOMS)
async def test_a_room_that_is_a_link_is_refused_by_name(dock: Dock, room: str) -> None:
    """Nothing is taken from where it leads, nothing is put there; with a folder in its place it
    goes on.
    """
    theirs = dock.shop.home.parent / "theirs"
    theirs.mkdir()
    (theirs / "private.csv").write_text(table(mug(107), header=HEADER))
    (dock.inbox / room).symlink_to(theirs, target_is_directory=True)
    dock.drop("a.csv", mug(100))
    async with dock.watched():
        await dock.until(lambda: dock.said(f"{dock.inbox / room} is a link to another place"))
        assert f"{room} is a link" in dock.told
        assert dock.shop.posts == 0
        (dock.inbox / room).unlink()
        await dock.filed("done/a.csv")
    assert [order_id for order_id, *_ in dock.shop.made()] == [100]
    assert [path.name for path in theirs.iterdir()] == ["private.csv"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives folders away")
async def test_a_room_of_somebody_else_is_refused(dock: Dock) -> None:
    """The watcher's, root's and the folder's owner's are good; a third user's is named with its
    number.
    """
    (dock.inbox / "done").mkdir()
    os.chown(dock.inbox / "done", 12345, 12345)
    dock.drop("a.csv", mug(100))
    async with dock.watched():
        await dock.until(lambda: dock.said("done belongs to user 12345"))
        assert dock.shop.posts == 0
        os.chown(dock.inbox, 12345, 12345)
        await dock.filed("done/a.csv")


THINGS: dict[str, Callable[[Path, Path], None]] = {
    "hard link": lambda place, theirs: place.hardlink_to(theirs),
    "a link to": lambda place, theirs: place.symlink_to(theirs),
    "a pipe": lambda place, theirs: os.mkfifo(place),
    "a folder": lambda place, theirs: place.mkdir(),
}


@pytest.mark.parametrize("words", THINGS)
async def test_what_is_no_file_of_its_own_is_left_alone(dock: Dock, words: str) -> None:
    """It is told of, and the next file is taken."""
    theirs = dock.shop.home.parent / "theirs.csv"
    theirs.write_text(table(mug(107), header=HEADER))
    THINGS[words](dock.inbox / "a.csv", theirs)
    dock.drop("b.csv", mug(100))
    async with dock.watched():
        await dock.filed("done/b.csv")
    assert dock.said(words) == 1
    assert [order_id for order_id, *_ in dock.shop.made()] == [100]
    assert (dock.inbox / "a.csv").exists()


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes with names")
async def test_a_pipe_under_a_sheets_name_holds_nobody(shop: OpenShop) -> None:
    """Beside the file in `working`, and in the place of a held file's sheet: the next file ships,
    and the watcher hears that it is to stop.
    """
    dock = Dock(await shop(dense(30)))
    (dock.inbox / "working").mkdir()
    os.mkfifo(dock.inbox / "working" / "a.results.xlsx")
    dock.drop("a.csv", *((100 + n, "MUG", 1, number(7)) for n in range(24)))
    async with dock.watched():
        await dock.until(lambda: "a.results.xlsx" in dock.there("held"))
        await dock.until(lambda: dock.there("working") == ["a.results.xlsx"])
        sheet = dock.inbox / "held" / "a.results.xlsx"
        sheet.unlink()
        os.mkfifo(sheet)
        await asyncio.sleep(30)  # virtual seconds: it is looked at
        dock.drop("b.csv", mug(125))
        await dock.until(lambda: "b.csv" in dock.there("done"))
    assert [order_id for order_id, *_ in dock.shop.made()] == [125]


async def test_a_configuration_is_no_export(dock: Dock) -> None:
    """A dropped `shipbatch.toml` is moved nowhere."""
    (dock.inbox / "shipbatch.toml").write_text("workers = 1\n")
    dock.drop("b.csv", mug(100))
    async with dock.watched():
        await dock.filed("done/b.csv")
    assert (dock.inbox / "shipbatch.toml").is_file()
    assert dock.said("a configuration of shipbatch") == 1


@pytest.mark.parametrize("words", ["hard link", "a link to", "a pipe"])
async def test_what_is_put_there_between_look_and_claim_is_not_read(
    dock: Dock, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """The name was a whole export's, and is another thing's now: it goes to `failed` unread, with
    what it is.
    """
    theirs = dock.shop.home.parent / "theirs.csv"
    theirs.write_text(table(mug(107), header=HEADER))
    dropped = dock.drop("a.csv", mug(100))

    def swap(point: str) -> None:
        if point == "before-claim" and dropped.exists():
            dropped.unlink()
            THINGS[words](dropped, theirs)

    monkeypatch.setattr("batch.primitives.failpoints.failpoint", swap)
    async with dock.watched():
        await dock.filed("failed/a.error.txt")
    assert words in (dock.inbox / "failed" / "a.error.txt").read_text("utf-8-sig")
    assert dock.shop.posts == 0


async def test_a_file_swapped_between_look_and_claim_is_whole_before_it_is_run(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an export under the same name: it is run once it has been whole for a while, and all of
    it ships.
    """
    dropped, grows = dock.drop("a.csv", mug(100)), []

    def swap(point: str) -> None:
        if point == "before-claim" and not grows:
            grows.append(table(mug(101), header=HEADER))
            (dock.inbox / "new.part").write_text(grows[0])
            (dock.inbox / "new.part").replace(dropped)

    monkeypatch.setattr("batch.primitives.failpoints.failpoint", swap)
    async with dock.watched():
        await dock.until(lambda: dock.there("working"))
        whole = table(mug(101), mug(102), header=HEADER)
        (dock.inbox / "working" / "a.csv").write_text(whole)
        await dock.filed("done/a.csv")
    assert [order_id for order_id, *_ in dock.shop.made()] == [101, 102]
    with dock.shop.ledger() as ledger:
        assert len(ledger.runs()) == 1  # the half was not run


async def test_what_is_run_is_what_was_opened(dock: Dock) -> None:
    """A link put in its place while it is run is not followed: the rows are those of the file, the
    link is refused.
    """
    theirs = dock.shop.home.parent / "theirs.csv"
    theirs.write_text(table(mug(107), header=HEADER))
    dock.drop("a.csv", mug(100))
    working = dock.inbox / "working" / "a.csv"

    def swap(method: str, *_: object) -> None:
        if method == "GET" and working.exists() and not working.is_symlink():
            working.unlink()
            working.symlink_to(theirs)

    dock.shop.box.faults = Watched(swap)
    async with dock.watched():
        await dock.until(lambda: "a.csv" not in dock.there("working") and dock.there("failed"))
    assert [order_id for order_id, *_ in dock.shop.made()] == [100]


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be held open")
def test_a_room_swapped_for_a_link_is_not_moved_into(tmp_path: Path) -> None:
    """Between the check and the move, too: rooms are opened without following links."""
    place, theirs = FolderLayout(tmp_path / "in"), tmp_path / "theirs"
    for folder in (place.root, theirs):
        folder.mkdir()
    place.make()
    (place.root / "a.csv").write_text("x")
    place.done.rmdir()
    place.done.symlink_to(theirs)
    with pytest.raises(UnsafeEntry, match="done is a link"):
        place.move(place.root / "a.csv", place.done / "a.csv")
    place.check = lambda: None  # type: ignore[method-assign]
    with pytest.raises(OSError, match=r"done|directory|links"):
        place.move(place.root / "a.csv", place.done / "a.csv")
    assert not list(theirs.iterdir())


def test_what_is_not_a_room_is_moved_nowhere(tmp_path: Path) -> None:
    place = FolderLayout(tmp_path / "in")
    place.root.mkdir()
    place.make()
    (place.root / "a.csv").write_text("x")
    with pytest.raises(UnsafeEntry, match="is no room"):
        place.move(place.root / "a.csv", tmp_path / "a.csv")
    assert entry(place.root / "a.csv")
