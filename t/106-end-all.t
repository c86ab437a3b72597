#!/bin/sh
# The operator's end of sessions: one, all of an account, all of everybody; a database
# that has gone back in time; and accounts that other programs
# disable.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 refresh_grace_s=2 accept_plain_tokens=true
supervisor=$(cat "$LK_SERVE")

latchkey() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS "$LK_BIN" -c "$LK_CONF" "$@" 2>&1
}

# log_in_as NAME: sets token and refresh.
log_in_as() {
	api POST /token --data-urlencode "username=$1" -d 'password=correct horse' -d scope=offline_access -H "User-Agent: A	name\\"
	take_token
	refresh=$(printf '%s' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')
}

renew() {
	api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$1"
}


me() {
	api GET /users/me -H "Authorization: Bearer $1"
	is "$status" "$2" "$3"
}

for name in ada bob cy dan eve; do
	sign_up $name 'correct horse'
done

# --- one ---

log_in_as ada
first=$token first_refresh=$refresh
log_in_as ada
second=$token
latchkey user sessions ada >"$tmp/list"
is "$(wc -l <"$tmp/list")" 2 'user sessions has a line for each session'
like "$(cut -f 1-5 "$tmp/list" | head -n 1)" '^[0-9a-f]{32}(	20[0-9-]{8}T[0-9:]{8}Z){3}	127\.0\.0\.1$' 'a line has id, times and address'
is "$(cut -f 6- "$tmp/list" | sort -u)" 'Aname\x5c' "a line has the client's name of itself, without a character that acts"
is "$(latchkey user sessions bob)" '' 'user sessions of an account without one has no line'
is "$(latchkey user sessions nobody || echo failed)" "$(printf 'latchkey: no such account: nobody\nfailed')" 'user sessions refuses an unknown name'
id=$(tail -n 1 "$tmp/list" | cut -f 1)
for wrong in "${id}0" "$(printf %032d 0)" x '' "$(printf '%s' "$id" | tr a-f A-F)G"; do
	like "$(latchkey session end "$wrong")" '^latchkey: no such session' "session end refuses '$wrong'"
done
for wrong in -all --al --all=x -h1; do
	like "$(latchkey session end $wrong)" '^usage: latchkey session end' "session end: $wrong is no option"
done
for wrong in 'begin --all' 'end' 'end a b'; do
	# shellcheck disable=SC2086 # words
	like "$(latchkey session $wrong)" '^usage: latchkey' "session $wrong is no use of the command"
done
check_token "$first" 200
ok $? 'what was refused has ended nothing'
is "$(latchkey session end "$id")" 'the session has ended' 'session end ends one'
retry 2 check_token "$first" 401
ok $? 'the check refuses the token of the session that the operator ended'
renew "$first_refresh"
is "$status" 400 'the refresh token of the session that the operator ended is refused'
check_token "$second" 200
ok $? 'another session of the account goes on'
like "$(latchkey session end "$id")" '^latchkey: no such session' 'session end: a second time there is none'
log_in_as ada
is "$(latchkey user logout ada | tail -n 1)" '2 sessions ended' 'user logout says how many sessions have ended'
is "$(latchkey user logout ada | tail -n 1)" '0 sessions ended' 'user logout: a second time there are none'
log_in_as ada
is "$(latchkey user logout ada | tail -n 1)" '1 session ended' 'user logout says that one has ended'

# --- all, of everybody ---

log_in_as ada
ada=$token ada_refresh=$refresh
log_in_as bob
bob=$token bob_refresh=$refresh
# As after a restored backup: the account's row has gone back, and its token has not.
log_in_as cy
latchkey user logout cy >/dev/null
log_in_as cy
cy=$token
sql "delete from latchkey_account where user_id = (select id from users where username = 'cy'); delete from latchkey_session; delete from latchkey_revoked" >/dev/null
plain=$(python3 -c '
import base64, hashlib, hmac, sys, time
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
text = b64(b"{\"alg\":\"HS256\"}") + "." + b64(b"{\"sub\":\"bob\",\"exp\":%d}" % (time.time() + 600))
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY")
check_token "$plain" 200
ok $? 'a plain token passes the check'
# one whose epoch is beyond that of everybody
sql "insert into latchkey_account (user_id, epoch) select id, 2000000000 from users where username = 'dan'"
log_in_as dan
dan=$token dan_refresh=$refresh
log_in_as ada
last=$refresh
# a client's own token, which belongs to no account, and has no row
client=$($LK_AS "$LK_BIN" -c "$LK_CONF" client add night 2>/dev/null | sed -n 's/^secret	//p')
client_token() {
	api POST /oauth2/token grant_type=client_credentials -u "night:$client"
	take_token
}
# client_token_is ACTIVE TOKEN
client_token_is() {
	api POST /oauth2/introspect "token=$2" -u "night:$client"
	[ "${body#*\"active\":"$1"}" != "$body" ]
}
client_token
night=$token
client_token_is true "$night"
ok $? "a client's own token is active"
writes=$(sql 'select count(*) from latchkey_revoked')
# while an account is locked by somebody else
($LK_AS psql -qX "host=$LK_DIR/data dbname=latchkey user=latchkey_owner" -v ON_ERROR_STOP=1 <<END >"$tmp/slow.log" 2>&1
begin;
update latchkey_account set epoch = epoch + 1 where user_id = (select id from users where username = 'ada');
select pg_sleep(600);
END
) &
slow=$!
sleeps() {
	[ "$(sql_admin "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = 1 ]
}
retry 10 sleeps
is "$(latchkey session end --all)" 'all sessions and tokens have ended' 'session end --all ends all'
sleeps
ok $? 'session end --all does not wait for a change of an account that is under way'
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'" >/dev/null
wait $slow
is "$(($(sql 'select count(*) from latchkey_revoked') - writes))" 2 'session end --all writes one entry for everybody, and one for an account that was beyond'
for held in "ada $ada" "bob $bob" "cy $cy" "dan $dan"; do
	retry 2 check_token "${held#* }" 401
	ok $? "the check refuses the token of ${held% *}"
	me "${held#* }" 401 "where the database is asked, the token of ${held% *} is refused"
done
retry 2 client_token_is false "$night"
ok $? "a client's own token is inactive"
client_token
client_token_is true "$token"
ok $? 'the next token of that client is active, though what was kept of it is of before'
check_token "$plain" 200
ok $? 'a plain token ends by its setting alone'
for held in "$ada_refresh" "$bob_refresh" "$dan_refresh" "$last"; do
	renew "$held"
	is "$status" 400 'a refresh token from before is refused'
done
for name in ada bob cy dan eve; do
	log_in_as $name
	check_token "$token" 200
	ok $? "$name logs in again, and passes the check"
	me "$token" 200 "the new token of $name counts"
	case $name in
	ada) ada=$token ;;
	bob) bob=$token ;;
	esac
