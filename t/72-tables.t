#!/bin/sh
# Tables as they really are: triggers that refuse a sign-up, columns of any
# width, views of the table, views behind it. A refusal by RAISE was a 500 and "a
# bug" in the log; a view over varchar(128) stopped the migration without a name.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 fullname_max_chars=16384

# refuses WHAT BODY: the trigger of the table users has this body
refuses() {
	sql_admin "create or replace function refuse() returns trigger language plpgsql as \$\$ begin $2 return new; end \$\$"
}

# said WANTED TITLE: what was logged of the last sign-up
said() {
	like "$(grep event=db_failed "$LK_LOG" | tail -n 1)" "$1" "$2"
}

# --- triggers ---

sql_admin "create function refuse() returns trigger language plpgsql as \$\$ begin return new; end \$\$;
	create trigger refuse before insert or update on users for each row execute function refuse()"
sign_up ada 'correct horse'
is "$status" 200 'a trigger that accepts each row lets sign-ups succeed'
log_in ada 'correct horse'
take_token

while IFS='|' read -r code wanted what; do
	refuses trigger "raise exception 'not you, %', new.username $code;"
	sign_up eve 'correct horse'
	is "$status $(header Content-Type)" "$wanted application/json" "a trigger's RAISE at a sign-up, $what, gets $wanted"
done <<'LINES'
|400|without a code
using errcode = 'check_violation'|400|as a violated constraint
using errcode = 'insufficient_privilege'|400|as a lack of privilege
using errcode = 'feature_not_supported'|400|as something not supported
using errcode = 'undefined_table'|400|as a table that is not there
using errcode = 'internal_error'|400|as an internal error
using errcode = 'PT400'|400|by a code of PostgREST's
using errcode = '45000'|400|by a code of MySQL's
using errcode = 'serialization_failure'|503|that asks for another try
LINES
json_is .detail 'The service is not available, please try again' 'the 503 of a trigger says that the service is not available'
refuses trigger "raise exception 'not you, %', new.username;"
sign_up eve 'correct horse'
json_is .detail 'A value violates a database constraint' 'the answer to a RAISE is that of a violated constraint'
said "what=user_insert sqlstate=P0001 message=\"PL/pgSQL function refuse\(\) line 1 at RAISE\"" 'the log has the place of a RAISE'
is "$(grep -c 'not you' "$LK_LOG")" 0 'the log does not have the message of a RAISE, which may hold a name'
api PATCH /users/me '{"fullname":"Ada"}' -H "Authorization: Bearer $token"
is "$status" 400 'a change of the full name that a trigger refuses gets 400'
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
is "$status" 400 'a change of the password that a trigger refuses gets 400'
refuses 'assert' "assert new.username <> 'eve';"
sign_up eve 'correct horse'
is "$status" 400 'a failed ASSERT of a trigger gets 400'
refuses 'its code is wrong' "perform no_such_function(new.username);"
sign_up eve 'correct horse'
is "$status" 503 'a trigger whose own code is wrong gets 503'
said 'sqlstate=42883 message="ERROR:  function no_such_function' 'the log has the error of a trigger whose own code is wrong'
refuses 'it looks at a table' "perform 1 from (values (1), (2)) as v (n) where n = (select n from (values (1), (2)) as w (n));"
sign_up eve 'correct horse'
is "$status" 503 'a trigger whose subquery gives two rows gets 503'
is "$(grep -c event=bug "$LK_LOG")" 0 'no error of a trigger is logged as a bug'

# --- names that a trigger changes ---

refuses 'nobody' "new.username := lower(new.username); new.fullname := initcap(new.fullname);"
api POST /users/add_user/ '{"username":"Grace","fullname":"grace hopper","password":"correct horse"}'
is "$status $body" "200 {\"username\":\"grace\",\"fullname\":\"Grace Hopper\",\"id\":$(sql "select id from users where username = 'grace'"),\"is_active\":true}" \
	'a sign-up answers with the names that are stored, as the original does'
sign_up GRACE 'correct horse'
is "$status" 400 'a name that a trigger turns into a taken one gets 400'
refuses 'nobody' "new.username := null;"
sql_admin 'alter table users alter username drop not null'
sign_up nemo 'correct horse'
is "$status" 400 'a trigger that takes the name away gets 400'
refuses 'nobody' ''
sql_admin 'create index on users (fullname)'
python3 - >"$tmp/long" <<'P'
import json, random
random.seed(1)
print(json.dumps({"username": "long", "password": "correct horse", "fullname": "".join(chr(random.randrange(0x4e00, 0x9000)) for _ in range(3000))}))
P
api POST /users/add_user/ @"$tmp/long" -H 'Content-Type: application/json'
is "$status" 400 'a full name that is too long for an index on it gets 400'
is "$(grep -c event=bug "$LK_LOG")" 0 'a full name that is too long for an index is not logged as a bug'

