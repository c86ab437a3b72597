-- Clients: programs that ask for tokens at /oauth2/token by a secret of their own, and
-- services that ask there what a token is.

CREATE TABLE latchkey_client (
	number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- as sessions have it; 0 is the built-in client
	client_id text COLLATE "C" NOT NULL UNIQUE CHECK (client_id ~ '^[A-Za-z0-9._-]{1,64}$' AND client_id <> 'first-party'),
	name text CHECK (octet_length(name) <= 256), -- for people
	secret text NOT NULL CHECK (secret ~ '^[0-9a-f]{64}$'),         -- SHA-256 of 256 random bits
	old_secret text CHECK (old_secret ~ '^[0-9a-f]{64}$'),          -- the one before, which counts
	old_until timestamptz,                                          -- until then
	grants text NOT NULL CHECK (octet_length(grants) <= 63),        -- a blank between two
	scopes text NOT NULL DEFAULT '' CHECK (octet_length(scopes) <= 512),
	audience text CHECK (octet_length(audience) BETWEEN 1 AND 256), -- of its tokens; NULL: that of the settings
	enabled boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE latchkey_client IS
	'Clients of /oauth2/: programs with a secret. Their names are in latchkey_name, too, so that no account gets one.';
COMMENT ON COLUMN latchkey_client.secret IS 'SHA-256 of the secret, in hexadecimal digits. The secret itself is not stored.';
COMMENT ON COLUMN latchkey_client.old_secret IS 'The same of the secret before, which counts until old_until.';
COMMENT ON COLUMN latchkey_client.audience IS
	'Whom its tokens are for (aud), and of which tokens it may ask. NULL: token_audience of the settings.';

-- Which client a session belongs to. A constant default rewrites no row.
ALTER TABLE latchkey_session ADD COLUMN client integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN latchkey_session.client IS 'latchkey_client.number; 0: the built-in client, first-party.';
