#!/bin/sh
# Keeper: it reads what has ended when that happens, is asked no more often than it
# can bear, says when it is behind, and removes what is past its time.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 db_timeout_ms=20000 login_wait_ms=60000 revocation_stale=refuse nginx_limits=off
supervisor=$(cat "$LK_SERVE")
owner="host=$LK_DIR/data dbname=latchkey user=latchkey_owner"

check_other() {
	SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/check HTTP_AUTHORIZATION="Bearer $1" \
		cgi-fcgi -bind -connect "$LK_DIR/data/other.sock" 2>/dev/null | sed -n 's/^Status: \([0-9]*\).*/\1/p'
}
refused_there() {
	[ "$(check_other "$1")" = 401 ]
}
keeper() {
	pgrep -x latchkey-keeper -P "$supervisor"
}
new_keeper() {
	retry 20 has_keeper
	old=$(keeper)
	kill -KILL "$old"
	retry 20 is_new
}
has_keeper() {
	[ -n "$(keeper)" ]
}
is_new() {
	has_keeper && [ "$(keeper)" != "$old" ]
}
new_token() {
	log_in "$1" 'correct horse'
	take_token
}
sid() {
	python3 -c '
import base64, json, sys
print(json.loads(base64.urlsafe_b64decode(sys.argv[1].split(".")[1] + "=="))["sid"])' "$1"
}
logged() {
	[ "$(grep -c "$1" "$LK_LOG")" -ge "${2-1}" ]
}
query_is() {
	[ "$(sql "$1")" = "$2" ]
}

for name in ada bob cy eve; do
	sign_up "$name" 'correct horse'
done

# --- the wake-up ---

# eventfd PID: what its wake-ups have come to, if it has any.
eventfd() {
	for fd in "/proc/$1/fd"/*; do
		[ "$(readlink "$fd")" != 'anon_inode:[eventfd]' ] ||
			sed -n 's/^eventfd-count: *//p' "/proc/$1/fdinfo/${fd##*/}"
	done
}
with_wake() {
	for worker in $(workers); do
		[ -z "$(eventfd "$worker")" ] || cat "/proc/$worker/comm"
	done | sort -u | xargs
}
is "$(with_wake)" 'latchkey-api latchkey-keeper latchkey-login' 'only processes that can end a session can wake the keeper'
is_woken() {
	[ "$(eventfd "$supervisor" | xargs)" != 0 ]
}
ends() {
	new_token bob
	kill -STOP "$(keeper)"
	sleep 0.1
	! is_woken
	ok $? "$1: nothing wakes the keeper before"
	shift
	"$@"
	retry 5 is_woken
	ok $? "$title: the keeper is woken"
	kill -CONT "$(keeper)"
	retry 10 check_token "$token" 401
	ok $? "$title: the token is refused"
}
log_out() {
	title='a log-out'
	api DELETE /session -H "Authorization: Bearer $token"
}
ends 'a log-out' log_out
others() {
	title='the end of all other sessions'
	kept=$token
	log_in bob 'correct horse'
	other=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
	api DELETE /users/me/sessions -H "Authorization: Bearer $other"
	is "$status" 204 'all other sessions are ended'
	token=$kept
}
ends 'the end of all other sessions' others
change() {
	title='a changed password'
	api POST /users/me/password '{"current":"correct horse","new":"another staple"}' -H "Authorization: Bearer $token"
}
ends 'a changed password' change

# --- the start ---

# A session that had ended before a service begins is refused by its first answer,
# however slow the database is.
new_token ada
api DELETE /session -H "Authorization: Bearer $token"
rm -f "$LK_DIR/data/other.sock"
# locked NAME SECONDS: the table, until the file $tmp/NAME is gone
lock_table() {
	touch "$tmp/$1"
	$LK_AS psql -qX "$owner" >"$tmp/$1.log" 2>&1 <<-END &
		begin;
		lock latchkey_revoked in access exclusive mode;
		select pg_sleep($2);
	END
	locker=$!
	retry 20 query_is "select count(*) from pg_locks where relation = 'latchkey_revoked'::regclass and mode = 'AccessExclusiveLock' and granted" 1
}
lock_table start 0.7
serve_alone "$LK_DIR/data/other.sock" "$tmp/other.log" LATCHKEY_REVOCATION_STALE=accept
ok $? 'a second instance begins'
is "$(check_other "$token")" 401 'the first answer of an instance refuses what had ended before it began'
wait "$locker"

