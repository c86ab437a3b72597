#!/bin/sh
# Revocation: a token that has ended is refused by every check within a second and
# without a query, on each machine, whatever becomes of the process that reads.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000
supervisor=$(cat "$LK_SERVE")

# Of another instance on the same database, whose socket this is.
check_other() {
	SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/check HTTP_AUTHORIZATION="Bearer $1" \
		cgi-fcgi -bind -connect "$LK_DIR/data/other.sock" | sed -n 's/^Status: \([0-9]*\).*/\1/p'
}
refused_there() {
	[ "$(check_other "$1")" = 401 ]
}

keeper() {
	pgrep -x latchkey-keeper -P "$supervisor"
}

# new_token NAME
new_token() {
	log_in "$1" 'correct horse'
	take_token
}

serve_alone "$LK_DIR/data/other.sock" "$tmp/other.log" LATCHKEY_DB_TIMEOUT_MS=10000 LATCHKEY_LOGIN_WAIT_MS=60000
ok $? 'a second instance serves the same database' || diag "$(cat "$tmp/other.log")"
for name in ada bob cy; do
	sign_up "$name" 'correct horse'
done
new_token bob
bob=$token

# --- each way to end all tokens of a user ---

new_token ada
check_token "$token"
is "$status $(check_other "$token")" '200 200' 'both instances accept a new token'
user logout ada >/dev/null
retry 2 check_token "$token" 401
ok $? 'after "user logout" the check refuses the token'
retry 2 refused_there "$token"
ok $? 'after "user logout" another instance refuses the token, too'
new_token ada
check_token "$token"
is "$status $(check_other "$token")" '200 200' 'a token of a login after that is accepted by both'

api POST /users/me/password '{"current":"correct horse","new":"another staple"}' -H "Authorization: Bearer $token"
is "$status" 200 'the owner changes the password'
retry 2 refused_there "$token"
ok $? 'a changed password ends the tokens before it, on the other instance as well'

new_token cy
user disable cy >/dev/null
retry 2 check_token "$token" 401
ok $? 'a disabled account has no token that passes a check'
user enable cy >/dev/null
sleep 0.3
check_token "$token"
is "$status" 401 'enabling the account again does not bring its tokens back'
check_token "$bob"
is "$status" 200 'the tokens of others are accepted all the while'

ops GET /metrics
like "$body" 'latchkey_revoked_tokens_total [1-9]' 'the metrics count refused tokens'

# --- one session ---

new_token bob
first=$token
log_in bob 'correct horse'
take_token
second=$token
api GET /users/me/sessions -H "Authorization: Bearer $second"
is "$status" 200 'a user lists the sessions'
printf '%s' "$body" >"$tmp/list"
is "$(python3 -c '
import json, re, sys
for s in json.load(open(sys.argv[1])):
    assert list(s) == ["id", "created_at", "used_at", "expires_at", "address", "agent", "client", "current"], s
    assert re.fullmatch("[0-9a-f]{32}", s["id"]), s
    print(s["current"], s["address"], s["created_at"][:2], s["agent"] is None)' "$tmp/list" | sort | uniq -c | xargs)" \
	'2 False 127.0.0.1 20 False 1 True 127.0.0.1 20 False' 'each session has its id, times, address and agent, and one is the current'
