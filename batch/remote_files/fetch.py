"""A file by its address, fetched into a place of its own."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from batch.config.settings import LARGEST_FETCH
from batch.errors import FileError, ShipbatchError
from batch.primitives.atomic_file import private_folder, sibling_temp_file
from batch.remote_files.addresses import EXTRAS, WEB, check_typed, name_of, redact_url
from batch.remote_files.copy import Copy

FOLDER = "fetched"


def fetch_file(url: str, home: Path, largest: int = LARGEST_FETCH) -> Path:
    """Fetch a file of at most `largest` bytes into the home, whole or not at all; or FileError.

    Each fetch has a new folder: what else is fetched under the same name, from another address, for
    another store or by another run, never takes its place. Credentials are those of the address's
    own programs (SSH keys, AWS profiles …): in the address, the process list would show them.
    """
    check_typed(url)
    where = redact_url(url)
    scheme = where.partition(":")[0]
    try:
        return _fetch_checked(url, scheme, home, largest)
    except ImportError:
        raise FileError(
            f"{where}: {scheme}:// needs a library that is not installed.",
            f"Run: pip install 'shipbatch[{EXTRAS[scheme]}]'.",
        ) from None
    except FileNotFoundError:
        raise FileError(
            f"{where}: there is no such file.", "Check the name, and whether it has been sent."
        ) from None
    except ShipbatchError:
        raise
    except Exception as error:  # noqa: BLE001  each protocol's library has exceptions of its own
        # "No space left on device"
        why = (type(error) is OSError and error.strerror) or type(error).__name__
        raise FileError(
            f"{where} cannot be fetched: {why}.", "Check the address, its credentials, the network."
        ) from None


def _fetch_checked(url: str, scheme: str, home: Path, largest: int) -> Path:
    private_folder(home / FOLDER)
    now = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    folder = Path(tempfile.mkdtemp(prefix=f"{now}-", dir=home / FOLDER))
    target = folder / Path(name_of(url)).name  # never elsewhere, whatever it is
    try:
        with sibling_temp_file(target) as part:
            with part.open("wb") as file:
                copy = Copy(file, redact_url(url), largest)
                _source(scheme)(url, copy)
                copy.end()
            return part.replace(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _source(scheme: str) -> Callable[[str, Copy], None]:
    """What knows this kind of address; its library is loaded for it alone."""
    if scheme in WEB:
        from batch.remote_files import https

        return https.fetch
    if EXTRAS[scheme] == "sftp":
        from batch.remote_files import sftp

        return sftp.fetch
    from batch.remote_files import object_stores

    return object_stores.fetch
