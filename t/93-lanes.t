#!/bin/sh
# Supervisor: a socket and workers for each lane, requests per lane, and
# workers that die.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 workers=2

supervisor=$(cat "$LK_SERVE")
# ask LANE METHOD URI: the status that the lane's socket gives.
ask() {
	socket=$(eval "echo \$LK_SOCKET_$1")
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env REQUEST_METHOD="$2" REQUEST_URI="$3" CONTENT_LENGTH= \
		cgi-fcgi -bind -connect "$socket" </dev/null | sed -n '1s/Status: \([0-9]*\).*/\1/p'
}

# A supervisor of its own that is told to stop, and has a worker that does not
# hear: it gives it 25 seconds, and what has come of it is seen at the end.
: >"$tmp/stuck.log"
# shellcheck disable=SC2086
$LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/stuck.status" LATCHKEY_LISTEN_CHECK="$LK_DIR/data/stuck-check.sock" \
	LATCHKEY_LISTEN_API="$LK_DIR/data/stuck-api.sock" LATCHKEY_LISTEN_LOGIN="$LK_DIR/data/stuck-login.sock" \
	"$LK_BIN" -c "$LK_CONF" serve </dev/null 2>"$tmp/stuck.log" &
stuck=$!
children="$children $stuck"
retry 30 grep -q event=ready "$tmp/stuck.log"
deaf=$(pgrep -x latchkey-api -P $stuck | head -n 1)
like "$deaf" '^[0-9]+$' 'a worker that is to be stopped is found'
kill -STOP "$deaf"
kill -TERM $stuck

for lane in check api login; do
	is "$(workers $lane | wc -w)" 2 "the lane $lane has its workers"
done
is "$(pgrep -P "$supervisor" | wc -l)" 7 'there are no processes but the workers of the three lanes and the keeper'
# shellcheck disable=SC2046,SC2086 # several numbers
is "$(ps -o ni= -p $(workers login | paste -sd ,) | tr -d ' ' | sort -u)" 5 \
	'login workers have a lower priority than others'
# shellcheck disable=SC2046,SC2086
is "$(ps -o ni= -p $(workers check | paste -sd ,) | tr -d ' ' | sort -u)" 0 'check workers have the usual priority'
# Among processes of one session, that is, where Linux shares the CPUs between
# sessions: then the session's own priority is what nginx notices.
if [ -e /proc/self/autogroup ]; then
	# sessions LANE: the groups of its workers, without their numbers
	sessions() {
		for worker in $(workers "$1"); do
			sed 's/^[^ ]* //' "/proc/$worker/autogroup"
		done | sort -u
	}
	is "$(sessions login)" 'nice 5' 'the group of login workers has a lower priority than nginx and PostgreSQL'
	is "$(sessions check)$(sessions api)" 'nice 0nice 0' 'the groups of the other lanes have the usual priority'
	# shellcheck disable=SC2046,SC2086
	is "$(ps -o sid= -p $(workers login | paste -sd ,) | tr -d ' ' | sort -u)" "$supervisor" \
		'login workers are a group with the supervisor'
fi
# shared LANE: how its workers see the sections of the memory that all share, in
# this order: the service-wide limit, the database's failures, what has ended, and
# (behind unsettled writes, which only login workers see) what the log has lost.
shared() {
	for worker in $(workers "$1"); do
		awk '/memfd:latchkey/ { print $2 }' "/proc/$worker/maps" | xargs
	done | sort -u
}
is "$(shared login)" 'rw-s r--s rw-s' 'login workers write the service-wide limit, and only read what has ended'
is "$(shared api)" 'r--s rw-s r--s rw-s' 'api workers can only read the service-wide limit, and tell of failures'
is "$(shared check)" 'r--s rw-s' 'check workers, which have no database, write neither'
like "$(cat "$LK_LOG")" 'event=ready pid=[0-9]+ check=2 api=2 login=2 keeper=1 database_connections=5' \
	'the log has the numbers of workers and of connections to the database'
