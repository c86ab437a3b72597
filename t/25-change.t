#!/bin/sh
# Changes by the owner of an account: password and full name.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off password_blocklist="$PWD/build/passwords.test"

join() {
	sign_up "$1" "$2"
	again "$1" "$2"
}


# again NAME PASSWORD: a change ends all tokens.
again() {
	log_in "$1" "$2"
	take_token
}

# change BODY [TOKEN]; and name likewise
change() {
	api POST /users/me/password "$1" -H "Authorization: Bearer ${2-$token}"
}

name() {
	api PATCH /users/me "$1" -H "Authorization: Bearer ${2-$token}"
}

join bob 'bobs own password'
bob=$token
join ada 'correct horse'

# --- a new password ---

change '{"current":"correct horse","new":"battery staple"}'
like "$status $body" '^200 \{"username":"ada","fullname":null,"id":2,"is_active":true,"access_token":"[^"]*","token_type":"bearer","expires_in":[0-9]+\}$' \
	'POST /users/me/password changes the password'
is "$(header Cache-Control)" no-store 'the answer to a change may be kept by no cache'
log_in ada 'battery staple'
is "$status" 200 'the new password logs in'
log_in ada 'correct horse'
is "$status" 401 'the old password gets 401'
old=$token
api GET /users/me -H "Authorization: Bearer $old"
is "$status $body" '401 {"detail":"Could not validate credentials"}' 'a token from before the change gets 401'
change '{"current":"battery staple","new":"another staple"}' "$old"
is "$status" 401 'a token from before the change cannot change the password'
again ada 'battery staple'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 200 'a token from after the change counts'
api GET /users/me -H "Authorization: Bearer $bob"
is "$status" 200 'the change ends no token of another account'
log_in bob 'bobs own password'
is "$status" 200 'the change leaves the password of another account'
like "$(sql "select password from users where username = 'ada'")" '^\$y\$j75\$' 'the new password is stored as yescrypt'
like "$(cat "$LK_LOG")" 'event=password_changed user=2$' 'the log reports a changed password'
is "$(sql "select user_id, reason, changed_at > now() - interval '1 minute', epoch from latchkey_account")" '2|owner|t|1' \
	'the database holds when the password was changed, and by whom'

change '{"current":"correct horse","new":"another staple"}'
is "$status $body" '400 {"detail":"Incorrect current password"}' 'a wrong current password gets 400'
is "$(header WWW-Authenticate)" '' 'the 400 for a wrong current password has no WWW-Authenticate'
like "$(cat "$LK_LOG")" 'event=password_refused user=2$' 'the log reports a refused change'
change '{"current":"bobs own password","new":"another staple"}'
is "$status" 400 "another account's password as the current one gets 400"
change '{"current":"battery staple","new":"another staple"}' "$bob"
is "$status" 400 "the right current password with another account's token gets 400"
change '{"current":"battery staple","new":"battery staple"}'
is "$status" 200 'a new password that equals the current one is accepted'
is "$(sql 'select count(*) from latchkey_account')" 1 'a second change of an account adds no row'
again ada 'battery staple'

# The reason cannot be stored, so the password is not either.
sql 'alter table latchkey_account add constraint none check (false) not valid'
change '{"current":"battery staple","new":"another staple"}'
is "$status" 400 'a change that cannot be recorded gets 400'
log_in ada 'battery staple'
is "$status" 200 'a change that cannot be recorded leaves the password'
sql 'alter table latchkey_account drop constraint none'

change "$(printf '{"current":"battery staple","new":"cre\314\200me bru\314\202le\314\201e"}')"
is "$status" 200 'a new password with separate accents is accepted'
log_in ada 'crème brûlée'
is "$status" 200 'a new password with separate accents logs in with composed ones'
take_token
change "$(printf '{"current":"cre\314\200me bru\314\202le\314\201e","new":"battery staple"}')"
is "$status" 200 'a current password with separate accents is accepted'
again ada 'battery staple'

# --- what cannot be one ---

# refused NEW TYPE TITLE
refused() {
	change "{\"current\":\"battery staple\",\"new\":\"$1\"}"
	is "$status" 422 "$3 is refused"
	json_is '.detail[0].type' "$2" "$3: the error's type is $2"
	json_is '.detail[0].loc' '["body", "new"]' "$3: the error names the field new"
	json_is '.detail[0].input' '**********' "$3: the answer does not show the password"
}
refused seven77 string_too_short 'a new password of 7 characters'
refused "$(printf 'e\314\201e\314\201e\314\201e\314\201')" string_too_short 'a new password of four letters with accents'
refused "$(head -c 512 /dev/zero | tr '\0' x)" string_too_long 'a new password of 512 bytes'
refused PassWord1 password_too_common 'a common new password'
refused 'correct\u0000horse' value_error 'a new password with a NUL'
refused 'correct\ud800horse' string_unicode 'a new password with a lone surrogate'
sql "update users set username = 'ada lovelace' where username = 'bob'"
again 'ada lovelace' 'bobs own password'
change '{"current":"bobs own password","new":"Ada Lovelace"}'
json_is '.detail[0].type' password_is_username "the account's name in another case is refused as a new password"
change "{\"current\":\"bobs own password\",\"new\":\"$(head -c 511 /dev/zero | tr '\0' x)\"}"
is "$status" 200 'a new password of 511 bytes is accepted'
again 'ada lovelace' "$(head -c 511 /dev/zero | tr '\0' x)"
change "{\"current\":\"$(head -c 511 /dev/zero | tr '\0' x)\",\"new\":\"rh0 7zqk\"}"
is "$status" 200 'a new password of 8 characters is accepted'
again 'ada lovelace' 'rh0 7zqk'
change "{\"current\":\"$(head -c 5000 /dev/zero | tr '\0' x)\",\"new\":\"rh0 7zqm\"}"
is "$status" 400 'a current password of 5000 bytes gets 400, as a wrong one'

