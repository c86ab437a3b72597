#!/bin/sh
# Kept connections: a worker serves many of them in turn, is not tied to any,
# and loses no request when it exits.
# shellcheck source=t/lib.sh
. t/lib.sh
needs h2load
stack_up workers=1 hash_cost=1 nginx_limits=off

# Two workers of nginx keep their connections to our only one, for as
# long as nginx does by itself. (libfcgi alone hangs: it would wait on one idle
# connection while the requests of all others time out.)
sed -i '/keepalive_time/d' "$LK_DIR"/nginx/latchkey-http.conf
is "$(cat "$LK_DIR"/nginx/*.conf | grep -cE '^	*keepalive 16;|^	*fastcgi_keep_conn on;')" 12 'nginx is told to keep its connections'
like "$(cat "$LK_DIR/nginx.conf")" 'worker_processes 2;' 'nginx has two workers'
nginx=$(cat "$LK_DIR/data/nginx.pid")
old=$(pgrep -P "$nginx" | tr '\n' ' ')
renewed() {
	# shellcheck disable=SC2086 # several numbers
	! kill -0 $old 2>/dev/null && [ "$(pgrep -cP "$nginx")" = 2 ]
}
kill -HUP "$nginx"
retry 10 renewed
ok $? "nginx's workers start again with the new settings"

accepted() {
	grep -c " 03 .* $LK_SOCKET_API\$" /proc/net/unix
}

h2load --h1 -n 20000 -c 64 "$LK_URL/" >"$tmp/load" 2>&1
like "$(cat "$tmp/load")" 'status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx' \
	'64 clients get 20000 answers from one worker: no time-out, no 502, no 504'
like "$(accepted)" '^([1-9]|[12][0-9]|3[0-2])$' '20000 requests go over at most 32 kept connections'
is "$(grep -c 'event=request' "$LK_LOG")" "$(grep -c 'route=/ status=200\|route=/readyz status=200' "$LK_LOG")" \
	'a worker answers each of 20000 requests once'

# --- a client of our own that keeps its connection ---

cat >"$tmp/client.py" <<'E'
import os, socket, struct, sys, time
def record(kind, body):
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body
def pair(name, value):
    return struct.pack(">BB", len(name), len(value)) + name + value
GET = (record(1, struct.pack(">HB5x", 1, 1)) + record(4, pair(b"REQUEST_METHOD", b"GET") + pair(b"REQUEST_URI", b"/"))
       + record(4, b"") + record(5, b""))
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(sys.argv[1])
    return s
def answer(s):
    """Reads to the end-of-request record; the text before it."""
    got = b""
    while True:
        head = s.recv(8, socket.MSG_WAITALL)
        if len(head) < 8:
            return "closed"
        _, kind, _, n, pad = struct.unpack(">BBHHBx", head)
        body = s.recv(n + pad, socket.MSG_WAITALL) if n + pad else b""
        if kind == 3:
            return got.decode()[:11]
        if kind == 6:
            got += body[:n]
def ask(s):
    s.sendall(GET)
    return answer(s)
E

client() {
	{
		cat "$tmp/client.py"
		cat
	} | python3 - "$LK_SOCKET_API" "$tmp/enough"
}

is "$(client <<'E'
s = connect()
print(*{ask(s) for _ in range(1000)})
E
)" 'Status: 200' 'a thousand requests go over one connection'

is "$(client <<'E'
idle = [connect() for _ in range(200)]
print(*{ask(s) for s in idle}, ask(connect()), *{ask(s) for s in idle})
E
)" 'Status: 200 Status: 200 Status: 200' 'two hundred kept connections keep nobody waiting'

is "$(client <<'E'
silent = [connect() for _ in range(300)]
start = time.time()
print(ask(connect()), time.time() - start < 4)
E
)" 'Status: 200 True' 'three hundred connections without a request keep nobody waiting'

is "$(client <<'E'
s = connect()
ask(s)
half = connect()
ask(half)
half.sendall(GET[:40])
print(ask(s), ask(connect()))
E
)" 'Status: 200 Status: 200' 'half a request on a kept connection keeps no other request waiting'

