#!/bin/sh
# Maximum memory that `latchkey check` prints: no body that a client may send, and
# no hash that the table may hold makes the workers exceed it.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up signups_per_address_hour=1000000 nginx_limits=off login_failures_per_service_hour=0 \
	login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000
# shellcheck disable=SC2086
most=$($LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1 |
	sed -n 's/^memory: at most \([0-9]*\) MiB for all processes.*/\1/p')
like "$most" '^[1-9][0-9]*$' 'check says how much memory all processes take'

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
LK_TOKEN=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
export LK_TOKEN

# Of each process what is its own: of what it shares with others there is little.
python3 -B t/tool/flood.py "${LK_URL#http://}" "$(cat "$LK_SERVE")" "$most" >"$tmp/out" 2>&1
is $? 0 'bodies of every kind are answered' || diag "$(cat "$tmp/out")"
like "$(grep -c '^ok' "$tmp/out")" '^11$' 'each kind of body is answered as it should be, within the memory that check says' || diag "$(cat "$tmp/out")"

# Memory of one flood is released before the next, so that it does not add up.
released() {
	[ -n "${LK_SANITIZED-}" ] || [ "$(for pid in $(pgrep -P "$(cat "$LK_SERVE")"); do
		sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
	done | sort -n | tail -n 1)" -lt 4096 ]
}
retry 20 released
ok $? 'no worker keeps 4 MiB seconds after the bodies'

# --- hashes of other programs ---

stack_up hash_memory_max_mib=100 nginx_limits=off login_failures_per_service_hour=0 login_wait_ms=60000 \
	login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000
tail=$(printf 'A%.0s' $(seq 43))
sql "insert into users (username, password, is_active) values
	('argon2id-64', '\$argon2id\$v=19\$m=65536,t=1,p=4\$c2FsdHNhbHRzYWx0\$$tail', true),
	('argon2id-100', '\$argon2id\$v=19\$m=102400,t=1,p=8\$c2FsdHNhbHRzYWx0\$$tail', true),
	('argon2id-101', '\$argon2id\$v=19\$m=102401,t=1,p=8\$c2FsdHNhbHRzYWx0\$$tail', true),
	('scrypt-16', '\$scrypt\$ln=14,r=8,p=1\$c2FsdA\$$tail', true),
	('scrypt-64', '\$scrypt\$ln=16,r=8,p=1\$c2FsdA\$$tail', true)"
# shellcheck disable=SC2086
$LK_AS "$LK_BIN" -c "$LK_CONF" check >"$tmp/check" 2>&1
most=$(sed -n 's/^memory: at most \([0-9]*\) MiB for all processes.*/\1/p' "$tmp/check")
like "$(tr '\n' ' ' <"$tmp/check")" '1 of 5 active accounts cannot log in.*1 of argon2id: a hash takes 101 MiB.*set hash_memory_max_mib = 101' \
	'check warns of a hash of 101 MiB where the setting is 100'
python3 -B t/tool/flood.py "${LK_URL#http://}" "$(cat "$LK_SERVE")" "$most" \
	argon2id-64 argon2id-100 argon2id-101 scrypt-16 scrypt-64 >"$tmp/out" 2>&1
is $? 0 'logins to accounts with hashes of up to 100 MiB are answered' || diag "$(cat "$tmp/out")"
is "$(grep -c '^ok' "$tmp/out")" 6 'hashes of up to 100 MiB stay within the memory that check prints' || diag "$(cat "$tmp/out")"
retry 20 released
ok $? 'seconds after hashes of 100 MiB no worker has 4 MiB'

done_testing
