#!/bin/sh
# Login queue: as long as configured, refused at once beyond it, and nothing
# is hashed for a client that no longer waits.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi ss

# One worker, three places in the queue, and hashes that take a while.
stack_up hash_cost=8 nginx_limits=off hash_memory_max_mib=128 workers=1 login_backlog=3 login_wait_ms=1000
supervisor=$(cat "$LK_SERVE")
worker=$(pgrep -x latchkey-login -P "$supervisor")
retry 30 grep -q event=ready "$LK_LOG"

# queue: how many wait on the login socket, and how many may.
queue() {
	ss -xlH src "$LK_SOCKET_LOGIN" | awk '{ print $3, $4 }'
}
is "$(queue)" '0 3' 'the login socket has the queue that was configured'

# --- full ---

kill -STOP "$worker"
# The kernel lets one more wait than it is told.
for n in 1 2 3 4; do
	curl -s -m 20 -o /dev/null -w '%{http_code}\n' "$LK_URL/token" -d 'username=nobody&password=x' >"$tmp/waits.$n" &
	eval "waits$n=$!"
done
full() {
	[ "$(queue)" = '4 3' ]
}
retry 10 full
ok $? 'logins wait in the queue while no worker takes them'
start=$(date +%s%N)
api POST /token 'username=nobody&password=x'
took=$((($(date +%s%N) - start) / 1000000))
is "$status $body" '503 {"detail":"Service Unavailable","error":"temporarily_unavailable","error_description":"Service Unavailable"}' 'a login beyond the queue gets 503'
is "$(header Retry-After), $(header Cache-Control), $(header Content-Type)" '5, no-store, application/json' \
	'the 503 of a full queue has Retry-After'
[ "$took" -lt 1500 ]
ok $? "a login beyond the queue is refused at once: after $took ms"
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 503 'a sign-up beyond the queue of logins gets 503'
api GET /
is "$status" 200 'a full queue of logins keeps no other lane waiting'

# --- late ---

# Those in the queue are older than login_wait_ms when the worker gets to them.
hashes() {
	grep -c 'event=login_failed' "$LK_LOG"
}
before=$(hashes)
sleep 2 # twice login_wait_ms: it is time that passes that is looked at
kill -CONT "$worker"
# shellcheck disable=SC2154 # set by eval
wait "$waits1" "$waits2" "$waits3" "$waits4"
is "$(cat "$tmp"/waits.? | sort | uniq -c | tr -s ' ')" ' 4 503' 'a login that has waited too long gets 503'
is "$(grep -c 'event=login_shed .*reason=late' "$LK_LOG") $(hashes)" "4 $before" 'a login that has waited too long costs no hash'
api POST /token 'username=nobody&password=x'
is "$status" 401 'a login after a full queue is served'

# At the limit and beyond it, with the time that the web server says.
# post PATH TYPE BODY TIME: the status.
post() {
	# shellcheck disable=SC2086 # words of a command
	printf '%s' "$3" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI="$1" REQUEST_MSEC="$4" \
		CONTENT_TYPE="$2" CONTENT_LENGTH=${#3} \
		cgi-fcgi -bind -connect "$LK_SOCKET_LOGIN" | sed -n '1s/Status: \([0-9]*\).*/\1/p'
}
since() {
	post /token application/x-www-form-urlencoded 'username=nobody&password=x' "$1"
}
# ago MILLISECONDS: nginx's $msec of then; less than zero is yet to come.
ago() {
	python3 -c 'import sys, time; print("%.3f" % (time.time() - int(sys.argv[1]) / 1000))' "$1"
}
is "$(since "$(ago 0)") $(since "$(ago 100)")" '401 401' 'a login that has waited less than login_wait_ms is served'
is "$(since "$(ago 1100)") $(since "$(ago 299000)")" '503 503' 'a login that has waited longer than login_wait_ms gets 503'
for absurd in "$(ago -5000)" "$(ago 301000)" 0.000 99999999999999999999.000 x "$(ago 2000)9" '1.-01' ''; do
	is "$(since "$absurd")" 401 "a REQUEST_MSEC of '$absurd' does not count"
done

# Sign-up obeys the same, and so does a change of the password.
lates() {
	grep -c 'event=login_shed .*reason=late' "$LK_LOG"
}
accounts() {
	$LK_PSQL -Atc "select count(*) from users where username ~ '^(late|gone)'"
}
before=$(lates)
is "$(post /users/add_user/ application/json '{"username":"late","password":"correct horse"}' "$(ago 1100)")" 503 \
	'a sign-up that has waited too long gets 503'
is "$(post /users/me/password application/json '{"current":"x","new":"correct horse"}' "$(ago 1100)")" 503 \
	'a change of the password that has waited too long gets 503'
is "$(lates) $(accounts)" "$((before + 2)) 0" 'a sign-up and a change that have waited too long cost no hash and make no account'
is "$(post /users/add_user/ application/json '{"username":"later","password":"correct horse"}' "$(ago 100)") $(accounts)" \
	'200 1' 'a sign-up that has waited less than login_wait_ms makes an account'

# While a password is hashed, no connection to the database is in a transaction.
# (The worker is stopped when it has got the memory for it; it still has to log
# how that ended.)
hashing() {
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$worker/status")" -gt 32768 ]
}
released() {
	! hashing
}
retry 20 released
ok $? 'the memory of hashes is freed'
before=$(hashes)
curl -s -m 30 -o /dev/null "$LK_URL/token" -d 'username=nobody&password=x' &
asking=$!
for _ in $(seq 2000); do
	! hashing || break
