"""An SFTP server on this machine: real SSH over a real socket, one folder, one user's key."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko


class _Login(paramiko.ServerInterface):
    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key == self._key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"


def _stat(path: Path) -> Any:
    found = paramiko.SFTPAttributes.from_stat(path.stat())
    if "short" in path.name:  # as if less of it came than there is
        found.st_size = (found.st_size or 0) + 1
    return found


class _File(paramiko.SFTPHandle):
    def stat(self) -> Any:
        return _stat(Path(self.readfile.name))  # type: ignore[attr-defined]


class _Folder(paramiko.SFTPServerInterface):
    root = Path()

    def stat(self, path: str) -> Any:
        if "growing" in path:  # as if its writer were at it
            with (self.root / path.lstrip("/")).open("a") as file:
                file.write("\n")
        try:
            return _stat(self.root / path.lstrip("/"))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            file = (self.root / path.lstrip("/")).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = _File(flags)
        handle.readfile = file  # type: ignore[attr-defined]
        return handle


@contextmanager
def sftp_server(root: Path, host_key: paramiko.PKey, user_key: paramiko.PKey) -> Iterator[int]:
    """Serve a folder for reading; its port."""
    served = type("Served", (_Folder,), {"root": root})
    transports: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                transport = paramiko.Transport(connection)
                transport.add_server_key(host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
                transports.append(transport)
                transport.start_server(event=threading.Event(), server=_Login(user_key))

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for transport in transports:
        transport.close()
