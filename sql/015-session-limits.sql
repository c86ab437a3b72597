-- Limits of a session's texts, which the statement that writes them keeps: PostgreSQL
-- parses and plans each CHECK again for each statement that changes a row, and a renewal
-- changes one. Half of what it costs there was that.

ALTER TABLE latchkey_session
	DROP CONSTRAINT latchkey_session_agent_check,
	DROP CONSTRAINT latchkey_session_scope_check;

COMMENT ON TABLE latchkey_session IS
	'Sessions: a row for each login, until it has ended or expired. A user has at most 100; beyond that those end that would end first.';
COMMENT ON COLUMN latchkey_session.agent IS 'The User-Agent of the login, at most 256 bytes of it.';
