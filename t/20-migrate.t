#!/bin/sh
# latchkey migrate: an empty database, the FastAPI application's, repeated and
# concurrent runs; and the fate of old hashes.
# shellcheck source=t/lib.sh
. t/lib.sh
needs mkpasswd
stack_up

# An empty database, of which the next commands speak.
fresh() {
	PGOPTIONS='-c client_min_messages=warning' $LK_PSQL -Xqc 'drop schema public cascade' -c 'create schema public'
}

# migrate [ROLE]: as the owner
migrate() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" migrate "$@" >"$tmp/out" 2>&1
}

# login NAME PASSWORD
login() {
	api POST /token "username=$1" --data-urlencode "password=$2"
}

hash_of() {
	sql "select password from users where username = '$1'"
}

original='create table users (id serial primary key, username varchar, fullname varchar, password varchar, is_active boolean)'

# --- empty ---

fresh
migrate
is "$? $(cat "$tmp/out")" '0 applied 001-users
applied 002-throttle
applied 003-password
applied 004-collation
applied 005-account
applied 006-networks
applied 007-names
applied 008-sessions
applied 009-clients
applied 010-scopes
applied 012-links
applied 015-session-limits
applied 016-throttle-cost
applied 017-lifetime
the schema is at version 17' 'migrate gives an empty database the schema'
is "$(sql "select column_name || ' ' || data_type from information_schema.columns
	where table_name = 'users' order by ordinal_position")" 'id integer
username character varying
fullname character varying
password character varying
is_active boolean' "migrate's table users is the original's"
migrate
is "$? $(cat "$tmp/out")" '0 the schema is at version 17' 'a second migrate has nothing to do'

fresh
migrations=
for n in 1 2 3 4; do
	# shellcheck disable=SC2086
	$LK_AS env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" migrate latchkey >"$tmp/out$n" 2>&1 &
	migrations="$migrations $!"
done
failed=0
for pid in $migrations; do
	wait "$pid" || failed=$((failed + 1))
done
is "$failed $(cat "$tmp"/out[1-4] | sort | uniq -c | tr -s ' \n' ' ')" \
'0  1 applied 001-users 1 applied 002-throttle 1 applied 003-password 1 applied 004-collation 1 applied 005-account 1 applied 006-networks 1 applied 007-names 1 applied 008-sessions 1 applied 009-clients 1 applied 010-scopes 1 applied 012-links 1 applied 015-session-limits 1 applied 016-throttle-cost 1 applied 017-lifetime 4 granted worker privileges to role latchkey 4 the schema is at version 17 ' \
	'of four migrates at once one does the work, and the others wait for it'

# --- the FastAPI application's database ---

fresh
$LK_PSQL -Xqf t/contract/seed-db.sql >"$tmp/out" 2>&1
ok $? "the dump of the original's database is loaded"
before=$(sql "select ctid, * from users order by id")
migrate latchkey
is "$? $(head -n 1 "$tmp/out")" '0 applied 001-users' "migrate takes over the original's database"
is "$(sql "select ctid, * from users order by id")" "$before" "migrate rewrites no row of the original's table"
is "$(sql "select count(*) from pg_indexes where tablename = 'users'")" 3 'migrate adds no unique index where the table has its own'
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
ok $? 'running workers find the new schema by themselves'

long=$(for _ in 0 1 2 3 4 5 6 7 8 9; do printf '%s' 0123456789; done)
for pair in alice/wonderland bob/builder 홍길동/활빈당 "long/$long"; do
	name=${pair%%/*} password=${pair#*/}
	login "$name" "x$password"
	is "$status" 401 "$name gets 401 with a wrong password"
	like "$(hash_of "$name")" '^\$2b\$12\$' "a wrong password leaves the bcrypt hash of $name"
	login "$name" "$password"
	is "$status" 200 "$name logs in with the old password"
	like "$(hash_of "$name")" '^\$y\$j9T\$' "the login of $name stores a yescrypt hash"
	login "$name" "$password"
	is "$status" 200 "$name logs in again with the yescrypt hash"
