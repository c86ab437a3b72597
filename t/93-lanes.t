#!/bin/sh
# The supervisor: a socket and workers for each lane, who takes which request,
# and workers that die.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 workers=2

supervisor=$(cat "$LK_SERVE")
# workers LANE: their numbers.
workers() {
	pgrep -x "latchkey-$1" -P "$supervisor" | tr '\n' ' '
}
# ask LANE METHOD URI: the status that the lane's socket gives.
ask() {
	socket=$(eval "echo \$LK_SOCKET_$1")
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env REQUEST_METHOD="$2" REQUEST_URI="$3" CONTENT_LENGTH= \
		cgi-fcgi -bind -connect "$socket" </dev/null | sed -n '1s/Status: \([0-9]*\).*/\1/p'
}

for lane in check api login; do
	is "$(workers $lane | wc -w)" 2 "the lane $lane has its workers"
done
is "$(pgrep -P "$supervisor" | wc -l)" 6 'and there are no others'
# shellcheck disable=SC2046,SC2086 # several numbers
is "$(ps -o ni= -p $(workers login | tr ' ' , | sed 's/,$//') | tr -d ' ' | sort -u)" 10 \
	'login workers give way to others'
# shellcheck disable=SC2046,SC2086
is "$(ps -o ni= -p $(workers check | tr ' ' , | sed 's/,$//') | tr -d ' ' | sort -u)" 0 'check workers do not'
like "$(cat "$LK_LOG")" 'event=ready pid=[0-9]+ check=2 api=2 login=2 database_connections=4' \
	'the log tells of them, and how many connections to the database they have'
for worker in $(workers check); do
	ls -l "/proc/$worker/fd" 2>/dev/null
done >"$tmp/fds"
is "$(stat -c %a "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN" | sort -u)" 660 \
	'owner and group may connect to the sockets'

# --- the right lane ---

is "$(ask CHECK GET /healthz) $(ask API GET /) $(ask LOGIN POST /token)" '200 200 422' 'each lane answers what is its own'
is "$(ask CHECK GET /) $(ask CHECK POST /token) $(ask API POST /token) $(ask API GET /check) $(ask LOGIN GET /users/me)" \
	'421 421 421 421 421' 'and refuses what is not, at once'
is "$(ask LOGIN POST /users/add_user) $(ask CHECK GET /nope) $(ask CHECK POST /check)" '307 404 405' \
	'what costs nothing is answered by all'
is "$(grep -c 'event=wrong_lane' "$LK_LOG")" 5 'a wrong lane is a warning in the log'

# --- workers that die ---

one=$(workers login | cut -d ' ' -f 1)
kill -9 "$one"
back() {
	[ "$(workers "$1" | wc -w)" = 2 ]
}
gone_and_back() {
	! kill -0 "$one" 2>/dev/null && back login
}
retry 10 gone_and_back
ok $? 'another worker takes the place of one that was killed'
like "$(grep worker_ended "$LK_LOG")" "lane=login pid=$one signal=9" 'which the log tells'
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'and the service goes on'

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
ok $? 'but are started'
api GET /
is "$status" 200 'and answer'

# --- the supervisor dies ---

one=$(workers api | cut -d ' ' -f 1)
kill -9 "$supervisor"
alone() {
	! kill -0 "$one" 2>/dev/null
}
retry 10 alone
ok $? 'workers end when their supervisor is killed'
t/stack workers-start "$LK_DIR"
answers() {
	api GET /readyz
	[ "$status" = 200 ]
}
retry 10 answers
ok $? 'and it can be started again at once'

# --- TCP ---

stack_up hash_cost=1 workers=1 mode=spawn-fcgi
is "$(pgrep -P "$(cat "$LK_SERVE")" | wc -l)" 1 'the single socket of spawn-fcgi has its workers'
t/stack workers-stop "$LK_DIR"
port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_LISTEN_CHECK="127.0.0.1:$port" LATCHKEY_LISTEN_API="127.0.0.1:$((port + 1))" \
	LATCHKEY_LISTEN_LOGIN="[::1]:$((port + 2))" "$LK_BIN" -c "$LK_CONF" serve </dev/null 2>"$tmp/tcp.log" &
tcp=$!
children="$children $tcp"
retry 10 grep -q event=ready "$tmp/tcp.log"
ok $? 'the lanes listen on TCP, IPv4 and IPv6'
LK_SOCKET_CHECK=127.0.0.1:$port LK_SOCKET_API=127.0.0.1:$((port + 1))
# cgi-fcgi speaks no IPv6
is "$(ask CHECK GET /healthz) $(ask API GET /)" '200 200' 'and answer there'
# shellcheck disable=SC2086
like "$($LK_AS env LATCHKEY_LISTEN_CHECK="127.0.0.1:$port" "$LK_BIN" -c "$LK_CONF" serve 2>&1 </dev/null)" \
	"listen_check: 127.0.0.1:$port: Address already in use" 'a port that is taken is refused'
kill -TERM $tcp
wait $tcp
is $? 0 'SIGTERM ends them'

# --- the CPUs ---

# shellcheck disable=SC2086
like "$(taskset -c 0 $LK_AS env LATCHKEY_WORKERS_CHECK=auto LATCHKEY_WORKERS_API=auto \
	LATCHKEY_WORKERS_LOGIN=auto "$LK_BIN" -c "$LK_CONF" check 2>&1)" \
	'workers: check 1, api 2, login 1; connections to the database: 3' 'auto goes by the CPUs that affinity allows'

done_testing