# --- what can be adopted, and what stands in the way ---

# adopt TITLE SQL: migrate after it; its results in $code and $said
adopt() {
	PGOPTIONS='-c client_min_messages=warning' $LK_PSQL -Xq -v ON_ERROR_STOP=1 \
		-c 'drop schema public cascade; create schema public' -c "$2" >"$tmp/out" 2>&1 || diag "$1: $(cat "$tmp/out")"
	# shellcheck disable=SC2086 # words of a command
	said=$($LK_AS env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" migrate latchkey 2>&1)
	code=$?
}

# refused TITLE SQL PATTERN...: each is in what migrate says
refused() {
	title=$1
	adopt "$title" "$2"
	shift 2
	is "$code" 1 "$title is refused"
	for pattern; do
		like "$said" "$pattern" "$title: the refusal says $pattern"
	done
}
wide='id serial primary key, username varchar(50) not null unique, fullname varchar(100)'

adopt 'varchar' "create table users ($wide, password varchar(73), is_active boolean); comment on column users.username is 'e-mail';
	create view people as select * from users; create table other (id serial primary key)"
is "$code" 0 'a table with a view on it is adopted if each column is wide enough'
is "$(sql "select string_agg(format_type(atttypid, atttypmod), ' ' order by attnum) from pg_attribute
	where attrelid = 'users'::regclass and attname in ('username', 'fullname', 'password')")" \
	'character varying(50) character varying(100) character varying(73)' 'wide columns stay as they are'
is "$(sql "select col_description('users'::regclass, 2), col_description('users'::regclass, 4) like 'Hash%'")" 'e-mail|t' \
	'a comment that is there stays'
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
sign_up "$(printf '%050d' 0)" 'correct horse'
is "$status" 200 'a name of 50 characters fits varchar(50)'
is "$(sql 'select length(password) from users')" 73 'a hash fits varchar(73)'
sign_up "$(printf '%051d' 0)" 'correct horse'
is "$status" 400 'a name of 51 characters does not fit varchar(50)'
adopt 'varchar(72)' "create table users ($wide, password varchar(72), is_active boolean)"
is "$code $(sql "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'users'::regclass and attname = 'password'")" \
	'0 character varying' 'a password column of 72 characters is widened'

narrow="$wide, password varchar(60), is_active boolean"
refused 'a view on a narrow password' "create table users ($narrow); create view people as select id, password from users" \
	'column password of the table users takes 60 characters and a hash 73' \
	'rule _RETURN on view people depends on column "password"' 'What depends on users.password: view people$' 'Drop what depends on it, run this again'
refused 'a generated column' "create table users ($narrow, has_one boolean generated always as (password is not null) stored)" \
	'column password of the table users takes 60' 'What depends on users.password: .*column has_one of table users'
refused 'a policy on a narrow password' "create table users ($narrow); create policy p on users using (password is not null)" \
	'What depends on users.password: policy p on table users'
refused 'a trigger of a narrow password' "create table users ($narrow);
	create function f() returns trigger language plpgsql as 'begin return new; end';
	create trigger t before update on users for each row when (old.password <> new.password) execute function f()" \
	'What depends on users.password: trigger t on table users'
refused 'citext' "create extension if not exists citext; create table users (id serial primary key, username citext unique, fullname text, password text, is_active boolean)" \
	'column username of the table users is citext, for which different names are equal' \
	'UPDATE users SET username = lower\(username\); ALTER TABLE users ALTER COLUMN username TYPE character varying; .*username_pattern'
$LK_PSQL -Xqc "UPDATE users SET username = lower(username); ALTER TABLE users ALTER COLUMN username TYPE character varying"
# shellcheck disable=SC2086
$LK_AS env LATCHKEY_DATABASE="$LK_OWNER" "$LK_BIN" -c "$LK_CONF" migrate >"$tmp/out" 2>&1
is $? 0 'citext: the advice helps'
refused 'a number that is a uuid' "create table users (id uuid primary key, username text unique, full_name text, password char(60), is_active boolean)" \
	'the table users lacks: id \(integer or bigint, NOT NULL; it is uuid\), fullname \(character varying or text\), password \(.*; it is character\(60\)\)$' \
	'doc/migrate.md has one for .*Django'
refused 'a number that is there twice' "create table users (id integer not null default 9, username text unique, fullname text, password text, is_active boolean);
	insert into users values (7, 'a'), (8, 'b'), (7, 'c')" 'these numbers stand in users more than once: 7 \(2 times\)$'
refused 'a name that is unique only at the end of a transaction' \
	'create table users (id serial primary key, username text, fullname text, password text, is_active boolean, constraint late unique (username) deferrable)' \
	'constraint late of the table users is DEFERRABLE' 'ALTER TABLE users DROP CONSTRAINT late'
adopt 'a domain' "create domain email as varchar(255) check (value ~ '@'); create sequence elsewhere;
	create table users (id bigint primary key default nextval('elsewhere'), username email, fullname text, password text, is_active boolean)"
is "$code" 0 'a name of a domain over varchar, and numbers of a sequence of no column, are adopted'
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
sign_up ada@example.org 'correct horse'
is "$status" 200 'a sign-up passes the check of a domain'
sign_up ada 'correct horse'
is "$status" 400 'a name that the domain refuses is a 400'
log_in ada@example.org 'correct horse'
is "$status" 200 'a name that the domain lets pass logs in'

# --- a view in the place of the table ---

base='create table account (number bigint generated always as identity primary key, mail varchar(255) not null unique,
	display text, hash text, enabled boolean default true, created timestamptz not null default now());'
