-- What is to be shipped by whichever worker has the store's token: a row a file, in the order they came.
CREATE TABLE IF NOT EXISTS files (
  file_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store       text NOT NULL,
  name        text NOT NULL,               -- as the person called it
  address     text,                        -- whence a worker fetches it; else it is in exports from the beginning
  sha256      text,                        -- of the content, in exports
  ask         jsonb NOT NULL,              -- what was asked of the run
  put_by      text NOT NULL,
  put_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  put_as      text NOT NULL UNIQUE,        -- by which a call whose commit was lost finds what it has put in

  state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'working', 'done', 'failed', 'held')),
  due         timestamptz NOT NULL DEFAULT clock_timestamp(),   -- not before: something was in the way
  worker      text,                        -- who has it, or had it last
  turns       integer NOT NULL DEFAULT 0,  -- turns begun: the newest alone may write here
  began       timestamptz,
  seen        timestamptz,                 -- the turn's last word
  open        boolean NOT NULL DEFAULT false,  -- a turn has begun, and not ended
  deaths      integer NOT NULL DEFAULT 0,  -- turns in a row whose worker did not come back
  tries       integer NOT NULL DEFAULT 0,  -- turns in a row that something was in the way of
  trouble     text NOT NULL DEFAULT '',    -- what, and since when
  trouble_at  timestamptz,
  stage       text NOT NULL DEFAULT '',
  done        integer NOT NULL DEFAULT 0,  -- shipments of the stage
  total       integer,
  rate        real,                        -- shipments a second, over the turn's last half minute

  run_id      text,
  ended       timestamptz,
  exit_status integer,
  summary     jsonb,
  told        text[],                      -- the end in sentences
  sheet_name  text,
  sheet       bytea,

  folder      text,                        -- the drop folder that it is of, with its machine
  lies        text,                        -- where it lies there
  filed       timestamptz,                 -- when its end was brought back there

  left_open   integer NOT NULL DEFAULT 0,  -- rows of its end that may fare on
  shipped     integer,                     -- rows that its runs have shipped
  sign        text,                        -- what the ledger held of its run when its end was told …
  epoch       bigint,                      -- … and under which of the store's owners that was looked at last
  amended     timestamptz                  -- when its end was told anew
);
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'files'::regclass AND attname = 'left_open') THEN
    ALTER TABLE files ADD left_open integer NOT NULL DEFAULT 0, ADD shipped integer, ADD sign text, ADD epoch bigint,
      ADD amended timestamptz;
    UPDATE files SET left_open = (SELECT coalesce(sum((summary ->> name)::integer), 0)
      FROM unnest('{held,waiting,in_doubt,not_sent}'::text[]) AS name) WHERE NOT summary ? 'held_by';
  END IF;
END $$;
CREATE INDEX IF NOT EXISTS files_left_open ON files (store) WHERE left_open > 0;
CREATE INDEX IF NOT EXISTS files_in_line ON files (store, file_id) WHERE state IN ('waiting', 'working');
CREATE INDEX IF NOT EXISTS files_held ON files (file_id) WHERE state = 'held';
CREATE INDEX IF NOT EXISTS files_of_folder ON files (folder, file_id) WHERE folder IS NOT NULL;
CREATE INDEX IF NOT EXISTS files_ended ON files (ended);

-- Workers that are alive: which stores they have the tokens of.
CREATE TABLE IF NOT EXISTS workers (
  worker  text PRIMARY KEY,
  host    text NOT NULL,
  pid     integer NOT NULL,
  version text NOT NULL,
  stores  text[] NOT NULL,
  slots   integer NOT NULL,
  since   timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen    timestamptz NOT NULL DEFAULT clock_timestamp(),
  ending  boolean NOT NULL DEFAULT false
);
