-- Table of accounts. On a database of the FastAPI application its table is adopted as
-- it is: no row is rewritten, and the application can go on using it. It may be a view,
-- of a table whose columns have other names (doc/migrate.md).

-- Searched for along the whole search_path: IF NOT EXISTS looks into the first schema
-- only, and an empty table there would hide the real one.
DO $$
BEGIN
	IF to_regclass('users') IS NULL THEN
		CREATE TABLE users (
			id serial PRIMARY KEY,            -- the application's number for an account
			username character varying NOT NULL, -- compared byte by byte; UTF-8, may be empty
			fullname character varying,       -- as its owner writes it; NULL: not given
			password character varying,       -- a hash as crypt(5) has it; NULL: cannot log in
			is_active boolean DEFAULT true    -- false or NULL: cannot log in
		);
	END IF;
END
$$;

-- A sign-up as the planner sees it, with what a taken name or number would do. The
-- planner knows best what stands behind a view, and which index decides. Dropped below.
CREATE FUNCTION latchkey_plan(conflict text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (VERBOSE, FORMAT JSON) INSERT INTO users'
		' (username, fullname, password, is_active) VALUES (''u'', ''f'', ''p'', true) '
		|| conflict INTO plan;
	RETURN plan -> 0 -> 'Plan';
END
$$;

-- The table that a sign-up inserts into: users, or the one behind the view.
CREATE FUNCTION latchkey_table() RETURNS regclass LANGUAGE sql AS $$
	SELECT format('%I.%I', plan ->> 'Schema', plan ->> 'Relation Name')::regclass
	FROM latchkey_plan('') AS plan
$$;

-- The index that makes a column of users unique; of several any; NULL: there is none.
CREATE FUNCTION latchkey_index(conflict text, OUT index oid) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	plan := latchkey_plan(format('ON CONFLICT (%I) DO NOTHING', conflict));
	SELECT c.oid INTO index
	FROM json_array_elements_text(plan -> 'Conflict Arbiter Indexes') AS name
	JOIN pg_class c ON c.relname = name
	JOIN pg_index i ON i.indexrelid = c.oid AND i.indrelid = latchkey_table()
	ORDER BY i.indimmediate LIMIT 1;
EXCEPTION WHEN invalid_column_reference THEN
	index := NULL;
END
$$;

-- Another program's table of that name must not be taken for it.
DO $$
DECLARE
	recipes CONSTANT text := 'A view of this name can stand for a table that is made otherwise: doc/migrate.md '
		'has one for FastAPI''s documented table, its full-stack template, Django''s and Supabase''s. '
		'For a program that has nothing to do with it, give Latchkey its own database or schema.';
	kind text;
	lacking text;
	demanding text;
	reason text;
BEGIN
	IF getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'the database''s encoding is %, and names need UTF8', getdatabaseencoding()
			USING HINT = 'Make one with: createdb -E UTF8 -T template0 NAME';
	END IF;
	SELECT CASE WHEN relkind = 'v' THEN 'view' ELSE 'table' END INTO kind
	FROM pg_class WHERE oid = 'users'::regclass;

	IF EXISTS (SELECT FROM pg_class WHERE oid = 'users'::regclass AND relkind NOT IN ('r', 'p', 'v')) THEN
		RAISE EXCEPTION 'a sign-up cannot be inserted into users, a materialized view or foreign table'
			USING HINT = recipes;
	END IF;
	-- the one that makes it a view does no harm
	IF EXISTS (SELECT FROM pg_rewrite WHERE ev_class = 'users'::regclass AND ev_type <> '1') THEN
		RAISE EXCEPTION 'the % users has rules, with which a sign-up cannot find that a name is taken', kind
			USING HINT = 'Drop them; a trigger of the table can do their work.';
	END IF;

	-- a domain is what it is made of
	PERFORM FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_type b ON b.oid = t.typbasetype
		WHERE a.attrelid = 'users'::regclass AND a.attname = 'username'
		AND 'citext' IN (t.typname, b.typname);
	IF FOUND THEN
		RAISE EXCEPTION 'the column username of the % users is citext, for which different names are equal', kind
			USING HINT = 'Names are compared byte by byte. Write them in lower case, and keep them so: '
				'UPDATE users SET username = lower(username); '
				'ALTER TABLE users ALTER COLUMN username TYPE character varying; '
				'in latchkey.conf: username_pattern = "[^A-Z]+". People log in with the lower case then.';
	END IF;
	SELECT string_agg(format('%s (%s%s)', c.name, c.types, '; it is ' || a.type), ', ' ORDER BY c.position) INTO lacking
	FROM (VALUES (1, 'id', 'integer or bigint, NOT NULL', '{int4,int8}'),
		(2, 'username', 'character varying or text', '{varchar,text}'),
		(3, 'fullname', 'character varying or text', '{varchar,text}'),
		(4, 'password', 'character varying or text', '{varchar,text}'),
		(5, 'is_active', 'boolean', '{bool}')) AS c(position, name, types, oids)
	LEFT JOIN (SELECT attname, attnotnull OR kind = 'view' AS attnotnull, format_type(atttypid, atttypmod) AS type,
			CASE WHEN typtype = 'd' THEN typbasetype ELSE atttypid END AS base
		FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
		WHERE attrelid = 'users'::regclass AND NOT attisdropped) AS a ON a.attname = c.name
	WHERE NOT coalesce(a.base = ANY (c.oids::regtype[]) AND (a.attnotnull OR c.name <> 'id'), false);
	IF lacking IS NOT NULL THEN
		RAISE EXCEPTION 'the % users lacks: %', kind, lacking USING HINT = recipes;
	END IF;

	-- Through a trigger, say, nothing promises that a name is taken once.
	BEGIN
		PERFORM latchkey_table();
		PERFORM latchkey_index('username');
	EXCEPTION WHEN feature_not_supported OR object_not_in_prerequisite_state OR wrong_object_type THEN
		GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
		RAISE EXCEPTION 'a sign-up cannot be inserted into the % users: %', kind, SQLERRM
			USING DETAIL = reason, HINT = 'It takes a table, or a view that PostgreSQL itself can update '
				'(CREATE VIEW, Updatable Views): of one table, its columns as they are, without rules.';
	END;
	IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'users'::regclass AND tgtype & 64 <> 0) THEN
		RAISE EXCEPTION 'the view users is written by INSTEAD OF triggers, and they do not promise that a name is taken once'
			USING HINT = 'Drop them, and let the view be one that PostgreSQL itself can update '
				'(CREATE VIEW, Updatable Views): of one table, its columns as they are.';
	END IF;

	-- What an INSERT of username, fullname, password and is_active leaves out.
	SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) INTO demanding
	FROM pg_attribute a
	WHERE a.attrelid = latchkey_table() AND a.attnum > 0 AND NOT a.attisdropped
		AND (a.attnotnull OR a.attname = 'id') AND a.attidentity = '' AND a.attgenerated = ''
		AND latchkey_plan('') -> 'Plans' -> 0 -> 'Output' ->> a.attnum - 1 LIKE 'NULL::%';
	IF demanding IS NOT NULL THEN
		RAISE EXCEPTION 'the table % has columns that a sign-up does not fill: %', latchkey_table(), demanding
			USING HINT = format('Give them defaults (ALTER TABLE %s ALTER COLUMN %s SET DEFAULT ...), '
				'or let them be NULL, then run this again.', latchkey_table(), split_part(demanding, ', ', 1));
	END IF;
