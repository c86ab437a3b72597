#!/bin/sh
# Rate limits of guessing: how many passwords are verified, for any client
# from anywhere, and which logins succeed meanwhile.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=8 hash_cost=1 nginx_limits=off login_failures_per_name_hour=20 login_failures_per_address_hour=40 \
	login_failures_per_client_hour=10 signups_per_address_hour=12 login_failures_per_service_hour=0

# As if so much time had passed.
pass() {
	sql "update latchkey_throttle set empty_at = empty_at - interval '$1' where empty_at > '-infinity'"
}

forget() {
	sql "update latchkey_throttle set empty_at = '-infinity' where empty_at > '-infinity'"
}

hashes() {
	curl -s "$LK_OPS_URL/metrics" | awk '$1 == "latchkey_hash_duration_seconds_count" { print $2 }'
}

# guesses N [ADDRESS [NAME [PASSWORD [COOKIE]]]]: one after the other.
guesses() {
	for _ in $(seq "$1"); do
		echo "${2-192.0.2.1} ${3-ada} ${4-wrong-password} ${5--}"
	done >"$tmp/lines"
	logins "$LK_SOCKET_LOGIN" 1
}

api POST /users/add_user/ '{"username":"ada","password":"correct-horse"}'
api POST /users/add_user/ '{"username":"eve","password":"eves-password"}'
is "$status" 200 "the test's accounts are made"
rows=$(sql 'select count(*) from latchkey_throttle')
is "$rows" 327682 'the rate-limit table has its rows from the start'

# --- limits: half of each at once, the rest over the hour ---

had=$(hashes)
guesses 5
is "$answers" '401:5' 'half of the hourly limit of a client is verified at once'
guesses 1
is "$answers" '429:1' 'a guess beyond half of the limit gets 429'
like "$(cat "$tmp/answers")" '^429 (7[01][0-9]|720)$' 'a 429 says when to come again'
is "$(($(hashes) - had))" 5 'a refused guess is not hashed'
versions() {
	sql "select md5(string_agg(ctid || ' ' || xmin, ',' order by bucket)) from latchkey_throttle"
}
socket=$LK_DIR/data/alone.sock
serve_alone "$socket" "$tmp/alone.log"
# alone N: guesses, of one worker
alone() {
	for _ in $(seq "$1"); do
		echo '192.0.2.1 ada wrong-password'
	done >"$tmp/lines"
	logins "$socket"
	cut -d ' ' -f 1 "$tmp/answers" | xargs
}
guesses 5
is "$(alone 1)" 429 'another worker refuses a client over its limit, too'
before=$(versions)
is "$(alone 4) $(versions)" "429 429 429 429 $before" 'refused guesses write nothing to the database'
guesses 1 192.0.2.1 ada correct-horse
is "$answers" '429:1' 'a right password over the limit gets 429'
guesses 1 192.0.2.1 eve eves-password
is "$answers" '200:1' 'the right password of another account from that address gets 200'
guesses 1 192.0.2.2 ada correct-horse
is "$answers" '200:1' 'the right password from another address gets 200'
looked_at=5
for _ in 1 2 3 4 5; do
	pass '12 minutes'
	guesses 2
	[ "$answers" = '401:1 429:1' ] && looked_at=$((looked_at + 1))
done
is $looked_at 10 'one guess comes back each 12 minutes: no more than the hourly limit is verified'
pass '10 hours'
guesses 6
is "$answers" '401:5 429:1' 'a pause of ten hours saves up no more than half of the limit'

forget
for i in 1 2 3; do
	guesses 5 "192.0.2.$i"
done
is "$answers" '429:5' 'half of the limit of a name is verified for all addresses together'
guesses 1 192.0.2.2
is "$answers" '429:1' 'a spent limit of a name refuses an address that has asked before'
guesses 1 192.0.2.9 eve
is "$answers" '401:1' 'a spent limit of a name does not concern other names'

forget
for i in $(seq 21); do
	echo "192.0.2.1 name$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:20 429:1' 'half of the limit of an address is verified, whatever the names'
guesses 1 192.0.2.2 name1
is "$answers" '401:1' 'a spent limit of an address does not concern other addresses'

forget
for i in $(seq 21); do
	echo "2001:db8:1:2::$i name$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:20 429:1' 'an IPv6 /64 network is limited as one address'
guesses 1 2001:db8:1:3::1 name1
is "$answers" '401:1' 'a neighbouring IPv6 /64 network has its own limit'
forget
for i in $(seq 101); do
	echo "2001:db8:1:$((i % 10))::1 name$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:100 429:1' 'an IPv6 /48 network has the limit of five addresses'