# --- an account that is deleted ---

new_token eve
is "$(check_other "$token")" 200 'the other instance accepts a token'
api POST /users/me/delete '{"current":"correct horse"}' -H "Authorization: Bearer $token"
like "$status" '^20[04]$' 'the owner deletes the account'
retry 10 refused_there "$token"
ok $? 'the tokens of a deleted account are refused on the other instance'

# --- its time limit, and what follows when it is behind ---

new_token ada
lock_table slow 30
retry 15 logged 'event=db_failed.*revoked_poll' 1
ok $? 'a poll that is not answered within its own second is given up'
retry 15 check_token "$token" 503
ok $? 'behind for three seconds, checks answer as revocation_stale says'
like "$headers" '^[Rr]etry-[Aa]fter: ' 'the answer revocation_stale says when to come again'
retry 10 logged 'event=revocations_behind .*reason=database'
ok $? 'the log says that the keeper is behind, and why'
ops GET /metrics
like "$body" 'latchkey_revocations_behind_total\{reason="database"\} [1-9]' 'the metrics count that the keeper is behind'
like "$body" 'latchkey_revocation_age_seconds ([3-9]|[1-9][0-9]+)\.' 'the metrics say for how long the keeper has been behind'
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()" >/dev/null
wait "$locker"
retry 20 check_token "$token" 200
ok $? 'checks answer as before when the database answers again'
retry 10 logged event=revocations_current
ok $? 'the log says that the keeper is behind no more'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" status)" 'revoked +[0-9]+, read [0-9]+ ms ago' 'the status page says how many entries there are, and how old'

# --- a full memory ---

new_token ada
ada=$token
new_token cy
full=131072
sql "insert into latchkey_revoked (user_id, epoch, until, reason) select 1000000 + n, 1, now() + '1 hour', 'epoch' from generate_series(1, $full - (select count(distinct user_id) from latchkey_revoked where until > now())) n" >/dev/null
entries() {
	ops GET /metrics
	[ "$(printf '%s\n' "$body" | sed -n 's/^latchkey_revoked_entries //p')" -ge "$1" ]
}
retry 30 entries $full
ok $? 'as many users as there is room for are remembered'
check_token "$token" 200
ok $? 'at that limit checks go on'
behind=$(grep -c event=revocations_behind "$LK_LOG")
is "$behind" 1 'at that limit the keeper is not behind'
sql "insert into latchkey_revoked (user_id, epoch, until, reason) select id, 1, now() + '1 hour', 'epoch' from users where username = 'cy'" >/dev/null
retry 20 check_token "$token" 503
ok $? 'one more user than there is room for: checks answer as revocation_stale says'
retry 10 logged 'event=revocations_behind .*reason=full'
ok $? 'the log says that the memory is full'
sql "insert into latchkey_revoked (sid, until, reason) values ('$(sid "$ada")', now() + interval '1 hour', 'owner')" >/dev/null
retry 20 check_token "$ada" 401
ok $? 'one more user than there is room for: a session that ends is refused'
new_token cy
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 200 'one more user than there is room for: where the database is asked it decides'
api DELETE /session -H "Authorization: Bearer $token"
is "$status" 204 'one more user than there is room for: a token logs out'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 401 'one more user than there is room for: where the database is asked the session has ended'
api POST /session 'username=cy&password=correct horse' -H 'Sec-Fetch-Site: same-origin'
cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
api POST /logout 'next=/' -H 'Sec-Fetch-Site: same-origin' -H "Cookie: __Host-latchkey=$cookie"
is "$status" 303 'one more user than there is room for: a browser logs out'
api GET /session -H "Cookie: __Host-latchkey=$cookie"
is "$status" 401 'one more user than there is room for: the session of the browser has ended'
new_token cy
api POST /oauth2/revoke --data-urlencode "token=$token"
is "$status $(sql "select count(*) from latchkey_session where id = '$(sid "$token")'")" '200 0' 'one more user than there is room for: a token is revoked'
new_token cy
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1)" 'has not read for [0-9]+ s which sessions have ended' 'latchkey check says that the keeper has not read for some time'
sql "update latchkey_revoked set until = now() - interval '10 minutes' where user_id > 1000000" >/dev/null
t/stack workers-stop "$LK_DIR" && t/stack workers-start "$LK_DIR"
supervisor=$(cat "$LK_SERVE")
retry 20 check_token "$token" 401
ok $? 'after a restart entries past their time take no room'