view='create view users as select number as id, mail as username, display as fullname, hash as password, enabled as is_active from account'
adopt 'a view' "$base $view where not mail like 'hidden%' with check option"
is "$code" 0 'a view that renames columns is adopted' || diag "$said"
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
sign_up ada@example.org 'correct horse'
is "$status $(sql 'select number, mail, left(hash, 3), enabled from account')" '200 1|ada@example.org|$y$|t' \
	'a sign-up through a view fills the table behind it'
sign_up ada@example.org 'correct horse'
is "$status" 400 'a name that is taken behind a view is a 400'
sign_up hidden@example.org 'correct horse'
is "$status" 400 'a name that WITH CHECK OPTION refuses is a 400'
log_in ada@example.org 'correct horse'
take_token
api PATCH /users/me '{"fullname":"Ada L."}' -H "Authorization: Bearer $token"
is "$status $(sql 'select display from account')" '200 Ada L.' 'a change of the full name goes through a view'
for command in check 'user show ada@example.org' 'user disable ada@example.org' 'user list'; do
	# shellcheck disable=SC2086 # words
	$LK_AS "$LK_BIN" -c "$LK_CONF" $command >"$tmp/out" 2>&1
	ok $? "latchkey $command works with a view" || diag "$(cat "$tmp/out")"
done
log_in ada@example.org 'correct horse'
is "$status" 401 'an account disabled through a view is out'

adopt 'a view of a view' "$base create view inner_one as select number, mail, display, hash, enabled from account; $(echo "$view" | sed 's/account/inner_one/')"
is "$code" 0 'a view of a view is adopted' || diag "$said"
adopt 'serial' "$(echo "$base" | sed 's/bigint generated always as identity/serial/') $view"
is "$code $(sql "select has_sequence_privilege('latchkey', 'account_number_seq', 'usage')")" '0 t' \
	'the sequence behind a view is granted to the role'
refused 'a view with a name that is not unique' "$(echo "$base" | sed 's/ unique//') $view" \
	'column behind users.username, in the table account, has no unique index' 'CREATE UNIQUE INDEX ON account'
refused 'a view with a number that is not unique' "$(echo "$base" | sed 's/ primary key//') $view" \
	'column behind users.id, in the table account, has no unique index'
refused 'a view with a number that may be NULL' "create table account (number int unique, mail text unique, display text, hash text, enabled boolean); $view" \
	'column behind users.id, in the table account, may be NULL' 'ALTER TABLE account ALTER COLUMN .* SET NOT NULL'
refused 'a view on a table that wants more' "$(echo "$base" | sed 's/now()/null/; s/default null//') $view" \
	'table account has columns that a sign-up does not fill: created$' 'ALTER TABLE account ALTER COLUMN created SET DEFAULT'
refused 'a view with a narrow password' "$(echo "$base" | sed 's/hash text/hash varchar(72)/') $view" \
	'column password of users takes 72 characters, and a hash 73' 'drop the view, ALTER TABLE account'
refused 'a view with an expression' "$base $(echo "$view" | sed 's/enabled as/not enabled as/')" \
	'cannot be inserted into the view users: cannot insert into column "is_active"' 'View columns that are not columns of their base relation'
