-- Django's auth_user, as sqlmigrate auth has it.
CREATE TABLE auth_user (
	id serial NOT NULL PRIMARY KEY,
	password varchar(128) NOT NULL,
	last_login timestamp with time zone NULL,
	is_superuser boolean NOT NULL,
	username varchar(150) NOT NULL UNIQUE,
	first_name varchar(150) NOT NULL,
	last_name varchar(150) NOT NULL,
	email varchar(254) NOT NULL,
	is_staff boolean NOT NULL,
	is_active boolean NOT NULL,
	date_joined timestamp with time zone NOT NULL
);
CREATE INDEX auth_user_username_6821ab7c_like ON auth_user (username varchar_pattern_ops);
CREATE TABLE auth_user_groups (
	id serial NOT NULL PRIMARY KEY,
	user_id integer NOT NULL REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED,
	group_id integer NOT NULL
);
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) VALUES
	(:'hash', true, 'admin', 'Ada', 'Lovelace', 'ada@example.com', true, true, now()),
	-- by Django 3.2
	('pbkdf2_sha256$260000$aK1CwXbbJqADWL38JdI8MJ$iWj/XvjpuX76nk9XQ8aHPDTrwqhHdgX9q92wdZVbQfk=', false, 'pbkdf2', '', '', '', false, true, now()),
	('bcrypt_sha256$$2b$12$XmkBcL.oMtAbnF62nnLCLedbj9tctHcJn2Gugx.K.NrKK1y.5J8Sq', false, 'bcrypt', '', '', '', false, true, now()),
	(:'hash', false, 'gone', '', '', '', false, false, now()),
	('!Zf0bJ1hkXWk8XqCz3h8gqM8Z6nY1m4XQd0aJ2uKp', false, 'sso', '', 'Only', '', false, true, now());
INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 7);