END
$$;

-- A column of, say, varchar(60) could not hold a yescrypt hash. Taking the limit off
-- rewrites nothing. The other columns may be as narrow as they are: a longer name is
-- refused at sign-up.
DO $$
DECLARE
	bytes CONSTANT integer := 73; -- of a hash
	width integer;
	dependants text;
	reason text;
	plain boolean;
BEGIN
	SELECT CASE WHEN typtype = 'd' THEN typtypmod ELSE atttypmod END - 4,
		typtype <> 'd' AND latchkey_table() = 'users'::regclass INTO width, plain
	FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
	WHERE attrelid = 'users'::regclass AND attname = 'password';
	IF width < 0 OR width >= bytes THEN
		RETURN;
	END IF;
	IF NOT plain THEN
		RAISE EXCEPTION 'the column password of users takes % characters, and a hash %', width, bytes
			USING HINT = format('Give the column behind it, in %s, the type character varying: '
				'drop the view, ALTER TABLE %1$s ALTER COLUMN ... TYPE character varying, and create the view again.',
				latchkey_table());
	END IF;
	ALTER TABLE users ALTER COLUMN password TYPE character varying;
EXCEPTION WHEN feature_not_supported OR invalid_table_definition OR dependent_objects_still_exist THEN
	GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
	-- a rule is part of its view
	SELECT string_agg(DISTINCT pg_describe_object(
			CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END,
			coalesce(r.ev_class, d.objid), CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END), ', ') INTO dependants
	FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
	WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = 'users'::regclass AND a.attname = 'password'
		AND d.deptype IN ('n', 'a') AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass,
			'pg_trigger'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
			OR (d.classid, d.deptype) = ('pg_class'::regclass, 'a') AND d.objid = d.refobjid
			OR d.classid = 'pg_attrdef'::regclass AND NOT EXISTS (SELECT FROM pg_attrdef f
				WHERE f.oid = d.objid AND f.adnum = a.attnum));
	RAISE EXCEPTION 'the column password of the table users takes % characters and a hash %, and it cannot be widened: %',
			width, bytes, SQLERRM
		USING DETAIL = concat_ws(E'\n', reason, 'What depends on users.password: ' || dependants),
		HINT = 'Drop what depends on it, run this again, and create it again; or widen the column yourself: '
			'ALTER TABLE users ALTER COLUMN password TYPE character varying';
