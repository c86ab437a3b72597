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
is "$status $body" '200 {"username":"ada","fullname":null,"id":2,"is_active":true}' 'a password is changed'
is "$(header Cache-Control)" no-store 'which no cache may keep'
log_in ada 'battery staple'
is "$status" 200 'the new one counts'
log_in ada 'correct horse'
is "$status" 401 'and the old one does not'
old=$token
api GET /users/me -H "Authorization: Bearer $old"
is "$status $body" '401 {"detail":"Could not validate credentials"}' 'tokens from before the change end'
change '{"current":"battery staple","new":"another staple"}' "$old"
is "$status" 401 'and change nothing any more'
again ada 'battery staple'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 200 'one of a login after it counts'
api GET /users/me -H "Authorization: Bearer $bob"
is "$status" 200 'and so do those of other accounts'
log_in bob 'bobs own password'
is "$status" 200 "and nobody else's password is another"
like "$(sql "select password from users where username = 'ada'")" '^\$y\$j75\$' 'it is stored as yescrypt'
like "$(cat "$LK_LOG")" 'event=password_changed user=2$' 'the log tells of it'
is "$(sql "select user_id, reason, changed_at > now() - interval '1 minute', epoch from latchkey_account")" '2|owner|t|1' \
	'the database when and by whom'

change '{"current":"correct horse","new":"another staple"}'
is "$status $body" '400 {"detail":"Incorrect current password"}' 'with a wrong current password nothing is changed'
is "$(header WWW-Authenticate)" '' 'and the token is not doubted'
like "$(cat "$LK_LOG")" 'event=password_refused user=2$' 'the log tells of that, too'
change '{"current":"bobs own password","new":"another staple"}'
is "$status" 400 "somebody else's is a wrong one"
change '{"current":"battery staple","new":"another staple"}' "$bob"
is "$status" 400 "and so is one's own with somebody else's token"
change '{"current":"battery staple","new":"battery staple"}'
is "$status" 200 'the same once more is a password as well'
is "$(sql 'select count(*) from latchkey_account')" 1 'which takes no more room'
again ada 'battery staple'

# The reason cannot be stored, so the password is not either.
sql 'alter table latchkey_account add constraint none check (false) not valid'
change '{"current":"battery staple","new":"another staple"}'
is "$status" 400 'a change that cannot be noted'
log_in ada 'battery staple'
is "$status" 200 'does not happen'
sql 'alter table latchkey_account drop constraint none'

change "$(printf '{"current":"battery staple","new":"cre\314\200me bru\314\202le\314\201e"}')"
is "$status" 200 'a new password may have its accents apart'
log_in ada 'crème brûlée'
is "$status" 200 'and it does not matter at the login'
take_token
change "$(printf '{"current":"cre\314\200me bru\314\202le\314\201e","new":"battery staple"}')"
is "$status" 200 'nor for the current one'
again ada 'battery staple'

# --- what cannot be one ---

# refused NEW TYPE TITLE
refused() {
	change "{\"current\":\"battery staple\",\"new\":\"$1\"}"
	is "$status" 422 "$3 is refused"
	json_is '.detail[0].type' "$2" "$3: with the reason"
	json_is '.detail[0].loc' '["body", "new"]' "$3: and where"
	json_is '.detail[0].input' '**********' "$3: and it is not shown"
}
refused seven77 string_too_short 'one of 7 characters'
refused "$(printf 'e\314\201e\314\201e\314\201e\314\201')" string_too_short 'four letters with accents'
refused "$(head -c 512 /dev/zero | tr '\0' x)" string_too_long 'one of 512 bytes'
refused PassWord1 password_too_common 'a common one'
refused 'correct\u0000horse' value_error 'a NUL in it'
refused 'correct\ud800horse' string_unicode 'a lone surrogate'
sql "update users set username = 'ada lovelace' where username = 'bob'"
again 'ada lovelace' 'bobs own password'
change '{"current":"bobs own password","new":"Ada Lovelace"}'
json_is '.detail[0].type' password_is_username "the account's name is refused"
change "{\"current\":\"bobs own password\",\"new\":\"$(head -c 511 /dev/zero | tr '\0' x)\"}"
is "$status" 200 'one of 511 bytes is not'
again 'ada lovelace' "$(head -c 511 /dev/zero | tr '\0' x)"
change "{\"current\":\"$(head -c 511 /dev/zero | tr '\0' x)\",\"new\":\"rh0 7zqk\"}"
is "$status" 200 'nor one of 8 characters'
again 'ada lovelace' 'rh0 7zqk'
change "{\"current\":\"$(head -c 5000 /dev/zero | tr '\0' x)\",\"new\":\"rh0 7zqm\"}"
is "$status" 400 'a current one that none can have is a wrong one'

