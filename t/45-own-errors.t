#!/bin/sh
# nginx's own errors, which the sample's maps assemble, 100,000 times: each is
# whole and agrees with its status; and among streams that are cut off, no
# answer reaches another client. (A map that kept its first value, or an
# expression that changed another's captures, would show here.)
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off accept_plain_tokens=true
$LK_PSQL -qc "insert into users (username, password, is_active) select 'user-' || i, 'x', true from generate_series(1, 100) i"

# Two more ports: HTTP/2, and an application that says who it was told asks. The
# logins' lane is not there.
free_ports=$(python3 -c '
import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(x.getsockname()[1] for x in s))')
LK_HTTP2=${free_ports% *}
site=$LK_DIR/nginx.site
sed -i "s/^	listen 127.0.0.1:$LK_PORT;/&\n	listen 127.0.0.1:$LK_HTTP2 http2;/" "$site"
sed -i "/^upstream latchkey_login/,/^}/s|unix:[^;]*|unix:$LK_DIR/data/none.sock|" "$LK_DIR/nginx/latchkey-http.conf"
# shellcheck disable=SC2016 # nginx's variable
printf 'server {\n\tlisten 127.0.0.1:%s;\n\taccess_log off;\n\tlocation / {\n\t\treturn 200 "$http_x_auth_user";\n\t}\n}\n' "${free_ports#* }" >>"$site"
guard "${free_ports#* }"
ok $? 'nginx speaks HTTP/2 beside HTTP/1.1, and guards an application' || diag "$(tail -n 3 "$LK_LOGS/nginx.log")"

cat >"$tmp/own.py" <<'P'
import base64, hashlib, hmac, json, os, random, re, socket, string, sys, time
from http2 import Connection
from peer import answers as parse
PORT, HTTP2 = int(os.environ["LK_PORT"]), int(os.environ["LK_HTTP2"])
def tell(title, wanted, got):
    print("%s\t%s\t%s" % (got, wanted, title))

DETAIL = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 412: "Precondition Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
          500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable", 505: "HTTP Version Not Supported"}
LETTERS = string.ascii_letters + string.digits + "-_~!$&'()*+,;=:@"
def some(r, n=30):
    return "".join(r.choices(LETTERS, k=r.randint(1, n))).encode()
def word(r):
    return b"%015x" % r.getrandbits(60)

# Each kind: how it is asked for, as (method, path, headers); its status; is it nginx's own?
KINDS = [
    (lambda r: (b"GET", b"/docs/assets/" + word(r) + b".js", []), 404, True),
    (lambda r: (b"GET", b"/docs/assets/" + word(r) + b".css?" + some(r), []), 404, True),
    (lambda r: (b"POST", b"/docs/assets/docs.js?" + some(r), []), 405, True),
    (lambda r: (b"GET", b"/docs/assets/docs.js", [(b"If-Match", b'"%s"' % word(r))]), 412, True),
    (lambda r: (b"GET", r.choice([b"/metrics", b"/readyz", b"/healthz"]) + b"?" + some(r), []), 404, True),
    (lambda r: (b"GET", b"/latchkey-error?" + some(r), []), 404, True),
    (lambda r: (b"GET", b"/latchkey-check?" + some(r), []), 404, True),
    (lambda r: (b"GET", b"/users/add_user/?" + some(r), []), 503, True),
    (lambda r: (b"PUT", b"/users/me/password", [(b"X-" + word(r), some(r))]), 503, True),
]
# The program's answers stand among them.
OTHERS = [
    (lambda r: (b"GET", b"/" + some(r).replace(b"..", b"") + b"/" + word(r), []), 404, False),
    (lambda r: (b"GET", b"/?" + some(r), []), 200, False),
    (lambda r: (b"DELETE", b"/users/me", []), 405, False),
    (lambda r: (b"GET", b"/users/me", [(b"Authorization", b"Bearer " + word(r))]), 401, False),
]
ALL = KINDS + OTHERS
def request(method, path, headers):
    return b"%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (method, path, b"".join(b"%s: %s\r\n" % h for h in headers))

def exchange(what, n):
    """n answers to what is sent on one connection, as bytes, without their dates."""
    with socket.create_connection(("127.0.0.1", PORT), 30) as s:
        s.sendall(what)
        got = b""
        while more := s.recv(1 << 16):
            got += more
            if n and got.endswith(n):
                break
    return DATE.sub(b"Date: -\r\n", got)
DATE = re.compile(rb"Date: [^\r]*\r\n")

def sound(answer, status, own):
    """Is this one answer as it has to be?"""
    found = parse(answer)
    if len(found) != 1 or found[0][0] != status:
        return "status"
    _, head, body = found[0]
    header = lambda name: re.findall(r"(?im)^%s: (.*?)\r?$" % name, head)
    if status == 200:
        return None if json.loads(body) == {"message": "Hello World"} or b"message" in body else "body"
    if own and body != b'{"detail":"%s"}' % DETAIL[status].encode():
        return "body"
    if not json.loads(body)["detail"] or header("Content-Type") != ["application/json"] or header("Content-Length") != [str(len(body))]:
        return "shape"
    if own and (header("Cache-Control") != ["no-store"] or header("Retry-After") != (["5"] if status == 503 else []) or header("Allow") != (["GET, HEAD"] if status == 405 else [])):
        return "headers"
    if len(header("Content-Security-Policy")) != 1 or "script" in header("Content-Security-Policy")[0]:
        return "policy"
    return None
