#!/bin/sh
# Service-wide limit of failed logins: attackers with so many addresses and
# names that no other limit binds them.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=4 hash_cost=1 login_failures_per_service_hour=40 nginx_limits=off

# unknown_clients N [SOCKET [CLIENTS]]: each another name from another address.
next=0
unknown_clients() {
	for _ in $(seq "$1"); do
		next=$((next + 1))
		echo "192.0.$((2 + next / 250)).$((next % 250)) name$next wrong-password"
	done >"$tmp/lines"
	logins "${2-$LK_SOCKET_LOGIN}" "${3-1}"
}

# owner PASSWORD [COOKIE [ADDRESS]]
owner() {
	echo "${3-198.51.100.1} ada $1 ${2--}" >"$tmp/lines"
	logins "$LK_SOCKET_LOGIN"
}

# The first login that comes a second later writes the counts, and reads them.
unknown_gets() {
	unknown_clients 1 "${2-$LK_SOCKET_LOGIN}"
	[ "$answers" = "$1" ]
}

row='bucket = 286720'

api POST /users/add_user/ '{"username":"ada","password":"correct-horse"}'
api POST /token 'username=ada&password=correct-horse'
is "$status" 200 'the account of the test logs in'
device=$(header Set-Cookie | sed 's/^[^=]*=\([^;]*\);.*/\1/')

for _ in $(seq 30); do
	echo "198.51.100.2 ada correct-horse"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 8
is "$answers" '200:30' "thirty right passwords use up nothing of the service's limit"
unknown_clients 200 "$LK_SOCKET_LOGIN" 50
is "$answers" '401:10 429:190' 'of 200 wrong passwords at once from 200 addresses half of their share is verified'
unknown_clients 1
like "$(cat "$tmp/answers")" '^429 3[0-6][0-9]$' "the 429 of the service's limit says when to come again"
owner correct-horse
is "$answers" '429:1' "an unknown device gets 429 while the service's limit is spent"
owner correct-horse "$device"
is "$answers" '200:1' "a known device logs in while the service's limit is spent"
for _ in 1 2 3; do owner wrong-password "$device"; done
is "$answers" '401:1' "a known device may mistype while the service's limit is spent"

# --- shared, and what happens to it ---

written() {
	unknown_clients 1
	[ "$(sql "select round(extract(epoch from empty_at - now()) / 360) from latchkey_throttle where $row")" = 10 ]
}
retry 10 written
ok $? 'the count of failed logins is written to one row within seconds'
like "$(cat "$LK_LOG")" 'event=service_limit_reached share=common limit=20$' "the log reports that the common share of the service's limit is spent"
socket=$LK_DIR/data/alone.sock
serve_alone "$socket" "$tmp/alone.log"
unknown_clients 1 "$socket"
is "$answers" '429:1' 'another instance on the same database knows that the limit is spent'
sql "update latchkey_throttle set empty_at = empty_at - interval '12 minutes' where $row"
retry 10 unknown_gets 401:1 "$socket"
ok $? 'twelve minutes later one failed login is verified in the other instance'
retry 10 unknown_gets 401:1 "$LK_SOCKET_LOGIN"
ok $? 'twelve minutes later one failed login is verified in the first instance'
# what was counted there is written by the next who comes to it
learned() {
	unknown_clients 1
	unknown_clients 1 "$socket"
	[ "$answers" = 429:1 ]
}
retry 10 learned
ok $? 'a third failed login then gets 429 in both instances'

killed=$(workers login)
is "$(echo "$killed" | wc -l)" 4 'the login lane has four workers'
# shellcheck disable=SC2086 # four
kill -9 $killed
again() {
	owner correct-horse "$device"
	[ "$answers" = 200:1 ]
}
retry 10 again
is "$(workers login | grep -cxF "$killed")" 0 'all four killed workers are replaced'
unknown_clients 5
is "$answers" '429:5' 'workers that are killed take no count of failed logins with them'
sql "delete from latchkey_throttle where $row"
retry 10 unknown_gets 401:1
ok $? "a deleted row of the service's limit counts as empty"
is "$(sql "select count(*) from latchkey_throttle where $row")" 1 "the deleted row of the service's limit is made again"

done_testing
