#!/bin/sh
# Peers that are not a web server, or a broken one: the worker survives them
# all, answers others meanwhile, and afterwards has as much memory and as many
# descriptors as before.
# shellcheck source=t/lib.sh
. t/lib.sh
needs ss
stack_up workers=1 hash_cost=1 nginx_limits=off
worker=$(pgrep -x latchkey-api -P "$(cat "$LK_SERVE")")

cat >"$tmp/client.py" <<'E'
import os, resource, socket, struct, sys, threading, time
BEGIN, ABORT, END, PARAMS, STDIN, GET_VALUES = 1, 2, 3, 4, 5, 9
where, worker = sys.argv[1], sys.argv[2]
def record(kind, body=b"", number=1, padding=0):
    return struct.pack(">BBHHBB", 1, kind, number, len(body), padding, 0) + body + b"x" * padding
def begin(number=1, role=1, flags=1):
    return record(BEGIN, struct.pack(">HB5x", role, flags), number)
def length(n):
    return struct.pack(">I", n | 1 << 31) if n > 127 else bytes([n])
def pairs(**p):
    return b"".join(length(len(k)) + length(len(v)) + k.encode() + v for k, v in p.items())
def stream(kind, body, number=1, step=65000):
    return b"".join(record(kind, body[i:i + step], number) for i in range(0, len(body), step)) + record(kind, number=number)
def request(method=b"GET", uri=b"/", body=b"", **more):
    if body:
        more["CONTENT_LENGTH"] = b"%d" % len(body)
    return begin() + stream(PARAMS, pairs(REQUEST_METHOD=method, REQUEST_URI=uri, **more)) + stream(STDIN, body)
GET = request()
POST = request(b"POST", b"/users/me", b"z" * 20000)
def connect():
    if where.isdigit():
        s = socket.create_connection(("127.0.0.1", int(where)))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    else:
        s = socket.socket(socket.AF_UNIX)
        s.connect(where)
    s.settimeout(10)
    return s
def say(s, what):
    try:
        s.sendall(what)
    except (BrokenPipeError, ConnectionResetError):
        pass
def read(s, n):
    got = b""
    while len(got) < n:
        try:
            more = s.recv(n - len(got))
        except (ConnectionResetError, BrokenPipeError):
            more = b""
        if not more:
            return None
        got += more
    return got
def answer(s):
    """To one request: its status, "closed" or "silence"."""
    got = b""
    try:
        while True:
            head = read(s, 8)
            if head is None:
                return "closed"
            _, kind, _, n, padding = struct.unpack(">BBHHBx", head)
            body = read(s, n + padding) if n + padding else b""
            if kind == END:
                return got[8:11].decode()
            got += body[:n]
    except TimeoutError:
        return "silence"
def ask(what=GET, s=None):
    s = s or connect()
    say(s, what)
    return answer(s)
def quick():
    """Is another client answered, and at once?"""
    start = time.time()
    return ask() + (" at once" if time.time() - start < 2 else " late")
good = "200 at once"
def descriptors():
    """The worker's. A process that leaves no core file shows little but to root: to others, the connections that it has accepted."""
    try:
        return len(os.listdir(f"/proc/{worker}/fd"))
    except PermissionError:
        with open("/proc/net/unix") as f:
            return sum(line.split()[5] == "03" and line.endswith(f" {where}\n") for line in f)
def state():
    try:
        with open(f"/proc/{worker}/smaps_rollup") as f:
            return max(int(line.split()[1]) for line in f if line.startswith(("Rss:", "Pss:"))), descriptors()
    except PermissionError:
        with open(f"/proc/{worker}/status") as f:
            return max(int(line.split()[1]) for line in f if line.startswith("VmRSS:")), descriptors()
def settled(before):
    """As before: no more descriptors, and within 1 MiB the same memory. (ASan keeps what is freed, and tells of leaks.)"""
    for _ in range(50):
        now = state()
        if now[1] <= before[1] and (now[0] <= before[0] + 1024 or "LK_SANITIZED" in os.environ):
            return "as before"
        time.sleep(0.1)
    return f"before {before}, now {now}"
E

client() {
	{
		cat "$tmp/client.py"
		cat
	} | python3 - "${1:-$LK_SOCKET_API}" "$worker"
}

