#!/bin/sh
# Database outages: gone, hanging, back; a connection that breaks at the worst
# moment. No answer is late or a 500, and nothing is half done.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up workers=2 hash_cost=1

# unavailable TITLE: a 503 with a reason, long before nginx gives up. (The limit
# is db_timeout_ms, 1.5 seconds; the rest is for a machine that is busy.)
unavailable() {
	is "$status" 503 "$1: the status is 503"
	json_is .detail 'The service is not available, please try again' "$1: the answer says why"
	like "$(header Retry-After)" '^[0-9]+$' "$1: the answer says when to come back"
	is "$((took < 5000))" 1 "$1: the answer comes in time (it took $took ms)"
}

timed() {
	start=$(date +%s%3N)
	case $1 in
	ops) "$@" ;;
	*) api "$@" ;;
	esac
	took=$(($(date +%s%3N) - start))
}

everything_waits() {
	timed POST /token 'username=ada&password=correct+horse'
	unavailable "a login, $1"
	timed POST /users/add_user/ '{"username":"bob","password":"correct horse"}'
	unavailable "a sign-up, $1"
	timed GET /users/me -H "Authorization: Bearer $token"
	unavailable "a token check, $1"
	timed ops GET /readyz
	unavailable "readiness, $1"
	for path in / /docs /openapi.json; do
		timed GET $path
		is "$status $((took < 1500))" '200 1' "$path still answers, $1"
	done
	timed ops GET /healthz
	is "$status $((took < 1500))" '200 1' "/healthz still answers, $1"
}

# Each worker finds out by itself, and one that failed just now waits a little.
steady() {
	for n in 1 2 3 4; do
		api POST /token 'username=ada&password=correct+horse'
		[ "$status" = 200 ] || return 1
	done
}

serves_again() {
	retry 10 steady
	ok $? "$1 service returns by itself"
}

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct+horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

t/stack db-stop "$LK_DIR"
everything_waits 'database stopped'
t/stack db-start "$LK_DIR"
serves_again 'after a stop'

