-- Rate limits: counts of password attempts. Unlogged: an attempt is not worth a wait
-- for the disk, and a crash or a fail-over, which empty the table, forget an hour of
-- guesses at most. Missing rows are made as they are needed, one for each number, so
-- the table never grows beyond these.

CREATE UNLOGGED TABLE latchkey_throttle (
	bucket integer PRIMARY KEY CHECK (bucket BETWEEN 0 AND 286720), -- by a keyed hash
	empty_at timestamptz NOT NULL DEFAULT '-infinity' -- full: an hour from now
) WITH (fillfactor = 80); -- a row is rewritten where it is, and no index with it

INSERT INTO latchkey_throttle (bucket) SELECT generate_series(0, 286720);
ANALYZE latchkey_throttle;

COMMENT ON TABLE latchkey_throttle IS
	'Attempts at passwords by name, address and device: leaky buckets of an hour. The number of rows is fixed.';
COMMENT ON COLUMN latchkey_throttle.bucket IS
	'By a keyed hash of what is counted, which has two of them; of names, addresses and devices each have their own range. The last is for all wrong passwords together.';
COMMENT ON COLUMN latchkey_throttle.empty_at IS
	'When all that was put in has leaked out. Each attempt moves it on; one that would move it beyond an hour from now is refused.';
