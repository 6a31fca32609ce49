"""Files from s3://, by an emulator in a process of its own: one version, whole, up to the cap, of
its own name.
"""

import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch.errors import FileError
from batch.remote_files import fetch_file, object_stores
from batch.remote_files.copy import Copy

s3fs = pytest.importorskip("s3fs")
pytest.importorskip("moto")

Put = Callable[[str, bytes], None]
BIG = 30_000_000  # bytes; more than what is asked for at once


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The emulator's address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ)
    ) as process:
        assert process.stderr
        while b"Running on" not in process.stderr.readline():
            assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def put(server: str, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Puts an object into the bucket; the user's own cloud profile leads to the emulator."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(skip_instance_cache=True)
    files.makedirs("depot", exist_ok=True)
    return lambda key, content: files.pipe_file(f"depot/{key}", content)


def test_one_name_under_two_keys_is_two_files(put: Put, tmp_path: Path) -> None:
    """Also where the key has what an address or a path would take for something else."""
    keys = {
        "north/export.csv": b"north",
        "south/export.csv": b"south",
        "a#b.csv": b"odd",
        "..%2Fx.csv": b"up",
    }
    for key, content in keys.items():
        put(key, content)
    made = {key: fetch_file(f"s3://depot/{key}", tmp_path) for key in keys}
    assert {key: path.read_bytes() for key, path in made.items()} == keys
    assert {path.parent.parent for path in made.values()} == {tmp_path / "fetched"}


@pytest.mark.parametrize("length", [BIG, 10])
def test_an_object_that_is_replaced_while_it_comes_is_not_taken(put: Put, length: int) -> None:
    """It comes in ranges; two versions are never put together."""
    put("big.csv", b"1" * length)

    class Slow(io.BytesIO):
        def write(self, piece: object) -> int:
            if not self.tell():
                put("big.csv", b"2" * length)
            return super().write(piece)  # type: ignore[arg-type]

    with pytest.raises((FileError, OSError)) as refused:
        object_stores.fetch("s3://depot/big.csv", Copy(Slow(), "s3://depot/big.csv"))
    assert "replaced" in str(refused.value) or "no longer" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://depot/export.csv", "at most 4"),
        ("s3://depot/gone.csv", "no such file"),
        ("s3://depot/folder", "no such file"),
        ("s3://depot/*.csv", "no such file"),
        ("s3://depot/x::http://127.0.0.1/y", "no address of a file"),
    ],
)
def test_what_is_not_taken(put: Put, tmp_path: Path, url: str, said: str) -> None:
    """Too large, not there, a folder, a pattern, several addresses in one: nothing is left."""
    put("export.csv", b"large")
    put("folder/x.csv", b"x")
    with pytest.raises(FileError, match=said):
        fetch_file(url, tmp_path, 4)
    assert not [*tmp_path.glob("fetched/*")]
