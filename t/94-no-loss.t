#!/bin/sh
# Reload, restart and stop under load, without losing a request. Every answer
# is counted, of POST as of GET: nginx does not repeat a POST that it has sent
# on a kept connection.
# shellcheck source=t/lib.sh
. t/lib.sh
needs h2load

# The loads, until enough(): a kept lane with GET and POST, logins, and token checks.
load() {
	rm -f "$tmp/enough" "$tmp"/load.*
	printf 'username=ada&password=correct+horse' >"$tmp/form"
	loads=
	one_load get 2000 16 "$LK_URL/"
	one_load post 2000 16 -d "$tmp/form" "$LK_URL/users/me"
	one_load login 100 8 -d "$tmp/form" -H 'Content-Type: application/x-www-form-urlencoded' "$LK_URL/token"
	one_load check 2000 16 -H "Authorization: Bearer $token" "$LK_URL/check"
	children="$children $loads"
	for kind in get post login check; do
		retry 20 grep -qs '^status codes' "$tmp/load.$kind"
	done
}

# one_load KIND REQUESTS CLIENTS H2LOAD-ARGUMENT...: again and again.
one_load() {
	kind=$1 requests=$2 clients=$3
	shift 3
	until [ -e "$tmp/enough" ]; do
		h2load --h1 -n "$requests" -c "$clients" "$@"
	done >"$tmp/load.$kind" 2>&1 &
	loads="$loads $!"
}

enough() {
	touch "$tmp/enough"
	# shellcheck disable=SC2086 # several numbers
	wait $loads
}

# counted KIND: the requests of a load that has ended, and of their answers those of
# 2xx, 4xx and 5xx.
counted() {
	awk '
		/^requests: / { total += $2 }
		/^status codes: / { good += $3; bad += $7; lost += $9 }
		END { print total + 0, good + 0, bad + 0, lost + 0 }
	' "$tmp/load.$1"
}

# The load has ended, and each request had the answer that it should have.
all_answered() {
	enough
	for kind in get:good post:bad login:good check:good; do
		read -r total good bad _ <<-E
			$(counted "${kind%:*}")
		E
		[ "${kind#*:}" = good ] || good=$bad
		[ "$total" -gt 0 ] && [ "$good" = "$total" ]
		ok $? "$1: ${kind%:*}, each of $total requests has its answer" || grep '^status codes' "$tmp/load.${kind%:*}"
	done
}

# The token is of a user who does not log in again and again: of a hundred sessions
# the oldest ends.
stack() {
	stack_up hash_cost=1 login_wait_ms=60000 nginx_limits=off "$@"
	sign_up ada 'correct horse'
	sign_up eve 'correct horse'
	log_in eve 'correct horse'
	take_token
}

count() {
	grep -c "$1" "$LK_LOG"
}
more() {
	[ "$(count "$1")" -gt "$before" ]
}

# --- SIGHUP ---

stack
supervisor=$(cat "$LK_SERVE")
sed -i 's/^greeting = .*/greeting = "reloaded"/' "$LK_CONF"
load
for n in 1 2 3; do
	before=$(count 'event=ready')
	kill -HUP "$supervisor"
	retry 20 more 'event=ready'
	ok $? "SIGHUP number $n replaces all workers"
done
is "$(count 'event=reload result=done')" 3 'three reloads are logged as done'
all_answered SIGHUP
# A kept connection may still lead to a worker that is about to end.
reloaded() {
	api GET /
	[ "$body" = '{"message":"reloaded"}' ]
}
retry 10 reloaded
ok $? 'the service answers with the settings of the reload'
six() {
	[ "$(pgrep -c 'latchkey-(check|api|login)' -P "$supervisor")" = 6 ]
}
retry 10 six
ok $? 'the workers before a reload end'

# A client that asks again and again, and never so often that nginx renews its
# connection for that (keepalive_requests): it has to let go of one to a worker
# that is told to end, or that would cut it off after ten seconds.
python3 - "$LK_PORT" "$tmp/steady" <<'E' &
import http.client, sys, time
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
while True:
    c.request("POST", "/users/me", b"x" * 100)
    answer = c.getresponse()
    answer.read()
    with open(sys.argv[2], "a") as f:
        f.write("%d\n" % answer.status)
    time.sleep(0.05)
E
steady=$!
children="$children $steady"
retry 10 test -s "$tmp/steady"
old=$(pgrep -x latchkey-api -P "$supervisor")
kill -HUP "$supervisor"
old_are_gone() {
	! pgrep -x latchkey-api -P "$supervisor" | grep -qxF "$old"
}
retry 20 old_are_gone
kill $steady
is "$(sort -u "$tmp/steady")" 405 'a client that asks without a pause is always answered during a reload'
is "$(grep 'event=stop' "$LK_LOG" | grep -vc 'cut=0$')" 0 'a reload cuts no connection off'

echo 'hash_cost = 99' >>"$LK_CONF"
before=$(count 'event=reload result=kept')
kill -HUP "$supervisor"
retry 10 more 'event=reload result=kept'
ok $? 'a reload refuses wrong settings'
like "$(cat "$LK_LOG")" "$LK_CONF:[0-9]+: hash_cost" 'the log says which setting a reload refused'
api GET /
json_is .message reloaded 'a refused reload keeps the settings'
sed -i '$d' "$LK_CONF"
cp "$LK_KEY" "$tmp/good.key"
echo short >"$LK_KEY"
before=$(count 'event=reload result=kept')
kill -HUP "$supervisor"
retry 10 more 'event=reload result=kept'
ok $? 'a reload refuses a key that is too short'
api GET /check -H "Authorization: Bearer $token"
is "$status" 200 'a refused reload keeps the key'
cat "$tmp/good.key" >"$LK_KEY"