# A worker's listening sockets are its lane's alone.
inode_of() {
	awk -v socket="$1" '$4 == "00010000" && $8 == socket { print "socket:[" $7 "]" }' /proc/net/unix
}
listens_to() {
	for socket in "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN"; do
		readlink "/proc/$1"/fd/* 2>/dev/null | grep -cxF "$(inode_of "$socket")"
	done | xargs
}
if [ "$(id -u)" = 0 ]; then # nobody else may look
	for lane in check api login; do
		for worker in $(workers $lane); do
			listens_to "$worker"
		done | sort -u | xargs
	done >"$tmp/listens"
	is "$(cat "$tmp/listens")" '1 0 0
0 1 0
0 0 1' 'a worker has the socket of its own lane and no other'
fi
is "$(stat -c %a "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN" | sort -u)" 660 \
	'owner and group may connect to the sockets'

# Keys and passwords are in their memory: no core file, not even where the kernel
# pipes it to a program, which asks for no limit.
owner() {
	stat -c %U "/proc/$1/status"
}
nginx=$(cat "$LK_DIR/data/nginx.pid")
is "$(owner "$nginx")" "$(ps -o user= -p "$nginx" | tr -d ' ')" 'a process that may leave a core file belongs to its user in /proc'
for pid in $supervisor $(pgrep -P "$supervisor"); do
	is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits") $(owner "$pid")" '0 0 root' \
		"$(cat "/proc/$pid/comm"): a core file is forbidden"
done

# --- the right lane ---

is "$(ask CHECK GET /healthz) $(ask API GET /) $(ask LOGIN POST /token)" '200 200 422' 'each lane answers what is its own'
is "$(ask CHECK GET /) $(ask CHECK POST /token) $(ask API POST /token) $(ask API GET /check) $(ask LOGIN GET /users/me)" \
	'421 421 421 421 421' 'a lane answers a request of another lane with 421'
is "$(ask LOGIN POST /users/add_user) $(ask CHECK GET /nope) $(ask CHECK POST /check)" '307 404 405' \
	'each lane answers a redirect, a 404 and a 405'
is "$(grep -c 'event=wrong_lane' "$LK_LOG")" 5 'a request in the wrong lane is a warning in the log'

# --- workers that die ---

one=$(workers login | head -n 1)
kill -9 "$one"
back() {
	[ "$(workers "$1" | wc -w)" = 2 ]
}
gone_and_back() {
	! kill -0 "$one" 2>/dev/null && back login
}
retry 10 gone_and_back
ok $? 'a worker that was killed is replaced'
like "$(grep worker_ended "$LK_LOG")" "lane=login pid=$one signal=9" 'the log reports a worker that was killed'
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'the service goes on after a worker was killed'

# One that dies again and again is started ever later.
died() {
	grep -c 'event=worker_ended lane=api' "$LK_LOG"
}
for _ in $(seq 1 40); do
	# shellcheck disable=SC2046
	kill -9 $(workers api) 2>/dev/null
	sleep 0.05
done
deaths=$(died)
[ "$deaths" -ge 4 ] && [ "$deaths" -le 16 ]
ok $? "workers that die at once are not started in a circle: $deaths in two seconds"
retry 20 back api
ok $? 'workers that died at once are started in the end'
api GET /
is "$status" 200 'workers that were started in the end answer'

# --- the supervisor dies ---

one=$(workers api | head -n 1)
kill -9 "$supervisor"
alone() {
	! kill -0 "$one" 2>/dev/null
}
retry 10 alone
ok $? 'workers end when their supervisor is killed'
t/stack workers-start "$LK_DIR"
answers() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 10 answers
ok $? 'the service can be started again at once after its supervisor was killed'

# --- a start under difficulties ---

# A machine that has no process to spare for a second: fork() fails.
cat >"$tmp/fork.c" <<'E'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/types.h>
#include <time.h>
pid_t
fork(void)
{
	static int calls; /* the first is that of the process which reads the settings */
	static time_t begun;
	pid_t (*real)(void);

	if (begun == 0)
		begun = time(NULL);
	if (++calls > 1 && time(NULL) < begun + 2) {
		errno = EAGAIN;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "fork");
	return real();
}
E
"${CC:-cc}" -shared -fPIC -o "$tmp/fork.so" "$tmp/fork.c" -ldl && chmod 644 "$tmp/fork.so"
serve_alone "$LK_DIR/data/late.sock" "$tmp/late.log" LD_PRELOAD="$tmp/fork.so"
retry 15 grep -q event=ready "$tmp/late.log"
ok $? 'workers that could not be forked are forked later'
like "$(cat "$tmp/late.log")" 'event=worker_ended lane=login error=' 'the log reports workers that could not be forked'
kill $alone

# With standard error closed the log must not go to whoever gets its number.
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/mute.status" LATCHKEY_LISTEN_CHECK="$LK_DIR/data/mute.check" \
	LATCHKEY_LISTEN_API="$LK_DIR/data/mute.api" LATCHKEY_LISTEN_LOGIN="$LK_DIR/data/mute.login" \
	"$LK_BIN" -c "$LK_CONF" serve 0<&- 1>&- 2>&- &
mute=$!
children="$children $mute"
retry 10 test -S "$LK_DIR/data/mute.login"
# shellcheck disable=SC2086
answer=$($LK_AS env REQUEST_METHOD=GET REQUEST_URI=/ cgi-fcgi -bind -connect "$LK_DIR/data/mute.api" </dev/null)
like "$(printf '%s' "$answer" | head -n 1)" '^Status: 200' 'closed descriptors do no harm to answers'
unlike "$answer" 'event=' 'answers with closed descriptors hold no line of the log'
kill $mute

