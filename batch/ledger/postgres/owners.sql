-- Who works on a store: one owner, whose epoch fences off all earlier ones.
CREATE TABLE owners (
  store  text PRIMARY KEY,
  epoch  bigint NOT NULL,
  runner text,                            -- NULL: nobody
  until  timestamptz NOT NULL
);

-- Those who are not known to have ended.
CREATE TABLE runners (
  runner  text PRIMARY KEY,
  host    text NOT NULL,
  lock    text NOT NULL,                  -- the path of its lock file, on its host
  pid     integer NOT NULL,
  command text NOT NULL,
  since   timestamptz NOT NULL
);
