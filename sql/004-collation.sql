-- Byte-wise comparison of names. Attempts are counted, and devices known, by a name's
-- bytes: where the database took "Ada" and "ada" for one account, each spelling would
-- have its own attempts.
DO $$
DECLARE
	collation_name text;
BEGIN
	SELECT a.attcollation::regcollation INTO collation_name
	FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation
	WHERE a.attrelid = 'users'::regclass AND a.attname = 'username'
		AND NOT c.collisdeterministic;
	IF collation_name IS NOT NULL THEN
		RAISE EXCEPTION 'the column username of the table users has the collation %, for which different names are equal', collation_name
			USING HINT = 'Give it another: ALTER TABLE users ALTER COLUMN username TYPE character varying COLLATE "default".';
	END IF;
END
$$;