for sent in '{}' '{"current":"canary-1"}' '{"new":"canary-1-canary"}' '{"current":5,"new":"canary-1-canary"}' \
	'{"current":"canary-1","new":null}' '["canary-1"]' '"canary-1"' '{"current":"canary-1",' ''; do
	change "$sent"
	is "$status" 422 "the body '$sent' is refused"
	unlike "$body" canary "the answer to the body '$sent' shows nothing of it"
done
change '{"current":"canary-1","new":"x"}' -
is "$status" 401 'a wrong body without a token gets 401, not 422'

# --- who may ---

for who in '' x "${token}x"; do
	shown=$(printf '%.5s' "$who")
	change '{"current":"rh0 7zqk","new":"another staple"}' "$who"
	is "$status $body" '401 {"detail":"Could not validate credentials"}' "the token '$shown' changes no password"
	name '{"fullname":"x"}' "$who"
	is "$status" 401 "the token '$shown' changes no full name"
done
api POST /users/me/password '{"current":"rh0 7zqk","new":"another staple"}'
is "$status $(header WWW-Authenticate)" '401 Bearer' 'a change without a token gets 401'
sql "update users set is_active = false where username = 'ada lovelace'"
change '{"current":"rh0 7zqk","new":"another staple"}'
is "$status" 401 'an inactive account cannot change its password'
name '{"fullname":"x"}'
is "$status" 401 'an inactive account cannot change its full name'
sql "update users set is_active = true where username = 'ada lovelace'"
change '{"current":"rh0 7zqk","new":"another staple"}'
is "$status" 200 'an account that is active again changes its password'
again 'ada lovelace' 'another staple'

# --- two at once ---

# Both have the right current password, and one of them wins.
race() {
	for n in $(seq 8); do
		curl -s -o /dev/null -w "$2 $n %{http_code}\n" "$LK_URL/users/me/password" \
			-H 'Content-Type: application/json' -H "Authorization: Bearer $token" \
			-d "{\"current\":\"$1\",\"new\":\"$2 $n\"}" &
	done
	wait
}
sql "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.5); return new; end'"
sql "create trigger slow before update on users for each row execute function slow()"
race 'another staple' 'raced for' >"$tmp/race"
is "$(grep -c ' 200$' "$tmp/race")" 1 'of eight changes at once one succeeds'
is "$(grep -vcE ' (200|400|401|409)$' "$tmp/race")" 0 'of eight changes at once the others get 400, 401 or 409'
[ -n "${LK_SANITIZED-}" ] || # then the second has not begun when the first ends
	like "$(cat "$tmp/race")" ' 409$' 'of eight changes at once one or more get 409, as they were verified before another was stored'
sql 'drop trigger slow on users'
again 'ada lovelace' "$(sed -n 's/ 200$//p' "$tmp/race")"

# --- guesses: counted as those at the login are, 10 at once from one address ---

lovelace=$token
join eve 'eves own password'
device=$(header Set-Cookie | sed 's/;.*//')
# Hers of now, by the device, whose logins unknown clients do not hinder.
renew_eve() {
	api POST /token "username=eve&password=${1:-eves own password}" -H "Cookie: $device"
	take_token
	eve=$token
}
eve=$token
known() {
	api POST /users/me/password "$1" -H "Authorization: Bearer $eve" -H "Cookie: $device"
}
join mal 'mals own password'
mal=$token
for n in 1 2; do
	change '{"current":"eves own password","new":"eves own password"}' "$eve"
	is "$status" 200 "the right current password changes the password (time $n)"
	renew_eve
done
for n in $(seq 9); do
	change "{\"current\":\"a wrong one $n\",\"new\":\"another staple\"}" "$eve"
	echo "$status"