for sent in '{}' '{"current":"canary-1"}' '{"new":"canary-1-canary"}' '{"current":5,"new":"canary-1-canary"}' \
	'{"current":"canary-1","new":null}' '["canary-1"]' '"canary-1"' '{"current":"canary-1",' ''; do
	change "$sent"
	is "$status" 422 "the body '$sent' is refused"
	unlike "$body" canary 'and nothing of it is shown'
done
change '{"current":"canary-1","new":"x"}' -
is "$status" 401 'but for whoever has no token, which is told first'

# --- who may ---

for who in '' x "${token}x"; do
	change '{"current":"rh0 7zqk","new":"another staple"}' "$who"
	is "$status $body" '401 {"detail":"Could not validate credentials"}' "the token '$(printf %.5s "$who")' changes nothing"
	name '{"fullname":"x"}' "$who"
	is "$status" 401 'not the full name either'
done
api POST /users/me/password '{"current":"rh0 7zqk","new":"another staple"}'
is "$status $(header WWW-Authenticate)" '401 Bearer' 'nor does none'
sql "update users set is_active = false where username = 'ada lovelace'"
change '{"current":"rh0 7zqk","new":"another staple"}'
is "$status" 401 'an inactive account changes nothing'
name '{"fullname":"x"}'
is "$status" 401 'not its full name either'
sql "update users set is_active = true where username = 'ada lovelace'"
change '{"current":"rh0 7zqk","new":"another staple"}'
is "$status" 200 'until it is active again'
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
is "$(grep -c ' 200$' "$tmp/race")" 1 'of eight changes at once one happens'
is "$(grep -vcE ' (200|400|401|409)$' "$tmp/race")" 0 'the others are told that they came late, or that it is another by now, or their token has ended'
[ -n "${LK_SANITIZED-}" ] || # then the second has not begun when the first ends
	like "$(cat "$tmp/race")" ' 409$' 'at least one while it had looked'
sql 'drop trigger slow on users'
again 'ada lovelace' "$(sed -n 's/ 200$//p' "$tmp/race")"

# --- guesses: counted as those at the login are, 10 at once from one address ---

lovelace=$token
join eve 'eves own password'
device=$(header Set-Cookie | sed 's/;.*//')
# Hers of now, by the device, whose logins strangers do not hinder.
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
	is "$status" 200 'a right current password'
	renew_eve
done
for n in $(seq 9); do
	change "{\"current\":\"a wrong one $n\",\"new\":\"another staple\"}" "$eve"
	echo "$status"
done >"$tmp/guesses"
is "$(sort "$tmp/guesses" | uniq -c | tr -s ' ')" ' 9 400' 'it does not count, and 9 wrong ones are looked at'
log_in eve 'a wrong one'
is "$status" 401 'and one at the login'
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status $body" '429 {"detail":"Too many attempts, try again in 6 minutes"}' 'that was the limit: nor is a right one looked at'
like "$(header Retry-After)" '^(3[0-5][0-9]|360)$' 'it is told when to come again'
like "$(cat "$LK_LOG")" 'event=password_refused user=[0-9]* reason=rate_limited$' 'and the log tells of it'
log_in eve 'eves own password'
is "$status" 429 'at the login it is the same'
ops GET /metrics
rate_limited=$(printf '%s\n' "$body" | grep -F 'latchkey_password_changes_total{outcome="rate_limited"}')
is "$rate_limited" 'latchkey_password_changes_total{outcome="rate_limited"} 1' 'and the figures do'

