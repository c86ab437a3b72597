#!/bin/sh
# Known networks, which keep half of the service-wide limit: which are known,
# for how long, and the share of one.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1 login_failures_per_service_hour=160

# wrong N ADDRESS [SOCKET]: as many wrong passwords, each for another name, from
# addresses that begin so; how many got which $answers.
next=0
wrong() {
	for _ in $(seq "$1"); do
		next=$((next + 1))
		echo "$2$((next % 250)) name$next x"
	done >"$tmp/lines"
	logins "${3-$LK_SOCKET_LOGIN}" 4
}

networks() {
	sql 'select count(*) from latchkey_network'
}

# service_row: the row of the half for everybody, as it was last written.
service_row() {
	sql 'select xmin from latchkey_throttle where bucket = 286720'
}
# written: a login, and the worker has written its counts since $before, as it
# does once a second, and read what others counted.
written() {
	login_from 192.0.2.1 ada correct-horse
	[ "$(service_row)" != "$before" ]
}

# As if so many days had passed: 8 or 40.
pass_days() {
	sql "create temporary table w as select (place + 16 - $1 % 16) % 16 as place, taken_at - interval '$1 days' as at, highest from latchkey_watermark;
		delete from latchkey_watermark; insert into latchkey_watermark select * from w;
		update latchkey_network set seen = seen - $1"
}

# fresh: a worker that remembers nothing, at $socket.
workers=0
fresh() {
	workers=$((workers + 1))
	socket=$LK_DIR/data/fresh$workers.sock
	serve_alone "$socket" "$tmp/fresh.log"
}

# --- which networks are known ---

for name in ada bob eve; do
	api POST /users/add_user/ "{\"username\":\"$name\",\"password\":\"correct-horse\"}"
done
is "$status" 200 'the accounts of the test are made'
# by a worker of its own, which knows for a minute that they are young
fresh
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer $(networks)" '200 0' 'an account younger than a week makes no network known'
is "$(sql 'select highest from latchkey_watermark order by taken_at')" '0
3' 'the first login of a day records the highest number of an account'
login_from 192.0.2.1 ada correct-horse "$socket"
is "$(sql 'select count(*) from latchkey_watermark')" 2 'a second login of the day records no number'
pass_days 8
login_from 192.0.2.1 ada wrong
is "$answer $(networks)" '401 0' 'a wrong password of an account older than a week makes no network known'
login_from 192.0.2.1 ada correct-horse
is "$answer $(networks)" '200 1' 'a right password of an account older than a week makes its network known'
is "$(sql "select seen = (now() at time zone 'UTC')::date from latchkey_network")" t 'a known network is stored with the day'
version() {
	sql "select md5(string_agg(ctid || ' ' || xmin, ',' order by place)) from latchkey_network"
}
before=$(version)
fresh
for address in 192.0.2.1 192.0.2.200 ::ffff:192.0.2.3; do
	login_from $address ada correct-horse
	login_from $address bob correct-horse "$socket"
done
is "$(version)" "$before" 'a network is written once a day, by any worker, from any address of its /24'
unlike "$(sql 'select * from latchkey_network')" '192\.0|3221225[0-9]|ada' 'the table of networks holds neither the address nor the account'
for i in 4 5 6; do
	login_from 198.51.$i.1 ada correct-horse
done
is "$answer $(networks)" '200 1' 'an account makes no second network known at once'
before=$(service_row)
retry 10 written
sql "update latchkey_throttle set empty_at = empty_at - interval '1 hour' where empty_at > '-infinity'"
login_from 198.51.7.1 ada correct-horse
is "$(networks)" 2 'an account makes a second network known an hour later'
login_from 2001:db8:1:2::3 bob correct-horse
is "$(networks)" 3 'a network of IPv6 is a /48'

# --- what they keep ---

before=$(service_row)
retry 10 written

wrong 60 10.1.1.
is "$answers" '401:40 429:20' "half of half the service's limit is verified at once for all unknown networks together"
login_from 203.0.113.1 ada correct-horse
is "$answer" 429 'a login from an unknown network gets 429 while the common share is spent'
for address in 192.0.2.77 198.51.7.9 2001:db8:1:ffff::1; do
	login_from $address ada correct-horse
	printf '%s ' "$answer"