guesses 1 2001:db8:1:ff::1 somebody
is "$answers" '429:1' 'a spent limit of an IPv6 /48 network refuses a /64 that has not asked before'
forget
i=0
for address in 192.0.2.1 ::ffff:192.0.2.1 64:ff9b::192.0.2.1 2001:0:5ef5:79fd:0:59d:3fff:fdfe 2002:c000:201:1::1; do
	for _ in 1 2 3 4 5; do
		i=$((i + 1))
		echo "$address name$i x"
	done
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:20 429:5' 'an IPv4 address by NAT64, Teredo or 6to4 has the limit of that address'
for i in $(seq 21); do
	echo "64:ff9b::198.51.100.$i name$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:21' 'IPv4 addresses behind the same NAT64 have their own limits'
guesses 1 2001:db8:2::1 somebody
is "$answers" '401:1' 'another IPv6 site has its own limit'

forget
for i in $(seq 7); do
	echo "- a$i x"
	echo "unix: b$i x"
	echo "192.0.2.1,192.0.2.2 c$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:20 429:1' 'clients without an address share one limit'

# --- nginx: the address that it sees ---

forget
for i in 1 2 3 4 5; do
	api POST /token 'username=ada&password=x' -H "X-Forwarded-For: 192.0.2.$i" -H "X-Real-IP: 192.0.2.$i" \
		-H "Remote-Addr: 192.0.2.$i" -H "Forwarded: for=192.0.2.$i"
	[ "$status" = 401 ] || break
done
api POST /token 'username=ada&password=x' -H 'X-Forwarded-For: 192.0.2.6' -H 'Remote_Addr: 192.0.2.6'
is "$i $status" '5 429' 'no header gives a client another address'
json_is .detail 'Too many attempts, try again in 12 minutes' 'a client with forged addresses is told when to come again'
like "$(header Retry-After), $(header Cache-Control), $(header Content-Type)" \
	'^[0-9]+, no-store, application/json$' 'a 429 is JSON with Retry-After, and may be kept by no cache'
is "$(header Set-Cookie)" '' 'a 429 sets no cookie'
like "$(tail -n 2 "$LK_LOG")" 'event=login_failed reason=rate_limited$' 'the log reports a rate-limited login, and names nobody'
api POST /token 'username=ada&password=x' --interface 127.0.0.2
is "$status" 401 "a guess from another address is another client's"

# Behind a load balancer, 127.0.0.2, as nginx.conf.sample has it.
sed -i -e 's/#\(	set_real_ip_from\) .*/\1 127.0.0.2;/' -e 's/#\(	real_ip_header\)/\1/' "$LK_DIR/nginx.site"
nginx=$(cat "$LK_DIR/data/nginx.pid")
old=$(pgrep -P "$nginx")
kill -HUP "$nginx"
reloaded() {
	! pgrep -P "$nginx" | grep -qxF "$old"
}
retry 30 reloaded
ok $? 'nginx reloads with the address of a load balancer'
# behind BALANCER [MORE]: six attempts, of which each names another address.
behind() {
	for i in 1 2 3 4 5 6; do
		api POST /token 'username=ada&password=x' --interface "$1" -H "X-Forwarded-For: 192.0.2.$i${2-}"
		printf '%s ' "$status"
	done
}
forget
is "$(behind 127.0.0.2)" '401 401 401 401 401 401 ' 'each address that the load balancer names is a client'
forget
is "$(behind 127.0.0.2 ', 198.51.100.1')" '401 401 401 401 401 429 ' 'of several addresses in X-Forwarded-For the last counts, as the load balancer has seen it itself'
forget
is "$(behind 127.0.0.1)" '401 401 401 401 401 429 ' 'X-Forwarded-For from anybody but the load balancer does not count'

# --- accounts that do not exist ---

forget
for name in ada nobody; do
	guesses 7 192.0.2.1 $name
	sed 's/^429 7[01][0-9]$/429 720/' "$tmp/answers" >"$tmp/$name"
done
is "$(cat "$tmp/nobody")" "$(cat "$tmp/ada")" 'an unknown name is limited as a known one is'
api POST /token 'username=nobody&password=x' >/dev/null
for name in ada nobody; do
	for _ in 1 2 3 4 5 6; do
		api POST /token "username=$name&password=x"
	done
	printf '%s' "$status $body $(printf '%s' "$headers" | grep -ivE '^(date|retry-after):')" >"$tmp/$name"