done
login long "${long%9}8"
is "$status" 401 'a yescrypt hash counts every byte of a long password, where bcrypt stopped at 72'
for pair in mallory/inactive nobody/null-active ghost/null-hash; do
	login "${pair%%/*}" "${pair#*/}"
	is "$status" 401 "${pair%%/*} of the original's database gets 401"
done
is "$(sql "select is_active is null from users where username = 'nobody'") $(sql "select password is null from users where username = 'ghost'")" \
	't t' 'migrate leaves NULL in is_active and password'
api POST /users/add_user/ '{"username":"new","password":"password"}'
json_is .id 8 'numbers of accounts go on where they were'

# --- a lower cost, and a concurrent change ---

weak=$(mkpasswd -m yescrypt -R 1 wonderland)
sql "update users set password = '$weak' where username = 'alice'"
login alice wonderland
like "$status $(hash_of alice)" '^200 \$y\$j9T\$' 'a login replaces a hash of a lower cost'
alice=$(sql "select id from users where username = 'alice'")
is "$(grep -c "event=hash_upgraded user=$alice\$" "$LK_LOG")" 2 'the log reports each hash that a login replaces'
strong=$(hash_of alice)
login alice wonderland
is "$(hash_of alice)" "$strong" 'a login leaves a hash of the cost in force alone'

# Somebody changes the password while the login hashes: the row is locked until
# the login waits for it.
sql "update users set password = '$weak' where username = 'alice'"
$LK_PSQL -Xq >/dev/null <<E &
begin;
update users set password = 'changed meanwhile' where username = 'alice';
\\! touch $tmp/locked
do \$\$ begin
	for i in 1 .. 100 loop
		perform pg_stat_clear_snapshot();
		exit when exists (select from pg_stat_activity where wait_event_type = 'Lock');
		perform pg_sleep(0.01);
	end loop;
end \$\$;
commit;
E
blocker=$!
retry 10 test -e "$tmp/locked"
login alice wonderland
wait $blocker
is "$status $(hash_of alice)" '200 changed meanwhile' 'a login does not overwrite a password that is changed meanwhile'

# --- a database of a version before ---

fresh
for script in sql/00[1-4]-*.sql; do
	PGOPTIONS='-c client_min_messages=warning' $LK_PSQL -Xqf "$script"
done >"$tmp/out" 2>&1
sql 'create table latchkey_migration (version integer primary key, name text not null, applied_at timestamptz not null default now());
	insert into latchkey_migration select n, n::text from generate_series(1, 4) n;'
sql "insert into latchkey_password values (1, '2026-01-02 03:04:05Z', 'operator'), (7, '2026-11-01 00:00:00Z', 'owner')"
$LK_PSQL_ADMIN -Xqc 'create role reader' -c 'grant select on latchkey_password to reader'
migrate
is "$? $(head -n 1 "$tmp/out")" '0 applied 005-account' 'migrate brings a database of version 4 to the next'
is "$(sql "select user_id, changed_at at time zone 'UTC', reason, epoch from latchkey_account order by 1")" '1|2026-01-02 03:04:05|operator|0
7|2026-11-01 00:00:00|owner|0' 'migrate of version 4 keeps the changes of passwords'
is "$(sql "select has_table_privilege('reader', 'latchkey_account', 'SELECT')")" t 'migrate of version 4 keeps the privileges of other roles'
sql 'insert into latchkey_account (user_id, epoch) values (8, 1)'
is "$(sql 'select changed_at, reason from latchkey_account where user_id = 8')" '|' 'latchkey_account may have an epoch without a change of the password'
sql "update latchkey_account set reason = 'owner' where user_id = 8" 2>"$tmp/out"
like "$(cat "$tmp/out")" 'latchkey_account_check' 'latchkey_account refuses a reason without its time'

