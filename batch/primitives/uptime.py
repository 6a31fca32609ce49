"""Moments that a later process can measure from, until its machine is restarted."""

import asyncio
import ctypes
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

if sys.platform == "win32":
    import winreg

GAVE_UP = "gave_up"
_SESSION = b"kern.bootsessionuuid"


def gave_up_evidence() -> dict[str, Any]:
    """Evidence that from this moment on nothing of a shipment can be on its way from us.

    A moment is a boot of a machine, and seconds of its monotonic clock.
    """
    return {GAVE_UP: {"boot": boot_id(), "at": asyncio.get_running_loop().time()}}


def seconds_since(evidence: Mapping[str, Any]) -> float | None:
    """Seconds since `gave_up`, never more than have passed; None where this machine cannot tell."""
    told = evidence.get(GAVE_UP)
    if not told or told["boot"] != boot_id():
        return None
    passed: float = asyncio.get_running_loop().time() - told["at"]
    return passed if passed >= 0 else None


@cache
def boot_id() -> str:
    """Which boot of which machine, and by whose clock; else a name for this process alone."""
    told = ""
    with suppress(OSError):
        told = _read_boot_id()
    return told or f"process {uuid4().hex}"


def _read_boot_id() -> str:
    if sys.platform == "linux":
        offsets = Path("/proc/self/timens_offsets")  # a container may have a clock of its own
        own = offsets.read_text() if offsets.exists() else ""
        return " ".join((Path("/proc/sys/kernel/random/boot_id").read_text() + own).split())
    if sys.platform == "darwin":
        said, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        failed = ctypes.CDLL(None).sysctlbyname(
            _SESSION, said, ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        return "" if failed else said.value.decode()
    if sys.platform == "win32":
        # A boot's number is unique only with its machine's; the clock restarts at each boot.
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            machine = winreg.QueryValueEx(key, "MachineGuid")[0]
        memory = (
            r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
        )
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, memory) as key:
            return f"{platform.node()} {machine} {winreg.QueryValueEx(key, 'BootId')[0]}"
    return ""
