#!/bin/sh
# SIGHUP in detail: workers are replaced one by one, none exits before its
# successor is ready, and there are never more database connections than
# promised.
# shellcheck source=t/lib.sh
. t/lib.sh
needs h2load

# A login worker measures a hash before it is ready: here that takes a while.
stack_up hash_cost=8 nginx_limits=off hash_memory_max_mib=128 workers=2
supervisor=$(cat "$LK_SERVE")
# logged PATTERN TIMES
logged() {
	[ "$(grep -c "$1" "$LK_LOG")" -ge "$2" ]
}
retry 30 logged event=ready 1

# --- a successor that does not get ready ---

old=$(workers login)
others=$(workers check && workers api)
reloaded=$(wc -l <"$LK_LOG")
kill -HUP "$supervisor"
# It stands still as soon as it is there.
successor=
for _ in $(seq 1000); do
	successor=$(workers login | grep -vxF "$old")
	[ -z "$successor" ] || break
done
# shellcheck disable=SC2086 # there may be too many
kill -STOP $successor
is "$(echo "$successor" | wc -w)" 1 'a reload starts one login worker at first'
gone() {
	! { workers check && workers api; } | grep -qxF "$others"
}
retry 10 gone
ok $? 'a reload replaces the workers of the other lanes meanwhile'
sleep 1 # nothing is to happen, so there is nothing to wait for
is "$(workers login | sort)" "$(printf '%s\n%s\n' "$old" "$successor" | sort)" \
	'no other login worker starts or ends until the first is ready'
api POST /token 'username=nobody&password=x'
is "$status" 401 'the old login workers serve until the first is ready'
# shellcheck disable=SC2086
kill -CONT $successor
retry 30 logged event=ready 2
replaced() {
	[ "$(workers login | wc -l) $(workers login | grep -cxF "$old")" = '2 0' ]
}
retry 10 replaced
ok $? 'a reload replaces all login workers'
is "$(tail -n +$((reloaded + 1)) "$LK_LOG" | awk '
	/event=start/ { begun++ }
	/event=stop/ { if (++ended > begun) early++ }
	END { print begun + 0, ended + 0, early + 0 }')" '6 6 0' 'no worker ends at a reload before its successor has started'

# --- settings that are wrong ---

all=$(pgrep -P "$supervisor" | sort)
cp "$LK_CONF" "$tmp/good.conf"
sed -i "s/^database = .*/database = 'host'/" "$LK_CONF"
kill -HUP "$supervisor"
retry 10 logged 'event=reload result=kept' 1
ok $? 'a reload refuses a connection string that libpq does not accept'
like "$(cat "$LK_LOG")" 'missing "=" after "host"' 'the log says why a reload refused a connection string'
ops GET /readyz
is "$status $(pgrep -P "$supervisor" | sort | tr '\n' ' ')" "200 $(echo "$all" | tr '\n' ' ')" \
	'the same workers serve after a refused reload'
cat "$tmp/good.conf" >"$LK_CONF"

# --- connections to the database ---

connections() {
	$LK_PSQL_ADMIN -Atc "select count(*) from pg_stat_activity where application_name = 'latchkey'"
}
# A worker connects when it is first asked.
printf 'username=nobody&password=x' >"$tmp/form"
connected() {
	h2load --h1 -n 64 -c 16 "$LK_OPS_URL/readyz" >"$tmp/load" 2>&1
	h2load --h1 -n 32 -c 8 -H 'Content-Type: application/x-www-form-urlencoded' \
		-d "$tmp/form" "$LK_URL/token" >"$tmp/load" 2>&1
	[ "$(connections)" = 5 ]
}
retry 20 connected
ok $? 'each worker of two lanes, and the keeper, has a connection to the database'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check)" 'connections to the database: 5, at most twice that while SIGHUP' \
	'latchkey check says how many connections to the database there are'

# The first requests of a new worker would wait for its connection.
all_connected() {
	[ "$(pgrep -P "$supervisor" | wc -l)" = 7 ] && [ "$(connections)" = 5 ]
}
kill -HUP "$supervisor"
retry 20 logged event=ready 3 && retry 20 all_connected
ok $? 'workers that replace others have connections to the database before any request' || diag "$(connections)"

# A web server that lets go of no connection, and is never quiet, keeps the
# workers that are replaced; and settings change once more, and again.
sed -i 's/^hash_cost = .*/hash_cost = 1/' "$LK_CONF"
kill -HUP "$supervisor"
retry 20 logged event=ready 4
python3 - "$LK_SOCKET_API" >"$tmp/busy" <<'E' &
import socket, struct, sys, time
def record(kind, body=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body
ask = record(1, struct.pack(">HB5x", 1, 1)) + record(4, b"\x0e\x03REQUEST_METHODGET\x0b\x07REQUEST_URI/readyz") + record(4) + record(5)
kept, unanswered = [], 0
end = time.time() + 4
while time.time() < end or (len(kept) < 12 and time.time() < end + 60):
    kept.append(socket.socket(socket.AF_UNIX))
    kept[-1].connect(sys.argv[1])
    for s in kept:
        s.settimeout(10)
        s.sendall(ask)
        unanswered += b"Status: 200" not in s.recv(65536)
    time.sleep(0.05)
print(len(kept) > 10, unanswered)
E
busy=$!
children="$children $busy"
most=0 n=0
while kill -0 "$busy" 2>/dev/null; do
	n=$((n + 1))
	[ $((n % 10)) != 1 ] || kill -HUP "$supervisor"
	api POST /token 'username=nobody&password=x'
	now=$(connections)
	[ "$now" -le "$most" ] || most=$now
done
wait "$busy"
is "$(cat "$tmp/busy")" 'True 0' 'workers replaced during reloads answer each client that stays connected'
[ "$most" -gt 5 ] && [ "$most" -le 10 ]
ok $? "reloads need up to twice as many connections to the database: $most"
settled() {
	connected && [ "$(pgrep -P "$supervisor" | wc -l)" = 7 ]
}
retry 20 settled
ok $? 'there are as many connections to the database after reloads as before'

# Changes that take a restart are reported each time, until the settings are back.
sed -i 's|^listen_api = .*|listen_api = "/nowhere/api.sock"|; s|^status_file = .*|status_file = "/nowhere/status"|' "$LK_CONF"
for n in 1 2; do
	kill -HUP "$supervisor"
	retry 30 logged "latchkey: listen_api stays $LK_SOCKET_API until restart" "$n" &&
		retry 30 logged "latchkey: status_file stays .*/status until restart" "$n"
	ok $? "a reload says that a socket and a status file stay until restart (time $n)"
done
sed -i "s|^listen_api = .*|listen_api = \"$LK_SOCKET_API\"|; s|^status_file = .*|status_file = \"$LK_DIR/data/status\"|" "$LK_CONF"
before=$(grep -c 'event=reload result=done' "$LK_LOG")
kill -HUP "$supervisor"
retry 30 logged 'event=reload result=done' $((before + 1))
is "$(grep -c 'until restart' "$LK_LOG")" 4 'a reload with the settings of the start says nothing of a restart'

done_testing
