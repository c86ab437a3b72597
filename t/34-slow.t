#!/bin/sh
# Slow and greedy clients: no address keeps the others out of nginx, over
# HTTP/1.1 or HTTP/2, with as few connections as Debian's nginx has.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

# An application behind the guard: it answers when as many requests are there
# as the path says, /app/100.
cat >"$tmp/app.py" <<'P'
import asyncio

here = {}

async def serve(reader, writer):
    path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
    wanted = int(path.rpartition(b"/")[2])
    waiting = here.setdefault(wanted, [0, asyncio.Event()])
    waiting[0] += 1
    if waiting[0] >= wanted:
        waiting[1].set()
    try:
        await asyncio.wait_for(waiting[1].wait(), 10)
        status = b"200 OK"
    except asyncio.TimeoutError:
        status = b"504 Too few"
    writer.write(b"HTTP/1.0 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
P
python3 "$tmp/app.py" >"$tmp/app.port" &
children=$!
retry 10 test -s "$tmp/app.port"

# The guarded example turned on; a second port, for HTTP/2 without TLS.
LK_PORT2=$(free_port)
sed -i "
	/^	#location \/app\//,/^	#}\$/s/^	#/	/
	s|proxy_pass http://127.0.0.1:9000|proxy_pass http://127.0.0.1:$(cat "$tmp/app.port")|
	s|^	listen 127.0.0.1:$LK_PORT;|&\n	listen 127.0.0.1:$LK_PORT2 http2;|
" "$LK_DIR/nginx.site"
before=$(pgrep -d ' ' -P "$(cat "$LK_DIR/data/nginx.pid")")
kill -HUP "$(cat "$LK_DIR/data/nginx.pid")"
# The processes before take requests for as long as they are there.
is_new() {
	# shellcheck disable=SC2086 # several numbers
	! ps -o pid= -p $before >/dev/null && pgrep -P "$(cat "$LK_DIR/data/nginx.pid")" >"$tmp/nginx"
}
retry 10 is_new
ok $? 'nginx has the guarded application, and HTTP/2'

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
LK_TOKEN=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
LK_NGINX=$(tr '\n' ' ' <"$tmp/nginx")
export LK_TOKEN LK_PORT LK_PORT2 LK_NGINX

# results SCRIPT: its lines, of what it got, what is wanted, and the title.
results() {
	PYTHONPATH=t/tool python3 "$tmp/$1" >"$tmp/results"
	ok $? "all requests of the script $1 were sent"
	while IFS='	' read -r found wanted title; do
		like "$found" "^($wanted)\$" "$title"
	done <"$tmp/results"
}

# --- slow bodies ---

cat >"$tmp/slow" <<'P'
import threading
from clients import *

# Requests of others: to each lane, and to an application behind the guard.
OTHERS = {"the api lane": get("/users/me", [BEARER]), "a token check": get("/check", [BEARER]),
          "the guarded application": get("/app/1", [BEARER]), "a login": post("/token", GOOD)}
SLOW = post("/", b"u", 60000)

def others():
    """The longest that one of them takes, and those that are not answered by a 200."""
    results = {name: once(PORT, request, "127.0.0.3", 5) for name, request in OTHERS.items()}
    return max(s for _, s in results.values()), ["%s: %s" % (name, status) for name, (status, _) in results.items() if status != 200]

def slow_client():
    client = Client(PORT, "127.0.0.2")
    client.send(SLOW)
    return client

held = [slow_client() for _ in range(64)]
read_all(held, .5)
say(statuses(held), "64 none", "64 requests of one address may wait for their bodies")
more = slow_client()
read_all([more], 5)
answer = more.got.decode()
say(more.status(), "429", "the 65th request of an address gets 429 before its body has come")
say(answer.rpartition("\r\n")[2], r'\{"detail":"Too Many Requests"(,.*)?\}', "the 429 of a slow client is JSON")
for header in "Content-Type: application/json", "Retry-After: [1-9]", "Cache-Control: no-store", "X-Content-Type-Options: nosniff":
    say(" ".join(line for line in answer.split("\r\n") if line.startswith(header.split(":")[0])), header, "the 429 of a slow client has " + header)
more.close()
for path in "/", "/docs/assets/docs.js", "/users/me":
    say(once(PORT, get(path), "127.0.0.2")[0], "429", "an address with 64 slow requests gets 429 for " + path)
say(once(PORT, get("/check", [BEARER]), "127.0.0.2")[0], "200", "an address with 64 slow requests gets its token checks, which are counted apart")
say(others()[1], r"\[\]", "another address is served beside 64 slow requests")
held.pop().close()
time.sleep(.2)
held.append(slow_client())
read_all(held[-1:], .5)
say(held[-1].status(), "None", "an address may send another slow request when one has ended")
for c in held:
    c.close()

# 1,600 in four seconds, each with a byte every other second.
clients, end, longest, failures = [], time.monotonic() + 8, 0, set()

def attack():
    begin = time.monotonic()
    last = begin
    while time.monotonic() < end:
        while len(clients) < min(1600, 400 * (time.monotonic() - begin)):
            clients.append(slow_client())
        if time.monotonic() - last > 2:
            last = time.monotonic()
            for c in clients:
                c.over or c.send(b"x")
        time.sleep(.02)

attacker = threading.Thread(target=attack)
attacker.start()
while time.monotonic() < end:
    s, failed = others()
    longest = max(longest, s)
    failures.update(failed)
    time.sleep(.2)
attacker.join()
say(len(clients), "1600", "one address begins 1,600 slow bodies")
say(sorted(failures), r"\[\]", "each lane, and the guarded application, answers another address beside 1,600 slow bodies")
say("%.1f" % longest, r"[01]\..", "another address is answered in less than two seconds beside 1,600 slow bodies")
read_all(clients, .5)
say(len([c for c in clients if c.status() is None]), "[1-5]?[0-9]|6[0-4]", "nginx waits for 64 slow bodies of an address at most")
P
results slow

# --- chunks of a byte: nginx could open no file for them ---

cat >"$tmp/chunks" <<'P'
from clients import *

def chunked(size):
    head = post("/token", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    body = b"username=ada&password=" + b"x" * (size - 22)
    return head + b"".join(b"1\r\n%c\r\n" % c for c in body) + b"0\r\n\r\n"

for size, wanted in (600, 401), (65536, 401), (65537, 413):
    say(once(PORT, chunked(size), "127.0.0.4")[0], wanted, "a login of %d bytes in as many chunks does not touch the disk" % size)
P
chmod 0 "$LK_DIR/data/nginx.body"
results chunks
chmod 700 "$LK_DIR/data/nginx.body"

# --- many streams of few connections ---

cat >"$tmp/streams" <<'P'
import os
from clients import *

TOKEN_SENT = ("authorization", BEARER.partition(": ")[2])

def memory():
    """What nginx's processes have, in MiB."""
    kib = 0
    for pid in os.environ["LK_NGINX"].split():
        with open("/proc/%s/smaps_rollup" % pid) as file:
            kib += sum(int(line.split()[1]) for line in file if line.startswith("Private_"))
    return kib // 1024

before = memory()
clients = [Http2(PORT2, "127.0.0.5") for _ in range(20)]
for c in clients:
    c.read_for(1, has_settings)
    for _ in range(120):
        c.begin("POST", "/", b"x" * 60000, 60001)
for c in clients:
    c.read_for(2, lambda c: len(c.answers) >= 56)
    c.read_for(.1)
answers = [a for c in clients for a in c.answers.values()]
say(clients[0].settings.get(3), "100", "nginx lets a client of HTTP/2 ask for 100 things at once")
say(2400 - len(answers), "64", "nginx waits for 64 slow bodies of 20 connections by HTTP/2 together")
say(sorted(set(map(str, answers))), r"\['429'.*\]", "slow bodies by HTTP/2 beyond 64 get 429")
say(memory() - before, "-?[0-9]|[12][0-9]", "2,400 slow bodies by HTTP/2 take less than 30 MiB of nginx's memory")
say(once(PORT, get("/"), "127.0.0.6")[0], "200", "another address is served beside slow bodies by HTTP/2")
for c in clients:
    c.close()

page = Http2(PORT2, "127.0.0.7")
for _ in range(100):
    page.begin("GET", "/app/100", None, None, [TOKEN_SENT])
page.read_for(15, lambda c: len(c.answers) == 100)
say(sorted(page.answers.values()) == [200] * 100, "True", "a page gets a hundred things at once from behind the guard")

pages = [Http2(PORT2, "127.0.0.8") for _ in range(3)]
for n in range(257):
    pages[n % 3].begin("GET", "/app/256", None, None, [TOKEN_SENT])
for c in pages:
    c.read_for(15, lambda c: len(c.answers) * 2 == c.next - 1)
answers = [a for c in pages for a in c.answers.values()]
say("%d, %d" % (answers.count(200), answers.count(429)), "256, 1", "an address gets 256 things at once from behind the guard, and not 257")
P
results streams

done_testing