done >"$tmp/guesses"
is "$(sort "$tmp/guesses" | uniq -c | tr -s ' ')" ' 9 400' 'nine wrong current passwords are verified after two right ones'
log_in eve 'a wrong one'
is "$status" 401 'a wrong password at the login is verified as the tenth failure'
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status $body" '429 {"detail":"Too many attempts, try again in 6 minutes"}' 'the right current password gets 429 once the limit is spent'
like "$(header Retry-After)" '^(3[0-5][0-9]|360)$' 'the 429 of a change says when to come again'
like "$(cat "$LK_LOG")" 'event=password_refused user=[0-9]* reason=rate_limited$' 'the log reports a rate-limited change'
log_in eve 'eves own password'
is "$status" 429 'a limit that changes have spent holds at the login, too'
ops GET /metrics
rate_limited=$(printf '%s\n' "$body" | grep -F 'latchkey_password_changes_total{outcome="rate_limited"}')
is "$rate_limited" 'latchkey_password_changes_total{outcome="rate_limited"} 1' '/metrics counts rate-limited changes'

# From a device that has logged in before: apart from unknown clients, 10 at once.
for n in $(seq 11); do
	known "{\"current\":\"a wrong one $n\",\"new\":\"another staple\"}"
	[ "$n" -ne 1 ] || is "$status" 400 'a change from a known device is verified while the limit of the account is spent'
	[ "$n" -ne 10 ] || is "$status" 400 'the tenth wrong change from a known device is verified'
done
is "$status" 429 'the eleventh wrong change from a known device gets 429'
sql "update latchkey_throttle set empty_at = empty_at - interval '6 minutes' where bucket between 229376 and 245759"
known '{"current":"eves own password","new":"eves own password"}'
is "$status" 200 'six minutes later a change from the known device succeeds'
renew_eve
change '{"current":"eves own password","new":"eves own password"}' "$eve"
is "$status" 429 'a change without the known device gets 429 meanwhile'
change '{"current":"a wrong one","new":"another staple"}' "$mal"
is "$status" 400 'a change of another account is verified meanwhile'
change '{"current":"a wrong one","new":"short"}' "$eve"
is "$status" 422 'a new password that is too short gets 422 although the limit is spent'
sql "update latchkey_throttle set empty_at = empty_at - interval '6 minutes' where empty_at > '-infinity'"
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status" 200 'six minutes later the right current password is verified'
renew_eve 'another staple'
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status" 400 'the right current password used nothing up, and a wrong one is verified'
change '{"current":"another staple","new":"eves own password"}' "$eve"
is "$status" 429 'a second password after the wrong one gets 429'
token=$lovelace

# --- the full name ---

name '{"fullname":"Ada L."}'
is "$status $body" '200 {"username":"ada lovelace","fullname":"Ada L.","id":1,"is_active":true}' 'PATCH /users/me changes the full name'
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname 'Ada L.' 'the changed full name is stored'
name '{"fullname":"Ada L."}'
is "$status" 200 'a full name may be set to itself'
name '{"fullname":null}'
json_is .fullname null 'a full name of null removes it'
name '{"fullname":""}'
json_is .fullname '""' 'a full name may be empty'
long=$(printf '%255s' '' | sed 's/ /é/g')
name "{\"fullname\":\"$long\"}"
is "$status" 200 'a full name of 255 characters is accepted'
name "{\"fullname\":\"${long}é\"}"
is "$status" 422 'a full name of 256 characters gets 422'
json_is '.detail[0].type' string_too_long 'a full name of 256 characters is answered as too long'
for sent in '{}' '{"password":"canary-1"}' '{"fullname":5}' '{"fullname":"a\u0000b"}' '{"fullname":"\ud800"}' '[]' ''; do
	name "$sent"
	is "$status" 422 "the body '$sent' of a full name gets 422"
	unlike "$body" canary "the answer to the body '$sent' of a full name shows no secret"
done
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname "$long" 'a refused body leaves the full name'
name '{"fullname":"x","username":"root","is_active":false,"id":7}'
is "$body" '{"username":"ada lovelace","fullname":"x","id":1,"is_active":true}' 'PATCH /users/me changes nothing but the full name'
is "$(sql 'select fullname from users where id = 2')" '' 'PATCH /users/me changes no other account'
ops GET /metrics
is "$(printf '%s\n' "$body" | grep -c 'requests_total{route="/users/me",status="200"}')" 1 \
	'GET and PATCH of /users/me are counted as one endpoint'

# --- an account that goes while its change is under way ---

# (To the statement it is no longer there.)
sql "create function vanish() returns trigger language plpgsql as 'begin return null; end'"
sql "create trigger vanish before update on users for each row execute function vanish()"
name '{"fullname":"nobody"}'
is "$status $(header WWW-Authenticate)" '401 Bearer error="invalid_token"' 'the full name of an account that is gone gets 401, and its token is invalid'
sql 'drop trigger vanish on users'
name '{"fullname":"x"}'
is "$status" 200 'the full name of an account that is back is changed'

# --- the database ---

t/stack db-stop "$LK_DIR"
change '{"current":"raced for 1","new":"another staple"}'
is "$status" 503 'a change of the password gets 503 without the database'
name '{"fullname":"y"}'
is "$status" 503 'a change of the full name gets 503 without the database'

done_testing