done
kill -STOP "$worker"
is "$(hashes) $($LK_PSQL_ADMIN -Atc "select count(*) filter (where query like '%LEFT JOIN users%'),
	count(*) filter (where state <> 'idle') from pg_stat_activity where application_name = 'latchkey'")" "$before 1|0" \
	'while a worker hashes, its connection to the database is idle, in no transaction'
kill -CONT "$worker"
wait $asking

# --- gone ---

# hang_up PATH TYPE BODY: three clients say this and do not wait.
hang_up() {
	python3 - "$LK_SOCKET_LOGIN" "$@" <<'E'
import socket, struct, sys
def record(kind, body):
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body
def pair(name, value):
    return struct.pack(">BB", len(name), len(value)) + name + value
path, kind, body = (a.encode() for a in sys.argv[2:])
for _ in range(3):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, pair(b"REQUEST_METHOD", b"POST")
        + pair(b"REQUEST_URI", path) + pair(b"CONTENT_LENGTH", b"%d" % len(body))
        + pair(b"CONTENT_TYPE", kind)) + record(4, b"")
        + record(5, body) + record(5, b""))
    s.close()
E
}
# (The worker stands still until they have.)
before=$(hashes)
kill -STOP "$worker"
hang_up /token application/x-www-form-urlencoded 'username=nobody&password=x'
gone() {
	[ "$(grep -c 'event=login_shed .*reason=gone' "$LK_LOG")" = "$1" ]
}
kill -CONT "$worker"
retry 10 gone 3
ok $? 'a login whose client has gone is shed'
is "$(hashes)" "$before" 'a login whose client has gone costs no hash'
kill -STOP "$worker"
hang_up /users/add_user/ application/json '{"username":"gone","password":"correct horse"}'
kill -CONT "$worker"
retry 10 gone 6
ok $? 'a sign-up whose client has gone is shed'
is "$(accounts)" 1 'a sign-up whose client has gone makes no account'
kill -STOP "$worker"
curl -s -m 1 -o /dev/null "$LK_URL/token" -d 'username=nobody&password=x'
noticed() {
	tail -n 1 "$LK_LOGS/nginx.access.log" | grep -q ' 499 '
}
retry 10 noticed
kill -CONT "$worker"
retry 10 gone 7
ok $? 'a login whose client has left nginx is shed'

# --- what the configuration says ---

limits() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" check 2>&1
}
somaxconn=$(cat /proc/sys/net/core/somaxconn)
like "$(limits LATCHKEY_LOGIN_BACKLOG=$((somaxconn + 1)))" \
	"the kernel limits the login queue from $((somaxconn + 1)) to $somaxconn; do: sysctl net.core.somaxconn=$((somaxconn + 1))" \
	'check warns of a queue that the kernel limits'
unlike "$(limits LATCHKEY_LOGIN_BACKLOG="$somaxconn")" 'the kernel limits' "check does not warn of a queue at the kernel's limit"
like "$(limits)" 'login queue: 3 connections; the last waits about [0-9]+ ms .*; a login is refused after 1000 ms' \
	'check says how long a login waits at most'
