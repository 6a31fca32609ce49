"""A file over SSH, as `sftp` gets it: by ~/.ssh/config, the keys, the agent and known hosts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from batch.config.ownership import require_own
from batch.errors import FileError
from batch.remote_files.addresses import split
from batch.remote_files.copy import CHUNK, PATIENCE, Copy


def fetch(url: str, copy: Copy) -> None:
    """Copy a file; FileError where it is still being written, or the server is not the known one.

    Not by fsspec, which takes any host's key: whoever stands between could say what ships.
    """
    path = unquote(split(url).path)
    with _session(url, copy.where) as session, session.open(path) as file:
        before = file.stat()
        copy.expect(before.st_size)
        file.prefetch(before.st_size)
        while piece := file.read(CHUNK):
            copy.write(piece)
        after = session.stat(path)
        if (before.st_size, before.st_mtime) != (after.st_size, after.st_mtime):
            raise copy.changed_error()


@contextmanager
def _session(url: str, where: str) -> Iterator[Any]:
    """An SFTP session with whom ~/.ssh/config means by the address."""
    import paramiko

    parts = split(url)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # what it says is said below
    config, client = Path.home() / ".ssh" / "config", paramiko.SSHClient()
    told = paramiko.SSHConfig()
    if config.is_file():
        require_own(config, "or take it away")  # ssh refuses it, too
        told = paramiko.SSHConfig.from_path(str(config))
    host = told.lookup(parts.hostname or "")
    client.load_system_host_keys()
    with suppress(OSError):
        client.load_system_host_keys("/etc/ssh/ssh_known_hosts")
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            host.get("hostname", parts.hostname or ""),
            parts.port or int(host.get("port", 22)),
            unquote(parts.username) if parts.username else host.get("user"),
            key_filename=host.get("identityfile"),
            timeout=PATIENCE,
        )
        with client.open_sftp() as session:
            if channel := session.get_channel():
                channel.settimeout(PATIENCE)
            yield session
    except paramiko.BadHostKeyException:
        todo = "Do not accept it before whoever runs the server has said that its key is new."
        raise FileError(
            f"{where}: the server has another key than the one in known_hosts.", todo
        ) from None
    except paramiko.SSHException as error:
        transport = client.get_transport()
        if "known_hosts" in str(error):
            todo = (
                f"Run `sftp {parts.netloc}` once as this user, compare the key that it shows,"
                " and accept it."
            )
            raise FileError(f"{where}: the server's key is not in known_hosts.", todo) from None
        if transport is None or transport.is_authenticated():
            raise
        todo = "Put this user's public key there, or name the key in ~/.ssh/config (IdentityFile)."
        raise FileError(f"{where}: the server does not let this user in.", todo) from None
    finally:
        client.close()
