-- The full-stack FastAPI template, as its migrations leave the tables.
CREATE TABLE "user" (
	email varchar(255) NOT NULL,
	is_active boolean NOT NULL,
	is_superuser boolean NOT NULL,
	full_name varchar(255),
	hashed_password varchar NOT NULL,
	id uuid NOT NULL PRIMARY KEY,
	created_at timestamptz
);
CREATE UNIQUE INDEX ix_user_email ON "user" (email);
CREATE TABLE item (
	id uuid NOT NULL PRIMARY KEY,
	title varchar(255) NOT NULL,
	owner_id uuid NOT NULL REFERENCES "user" (id) ON DELETE CASCADE
);
INSERT INTO "user" (id, email, is_active, is_superuser, full_name, hashed_password) VALUES
	('0b2ee3b6-8a5e-4f0c-9d5b-0d1f6a3c7e01', 'admin@example.com', true, true, NULL, :'hash'),
	('0b2ee3b6-8a5e-4f0c-9d5b-0d1f6a3c7e04', 'today@example.com', true, false, 'Today', -- argon2id of the template's parameters, by PHP 8.2
		'$argon2id$v=19$m=65536,t=3,p=4$aFdOMFlGU05kWnJSRG5KWg$LZlbQni3AASJUumrkyX6bh2wUClx7j3w5y5b6+RbKI4'),
	('0b2ee3b6-8a5e-4f0c-9d5b-0d1f6a3c7e02', 'gone@example.com', false, false, 'Gone', :'hash');
INSERT INTO item VALUES ('0b2ee3b6-8a5e-4f0c-9d5b-0d1f6a3c7e03', 'a lamp', '0b2ee3b6-8a5e-4f0c-9d5b-0d1f6a3c7e01');
