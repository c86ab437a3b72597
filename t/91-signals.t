#!/bin/sh
# Termination of a worker, after the request in progress; no peer that says
# little or nonsense can prevent it.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up workers=1 hash_cost=1

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
socket=$LK_DIR/data/own.sock

start_worker() {
	serve_alone "$socket" "$tmp/log"
}

ask() {
	form='username=ada&password=correct+horse'
	# shellcheck disable=SC2086
	printf '%s' "$form" | $LK_AS env REQUEST_METHOD=POST REQUEST_URI=/token \
		CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH=${#form} \
		cgi-fcgi -bind -connect "$socket" | head -n 1 | tr -d '\r'
}

start_worker
is "$(ask)" 'Status: 200 OK' 'a worker on the one socket of spawn-fcgi answers'
worker=$(pgrep -x latchkey-all -P $alone)
kill -TERM $alone
wait $alone
is $? 0 'SIGTERM ends the supervisor of an idle worker, with status 0'
! kill -0 "$worker" 2>/dev/null
ok $? 'SIGTERM ends an idle worker'

# The server is stopped in mid-request, so the worker has one in hand.
start_worker
ask >/dev/null
postmaster=$(head -n 1 "$LK_DIR"/data/*/postmaster.pid)
frozen="$postmaster $(pgrep -P "$postmaster" | tr '\n' ' ')"
# shellcheck disable=SC2086
kill -STOP $frozen
ask >"$tmp/answer" &
asking=$!
# an accepted connection, in the kernel's own words
in_hand() {
	grep -q " 03 .* $socket\$" /proc/net/unix
}
retry 10 in_hand
ok $? 'a worker has a request in hand'
kill -TERM $alone
kill -TERM $alone
# shellcheck disable=SC2086
kill -CONT $frozen
wait $alone
is $? 0 'SIGTERM in mid-request ends the supervisor with status 0'
wait $asking
is "$(cat "$tmp/answer")" 'Status: 200 OK' 'SIGTERM in mid-request lets the worker answer the request'
like "$(tail -n 1 "$tmp/log")" 'event=stop' 'a worker that ends after a request logs its stop'

# A web server keeps connections, and may be sending on one just then: they are
# answered as long as there is something, and closed when they have been quiet.
start_worker
: >"$tmp/said"
python3 -B t/tool/drain.py "$socket" "$tmp/said" >"$tmp/kept" &
keeping=$!
children="$children $keeping"
retry 10 test -s "$tmp/said"
kill -TERM $alone
wait $alone
is $? 0 'SIGTERM ends a worker once its kept connections are quiet'
wait $keeping
is "$(cat "$tmp/kept")" "200 200 200 405 405 b'' b''" \
	'a worker that drains answers GET, POST and a request that had begun, for longer than drain_ms'

start_worker
kill -INT $alone
wait $alone
is $? 0 'SIGINT ends a worker'
start_worker
worker=$(pgrep -x latchkey-all -P $alone)
for signal in USR1 PIPE HUP; do
	kill -$signal "$worker"
done
is "$(ask) $(pgrep -x latchkey-all -P $alone)" "Status: 200 OK $worker" 'other signals do nothing to a worker'

# --- peers ---

# peer BYTES(python): connect, say this, and wait for the other side to close.
peer() {
	python3 -c '
import socket, struct, sys
def record(kind, body, request=1, version=1, said=None):
    return struct.pack(">BBHHBx", version, kind, request, len(body) if said is None else said, 0) + body
def begin(role=1, flags=0):
    return record(1, struct.pack(">HB5x", role, flags))
def pair(name, value):
    return struct.pack(">II", len(name) | 0x80000000, len(value) | 0x80000000) + name + value
def params(**p):
    return record(4, b"".join(pair(k.encode(), v.encode()) for k, v in p.items())) + record(4, b"")
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
s.sendall(eval(sys.argv[2]))
try:
    got = b"".join(iter(lambda: s.recv(65536), b""))
except ConnectionResetError:
    got = b"reset"
start = got.find(b"Status:")
print(got[start:start + 11].decode() if start >= 0 else "closed")' "$socket" "$1"
}

is "$(peer 'begin() + params(REQUEST_METHOD="GET", REQUEST_URI="/") + record(5, b"")')" 'Status: 200' \
	'a plain FastCGI client is answered'
is "$(peer 'b"GET / HTTP/1.1\r\n\r\n" * 10')" closed 'HTTP in the place of FastCGI is not answered'
is "$(peer 'begin() + params(REQUEST_METHOD="GET") + record(5, b"")')" 'Status: 400' 'a request without an address gets 400'
for length in -1 x 99999999999999999999 5x ' 5'; do
	is "$(peer 'begin() + params(REQUEST_METHOD="POST", REQUEST_URI="/token", CONTENT_LENGTH="'"$length"'") + record(5, b"")')" \
		'Status: 400' "a length of '$length' gets 400"
done
is "$(peer 'begin() + params(REQUEST_METHOD="POST", REQUEST_URI="/token", CONTENT_LENGTH="65537") + record(5, b"")')" \
	'Status: 413' 'a length over the limit gets 413 before anything is read'
is "$(peer 'begin() + params(REQUEST_METHOD="POST", REQUEST_URI="/token", CONTENT_LENGTH="5") + record(5, b"a=") + record(5, b"")')" \
	'Status: 400' 'a body shorter than its length gets 400'
is "$(peer 'begin() + params(REQUEST_METHOD="POST", REQUEST_URI="/token", CONTENT_LENGTH="3") + record(5, b"a=bcdef") + record(5, b"")')" \
	'Status: 422' 'a body longer than its length is read up to its length'
is "$(peer 'begin() + params(REQUEST_METHOD="GET", REQUEST_URI="*") + record(5, b"")')" 'Status: 404' 'the path * gets 404'
# Half a request holds nobody.
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x04\x00\x01\x00\x50\x00\x00half")
open(sys.argv[2], "w")
s.recv(1)' "$socket" "$tmp/half" &
children="$children $!"
retry 10 test -e "$tmp/half"
is "$(ask)" 'Status: 200 OK' 'half a request keeps no other request waiting'

done_testing
