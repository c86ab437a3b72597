#!/bin/sh
# The longest life of a token, of all instances: what has ended is remembered for as
# long. Each keeper used to tell the database a moment after its instance began to sign:
# what another instance ended in between was forgotten while such a token still lived.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000

life() {
	sql 'select seconds from latchkey_lifetime'
}

# hold SQL: a transaction that has done so, and stays open until released.
holds=0
hold() {
	holds=$((holds + 1))
	mkfifo "$tmp/hold$holds"
	# shellcheck disable=SC2086 # words of a command
	$LK_AS psql -qAtX "host=$LK_DIR/data dbname=latchkey user=latchkey_owner" -v ON_ERROR_STOP=1 \
		<"$tmp/hold$holds" >"$tmp/held$holds" 2>&1 &
	held_by=$!
	exec 8>"$tmp/hold$holds"
	printf 'begin;\n%s;\n\\echo held\n' "$1" >&8
	retry 10 grep -q '^held' "$tmp/held$holds"
	ok $? "a transaction is open: $1" || diag "$(cat "$tmp/held$holds")"
}

release() {
	printf 'commit;\n\\q\n' >&8
	exec 8>&-
	wait $held_by
}

# instance NAME MINUTES: another one, whose tokens live for so long, at $socket.
instance() {
	serve_alone "$LK_DIR/data/$1.sock" "$tmp/$1.log" LATCHKEY_DB_TIMEOUT_MS=10000 LATCHKEY_LOGIN_WAIT_MS=60000 \
		LATCHKEY_ACCESS_TOKEN_MINUTES="$2"
	ok $? "an instance whose tokens live for $2 minutes begins" || diag "$(cat "$tmp/$1.log")"
}

log_in_there() {
	login_from 192.0.2.1 ada correct-horse "$socket"
}
logged_in() {
	log_in_there
	[ "$answer" = 200 ]
}

sign_up ada correct-horse
sign_up bob correct-horse
log_in bob correct-horse
take_token
first=$(life)
[ "$first" -ge 1800 ]
ok $? "the database knows how long tokens live: $first s"

# --- not yet known ---

hold 'select from latchkey_lifetime for update'
instance long 120
log_in_there
is "$answer" 503 'no login succeeds before the database knows how long its token lives'
is "$(life)" "$first" 'the life is that of the first instance still'
release
retry 20 logged_in
ok $? 'once the database knows a longer life a login succeeds'
[ "$(life)" -ge 7200 ]
ok $? "the longest life of a token is two hours: $(life) s"

# --- known to what is under way ---

# That has read the time before, and its user may be the one that logs in.
hold "insert into latchkey_revoked (sid, until, reason) values (md5('x')::uuid, now() + interval '1 hour', 'owner')"
instance longer 180
log_in_there
is "$answer" 503 'no longer token is made while tokens are being ended for a shorter time'
release
retry 20 logged_in
ok $? 'once tokens have been ended for the shorter time a login succeeds'
[ "$(life)" -ge 10800 ]
ok $? "the longest life of a token is three hours: $(life) s"

# --- what it is for ---

# shellcheck disable=SC2086 # words of a command
$LK_AS "$LK_BIN" -c "$LK_CONF" user logout ada >/dev/null
is "$(sql "select until > now() + interval '179 minutes' from latchkey_revoked where user_id = (select id from users where username = 'ada')")" t \
	'what an instance with a shorter life ends is remembered for the longest'
# shellcheck disable=SC2086
$LK_AS "$LK_BIN" -c "$LK_CONF" user rename ada ada2 >/dev/null
is "$(sql "select free_at > now() + interval '179 minutes' from latchkey_name where username = 'ada'")" t \
	'a name that an instance with a shorter life frees is kept for the longest'

# --- nothing is written where it is known ---

me() {
	api GET /users/me -H "Authorization: Bearer $token"
	[ "$status" = "$1" ]
}
sql_admin "alter role latchkey set default_transaction_read_only = on;
	select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >/dev/null
retry 20 me 200
ok $? 'a database that is read-only is connected to where the life is known'
sql "update latchkey_lifetime set seconds = 0" >/dev/null
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >/dev/null
retry 20 me 503
ok $? 'a connection is not made where the life of tokens cannot be made known'
sql_admin 'alter role latchkey reset default_transaction_read_only' >/dev/null
retry 20 me 200
ok $? 'once it can be written the service goes on'

done_testing
