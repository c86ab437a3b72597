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

for name in ada eve; do
	api POST /users/add_user/ "{\"username\":\"$name\",\"password\":\"correct-horse\"}"
done
is "$status" 200 'the accounts of the test are made'
unlike "$(user show ada)" locked 'user show of a new account says nothing of a lock'

# --- who mistyped ---

wrong 6 192.0.2.1 ada
is "$answers" '401:5 429:1' 'a client mistypes a password more often than its limit'
like "$(user show ada)" '^locked for an address until 20[0-9-]+T[0-9:]+Z: too many wrong passwords$' 'user show says until when the account is locked for an address'
unlike "$(user show eve)" locked 'user show of another account says nothing of a lock'
is "$(user unlock ada)" "$(user show ada)" 'user unlock unlocks the account'
login_from 192.0.2.1 ada correct-horse
is "$answer" 200 'the owner logs in from that address after user unlock'
wrong 6 192.0.2.1 ada
is "$answers" '401:5 429:1' 'an unlocked account has its whole limit again, and no more'
printf 'battery-staple\n' | user passwd ada >"$tmp/out"
is $? 0 'user passwd changes the password of a locked account'
login_from 192.0.2.1 ada battery-staple
is "$answer" 200 'the password of user passwd logs in at an account that was locked'

# --- who is guessed at ---

for i in 2 3; do
	wrong 5 "192.0.2.$i" eve
done
wrong 2 192.0.2.3 nobody
login_from 192.0.2.9 eve correct-horse
is "$answer" 429 'an account that is guessed at from several addresses gets 429 from another one'
show=$(user show eve)
like "$show" '^locked for unknown clients until 20[0-9-]+T[0-9:]+Z: too many wrong passwords$' 'user show says until when the account is locked for unknown clients'
until=$(printf '%s\n' "$show" | sed -n 's/^locked .* until \([^ ]*\): .*/\1/p')
left=$(($(date -d "$until" +%s) - $(date +%s)))
[ $left -ge 0 ] && [ $left -le 360 ]
ok $? "user show says that the lock lasts $left seconds"
user unlock eve >"$tmp/out"
login_from 192.0.2.9 eve correct-horse
is "$answer" 200 'an account locked for unknown clients logs in after user unlock'
wrong 6 192.0.2.3 eve
is "$answers" '401:5 429:1' 'user unlock keeps what an address has spent'
user unlock eve >"$tmp/out"
wrong 1 192.0.2.3 eve
is "$answers" '429:1' 'an address that has spent its limit gets 429 after user unlock'

# --- what it takes ---

is "$(user unlock nobody)" 'latchkey: no such account: nobody' 'user unlock refuses an unknown name'
is "$(LATCHKEY_KEY_FILE=/nonexistent user list | wc -l)" 2 'user list needs no key'
for command in 'show ada' 'unlock ada'; do
	# shellcheck disable=SC2086 # words
	LATCHKEY_KEY_FILE=/nonexistent user $command >"$tmp/out"
	like "$? $(cat "$tmp/out")" '^1 .*/nonexistent' "user $command needs the key"
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
	'half of the 120 changes of an hour may come at once'
api GET /users/me -H "Authorization: Bearer $token"
json_is .fullname "Eve $((i - 1))" 'a refused change has not happened'
api POST /token 'username=ada&password=battery-staple'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
api PATCH /users/me '{"fullname":"Ada"}' -H "Authorization: Bearer $token"
is "$status" 200 'another account may be changed while one is limited'

done_testing
