#!/bin/sh
# Requests that come in parts. A worker once left a request in its socket until it
# was whole: a peer that writes only while its socket is writable, as Apache's
# mod_proxy_fcgi does, then stopped at some 48 kB of a body, or at 86 bytes in
# records of one, and gave its client a 504 after a minute.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1 nginx_limits=off login_failures_per_service_hour=0 \
	login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000
login=$(pgrep -x latchkey-login -P "$(cat "$LK_SERVE")")
api=$(pgrep -x latchkey-api -P "$(cat "$LK_SERVE")")

cat >"$tmp/head.py" <<P
import os, sys, threading, time
from polling import *
LOGIN, API = "$LK_SOCKET_LOGIN", "$LK_SOCKET_API"
LOGIN_PID, API_PID = "$login", "$api"
P
cat >>"$tmp/head.py" <<'P'

def quick(where=API):
    """Is another client answered, and at once?"""
    start = time.monotonic()
    s = Peer(where, params("GET", "/")).end()
    found = s.status()
    s.close()
    return found in (200, 421) and time.monotonic() - start < 1

def memory(pid):
    """What the process has of its own, in KiB; None: not shown to this user."""
    try:
        with open("/proc/%s/smaps_rollup" % pid) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
    except PermissionError:
        return None
P
client() {
	{
		cat "$tmp/head.py"
		cat
	} | PYTHONPATH=t/tool python3 -
}

# --- meanwhile: what does not go on ---

client >"$tmp/slow" <<'P' &
def since(start, s):
    return "closed %s" % (4 < time.monotonic() - start < 8) if s.closes(10) else "open"
start = time.monotonic()
silent = Peer(LOGIN, params(length=1000)).body(b"x" * 10)
head = Peer(API, begin=False)
head.send(b"\1")
idle = Peer(API, params("GET", "/"), flags=1).end()
idle.answer()
slow = Peer(LOGIN, params(length=100))
for i in range(8):
    slow.body(login(100)[i * 10:i * 10 + 10])
    time.sleep(.8)
    if i == 5:
        print(since(start, silent), since(start, head))
print(slow.body(login(100)[80:]).end().status(), idle.closes(.1))
P
slow=$!
children="$children $slow"

# --- bodies, each record of which is written when the socket is writable ---

while read -r bytes step; do
	is "$(client <<P
print(Peer(LOGIN, params(length=$bytes)).body(login($bytes), $step).end().status())
P
)" 401 "a body of $bytes bytes in records of $step is read by a peer that waits until it may write"
done <<'P'
86 1
2026 16
12026 256
52026 8192
65536 8192
65536 1
P
is "$(client <<'P'
s = Peer(API, begin=False)
whole = params("GET", "/", HTTP_COOKIE="c" * 60000)
for byte in record(BEGIN, struct.pack(">HB5x", 1, 1)):
    s.send(bytes([byte]))
for i in range(0, len(pairs(whole)), 5):
    s.send(record(PARAMS, pairs(whole)[i:i + 5]))
s.send(record(PARAMS))
print(s.end().status())
for _ in range(2):
    s.begin(params("GET", "/"), 1)
    print(s.end().status())
    s.begin(params("POST", "/nope", 60000), 1)
    print(s.body(b"x" * 60000, 100).end().status())
P
)" '200
200
404
200
404' 'parameters of 60 kB in records of five bytes are read from such a peer, and the requests after them on the same connection'

# --- too large ---

is "$(client <<'P'
for size in 65536, 65537:
    s = Peer(LOGIN, params(length=size))
    if size == 65536:
        s.body(login(size)).end()
    print(s.status())
P
)" '401
413' 'a body of 64 KiB is read; of one byte more the length is enough for a 413'
is "$(client <<'P'
for size in 65537, 140000, 1 << 20, 20 << 20:
    s = Peer(LOGIN, params(length=size)).body(b"x" * size, 65535).end()
    print(s.status(), s.closes(1))
P
)" '413 True
413 True
413 True
413 True' \
	'a peer that sends all of a larger one reads the 413 still, and then the end'
is "$(client <<'P'
for size in 65536, 65537:
    print(Peer(LOGIN).body(login(size)).end().status())