done
is "$(cat "$tmp/nobody")" "$(cat "$tmp/ada")" 'the 429 for an unknown name is that for a known one, byte by byte'

# --- right passwords do not count ---

forget
guesses 40 192.0.2.1 ada correct-horse
is "$answers" '200:40' 'forty right passwords in a row are all verified'
guesses 6
is "$answers" '401:5 429:1' 'right passwords use up nothing of the limit'
is "$(sql "update users set is_active = false where username = 'eve' returning id")" 2 'an account is made inactive'
guesses 6 192.0.2.3 eve eves-password
is "$answers" '401:5 429:1' 'the right password of an inactive account counts as a wrong one'

# --- many at once ---

forget
had=$(hashes)
for i in $(seq 200); do
	echo "192.0.2.$((i % 100)) ada guess$i"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 200
is "$answers $(($(hashes) - had))" '401:10 429:190 10' 'of 200 guesses at once no more than half of the limit are verified'
forget
for i in $(seq 300); do
	echo "192.0.2.$((i % 3)) name$((i % 7)) guess$i"
	echo "192.0.2.$((i % 5)) ada correct-horse"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 50
is "$(cut -d ' ' -f 1 "$tmp/answers" | grep -cxE '200|401|429')" 600 '600 logins at once that share limits are all answered'
is "$(grep -c 'deadlock' "$LK_LOGS/postgres.log")" 0 'PostgreSQL finds no deadlock among logins that share limits'

# --- a device that is known ---

forget
api POST /token 'username=ada&password=correct-horse'
like "$(header Set-Cookie)" \
	'^__Host-latchkey-device=[0-9.a-f]+; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Strict$' \
	'a login sets a device cookie for this host, TLS and nginx alone'