# Standing still is worse than dead: the connection stays open.
postmaster=$(head -n 1 "$LK_DIR"/data/*/postmaster.pid)
frozen="$postmaster $(pgrep -P "$postmaster" | tr '\n' ' ')"
# shellcheck disable=SC2086 # several numbers
kill -STOP $frozen
everything_waits 'database frozen'
# shellcheck disable=SC2086
kill -CONT $frozen
serves_again 'after a freeze'
is "$(sql "select count(*) from users where username = 'bob'")" 0 'no sign-up that was answered 503 was made later'

# A worker that met the freeze waits a quarter of a second before it connects again.
sleep 0.5

# Every connection is closed: what only reads is asked again at once.
sql_admin "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'latchkey'" >/dev/null
for n in 1 2 3 4; do
	api GET /users/me -H "Authorization: Bearer $token"
	is "$status" 200 "a connection that the database closed is not noticed by request $n"
done

# The connection breaks while the INSERT is under way, before it is done: the
# sign-up is not known to be made, and was not.
$LK_PSQL_ADMIN -Xq <<'E'
create function breaks() returns trigger language plpgsql security definer as $$
begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return new; end $$;
create trigger breaks before insert on users for each row when (new.username = 'broken') execute function breaks();
E
api POST /users/add_user/ '{"username":"broken","password":"correct horse"}'
is "$status" 503 'a sign-up whose connection breaks gets 503'
is "$(sql "select count(*) from users where username = 'broken'")" 0 'a sign-up whose connection breaks makes no account'
sql_admin 'drop function breaks cascade' 2>/dev/null
api POST /users/add_user/ '{"username":"broken","password":"correct horse"}'
is "$status" 200 'a second sign-up after a broken connection makes the account'

# The same with a change of the password.
password() {
	api POST /users/me/password "{\"current\":\"$1\",\"new\":\"$2\"}" -H "Authorization: Bearer $token"
}
# login NAME PASSWORD: by any worker, also one that has lost its connection
login() {
	for _ in 1 2 3; do
		api POST /token --data-urlencode "username=$1" --data-urlencode "password=$2"
		[ "$status" = 503 ] || break
	done
}
$LK_PSQL_ADMIN -Xq <<'E'
create function breaks() returns trigger language plpgsql security definer as $$
begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return new; end $$;
create trigger breaks before update on users for each row when (new.username = 'ada') execute function breaks();
E
password 'correct horse' 'battery staple'
is "$status" 503 'a change of the password whose connection breaks gets 503'
sql_admin 'drop function breaks cascade' 2>/dev/null
login ada 'battery staple'
is "$status" 401 'a change of the password whose connection breaks changes nothing'
password 'correct horse' 'battery staple'
is "$status" 200 'a second change of the password after a broken connection succeeds'
login ada 'battery staple'
is "$status" 200 'the new password logs in after the second change'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
password 'battery staple' 'correct horse'
is "$status" 200 'a token from after the change changes the password back'

# It breaks after the INSERT is committed, before we hear of it.
python3 -B t/tool/committed.py "$LK_DIR/data" "$tmp" &
children="$children $!"
retry 10 test -S "$tmp/proxy/.s.PGSQL.5432"
socket=$LK_DIR/data/proxied.sock
database=$(sed -n "s|^database = .*host=\([^ ]*\) \(.*\)'$|host=$tmp/proxy \2|p" "$LK_CONF")
serve_alone "$socket" "$tmp/proxied.log" LATCHKEY_DATABASE="$database"
form='{"username":"settled","password":"correct horse"}'
# shellcheck disable=SC2086
answer=$(printf '%s' "$form" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI=/users/add_user/ \
	CONTENT_TYPE=application/json CONTENT_LENGTH=${#form} cgi-fcgi -bind -connect "$socket" | tr -d '\r')
like "$answer" '"username":"settled","fullname":null,"id":[0-9]+' \
	'a sign-up that was made when the connection broke is answered as made'
is "$(sql "select count(*) from users where username = 'settled'")" 1 'a sign-up whose answer was lost made one account'
like "$(cat "$tmp/proxied.log")" 'event=db_failed what=user_insert' 'the log reports the sign-up whose answer was lost'

login settled 'correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
form='{"current":"correct horse","new":"battery staple"}'
# shellcheck disable=SC2086
answer=$(printf '%s' "$form" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI=/users/me/password \
	HTTP_AUTHORIZATION="Bearer $token" CONTENT_TYPE=application/json CONTENT_LENGTH=${#form} \
	cgi-fcgi -bind -connect "$socket" | tr -d '\r')
like "$answer" '^Status: 200' 'a password that was changed when the connection broke is answered as changed'
like "$(cat "$tmp/proxied.log")" 'event=db_failed what=user_change_password' 'the log reports the change whose answer was lost'
login settled 'battery staple'
is "$status" 200 'a password whose change had no answer logs in'

# kill -9 of the server with accounts that were answered as made.
for n in 1 2 3 4 5; do
	api POST /users/add_user/ "{\"username\":\"kept$n\",\"password\":\"correct horse\"}"
done
postmaster=$(head -n 1 "$LK_DIR"/data/*/postmaster.pid)
starts=$(grep -c 'ready to accept' "$LK_LOGS/postgres.log")
recovered() {
	[ "$(grep -c 'ready to accept' "$LK_LOGS/postgres.log")" -gt "$starts" ]
}
kill -9 "$(pgrep -P "$postmaster" | tail -n 1)"
retry 10 recovered
serves_again 'after a crash'
is "$(sql "select count(*) from users where username like 'kept%'")" 5 'nothing that was answered as done is lost'
is "$(grep -c 'event=bug' "$LK_LOG")" 0 'no outage is taken for a bug'

done_testing
