"""The settings. The text under a field is its documentation, in `config --example` too."""

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo

from batch import model
from batch.config.ledger_place import LEDGER, Database, Place
from batch.config.origins import store_at
from batch.errors import ConfigError

API_URL = "https://api.bigcommerce.com"
LARGEST_FETCH = 1_000_000_000  # bytes
ELSEWHERE = frozenset(
    {
        "token",
        "database",
        "identity",
        "home",
        "store_name",
        "customers_will_be_mailed",
        "trust_file",
    }
)
"""Settings that `shipbatch.toml` does not take: secrets, SHIPBATCH_HOME, words for one run."""


def _absolute_path(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        return folder / path.expanduser()
    except RuntimeError as error:
        raise ValueError("there is no such user") from error


PathHere = Annotated[Path, AfterValidator(_absolute_path)]
"""A path relative to the file that names it, wherever the command is run."""


def _metrics_path(path: Path) -> Path:
    if path.suffix != ".prom":  # what is there is replaced: it must not be any file of this user's
        raise ValueError("it has to end in .prom, as node_exporter reads no other")
    return path


class Section(BaseModel):
    """A table of `shipbatch.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NamedTable(Section):
    """A table with a name of its own: `[sources.acme]`."""

    name: str = ""
    """The table's own name."""


class Gates(Section):
    """What holds a file before its first shipment, until a person has looked; 0 switches it off."""

    nights: int = Field(default=7, ge=1)
    """Earlier files of a source after which its usual is known."""
    fewer: float = Field(default=0.6, ge=0, le=1)
    """Far fewer: less than this share of the usual rows."""
    more: float = Field(default=3.0, ge=0)
    """Far more: so many times the usual rows or shipments."""
    hold_above: int = Field(default=10_000, ge=0)
    """Shipments, whatever is usual."""
    mail_gate: int = Field(default=500, ge=0)
    """Shipments, each of which mails a customer, while there is no usual yet."""
    old_days: int = Field(default=7, ge=0)
    """Days since most rows were shipped: a backfill, or an old file."""
    ahead: float = Field(default=0.5, ge=0, le=1)
    """Share of the ship dates that are later than tomorrow."""
    same_number: int = Field(default=20, ge=0)
    """Orders on which one tracking number stands."""
    absent: float = Field(default=0.5, ge=0, le=1)
    """Share of the parcels whose order the store does not have."""
    wrong: float = Field(default=0.5, ge=0, le=1)
    """Share of the rows that are wrong, where that is not usual."""
    recipients: float = Field(default=0.2, ge=0, le=1)
    """Share of the parcels that go to somebody else than their order."""
    shipped_before: float = Field(default=0.9, ge=0, le=1)
    """Share of the parcels that shipped more than `old_days` ago, where that is not usual."""
    quantities: float = Field(default=3.0, ge=0)
    """So many times the usual units a row."""
    carrier: float = Field(default=0.95, ge=0, le=1)
    """Share of the rows with one carrier that usually has less than half of it."""

    @classmethod
    def open(cls) -> Self:
        """Gates that never hold a file."""
        return cls(**{name: 0 for name in cls.model_fields if name != "nights"})


SKU = "sku:"
"""The beginning of an answer on a SKU that the store does not have: its own, or to ignore it."""
IGNORE = "ignore"


class Source(NamedTable):
    """What a warehouse's exports need beyond what the loader finds out by itself."""

    match: str = Field(default="", examples=["acme-*.csv"])
    """File names it applies to, as a glob: `acme-*.csv`."""
    sheet: str = ""
    """The sheet to read; empty: the loader chooses and says which."""
    map: dict[model.Field, str] = Field(default={}, examples=[{"quantity": "Qty Packed"}])
    """Field → column: a header text, or a letter or 1-based number."""
    answers: dict[str, str] = Field(default={}, examples=[{"unit:CS": "12"}])
    """Question → answer, before what was answered with `--answer`."""
    constants: dict[model.Field, str] = Field(default={}, examples=[{"carrier": "DPD UK"}])
    """Field → value for every row that has none of its own."""
    order_number: str = Field(
        default="", pattern=r"^$|^[^{}*]*\{id\}[^{}*]*\*?$", examples=["BC-{id}"]
    )
    """How this source writes order numbers: `{id}` is the number, `*` at the end any text."""
    ignore_skus: frozenset[str] = Field(default=frozenset(), examples=[["GIFTWRAP", "INSERT-1"]])
    """Inserts, gift wrap: rows that are skipped."""
    skus: dict[str, str] = Field(default={}, examples=[{"WH-TEE-M": "TEE-M"}])
    """The warehouse's SKU → the store's; several as `2 CUP + SAUCER`, on either side."""
    hidden_rows: Literal["", "skip", "ship"] = ""
    """Rows that are hidden, filtered away or struck out in a workbook; empty: ask."""
    several_parcels: Literal["", "first", "even"] = ""
    """Several numbers for one order, no lines: "first" takes all, "even" deals; empty: ask."""
    no_number: Literal["", "hold", "ship", "not_shipped"] = ""
    """A row without a tracking number where most have one: "hold" it, the default; or skip it."""
    no_line: Literal["", "refuse", "ship"] = ""
    """A row without SKU and units where others have them: "ship" all that remains of its order."""
    misfit: Literal["", "whole", "ship_what_fits"] = ""
    """A parcel with a line that its order does not have: "whole" ships none of it, the default."""
    retention: int | None = Field(default=None, ge=1, examples=[30])
    """Days its copies are kept, and sheets in SHIPBATCH_HOME; left out: `keep_copies`."""
    expected_by: str = Field(
        default="", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", examples=["23:30"]
    )
    """A file comes daily by this local time; `shipbatch check --arrivals` alarms without one."""
    gates: Gates = Gates()
    """What this source sets counts before the general gates."""

    def answered(self, answers: Mapping[str, str]) -> Self:
        """The same, with what is not set here as it was answered: `several_parcels`, `misfit`.

        Raises ConfigError where an answer is none of the setting's words.
        """
        given = {name: answers[name] for name in ANSWERABLE if answers.get(name)}
        for name, word in given.items():
            words = get_args(type(self).model_fields[name].annotation)
            if word not in words:
                known = " or ".join(f"--answer {name}={one}" for one in words if one)
                raise ConfigError(f"--answer {name}={word} is not known.", f"Give {known}.")
        new: dict[str, Any] = {
            name: word for name, word in given.items() if not getattr(self, name)
        }
        named = {
            key.removeprefix(SKU): word for key, word in answers.items() if key.startswith(SKU)
        }
        if named:
            meant = {sku: word for sku, word in named.items() if word != IGNORE}
            new |= {
                "skus": meant | self.skus,
                "ignore_skus": self.ignore_skus | (named.keys() - meant.keys()),
            }
        return self.model_copy(update=new)


def is_source_answer(question: str) -> bool:
    """Whether its answer says what a source sets, and not how one file is read."""
    return question in ANSWERABLE or question.startswith(SKU)


ANSWERABLE = frozenset(
    name for name, field in Source.model_fields.items() if get_origin(field.annotation) is Literal
)
"""Settings of a source that `--answer NAME=WORD` gives, too: those of a few words."""


class Folder(NamedTable):
    """A drop folder that `watch` takes care of."""

    path: PathHere = Field(examples=["/srv/drop/acme"])
    """The folder that people know: they drop their files into it."""
    store: str = Field(default="", examples=["eu"])
    """A store of `[stores.NAME]`; empty: the one of the environment."""
    source: str = Field(default="", examples=["acme"])
    """A source of `[sources.NAME]`, whatever the files are called; empty: by their names."""
    still: float | None = Field(default=None, gt=0, examples=[2.0])
    """Seconds for which a file must not have changed; left out: 2, on a network share 10."""


class Notify(Section):
    """When people are told of trouble. Where to is a secret: SHIPBATCH_NOTIFY."""

    threshold: float = Field(default=0.05, ge=0, le=1)
    """Share of a file's rows in trouble above which people are told every time."""
    least: int = Field(default=10, ge=1)
    """Rows in trouble below which the share does not count."""
    forget: int = Field(default=90, ge=1)
    """Days after which a kind of trouble that was not met counts as new."""


class OpenOrders(Section):
    """Orders that should have shipped: what `shipbatch open` lists, and whether a night tells."""

    older: float = Field(default=2, gt=0)
    """Days since an order was made, before which it is not missed."""
    newer: float = Field(default=0, ge=0)
    """Days after which nobody asks for it any more; 0: never."""
    at: str = Field(default="", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", examples=["07:00"])
    """Local time from which `watch` tells of them, once a day; a `run` does at its end; else no."""


class Settings(Section):
    """One run's settings."""

    api_url: str = API_URL
    """The API's address; https, or http to this machine; another only from your own folder."""
    store_hash: str = Field(default="", examples=["abc123xyz"])
    """The store: the part after /stores/ in the API path."""
    token: SecretStr = SecretStr("")
    """The store's access token; see `secrets`."""
    token_file: PathHere | None = Field(default=None, examples=["/etc/shipbatch/token"])
    """File that holds the access token alone; nobody else may read it (mode 0600)."""
    keyring: bool = False
    """Look for secrets in this machine's keyring, too (install `shipbatch[keyring]`)."""
    identity: str = ""
    """What the store is called in the ledger, where its address does not last (the sandbox)."""
    store_name: str = ""
    """What the store is called in `[stores.NAME]`; empty: it is the one of the environment."""
    home: Path = Path()
    """Ledger, copies of inputs, logs; mode 0700."""
    database: str = Field(default="", repr=False)
    """A PostgreSQL database with the ledger of many machines, in place of the file in the home."""
    workers: int = Field(default=64, ge=1, le=256)
    """Most shipments in flight at once, one per order; the best number is found by measuring."""
    timeout: float = Field(default=30.0, gt=0)
    """Deadline of a request, seconds, from its first byte to the answer's last."""
    settle: float = Field(default=90.0, gt=0)
    """Seconds after a doubt before its second look; never shorter than the deadline."""
    reserve: float = Field(default=0.10, ge=0, lt=1)
    """Share of the store's quota left to its other apps."""
    judgement: float = 900.0
    """Seconds a judgement holds before it is taken again."""
    keep_copies: int = 90
    """Days a copy of an input is kept, of sources without a `retention` of their own."""
    fetch_largest: int = Field(default=LARGEST_FETCH, ge=1)
    """Bytes of a file that is fetched by its address, at most."""
    log_format: Literal["text", "json"] = "text"
    """Lines of the log, in SHIPBATCH_HOME/logs: text or json."""
    keep_logs: int = Field(default=30, ge=1)
    """Days a day's log is kept."""
    metrics_file: Annotated[PathHere, AfterValidator(_metrics_path)] | None = Field(
        default=None, examples=["/var/lib/node_exporter/shipbatch.prom"]
    )
    """A Prometheus text file, rewritten after each run (install `shipbatch[metrics]`)."""
    notify: Notify = Notify()
    """When people are told of trouble; where to is in SHIPBATCH_NOTIFY, as apprise URLs."""
    open_orders: OpenOrders = OpenOrders()
    """Orders that should have shipped: what `shipbatch open` lists, and whether a night tells."""
    wait: float = Field(default=60.0, ge=0)
    """Seconds to wait for another runner of the store."""
    turn: float = Field(default=300.0, gt=0)
    """Seconds that a worker ships one store's file before another store that waits has its turn."""
    until: str = Field(default="", pattern=r"^$|^([01]?\d|2[0-3]):[0-5]\d$", examples=["06:00"])
    """Time of the day at which a run stops, of this machine; the same call goes on later."""
    hold_statuses: frozenset[int] = frozenset({0, 4, 5, 6, 13})
    """Orders in these do not ship: Incomplete, Refunded, Cancelled, Declined, Disputed."""
    check_recipient: bool = True
    """Hold a parcel whose name, postcode and country in the file are not those of its order."""
    update: bool = False
    """A corrected number or carrier is written to the existing shipment."""
    again: bool = False
    """A person's word: ship what was deleted, or an equal parcel without a number, once more."""
    verify: bool = False
    """Look at the store also for what the ledger holds as created."""
    trust_file: bool = False
    """A person's word: none of the file ever shipped; where it has all ids, no look-ups."""
    never_resend: bool = False
    """What is in doubt is never sent again, however surely it is absent."""
    carry_over: int = Field(default=7, ge=0)
    """Days that later runs retry what failed for a passing reason; 0: only with its own file."""
    customers_will_be_mailed: bool = False
    """A person's word: the mails that a backfill sends are meant."""
    gates: Gates = Gates()
    """What holds a file before its first shipment, until a person has looked; 0 switches it off."""
    carriers: dict[str, str] = Field(
        default={}, examples=[{"Northern Parcels": "provider:carrier_12"}]
    )
    """Alias → `provider:CODE` or an AfterShip slug."""
    sources: tuple[Source, ...] = Field(default=(), examples=["acme"])
    """What one warehouse's files need; its name is yours to choose."""
    folders: tuple[Folder, ...] = Field(default=(), examples=["acme"])
    """A drop folder, for `shipbatch watch`."""

    @property
    def store(self) -> str:
        """API origin and store hash, in one spelling: tells one store's records from another's."""
        return self.identity or store_at(self.api_url, self.store_hash)

    @property
    def ledger(self) -> Place:
        """Where the ledger is."""
        return Database(self.database) if self.database else self.home / LEDGER

    def folder_at(self, path: Path) -> Folder:
        """The settings of the drop folder at a path; defaults where it has none."""
        given = path.absolute()
        return next((f for f in self.folders if f.path.absolute() == given), Folder(path=given))

    def gates_for(self, source: Source) -> Gates:
        """The gates, with the ones that a source sets itself."""
        return self.gates.model_copy(
            update={name: getattr(source.gates, name) for name in source.gates.model_fields_set}
        )

    def source_named(self, name: str, file: str) -> Source:
        """The source with this name, else the one for a file's name."""
        return next((s for s in self.sources if name and s.name == name), self.source_for(file))

    def source_for(self, name: str) -> Source:
        """The source whose `match` fits a file's name, else one with defaults."""
        return next(
            (s for s in self.sources if s.match and fnmatch(name.casefold(), s.match.casefold())),
            Source(),
        )


NAMED_TABLES: Mapping[str, type[NamedTable]] = {"sources": Source, "folders": Folder}
"""Setting → the model of its named tables, `[sources.acme]`."""
