#!/bin/sh
# A trigger that sleeps, of the table of accounts. Each sign-up kept its worker for
# as long as the database let it, and the logins behind it got a 503, or none.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1 nginx_limits=off db_timeout_ms=10000 login_wait_ms=6000 \
	signups_per_address_hour=100000 login_failures_per_client_hour=100000
sign_up ada 'correct horse'
is "$status" 200 'an account is made while no trigger sleeps'

# sleeps SECONDS: the trigger, from now on.
sleeps() {
	sql "create or replace function nap() returns trigger language plpgsql as
		\$\$ begin perform pg_sleep($1); return new; end \$\$"
}
sleeps 0
sql 'create trigger nap before insert or update on users for each row execute function nap()'
accounts() {
	sql "select count(*) from users where username like 'flood%'"
}
at_rest() {
	[ "$(sql_admin "select count(*) from pg_stat_activity where application_name = 'latchkey' and state <> 'idle'")" = 0 ]
}
shares() {
	grep -c 'event=login_shed .*reason=share' "$LK_LOG"
}

# flood SECONDS CLIENTS CASE: logins are served, each in time; login_wait_ms counts from
# nginx on, and the rest is for a machine that is busy.
logins=0 served=0 refused=0 odd=0 longest_ms=0 signups=0 hasty=0 others=0 made=0
flood() {
	python3 -B t/tool/sleeping.py "$LK_URL" "$1" "$2" ada 'correct horse' >"$tmp/flood"
	# shellcheck source=/dev/null
	. "$tmp/flood"
	diag "$(cat "$tmp/flood")"
	[ "$logins" -gt 3 ] && [ "$served" -gt $((refused * 2)) ]
	ok $? "$3: logins are served ($served of $logins)"
	is "$odd" 0 "$3: a login that is not served gets 503"
	[ "$longest_ms" -lt 9000 ]
	ok $? "$3: each login has an answer in time (after $longest_ms ms at most)"
	is "$hasty $others" '0 0' "$3: a sign-up that is not made gets 503 with Retry-After"
	retry 20 at_rest
	ok $? "$3: nothing goes on in the database afterwards"
}

sleeps 30
flood 7 12 'sign-ups that sleep for ever'
is "$(accounts) $made" '0 0' 'a sign-up whose trigger sleeps for ever makes no account, not even later'
[ "$(shares)" -gt 0 ]
ok $? 'sign-ups that have had their share of the time are refused'
ops GET /metrics
like "$body" '^latchkey_logins_shed_total\{reason="share"\} [1-9]' 'sign-ups refused for their share are counted'

sleeps 0.8
flood 7 12 'sign-ups that sleep a while'
[ "$made" -gt 0 ]
ok $? "sign-ups that sleep a while are made between logins ($made of $signups)"
[ "$(accounts)" -ge "$made" ]
ok $? 'each sign-up that was acknowledged is there'

# A change of the password meets the same trigger, and is refused in its stead.
sleeps 30
log_in ada 'correct horse'
take_token
change() {
	api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
}
change_is_refused() {
	sign_up bob 'correct horse'
	before=$(shares)
	change
	[ "$status" = 503 ] && [ "$(shares)" -gt "$before" ]
}
retry 30 change_is_refused
ok $? 'a change of the password right after a sign-up that slept is refused'
[ "$(header Retry-After)" -ge 2 ]
ok $? 'a change of the password that is refused has Retry-After'
log_in ada 'correct horse'
is "$status" 200 'the password that was not changed is the old one'

sed -i 's/^workers_login = .*/workers_login = 2/' "$LK_CONF"
kill -HUP "$(cat "$LK_SERVE")"
two_serve() {
	[ "$(workers login | wc -l)" = 2 ]
}
retry 20 two_serve
ok $? 'two workers serve logins'
flood 7 24 'sign-ups that sleep for ever, two workers'

sql 'drop trigger nap on users'
is_made() {
	sign_up "again$(date +%s%N)" 'correct horse'
	[ "$status" = 200 ]
}
retry 20 is_made
ok $? 'sign-ups are made again when no trigger sleeps'

done_testing