# --- tables that cannot be adopted, or need an index ---

fresh
sql "$original"
sql "insert into users (username) values ('twin'), ('single'), ('twin'), ('e''vil'), ('e''vil'), (null), (null)"
migrate
is $? 1 'migrate refuses a table with double names'
like "$(cat "$tmp/out")" "\"e'vil\" \\(2 times: id 4 5\\), \"twin\" \\(2 times: id 1 3\\)" 'migrate lists the double names'
like "$(cat "$tmp/out")" 'run this again' 'migrate says to run it again once the double names are gone'
is "$(sql "select count(*), to_regclass('users_username_idx') is null, (select count(*) from latchkey_migration) from users")" \
	'7|t|0' 'migrate changes nothing in a table with double names'
sql 'delete from users where id in (3, 5)'
migrate
is $? 0 'migrate takes over the table once the double names are gone'
like "$(sql "select indexdef from pg_indexes where tablename = 'users'")" 'UNIQUE INDEX users_username_idx' \
	'migrate adds a unique index of the names'

fresh
sql "$original;
	create unique index partly on users (username) where is_active;
	create unique index other on users (username, id);
	create unique index lowered on users (lower(username));
	create index ix_users_username on users (username)"
migrate
is "$? $(sql "select count(*) from pg_indexes where indexname = 'users_username_idx'")" '0 1' \
	'migrate does not take a partial, wider, lowered or plain index for a unique one of the names'

fresh
sql 'create table users (id bigint not null default 1, username varchar unique, fullname varchar, password varchar, is_active boolean)'
migrate
is "$? $(sql "select indexdef like '%btree (id)' from pg_indexes where tablename = 'users' and indexname = 'users_id_idx'")" \
	'0 t' 'migrate adds an index of the numbers, which each login uses'

fresh
sql 'create table users (name text)'
migrate
is $? 1 'migrate refuses a table users with other columns'
like "$(cat "$tmp/out")" 'lacks: id \(integer or bigint, NOT NULL\), username .*, is_active \(boolean\)$' 'migrate lists the columns that the table lacks'
is "$(sql 'select count(*) from latchkey_migration')" 0 'a refused migrate records nothing'

fresh
sql 'create table users (id integer primary key, username varchar, fullname varchar, password varchar, is_active boolean, email text not null, age int not null default 1)'
migrate
like "$? $(cat "$tmp/out")" '^1 .*does not fill: id, email$' 'migrate refuses a table with columns that a sign-up cannot fill'

fresh
sql 'create table users (id bigint primary key generated always as identity, username varchar(20) unique, fullname varchar(20), password varchar(60), is_active boolean, email text)'
sql "insert into users (username) values ('kept')"
before=$(sql 'select ctid, * from users')
migrate latchkey
is "$? $(sql 'select ctid, * from users')" "0 $before" 'migrate widens a password too narrow for a hash without rewriting a row'
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
api POST /users/add_user/ '{"username":"of twenty characters","password":"password"}'
is "$status" 200 'a widened password column holds a hash'

sql_admin 'create database narrow encoding LATIN1 locale "C" template template0'
sql_admin 'alter database narrow owner to latchkey_owner'
owner=$LK_OWNER
LK_OWNER=$(echo "$owner" | sed 's/dbname=[^ ]*/dbname=narrow/')
migrate
like "$? $(cat "$tmp/out")" "^1 .*encoding is LATIN1, and names need UTF8" \
	'migrate refuses a database that is not in UTF-8'
LK_OWNER=$owner

# --- names that are equal and not the same ---

# Each spelling would have attempts of its own.
fresh
sql "create collation anyhow (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
sql "$original"
sql 'create unique index on users (username)'
sql 'alter table users alter column username type varchar collate anyhow'
migrate
like "$? $(cat "$tmp/out")" '^1 .*username of the table users has the collation anyhow, for which different names are equal' \
	'migrate refuses a collation that ignores case'