s = Peer(LOGIN).body(login(70000))
print(s.status())
P
)" '401
413
413' 'a body without CONTENT_LENGTH is what comes, to the same limit'
is "$(client <<'P'
for said in "", "65536", "65535", "-1", "x", "99999999999999999999":
    print(Peer(LOGIN, params(length=said)).body(login(65535), 1000).end().status())
P
)" '401
400
401
400
400
400' 'a length that is none, or more than came, is a 400'
is "$(client <<'P'
start = time.monotonic()
s = Peer(API, params("GET", "/users/me", 1 << 40))
print(s.status(), s.closes(1), s.is_gone(5), 1 < time.monotonic() - start < 4)
P
)" '401 True True True' 'after a reply that did not wait for its body a silent peer has two seconds to close'

# what follows fills the worker's memory, and the oldest body would be the slow one
wait "$slow"
is "$(cat "$tmp/slow")" 'closed True closed True
401 False' 'a request that does not go on ends after five seconds; one that does, and a kept connection, do not'
like "$(grep -c 'event=request_broken what=slow' "$LK_LOG")" '^[2-9]$' 'each request that is slow has its line in the log'

# --- nobody is held up, and memory is bounded ---

is "$(client <<'P'
before = memory(LOGIN_PID)
held = [Peer(LOGIN, params(length=65536)).body(login(65535), 32000) for _ in range(15)]
print(quick(LOGIN), {s.body(b"x").end().status() for s in held})
held = [Peer(LOGIN, params(length=100)).body(login(99)) for _ in range(50)]
print(quick(LOGIN), {s.body(b"x").end().status() for s in held})
P
)" 'True {401}
True {401}' 'fifteen of the largest bodies, or fifty small ones, wait for their last byte and are answered'
is "$(client <<'P'
def settled(most):
    for _ in range(50):
        if memory(LOGIN_PID) is None or memory(LOGIN_PID) - before < most or "LK_SANITIZED" in os.environ:
            return "in bounds"
        time.sleep(.1)
    return "%d KiB more" % (memory(LOGIN_PID) - before)
before = memory(LOGIN_PID) or 0
held = []
for i in range(100):
    held.append(Peer(LOGIN, params(length=65536)).body(login(65535), 32000))
    if i % 10 == 0 and not quick(LOGIN):
        print("late")
print(settled(1400), held[0].closes(1), held[80].closes(1), {s.body(b"x").end().status() for s in held[-3:]})
for s in held:
    s.close()
print(settled(300), quick(LOGIN))
P
)" 'in bounds True True {401}
in bounds True' 'of a hundred bodies whose last byte is kept back the oldest end, since all take a megabyte of the worker'
like "$(grep -c 'event=request_broken what=memory' "$LK_LOG")" '^[5-9][0-9]$' 'each request that ends for the memory of newer ones has its line in the log'

# --- a worker whose slots are all taken ---

# It looked for a slot for one more connection by reading, and epoll does not report
# bytes that have been read: a request that became whole just then had no answer.
sql "insert into users (username, password, is_active) values
	('slow', 'pbkdf2_sha256\$1500000\$salt\$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', true)"
is "$(client <<'P'
import signal
def kept():
    s = Peer(LOGIN, params("GET", "/"), flags=1).end()
    return s if s.status() == 421 else None
held = [kept() for _ in range(511)]
whole = Peer(LOGIN, params(length=100)).body(login(99)) # the last slot
time.sleep(.6) # from here on those that are silent may lose theirs
os.kill(int(LOGIN_PID), signal.SIGSTOP)
busy = held[-1]
busy.begin(params(length=24), 1)
busy.body(b"username=slow&password=b").end()
more = Peer(LOGIN, params("GET", "/"))
def spent():
    with open("/proc/%s/stat" % LOGIN_PID) as file:
        return int(file.read().rsplit(")", 1)[1].split()[11]) # its ticks of a CPU
before = spent()
os.kill(int(LOGIN_PID), signal.SIGCONT)
while spent() < before + 5: # until it hashes
    time.sleep(.01)
whole.body(b"x").end() # during the hash, behind which the new connection waits
print(busy.status(), more.end().status(), whole.status())
P
)" '401 421 401' 'a request that becomes whole while its worker looks for a slot is answered'

is "$(pgrep -x latchkey-login -P "$(cat "$LK_SERVE")") $(pgrep -x latchkey-api -P "$(cat "$LK_SERVE")")" "$login $api" \
	'no worker ended for requests in parts'

done_testing
