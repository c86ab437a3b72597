#!/bin/sh
# Metrics: counters, GET /metrics and latchkey status.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1

# figure NAME{LABELS}: its value at the last look; 0: it is not there yet.
figure() {
	awk -v name="$1" '
		substr($0, 1, length(name) + 1) == name " " { print $NF; found = 1 }
		END { if (!found) print 0 }' "$tmp/figures"
}

look() {
	ops GET /metrics
	cp "$tmp/body" "$tmp/figures"
}

# rises BY NAME{LABELS} TITLE: since the look before.
rises() {
	now=$(figure "$2")
	cp "$tmp/figures" "$tmp/figures.now"
	cp "$tmp/figures.before" "$tmp/figures"
	is $((now - $(figure "$2"))) "$1" "$3"
	mv "$tmp/figures.now" "$tmp/figures"
}

begin() {
	look
	cp "$tmp/figures" "$tmp/figures.before"
}

login() {
	api POST /token "username=$1&password=$2"
}

# --- the form ---

look
is "$status $(header Content-Type)" '200 text/plain; version=0.0.4; charset=utf-8' \
	"/metrics is in Prometheus' format"
is "$(header Cache-Control)" no-store '/metrics may be kept by no cache'
api GET /metrics
is "$status $body" '404 {"detail":"Not Found"}' 'the port for clients does not serve /metrics'
api GET /nope
api GET '/nope"\\%0A'
look

python3 -B t/tool/prometheus.py "$tmp/figures" 2>"$tmp/wrong"
ok $? 'every line of /metrics is valid, and histograms add up' || diag "$(tail -n 3 "$tmp/wrong")"
is "$(figure "latchkey_build_info{version=\"$("$LK_BIN" -V | cut -d ' ' -f 2)\"}")" 1 '/metrics has the version'
age=$(($(date +%s) - $(figure process_start_time_seconds)))
[ "$age" -ge 0 ] && [ "$age" -lt 600 ]
ok $? '/metrics has the time of the start'

# --- what is counted ---

begin
api GET /
api GET /
api GET /users/me
api GET /nope
look
rises 2 'latchkey_requests_total{route="/",status="200"}' 'requests with 200 are counted by endpoint and status'
rises 1 'latchkey_requests_total{route="/users/me",status="401"}' 'requests with 401 are counted by endpoint and status'
rises 1 'latchkey_requests_total{route="none",status="404"}' 'requests to no endpoint are counted'
rises 1 'latchkey_requests_total{route="/metrics",status="200"}' 'requests to /metrics are counted'
rises 5 'latchkey_request_duration_seconds_count{lane="api"}' 'each request is timed, by lane'
is "$(grep -c nope "$tmp/figures")" 0 '/metrics shows no path of a client'

begin
api POST /users/add_user/ '{"username":"ada-canary","password":"correct horse"}'
api POST /users/add_user/ '{"username":"ada-canary","password":"correct horse"}'
login ada-canary 'correct horse'
login ada-canary 'wrong horse'
login ada-canary 'wrong horse'
login nobody-canary 'correct horse'
sql "update users set is_active = false"
login ada-canary 'correct horse'
sql "update users set password = 'changed by hand'"
login ada-canary 'correct horse'
look
rises 1 'latchkey_signups_total{outcome="ok"}' 'successful sign-ups are counted'
rises 1 'latchkey_signups_total{outcome="taken"}' 'sign-ups of a taken name are counted'
rises 1 'latchkey_logins_total{outcome="ok"}' 'successful logins are counted'
rises 2 'latchkey_logins_total{outcome="password"}' 'logins with a wrong password are counted'
rises 1 'latchkey_logins_total{outcome="unknown"}' 'logins with an unknown name are counted'
rises 1 'latchkey_logins_total{outcome="inactive"}' 'logins of inactive accounts are counted'
rises 1 'latchkey_logins_total{outcome="hash"}' 'logins whose stored hash cannot be verified are counted'
rises 7 'latchkey_hash_duration_seconds_count' 'each hash is timed'
rises 8 'latchkey_request_duration_seconds_count{lane="login"}' 'each login is timed in its lane'
is "$(grep -c canary "$tmp/figures")" 0 '/metrics names no account'

