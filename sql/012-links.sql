-- Links that an operator gives to somebody: an invitation to sign up, or a new password
-- for an account. Each works once.
CREATE TABLE latchkey_link (
	hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- SHA-256 of its token, which is random: the token is not stored
	kind text NOT NULL CHECK (kind IN ('invite', 'reset')),
	user_id bigint, -- users.id, of whom the password is set
	epoch integer,  -- of that account when the link was made: dead when it rises
	expires_at timestamptz NOT NULL,
	CHECK ((kind = 'reset') = (user_id IS NOT NULL) AND (user_id IS NULL) = (epoch IS NULL))
);

COMMENT ON TABLE latchkey_link IS
	'Links to sign up or to set a password, until they are used. Those that have expired are removed when another is made.';
COMMENT ON COLUMN latchkey_link.hash IS 'SHA-256 of the token in the link.';
COMMENT ON COLUMN latchkey_link.epoch IS 'Of the account when the link was made: a change of the password, or a log-out everywhere, ends the link.';