like "$(limits)" 'memory: at most 144 MiB for all' 'check says how much memory 5 processes and a worker of 130 MiB take'
t/stack down "$LK_DIR"

# --- auto ---

stack_up hash_cost=1 nginx_limits=off workers=1 mode=systemd
retry 30 grep -q event=ready "$LK_LOG"
like "$(queue)" '^0 [0-9]+$' 'an inherited socket has a queue'
limit=$(queue | cut -d ' ' -f 2)
sed -i 's/^login_backlog = .*/login_backlog = 5/' "$LK_CONF"
kill -HUP "$(cat "$LK_SERVE")"
shorter() {
	[ "$(queue)" = '0 5' ]
}
retry 10 shorter
ok $? 'SIGHUP sets the queue of an inherited socket'
[ "$limit" -ge 200 ] && [ "$limit" -le "$somaxconn" ] && [ "$limit" != 1024 ]
ok $? "an inherited socket gets a queue of two seconds of logins: $limit of cost 1"

# Where the clock says that a hash has taken 10 ms, that is 200 of them, whatever
# its cost makes one expect.
cat >"$tmp/clock.c" <<'E'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int
clock_gettime(clockid_t id, struct timespec *t)
{
	static long looks;

	if (id != CLOCK_PROCESS_CPUTIME_ID)
		return (int)syscall(SYS_clock_gettime, id, t);
	t->tv_sec = 0;
	t->tv_nsec = ++looks % 50 * 10000000L;
	return 0;
}
E
"${CC:-cc}" -shared -fPIC -o "$tmp/clock.so" "$tmp/clock.c" && chmod 644 "$tmp/clock.so"
like "$(limits LD_PRELOAD="$tmp/clock.so" LATCHKEY_LOGIN_BACKLOG=auto LATCHKEY_WORKERS_LOGIN=1)" \
	'login queue: 200 connections' 'check derives the queue from the time of a hash on this machine'
serve_alone "$LK_DIR/data/clock.sock" "$tmp/clock.log" LD_PRELOAD="$tmp/clock.so" LATCHKEY_LOGIN_BACKLOG=auto
clocked() {
	[ "$(ss -xlH src "$LK_DIR/data/clock.sock" | awk '{ print $4 }')" = 200 ]
}
retry 10 clocked
ok $? 'serve derives the queue from the time of a hash on this machine'
t/stack down "$LK_DIR"

# --- over TCP ---

# There a full queue would let clients wait; nginx has the limit.
stack_up hash_cost=1 nginx_limits=off workers=1
port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
sed -i "s|^	server unix:.*login.sock;.*|	zone latchkey_login 64k;\n	server 127.0.0.1:$port max_conns=2;|" "$LK_DIR/nginx/latchkey-http.conf"
sed -i "s|^listen_login = .*|listen_login = \"127.0.0.1:$port\"|" "$LK_CONF"
t/stack workers-stop "$LK_DIR"
t/stack workers-start "$LK_DIR"
kill -HUP "$(cat "$LK_DIR/data/nginx.pid")"
login_is() {
	api POST /token 'username=nobody&password=x'
	[ "$status" = "$1" ]
}
listens() {
	ss -tlH "sport = :$port" | grep -q .
}
retry 10 listens && retry 10 login_is 401
ok $? 'the login lane listens on TCP'
worker=$(pgrep -x latchkey-login -P "$(cat "$LK_SERVE")")
kill -STOP "$worker"
for n in 1 2; do
	curl -s -m 20 -o /dev/null "$LK_URL/token" -d 'username=nobody&password=x' &
	children="$children $!"
done
both_wait() {
	[ "$(ss -tlnH "sport = :$port" | awk '{ print $2 }')" = 2 ]
}
retry 10 both_wait
refused_at_once() {
	status=$(curl -s -m 1 -o "$tmp/refused" -w '%{http_code}' "$LK_URL/token" -d 'username=nobody&password=x')
	[ "$status" = 503 ]
}
retry 10 refused_at_once
ok $? 'a login beyond max_conns gets 503 from nginx at once'
is "$(cat "$tmp/refused")" '{"detail":"Service Unavailable","error":"temporarily_unavailable","error_description":"Service Unavailable"}' 'the 503 beyond max_conns is JSON'
kill -CONT "$worker"
retry 10 login_is 401
ok $? 'logins pass again when they are below max_conns'

done_testing