for wrong in 99 -1 3x 0; do
	# shellcheck disable=SC2016,SC2086 # the inner shell's own number
	like "$($LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/fds.status" \
		sh -c 'LISTEN_PID=$$ LISTEN_FDS=$0 exec "$1" -c "$2" serve' "$wrong" "$LK_BIN" "$LK_CONF" 2>&1)" \
		'LISTEN_FDS is not a number' "LISTEN_FDS=$wrong is refused"
done
echo precious >"$LK_DIR/data/precious"
chmod 666 "$LK_DIR/data/precious"
# shellcheck disable=SC2086
like "$($LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/precious" "$LK_BIN" -c "$LK_CONF" serve 2>&1)" \
	'precious: exists but is not a latchkey status file' 'serve refuses a status file that is something else'
is "$(cat "$LK_DIR/data/precious")" precious 'serve leaves a status file that is something else'

# Many more workers, and back before they have begun.
supervisor=$(cat "$LK_SERVE")
reloads=$(grep -c 'event=reload result=done' "$LK_LOG")
reloaded() {
	[ "$(grep -c 'event=reload result=done' "$LK_LOG")" = "$reloads" ]
}
for n in 16 2; do
	sed -i "s/^workers_login = .*/workers_login = $n/" "$LK_CONF"
	kill -HUP "$supervisor"
	reloads=$((reloads + 1))
	retry 10 reloaded
	ok $? "a reload reads workers_login = $n"
done
quiet() {
	[ "$(workers login | wc -w)" = 2 ] &&
		$LK_AS "$LK_BIN" -c "$LK_CONF" status | grep -q '^login  *2 '
}
retry 20 quiet
ok $? 'workers that are ended before they are ready leave no trace'

# --- TCP ---

stack_up hash_cost=1 workers=1 mode=spawn-fcgi
is "$(pgrep -P "$(cat "$LK_SERVE")" | wc -l)" 2 'the single socket of spawn-fcgi has its workers, and there is a keeper'
t/stack workers-stop "$LK_DIR"
port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
: >"$tmp/tcp.log"
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_LISTEN_CHECK="127.0.0.1:$port" LATCHKEY_LISTEN_API="127.0.0.1:$((port + 1))" \
	LATCHKEY_LISTEN_LOGIN="[::1]:$((port + 2))" "$LK_BIN" -c "$LK_CONF" serve </dev/null 2>"$tmp/tcp.log" &
tcp=$!
children="$children $tcp"
retry 10 grep -q event=ready "$tmp/tcp.log"
ok $? 'the lanes listen on TCP, IPv4 and IPv6'
LK_SOCKET_CHECK=127.0.0.1:$port LK_SOCKET_API=127.0.0.1:$((port + 1))
# cgi-fcgi speaks no IPv6
is "$(ask CHECK GET /healthz) $(ask API GET /)" '200 200' 'the lanes answer on TCP'
# shellcheck disable=SC2086
like "$($LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/another.status" LATCHKEY_LISTEN_CHECK="127.0.0.1:$port" "$LK_BIN" -c "$LK_CONF" serve 2>&1 </dev/null)" \
	"listen_check: 127.0.0.1:$port: Address already in use" 'serve refuses a port in use'
kill -TERM $tcp
wait $tcp
is $? 0 'SIGTERM ends serve on TCP'

# A socket that somebody else made: what is set on it is seen in both processes.
# shellcheck disable=SC2086
is "$(python3 - $LK_AS "$LK_BIN" -c "$LK_CONF" serve 2>"$tmp/tcp.log" <<'E'
import socket, subprocess, sys, time
s = socket.create_server(("127.0.0.1", 0))
before = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
serve = subprocess.Popen(sys.argv[1:], stdin=s)
for _ in range(300):
    after = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    if after:
        break
    time.sleep(0.1)
serve.terminate()
print(before, after > 0, serve.wait())
E
)" '0 True 0' 'TCP_NODELAY is set on an inherited TCP socket'

# --- the CPUs ---

# shellcheck disable=SC2086
like "$(taskset -c 0 $LK_AS env LATCHKEY_WORKERS_CHECK=auto LATCHKEY_WORKERS_API=auto \
	LATCHKEY_WORKERS_LOGIN=auto "$LK_BIN" -c "$LK_CONF" check 2>&1)" \
	'workers: check 1, api 2, login 1, keeper 1; connections to the database: 4' 'auto goes by the CPUs that affinity allows'

# --- the worker that did not hear ---

gone() {
	! kill -0 "$deaf" 2>/dev/null
}
retry 40 gone
wait $stuck
is $? 0 'a supervisor ends with status 0 although one worker is stopped'
like "$(grep worker_ended "$tmp/stuck.log")" "pid=$deaf signal=9" 'the log reports the stopped worker that was killed'

done_testing