# Memory that was needed once stays: the largest request first.
is "$(client <<'E'
print(ask(request(b"POST", b"/nope", b"z" * 65536, COOKIE=b"y" * 30000)))
E
)" 404 'the largest request that nginx lets through is answered'

# --- connections that break off ---

is "$(client <<'E'
before = state()
for what in GET, POST:
    for n in [*range(min(len(what), 200)), 8191, 8192, 8193, len(what) - 9, len(what) - 1]:
        s = connect()
        say(s, what[:n])
        s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'a new connection may end at each byte of a request and in the middle of its body'

is "$(client <<'E'
before = state()
for n in 1, 7, 8, 16, 40, len(GET) - 1:
    s = connect()
    assert ask(GET, s) == "200"
    say(s, GET[:n])
    s.shutdown(socket.SHUT_WR)
    assert answer(s) == "closed", n
s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'a kept connection may end within a request'

is "$(client <<'E'
before = state()
for _ in range(300):
    s = connect()
    say(s, GET)
    s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'a connection may end before the answer'

# --- peers that take their time ---

is "$(client <<'E'
before = state()
halves = []
for n in range(1, len(GET)):
    s = connect()
    say(s, GET[:n])
    halves.append((s, n))
print({quick() for _ in range(20)})
for s, n in halves:
    say(s, GET[n:])
print({answer(s) for s, _ in halves})
for s, _ in halves:
    s.close()
print(settled(before))
E
)" "{'200 at once'}
{'200'}
as before" 'half a request keeps nobody waiting, and is answered when the rest has come'

is "$(client <<'E'
s = connect()
for i in range(0, len(GET), 3):
    say(s, GET[i:i + 3])
    assert quick() == good
print(answer(s))
say(s, POST[:9000])
for i in range(9000, len(POST), 500):
    assert quick() == good
    say(s, POST[i:i + 500])
print(answer(s))
E
)" '200
405' 'a request may come in many pieces'

is "$(client <<'E'
before = state()
many = []
for _ in range(1000):
    many.append(connect())
    say(many[-1], b"\1")
    assert len(many) % 100 or quick() == good
print(quick())
for s in many:
    s.close()
print(settled(before))
E
)" '200 at once
as before' 'a thousand connections with one byte each keep nobody waiting'

is "$(client <<'E'
before = state()
for _ in range(20):
    many = [connect() for _ in range(500)]
    assert quick() == good
    for s in many:
        s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'ten thousand connections without a byte keep nobody waiting'

is "$(client <<'E'
before = state()
deaf = []
for _ in range(20):
    deaf.append(connect())
    say(deaf[-1], request(uri=b"/openapi.json"))
print(quick())
for s in deaf:
    s.close()
print(settled(before))
E
)" '200 at once
as before' 'twenty clients that do not read their answers keep nobody waiting'

# One asks again and again and never reads, until there is no room for another
# answer: that is waited for, seconds and not for ever.
is "$(client <<'E'
before = state()
deaf = connect()
answers = set()
try:
    for _ in range(1000):
        deaf.sendall(request(uri=b"/openapi.json"))
        answers.add(ask())
    print("is never given up")
except (BrokenPipeError, ConnectionResetError):
    print(answers, quick())
deaf.close()
print(settled(before))
E
)" "{'200'} 200 at once
as before" 'a client that never reads is disconnected, and others wait for seconds at most'
like "$(grep -c 'event=reply_cut reason=timeout' "$LK_LOG")" '^[1-9]' 'the log reports a client that never reads'

# --- what is no request ---

