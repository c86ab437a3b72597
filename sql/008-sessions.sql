-- Sessions: one row for each login that has not ended; and what has ended before its
-- time, which each machine's keeper reads, so that a check refuses the token without
-- asking the database.

CREATE TABLE latchkey_session (
	id uuid PRIMARY KEY,      -- 128 random bits of Latchkey's, not of the database
	user_id bigint NOT NULL,  -- users.id
	epoch integer NOT NULL,   -- latchkey_account.epoch when it began: dead below it
	counter integer NOT NULL DEFAULT 0, -- of renewals: the refresh token that is good now
	created_at timestamptz NOT NULL DEFAULT now(),
	used_at timestamptz NOT NULL DEFAULT now(), -- the last login or renewal
	expires_at timestamptz NOT NULL, -- never changed, so it may have an index
	address inet,             -- of the login
	agent text CHECK (octet_length(agent) <= 256)
) WITH (fillfactor = 50); -- a renewal writes the row where it is, and no index with it:
-- so there is none on what a renewal changes
CREATE INDEX latchkey_session_user_idx ON latchkey_session (user_id);
CREATE INDEX latchkey_session_expires_idx ON latchkey_session (expires_at);

COMMENT ON TABLE latchkey_session IS
	'Sessions: a row for each login, until it has ended or expired. A user has at most 100; beyond that the oldest end.';
COMMENT ON COLUMN latchkey_session.epoch IS 'Of the account at the login: when that rises, the session has ended.';

-- Written in the transaction that ends it: of sessions by its statement, of users by the
-- trigger below, whatever raises their epoch.
CREATE TABLE latchkey_revoked (
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(), -- a keeper reads what its last snapshot could not see
	sid uuid,       -- a session; or
	user_id bigint, -- users.id, of whom the tokens
	epoch integer,  -- of a lower epoch have ended
	until timestamptz NOT NULL, -- the last token concerned has expired
	reason text NOT NULL CHECK (reason IN ('epoch', 'owner', 'surplus', 'reuse')),
	CHECK ((sid IS NULL) = (user_id IS NOT NULL) AND (user_id IS NULL) = (epoch IS NULL))
);
CREATE INDEX latchkey_revoked_xid_idx ON latchkey_revoked (xid);

COMMENT ON TABLE latchkey_revoked IS
	'Sessions and users whose tokens have ended, until the last of these has expired. Do not empty it by hand: what a keeper has not read yet would count again.';
COMMENT ON COLUMN latchkey_revoked.xid IS
	'The transaction that wrote it: new is what was not visible before, however long that transaction took.';
COMMENT ON COLUMN latchkey_revoked.until IS 'From then on the entry is of no use, and is removed an hour later.';

-- The longest life of a token that any instance gives out, leeway included: how long an
-- entry has to stay, an hour at least. Each instance raises it to its own at its start.
-- And whose turn it is to remove what is past its time: that of the instance which sets
-- the time first.
CREATE TABLE latchkey_lifetime (
	place integer PRIMARY KEY CHECK (place = 0),
	seconds bigint NOT NULL,
	removed_at timestamptz NOT NULL DEFAULT '-infinity',
	walked_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO latchkey_lifetime VALUES (0, 0);

COMMENT ON TABLE latchkey_lifetime IS 'One row: the longest life of a token, of all instances.';
COMMENT ON COLUMN latchkey_lifetime.removed_at IS 'When an instance last began to remove what has expired.';
COMMENT ON COLUMN latchkey_lifetime.walked_at IS 'When an instance last began to look for sessions that were not renewed in time.';

-- With the rights of whoever migrates, which need no others to raise an epoch.
CREATE FUNCTION latchkey_revoke() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
	IF NEW.epoch > 0 AND (TG_OP = 'INSERT' OR NEW.epoch <> OLD.epoch) THEN
		INSERT INTO latchkey_revoked (user_id, epoch, until, reason)
			SELECT NEW.user_id, NEW.epoch,
				now() + greatest(max(seconds), 3600)::double precision * interval '1 second', 'epoch'
			FROM latchkey_lifetime;
	END IF;
	RETURN NULL;
END
$function$;
DO $$
BEGIN
	EXECUTE format('ALTER FUNCTION latchkey_revoke() SET search_path = pg_catalog, %s, pg_temp',
		(SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'latchkey_revoked'::regclass));
END
$$;
REVOKE ALL ON FUNCTION latchkey_revoke() FROM PUBLIC;
CREATE TRIGGER latchkey_revoke AFTER INSERT OR UPDATE OF epoch ON latchkey_account
	FOR EACH ROW EXECUTE FUNCTION latchkey_revoke();
