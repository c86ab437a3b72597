-- The end of everybody's sessions at once, the server that this database was on, and
-- scopes of users.

ALTER TABLE latchkey_lifetime
	ADD COLUMN epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
	ADD COLUMN server text;

COMMENT ON TABLE latchkey_lifetime IS
	'One row of what holds for all: the longest life of a token, the lowest epoch of an account, and the server that this was on.';
COMMENT ON COLUMN latchkey_lifetime.seconds IS 'The longest life of a token, of all instances.';
COMMENT ON COLUMN latchkey_lifetime.epoch IS
	'No account has a lower epoch, whatever its own row says: latchkey session end --all raises it.';
COMMENT ON COLUMN latchkey_lifetime.server IS
	'Its system identifier and timeline: with another one the database may have forgotten what had ended.';

-- An epoch that rises, rises beyond that of everybody.
CREATE FUNCTION latchkey_raise() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
	IF NEW.epoch > 0 AND (TG_OP = 'INSERT' OR NEW.epoch > OLD.epoch) THEN
		NEW.epoch := greatest(NEW.epoch, (SELECT least(l.epoch, 2147483646) + 1 FROM latchkey_lifetime l));
	END IF;
	RETURN NEW;
END
$function$;
DO $$
DECLARE
	home text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'latchkey_lifetime'::regclass);
BEGIN
	EXECUTE format('ALTER FUNCTION latchkey_raise() SET search_path = pg_catalog, %s, pg_temp', home);
END
$$;
REVOKE ALL ON FUNCTION latchkey_raise() FROM PUBLIC;
CREATE TRIGGER latchkey_raise BEFORE INSERT OR UPDATE OF epoch ON latchkey_account
	FOR EACH ROW EXECUTE FUNCTION latchkey_raise();

-- Names with one blank between two, at most 16 of at most 32 characters.
ALTER TABLE latchkey_account ADD COLUMN scope text CHECK (octet_length(scope) BETWEEN 1 AND 527);
COMMENT ON COLUMN latchkey_account.scope IS
	'What the account may do, as its tokens say: latchkey user scope. NULL: nothing of that kind.';

ALTER TABLE latchkey_session ADD COLUMN scope text CHECK (octet_length(scope) BETWEEN 1 AND 527);
COMMENT ON COLUMN latchkey_session.scope IS
	'Of the account''s scopes those that the login asked for. A renewal gives these, and no others.';

COMMENT ON COLUMN latchkey_revoked.user_id IS '0: everybody, whose tokens of a lower epoch have ended.';