done >"$tmp/known"
is "$(cat "$tmp/known")" '200 200 200 ' 'logins from known networks succeed while the common share is spent'
before=$(service_row)
retry 10 written
like "$(cat "$LK_LOG")" 'event=service_limit_reached share=common limit=80$' 'the log reports that the common share is spent'
wrong 5 192.0.2.
is "$answers" '401:2 429:3' 'a twentieth of wrong passwords is verified for one known network'
login_from 192.0.2.77 ada correct-horse
is "$answer" 429 'a login from a known network that spent its share gets 429'
login_from 198.51.7.9 ada correct-horse
is "$answer" 200 'a login from another known network succeeds'
figure() {
	curl -s "$LK_OPS_URL/metrics" | awk -v name="latchkey_service_limit_refusals_total{share=\"$1\"}" '$1 == name { print $2 }'
}
is "$(figure common) $(figure known)" '21 0' '/metrics counts refusals by share'
sql "update latchkey_throttle set empty_at = now() + interval '59 minutes 50 seconds' where bucket = 286721"
spent() {
	login_from 198.51.7.9 ada correct-horse
	[ "$answer" = 429 ]
}
retry 10 spent
ok $? 'a login from a known network gets 429 while the other half is spent, too'
isnt "$(figure known)" 0 '/metrics counts refusals of the share of known networks'
sql "update latchkey_throttle set empty_at = now() where bucket >= 286721"

# --- for how long ---

# Of the common share nothing comes back while this runs.
spend_common() {
	sql "update latchkey_throttle set empty_at = now() + interval '1 hour' where bucket = 286720"
	fresh
}
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 200 'a worker that starts reads the known networks'
pass_days 29
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 200 'a network is known 29 days after a login'
is "$(sql "select count(*) from latchkey_network where seen = (now() at time zone 'UTC')::date")" 1 \
	'a login from a known network renews its day'
pass_days 30
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 429 'a network is not known 30 days after a login'
sql "update latchkey_network set seen = seen + 200"
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 429 'a network with a day in the future is not known'

# --- who is older than a week ---

sql "update latchkey_throttle set empty_at = now() where empty_at > now(); truncate latchkey_network"
free() {
	wrong 1 10.2.2.
	[ "$answers" = 401:1 ]
}
retry 10 free
login_from 192.0.2.1 ada correct-horse
is "$(networks)" 0 'a worker writes a network once a day, also when its row is gone'
fresh
sql "insert into latchkey_watermark values (((now() at time zone 'UTC')::date - '1970-01-01' + 15) % 16, now() - interval '1 day', 0)
	on conflict (place) do update set taken_at = excluded.taken_at, highest = 0"
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer $(networks)" '200 0' 'an account above a number of the week makes no network known, as after TRUNCATE'
sql "delete from latchkey_watermark where highest = 0"
fresh
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer $(networks)" '200 1' 'an account below all numbers of the week makes its network known'
sql "delete from latchkey_watermark"
login_from 192.0.3.1 bob correct-horse "$socket"
is "$answer $(networks) $(sql 'select count(*) from latchkey_watermark')" '200 1 1' \
	'an empty table of numbers begins again, and no account is older than a week'

# --- a table of fixed size ---

pass_days 8
fresh
sql "insert into latchkey_network select i, i, (now() at time zone 'UTC')::date - 29 from generate_series(0, 65535) i on conflict do nothing"
before=$(version)
login_from 192.0.4.1 bob correct-horse "$socket"
is "$answer $(version)" "200 $before" 'a new network replaces none of two that are known'
sql "update latchkey_network set seen = seen - 1"
sql "update latchkey_throttle set empty_at = now() where bucket >= 286722"
login_from 192.0.5.1 bob correct-horse "$socket"
is "$answer $(networks) $(sql "select count(*) from latchkey_network where seen = (now() at time zone 'UTC')::date")" '200 65536 1' \
	'a new network replaces one that is no longer known'
size=$(sql "select pg_total_relation_size('latchkey_network')")
[ "$size" -lt 12000000 ]
ok $? "the table of networks stays below 12 MB: $size bytes"

# --- where it cannot be used ---

check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1
}
check >"$tmp/check"
ok $? 'latchkey check finds the database ready' || diag "$(cat "$tmp/check")"
for right in 'update on latchkey_network' 'insert on latchkey_watermark'; do
	sql_admin "revoke $right from latchkey"
	check >"$tmp/check"
	is $? 1 "latchkey check fails without the privilege to $right"
	login_from 192.0.6.1 eve correct-horse "$socket"
	is "$answer" 200 "a login succeeds without the privilege to $right"
	sql_admin "grant $right to latchkey"
done

done_testing