is "$(client <<'E'
kept = [connect() for _ in range(8)]
for s in kept:
    ask(s)
silent = []
for _ in range(1000):
    silent.append(connect())
    if len(silent) % 100 == 0:
        assert {ask(s) for s in kept} == {"Status: 200"}
print(ask(connect()))
E
)" 'Status: 200' 'silent connections beyond what a worker keeps are closed'

is "$(client <<'E'
s = connect()
for n in list(range(7700, 8400, 7)) + [8040, 8041, 16232, 65536]:
    body = b"x" * n
    s.sendall(record(1, struct.pack(">HB5x", 1, 1)) + record(4, pair(b"REQUEST_METHOD", b"POST")
        + pair(b"REQUEST_URI", b"/nope") + pair(b"CONTENT_LENGTH", b"%d" % n)) + record(4, b"")
        + b"".join(record(5, body[i:i + 65000]) for i in range(0, n, 65000)) + record(5, b""))
    assert answer(s) == "Status: 404", n
    assert ask(s) == "Status: 200", n
print("kept")
E
)" kept 'the rest of an unread body is not taken for the next request'

# --- requests that come while a worker is busy with others ---

worker=$(pgrep -x latchkey-api -P "$(cat "$LK_DIR/data/workers.pid")")
is "$(client <<E
import signal
kept = [connect() for _ in range(512)]
for s in kept:
    ask(s)
os.kill($worker, signal.SIGSTOP)
kept += [connect() for _ in range(388)]
for s in kept:
    s.sendall(GET)
os.kill($worker, signal.SIGCONT)
answers = [answer(s) for s in kept]
print(*{a: answers.count(a) for a in answers}.items())
E
)" "('Status: 200', 900)" '900 requests at once on kept connections are all answered'

is "$(client <<E
import signal
both = [connect() for _ in range(40)]
for s in both:
    ask(s)
os.kill($worker, signal.SIGSTOP)
for s in both:
    s.sendall(GET)
    s.shutdown(socket.SHUT_WR)
os.kill($worker, signal.SIGCONT)
print(*{answer(s) for s in both}, *{answer(s) for s in both})
E
)" 'Status: 200 closed' 'a connection whose last request and end come together is answered and closed'

# --- the end, under load ---

# A worker that always has another connection waiting is told to end.
h2load --h1 -t 1 -c 12 -D 30 "$LK_URL/nope" >/dev/null 2>&1 &
flood=$!
children="$children $flood"
worker=$(pgrep -x latchkey-api -P "$(cat "$LK_DIR/data/workers.pid")")
flooded=$(wc -l <"$LK_LOG")
in_flood() {
	[ "$(wc -l <"$LK_LOG")" -gt $((flooded + 1000)) ]
}
retry 10 in_flood
kill -TERM "$worker"
gone() {
	! kill -0 "$worker" 2>/dev/null
}
retry 9 gone
ok $? 'a worker in a flood of requests ends at SIGTERM'
kill "$flood"

t/stack workers-stop "$LK_DIR"
t/stack workers-start "$LK_DIR"
found() {
	worker=$(pgrep -x latchkey-api -P "$(cat "$LK_DIR/data/workers.pid")")
}
retry 10 found
ok $? 'the worker that is to end is found'
: >"$tmp/last"
client >"$tmp/last" <<'E' &
s = connect()
while not os.path.exists(sys.argv[2]) and ask(s) == "Status: 200":
    print("answered", flush=True)
E
children="$children $!"
kept() {
	[ "$(grep -c answered "$tmp/last")" -ge 10 ]
}
retry 10 kept
kill -TERM "$worker"
before=$(grep -c answered "$tmp/last")
goes_on() {
	[ "$(grep -c answered "$tmp/last")" -ge $((before + 5)) ]
}
retry 10 goes_on
ok $? 'a worker told to end goes on for a client that is still asking'
touch "$tmp/enough"
retry 10 gone
ok $? 'a worker told to end ends when its clients are quiet'

done_testing