done
eve=$token
renew "$refresh"
is "$status" 200 'a session of after that is renewed'
is "$(sql "select count(*) from latchkey_account a, latchkey_lifetime l where a.user_id = 2 and a.epoch > l.epoch")" 0 'no row was written for an account without one'

# each way to end one account still does
latchkey user logout bob >/dev/null
retry 2 check_token "$bob" 401
ok $? 'user logout after it ends the tokens of the account'
me "$bob" 401 'user logout after it: where the database is asked, too'
latchkey user rename eve eva >/dev/null
retry 2 check_token "$eve" 401
ok $? 'user rename after it ends the tokens of the account'
check_token "$ada" 200
ok $? 'tokens of others go on'
client_token
night=$token
client_token_is true "$night"
ok $? "a client's own token goes on, too"
latchkey session end --all >/dev/null
retry 2 check_token "$ada" 401
ok $? 'a second session end --all in the same minute ends all again'
retry 2 client_token_is false "$night"
ok $? "a second one ends a client's own tokens again"
sql 'update latchkey_lifetime set epoch = 2147483646' >/dev/null
log_in_as ada
me "$token" 200 'a token of the epoch before the last counts'
latchkey session end --all >/dev/null
retry 2 check_token "$token" 401
ok $? 'an epoch near its end rises to the last'
log_in_as ada
me "$token" 200 'a token of the last epoch counts'
is "$(sql 'select epoch from latchkey_lifetime')" 2147483647 'the last epoch is that of the type'

# --- accounts that other programs disable: the very text of doc/install.md ---

