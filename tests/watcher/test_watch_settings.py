"""Drop folders in `shipbatch.toml`: where they lie, whose store they are, and what a mistake is
answered with.
"""

from pathlib import Path
from typing import Any

import pytest

from batch import config
from batch.errors import ConfigError


def read(tmp_path: Path, text: str) -> config.Settings:
    path = tmp_path / "shipbatch.toml"
    path.write_text(text, "utf-8")
    environ: dict[str, Any] = {
        "SHIPBATCH_CONFIG": str(path),
        "SHIPBATCH_HOME": str(tmp_path / "home"),
    }
    return config.load_settings({}, environ=environ)


def test_a_folder_has_a_path_a_store_and_a_source(tmp_path: Path) -> None:
    """A relative path is told from the file that names it, wherever the watcher is started."""
    made = read(tmp_path, '[folders.acme]\npath = "inbox"\nstore = "eu"\nsource = "acme"\n')
    (folder,) = made.folders
    assert (folder.name, folder.path, folder.store, folder.source) == (
        "acme",
        tmp_path / "inbox",
        "eu",
        "acme",
    )
    assert made.folder_at(tmp_path / "inbox") == folder


def test_a_folder_that_is_not_in_the_file_has_nothing_set(tmp_path: Path) -> None:
    """`shipbatch watch FOLDER` needs no file."""
    folder = read(tmp_path, "").folder_at(tmp_path / "elsewhere")
    assert (folder.path, folder.store, folder.source, folder.still) == (
        tmp_path / "elsewhere",
        "",
        "",
        None,
    )


@pytest.mark.parametrize(
    "text", ['store = "eu"', "path = 7", 'path = "a"\nstill = 0', 'path = "a"\nspeed = 3']
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str) -> None:
    """No path, a path that is none, a time that is none, a key that nobody knows."""
    with pytest.raises(ConfigError, match=r"folders"):
        read(tmp_path, f"[folders.acme]\n{text}\n")
