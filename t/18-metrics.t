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
	"the figures come in Prometheus' format"
is "$(header Cache-Control)" no-store 'not to be cached'
api GET /metrics
is "$status $body" '404 {"detail":"Not Found"}' 'at the port for clients they are not there'
api GET /nope
api GET '/nope"\\%0A'
look

# valid FILE: is each line as the format wants it, and do histograms add up?
valid() {
	python3 - "$1" <<'END'
import re, sys

text = open(sys.argv[1]).read()
assert text.endswith("\n")
name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
sample = re.compile(rf'({name})(?:\{{((?:{name}="(?:[^"\\\n]|\\[\\"n])*",?)*)\}})? (\S+)')
kinds, helped, seen, current = {}, set(), set(), None
buckets, counts = {}, {}
for line in text.split("\n")[:-1]:
    head = re.fullmatch(rf"# (HELP|TYPE) ({name}) (.+)", line)
    if head:
        word, current, rest = head.groups()
        assert current not in (helped if word == "HELP" else kinds), line
        if word == "HELP":
            helped.add(current)
        else:
            assert rest in ("counter", "gauge", "histogram") and current in helped, line
            kinds[current] = rest
        continue
    match = sample.fullmatch(line)
    assert match, line
    key, labels, value = match.group(1), dict(re.findall(rf'({name})="([^"]*)"', match.group(2) or "")), float(match.group(3))
    base = re.sub("_(bucket|sum|count)$", "", key) if kinds[current] == "histogram" else key
    assert base == current, line
    assert kinds[base] != "counter" or key.endswith("_total"), line
    assert (key, tuple(sorted(labels.items()))) not in seen, line
    seen.add((key, tuple(sorted(labels.items()))))
    assert value >= 0, line
    series = base, labels.get("lane")
    if key.endswith("_bucket"):
        buckets.setdefault(series, []).append((float(labels["le"]), value))
    elif key.endswith("_count"):
        counts[series] = value
assert helped == set(kinds)
assert len(buckets) == 7, sorted(buckets)
for series, found in buckets.items():
    assert found == sorted(found) and found[-1] == (float("inf"), counts[series]), (series, found)
    assert [n for _, n in found] == sorted(n for _, n in found), (series, found)
END
}
valid "$tmp/figures" 2>"$tmp/wrong"
ok $? 'every line is as the format wants it, and histograms add up' || diag "$(tail -n 3 "$tmp/wrong")"
is "$(figure "latchkey_build_info{version=\"$("$LK_BIN" -V | cut -d ' ' -f 2)\"}")" 1 'the version is told'
age=$(($(date +%s) - $(figure process_start_time_seconds)))
[ "$age" -ge 0 ] && [ "$age" -lt 600 ]
ok $? 'and the time of the start'

# --- what is counted ---

begin
api GET /
api GET /
api GET /users/me
api GET /nope
look
rises 2 'latchkey_requests_total{route="/",status="200"}' 'requests are counted'
rises 1 'latchkey_requests_total{route="/users/me",status="401"}' 'by endpoint and status'
rises 1 'latchkey_requests_total{route="none",status="404"}' 'and those to nowhere'
rises 1 'latchkey_requests_total{route="/metrics",status="200"}' 'looking counts too'
rises 5 'latchkey_request_duration_seconds_count{lane="api"}' 'the time of each is taken, by lane'
is "$(grep -c nope "$tmp/figures")" 0 'no path of a client is shown'

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
rises 1 'latchkey_signups_total{outcome="ok"}' 'sign-ups are counted'
rises 1 'latchkey_signups_total{outcome="taken"}' 'by how they end'
rises 1 'latchkey_logins_total{outcome="ok"}' 'and so are logins: good ones'
rises 2 'latchkey_logins_total{outcome="password"}' 'wrong passwords'
rises 1 'latchkey_logins_total{outcome="unknown"}' 'unknown names'
rises 1 'latchkey_logins_total{outcome="inactive"}' 'inactive accounts'
rises 1 'latchkey_logins_total{outcome="hash"}' 'hashes that cannot be checked'
rises 7 'latchkey_hash_duration_seconds_count' 'each hash is timed'
rises 8 'latchkey_request_duration_seconds_count{lane="login"}' 'and each login in its lane'
is "$(grep -c canary "$tmp/figures")" 0 'nobody is named'

connected='latchkey_database_connected{lane="login",worker="0"}'
is "$(figure "$connected")" 1 'a worker is connected to its database'
begin
t/stack db-stop "$LK_DIR"
login ada-canary 'correct horse'
look
is "$(figure "$connected")" 0 'until that goes away'
rises 1 'latchkey_logins_total{outcome="busy"}' 'a login without a database is counted'
[ "$(figure latchkey_database_failures_total)" -gt 0 ]
ok $? 'and so is the failure'
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
is "$(figure "$connected")" 1 'when it is back, that shows'
[ "$(figure latchkey_database_connections_total)" -ge 2 ]
ok $? 'another connection was made'
is "$(figure 'latchkey_queue_length{lane="login"}')" 0 'nobody waits for a worker'
[ "$(figure 'latchkey_queue_limit{lane="login"}')" -gt 0 ]
ok $? 'and it is told how many may'

# --- latchkey status ---