# A new key counts from then on, for every worker.
openssl rand -hex 32 >"$tmp/key"
cat "$tmp/key" >"$LK_KEY"
api GET /check -H "Authorization: Bearer $token"
is "$status" 200 'a new key in the file does not count before a reload'
# shellcheck disable=SC2046
kill -9 $(pgrep -x latchkey-check -P "$supervisor")
back() {
	api GET /check -H "Authorization: Bearer $token"
	[ "$status" = 200 ]
}
retry 10 back
ok $? 'a worker started again takes the key of the last reload'
before=$(count 'event=ready')
kill -HUP "$supervisor"
retry 20 more 'event=ready'
refused() {
	api GET /check -H "Authorization: Bearer $token"
	[ "$status" = 401 ]
}
retry 10 refused
ok $? 'a new key counts after SIGHUP'

# More workers, and fewer.
for n in 3 1; do
	sed -i "s/^workers_api = .*/workers_api = $n/" "$LK_CONF"
	kill -HUP "$supervisor"
	has_n() {
		[ "$(pgrep -x latchkey-api -P "$supervisor" | wc -l)" = "$n" ]
	}
	retry 20 has_n
	ok $? "workers_api = $n: a reload leaves as many workers"
done
t/stack down "$LK_DIR"

# --- a new program, under systemd's sockets ---

stack mode=systemd
load
for n in 1 2; do
	before=$(grep -c READY=1 "$LK_DIR/data/notify")
	ready_again() {
		[ "$(grep -c READY=1 "$LK_DIR/data/notify")" -gt "$before" ]
	}
	kill -USR1 "$(cat "$LK_SERVE")"
	retry 30 ready_again
	ok $? "restart number $n by systemd gets ready"
done
all_answered restart
is "$(tr -d '0-9' <"$LK_DIR/data/notify" | head -n 5 | tr '\n' ' ')" 'START  READY= STOPPING= EXIT  START  ' \
	'systemd hears READY at the start and STOPPING at the stop'
before=$(grep -c READY=1 "$LK_DIR/data/notify")
kill -HUP "$(cat "$LK_SERVE")"
retry 20 ready_again
ok $? 'systemd hears READY after a reload'
like "$(cat "$LK_DIR/data/notify")" 'RELOADING=1' 'systemd hears RELOADING at the begin of a reload'
t/stack down "$LK_DIR"

# --- the end ---

stack
load
supervisor=$(cat "$LK_SERVE")
flooded=$(wc -l <"$LK_LOG")
in_flood() {
	[ "$(wc -l <"$LK_LOG")" -gt $((flooded + 2000)) ]
}
retry 10 in_flood
kill -TERM "$supervisor"
ended() {
	! kill -0 "$supervisor" 2>/dev/null
}
retry 20 ended
ok $? 'SIGTERM under load ends the service'
enough
is "$(count 'event=start')" "$(count 'event=stop')" 'SIGTERM under load ends each worker in order'
for kind in get post login check; do
	read -r total good bad lost <<-E
		$(counted $kind)
	E
	[ "$total" -gt 0 ]
	is "$((good + bad + lost))" "$total" "SIGTERM under load: $kind, each of $total requests is answered"
done
is "$(awk '$9 >= 500 { print $9 }' "$LK_LOGS/nginx.access.log" | sort -u)" 503 'SIGTERM under load: requests after the end get 503'
api POST /users/me
is "$status $body" '503 {"detail":"Service Unavailable"}' 'SIGTERM under load: the 503 is JSON'
# (A check is not logged, and what no endpoint answers has none in the log.)
is "$(awk '$7 ~ "^(/|/users/me|/token)$" && $9 < 500 { print $9 }' "$LK_LOGS/nginx.access.log" | sort | uniq -c)" \
	"$(sed -n 's/.*event=request .*route=\(-\|\/\|\/token\) status=\([1-4]..\) .*/\2/p' "$LK_LOG" | sort | uniq -c)" \
	'SIGTERM under load: nginx and Latchkey count the same answers'
t/stack down "$LK_DIR"

# --- killed ---

# The request of a killed worker is lost, with a 503 of nginx; no more.
stack
supervisor=$(cat "$LK_SERVE")
load
for _ in $(seq 1 10); do
	pgrep -P "$supervisor" | shuf -n 1 | xargs kill -9 2>/dev/null
	sleep 0.2
done
enough
for kind in get post login check; do
	read -r total good bad lost <<-E
		$(counted $kind)
	E
	[ "$((good + bad + lost))" = "$total" ] && [ "$total" -gt 0 ] && [ "$lost" -le 40 ]
	ok $? "workers killed under load: $kind, each of $total requests is answered, few with an error: $lost"
done
api GET /
is "$status" 200 'the service goes on after workers were killed'
is "$(awk '{ print $9 }' "$LK_LOGS/nginx.access.log" | sort -u | grep '^5' | grep -v 503)" '' 'killed workers cause no error but 503'

done_testing
