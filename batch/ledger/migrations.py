"""From each version of the ledger to the next, in either database, when it is opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batch.ledger.connection import Connection
from batch.ledger.merge_stores import merge
from batch.primitives import failpoints


@dataclass(frozen=True, slots=True)
class Step:
    """What makes a ledger one version newer: statements per database, also in its schema file.

    Tables are only added to: history stays.
    """

    sqlite: Sequence[str]
    postgres: Sequence[str]
    change: Callable[[Connection, str], None] = lambda connection, store: None
    """What no statement can say, done after them; it is given the name of the store's field."""


_OPEN = "state IN ('intent', 'in_doubt', 'needs_person')"
_FLIGHT = f"CREATE UNIQUE INDEX single_flight ON records (store, order_id, aside) WHERE {_OPEN}"
_OF_ORDER = "store = NEW.store AND order_id = NEW.order_id"
_OTHER_ASIDE = f"{_OF_ORDER} AND aside <> NEW.aside AND {_OPEN}"
_OTHERS = f"EXISTS (SELECT 1 FROM records WHERE {_OTHER_ASIDE})"  # noqa: S608
_INTENT = "NEW.state = 'intent'"
_BUSY = "'the order has another shipment in doubt'"
_BEFORE = "CREATE TRIGGER aside_holds BEFORE UPDATE OF state ON records"
_REFUSE = f"RAISE EXCEPTION {_BUSY} USING ERRCODE = 'integrity_constraint_violation'"
_BODY = f"$$ BEGIN IF {_OTHERS} THEN {_REFUSE}; END IF; RETURN NEW; END $$"
_ONE_SPELLING = Step(
    sqlite=(
        "ALTER TABLE records ADD COLUMN aside INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX single_flight",
        _FLIGHT,
        f"{_BEFORE} WHEN {_INTENT} AND {_OTHERS} BEGIN SELECT RAISE(ABORT, {_BUSY}); END",
    ),
    postgres=(
        "ALTER TABLE records ADD COLUMN aside BIGINT NOT NULL DEFAULT 0",
        "DROP INDEX single_flight",
        _FLIGHT,
        f"CREATE FUNCTION aside_holds() RETURNS trigger LANGUAGE plpgsql AS {_BODY}",
        f"{_BEFORE} FOR EACH ROW WHEN ({_INTENT}) EXECUTE FUNCTION aside_holds()",
    ),
    change=merge,
)

_ANSWERS = """CREATE TABLE answers (
  store    TEXT NOT NULL,
  source   TEXT NOT NULL,
  question TEXT NOT NULL,
  answer   TEXT NOT NULL,
  who      TEXT NOT NULL,
  at       TEXT NOT NULL,
  PRIMARY KEY (store, source, question)
)"""
_KEPT_ANSWERS = Step(sqlite=(_ANSWERS,), postgres=(_ANSWERS,))

STEPS: tuple[Step, ...] = (_ONE_SPELLING, _KEPT_ANSWERS)
"""The first leads from version 1 to version 2."""


def version() -> int:
    """The version of the ledger that this program writes."""
    return 1 + len(STEPS)


def upgrade(connection: Connection, store: str, found: int) -> None:
    """Upgrade a ledger in the caller's transaction, from version `found`; `store`: Step's field."""
    for step in STEPS[found - 1 :]:
        for statement in getattr(step, store):
            connection.execute(statement)
            failpoints.failpoint("in-migration")
        step.change(connection, store)
        failpoints.failpoint("in-migration")