like "$(cat "$tmp/out")" 'ALTER TABLE users ALTER COLUMN username TYPE character varying COLLATE "default"' 'migrate shows the statement that sets another collation'
sql 'ALTER TABLE users ALTER COLUMN username TYPE character varying COLLATE "default"'
migrate
is $? 0 'migrate succeeds after the statement that it showed'

# --- a table further down the search_path, and another role ---

fresh
$LK_PSQL -Xqf t/contract/seed-db.sql >/dev/null
sql_admin 'create schema latchkey_owner authorization latchkey_owner'
migrate
is "$? $(sql "select count(*) from users; select to_regclass('latchkey_owner.users') is null")" '0 7
t' 'a schema of the role'"'"'s own does not hide the table that is there'
migrate
is "$(head -n 1 "$tmp/out")" 'the schema is at version 17' "a schema of the role's own does not hide that the database is migrated"
sql_admin 'drop schema latchkey_owner cascade'
migrate

# --- the workers' role ---

# It gets what it needs by `latchkey migrate ROLE`, and no more; the rest of this
# suite runs with that. as_worker ARGUMENT...: with it; what is said is in $said.
sql_admin 'create role "the worker" login'
as_worker() {
	# shellcheck disable=SC2086
	$LK_AS env LATCHKEY_DB_TIMEOUT_MS=30000 LATCHKEY_DATABASE="$(echo "$LK_OWNER" | sed "s/user=[^ ]*/user='the worker'/")" \
		"$LK_BIN" -c "$LK_CONF" "$@" >"$tmp/out" 2>&1
	said="$? $(grep -v ' the group ' "$tmp/out")"
}
as_worker check
like "$said" '^1 latchkey: database: no schema, or the role may not use it; .*latchkey migrate ROLE' \
	'check tells a role without the schema to run latchkey migrate'
sql 'grant usage on schema public to "the worker"; grant select on latchkey_migration to "the worker"'
as_worker check
like "$said" "^1 latchkey: database: the role lacks SELECT \(id\) on users, .*UPDATE on latchkey_throttle.*, USAGE on the sequence users_id_seq; .*latchkey migrate ROLE" \
	'check lists the privileges that a role lacks'
migrate 'the worker'
like "$? $(cat "$tmp/out")" '^0 .*' 'migrate ROLE succeeds'
is "$(sed -n '/granted/p' "$tmp/out")" 'granted worker privileges to role the worker' 'migrate ROLE says that it granted the privileges'
as_worker check
is "${said%%,*}" '0 settings' 'check is content with a role after migrate ROLE, and does not warn'
migrate 'nobody else'
like "$? $(cat "$tmp/out")" '^1 .*role "nobody else" does not exist' 'migrate refuses a role that does not exist'

# privileges: all that the role has in this database, in lines for revoke.
privileges() {
	sql "select format('%s on %s', a.privilege_type, c.oid::regclass) from pg_class c, aclexplode(c.relacl) a
			where c.relkind = 'r' and a.grantee = '\"the worker\"'::regrole
		union all select format('%s (%I) on %s', a.privilege_type, t.attname, t.attrelid::regclass)
			from pg_attribute t, aclexplode(t.attacl) a where a.grantee = '\"the worker\"'::regrole
		union all select format('%s on sequence %s', a.privilege_type, c.oid::regclass) from pg_class c, aclexplode(c.relacl) a
			where c.relkind = 'S' and a.grantee = '\"the worker\"'::regrole
		union all select format('%s on schema %I', a.privilege_type, n.nspname) from pg_namespace n, aclexplode(n.nspacl) a
			where a.grantee = '\"the worker\"'::regrole
		order by 1"
}
privileges >"$tmp/privileges"
is "$(grep ' on users' "$tmp/privileges" | xargs -d '\n' | tr -d '()')" \
	'INSERT fullname on users INSERT is_active on users INSERT password on users INSERT username on users SELECT fullname on users SELECT id on users SELECT is_active on users SELECT password on users SELECT username on users UPDATE fullname on users UPDATE is_active on users UPDATE password on users' \
	'migrate ROLE grants the columns of users that the workers need'
