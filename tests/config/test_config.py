"""shipbatch.toml and secrets: every mistake with its line, every setting documented, no secret
where others read.
"""

import os
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr

from batch.config import Database, Settings, load_settings, redact_passwords, require_credentials
from batch.config.example import example
from batch.config.secrets import find_secret, hide, keep_in_file, secret_file
from batch.config.settings import ELSEWHERE, NAMED_TABLES, NamedTable, Section
from batch.errors import ConfigError

CANARY = "canary7f3a9c51d20b48e6"
TOKEN = "BIGCOMMERCE_ACCESS_TOKEN"


class Place:
    """A folder with a shipbatch.toml, a home, and an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "SHIPBATCH_HOME": str(folder / "home"),
            "SHIPBATCH_CONFIG": str(folder / "shipbatch.toml"),
        }
        self.write("")

    def write(self, text: str, name: str = "shipbatch.toml", mode: int = 0o600) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    def settings(self, store: str = "", **options: object) -> Settings:
        return load_settings(options, store_name=store, environ=self.environ)

    def mistakes(self, text: str) -> list[str]:
        """What is said of a file, less its path."""
        path = self.write(text)
        with pytest.raises(ConfigError) as refused:
            self.settings()
        assert refused.value.todo
        return [line.removeprefix(f"{path}, ") for line in str(refused.value).splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class TestTheFile:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("workers = 0", "line 1: workers is 0: it has to be at least 1."),
            (
                "\n# so many\nworkers = 'many'\n",
                "line 3: workers is 'many': it has to be a whole number.",
            ),
            ("reserve = 1.5", "line 1: reserve is 1.5: it has to be less than 1"),
            ("workrs = 3", "line 1: workrs: there is no such setting; did you mean workers?"),
            ("colour = 'red'", "line 1: colour: there is no such setting."),
            (
                "hold_statuses = [\n 1,\n 'x',\n]",
                "line 1: hold_statuses.1 is 'x': it has to be a whole number.",
            ),
            (
                "[sources.acme]\nmatch = 'a*'\nshet = 'x'",
                "line 3: sources.acme.shet: there is no such setting; did you",
            ),
            (
                "[sources.acme.map]\nquantity = 'Q'\nqty = 'Q'",
                "line 3: sources.acme.map.qty: there is no such field.",
            ),
            (
                "[sources.a]\n[sources.b]\nseveral_parcels = 'all'",
                "line 3: sources.b.several_parcels is 'all': it has",
            ),
            (
                "[stores.eu]\nworkers = -1",
                "line 2: stores.eu.workers is -1: it has to be at least 1.",
            ),
            ("stores = 3", "line 1: stores: stores are tables with a name."),
            ("sources = 3", "line 1: sources is 3: it has to be a list"),
            ("a = 1\nworkers = \n", "line 2, column 11: it cannot be read: invalid value."),
            (
                "metrics_file = '.bashrc'",
                "line 1: metrics_file is '.bashrc': it has to end in .prom",
            ),
            ("home = '/x'", "line 1: home: it cannot be set here."),
            ("[stores.eu]\n\nidentity = 'x'", "line 3: stores.eu.identity: it cannot be set here."),
        ],
    )
    def test_a_mistake_has_its_line_and_key(self, place: Place, text: str, said: str) -> None:
        """And what it may be."""
        (line,) = place.mistakes(text)
        assert line.startswith(said)

    def test_all_mistakes_are_told_at_once(self, place: Place) -> None:
        """Each on its line; those of a store that is not asked for, too; a general one once."""
        told = place.mistakes(
            "workers = 0\ntimeout = 0\n[stores.eu]\nsettle = 0\n[stores.us]\nstore_hash = 5\n"
        )
        assert [line.partition(" is ")[0] for line in told] == [
            "line 1: workers",
            "line 2: timeout",
            "line 4: stores.eu.settle",
            "line 6: stores.us.store_hash",
        ]

    def test_a_windows_path_is_explained(self, place: Place) -> None:
        """A backslash in double quotes is the usual mistake."""
        place.write('token_file = "C:\\Users\\me"')
        with pytest.raises(ConfigError) as refused:
            place.settings()
        assert "line 1" in str(refused.value)
        assert "single quotes" in refused.value.todo

    def test_a_file_that_is_not_utf8_has_a_line(self, place: Place) -> None:
        """As an old editor saves it."""
        (place.folder / "shipbatch.toml").write_bytes(b"workers = 3\n# f\xfcr M\xfcller\n")
        with pytest.raises(ConfigError, match="line 2: it is not UTF-8"):
            place.settings()

    def test_a_store_beats_what_holds_for_all(self, place: Place) -> None:
        """And options beat both."""
        place.write(
            'workers = 3\nstore_hash = "abc"\n[stores.eu]\nworkers = 5\nstore_hash = "def"\n'
        )
        assert (place.settings().workers, place.settings("eu").workers) == (3, 5)
        assert (place.settings().store_hash, place.settings("eu").store_hash) == ("abc", "def")
        assert place.settings("eu", workers=7).workers == 7

    @pytest.mark.parametrize(
        "text",
        [
            "{0} = '" + CANARY + "'",
            "[stores.default]\nstore_hash = 'abc'\n{0} = '" + CANARY + "'",
            "[stores.eu]\n{0} = '" + CANARY + "'",
            "{0} = ''",
        ],
    )
    @pytest.mark.parametrize(
        "name", ["token", "access_token", TOKEN, '"X-Auth-Token"', "client_secret", "password"]
    )
    def test_a_secret_in_it_is_refused_with_its_line(
        self, place: Place, text: str, name: str
    ) -> None:
        """And never shown."""
        text = text.format(name)
        (said,) = place.mistakes(text)
        assert said.startswith(f"line {len(text.splitlines())}: ")
        assert "a secret has no place in this file" in said
        assert CANARY not in said


class TestTheExample:
    def test_it_loads_as_it_is_and_uncommented(self, place: Place) -> None:
        """As it is it changes nothing; each setting, its comment mark taken away, is valid."""
        place.write(example())
        bare = Place(place.folder)
        assert place.settings() == bare.settings()
        text = "\n".join(
            line[1:] if line[:2] not in {"# ", "#"} else line for line in example().splitlines()
        )
        place.write(text)
        (place.folder / "token").touch()
        assert place.settings("eu").sources[0].name == "acme"

    def test_every_setting_is_in_it_and_documented(self) -> None:
        """A new one without a word on it turns this red."""
        text = example()

        def kinds(kind: type[Section]) -> set[type[Section]]:
            return {kind}.union(*(kinds(each) for each in kind.__subclasses__()))

        for kind in kinds(Section):
            for name, field in kind.model_fields.items():
                assert field.description, (
                    f"{kind.__name__}.{name}: write what it is, and its unit, under it"
                )
        in_file = {
            name: field for name, field in Settings.model_fields.items() if name not in ELSEWHERE
        }
        assert all(f"# {field.description}" in text for field in in_file.values())
        assert "None" not in text


class TestSecrets:
    def test_the_environment_comes_first(self, place: Place) -> None:
        """Then systemd's credential, the file that is named, the file that setup wrote."""
        folder = place.folder / "credentials"
        folder.mkdir()
        (folder / TOKEN.lower()).write_text("of-systemd\n")
        named = place.write("of-file", "named")
        keep_in_file(TOKEN, "of-setup", place.environ)
        ways = [{TOKEN: "of-environment"}, {"CREDENTIALS_DIRECTORY": str(folder)}, {}]
        found = [find_secret(TOKEN, place.environ | more, file=named) for more in ways] + [
            find_secret(TOKEN, place.environ)
        ]
        assert [each.value.get_secret_value() for each in found if each] == [
            "of-environment",
            "of-systemd",
            "of-file",
            "of-setup",
        ]
        assert find_secret("BIGCOMMERCE_ACCESS_TOKEN_EU", place.environ) is None

    @pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
    def test_a_file_that_others_can_read_is_refused(self, place: Place, mode: int) -> None:
        """With its mode and the command that mends it."""
        path = place.write(CANARY, "named", mode)
        with pytest.raises(ConfigError, match=f"mode {mode:04o}") as refused:
            find_secret(TOKEN, place.environ, file=path)
        assert f"chmod 600 '{path}'" in refused.value.todo
        assert CANARY not in str(refused.value)

    @pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
    def test_what_setup_writes_is_private_from_its_first_byte(self, place: Place) -> None:
        """0600 in a folder of 0700, under whatever mask."""
        before = os.umask(0)
        try:
            path = keep_in_file(TOKEN, CANARY, place.environ)
        finally:
            os.umask(before)
        assert path == secret_file(TOKEN, place.environ)
        modes = [each.stat().st_mode & 0o777 for each in (path, path.parent, path.parent.parent)]
        assert modes == [0o600, 0o700, 0o700]
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("content", [b"", b"\n \n", b"x" * 5000, b"\xff\xfe"])
    def test_a_file_that_holds_no_secret_is_named(self, place: Place, content: bytes) -> None:
        """Empty, too long, no text."""
        path = place.write("", "named")
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="named"):
            find_secret(TOKEN, place.environ, file=path)

    def test_a_path_in_the_file_is_meant_from_the_file(self, place: Place) -> None:
        """Wherever the command is run."""
        place.write("store_hash = 'abc'\ntoken_file = 'keys/token'")
        (place.folder / "keys").mkdir()
        place.write(CANARY, "keys/token")
        made = require_credentials(place.settings(), environ=place.environ)
        assert made.token == SecretStr(CANARY)
        assert CANARY not in f"{made!r}{made}{made.model_dump_json()}"

    def test_two_lines_are_no_token(self, place: Place) -> None:
        """A file with more than the token in it."""
        path = place.write(f"{CANARY}\nand more", "named")
        made = Settings(store_hash="abc", token_file=path)
        with pytest.raises(ConfigError, match="a blank or a character") as refused:
            require_credentials(made, environ=place.environ)
        assert CANARY not in str(refused.value)

    def test_what_was_read_is_hidden_in_any_text(self, place: Place) -> None:
        """For logs and reports of faults."""
        find_secret(TOKEN, place.environ | {TOKEN: CANARY})
        assert hide(f"X-Auth-Token: {CANARY}!") == "X-Auth-Token: [hidden]!"

    def test_the_keyring_is_asked_where_the_settings_say_so(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Kept and found there; without the switch it is not touched."""
        keyring = pytest.importorskip("keyring")
        backend = pytest.importorskip("keyring.backend")

        class Ring(backend.KeyringBackend):  # type: ignore[misc]
            priority = 1

            def __init__(self) -> None:
                super().__init__()
                self.kept: dict[tuple[str, str], str] = {}

            def get_password(self, service: str, username: str) -> str | None:
                return self.kept.get((service, username))

            def set_password(self, service: str, username: str, password: str) -> None:
                self.kept[service, username] = password

        from batch.config.secrets import keep_in_keyring

        before = keyring.get_keyring()
        keyring.set_keyring(Ring())
        try:
            assert "keyring" in keep_in_keyring(TOKEN, CANARY)
            found = find_secret(TOKEN, place.environ, keyring=True)
            assert found
            assert found.value.get_secret_value() == CANARY
            assert find_secret(TOKEN, place.environ) is None
        finally:
            keyring.set_keyring(before)

    def test_a_machine_without_a_keyring_is_told_so(self, place: Place) -> None:
        """No traceback of a library's."""
        keyring = pytest.importorskip("keyring")
        fail = pytest.importorskip("keyring.backends.fail")
        before = keyring.get_keyring()
        keyring.set_keyring(fail.Keyring())
        try:
            with pytest.raises(ConfigError, match="keyring cannot be used"):
                find_secret(TOKEN, place.environ, keyring=True)
        finally:
            keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (
            "postgresql://ann:s3cret@db.example:5433/ship?sslmode=require",
            "postgresql://ann@db.example:5433/ship?sslmode=require",
        ),
        ("postgresql://ann:a%40b@one,two/ship", "postgresql://ann@one,two/ship"),
        ("postgresql:///ship?host=/run/pg&password=s3cret", "postgresql:///ship?host=/run/pg"),
    ],
)
def test_a_database_is_shown_without_its_password(url: str, seen: str) -> None:
    """Wherever it is printed; the rest is what a person needs to find it."""
    assert redact_passwords(url) == str(Database(url)) == seen
    assert "s3cret" not in repr(Database(url)) + repr(Settings(database=url))


def test_every_table_with_a_name_of_ones_own_is_declared() -> None:
    """A setting that holds named tables, and is not in NAMED_TABLES, could not be read from the
    file.
    """
    kinds = {(kind, ...): kind for kind in NamedTable.__subclasses__()}
    held = {
        name: kinds.get(get_args(field.annotation)) for name, field in Settings.model_fields.items()
    }
    assert {name: kind for name, kind in held.items() if kind} == NAMED_TABLES
