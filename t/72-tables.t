#!/bin/sh
# Tables as they really are: triggers that refuse a sign-up.
# A refusal by RAISE was a 500 and "a bug" in the log.
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

done_testing
