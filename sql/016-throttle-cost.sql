-- The cost of counting an attempt, which a login does twice for eight rows: half of what
-- it costs PostgreSQL. It parses and plans a CHECK again for each statement; the statement
-- has its numbers from a constant table. And it tidies a page at each visit as long as
-- less of it is free than fillfactor leaves to new rows, which is so after one change: the
-- room of the rows that exist is kept, and used up in twenty changes now.

ALTER TABLE latchkey_throttle
	DROP CONSTRAINT latchkey_throttle_bucket_check,
	SET (fillfactor = 90);
