"""A store is one store however its address is written: one spelling of origin and name."""

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HERE = "127.0.0.1"  # what all of them are called in a store's name
_PORTS = {"http": 80, "https": 443}
_STORES = "/stores/"
_ODD = "surrogateescape"  # bytes that are no UTF-8 stay as they are
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")


def one_spelling(url: str) -> str:
    """An address to put before a path, in one spelling of case, port, dot, slash and script.

    Raises ValueError where it is not a plain http(s) address of a host.
    """
    parts = urlsplit(url.strip())
    if (
        parts.scheme not in _PORTS
        or "@" in parts.netloc
        or not parts.hostname
        or parts.query
        or parts.fragment
    ):
        raise ValueError("a scheme, a host, a port and a path may stand in it, and no more")
    host, port = _host(parts.hostname), parts.port
    shown = f"[{host}]" if ":" in host else host
    at = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{shown}{at}{_path(parts.path)}"


@lru_cache(maxsize=1024)
def store_at(url: str, store_hash: str) -> str:
    """A store's name in the ledger: the same for all names of this machine, in one case."""
    try:
        url = one_spelling(url)
    except ValueError:  # refused where it is read
        return f"{url}{_STORES}{store_hash}"
    parts = urlsplit(url)
    if parts.hostname in LOOPBACK:
        at = f":{parts.port}" if parts.port is not None else ""
        url = f"{parts.scheme}://{_HERE}{at}{parts.path}"
    return f"{url}{_STORES}{store_hash.casefold()}"


def one_store(name: str) -> str:
    """A name that an earlier version wrote, spelled as `store_at` does; a rehearsal's stays."""
    url, is_address, store_hash = name.rpartition(_STORES)
    return store_at(url, store_hash) if is_address else name


def _host(host: str) -> str:
    if not host.isascii():
        import idna  # here: hardly anybody needs it

        host = idna.encode(host, uts46=True).decode()
    host = host.removesuffix(".")
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host):  # 127.1, 0x7f000001: as the system reads them
            return _system_reads(host)
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no host") from None
        return host
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _system_reads(host: str) -> str:
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        raise ValueError(f"{host!r} is no host") from None


def _path(path: str) -> str:
    kept: list[str] = []
    for part in (unquote(each, errors=_ODD) for each in path.split("/")):
        if part == "..":
            kept = kept[:-1]
        elif part not in {"", "."}:
            kept.append(quote(part, safe="!$&'()*+,;=:@", errors=_ODD))
    return "".join(f"/{part}" for part in kept)
