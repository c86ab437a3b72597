-- Known networks, for which half of the service-wide limit is kept; and rows for more
-- counts. Logged, since it is worth more than an hour: after a crash the users' networks
-- are still known.

CREATE TABLE latchkey_network (
	place integer PRIMARY KEY CHECK (place BETWEEN 0 AND 65535), -- by a keyed hash; each network has two of them
	digest bigint NOT NULL, -- 64 bits of a keyed hash of the network: the address is not stored
	seen date NOT NULL      -- the last login from there, by a day of UTC
) WITH (fillfactor = 80); -- a row is rewritten where it is, and no index with it

COMMENT ON TABLE latchkey_network IS
	'Networks (/24 of IPv4, /48 of IPv6) that an account older than a week has logged in from. Never more than 65,536 rows.';
COMMENT ON COLUMN latchkey_network.place IS
	'By a keyed hash of the network, which has two places. One that is taken is free again 30 days after the last login.';
COMMENT ON COLUMN latchkey_network.digest IS 'Of the network, by the key: it tells which one it is to nobody without it.';
COMMENT ON COLUMN latchkey_network.seen IS 'The day of the last login from there.';

-- Accounts older than a week, without a column in users, whichever program made them:
-- those whose number is not above the highest of a week ago. A row for each of the last
-- sixteen days. Today's accounts count as older.
CREATE TABLE latchkey_watermark (
	place integer PRIMARY KEY CHECK (place BETWEEN 0 AND 15), -- the day, modulo 16
	taken_at timestamptz NOT NULL,
	highest bigint NOT NULL -- users.id, at that moment
);

INSERT INTO latchkey_watermark (place, taken_at, highest)
	SELECT floor(date_part('epoch', now() - interval '8 days') / 86400)::bigint % 16,
		now() - interval '8 days', coalesce(max(id), 0) FROM users;

COMMENT ON TABLE latchkey_watermark IS
	'The highest users.id of each day: an account is older than a week if its number is not above that of a week ago.';

-- Further numbers: 286721 for wrong passwords from known networks, 286722 and above for
-- each known network, and for the changes of one account.
ALTER TABLE latchkey_throttle DROP CONSTRAINT latchkey_throttle_bucket_check,
	ADD CONSTRAINT latchkey_throttle_bucket_check CHECK (bucket BETWEEN 0 AND 327681);
INSERT INTO latchkey_throttle (bucket) SELECT generate_series(286721, 327681) ON CONFLICT DO NOTHING;
ANALYZE latchkey_throttle;

COMMENT ON TABLE latchkey_throttle IS
	'Attempts by name, address, device and account: leaky buckets of an hour. The number of rows is fixed.';
COMMENT ON COLUMN latchkey_throttle.bucket IS
	'By a keyed hash of what is counted, which has two of them; of names, addresses and so on each have their own range. 286720 and 286721 are for all wrong passwords together.';