is "$(client <<'E'
rest = GET[16:]
p = pairs(REQUEST_METHOD=b"GET", REQUEST_URI=b"/")
wrong = {
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "zeroes": b"\0" * 100,
    "ones": b"\xff" * 100,
    "version 2": b"\2" + GET[1:],
    "FCGI_GET_VALUES": record(GET_VALUES, pairs(FCGI_MAX_CONNS=b""), 0),
    "the same name often": record(GET_VALUES, pairs(FCGI_MPXS_CONNS=b"") * 100, 0),
    "the same within a request": begin() + record(GET_VALUES, pairs(FCGI_MPXS_CONNS=b"") * 100, 0) + rest,
    "an unknown management record": record(99, b"12345678", 0),
    "one within a body": POST[:-8] + record(99, b"12345678", 0) + POST[-8:],
    "the role of an authorizer": begin(role=2) + rest,
    "the role of a filter": begin(role=3) + rest,
    "an unknown role": begin(role=77) + rest,
    "request 0": begin(0) + rest,
    "an abort": begin() + record(ABORT),
    "an abort within a body": POST[:-8] + record(ABORT),
    "an abort of what has not begun": record(ABORT, number=9),
    "another's abort": begin() + record(ABORT, number=9) + rest,
    "two requests at a time": begin() + begin(2) + rest,
    "another's empty record": begin() + record(PARAMS, number=2) + rest,
    "a body before its parameters": begin() + record(STDIN, b"x") + rest,
    "a body without parameters": begin() + record(STDIN),
    "padding behind nothing": begin() + stream(PARAMS, p)[:-8] + record(PARAMS, padding=8) + record(STDIN),
    "padding behind a begin": record(BEGIN, begin()[8:], padding=8) + rest,
    "a value that ends early": begin() + stream(PARAMS, p[:-1]) + record(STDIN),
    "a name that ends early": begin() + stream(PARAMS, p + b"\x20\0NAME") + record(STDIN),
    "lengths of 2 GiB": begin() + stream(PARAMS, p + b"\xff" * 8) + record(STDIN),
    "lengths of 1 GiB": begin() + stream(PARAMS, p + b"\xc0\0\0\0" * 2) + record(STDIN),
    "half a length": begin() + stream(PARAMS, p + b"\xff") + record(STDIN),
    "parameters of 1 MiB": begin() + stream(PARAMS, p + pairs(LONG=b"x" * 2**20)) + record(STDIN),
    "parameters over the limit": begin() + stream(PARAMS, p + pairs(LONG=b"x" * 2**17)) + record(STDIN),
    "65536 parameters": begin() + stream(PARAMS, p + b"\1\1AB" * 65536) + record(STDIN),
}
before = state()
for name, what in wrong.items():
    kept = connect()
    found = ask(GET, kept), ask(what, kept), ask(what), quick()
    if found != ("200", "closed", "closed", good):
        print(name, found)
kept.close()
for _ in range(50):
    for what in wrong.values():
        s = connect()
        say(s, what)
        s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'records that no web server sends end the connection, a new or a kept one, time and again'
like "$(grep -c 'event=request_broken what=record' "$LK_LOG")" '^[1-9][0-9]{2,}$' 'the log reports records that no web server sends'

# In libfcgi such a sum becomes a buffer that is too small: CVE-2025-23016.
is "$(client <<'E'
p = pairs(REQUEST_METHOD=b"GET", REQUEST_URI=b"/")
before = state()
for name, value in (2**31 - 1, 0), (0, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1), (4, 2**31 - 4), (2**30, 2**30), (2**31 - 1, 2**31 - 1):
    params = p + length(name) + length(value) + b"NAME"
    whole = begin() + stream(PARAMS, params) + record(STDIN)
    ways = [(whole[:i], whole[i:]) for i in range(1, len(whole))]
    ways += [(begin() + record(PARAMS, params[:i]), record(PARAMS, params[i:]) + record(PARAMS) + record(STDIN)) for i in range(1, len(params))]
    ways += [(begin(), stream(PARAMS, params, step=1) + record(STDIN))]
    for first, second in ways:
        s = connect()
        say(s, first)
        say(s, second)
        found = answer(s)
        if found != "closed":
            print(name, value, first, found)
        s.close()
    assert quick() == good
print(quick(), settled(before))
E
)" '200 at once as before' 'lengths whose sum passes INT_MAX end the connection, wherever records or writes are cut'

# They stay connected: closing must not wait for them either.
is "$(client <<'E'
many = []
for _ in range(200):
    many.append(connect())
    say(many[-1], b"nonsense" * 10)
print(quick())
E
)" '200 at once' 'nobody waits for a refused peer to close its side'
is "$(client <<'E'
start = time.time()
many = []
for _ in range(20):
    many.append(connect())
    say(many[-1], begin(flags=0) + GET[16:])
print({answer(s) for s in many}, time.time() - start < 2)
E
)" "{'200'} True" 'nobody waits for an answered peer to close its side'

# --- what is unusual, and right ---