# From a device that has logged in before: apart from strangers, 10 at once.
for n in $(seq 11); do
	known "{\"current\":\"a wrong one $n\",\"new\":\"another staple\"}"
	[ "$n" -ne 1 ] || is "$status" 400 'from a device that she has logged in with, eve is heard all the same'
	[ "$n" -ne 10 ] || is "$status" 400 'as often as at the login'
done
is "$status" 429 'and not more often'
sql "update latchkey_throttle set empty_at = empty_at - interval '6 minutes' where bucket between 229376 and 245759"
known '{"current":"eves own password","new":"eves own password"}'
is "$status" 200 'later she changes her password with it, while strangers are locked out'
renew_eve
change '{"current":"eves own password","new":"eves own password"}' "$eve"
is "$status" 429 'as who comes without it is'
change '{"current":"a wrong one","new":"another staple"}' "$mal"
is "$status" 400 'while another account has its own limit'
change '{"current":"a wrong one","new":"short"}' "$eve"
is "$status" 422 'a new one that cannot be one is told of all the same'
sql "update latchkey_throttle set empty_at = empty_at - interval '6 minutes' where empty_at > '-infinity'"
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status" 200 'six minutes later a right one counts again'
renew_eve 'another staple'
change '{"current":"eves own password","new":"another staple"}' "$eve"
is "$status" 400 'which cost nothing, and a wrong one is looked at'
change '{"current":"another staple","new":"eves own password"}' "$eve"
is "$status" 429 'but not two'
token=$lovelace

# --- the full name ---

name '{"fullname":"Ada L."}'
is "$status $body" '200 {"username":"ada lovelace","fullname":"Ada L.","id":1,"is_active":true}' 'a full name is changed'
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname 'Ada L.' 'and stays'
name '{"fullname":"Ada L."}'
is "$status" 200 'twice does no harm'
name '{"fullname":null}'
json_is .fullname null 'null takes it away'
name '{"fullname":""}'
json_is .fullname '""' 'an empty one is one'
long=$(printf '%255s' '' | sed 's/ /é/g')
name "{\"fullname\":\"$long\"}"
is "$status" 200 '255 characters are taken'
name "{\"fullname\":\"${long}é\"}"
is "$status" 422 '256 are not'
json_is '.detail[0].type' string_too_long 'as they are too long'
for sent in '{}' '{"password":"canary-1"}' '{"fullname":5}' '{"fullname":"a\u0000b"}' '{"fullname":"\ud800"}' '[]' ''; do
	name "$sent"
	is "$status" 422 "the body '$sent' is refused"
	unlike "$body" canary 'and no secret shown'
done
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname "$long" 'none of which changed it'
name '{"fullname":"x","username":"root","is_active":false,"id":7}'
is "$body" '{"username":"ada lovelace","fullname":"x","id":1,"is_active":true}' 'nothing else can be changed so'
is "$(sql 'select fullname from users where id = 2')" '' "nor anybody else's"
ops GET /metrics
is "$(printf '%s\n' "$body" | grep -c 'requests_total{route="/users/me",status="200"}')" 1 \
	'both methods of a path are counted as one'

# --- an account that goes while its change is under way ---

# (To the statement it is no longer there.)
sql "create function vanish() returns trigger language plpgsql as 'begin return null; end'"
sql "create trigger vanish before update on users for each row execute function vanish()"
name '{"fullname":"nobody"}'
is "$status $(header WWW-Authenticate)" '401 Bearer' 'the name of an account that has gone is not changed, and its token counts no more'
sql 'drop trigger vanish on users'
name '{"fullname":"x"}'
is "$status" 200 'while it is there, it is'

# --- the database ---

t/stack db-stop "$LK_DIR"
change '{"current":"raced for 1","new":"another staple"}'
is "$status" 503 'without the database no password is changed'
name '{"fullname":"y"}'
is "$status" 503 'nor a name'

done_testing
