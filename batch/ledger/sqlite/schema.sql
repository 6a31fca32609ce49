-- The ledger; older ones come here by migrations.py. Times are UTC, ISO 8601.
-- Beside these, opening.py makes the trigger `legal_moves` from model.MOVES.

CREATE TABLE IF NOT EXISTS runs (
  run_id      TEXT PRIMARY KEY,
  store       TEXT NOT NULL,
  file        TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  copy        TEXT NOT NULL,
  started     TEXT NOT NULL,
  finished    TEXT,
  exit_status INTEGER,
  summary     TEXT NOT NULL DEFAULT '{}',
  source      TEXT NOT NULL DEFAULT '',   -- its name, else its header row's digest; empty: no file of a warehouse
  profile     TEXT NOT NULL DEFAULT '{}'  -- JSON: what the file looked like
);
CREATE INDEX IF NOT EXISTS runs_by_source ON runs (store, source, started);

CREATE INDEX IF NOT EXISTS runs_by_content ON runs (sha256);
CREATE INDEX IF NOT EXISTS runs_by_time ON runs (started);

CREATE TABLE IF NOT EXISTS records (
  record_id        INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id           TEXT REFERENCES runs,  -- NULL: taken out of its plan, kept for its attempts
  position         INTEGER NOT NULL,      -- within the run's plan
  store            TEXT NOT NULL,
  order_id         INTEGER NOT NULL,
  order_address_id INTEGER NOT NULL,
  label            TEXT NOT NULL,         -- tracking number, else link
  number           TEXT NOT NULL,         -- the label as it is searched: no blanks, one case
  ask              TEXT NOT NULL,
  shipment         TEXT NOT NULL,         -- JSON
  state            TEXT NOT NULL DEFAULT 'planned',
  attempts         INTEGER NOT NULL DEFAULT 0,
  baseline         INTEGER NOT NULL DEFAULT 0,
  shipment_id      INTEGER,
  made             TEXT,                  -- JSON
  finding          TEXT,                  -- JSON
  deleted          INTEGER NOT NULL DEFAULT 0,
  created_at       TEXT NOT NULL,
  changed_at       TEXT NOT NULL,
  aside            INTEGER NOT NULL DEFAULT 0,  -- its own id: its order had an older doubt when two stores became one
  CHECK ((state = 'created') = (shipment_id IS NOT NULL)),
  CHECK (NOT deleted OR state = 'created')
);

-- One shipment of the store is one record's, for ever.
CREATE UNIQUE INDEX IF NOT EXISTS claimed ON records (shipment_id, store) WHERE shipment_id IS NOT NULL;
-- Single flight: at most one shipment of an order under way or in doubt, whoever asks.
CREATE UNIQUE INDEX IF NOT EXISTS single_flight ON records (store, order_id, aside)
  WHERE state IN ('intent', 'in_doubt', 'needs_person');
-- One parcel is one record, until refused or deleted.
CREATE UNIQUE INDEX IF NOT EXISTS one_parcel ON records (store, order_id, order_address_id, label)
  WHERE label <> '' AND state <> 'rejected' AND NOT deleted;
CREATE INDEX IF NOT EXISTS records_by_run ON records (run_id, position);
CREATE INDEX IF NOT EXISTS records_by_order ON records (order_id);
CREATE INDEX IF NOT EXISTS records_by_ask ON records (ask);
CREATE INDEX IF NOT EXISTS records_by_number ON records (number) WHERE number <> '';

