"""Whose word a file is: who else could have written or replaced it."""

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from batch.errors import ConfigError

MOST_LINKS = 40  # on the way to a file, as Linux has it
ACCESS_LIST = "system.posix_acl_access"
_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def mode_at(path: Path) -> int:
    """The mode of what lies at a path, links followed; 0 where nothing does. ConfigError where
    nobody lets us look.
    """
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in _NOTHING:
            return 0
        raise ConfigError(
            f"{path.absolute()} cannot be looked at: {error.strerror or error}.",
            "Give this user access to its folder, name another place, or run it elsewhere.",
        ) from error


def require_own(path: Path, otherwise: str) -> None:
    """Raises ConfigError, by name, where others than this user and root could write the path.

    Checked are the thing itself, the links that lead to it, and the folders on the way: who can
    write one of these can put another in its place (not in a folder with the sticky bit, such as
    /tmp). What does not exist is nobody's. `otherwise` says what may be done instead of mending it.
    Windows' permissions are not checked.
    """
    if os.name != "posix":
        return
    for step, found, is_last in _way(path):
        if who := _stranger(step, found, is_last=is_last):
            what = "it" if is_last else str(step)
            raise ConfigError(
                f"{path} is not used: {who.format(what)}.", f"{_remedy(step, found)}; {otherwise}."
            )


def _way(path: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Folders, links, last the thing itself (True), in lookup order; ends at a missing one."""
    whole = path.absolute()
    here, left, links = Path(whole.anchor), [*reversed(whole.parts[1:])], 0
    with suppress(OSError):  # whoever opens it says so
        yield here, here.lstat(), not left
        while left:
            part = left.pop()
            here = here.parent if part == ".." else here / part
            found = here.lstat()
            is_link = stat.S_ISLNK(found.st_mode)
            yield here, found, not left and not is_link
            if is_link and (links := links + 1) <= MOST_LINKS:
                target = here.parent / here.readlink()  # an absolute one stays as it is
                here, left = Path(target.anchor), [*left, *reversed(target.parts[1:])]


def _stranger(step: Path, found: os.stat_result, *, is_last: bool) -> str:
    """Who else can change it, as a sentence with a place for its name; empty where nobody can."""
    if found.st_uid not in {os.geteuid(), 0}:
        you = f"neither to {_user(os.geteuid())} nor to root" if os.geteuid() else "not to root"
        return f"{{}} belongs to {_user(found.st_uid)}, and {you}"
    if stat.S_ISLNK(found.st_mode) or (found.st_mode & stat.S_ISVTX and not is_last):
        return ""
    mode = f"(mode {stat.S_IMODE(found.st_mode):04o})"
    if found.st_mode & stat.S_IWOTH:
        return f"everybody can write {{}} {mode}"
    if not found.st_mode & stat.S_IWGRP:
        return ""
    if _has_access_list(step):
        return f"the access list of {{}} lets others write {mode}"
    others = _others(found.st_gid)
    return f"{', '.join(others)} can write {{}} {mode}" if others else ""


def _others(gid: int) -> list[str]:
    """Who is in a group besides this user and root, three of them; its number where unknown."""
    import grp  # Windows has neither
    import pwd

    own = {os.geteuid(), 0}
    users = {user.pw_name: user for user in pwd.getpwall()}
    try:
        names = set(grp.getgrgid(gid).gr_mem)
    except KeyError:  # a container's group need not have a name
        return [] if gid in {os.getegid(), *os.getgroups()} else [f"group {gid}"]
    names |= {name for name, user in users.items() if user.pw_gid == gid}
    return sorted(name for name in names if name not in users or users[name].pw_uid not in own)[:3]


def _has_access_list(path: Path) -> bool:
    """Whether the group's bits stand for more than the group."""
    with suppress(OSError, AttributeError):  # Linux has it
        return ACCESS_LIST in os.listxattr(path)
    return False


def _remedy(step: Path, found: os.stat_result) -> str:
    """The command that makes it this user's."""
    is_own = found.st_uid in {os.geteuid(), 0}
    as_root = "" if found.st_uid == os.geteuid() else " as root"
    command = "chmod go-w" if is_own else f"chown -h {os.geteuid()}"
    return f"See that it is what you mean, then run{as_root}: {command} {shlex.quote(str(step))}"


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