connected='latchkey_database_connected{lane="login",worker="0"}'
is "$(figure "$connected")" 1 '/metrics shows that a worker is connected to the database'
begin
t/stack db-stop "$LK_DIR"
login ada-canary 'correct horse'
look
is "$(figure "$connected")" 0 '/metrics shows that a worker has lost the database'
rises 1 'latchkey_logins_total{outcome="busy"}' 'a login without a database is counted'
[ "$(figure latchkey_database_failures_total)" -gt 0 ]
ok $? 'a failure of the database is counted'
t/stack db-start "$LK_DIR"
ready() {
	ops GET /readyz
	[ "$status" = 200 ]
}
retry 10 ready
refused() {
	login nobody-canary 'wrong horse'
	[ "$status" = 401 ]
}
retry 10 refused
look
is "$(figure "$connected")" 1 '/metrics shows that a worker is connected to the database again'
[ "$(figure latchkey_database_connections_total)" -ge 2 ]
ok $? 'another connection to the database is counted'
is "$(figure 'latchkey_queue_length{lane="login"}')" 0 "the queue's length is 0 while nobody waits"
[ "$(figure 'latchkey_queue_limit{lane="login"}')" -gt 0 ]
ok $? '/metrics has the limit of the queue'

# --- latchkey status ---

