-- Latchkey's own data of an account, beside the application's columns: the last
-- password change, as before, and the epoch, by which all tokens of an account end at
-- once. A number and not a time: of two events in the same second the order is known,
-- and the clocks of two machines do not matter.

ALTER TABLE latchkey_password RENAME TO latchkey_account;
ALTER TABLE latchkey_account RENAME CONSTRAINT latchkey_password_pkey TO latchkey_account_pkey;
ALTER TABLE latchkey_account RENAME CONSTRAINT latchkey_password_reason_check TO latchkey_account_reason_check;
ALTER TABLE latchkey_account
	ALTER COLUMN changed_at DROP NOT NULL, -- an epoch rises without a change as well
	ALTER COLUMN changed_at DROP DEFAULT,
	ALTER COLUMN reason DROP NOT NULL,
	ADD COLUMN epoch integer NOT NULL DEFAULT 0 CHECK (epoch >= 0),
	ADD CHECK ((changed_at IS NULL) = (reason IS NULL));

COMMENT ON TABLE latchkey_account IS
	'Of each account the last change of its password, and the epoch of its tokens. No row: the password is the one of the sign-up, and the epoch 0.';
COMMENT ON COLUMN latchkey_account.changed_at IS 'The last change of the password. NULL: it is the one of the sign-up.';
COMMENT ON COLUMN latchkey_account.epoch IS
	'Rises with each change of the password, and when the operator disables the account or logs it out. A token counts while it has this number in its claim ep; without that claim it has 0.';