refused 'a view of two tables' "$base $view, (select 1) as one" 'cannot be inserted into the view users:' 'that PostgreSQL itself can update'
refused 'a view with INSTEAD OF triggers' "$base $view;
	create function f() returns trigger language plpgsql as 'begin return new; end';
	create trigger t instead of insert on users for each row execute function f()" 'INSTEAD OF triggers' 'Drop them'
refused 'a view with rules' "$base $view; create rule r as on insert to users do instead nothing" 'view users has rules' 'Drop them'
refused 'a materialized view' "$base $(echo "$view" | sed 's/create view/create materialized view/')" 'cannot be inserted into users, a materialized view'

# --- names ---

# settle KEY=VALUE...: with these settings from now on
settle() {
	for pair; do
		sed -i "s|^${pair%%=*} = .*|${pair%%=*} = ${pair#*=}|" "$LK_CONF"
	done
	before=$(workers)
	kill -HUP "$(cat "$LK_SERVE")"
	retry 20 replaced
}
# shellcheck disable=SC2317 # by settle
replaced() {
	! workers | grep -qxF "$before"
}
adopt 'a plain table' "create table users ($wide, password text, is_active boolean)"
retry 10 curl -sf -o /dev/null "$LK_OPS_URL/readyz"
sign_up '' 'correct horse'
is "$status $body" '422 {"detail":[{"type":"string_too_short","loc":["body","username"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}]}' \
	'an empty name, which could never log in, is refused at sign-up'
sign_up x 'correct horse'
is "$status" 200 'a name of one character is allowed'
settle username_min_chars=3 'username_pattern="[a-z0-9._+-]+@[a-z0-9-]+(\\\\.[a-z0-9-]+)+"'
sign_up ab 'correct horse'
json_is .detail[0].type string_too_short 'a name of two characters is too short where three are wanted'
sign_up abc 'correct horse'
is "$status $body" '422 {"detail":[{"type":"string_pattern_mismatch","loc":["body","username"],"msg":"String should match pattern '"'"'[a-z0-9._+-]+@[a-z0-9-]+(\\.[a-z0-9-]+)+'"'"'","input":"abc","ctx":{"pattern":"[a-z0-9._+-]+@[a-z0-9-]+(\\.[a-z0-9-]+)+"}}]}' \
	'a name that the pattern does not match is refused as pydantic does it' || diag "$body"
for name in Ada@example.org ada@Example.org ada@example 'ada@example.org ' ' ada@example.org' 'ada@example.org\n' 'ädä@example.org'; do
	sign_up "$name" 'correct horse'
	json_is .detail[0].type string_pattern_mismatch "a pattern of addresses in lower case refuses '$name'"
done
sign_up ada.l+todo@mail.example.org 'correct horse'
is "$status" 200 'a pattern of addresses in lower case allows ada.l+todo@mail.example.org'
log_in x 'correct horse'
is "$status" 200 'an older name that the pattern does not match still logs in'
# shellcheck disable=SC2086
printf 'correct horse\n' | $LK_AS "$LK_BIN" -c "$LK_CONF" user add Eve@example.org >"$tmp/out" 2>&1
like "$? $(cat "$tmp/out")" '^1 latchkey: name does not match username_pattern: ' 'latchkey user add keeps to the pattern'
# shellcheck disable=SC2086
printf 'correct horse\n' | $LK_AS "$LK_BIN" -c "$LK_CONF" user add ab >"$tmp/out" 2>&1
like "$? $(cat "$tmp/out")" '^1 latchkey: name has fewer than 3 characters$' 'latchkey user add keeps to the least length'
while IFS='|' read -r setting wanted; do
	# shellcheck disable=SC2086
	$LK_AS env "$setting" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	like "$? $(cat "$tmp/out")" "^1 latchkey: .*$wanted" "$setting stops the start"
done <<'LINES'
LATCHKEY_USERNAME_PATTERN=(a|LATCHKEY_USERNAME_PATTERN: username_pattern must be an extended regular expression, .*a \( is without its \)
LATCHKEY_USERNAME_PATTERN=x)|a \) is without its \(
LATCHKEY_USERNAME_PATTERN=(a)\1|a backslash before something else than punctuation
LATCHKEY_USERNAME_PATTERN=(a{50}){50}|make it too long
LATCHKEY_USERNAME_MIN_CHARS=65|username_min_chars must be a whole number from 0 to 64
LINES
# shellcheck disable=SC2086
$LK_AS env LATCHKEY_USERNAME_MAX_CHARS=2 "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
like "$? $(cat "$tmp/out")" '^1 latchkey: username_min_chars = 3 is more than username_max_chars = 2: every name would be refused$' \
	'a least length above the most stops the start'

done_testing
