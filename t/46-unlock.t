#!/bin/sh
# Locked names: what the operator sees after too many wrong passwords, and how
# the owner gets in. And the limit of owners' changes.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off login_failures_per_name_hour=20 login_failures_per_client_hour=10 \
	login_failures_per_address_hour=24

# wrong N ADDRESS NAME: how many got which $answers.
wrong() {
	for _ in $(seq "$1"); do
		echo "$2 $3 wrong-password"
	done >"$tmp/lines"
	logins "$LK_SOCKET_LOGIN"
}

user() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" user "$@" 2>&1
}

for name in ada eve; do
	api POST /users/add_user/ "{\"username\":\"$name\",\"password\":\"correct-horse\"}"
done
is "$status" 200 'there are accounts'
unlike "$(user show ada)" locked 'nobody is locked'

# --- who mistyped ---

wrong 6 192.0.2.1 ada
is "$answers" '401:5 429:1' 'somebody mistypes too often'
like "$(user show ada)" '^locked for an address until 20[0-9-]+T[0-9:]+Z: too many wrong passwords$' 'the operator sees it'
unlike "$(user show eve)" locked 'of this name'
is "$(user unlock ada)" "$(user show ada)" 'unlocks it, and it is not locked any more'
login_from 192.0.2.1 ada correct-horse
is "$answer" 200 'then the owner gets in from there'
wrong 6 192.0.2.1 ada
is "$answers" '401:5 429:1' 'with as many attempts as ever, and no more'
printf 'battery-staple\n' | user passwd ada >"$tmp/out"
is $? 0 'a new password'
login_from 192.0.2.1 ada battery-staple
is "$answer" 200 'lets in, too'

# --- who is guessed at ---

for i in 2 3; do
	wrong 5 "192.0.2.$i" eve
done
wrong 2 192.0.2.3 nobody
login_from 192.0.2.9 eve correct-horse
is "$answer" 429 'an account is guessed at from several addresses'
show=$(user show eve)
like "$show" '^locked for unknown clients until 20[0-9-]+T[0-9:]+Z: too many wrong passwords$' 'the operator sees it'
until=$(printf '%s\n' "$show" | sed -n 's/^locked .* until \([^ ]*\): .*/\1/p')
left=$(($(date -d "$until" +%s) - $(date +%s)))
[ $left -ge 0 ] && [ $left -le 360 ]
ok $? "and until when: for $left seconds"
user unlock eve >"$tmp/out"
login_from 192.0.2.9 eve correct-horse
is "$answer" 200 'unlocked, it is let in from elsewhere'
wrong 6 192.0.2.3 eve
is "$answers" '401:5 429:1' 'what was counted for an address stays: it had 12 in all'
user unlock eve >"$tmp/out"
wrong 1 192.0.2.3 eve
is "$answers" '429:1' 'so unlocking the name gives it no more'

# --- what it takes ---

is "$(user unlock nobody)" 'latchkey: no such account: nobody' 'a name without an account is not unlocked'
is "$(LATCHKEY_KEY_FILE=/nonexistent user list | wc -l)" 2 'without the key accounts are listed'
for command in 'show ada' 'unlock ada'; do
	# shellcheck disable=SC2086 # words
	LATCHKEY_KEY_FILE=/nonexistent user $command >"$tmp/out"
	like "$? $(cat "$tmp/out")" '^1 .*/nonexistent' "it takes the key: user $command"
done

# --- changes ---

api POST /token 'username=eve&password=correct-horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
# One comes back each minute, of which a busy machine may take some.
for i in $(seq 66); do
	api PATCH /users/me "{\"fullname\":\"Eve $i\"}" -H "Authorization: Bearer $token"
	[ "$status" = 200 ] || break
done
like "$i $status $body" '^6[1-5] 429 .*"Too many attempts, try again in [0-9]+ seconds?"' \
	'of the 120 changes of an hour half may come at once, and no more'
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname "Eve $((i - 1))" 'what was refused has not happened'
api POST /token 'username=ada&password=battery-staple'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
api PATCH /users/me '{"fullname":"Ada"}' -H "Authorization: Bearer $token"
is "$status" 200 'other accounts are not concerned'

done_testing
