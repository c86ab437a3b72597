-- Last password change of an account: time and actor. A separate table, since users
-- stays as the FastAPI application made it; at most one row for each account, so it does
-- not grow with the number of changes.

CREATE TABLE latchkey_password (
	user_id bigint PRIMARY KEY,                  -- users.id; no foreign key, which would forbid to empty users
	changed_at timestamptz NOT NULL DEFAULT now(), -- the last time
	reason text NOT NULL CHECK (reason IN ('owner', 'operator')) -- POST /users/me/password, or latchkey user passwd
);

COMMENT ON TABLE latchkey_password IS
	'The last change of each account''s password. No row: it is the one of the sign-up.';
COMMENT ON COLUMN latchkey_password.user_id IS 'The account''s id in users.';
COMMENT ON COLUMN latchkey_password.reason IS
	'Who changed it: its owner, who knew the one before, or the operator. A hash that is made anew at a login is no change.';
