"""A token goes where its owner sent it: nothing is obeyed, or kept, where somebody else could have
written it.
"""

import os
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from shop import dense, number, table
from terminal import Terminal

from batch.cli.terminal import check_results
from batch.config import config_file, default_home, load_settings
from batch.config.environment import config_folder
from batch.config.ownership import require_own
from batch.config.secrets import find_secret, keep_in_file
from batch.config.toml_edit import keep_hash
from batch.errors import ConfigError
from batch.loader.saved_plans import read_plan
from batch.sandbox import Sandbox

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
needs_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away"
)
TOKEN = "BIGCOMMERCE_ACCESS_TOKEN"
NOBODY = 65534


def refused(path: Path) -> str:
    """What is said of a path that is not used, with what to do."""
    with pytest.raises(ConfigError) as caught:
        require_own(path, "or leave it")
    assert str(path) in str(caught.value)
    return f"{caught.value} {caught.value.todo}"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A folder into which this user cannot look, while the test runs as one."""
    folder, is_root = tmp_path / "closed", os.geteuid() == 0
    folder.mkdir(mode=0)
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)


LOOKED_AT: dict[str, Callable[[Path], object]] = {
    "named configuration": lambda folder: config_file({"SHIPBATCH_CONFIG": str(folder / "x.toml")}),
    "secret beside the ledger": lambda folder: find_secret(TOKEN, {"SHIPBATCH_HOME": str(folder)}),
    "systemd's": lambda folder: find_secret(TOKEN, {"CREDENTIALS_DIRECTORY": str(folder)}),
    "sheet": lambda folder: check_results(folder / "out.xlsx", []),
    "plan": lambda folder: read_plan(folder / "old.plan.xlsx"),
}


@pytest.mark.parametrize("what", LOOKED_AT)
def test_where_nobody_lets_us_look_is_said(closed: Path, what: str) -> None:
    """By name, with the reason; it is no fault of the program, and not taken for nothing there."""
    with pytest.raises(ConfigError, match=r"closed/\S+ cannot be looked at: Permission denied"):
        LOOKED_AT[what](closed)


def test_a_configuration_that_cannot_be_looked_at_is_not_taken_for_none(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(closed))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with pytest.raises(ConfigError, match=r"closed/.*shipbatch\.toml cannot be looked at"):
        config_file({})


def test_the_home_of_nobody_is_no_place() -> None:
    with pytest.raises(
        ConfigError, match="SHIPBATCH_HOME is '~nobody-of-that-name/x': there is no such user"
    ):
        default_home({"SHIPBATCH_HOME": "~nobody-of-that-name/x"})


class TestWhoCouldHaveWrittenIt:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """One that is this user's alone, in a folder that is."""
        (tmp_path / "mine").mkdir(mode=0o700)
        path = tmp_path / "mine" / "shipbatch.toml"
        path.touch(0o644)
        require_own(path, "")
        return path

    def test_a_file_that_everybody_can_write(self, file: Path) -> None:
        file.chmod(0o646)
        assert "everybody can write it (mode 0646)" in refused(file)
        assert f"chmod go-w {file}" in refused(file)

    def test_a_folder_on_the_way_that_everybody_can_write(self, file: Path) -> None:
        """Who can write it can put another file there; with the sticky bit, as in /tmp, not."""
        file.parent.chmod(0o777)
        assert f"everybody can write {file.parent} (mode 0777)" in refused(file)
        file.parent.chmod(0o1777)
        require_own(file, "")
        assert "everybody can write it (mode 1777)" in refused(file.parent)

    @pytest.mark.parametrize("is_absolute", [True, False])
    def test_a_link_is_followed_to_its_end(
        self, file: Path, tmp_path: Path, is_absolute: bool
    ) -> None:
        """Through folders that others can write, and back again."""
        theirs, link, middle = (
            tmp_path / "theirs",
            file.with_name("link.toml"),
            tmp_path / "theirs" / "middle.toml",
        )
        theirs.mkdir()
        middle.symlink_to(file if is_absolute else "../mine/shipbatch.toml")
        link.symlink_to(middle if is_absolute else "../theirs/middle.toml")
        require_own(link, "")
        theirs.chmod(0o777)
        assert f"everybody can write {theirs}" in refused(link)
        assert f"everybody can write {theirs}" in refused(theirs / ".." / "mine" / "shipbatch.toml")

    def test_a_link_that_leads_nowhere_ends(self, file: Path) -> None:
        """Whoever opens it says what is wrong."""
        loop = file.with_name("loop")
        loop.symlink_to("loop")
        require_own(loop, "")
        require_own(file.with_name("gone") / "x", "")

    @needs_root
    @pytest.mark.parametrize("which", ["file", "folder", "link"])
    def test_what_belongs_to_somebody_else(self, file: Path, which: str) -> None:
        link = file.with_name("link.toml")
        link.symlink_to(file)
        given = {"file": file, "folder": file.parent, "link": link}[which]
        os.chown(given, NOBODY, -1, follow_symlinks=False)
        told = refused(link)
        assert f"{given} belongs to" in told or "it belongs to" in told
        assert f"chown -h {os.geteuid()} {given}" in told

    @needs_root
    def test_a_group_counts_by_who_is_in_it(self, file: Path) -> None:
        """A group of this user's own is nobody else; one with another user in it names him."""
        file.chmod(0o664)
        require_own(file, "")
        import pwd

        other = next(
            user for user in pwd.getpwall() if user.pw_uid not in {0, NOBODY} and user.pw_gid
        )
        os.chown(file, -1, other.pw_gid)
        assert other.pw_name in refused(file)
        os.chown(file, -1, 54321)
        assert "group 54321 can write it" in refused(file)
        file.chmod(0o644)
        require_own(file, "")

    @pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps its access lists there")
    def test_an_access_list_that_lets_others_write(self, file: Path) -> None:
        """Its mode has that under the group's bits, whose group has nobody else in it."""
        entries = ((0x01, 6, -1), (0x02, 6, NOBODY), (0x04, 0, -1), (0x10, 6, -1), (0x20, 0, -1))
        rights = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
        try:
            os.setxattr(file, "system.posix_acl_access", rights)
        except OSError:
            pytest.skip("this disk has no access lists")
        assert "the access list of it lets others write" in refused(file)
        os.removexattr(file, "system.posix_acl_access")


