-- Table of accounts. On a database of the FastAPI application its table is adopted as
-- it is: no row is rewritten, and the application can go on using it.

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

-- Another program's table of that name must not be taken for it.
DO $$
DECLARE
	lacking text;
	demanding text;
	narrow record;
BEGIN
	IF getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'the database''s encoding is %, and names need UTF8', getdatabaseencoding()
			USING HINT = 'Make one with: createdb -E UTF8 -T template0 NAME';
	END IF;

	SELECT string_agg(format('%s (%s)', c.name, c.types), ', ' ORDER BY c.position) INTO lacking
	FROM (VALUES (1, 'id', 'integer or bigint, NOT NULL', '{int4,int8}'),
		(2, 'username', 'character varying or text', '{varchar,text}'),
		(3, 'fullname', 'character varying or text', '{varchar,text}'),
		(4, 'password', 'character varying or text', '{varchar,text}'),
		(5, 'is_active', 'boolean', '{bool}')) AS c(position, name, types, oids)
	WHERE NOT EXISTS (SELECT FROM pg_attribute a
		WHERE a.attrelid = 'users'::regclass AND a.attname = c.name
		AND NOT a.attisdropped AND a.atttypid = ANY (c.oids::regtype[])
		AND (a.attnotnull OR c.name <> 'id'));
	IF lacking IS NOT NULL THEN
		RAISE EXCEPTION 'the table users lacks: %', lacking
			USING HINT = 'This is not the FastAPI application''s table. '
				'Give Latchkey its own database or schema.';
	END IF;

	-- What an INSERT of username, fullname, password and is_active leaves out.
	SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) INTO demanding
	FROM pg_attribute a
	WHERE a.attrelid = 'users'::regclass AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attname NOT IN ('username', 'fullname', 'password', 'is_active')
		AND (a.attnotnull OR a.attname = 'id')
		AND NOT a.atthasdef AND a.attidentity = '';
	IF demanding IS NOT NULL THEN
		RAISE EXCEPTION 'the table users has columns that a sign-up does not fill: %', demanding
			USING HINT = 'Give them defaults, or let them be NULL, then run this again.';
	END IF;

	-- A column of, say, varchar(60) could not hold a yescrypt hash. Taking the
	-- limit off rewrites nothing; the configuration has limits of its own.
	FOR narrow IN SELECT a.attname FROM pg_attribute a
		WHERE a.attrelid = 'users'::regclass AND a.atttypmod >= 0
		AND a.attname IN ('username', 'fullname', 'password')
	LOOP
		EXECUTE format('ALTER TABLE users ALTER COLUMN %I TYPE character varying', narrow.attname);
	END LOOP;
END
$$;

-- This index alone decides a sign-up, also when two race for one name.
DO $$
DECLARE
	doubles text;
BEGIN
	PERFORM FROM pg_index i JOIN pg_attribute a
		ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = 'users'::regclass AND a.attname = 'username'
		AND i.indisunique AND i.indisvalid AND i.indimmediate
		AND i.indnkeyatts = 1 AND i.indpred IS NULL;
	IF FOUND THEN
		RETURN;
	END IF;

	SELECT string_agg(format('%s (%s times: id %s)', to_json(d.username), d.n, d.ids),
		', ' ORDER BY d.username) INTO doubles
	FROM (SELECT username, count(*) AS n, string_agg(id::text, ' ' ORDER BY id) AS ids
		FROM users WHERE username IS NOT NULL
		GROUP BY username HAVING count(*) > 1) AS d;
	IF doubles IS NOT NULL THEN
		RAISE EXCEPTION 'these names stand in users more than once: %', doubles
			USING HINT = 'Rename or remove the doubles, then run this again; '
				'nothing was changed.';
	END IF;
	CREATE UNIQUE INDEX ON users (username);
END
$$;

-- Each login also finds an account by its number; see app/svc/decoy.h.
DO $$
BEGIN
	PERFORM FROM pg_index i JOIN pg_attribute a
		ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
		WHERE i.indrelid = 'users'::regclass AND a.attname = 'id'
		AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree';
	IF NOT FOUND THEN
		CREATE INDEX ON users (id);
	END IF;
END
$$;

COMMENT ON TABLE users IS 'Accounts: sign-up and login by Latchkey.';
COMMENT ON COLUMN users.username IS 'Unique, compared byte by byte.';
COMMENT ON COLUMN users.password IS 'Hash, crypt(5): yescrypt, or bcrypt from before. NULL: cannot log in.';
COMMENT ON COLUMN users.is_active IS 'False or NULL: cannot log in, tokens do not count.';
