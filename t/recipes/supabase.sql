-- Supabase's auth.users: of its columns those that a sign-up has to do with.
CREATE SCHEMA auth;
CREATE TABLE auth.users (
	instance_id uuid,
	id uuid NOT NULL PRIMARY KEY,
	aud varchar(255),
	role varchar(255),
	email varchar(255),
	encrypted_password varchar(255),
	email_confirmed_at timestamptz,
	confirmation_token varchar(255),
	raw_app_meta_data jsonb,
	raw_user_meta_data jsonb,
	is_super_admin boolean,
	created_at timestamptz,
	updated_at timestamptz,
	phone text UNIQUE DEFAULT NULL,
	phone_confirmed_at timestamptz,
	confirmed_at timestamptz GENERATED ALWAYS AS (least(email_confirmed_at, phone_confirmed_at)) STORED,
	banned_until timestamptz,
	is_sso_user boolean NOT NULL DEFAULT false,
	deleted_at timestamptz,
	is_anonymous boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;
ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE, nickname text);
INSERT INTO auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_user_meta_data, banned_until, deleted_at) VALUES
	('1c5fd1d0-6f0e-4f5c-8f6a-3d9f0a7b5c01', 'authenticated', 'authenticated', 'ada@example.com', :'hash', now(), '{"full_name": "Ada Lovelace"}', NULL, NULL),
	('1c5fd1d0-6f0e-4f5c-8f6a-3d9f0a7b5c02', 'authenticated', 'authenticated', 'banned@example.com', :'hash', now(), '{}', now() + interval '1 year', NULL),
	('1c5fd1d0-6f0e-4f5c-8f6a-3d9f0a7b5c03', 'authenticated', 'authenticated', 'new@example.com', :'hash', NULL, '{}', NULL, NULL),
	('1c5fd1d0-6f0e-4f5c-8f6a-3d9f0a7b5c04', 'authenticated', 'authenticated', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO profiles VALUES ('1c5fd1d0-6f0e-4f5c-8f6a-3d9f0a7b5c01', 'countess');