END
$$;

-- One index decides a sign-up, also when two race for one name; another keeps an account
-- from being another's. Each login finds accounts by both (app/svc/decoy.h).
DO $$
DECLARE
	wanted text;
	doubles text;
	unique_index oid;
	immediate boolean;
	not_null boolean;
BEGIN
	FOREACH wanted IN ARRAY '{username,id}'::text[] LOOP
		unique_index := latchkey_index(wanted);
		SELECT i.indimmediate, a.attnotnull INTO immediate, not_null
		FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indexrelid = unique_index;
		IF wanted = 'id' AND NOT not_null THEN
			RAISE EXCEPTION 'the column behind users.id, in the table %, may be NULL', latchkey_table()
				USING HINT = format('ALTER TABLE %s ALTER COLUMN ... SET NOT NULL', latchkey_table());
		END IF;
		IF wanted = 'username' AND NOT immediate THEN
			RAISE EXCEPTION 'the constraint % of the table % is DEFERRABLE, and cannot decide a sign-up',
					unique_index::regclass, latchkey_table()
				USING HINT = format('ALTER TABLE %s DROP CONSTRAINT %s, and run this again: it makes an index.',
					latchkey_table(), unique_index::regclass);
		END IF;
		CONTINUE WHEN unique_index IS NOT NULL;

		IF wanted = 'username' THEN
			SELECT string_agg(format('%s (%s times: id %s)', to_json(d.username), d.n, d.ids),
				', ' ORDER BY d.username) INTO doubles
			FROM (SELECT username, count(*) AS n, string_agg(id::text, ' ' ORDER BY id) AS ids
				FROM users WHERE username IS NOT NULL
				GROUP BY username HAVING count(*) > 1) AS d;
		ELSE
			SELECT string_agg(format('%s (%s times)', d.id, d.n), ', ' ORDER BY d.id) INTO doubles
			FROM (SELECT id, count(*) AS n FROM users GROUP BY id HAVING count(*) > 1) AS d;
		END IF;
		IF doubles IS NOT NULL THEN
			RAISE EXCEPTION 'these % stand in users more than once: %',
					CASE wanted WHEN 'id' THEN 'numbers' ELSE 'names' END, doubles
				USING HINT = 'Rename or remove the doubles, then run this again; '
					'nothing was changed.';
		END IF;
		IF latchkey_table() <> 'users'::regclass THEN
			RAISE EXCEPTION 'the column behind users.%, in the table %, has no unique index', wanted, latchkey_table()
				USING HINT = format('CREATE UNIQUE INDEX ON %s (...), then run this again.', latchkey_table());
		END IF;
		EXECUTE format('CREATE UNIQUE INDEX ON users (%I)', wanted);
	END LOOP;
END
$$;

-- Its owner's own words stay.
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT c.oid, w.name, w.says
		FROM (VALUES (NULL, 'Accounts: sign-up and login by Latchkey.'),
			('username', 'Unique, compared byte by byte.'),
			('password', 'Hash, crypt(5): yescrypt, or bcrypt from before. NULL: cannot log in.'),
			('is_active', 'False or NULL: cannot log in, tokens do not count.')) AS w(name, says),
			pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.oid = 'users'::regclass AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE')
			AND (a.attname = w.name OR w.name IS NULL AND a.attnum = 1)
			AND CASE WHEN w.name IS NULL THEN obj_description(c.oid, 'pg_class')
				ELSE col_description(c.oid, a.attnum) END IS NULL
	LOOP
		EXECUTE CASE WHEN r.name IS NULL THEN format('COMMENT ON TABLE users IS %L', r.says)
			ELSE format('COMMENT ON COLUMN users.%I IS %L', r.name, r.says) END;
	END LOOP;
END
$$;

DROP FUNCTION latchkey_index(text), latchkey_table(), latchkey_plan(text);