# says [VARIABLE=VALUE]: the exit status and the words of latchkey status.
says() {
	# shellcheck disable=SC2086 # words of a command
	said=$($LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" status 2>&1)
	said="$? $said"
}

says
like "$said" "^0 latchkey [0-9.]+, up [0-9]+ min [0-9]+ s, process [0-9]+\$" 'status tells since when'
like "$said" '^login +1 +0 +[1-9][0-9]* +.* +0 of [1-9][0-9]*$' 'of each lane workers, restarts, requests, times and queue'
like "$said" '^logins +ok 1, unknown 2, password 2, hash 1, inactive 1, rate_limited 0, busy [1-9][0-9]*, failed 0$' 'how logins ended'
like "$said" '^sign-ups +ok 1, taken 1, ' 'and sign-ups'
like "$said" '^hashes +[0-9]+, p50 [0-9.]+ [mu]s, p99 [0-9.]+ m?s$' 'what hashing takes'
like "$said" '^hash memory reuses +[1-9][0-9]*$' 'how often its memory is reused'
like "$said" '^database +[1-9] of [1-9] workers connected$' 'the state of the database'
unlike "$(curl -s "$LK_OPS_URL/metrics")" 'database_connected\{lane="check"' 'of a worker without a database no state is told'
like "$said" '^database connections +[2-9]$' 'its connections'
like "$said" '^database failures +[1-9][0-9]*$' 'and its failures'
like "$said" '^/token +200: 1 401: 6 503: [1-9][0-9]*$' 'and the requests by endpoint and status'

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
ok $? 'while the workers stand still, those who wait are counted'
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
ok $? 'and that they had gone when their turn came'

status_file=$LK_DIR/data/status
is "$(stat -c %a "$status_file")" 640 'others cannot read the figures'
says LATCHKEY_STATUS_FILE=/nonexistent/status
is "$said" '1 latchkey: status_file: /nonexistent/status: no such file: latchkey is not running' \
	'without a file nothing is served'
cp "$status_file" "$tmp/copy"
chmod 644 "$tmp/copy"
says LATCHKEY_STATUS_FILE="$tmp/copy"
is "$said" "1 latchkey: status_file: $tmp/copy: latchkey is not running (any more)" \
	'nor with one that nobody holds'
says LATCHKEY_STATUS_FILE="$tmp"
is "$said" "1 latchkey: status_file: $tmp: not a regular file" 'a folder is no such file'

# --- one file, one server ---

before=$(stat -c %i "$status_file")
# shellcheck disable=SC2086
said=$($LK_AS spawn-fcgi -n -s "$LK_DIR/data/other.sock" -- "$LK_BIN" -c "$LK_CONF" serve 2>&1)
like "$? $said" "^1 latchkey: status_file: $status_file: in use by another latchkey\$" \
	'a second server does not take the same file'
is "$(stat -c %i "$status_file")" "$before" 'and leaves it'

# --- a worker that dies ---

# The supervisor is the one that status names; the others are its workers.
says
supervisor=$(printf '%s\n' "$said" | sed -n 's/^.*, process //p')
workers=$(pgrep -P "$supervisor")
is "$(printf '%s\n' "$workers" | wc -l)" 3 'there is a worker in each lane'
begin
# shellcheck disable=SC2086
kill -KILL $workers
all_up() {
	look
	[ "$status $(grep -c '^latchkey_worker_up{.* 1$' "$tmp/figures")" = '200 3' ] &&
		[ "$(figure 'latchkey_worker_restarts_total{lane="login"}')" = 1 ]
}
retry 10 all_up
ok $? 'when they are killed, it is counted that others took their places'
rises 0 'latchkey_logins_total{outcome="ok"}' 'and no figures go with them'
is "$(figure 'latchkey_worker_restarts_total{lane="check"}') $(figure 'latchkey_worker_restarts_total{lane="api"}')" '1 1' \
	'in each lane'

# --- settings read anew ---

begin
kill -HUP "$supervisor"
reloaded() {
	look
	[ "$(figure "latchkey_reloads_total{outcome=\"$1\"}")" = "$2" ]
}
retry 10 reloaded ok 1
ok $? 'a reload is counted'
retry 10 all_up
rises 0 'latchkey_worker_restarts_total{lane="login"}' 'workers that are replaced have not died'
rises 0 'latchkey_logins_total{outcome="ok"}' 'and go on counting'
cp "$LK_CONF" "$tmp/good.conf"
echo 'nonsense = 5' >>"$LK_CONF"
kill -HUP "$supervisor"
retry 10 reloaded refused 1
ok $? 'and so is one that is refused'
cp "$tmp/good.conf" "$LK_CONF"

# --- tokens ---

# A worker verifies a token once, a bad one each time. One that was replaced may
# still answer on the connections that nginx keeps.
alone() {
	[ "$(wc -w <"/proc/$supervisor/task/$supervisor/children")" = 3 ]
}
retry 15 alone
ok $? 'workers that were replaced end'
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
	rises 1 latchkey_token_verifications_total 'and verified once'
done
begin
for _ in 1 2; do
	api GET /check -H "Authorization: Bearer ${token%???}abc"
done
look
rises 2 latchkey_token_verifications_total 'a bad one is verified each time'

# --- the end ---

# A process that ends lets go of its files a moment after its memory.
t/stack workers-stop "$LK_DIR"
ended() {
	says
	[ "$said" = "1 latchkey: status_file: $status_file: latchkey is not running (any more)" ]
}
retry 10 ended
ok $? 'once the workers are stopped, status says so' || diag "$said"
t/stack workers-start "$LK_DIR"
retry 10 ready
ok $? 'they start again'
look
is "$(figure 'latchkey_logins_total{outcome="ok"}')" 0 'and count from 0'
is "$(find "$LK_DIR/data" -name 'status?*')" '' 'no other file is left'

done_testing