# says [VARIABLE=VALUE]: the exit status and the words of latchkey status.
says() {
	# shellcheck disable=SC2086 # words of a command
	said=$($LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" status 2>&1)
	said="$? $said"
}

says
like "$said" "^0 latchkey [0-9.]+, up [0-9]+ min [0-9]+ s, process [0-9]+\$" 'latchkey status shows version, uptime and process'
like "$said" '^login +1 +0 +[1-9][0-9]* +.* +0 of [1-9][0-9]*$' 'latchkey status shows workers, restarts, requests, times and queue of a lane'
like "$said" '^logins +ok 1, unknown 2, password 2, hash 1, inactive 1, rate_limited 0, scope 0, busy [1-9][0-9]*, failed 0$' 'latchkey status shows logins by outcome'
like "$said" '^sign-ups +ok 1, taken 1, ' 'latchkey status shows sign-ups by outcome'
like "$said" '^hashes +[0-9]+, p50 [0-9.]+ [mu]s, p99 [0-9.]+ m?s$' 'latchkey status shows how long hashes take'
like "$said" '^hash memory reuses +[1-9][0-9]*$' 'latchkey status shows how often hash memory is reused'
like "$said" '^database +[1-9] of [1-9] workers connected$' 'latchkey status shows how many workers are connected to the database'
unlike "$(curl -s "$LK_OPS_URL/metrics")" 'database_connected\{lane="check"' '/metrics has no database state of a worker without a database'
like "$said" '^database connections +[2-9]$' 'latchkey status shows connections to the database'
like "$said" '^database failures +[1-9][0-9]*$' 'latchkey status shows failures of the database'
like "$said" '^/token +200: 1 401: 6 503: [1-9][0-9]*$' 'latchkey status shows requests by endpoint and status'

serving=$(pgrep -f "^$LK_BIN -c $LK_CONF serve")
# shellcheck disable=SC2086 # several numbers
kill -STOP $serving
clients=
for _ in 1 2 3; do
	curl -q -s --noproxy '*' -o "$tmp/answer" -d 'username=a&password=b' "$LK_URL/token" &
	clients="$clients $!"
done
three_wait() {
	says
	printf '%s\n' "$said" | grep -Eq '^login .* 3 of [1-9][0-9]*$'
}
retry 10 three_wait
ok $? 'clients that wait while the workers are stopped are counted'
# shellcheck disable=SC2086
kill $clients
# shellcheck disable=SC2086
wait $clients 2>/dev/null
nginx_knows() {
	[ "$(grep -c '" 499 ' "$LK_LOGS/nginx.access.log")" = 3 ]
}
retry 10 nginx_knows
# shellcheck disable=SC2086
kill -CONT $serving
three_gone() {
	look
	[ "$(figure 'latchkey_logins_shed_total{reason="gone"}') $(figure 'latchkey_queue_length{lane="login"}')" = '3 0' ]
}
retry 10 three_gone
ok $? 'logins whose client has gone before its turn are counted as shed'

status_file=$LK_DIR/data/status
is "$(stat -c %a "$status_file")" 640 'the status file cannot be read by others'
says LATCHKEY_STATUS_FILE=/nonexistent/status
is "$said" '1 latchkey: status_file: /nonexistent/status: no such file: latchkey is not running' \
	'latchkey status without a status file says that latchkey is not running'
cp "$status_file" "$tmp/copy"
chmod 644 "$tmp/copy"
says LATCHKEY_STATUS_FILE="$tmp/copy"
is "$said" "1 latchkey: status_file: $tmp/copy: latchkey is not running (any more)" \
	'latchkey status with a file that no process holds says that latchkey is not running'
says LATCHKEY_STATUS_FILE="$tmp"
is "$said" "1 latchkey: status_file: $tmp: not a regular file" 'latchkey status refuses a folder'

# --- one file, one server ---

before=$(stat -c %i "$status_file")
# shellcheck disable=SC2086
said=$($LK_AS spawn-fcgi -n -s "$LK_DIR/data/other.sock" -- "$LK_BIN" -c "$LK_CONF" serve 2>&1)
like "$? $said" "^1 latchkey: status_file: $status_file: in use by another latchkey\$" \
	'a second server refuses a status file in use'
is "$(stat -c %i "$status_file")" "$before" 'a second server leaves a status file in use alone'

# --- a worker that dies ---

# The supervisor is the one that status names; the others are its workers.
says
supervisor=$(printf '%s\n' "$said" | sed -n 's/^.*, process //p')
workers=$(pgrep -P "$supervisor")
is "$(printf '%s\n' "$workers" | wc -l)" 4 'each lane has one worker, and there is a keeper'
begin
# shellcheck disable=SC2086
kill -KILL $workers
all_up() {
	look
	[ "$status $(grep -c '^latchkey_worker_up{.* 1$' "$tmp/figures")" = '200 4' ] &&
		[ "$(figure 'latchkey_worker_restarts_total{lane="login"}')" = 1 ]
}
retry 10 all_up
ok $? 'killed workers are replaced, and counted as restarts'
rises 0 'latchkey_logins_total{outcome="ok"}' 'counters survive killed workers'
is "$(figure 'latchkey_worker_restarts_total{lane="check"}') $(figure 'latchkey_worker_restarts_total{lane="api"}')" '1 1' \
	'restarts are counted in each lane'

# --- settings reloaded ---

begin
kill -HUP "$supervisor"
reloaded() {
	look
	[ "$(figure "latchkey_reloads_total{outcome=\"$1\"}")" = "$2" ]
}
retry 10 reloaded ok 1
ok $? 'a reload is counted'
retry 10 all_up
rises 0 'latchkey_worker_restarts_total{lane="login"}' 'workers replaced at a reload are not counted as restarts'
rises 0 'latchkey_logins_total{outcome="ok"}' 'counters survive a reload'
cp "$LK_CONF" "$tmp/good.conf"
echo 'nonsense = 5' >>"$LK_CONF"
kill -HUP "$supervisor"
retry 10 reloaded refused 1
ok $? 'a refused reload is counted'
cp "$tmp/good.conf" "$LK_CONF"

# --- tokens ---

# A worker verifies a token once, a bad one each time. One that was replaced may
# still answer on the connections that nginx keeps.
alone() {
	[ "$(wc -w <"/proc/$supervisor/task/$supervisor/children")" = 4 ]
}
retry 15 alone
ok $? 'workers that were replaced at a reload end'
api POST /users/add_user/ '{"username":"tom","password":"correct horse"}'
login tom 'correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
for place in /check /users/me; do
	begin
	for _ in 1 2 3; do
		api GET $place -H "Authorization: Bearer $token"
	done
	is "$status" 200 "$place: a token is good three times"
	look
	rises 1 latchkey_token_verifications_total "$place: a token used three times is verified once"
done
begin
for _ in 1 2; do
	api GET /check -H "Authorization: Bearer ${token%???}abc"
done
look
rises 2 latchkey_token_verifications_total 'a token with a wrong signature is verified each time'

# --- the end ---

# A process that ends lets go of its files a moment after its memory.
t/stack workers-stop "$LK_DIR"
ended() {
	says
	[ "$said" = "1 latchkey: status_file: $status_file: latchkey is not running (any more)" ]
}
retry 10 ended
ok $? 'latchkey status says that latchkey is not running once it is stopped' || diag "$said"
t/stack workers-start "$LK_DIR"
retry 10 ready
ok $? 'latchkey starts again after a stop'
look
is "$(figure 'latchkey_logins_total{outcome="ok"}')" 0 'counters begin at 0 after a start'
is "$(find "$LK_DIR/data" -name 'status?*')" '' 'no other status file is left'

done_testing