is "$(client <<'E'
p = pairs(REQUEST_METHOD=b"GET", REQUEST_URI=b"/")
wide = struct.pack(">II", 1 << 31 | 11, 1 << 31 | 1) + b"REQUEST_URI/" + pairs(REQUEST_METHOD=b"GET")
right = {
    "padding": begin() + record(PARAMS, p, padding=255) + record(PARAMS) + record(STDIN, b"x", padding=7) + record(STDIN),
    "a byte a record": begin() + stream(PARAMS, p, step=1) + record(STDIN),
    "lengths of four bytes": begin() + stream(PARAMS, wide) + record(STDIN),
    "another number": begin(65535) + stream(PARAMS, p, 65535) + record(STDIN, number=65535),
    "parameters of 100 KB": request(LONG=b"x" * 100000),
    "a body without a length": begin() + stream(PARAMS, p) + stream(STDIN, b"x" * 10000),
}
before = state()
for name, what in right.items():
    s = connect()
    found = [ask(what, s) for _ in range(3)]
    if found != ["200"] * 3:
        print(name, found)
s.close()
print(quick(), settled(before))
E
)" '200 at once as before' 'padding, records of a byte, long lengths and long parameters are answered'

is "$(client <<'E'
for more in GET + GET, GET[:20]:
    s = connect()
    print(ask(GET + more, s), answer(s))
E
)" '200 closed
200 closed' 'of requests sent without waiting one is answered, and the connection closed'

is "$(client <<'E'
before = state()
for _ in range(2000):
    s = connect()
    assert ask(GET, s) == "200"
    s.close()
print(settled(before))
E
)" 'as before' 'two thousand connections leave nothing behind'

# --- fairness ---

# Two ask on kept connections without a pause, of which one never has it empty;
# another connects again each time.
is "$(client <<'E'
counts = [0, 0, 0]
end = time.time() + 2
def busy(i, kept):
    s = connect()
    while time.time() < end:
        if not kept:
            s.close()
            s = connect()
        assert ask(GET, s) == "200"
        counts[i] += 1
def pipelining():
    while time.time() < end:
        s = connect()
        say(s, GET * 10)
        answer(s)
        s.close()
threads = [threading.Thread(target=busy, args=(i, i < 2)) for i in range(3)]
threads.append(threading.Thread(target=pipelining))
for t in threads:
    t.start()
for t in threads:
    t.join()
print(min(counts) * 10 > max(counts) and min(counts) > 50 or counts)
E
)" True 'kept and new connections are served in turn'
is "$(pgrep -x latchkey-api -P "$(cat "$LK_SERVE")")" "$worker" 'one worker has survived all broken peers'

# --- over TCP, where a request comes in parts ---

port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
t/stack workers-stop "$LK_DIR"
sed -i "s|^listen_api = .*|listen_api = \"127.0.0.1:$port\"|" "$LK_CONF"
t/stack workers-start "$LK_DIR"
listens() {
	ss -tlH "sport = :$port" | grep -q .
}
retry 10 listens
is "$(client "$port" <<'E'
large = request(b"POST", b"/nope", b"z" * 65536, COOKIE=b"y" * 30000)
print(ask(large))
for step in 100, 1000, 10000:
    s = connect()
    for _ in range(2):
        for i in range(0, len(large), step):
            say(s, large[i:i + step])
        print(answer(s))
s = connect()
for i in range(len(GET)):
    say(s, GET[i:i + 1])
print(answer(s))
E
)" '404
404
404
404
404
404
404
200' 'the largest request is answered over TCP too, whole and in parts'
t/stack down "$LK_DIR"

# --- several workers ---

# Kept connections go to the workers in turn, also while one would do.
stack_up workers=2 hash_cost=1 nginx_limits=off
is "$(client "$LK_SOCKET_CHECK" <<E
import urllib.request
here = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def requests():
    """How many each worker of the lane has answered."""
    with here.open("$LK_OPS_URL/metrics") as f:
        return [int(line.split()[-1]) for line in f if line.startswith(b'latchkey_worker_requests_total{lane="check"')]
before = requests()
health = request(uri=b"/healthz")
many = []
for _ in range(40):
    many.append(connect())
    assert ask(health, many[-1]) == "200"
more = [now - then for then, now in zip(before, requests())]
print(len(more) == 2 and sum(more) == 40 and min(more) >= 8 or more)
E
)" True 'forty kept connections spread over two workers'

done_testing