-- Where a SKU is looked for; what a record has held since it was planned, so that a hit is looked at once more.
CREATE TABLE IF NOT EXISTS skus (
  sku       TEXT NOT NULL,                -- as it is searched: no blanks, one case
  record_id INTEGER NOT NULL,
  PRIMARY KEY (sku, record_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS attempts (
  attempt_id INTEGER PRIMARY KEY,
  record_id  INTEGER NOT NULL REFERENCES records,
  n          INTEGER NOT NULL,
  at         TEXT NOT NULL,
  state      TEXT NOT NULL,
  what       TEXT NOT NULL,
  evidence   TEXT NOT NULL,               -- JSON
  UNIQUE (record_id, n)
);

CREATE TABLE IF NOT EXISTS notes (
  note_id   INTEGER PRIMARY KEY,
  run_id    TEXT NOT NULL REFERENCES runs,
  rows      TEXT NOT NULL,                -- JSON
  finding   TEXT NOT NULL,                -- JSON
  record_id INTEGER,
  ask       TEXT NOT NULL,
  facts     TEXT                          -- JSON
);
CREATE INDEX IF NOT EXISTS notes_by_run ON notes (run_id, note_id);

-- Where a row without a record is looked for: what stands in it, as it is searched.
CREATE TABLE IF NOT EXISTS names (
  note_id INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,
  word    TEXT NOT NULL,                  -- an order's number, a tracking number or link, a SKU
  place   INTEGER NOT NULL,               -- the row of the run's file
  PRIMARY KEY (note_id, word, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_by_word ON names (word, note_id);

CREATE TABLE IF NOT EXISTS decisions (
  decision_id INTEGER PRIMARY KEY,
  store       TEXT NOT NULL,
  ask         TEXT NOT NULL,
  answer      TEXT NOT NULL,
  who         TEXT NOT NULL,
  why         TEXT NOT NULL,
  at          TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS decisions_by_ask ON decisions (ask);

CREATE TABLE IF NOT EXISTS headers (
  header  TEXT PRIMARY KEY,
  columns TEXT NOT NULL,                  -- JSON
  at      TEXT NOT NULL
);

-- What a source's files mean, as a person has answered; or, by nobody, as they have always been.
CREATE TABLE IF NOT EXISTS answers (
  store    TEXT NOT NULL,
  source   TEXT NOT NULL,                 -- its name, else its header row's digest
  question TEXT NOT NULL,
  answer   TEXT NOT NULL,
  who      TEXT NOT NULL,
  at       TEXT NOT NULL,
  PRIMARY KEY (store, source, question)
);

CREATE TRIGGER IF NOT EXISTS begins_planned BEFORE INSERT ON records WHEN NEW.state <> 'planned'
BEGIN SELECT RAISE(ABORT, 'illegal move: a record begins planned'); END;

-- What was put aside waits beside an older doubt, and likewise keeps the order from all others.
CREATE TRIGGER IF NOT EXISTS aside_holds BEFORE UPDATE OF state ON records WHEN NEW.state = 'intent' AND EXISTS (
  SELECT 1 FROM records WHERE store = NEW.store AND order_id = NEW.order_id AND aside <> NEW.aside
    AND state IN ('intent', 'in_doubt', 'needs_person'))
BEGIN SELECT RAISE(ABORT, 'the order has another shipment in doubt'); END;

CREATE TRIGGER IF NOT EXISTS claim_stays BEFORE UPDATE OF shipment_id ON records
WHEN OLD.shipment_id IS NOT NULL AND NEW.shipment_id IS NOT OLD.shipment_id
BEGIN SELECT RAISE(ABORT, 'illegal move: a claimed shipment id stays'); END;

CREATE TRIGGER IF NOT EXISTS deleted_stays BEFORE UPDATE OF deleted ON records WHEN OLD.deleted AND NOT NEW.deleted
BEGIN SELECT RAISE(ABORT, 'illegal move: deleted stays deleted'); END;

CREATE TRIGGER IF NOT EXISTS tried_stays BEFORE DELETE ON records WHEN OLD.state <> 'planned' OR OLD.attempts > 0
BEGIN SELECT RAISE(ABORT, 'illegal move: a record that was tried stays'); END;

CREATE TRIGGER IF NOT EXISTS attempts_stay BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts only grow'); END;

CREATE TRIGGER IF NOT EXISTS attempts_are_final BEFORE UPDATE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts only grow'); END;