class TestWhatIsLookedAt:
    @pytest.fixture
    def environ(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """A user with folders of his own, in a folder with nothing in it."""
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        return {"SHIPBATCH_HOME": str(tmp_path / "home")}

    def test_a_configuration_file(self, environ: dict[str, str]) -> None:
        """The one that lies in the current folder, and not passed over for another one."""
        Path("shipbatch.toml").write_text("workers = 3")
        assert load_settings({}, environ=environ).workers == 3
        Path("shipbatch.toml").chmod(0o666)
        with pytest.raises(
            ConfigError, match=r"shipbatch\.toml is not used: everybody can write it"
        ):
            load_settings({}, environ=environ)

    @pytest.mark.parametrize("where", ["token_file", "CREDENTIALS_DIRECTORY", "secrets"])
    def test_a_secret(self, environ: dict[str, str], tmp_path: Path, where: str) -> None:
        """Which nobody else can read, in a folder in which anybody can put another one."""
        folder = tmp_path / "home" / "secrets"
        keep_in_file(TOKEN, "secret", environ)
        path = folder / TOKEN.lower()
        file = path if where == "token_file" else None
        if where != "secrets":
            environ |= {"CREDENTIALS_DIRECTORY": str(folder)} if where != "token_file" else {}
            environ["SHIPBATCH_HOME"] = str(tmp_path / "other")
        assert find_secret(TOKEN, environ, file=file)
        folder.chmod(0o722)
        with pytest.raises(ConfigError, match=f"{path} is not used"):
            find_secret(TOKEN, environ, file=file)

    @pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
    def test_the_home(self, environ: dict[str, str], tmp_path: Path, mode: int) -> None:
        """Whatever is asked of it; one that others can only read is `check`'s to complain of."""
        (tmp_path / "home").mkdir(mode=0o755)
        assert load_settings({}, environ=environ).home == tmp_path / "home"
        (tmp_path / "home").chmod(mode)
        for look in (lambda: load_settings({}, environ=environ), lambda: default_home(environ)):
            with pytest.raises(
                ConfigError, match=f"{tmp_path / 'home'} is not used: everybody can write it"
            ):
                look()

    def test_a_home_that_is_not_there_yet_is_refused_where_it_would_be_later(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "here").chmod(0o777)
        with pytest.raises(ConfigError, match="is not used"):
            default_home({"SHIPBATCH_HOME": str(tmp_path / "here" / "home")})

    def test_what_we_make_is_ours_whatever_the_umask(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        """The folders on the way to it, too: what was made is not refused the next time."""
        environ["SHIPBATCH_HOME"] = str(tmp_path / "some" / "where" / "home")
        before = os.umask(0)
        try:
            kept = keep_hash("abc", environ=environ)
            keep_in_file(TOKEN, "secret", environ)
        finally:
            os.umask(before)
        assert tmp_path in kept.parents
        assert load_settings({}, environ=environ).store_hash == "abc"
        assert find_secret(TOKEN, environ)


class TestWhereTheTokenGoes:
    @pytest.fixture
    def environ(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        config_folder().mkdir(parents=True)
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        return {"SHIPBATCH_HOME": str(tmp_path / "home")}

    @pytest.mark.parametrize(
        ("text", "store", "place"),
        [
            ('\napi_url = "https://evil.example"', "", "line 2: api_url"),
            ('api_url = "http://127.0.0.1:1"', "", "line 1: api_url"),
            ('api_url = "https://api.bigcommerce.com.evil.example"', "", "line 1: api_url"),
            ('api_url = "https://api.bigcommerce.com:444"', "", "line 1: api_url"),
            ('[stores.eu]\napi_url = "https://evil.example"', "eu", "line 2: stores.eu.api_url"),
            (
                '[stores.default]\napi_url = "https://evil.example"',
                "",
                "line 2: stores.default.api_url",
            ),
        ],
    )
    @pytest.mark.parametrize("named", [True, False])
    def test_another_address_is_obeyed_from_the_users_own_folder_alone(
        self, environ: dict[str, str], text: str, store: str, place: str, named: bool
    ) -> None:
        """Not from the current folder, nor from wherever the file of SHIPBATCH_CONFIG lies."""
        Path("shipbatch.toml").write_text(text)
        told = environ | (
            {"SHIPBATCH_CONFIG": str(Path("shipbatch.toml").absolute())} if named else {}
        )
        with pytest.raises(ConfigError) as caught:
            load_settings({}, store_name=store, environ=told)
        assert f"{place}: the token would go to http" in str(caught.value)
        assert str(config_folder()) in caught.value.todo
        (config_folder() / "shipbatch.toml").write_text(Path("shipbatch.toml").read_text())
        Path("shipbatch.toml").unlink()
        assert "bigcommerce.com/" not in load_settings({}, store_name=store, environ=environ).store

    @pytest.mark.parametrize("url", ["https://api.bigcommerce.com", "https://api.bigcommerce.com/"])
    def test_bigcommerces_own_is_obeyed_from_anywhere(
        self, environ: dict[str, str], url: str
    ) -> None:
        Path("shipbatch.toml").write_text(f'api_url = "{url}"')
        assert load_settings({}, environ=environ).api_url == "https://api.bigcommerce.com"

    def test_the_environment_is_obeyed(self, environ: dict[str, str]) -> None:
        """Also where a file says otherwise."""
        Path("shipbatch.toml").write_text('api_url = "https://evil.example"')
        told = environ | {"BIGCOMMERCE_API_URL": "http://127.0.0.1:8080"}
        assert load_settings({}, environ=told).api_url == "http://127.0.0.1:8080"


async def test_a_dropped_file_is_sent_no_token(
    sandbox: Callable[..., Awaitable[Sandbox]], tmp_path: Path
) -> None:
    """The command ends before it asks anybody anything; from the user's own folder the same file is
    obeyed.
    """
    box = await sandbox(dense(3))
    shell = Terminal(tmp_path, box)
    shell.write("export.csv", table((100, "MUG", 1, number(1))))
    text = f'api_url = "{box.url}"\n'
    dropped = shell.write("shipbatch.toml", text)
    for command in (["run", "export.csv"], ["check"], ["audit"]):
        said = await shell(*command, BIGCOMMERCE_API_URL="")
        assert (said.status, "the token would go to" in said.err) == (2, True), said.all
    assert box.requests == []
    dropped.unlink()
    shell.configure(text)
    assert (await shell("run", "export.csv", BIGCOMMERCE_API_URL="")).status == 0