id_of_first=$(python3 -c '
import base64, json, sys
claims = sys.argv[1].split(".")[1]
print(json.loads(base64.urlsafe_b64decode(claims + "=="))["sid"])' "$first")
like "$body" "$id_of_first" 'the claim sid of a token is in the list'

sign_up eve 'correct horse'
new_token eve
api DELETE "/users/me/sessions/$id_of_first" -H "Authorization: Bearer $token"
is "$status" 404 'nobody ends a session of somebody else'
for id in x "${id_of_first}0" "$(printf '%s' "$id_of_first" | tr a-f A-F)Z" '%00' "$(printf '%032d' 0)"; do
	api DELETE "/users/me/sessions/$id" -H "Authorization: Bearer $second"
	like "$status" '^(400|404|422)$' "$id is no session"
done
check_token "$first"
is "$status" 200 'the refused attempts to end a session have ended none'
api DELETE "/users/me/sessions/$id_of_first" -H "Authorization: Bearer $second"
is "$status $body" '204 ' 'the owner ends a session'
api DELETE "/users/me/sessions/$id_of_first" -H "Authorization: Bearer $second"
is "$status" 404 'a session that has ended cannot be ended again'
retry 2 check_token "$first" 401
ok $? 'the check refuses the token of an ended session'
retry 2 refused_there "$first"
ok $? 'another instance refuses the token of an ended session'
api GET /users/me -H "Authorization: Bearer $first"
is "$status" 401 'where the database is asked the token of an ended session is refused'
check_token "$second"
is "$status" 200 'the token of the other session goes on'
api DELETE /users/me/sessions -H "Authorization: Bearer $second"
is "$status" 204 'all other sessions are ended at once'
retry 2 check_token "$bob" 401
ok $? 'the tokens of all other sessions are refused'
check_token "$second"
is "$status" 200 'the one that ended the others goes on'
api DELETE /session -H "Authorization: Bearer $second" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://evil.example'
is "$status" 403 "a page of another site ends none"
api DELETE /session -H "Authorization: Bearer $second"
is "$status" 204 'log-out ends the own one'
retry 2 check_token "$second" 401
ok $? 'after log-out the check refuses the token'
new_token bob
bob=$token

sql "insert into latchkey_session (id, user_id, epoch, created_at, expires_at) select md5(n::text)::uuid, u.id, 0, now() - n * interval '1 minute', now() + interval '1 hour' from generate_series(1, 150) n, users u where username = 'eve'" >/dev/null
new_token eve
is "$(sql "select count(*) from latchkey_session s, users u where u.id = user_id and username = 'eve'")" 100 'of a user there are 100 at most'
is "$(sql "select min(created_at) > now() - interval '100 minutes' from latchkey_session s, users u where u.id = user_id and username = 'eve'")" t 'beyond that the oldest end, of those that would end at once'

# A hundred logins of a script once ended the browser's session of the same user.
api POST /token 'username=eve&password=correct horse&scope=offline_access'
long=$(sql "select s.id from latchkey_session s, users u where u.id = user_id and username = 'eve' and expires_at > now() + interval '1 day'")
sql "update latchkey_session set created_at = now() - interval '30 days', expires_at = now() + interval '60 days' where id = '$long';
	insert into latchkey_session (id, user_id, epoch, counter, created_at, expires_at) select md5('x' || n)::uuid, u.id, 0, -1, now() + n * interval '1 second', now() + interval '30 minutes' from generate_series(1, 110) n, users u where username = 'eve'" >/dev/null
new_token eve
is "$(sql "select count(*) from latchkey_session where id = '$long'") $(sql "select count(*) from latchkey_session s, users u where u.id = user_id and username = 'eve'")" '1 100' \
	'a session that lasts is not ended by many that end soon, however old it is'
sql "delete from latchkey_session where user_id = (select id from users where username = 'eve') and id <> '$long';
	insert into latchkey_session (id, user_id, epoch, created_at, expires_at) select md5('y' || n)::uuid, u.id, 0, now() - n * interval '1 day', now() + (90 - n * 0.5) * interval '1 day' from generate_series(1, 110) n, users u where username = 'eve'" >/dev/null
new_token eve
is "$(sql "select count(*) filter (where s.id = md5('y1')::uuid), count(*) filter (where s.id = md5('y110')::uuid), count(*) from latchkey_session s, users u where u.id = user_id and username = 'eve'")" '1|0|100' \
	'of those that last the oldest end'

# The most, exactly. The entry is that of the one which would end first.
sql "delete from latchkey_session where user_id = (select id from users where username = 'eve');
	delete from latchkey_revoked where reason = 'surplus';
	insert into latchkey_session (id, user_id, epoch, counter, expires_at) select md5('z' || n)::uuid, u.id, 0, -1, now() + n * interval '10 minutes' from generate_series(1, 99) n, users u where username = 'eve'" >/dev/null
surplus() {
	sql "select (select count(*) from latchkey_session s, users u where u.id = user_id and username = 'eve'), count(*), count(*) filter (where sid = md5('z1')::uuid) from latchkey_revoked where reason = 'surplus'"
}
new_token eve
is "$(surplus)" '100|0|0' 'the hundredth session of a user ends none'
new_token eve
check_token "$token"
is "$status $(surplus)" '200 100|1|1' 'the next one ends the one that would end first, with an entry, and itself counts'
sql_admin 'revoke insert on latchkey_revoked from latchkey'
log_in eve 'correct horse'
take_token
check_token "$token"
is "$status $(surplus)" '200 101|1|1' 'a login succeeds where the session beyond the most cannot be ended'
sql_admin 'grant insert on latchkey_revoked to latchkey'
# a statement that lacks a privilege is not tried again for a moment
again() {
	new_token eve
	[ "$(surplus | cut -d'|' -f1)" = 100 ]
}
retry 5 again
ok $? 'a later login ends what was left'

# Rows that a raised epoch had ended stay until their time, and were kept in the place
# of sessions that count: each login ended the one before it.
sql "delete from latchkey_session where user_id = (select id from users where username = 'eve');
	insert into latchkey_session (id, user_id, epoch, expires_at) select md5('w' || n)::uuid, u.id, 0, now() + interval '90 days' from generate_series(1, 100) n, users u where username = 'eve'" >/dev/null
user logout eve >/dev/null
new_token eve
first=$token
new_token eve
is "$(sql "select count(*), count(*) filter (where epoch > 0) from latchkey_session s, users u where u.id = user_id and username = 'eve'")" '100|2' \
	'beyond the most those rows go first whose epoch is over'
check_token "$first"
is "$status" 200 'a session goes on beside a hundred that have ended'

# --- who writes ---

is "$(keeper | wc -l)" 1 'one keeper reads for the whole service'
# All may write the one page of what the log has lost.
writers=$(for worker in $(workers); do
	awk '/memfd:latchkey/ && $2 == "rw-s" { sub("-", " ", $1); print $1 }' "/proc/$worker/maps" |
		while read -r from to; do
			[ $((0x$to - 0x$from)) -le "$(getconf PAGESIZE)" ] || cat "/proc/$worker/comm"
		done
done | sort -u | xargs)
unlike "$writers" latchkey-check 'a check worker cannot write what has ended'

# --- the keeper dies ---

new_token cy
kill -KILL "$(keeper)"
user logout cy >/dev/null
retry 5 check_token "$token" 401
ok $? 'what ends while there is no keeper is refused once there is one'
old=$(keeper)
kill -HUP "$supervisor"
one_renewed() {
	[ "$(keeper | wc -l)" = 1 ] && [ "$(keeper)" != "$old" ]
}
retry 20 one_renewed
ok $? 'a reload replaces the keeper by one'
check_token "$token"
is "$status" 401 'what had ended before a reload is refused after it'

# --- a transaction that takes long ---

new_token bob
slow=$token
($LK_AS psql -qX "host=$LK_DIR/data dbname=latchkey user=latchkey_owner" -v ON_ERROR_STOP=1 <<END >"$tmp/slow.log" 2>&1
begin;
insert into latchkey_revoked (user_id, epoch, until, reason) select id, 1, now() + '1 hour', 'epoch' from users where username = 'bob';
select pg_sleep(2);
commit;
END
) &
slow_pid=$!
for name in ada cy; do
	user logout "$name" >/dev/null
done
sleep 0.5
check_token "$slow"
is "$status" 200 'a session whose end is not yet committed has not ended'
wait $slow_pid
is "$(grep -i error "$tmp/slow.log")" '' 'the long transaction commits'
retry 2 check_token "$slow" 401
ok $? 'an end of sessions that commits later than others is not missed'

done_testing