device=$(header Set-Cookie | sed 's/^[^=]*=\([^;]*\);.*/\1/')
api POST /token 'username=ada&password=correct-horse' -H "Cookie: a=b; __Host-latchkey-device=$device"
is "$status, $(header Set-Cookie)" '200, ' 'a login with a device cookie sets no other'
python3 -c '
for i in range(10000):
    print("10.0.%d.%d ada guess%d" % (i % 1000 // 250, i % 250, i))
    if i % 100 == 99:
        print("10.0.0.1 ada correct-horse", __import__("sys").argv[1])
' "$device" >"$tmp/lines"
had=$(hashes)
logins "$LK_SOCKET_LOGIN" 16
paste -d ' ' "$tmp/answers" "$tmp/lines" >"$tmp/both"
is "$(awk '/correct-horse/ { n[$1]++ } END { for (s in n) print s, n[s] }' "$tmp/both")" '200 100' \
	'the owner with her device cookie logs in each time during 10000 guesses from 1000 addresses'
is "$(awk '/guess/ && $1 == 401' "$tmp/both" | wc -l) $(awk '/guess/ && $1 == 429' "$tmp/both" | wc -l)" '10 9990' \
	'of 10000 guesses from 1000 addresses no more than the limit allows are verified'
is "$(($(hashes) - had))" 110 'of 10000 guesses from 1000 addresses those that are refused are not hashed'
guesses 1 192.0.2.200 ada correct-horse
is "$answers" '429:1' 'the owner without her device cookie gets 429 during guesses'
like "$(curl -s "$LK_OPS_URL/metrics")" '^latchkey_logins_total\{outcome="rate_limited"\} [1-9]' '/metrics counts rate-limited logins'
guesses 1 192.0.2.200 ada correct-horse "${device%?}x"
is "$answers" '429:1' 'a forged device cookie gets 429 during guesses'
guesses 6 192.0.2.200 ada wrong-password "$device"
is "$answers" '401:5 429:1' 'half of the limit of a client is verified from a device'
guesses 1 192.0.2.201 ada correct-horse "$device"
is "$answers" '429:1' 'a spent limit of a device refuses it at any address'
guesses 6 192.0.2.202 nobody x "$device"
is "$answers" '401:5 429:1' 'a device cookie has no limit of its own with another name'
forget
guesses 10 192.0.2.203 nobody x
guesses 6 192.0.2.204 nobody x
guesses 1 192.0.2.205 nobody x "$device"
is "$answers" '429:1' 'a device cookie does not open another name that is locked'

# Somebody who once knew the password may have made any number of proofs. All
# together have the limit of unknown clients, and then count as unknown clients.
forget
for i in $(seq 8); do
	api POST /token 'username=ada&password=correct-horse'
	proof=$(header Set-Cookie | sed 's/^[^=]*=\([^;]*\);.*/\1/')
	for _ in $(seq 6); do
		echo "192.0.2.$i ada guess $proof"
	done
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:20 429:28' 'the devices of an account get half of the limit together, and half of that of unknown clients'

# Somebody who has many accounts, with known devices, can fill the counts of
# devices; then one counts as an unknown client, and is locked out only with them.
forget
sql "update latchkey_throttle set empty_at = now() + interval '51 minutes' where bucket between 229376 and 245759"
guesses 1 192.0.2.206 ada correct-horse "$device"
is "$answers" '200:1' 'a device counts as an unknown client while the limit of devices is spent'
guesses 5 192.0.2.206
guesses 1 192.0.2.206 ada correct-horse "$device"
like "$(cat "$tmp/answers")" '^429 ([1-9]|[1-9][0-9]|1[0-8][0-9])$' 'a 429 for a device says the sooner of its two times, that of a device'

# A page of another site can have a browser log in to an account of its own.
forget
api POST /token 'username=ada&password=correct-horse' -H 'Sec-Fetch-Site: cross-site'
is "$status, $(header Set-Cookie)" '403, ' "another site's page gets 403, and no cookie of its login replaces the device cookie"
for site in same-origin same-site none; do
	api POST /token 'username=ada&password=correct-horse' -H "Sec-Fetch-Site: $site"
	like "$(header Set-Cookie)" '^__Host-latchkey-device=' "a login with Sec-Fetch-Site: $site sets a device cookie"
done

# --- names without end ---

# Each from an address of its own, so that all of them are looked at.
forget
names=${LK_NAMES:-20000}
python3 -c '
import sys
for i in range(int(sys.argv[1])):
    print("10.%d.%d.%d random%d x" % (i >> 16, i >> 8 & 255, i & 255, i))' "$names" >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 16
# (Of very many some share all their rows by chance.)
is "$(grep -cE '^(401|429) ' "$tmp/answers")" "$names" "$names failed logins with unknown names get 401 or 429"
[ "$(grep -c '^429 ' "$tmp/answers")" -le $((names / 10000)) ]
ok $? "failed logins with unknown names are nearly all verified: $answers"
is "$(sql 'select count(*) from latchkey_throttle')" "$rows" 'failed logins with unknown names add no row to the rate-limit table'
is "$(sql 'select count(*) from users')" 2 'failed logins with unknown names add no account'
size=$(sql "select pg_total_relation_size('latchkey_throttle')")
[ "$size" -lt $((40 * 1024 * 1024)) ]
ok $? "failed logins with unknown names leave the rate-limit table below 40 MiB: $size bytes"
for i in $(seq 50); do
	echo "192.0.2.$i name$i x"
done >"$tmp/lines"
logins "$LK_SOCKET_LOGIN" 1
is "$answers" '401:50' 'failed logins with unknown names do not lock out other addresses'

# --- sign-up ---

forget
sign_up() {
	api POST /users/add_user/ "{\"username\":\"$1\",\"password\":\"password\"}"
}
sign_up short-of-nothing
for _ in 1 2 3; do
	sign_up ada
done
is "$status" 400 'a sign-up of a taken name gets 400'
api POST /users/add_user/ '{"username":"x","password":"short"}'
is "$status" 422 'a sign-up with a short password gets 422, and does not count'
api POST /users/add_user/ "{\"username\":\"y\",\"password\":\"$(head -c 512 /dev/zero | tr '\0' x)\"}"
is "$status" 422 'a sign-up with a password of 512 bytes gets 422, and counts since it shows that the name is free'
sign_up another
is "$status" 200 'half of the limit of sign-ups is served at once'
sign_up ada
is "$status $body" '429 {"detail":"Too many attempts, try again in 10 minutes"}' 'a sign-up of a taken name beyond the limit gets 429'
like "$(header Retry-After)" '^(5[0-9][0-9]|600)$' 'the 429 of a sign-up says when to come again'
sign_up nobody-yet
is "$status" 429 'a sign-up of a free name beyond the limit gets 429'
api POST /token 'username=ada&password=correct-horse'
is "$status" 200 'logins are counted apart from sign-ups'

# The limit is 12, 6 of them at once. That an account cannot be made tells that
# its name is free.
forget
sql "create function full_disk() returns trigger language plpgsql as 'begin raise exception using errcode = ''53100''; end'"
sql 'create trigger full_disk before insert on users for each row execute function full_disk()'
for _ in 1 2 3 4 5 6; do
	sign_up later
done
is "$status" 503 'sign-ups get 503 where accounts cannot be made'
sql 'drop trigger full_disk on users'
sign_up later
is "$status" 429 'sign-ups that the database refuses count towards the limit'
forget
sql_admin 'revoke select on users from latchkey'
for _ in 1 2 3 4 5 6 7; do
	sign_up later
done
is "$status" 503 'sign-ups get 503 where names cannot be looked up'
sql_admin 'grant select on users to latchkey'
# a worker waits for a moment before it asks for such a thing again
made() {
	sign_up later
	[ "$status" = 200 ]
}
retry 1 made
is "$status" 200 'sign-up: an outage while the name is looked up counts for nobody'

# --- after a crash ---

forget
guesses 5
sql 'truncate latchkey_throttle'
guesses 6
is "$answers" '401:5 429:1' 'a rate-limit table that a crash emptied forgets what was counted and no more'
is "$(sql 'select count(*) from latchkey_throttle')" 6 'rows of the rate-limit table come back as they are needed'

# --- the clock of the database ---

# A worker that has just refused somebody reads before it writes, another does not.
fresh=$LK_DIR/data/fresh.sock
serve_alone "$fresh" "$tmp/fresh.log"
guess() {
	echo '192.0.2.1 ada wrong-password' >"$tmp/lines"
	logins "$1"
	cat "$tmp/answers"
}
guesses 6
like "$(guess "$socket")" '^429' 'a worker refuses a client beyond its limit'
for worker in "$socket" "$fresh"; do
	forget
	is "$(guess "$worker")" '401 -' "${worker##*/}: a first guess is verified"
	pass '-4 days'
	like "$(guess "$worker")" '^429 (7[01][0-9]|720)$' "${worker##*/}: a clock set back by days fills the buckets"
	pass '12 minutes'
	is "$(guess "$worker") $(guess "$worker" | cut -c 1-3)" '401 - 429' "${worker##*/}: buckets leak as ever after the clock was set back by days"
	sql "update latchkey_throttle set empty_at = 'infinity' where empty_at > '-infinity'"
	like "$(guess "$worker")" '^429 (7[01][0-9]|720)$' "${worker##*/}: a time of infinity fills a bucket"
	forget
	is "$(guess "$worker")" '401 -' "${worker##*/}: a guess with empty buckets is verified"
	pass '-3 hours'
	like "$(guess "$worker")" '^429 8[56][0-9][0-9]$' "${worker##*/}: a clock set back by hours fills the buckets for as long"
done

# --- without the database ---

had=$(hashes)
t/stack db-stop "$LK_DIR"
guesses 3 192.0.2.1 ada correct-horse
is "$answers" '503:3' 'logins get 503 without the database'
is "$(($(hashes) - had))" 0 'no password is verified without the database'
t/stack db-start "$LK_DIR"
ready() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 10 ready
is "$status" 200 'the service is ready once the database is back'
forget
guesses 16 192.0.2.1 ada correct-horse
t/stack db-stop "$LK_DIR"
t/stack db-start "$LK_DIR"
guesses 16 192.0.2.1 ada correct-horse
is "$answers" '200:16' 'after a restart of the database the first login of each worker is served'


# --- where nothing can be counted ---

# what was refused is not sent again for a quarter of a second
let_in() {
	guesses 1 192.0.2.1 ada correct-horse
	[ "$answers" = '200:1' ]
}

# renew SQL: for the connections that are made from now on, and have them made.
renew() {
	$LK_PSQL_ADMIN -Xqc "$1" -c "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >/dev/null
}
had=$(hashes)
renew 'alter role latchkey set default_transaction_read_only = on'
guesses 3 192.0.2.1 ada correct-horse
is "$answers $(($(hashes) - had))" '503:3 0' 'on a standby, which cannot count, logins get 503, and no password is verified'
renew 'alter role latchkey reset default_transaction_read_only'
retry 5 let_in
is "$answers" '200:1' 'logins are served once the database can be written again'
for right in select insert update; do
	had=$(hashes)
	renew "revoke $right on latchkey_throttle from latchkey"
	guesses 1 192.0.2.1 ada correct-horse
	is "$answers $(($(hashes) - had))" '503:1 0' "logins get 503 without the privilege to $right in the rate-limit table, and no password is verified"
	renew "grant $right on latchkey_throttle to latchkey"
	retry 5 let_in
	is "$answers" '200:1' "logins are served once the privilege to $right is there again"
done
sql 'drop table latchkey_throttle'
guesses 1 192.0.2.1 ada correct-horse
is "$answers" '503:1' 'logins get 503 without the rate-limit table'

done_testing