P
own() {
	{
		echo 'from own import *'
		cat
	} >"$tmp/now.py"
	(export LK_PORT LK_HTTP2 LK_KEY
	PYTHONPATH=t/tool:$tmp python3 -B "$tmp/now.py") >"$tmp/results"
	ok $? "all requests by $1 were sent"
	while IFS='	' read -r found wanted title; do
		is "$found" "$wanted" "$title"
	done <"$tmp/results"
}

own 'HTTP/1.1' <<'P'
r = random.Random(1)
reference = []
for how, status, is_own in ALL:
    one = exchange(request(*how(r)).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), None)
    fault = sound(one, status, is_own)
    tell("the %d of %s has its status, body and headers" % (status, "nginx's own" if is_own else "the program's"), "None", fault or "None")
    reference.append(one.replace(b"Connection: close", b"Connection: keep-alive"))
# Two of the same status are the same, whatever the path.
by = {}
for (_, status, is_own), ref in zip(ALL, reference):
    if is_own:
        by.setdefault(status, set()).add(ref)
tell("nginx's own errors of one status are equal", "{404: 1, 405: 1, 412: 1, 503: 1}", {k: len(v) for k, v in sorted(by.items())})
# (Behind a 412 nginx closes the connection, whatever it says.)
KEPT = [k for k, (_, status, _) in enumerate(KINDS) if status != 412]
differs, done = {}, 0
while done < 70000:
    # nginx lets 1,000 requests pass on a connection; most are its own.
    kinds = [r.choice(KEPT) if r.random() < 0.8 else r.randrange(len(KINDS), len(ALL)) for _ in range(900)]
    with socket.create_connection(("127.0.0.1", PORT), 30) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, 900, 60):
            if differs:
                break
            part = kinds[at:at + 60]
            s.sendall(b"".join(request(*ALL[k][0](r)) for k in part))
            # the date's length is always the same
            wanted = sum(len(reference[k]) + 28 for k in part)
            got = b""
            try:
                while len(got) < wanted and (more := s.recv(1 << 18)):
                    got += more
            except ConnectionResetError:
                pass
            if DATE.sub(b"Date: -\r\n", got) != b"".join(reference[k] for k in part):
                differs.setdefault(tuple(part), got[:2000])
    done += 900
tell("%d answers in pipelines differ by no byte from one alone" % (done - done % 10000), "[]", [(at, got[-1200:]) for at, got in differs.items()][:1])