sql 'truncate latchkey_account, latchkey_session, latchkey_revoked; update latchkey_lifetime set epoch = 0' >/dev/null
t/stack workers-stop "$LK_DIR"
t/stack workers-start "$LK_DIR"
supervisor=$(cat "$LK_SERVE")
answers() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 20 answers
sed -n '/^### Accounts that other programs disable/,/^### If/{/^```sql/,/^```$/{/^```/!p}}' doc/install.md >"$tmp/trigger.sql"
grep -q 'CREATE TRIGGER latchkey_watch_update' "$tmp/trigger.sql" &&
	$LK_AS psql -qX "host=$LK_DIR/data dbname=latchkey user=latchkey_owner" -v ON_ERROR_STOP=1 -f - <"$tmp/trigger.sql" >"$tmp/out" 2>&1
ok $? 'the trigger of doc/install.md is accepted' || diag "$(cat "$tmp/out")"
for act in "update users set is_active = false where username = 'ada'" \
	"update users set is_active = null where username = 'bob'" \
	"update users set username = 'cyrus' where username = 'cy'" \
	"delete from users where username = 'dan'"; do
	name=${act##*username = \'}
	name=${name%\'}
	log_in_as "$name"
	check_token "$token" 200
	sql "$act" >/dev/null
	retry 2 check_token "$token" 401
	ok $? "with the trigger: $act: the check refuses the token"
done
log_in_as eva
sql "update users set is_active = true, username = username where username = 'eva'" >/dev/null
sql "update users set fullname = 'x' where username = 'eva'" >/dev/null
is "$(sql "select count(*) from latchkey_account where user_id = (select id from users where username = 'eva')")" 0 'with the trigger: a change that disables nothing raises no epoch'
api POST /users/me/password '{"current":"correct horse","new":"battery staple"}' -H "Authorization: Bearer $token"
take_token
me "$token" 200 'with the trigger: a changed password keeps its session'
latchkey user disable eva >/dev/null
latchkey user enable eva >/dev/null
is "$(latchkey user delete eva | cut -f 2)" eva 'with the trigger: Latchkey itself disables, enables and deletes'
sql 'drop function latchkey_watch() cascade' >/dev/null 2>&1
ok $? 'the trigger can be taken away'

# --- how large the tables may become ---

latchkey check >"$tmp/check"
like "$(cat "$tmp/check")" '^sessions: latchkey_session has [0-9]+ KiB, and with 100 sessions of each of 3 accounts at most 600 KiB$' \
	'check says how large the table of sessions is, and may become'
like "$(cat "$tmp/check")" '^what has ended: latchkey_revoked has [0-9]+ KiB, .* for 121 minutes, and 1048576 sessions and 131072 users fit into memory$' \
	'check says how long what has ended stays, and how many fit into memory'

# --- another server ---

changed() {
	[ "$(grep -c 'event=server_changed' "$LK_LOG")" = "$1" ]
}
is "$(grep -c 'event=server_changed' "$LK_LOG")" 0 'the same server is no news, after restarts of Latchkey'
t/stack db-stop "$LK_DIR"
t/stack db-start "$LK_DIR"
retry 20 answers
stays() {
	like "$(sql 'select server from latchkey_lifetime')" '^[0-9]{10,20}/00000001$' "$1"
}
stays 'the database knows on which server and timeline it is'
is "$(grep -c 'event=server_changed' "$LK_LOG")" 0 'a restart of the server is no news'
t/stack db-stop "$LK_DIR"
$LK_AS touch "$LK_DIR/data/pg/standby.signal"
t/stack db-start "$LK_DIR"
sql_admin 'select pg_promote()' >/dev/null
retry 30 changed 1
ok $? 'a promoted standby, another timeline, is an event'
like "$(grep 'event=server_changed' "$LK_LOG")" 'level=warning .*was=[0-9]+/00000001 is=[0-9]+/00000002 hint="if it may have lost what had ended: latchkey session end --all"$' \
	'the event says which, and names the step'
# as a dump brings it from elsewhere
sql "update latchkey_lifetime set server = '7000000000000000000/00000001'" >/dev/null
kill -KILL "$(pgrep -x latchkey-keeper -P "$supervisor")"
retry 20 changed 2
ok $? 'a dump from another server is an event'
sleep 1
is "$(grep -c 'event=server_changed' "$LK_LOG")" 2 'each change is one event'

done_testing
