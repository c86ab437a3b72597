-- Names that an account had, by a change or until it was deleted: applications that
-- check a token by themselves know an account by its name, so nobody else gets it while
-- a token may name it.
CREATE TABLE latchkey_name (
	username text COLLATE "C" PRIMARY KEY, -- compared byte by byte
	user_id bigint NOT NULL,               -- the account that had it, and may have it again
	free_at timestamptz NOT NULL           -- the end of its last token
);

COMMENT ON TABLE latchkey_name IS
	'Names that accounts had, and that no other may have before free_at. Rows of the past are removed with the next change.';
COMMENT ON COLUMN latchkey_name.user_id IS 'The users.id of the account that had it.';
COMMENT ON COLUMN latchkey_name.free_at IS 'When the last token that names it has ended.';

-- The workers' role may neither delete rows of users nor change a name: an attacker in a
-- worker has its rights, and DELETE is enough to lock a table. It may call these two.

-- Deletes an account whose hash is this one, or NULL: whatever it is. NULL: it is done. An
-- empty text: there is no such account. Otherwise the tables whose rows refer to it by a
-- foreign key, whatever that would do to them, and nothing is changed.
CREATE FUNCTION latchkey_delete(account bigint, hash text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $function$
DECLARE
	reference record;
	refers boolean;
	referring text;
BEGIN
	-- what refers to the tables behind a view is not looked for
	PERFORM FROM pg_class WHERE oid = 'users'::regclass AND relkind = ANY ('{r,p}'::"char"[]);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'users is not a table: delete the account where it is stored';
	END IF;
	-- locked, so that no reference is made from here on
	PERFORM FROM users u WHERE u.id = account AND (hash IS NULL OR u.password::text = hash) FOR UPDATE;
	IF NOT FOUND THEN
		RETURN '';
	END IF;
	FOR reference IN
		SELECT k.conrelid::regclass AS child, k.conrelid = k.confrelid AS is_own,
			string_agg(format('c.%I = p.%I', a.attname, b.attname), ' AND ') AS matches
		FROM pg_constraint k, unnest(k.conkey, k.confkey) AS pair (child, parent), pg_attribute a, pg_attribute b
		WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = 'users'::regclass
			AND a.attrelid = k.conrelid AND a.attnum = pair.child
			AND b.attrelid = k.confrelid AND b.attnum = pair.parent
		GROUP BY k.oid, k.conrelid, k.confrelid ORDER BY 1
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s AS c JOIN users AS p ON %s WHERE p.id = $1%s)',
			reference.child, reference.matches,
			CASE WHEN reference.is_own THEN ' AND c.id <> p.id' ELSE '' END)
			INTO refers USING account;
		IF refers THEN
			referring := concat_ws(', ', referring, reference.child);
		END IF;
	END LOOP;
	IF referring IS NOT NULL THEN
		RETURN referring;
	END IF;
	-- a row that is restored must not bring the old tokens back
	INSERT INTO latchkey_account AS a (user_id, epoch) VALUES (account, 1)
		ON CONFLICT (user_id) DO UPDATE SET epoch = least(a.epoch, 2147483646) + 1;
	DELETE FROM latchkey_name WHERE free_at < now();
	DELETE FROM users WHERE id = account;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'a trigger of the table users keeps the account';
	END IF;
	RETURN NULL;
END
$function$;

-- Gives an account another name. NULL: it is done. An empty text: there is no such
-- account. Otherwise 'taken': by an account, or kept from another one.
CREATE FUNCTION latchkey_rename(account bigint, wanted text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
	PERFORM FROM latchkey_name n WHERE n.username = wanted AND n.user_id <> account AND n.free_at > now();
	IF FOUND THEN
		RETURN 'taken';
	END IF;
	PERFORM FROM users u WHERE u.username::text = wanted AND u.id <> account;
	IF FOUND THEN
		RETURN 'taken';
	END IF;
	UPDATE users SET username = wanted WHERE id = account;
	IF NOT FOUND THEN
		RETURN '';
	END IF;
	INSERT INTO latchkey_account AS a (user_id, epoch) VALUES (account, 1)
		ON CONFLICT (user_id) DO UPDATE SET epoch = least(a.epoch, 2147483646) + 1;
	DELETE FROM latchkey_name WHERE free_at < now();
	RETURN NULL;
EXCEPTION WHEN unique_violation THEN
	RETURN 'taken';
END
$function$;

-- Both run with the rights of whoever owns users, and find only what is meant: a trigger
-- of that table must not get the rights of a superuser who migrates.
DO $$
DECLARE
	owner regrole := (SELECT relowner FROM pg_class WHERE oid = 'users'::regclass);
	home text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'users'::regclass);
	ours text := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'latchkey_name'::regclass);
	called text;
BEGIN
	IF owner <> current_user::regrole THEN
		EXECUTE format('GRANT SELECT, INSERT, UPDATE ON latchkey_account TO %s', owner);
		EXECUTE format('GRANT SELECT, DELETE ON latchkey_name TO %s', owner);
		EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', ours, owner);
	END IF;
	FOREACH called IN ARRAY '{"latchkey_delete(bigint,text)","latchkey_rename(bigint,text)"}'::text[] LOOP
		EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %s, %s, pg_temp', called, home, ours);
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', called);
		IF owner <> current_user::regrole THEN
			EXECUTE format('ALTER FUNCTION %s OWNER TO %s', called, owner);
		END IF;
	END LOOP;
END
$$;