# Requests whose connection is closed.
closing = [
    (lambda: request(*KINDS[3][0](r)), 412),
    (lambda: b"GET / HTTP/1.1\r\n\r\n", 400), (lambda: b"GET / HTTP/1.1\r\nHost: a/%s\r\n\r\n" % word(r), 400), (lambda: some(r) + b"\r\n\r\n", 400),
    (lambda: b"GET /%00" + some(r) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400), (lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nX-%s: %s\r\n\r\n" % (word(r), b"x" * 9000), 400),
    (lambda: b"GET /../%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % word(r), 400), (lambda: b"POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (word(r), r.randint(65537, 2**40)), 413),
    (lambda: b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (word(r) * 600), 414), (lambda: b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: %s\r\n\r\n" % word(r), 501),
    (lambda: b"GET /%s HTTP/%d.0\r\nHost: localhost\r\n\r\n" % (word(r), r.randint(3, 9)), 505),
]
reference, differs, n = {}, 0, 3000
for i in range(n):
    how, status = r.choice(closing)
    with socket.create_connection(("127.0.0.1", PORT), 30) as s:
        s.sendall(how())
        got = b""
        try:
            while not got.endswith(b'"}') and (more := s.recv(1 << 16)):
                got += more
        except ConnectionResetError:
            pass
    got = DATE.sub(b"Date: -\r\n", got)
    if status not in reference:
        reference[status] = got
        tell("the %d that closes its connection has its status, body and headers" % status, "None", sound(got, status, True) or "None")
    differs += got != reference[status]
tell("%d errors that close their connections differ by no byte from the first" % n, 0, differs)
P

own 'HTTP/2' <<'P'
r = random.Random(2)
reference, differs, done, unanswered = {}, {}, 0, 0
while done < 27000:
    c = Connection(HTTP2)
    for _ in range(9):
        asked = {}
        for _ in range(100):
            k = r.randrange(len(KINDS)) if r.random() < 0.8 else r.randrange(len(ALL))
            method, path, headers = ALL[k][0](r)
            asked[c.get(path, [(name.lower(), value) for name, value in headers], method)] = k
        c.send()
        got = c.answers(100)
        unanswered += 100 - len(got)
        for stream, (status, body) in got.items():
            k = asked[stream]
            if status != ALL[k][1] or body != reference.setdefault(k, body) or ALL[k][2] and body != b'{"detail":"%s"}' % DETAIL[ALL[k][1]].encode():
                differs.setdefault((ALL[k][1], status), body)
        done += 100
    c.close()
tell("%d answers of HTTP/2, 100 at a time, have the status and the body of their requests" % (done - done % 1000), "{}", differs)
tell("no answer of HTTP/2 is missing", 0, unanswered)
P

# --- streams that are cut off ---

cat >"$tmp/whose.py" <<'P'
from own import *
key = open(os.environ["LK_KEY"], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=")
def bearer(i):
    t = b64(b'{"alg":"HS256","typ":"JWT"}') + b"." + b64(b'{"sub":"user-%d","exp":%d}' % (i, time.time() + 600))
    return b"Bearer " + t + b"." + b64(hmac.new(key, t, "sha256").digest())
TOKENS = [bearer(i) for i in range(1, 101)]
def whose(path, status, body):
    if status in (500, 503):
        return "nobody" if body == b'{"detail":"%s"}' % DETAIL[status].encode() or b"not available" in body else "garbled"
    if status != 200:
        return status
    return json.loads(body)["username"] if path == b"/users/me" else body.decode()
def rounds(r, n, cut):
    """n times 100 streams on one connection, some of which are cut off: who got what."""
    right, wrong, unserved, c = 0, [], 0, None
    for i in range(n):
        if c is None or c.closed or i % 9 == 0:
            c = Connection(HTTP2)
        asked = {}
        for k in r.sample(range(100), 100):
            path = r.choice([b"/users/me", b"/app/x"])
            asked[c.get(path, [(b"authorization", TOKENS[k])])] = path, "user-%d" % (k + 1)
            if r.random() < 0.1:
                c.send()
        gone = r.sample(sorted(asked), cut)
        if r.random() < 0.5:
            c.send()
            time.sleep(r.random() * 0.01)
        for stream in gone:
            c.reset(stream)
            del asked[stream]
        c.send()
        for stream, (status, body) in c.answers(100 - cut).items():
            path, name = asked[stream]
            got = whose(path, status, body)
            right += got == name
            unserved += got in ("nobody", None)
            if got not in (name, "nobody", None):
                wrong.append((path, name, got))
    return right, wrong, unserved
P
own 'streams' <<'P'
from whose import *
right, wrong, unserved = rounds(random.Random(3), 45, 50)
tell("of 100 streams at a time, half of them cut off, none gets the answer of another", "[]", wrong)
tell("of 100 streams at a time, half of them cut off, the others get their answers", "(2250, 0)", (right, unserved))
# Over HTTP/1.1 the same with connections.
r, right, wrong = random.Random(4), 0, []
for _ in range(5):
    open_ = []
    for k in r.sample(range(100), 100):
        path = r.choice([b"/users/me", b"/app/x"])
        s = socket.create_connection(("127.0.0.1", PORT), 30)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: %s\r\n\r\n" % (path, TOKENS[k]))
        open_.append((s, path, "user-%d" % (k + 1)))
    for s, _, _ in r.sample(open_, 50):
        s.close()
    for s, path, name in open_:
        if s.fileno() >= 0:
            got = b"".join(iter(lambda: s.recv(65536), b""))
            s.close()
            status, _, body = parse(got)[0]
            right += whose(path, status, body) == name
            if whose(path, status, body) not in (name, "nobody"):
                wrong.append((path, name, got))
tell("of 100 connections at a time, half of them cut off, the others get their own answers", "[] 250", "%s %d" % (wrong, right))
P

# --- few connections ---

sed -i 's/worker_connections 768/worker_connections 40/' "$LK_DIR/nginx.conf"
nginx_reload
own 'few connections' <<'P'
from whose import *
right, wrong, unserved = rounds(random.Random(5), 30, 20)
tell("with 40 connections for nginx no request gets the answer of another, or half of one", "[]", wrong)
tell("with 40 connections for nginx some requests are served (%d, %d not)" % (right, unserved), "True", right > 100)
r, wrong, kinds = random.Random(6), [], {}
for _ in range(10):
    c = Connection(HTTP2)
    asked = {}
    for _ in range(100):
        how, status, is_own = r.choice(ALL)
        method, path, headers = how(r)
        asked[c.get(path, [(name.lower(), value) for name, value in headers], method)] = status
    c.send()
    for stream, (status, body) in c.answers(100).items():
        kinds[status] = kinds.get(status, 0) + 1
        if status not in (None, asked[stream], 500, 503) or status in (500, 503) and body != b'{"detail":"%s"}' % DETAIL[status].encode():
            wrong.append((asked[stream], status, body))
tell("with 40 connections for nginx each error has the body of its status", "[]", wrong)
P
is "$(grep -cE 'signal [0-9]+|\[alert\].*exited' "$LK_LOGS/nginx.log")" 0 'no process of nginx dies'

done_testing