is "$(grep -v ' on users' "$tmp/privileges" | grep -vE '^(SELECT|INSERT|UPDATE) on latchkey_[a-z]+$')" \
	'DELETE on latchkey_link
DELETE on latchkey_revoked
DELETE on latchkey_session
USAGE on schema public
USAGE on sequence users_id_seq' 'migrate ROLE grants DELETE on three tables of its own alone, and TRUNCATE on none'
while read -r privilege; do
	sql "revoke $privilege from \"the worker\""
	as_worker check
	case $privilege in
	*schema*) like "$said" '^1 .*latchkey migrate' "check notices a lack of $privilege" ;;
	*sequence*) like "$said" '^1 .*role lacks USAGE on the sequence users_id_seq;' "check notices a lack of $privilege" ;;
	*) is "${said%%;*}" "1 latchkey: database: the role lacks $privilege" "check notices a lack of $privilege" ;;
	esac
	sql "grant $privilege to \"the worker\""
done <"$tmp/privileges"
migrate 'the worker'
privileges >"$tmp/again"
is "$(cat "$tmp/again")" "$(cat "$tmp/privileges")" 'a second migrate ROLE changes no privilege'
as_worker check
is "${said%%,*}" '0 settings' 'check is content with a role that has all its privileges again'

# excess WHAT SQL: given by the superuser, check warns of it.
excess() {
	sql_admin "$2"
	as_worker check
	like "$said" "^0 latchkey: warning: the database role [^;]*$1[^;]*, which the workers do not need" "check warns that it $1"
}
excess 'may empty or lock latchkey_throttle' 'grant truncate on latchkey_throttle to "the worker"'
sql_admin 'revoke truncate on latchkey_throttle from "the worker"'
excess 'may create objects in the schema public' 'grant create on schema public to "the worker"'
sql_admin 'revoke create on schema public from "the worker"'
excess 'may create roles' 'alter role "the worker" createrole'
sql_admin 'alter role "the worker" nocreaterole'
excess 'may create databases' 'alter role "the worker" createdb'
sql_admin 'alter role "the worker" nocreatedb'
excess 'is a member of pg_read_server_files' 'grant pg_read_server_files to "the worker"'
sql_admin 'revoke pg_read_server_files from "the worker"'
excess 'may write users.id' 'grant update on users to "the worker"'
sql_admin 'revoke update on users from "the worker"; grant update (fullname, password, is_active) on users to "the worker"'
excess 'owns users' 'grant latchkey_owner to "the worker"'
$LK_PSQL_ADMIN -Xqc 'revoke latchkey_owner from "the worker"' -c 'alter table users owner to "the worker"'
excess 'owns users' 'select'
$LK_PSQL_ADMIN -Xqc 'alter table users owner to latchkey_owner' -c 'alter role "the worker" superuser'
as_worker check
like "$said" "^0 latchkey: warning: the database role is a superuser, which" 'check warns of a superuser'

# --- upgrades turned off ---

fresh
$LK_PSQL -Xqf t/contract/seed-db.sql >/dev/null
t/stack down "$LK_DIR"
t/stack up "$LK_DIR" pg_fsync=off password_blocklist= password_min_chars=8 hash_upgrade=false login_wait_ms=60000
ok $? "a stack starts on the original's database with hash_upgrade = false"
# shellcheck source=/dev/null
. "$LK_DIR/env"
login alice wonderland
like "$status $(hash_of alice)" '^200 \$2b\$12\$' \
	'a login leaves a bcrypt hash with hash_upgrade = false'
api POST /users/add_user/ '{"username":"new","password":"password"}'
like "$status $(hash_of new)" '^200 \$y\$' 'a sign-up stores a yescrypt hash with hash_upgrade = false'

done_testing
