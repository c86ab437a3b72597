-- How long an entry of latchkey_revoked stays is known before the first token that lives
-- for so long: each connection of a process that signs begins with this. It took effect a
-- moment later: what ended in between came back when its entry left too early.

-- Of an instance whose tokens live for so many seconds. A statement that ends tokens takes
-- its lock on latchkey_revoked before it reads the time: so those that are under way with
-- the time before are awaited, and with them the epoch that a login then reads.
CREATE FUNCTION latchkey_raise_lifetime(life bigint) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '2s' AS $function$
BEGIN
	PERFORM FROM latchkey_lifetime WHERE seconds >= life;
	IF FOUND THEN
		RETURN;
	END IF;
	BEGIN
		LOCK TABLE latchkey_revoked IN SHARE MODE;
	EXCEPTION WHEN feature_not_supported THEN
		NULL; -- of a database that speaks like PostgreSQL
	END;
	UPDATE latchkey_lifetime SET seconds = life WHERE seconds < life;
END
$function$;
DO $$
BEGIN
	EXECUTE format('ALTER FUNCTION latchkey_raise_lifetime(bigint) SET search_path = pg_catalog, %s, pg_temp',
		(SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'latchkey_revoked'::regclass));
END
$$;
REVOKE ALL ON FUNCTION latchkey_raise_lifetime(bigint) FROM PUBLIC;
