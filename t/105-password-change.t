#!/bin/sh
# A change of the password by its owner: the session that asks goes on with new tokens,
# all others end, and so does a login with the old password that is under way.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 refresh_grace_s=60 session_days=1 nginx_limits=off

# log_in_with PASSWORD [SCOPE]: sets token and refresh.
log_in_with() {
	api POST /token --data-urlencode username=ada --data-urlencode "password=$1" --data-urlencode "scope=${2-}"
	take_both
}

take_both() {
	take_token
	refresh=$(printf '%s' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')
}

# change CURRENT NEW TOKEN
change() {
	api POST /users/me/password "{\"current\":\"$1\",\"new\":\"$2\"}" -H "Authorization: Bearer $3"
}

renew() {
	api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$1"
}

me() {
	api GET /users/me -H "Authorization: Bearer $1"
	is "$status" "$2" "$3"
}


claim() {
	python3 -c '
import base64, json, sys
claims = sys.argv[1].split(".")[1]
print(json.loads(base64.urlsafe_b64decode(claims + "==")).get(sys.argv[2], "none"))' "$1" "$2"
}

sign_up ada 'correct horse'
sign_up bob 'correct horse'
log_in bob 'correct horse'
take_token
bob=$token

# --- a session with a refresh token ---

log_in_with 'correct horse' offline_access
other=$token other_refresh=$refresh
log_in_with 'correct horse' offline_access
own=$token own_refresh=$refresh
change 'correct horse' 'battery staple' "$own"
is "$status" 200 'the owner changes the password'
json_is .username '"ada"' 'the answer has the members of an account, as before'
json_is .token_type '"bearer"' 'the answer says what the access token is'
json_is .expires_in 1800 'the answer says for how long the access token is good'
is "$(header Cache-Control)" no-store 'the answer with tokens may be kept by no cache'
take_both
like "$refresh" '^1[0-9a-f]{72}$' 'the answer has a refresh token, since the session has one'
isnt "$refresh" "$own_refresh" 'the refresh token of the answer is a new one'
is "$(claim "$token" sid)" "$(claim "$own" sid)" 'the new access token is of the same session'
is "$(claim "$own" ep) $(claim "$token" ep)" 'none 1' 'the new access token has the new epoch'
me "$token" 200 'the new access token counts'
check_token "$token" 200
ok $? 'the new access token passes the check'
me "$own" 401 'the access token that asked for the change has ended'
retry 2 check_token "$own" 401
ok $? 'the check refuses the access token that asked for the change'
retry 2 check_token "$other" 401
ok $? 'the check refuses the access token of another session'
check_token "$token" 200
ok $? 'the check goes on to accept the new access token'
renew "$other_refresh"
is "$status" 400 'the refresh token of another session has ended'
me "$bob" 200 'sessions of another account go on'
api GET /users/me/sessions -H "Authorization: Bearer $token"
is "$(printf '%s' "$body" | grep -o '"current":true' | wc -l) $(printf '%s' "$body" | grep -o '"id":' | wc -l)" '1 1' \
	'the session that asked is the only one that is left'
# as one does that was under way
renew "$own_refresh"
json_is .error '"invalid_grant"' 'the refresh token from before the change is refused at once'
renew "$refresh"
is "$status" 200 'the new refresh token renews the session, also after one from before the change'
take_both
next=$refresh
me "$token" 200 'an access token of that renewal counts'
sql "update latchkey_session set used_at = used_at - interval '1 minute'; update latchkey_account set changed_at = changed_at - interval '1 minute'" >/dev/null
renew "$own_refresh"
json_is .error '"invalid_grant"' 'the refresh token from before the change is spent: one that comes back is refused'
renew "$next"
json_is .error '"invalid_grant"' 'the refresh token from before the change is spent: one that comes back ends the session'

log_in_with 'battery staple' offline_access
check_token "$refresh" 401
ok $? 'a refresh token is no access token'
renew "$token"
json_is .error '"invalid_grant"' 'an access token is no refresh token'

# --- a session without one ---

log_in_with 'battery staple'
own=$token
sleep 1
change 'battery staple' 'correct horse' "$own"
is "$status" 200 'a session without a refresh token changes the password'
take_both
is "$refresh" '' 'a session without a refresh token gets none'
me "$token" 200 'a session without a refresh token gets an access token that counts'
[ "$(claim "$token" exp)" -le "$(claim "$own" exp)" ]
ok $? 'a session without a refresh token lasts no longer than before'
left=$(printf '%s' "$body" | sed -n 's/.*"expires_in":\([0-9]*\).*/\1/p')
api GET /users/me -H "Authorization: Bearer $own"
is "$status" 401 'a session without a refresh token: the token before has ended'
[ "${left:-0}" -le 1800 ]
ok $? 'expires_in is no more than what is left of the session'

# --- what does not go on ---

ended=$token
sql "delete from latchkey_session where user_id = (select id from users where username = 'ada')"
change 'correct horse' 'another staple' "$ended"
is "$status" 401 'a session whose row has gone changes no password'
printf 'another staple\n' | $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd ada >/dev/null
log_in_with 'another staple' offline_access
sql "update latchkey_session set epoch = epoch - 1"
change 'another staple' 'correct horse' "$token"
is "$status $body" '200 {"username":"ada","fullname":null,"id":1,"is_active":true}' 'a session that an epoch before had ended does not come back'
log_in_with 'correct horse' offline_access
change 'wrong' 'another staple' "$token"
is "$status $(printf '%s' "$body" | grep -c token)" '400 0' 'a refused change gives no tokens'
renew "$refresh"
is "$status" 200 'a refused change ends nothing'
take_both
for last in 4 5 6; do
	sql "update latchkey_session set counter = 214748364$last" >/dev/null
	change 'correct horse' 'another staple' "$token"
	is "$status" 200 "the counter 214748364$last of a session does not keep a password from being changed"
	take_both
	me "$token" 200 "the session with the counter 214748364$last goes on"
	change 'another staple' 'correct horse' "$token"
	take_both
done
change 'correct horse' 'another staple' "$token"

# --- an access token that could live longer than its session ---

serve_alone "$LK_DIR/data/other.sock" "$tmp/other.log" LATCHKEY_ACCESS_TOKEN_MINUTES=2880
ok $? 'another instance has access tokens that live for two days' || diag "$(cat "$tmp/other.log")"
sent='username=ada&password=another+staple&scope=offline_access'
body=$(printf %s "$sent" | SCRIPT_NAME='' REQUEST_METHOD=POST REQUEST_URI=/token CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH=${#sent} \
	cgi-fcgi -bind -connect "$LK_DIR/data/other.sock" 2>/dev/null | tail -n 1)
json_is .expires_in 86400 'an access token of a login does not outlast a session of one day'
take_token
is "$(($(claim "$token" exp) - $(claim "$token" iat)))" 86400 'an access token says so itself'

# --- two at once, by two sessions ---

log_in_with 'another staple' offline_access
first=$token
log_in_with 'another staple' offline_access
second=$token
n=$(python3 -B t/tool/two_changes.py "$LK_URL" "$first" "$second")
is "$n" '1 [True] [200] [401, 401]' 'of two changes at once by two sessions one happens, and its session alone goes on'

# --- a login with the old password that is under way ---

printf 'correct horse\n' | $LK_AS "$LK_BIN" -c "$LK_CONF" user passwd ada >/dev/null
log_in_with 'correct horse' offline_access
own=$token
# Its row waits, after the hash and the epoch were read, and before it is there.
sql "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(3); return new; end'"
sql 'create trigger slow before insert on latchkey_session for each row execute function slow()'
curl -s -o "$tmp/login" "$LK_URL/token" -d 'username=ada&password=correct horse&scope=offline_access' &
login=$!
sleeps() {
	[ "$(sql_admin "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = 1 ]
}
retry 10 sleeps
ok $? 'a login with the old password is under way'
change 'correct horse' 'battery staple' "$own"
is "$status" 200 'the owner changes the password meanwhile'
take_both
own=$token own_refresh=$refresh
wait "$login"
sql 'drop trigger slow on latchkey_session'
body=$(cat "$tmp/login")
take_both
like "$token $refresh" '^ey.* 1[0-9a-f]{72}$' 'the login ends with tokens'
me "$token" 401 'the access token of a login under way is dead at birth'
retry 2 check_token "$token" 401
ok $? 'the check refuses the access token of a login under way'
renew "$refresh"
is "$status" 400 'the refresh token of a login under way is dead at birth'
me "$own" 200 'the session that changed the password goes on'
renew "$own_refresh"
is "$status" 200 'the session that changed the password is renewed'

# --- the end of the number ---

sql 'update latchkey_account set epoch = 2147483647'
log_in_with 'battery staple' offline_access
change 'battery staple' 'another staple' "$token"
take_both
me "$token" 200 'a session of the last epoch goes on'
unlike "$(cat "$LK_LOG")" "$own_refresh" 'the log has no refresh token'

done_testing
