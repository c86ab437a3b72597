-- FastAPI's documented users, as SQLAlchemy makes the table.
CREATE TABLE users (
	id serial PRIMARY KEY,
	username varchar NOT NULL,
	email varchar,
	full_name varchar,
	hashed_password varchar NOT NULL,
	disabled boolean
);
CREATE UNIQUE INDEX ix_users_username ON users (username);
CREATE TABLE items (id serial PRIMARY KEY, title varchar, owner_id integer REFERENCES users (id));
INSERT INTO users (username, email, full_name, hashed_password, disabled) VALUES
	('johndoe', 'johndoe@example.com', 'John Doe', :'hash', false),
	('alice', 'alice@example.com', 'Alice Wonderson', :'hash', true),
	('bob', NULL, NULL, :'hash', NULL);
INSERT INTO items (title, owner_id) VALUES ('a lamp', 1);