# --- removal ---

sql "insert into latchkey_session (id, user_id, epoch, expires_at, created_at) select md5(n::text)::uuid, 1, 0, now() - interval '2 minutes', now() - interval '1 day' from generate_series(1, 2500) n" >/dev/null
sql "insert into latchkey_revoked (sid, until, reason) select md5(n::text)::uuid, now() - interval '61 minutes', 'owner' from generate_series(1, 50) n" >/dev/null
sql "update latchkey_lifetime set removed_at = now()" >/dev/null
past="select count(*) from latchkey_session where expires_at < now() - interval '1 minute'"
new_keeper
sleep 1
is "$(sql "$past")" 2500 'where another instance has just removed what has expired, this one does not'
sql "update latchkey_lifetime set removed_at = now() - interval '1 minute'" >/dev/null
new_keeper
retry 30 query_is "$past" 0
ok $? 'an instance whose turn it is removes all sessions that have expired'
retry 30 query_is "select count(*) from latchkey_revoked where until < now() - interval '1 hour'" 0
ok $? 'an instance whose turn it is removes entries an hour past their time'
is "$(sql "select count(*) > 100000 from latchkey_revoked where until < now()")" t 'entries stay for an hour past their time'

idle=$((60 * (20160 + 30) + 86400))
sql "insert into latchkey_session (id, user_id, epoch, expires_at, agent, used_at) select md5(n::text)::uuid, 1, 0, now() + interval '1 day', repeat('x', 250), now() - ($idle + case when n % 2 = 0 then 60 else -600 end) * interval '1 second' from generate_series(1, 6000) n" >/dev/null
like "$(sql "select pg_relation_size('latchkey_session') / 8192 > 300")" t 'the table of sessions has more pages than one step of the walk'
# Those whose epoch was over stayed as long, with address and User-Agent, also of an account that was deleted.
sql "insert into latchkey_account (user_id, epoch) values (999999, 2);
	insert into latchkey_session (id, user_id, epoch, expires_at) select md5('e' || n)::uuid, 999999, n % 3, now() + interval '1 day' from generate_series(1, 6) n" >/dev/null
sql "update latchkey_lifetime set walked_at = now() - interval '1 hour'" >/dev/null
new_keeper
retry 60 query_is "select count(*) from latchkey_session where used_at < now() - $idle * interval '1 second'" 0
ok $? 'sessions that were not renewed in time are removed, a day later'
is "$(sql "select count(*) from latchkey_session where agent like 'xxx%'")" 3000 'sessions that may still be renewed stay'
retry 60 query_is "select count(*) from latchkey_session where user_id = 999999 and epoch < 2" 0
ok $? 'sessions whose epoch is over are removed'
is "$(sql "select count(*) from latchkey_session where user_id = 999999")" 2 'sessions of the epoch that counts stay'

# --- databases whose transactions have no common order ---

new_token ada
old_xid() {
	sql "insert into latchkey_revoked (xid, sid, until, reason) values ('3', '$1', now() + '1 hour', 'owner')" >/dev/null
}
old_xid "$(sid "$token")"
sleep 1
check_token "$token" 200
ok $? 'in PostgreSQL an entry that a snapshot had seen is not read again'
sql_admin "alter system set allow_system_table_mods = on" >/dev/null
sql_admin "select pg_reload_conf()" >/dev/null
mods() {
	$LK_AS psql -qXAt "host=$LK_DIR/data dbname=latchkey user=postgres options=-callow_system_table_mods=on" -v ON_ERROR_STOP=1 -c "$1"
}
mods "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) values (99999, 'citus', 10, 11, false, '0')"
ok $? 'the database gets the extension citus, by name'
new_keeper
retry 20 check_token "$token" 401
ok $? 'another keeper reads everything at first'
new_token ada
old_xid "$(sid "$token")"
retry 20 check_token "$token" 401
ok $? 'with citus everything is read each second, whatever the order of transactions'
new_token ada
api DELETE /session -H "Authorization: Bearer $token"
retry 20 check_token "$token" 401
ok $? 'with citus a log-out counts'
mods "delete from pg_extension where oid = 99999"

done_testing
