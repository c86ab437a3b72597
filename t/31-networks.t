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
is "$status" 200 'there are accounts'
login_from 192.0.2.1 ada correct-horse
is "$answer $(networks)" '200 0' 'an account younger than a week makes no network known'
is "$(sql 'select highest from latchkey_watermark order by taken_at')" '0
3' 'the highest number of the day is noted'
login_from 192.0.2.1 ada correct-horse
is "$(sql 'select count(*) from latchkey_watermark')" 2 'once'
pass_days 8
login_from 192.0.2.1 ada wrong
is "$answer $(networks)" '401 0' 'nor does an older one by a wrong password'
login_from 192.0.2.1 ada correct-horse
is "$answer $(networks)" '200 1' 'but by a right one'
is "$(sql "select seen = (now() at time zone 'UTC')::date from latchkey_network")" t 'of today'
version() {
	sql "select md5(string_agg(ctid || ' ' || xmin, ',' order by place)) from latchkey_network"
}
before=$(version)
fresh
for address in 192.0.2.1 192.0.2.200 ::ffff:192.0.2.3; do
	login_from $address ada correct-horse
	login_from $address bob correct-horse "$socket"
done
is "$(version)" "$before" 'which is written once a day, by whichever worker, from wherever in a /24'
unlike "$(sql 'select * from latchkey_network')" '192\.0|3221225[0-9]|ada' 'and names neither the address nor the account'
for i in 4 5 6; do
	login_from 198.51.$i.1 ada correct-horse
done
is "$answer $(networks)" '200 1' 'an account makes no more than one known at once'
before=$(service_row)
retry 10 written
sql "update latchkey_throttle set empty_at = empty_at - interval '1 hour' where empty_at > '-infinity'"
login_from 198.51.7.1 ada correct-horse
is "$(networks)" 2 'but another an hour later'
login_from 2001:db8:1:2::3 bob correct-horse
is "$(networks)" 3 'of IPv6 it is a /48'

# --- what they keep ---

before=$(service_row)
retry 10 written

wrong 60 10.1.1.
is "$answers" '401:40 429:20' 'of half of the limit half is looked at at once, for all other networks together'
login_from 203.0.113.1 ada correct-horse
is "$answer" 429 'who comes from a new network has to wait'
for address in 192.0.2.77 198.51.7.9 2001:db8:1:ffff::1; do
	login_from $address ada correct-horse
	printf '%s ' "$answer"
done >"$tmp/known"
is "$(cat "$tmp/known")" '200 200 200 ' 'who comes from a known one logs in at once'
before=$(service_row)
retry 10 written
like "$(cat "$LK_LOG")" 'event=service_limit_reached share=common limit=80$' 'the log tells which share is spent'
wrong 5 192.0.2.
is "$answers" '401:2 429:3' 'of wrong ones from one known network a twentieth is looked at'
login_from 192.0.2.77 ada correct-horse
is "$answer" 429 'which keeps out its own users'
login_from 198.51.7.9 ada correct-horse
is "$answer" 200 'and nobody else'
figure() {
	curl -s "$LK_OPS_URL/metrics" | awk -v name="latchkey_service_limit_refusals_total{share=\"$1\"}" '$1 == name { print $2 }'
}
is "$(figure common) $(figure known)" '21 0' 'the figures tell of each that is refused, and by which share'
sql "update latchkey_throttle set empty_at = now() + interval '59 minutes 50 seconds' where bucket = 286721"
spent() {
	login_from 198.51.7.9 ada correct-horse
	[ "$answer" = 429 ]
}
retry 10 spent
ok $? 'where the other half is spent, too, nobody logs in'
isnt "$(figure known)" 0 'which is told as well'
sql "update latchkey_throttle set empty_at = now() where bucket >= 286721"

# --- for how long ---

# Of the common share nothing comes back while this runs.
spend_common() {
	sql "update latchkey_throttle set empty_at = now() + interval '1 hour' where bucket = 286720"
	fresh
}
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 200 'a worker that begins learns of it'
pass_days 29
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 200 'a network is known for 29 days'
is "$(sql "select count(*) from latchkey_network where seen = (now() at time zone 'UTC')::date")" 1 \
	'and from then on for as many again'
pass_days 30
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 429 'when nobody has logged in for 30 days, it is not'
sql "update latchkey_network set seen = seen + 200"
spend_common
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer" 429 'nor where the clock was set back since'

# --- who is older than a week ---

sql "update latchkey_throttle set empty_at = now() where empty_at > now(); truncate latchkey_network"
free() {
	wrong 1 10.2.2.
	[ "$answers" = 401:1 ]
}
retry 10 free
login_from 192.0.2.1 ada correct-horse
is "$(networks)" 0 'within the day the worker does not look again'
fresh
sql "insert into latchkey_watermark values (((now() at time zone 'UTC')::date - '1970-01-01' + 15) % 16, now() - interval '1 day', 0)
	on conflict (place) do update set taken_at = excluded.taken_at, highest = 0"
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer $(networks)" '200 0' 'where numbers were lower within the week, as after truncate, none above is older'
sql "delete from latchkey_watermark where highest = 0"
login_from 192.0.2.1 ada correct-horse "$socket"
is "$answer $(networks)" '200 1' 'else it is'
sql "delete from latchkey_watermark"
login_from 192.0.3.1 bob correct-horse "$socket"
is "$answer $(networks) $(sql 'select count(*) from latchkey_watermark')" '200 1 1' \
	'where all that is lost, it begins anew, and nobody is older for a week'

# --- a table of fixed size ---

pass_days 8
sql "insert into latchkey_network select i, i, (now() at time zone 'UTC')::date - 29 from generate_series(0, 65535) i on conflict do nothing"
before=$(version)
login_from 192.0.4.1 bob correct-horse "$socket"
is "$answer $(version)" "200 $before" 'where both places of a network are taken, nobody is pushed out'
sql "update latchkey_network set seen = seen - 1"
sql "update latchkey_throttle set empty_at = now() where bucket >= 286722"
login_from 192.0.5.1 bob correct-horse "$socket"
is "$answer $(networks) $(sql "select count(*) from latchkey_network where seen = (now() at time zone 'UTC')::date")" '200 65536 1' \
	'of those that are not known any more, one makes room'
size=$(sql "select pg_total_relation_size('latchkey_network')")
[ "$size" -lt 12000000 ]
ok $? "the table stays small: $size bytes"

# --- where it cannot be used ---

check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1
}
check >"$tmp/check"
ok $? 'the database is ready' || diag "$(cat "$tmp/check")"
for right in 'update on latchkey_network' 'insert on latchkey_watermark'; do
	sql_admin "revoke $right from latchkey"
	check >"$tmp/check"
	is $? 1 "without the right to $right latchkey check fails"
	login_from 192.0.6.1 eve correct-horse "$socket"
	is "$answer" 200 'and who has the password logs in'
	sql_admin "grant $right to latchkey"
done

done_testing
