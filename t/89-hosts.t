#!/bin/sh
# Several hosts, of which one is silent; and a name server that is. A primary that
# lost power was an outage until somebody acted: each attempt began with it, and
# waited for it until the end.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 workers=1

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct+horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# proxy NAME [DELAY_MS]: a way to the database; sets $port, $proxy
proxy() {
	port=$(free_port)
	python3 t/tool/proxy.py "$port" "$LK_DIR/data/.s.PGSQL.5432" "$tmp/$1" "${2-0}" &
	proxy=$!
	children="$children $proxy"
	retry 10 test -e "$tmp/$1"
}

# worker NAME HOSTS PORTS: with the database there
worker() {
	log=$tmp/$1.log
	serve_alone "$LK_DIR/data/$1.sock" "$log" LATCHKEY_LOGIN_FAILURES_PER_SERVICE_HOUR=0 LATCHKEY_LOGIN_WAIT_MS=60000 LATCHKEY_DB_TIMEOUT_MS="${patience_ms-2500}" \
		LATCHKEY_DATABASE="host=$2 port=$3 user=latchkey dbname=latchkey"
}

# ask it for the current user; sets $answer and $took
ask() {
	start=$(date +%s%3N)
	# shellcheck disable=SC2086
	answer=$($LK_AS env REQUEST_METHOD=GET REQUEST_URI=/users/me HTTP_AUTHORIZATION="Bearer $token" \
		cgi-fcgi -bind -connect "$socket" </dev/null | tr -d '\r' | sed -n '1s/Status: \([0-9]*\).*/\1/p')
	took=$(($(date +%s%3N) - start))
}

served() {
	ask
	[ "$answer" = 200 ]
}

# db_timeout_ms is 2500. The rest is for a machine that is busy, here and below.
in_time() {
	is "$answer $((took < 4000))" '200 1' "$1 (it took $took ms)"
}

# --- a host that is silent from the beginning ---

proxy good
good=$port
proxy silent
silent=$port
kill -USR1 $proxy
worker silent 127.0.0.1,127.0.0.1 "$silent,$good"
ask
in_time 'a first host that swallows packets leaves time for the second'
like "$(cat "$log")" 'what=connect sqlstate=- message="no answer in time from 127.0.0.1"' 'a silent host is named in the log'

# One that does not even take a connection: its queue is full, so that the kernel
# drops what comes.
python3 - "$tmp/full" <<'E' &
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 0), backlog=0)
queued = [socket.socket() for _ in range(4)]
for s in queued:
    s.setblocking(False)
    s.connect_ex(listener.getsockname())
time.sleep(0.5)
with open(sys.argv[1], "w") as file:
    file.write("%d\n" % listener.getsockname()[1])
time.sleep(60)
E
children="$children $!"
retry 10 test -s "$tmp/full"
worker full 127.0.0.1,127.0.0.1 "$(cat "$tmp/full"),$good"
ask
in_time 'a first host that answers no SYN leaves time for the second'

# --- a primary that loses power ---

proxy first
first=$proxy
worker power 127.0.0.1,127.0.0.1 "$port,$good"
ask
is "$answer" 200 'the first host serves'
trips=$(wc -l <"$tmp/good")
kill -USR1 $first
begun=$(date +%s%3N)
ask
is "$answer" 503 'a request during which the first host loses power gets 503'
retry 10 served
lost=$(($(date +%s%3N) - begun))
is "$answer $((lost < 5000))" '200 1' "the second host serves within twice db_timeout_ms (it took $lost ms)"
[ "$(wc -l <"$tmp/good")" -gt "$trips" ]
ok $? 'the second host is asked after the first has lost power'
is "$(grep -c 'what=connect' "$log")" 0 'the first host is not tried again before the second'

# --- a second host far away: its share is too short to connect ---

proxy far 250
worker far 127.0.0.1,127.0.0.1 "$silent,$port"
ask
is "$answer" 503 'a silent host and one that takes longer than its share make a 503'
retry 10 served
ok $? 'the next attempt begins with the slow host, and gives it all of the time'

# --- a name server that is silent: root alone may put one into its place ---

if [ "$(id -u)" != 0 ]; then
	diag 'not root: names that are not resolved are left out'
	done_testing
fi
# A mount and a network of their own, where the resolver asks a server that never
# answers; and a way to the database.
cat >"$tmp/private" <<E
mount --make-rprivate / && mount --bind $tmp/resolv.conf /etc/resolv.conf && ip link set lo up || exit 1
python3 $tmp/deaf.py $tmp/asked &
echo \$! >$tmp/deaf.pid
exec python3 t/tool/proxy.py 15432 $LK_DIR/data/.s.PGSQL.5432 $tmp/inside
E
cat >"$tmp/deaf.py" <<'E'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
while True:
    s.recv(512)
    with open(sys.argv[1], "a") as file:
        file.write("asked\n")
E
echo 'nameserver 127.0.0.1' >"$tmp/resolv.conf"
unshare -mn sh "$tmp/private" &
private=$!
retry 10 test -e "$tmp/inside"
children="$children $private $(cat "$tmp/deaf.pid")"
LK_AS="nsenter -t $private -m -n $LK_AS"
worker name db.example.org,127.0.0.1 5432,15432
ask
in_time 'a host whose name server is silent leaves time for the second'
[ -s "$tmp/asked" ]
ok $? 'the name server was asked'
like "$(cat "$log")" "message=\"the host's name was not resolved in time\"" 'the log says that the name was not resolved'
worker alone db.example.org 5432
ask
is "$answer $((took < 4000))" '503 1' "a silent name server holds no worker for longer than db_timeout_ms (it took $took ms)"

patience_ms=20000
worker patient db.example.org 5432
ask &
asking=$!
# the worker's, not that of the process which asks at the start
resolves() {
	names=$(pgrep -P "$(pgrep -P "$alone" -x latchkey-all)") || return
	resolver=$(pgrep -P "$names") || [ -n "${LK_SANITIZED-}" ]
}
retry 5 resolves
pids="$names $resolver"
for signal in HUP INT TERM QUIT USR1 USR2 ALRM VTALRM PROF PIPE IO 16 PWR TSTP TTIN TTOU XCPU XFSZ WINCH $(seq 34 64); do
	# shellcheck disable=SC2086 # two numbers
	kill -"$signal" $pids
done
for pid in $pids; do
	like "$(cat "/proc/$pid/status")" '^State:	S' "no signal ends or stops the process that resolves a name, $(cat "/proc/$pid/comm")"
done
kill -KILL "${resolver:-$names}"
wait "$asking"
gone() {
	[ ! -e "/proc/${resolver:-$names}" ]
}
retry 5 gone
ok $? 'no process is left of a name that was not resolved'

done_testing
