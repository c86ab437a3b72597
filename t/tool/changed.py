"""Requests to a guarded application that are made from good ones by one to three changes.

    changed.py REQUESTS [SEED]

LK_PORT, LK_KEY, LK_ADA, LK_EVE, LK_ADA_TOKEN and LK_EVE_TOKEN in the environment. Each answer that comes
from the application has to have the name of somebody whose credential, whole, is in the request, the scopes of
that user and no others, and of a request that may change something a page of this host, or a token. At /admin/
it has to be somebody with the scope "admin". Writes found, wanted and title.
"""
import os
import random
import re
import socket
import sys
import threading

import proofs

PORT = int(os.environ["LK_PORT"])
HOST = b"localhost:%d" % PORT
KEY = proofs.key_of(os.environ["LK_KEY"])
COOKIES = {u: [c.encode(), proofs.ending(KEY, c, -1).encode()] for u, c in (("ada", os.environ["LK_ADA"]), ("eve", os.environ["LK_EVE"]))}
TOKENS = {u: os.environ["LK_%s_TOKEN" % u.upper()].encode() for u in COOKIES}
SCOPES = {"ada": "admin todos:write", "eve": ""}
ANYBODY = [c for cs in COOKIES.values() for c in cs]
ADDED = [
    b"X-Auth-User: eve", b"X_Auth_User: eve", b"X.Auth.User: eve", b"x-auth-user: root", b"X-Auth-User-Id: 2", b"X-Auth-Session: x", b"X-Auth-Scope: admin", b"X_Auth_Scope: admin", b"LATCHKEY-SCOPE: read", b"Remote-User: eve",
    b"X-Forwarded-User: eve", b"X-Forwarded-Method: GET", b"X-HTTP-Method-Override: GET", b"X-Forwarded-Uri: /healthz", b"X-Original-URL: /healthz", b"X-Rewrite-URL: /",
    b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Host: evil.example", b"X-Forwarded-Proto: https", b"User-Agent: kube-probe/1.30", b"Authorization: Basic ZXZlOng=",
    b"Authorization: Bearer x", b"Authorization: Bearer", b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Site: same-site", b"Sec-Fetch-Site: none", b"Origin: http://evil.example", b"Origin: null",
    b"Upgrade: websocket\r\nConnection: Upgrade", b"Upgrade: h2c", b"Connection: X-Auth-User, Cookie", b"Connection: close", b"Cookie: a=b", b"Cookie: __Host-latchkey=", b"Cookie: __Host-latchkey",
    b"Cookie: __Host-latchkey=x", b"Accept: text/html", b"Sec-Fetch-Mode: navigate", b"Expect: 100-continue", b"Range: bytes=0-0", b"If-None-Match: *", b"Via: 1.1 x", b"Proxy: x",
    b"LATCHKEY-METHOD: GET", b"Host: evil.example", b"Content-Length: 0", b"TE: trailers", b"X: " + b"y" * 3000]
TARGETS = [b"/admin/x", b"/app/../admin/x", b"//admin/x", b"/%61dmin/x", b"/admin", b"/ADMIN/x", b"/admin/../app/x", b"/app/x/../../admin/", b"/app/", b"/app/../app/x", b"//app/x", b"/app//x", b"/app/%2e%2e/app/x", b"/app/x#y", b"/app/x?/healthz", b"/%61pp/x", b"/app/x;y", b"/APP/x", b"/app", b"/app/\xff", b"/app/status/403",
           b"http://localhost/app/x", b"/latchkey-check", b"/latchkey-renew", b"/check", b"/check/renew", b"*", b"/app/" + b"a" * 4000]
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"PROPFIND", b"CONNECT", b"get", b"FROB"]


def good(rng):
    user = rng.choice(sorted(COOKIES))
    method = rng.choice([b"GET", b"GET", b"POST", b"DELETE", b"HEAD", b"PUT"])
    lines = [method + rng.choice([b" /app/x", b" /app/x", b" /admin/x"]) + b" HTTP/1.1", b"Host: " + HOST, b"User-Agent: Mozilla/5.0", b"Accept: */*"]
    if rng.random() < 0.3:
        lines.append(b"Authorization: Bearer " + TOKENS[user])
    else:
        lines.append(b"Cookie: a=b; __Host-latchkey=" + rng.choice(COOKIES[user]) + b"; c=d")
        lines.append(rng.choice([b"Sec-Fetch-Site: same-origin", b"Origin: http://" + HOST]))
    if method not in (b"GET", b"HEAD"):
        lines.append(b"Content-Length: 0")
    return lines


def spliced(rng, value):
    other = rng.choice(ANYBODY)
    at = rng.randrange(len(value))
    return rng.choice([other, value[:at] + other[at:], value[:at], value + value[:4], value + b"; __Host-latchkey=" + other, b'"' + value + b'"', value.swapcase(), value[::-1]])


def change(rng, lines):
    """One change, in place."""
    i = rng.randrange(len(lines))
    line = lines[i]
    at = rng.randrange(len(line) + 1)
    kind = rng.randrange(13)
    if kind == 0:
        lines[i] = line[:at] + bytes([rng.randrange(256)]) + line[at + 1:]
    elif kind == 1:
        lines[i] = line[:at] + line[at + 1:]
    elif kind == 2:
        lines[i] = line[:at] + bytes([rng.choice(b"\0\t\r\n ;,=\"'\\%#:/\x7f\xc3a-_.")]) + line[at:]
    elif kind == 3 and i > 0:
        del lines[i]
    elif kind == 4 and i > 0:
        lines.insert(rng.randrange(1, len(lines) + 1), line)
    elif kind == 5 and i > 0:
        j = rng.randrange(1, len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    elif kind == 6 and i > 0:
        name, colon, value = line.partition(b":")
        lines[i] = rng.choice([name.upper(), name.lower(), name.replace(b"-", b"_"), name + b" ", b" " + name, name.replace(b"-", b"."), b"X-" + name]) + colon + value
    elif kind in (7, 8):
        for j, one in enumerate(lines):
            if m := re.search(rb"__Host-latchkey=([\w-]+)", one):
                lines[j] = one[:m.start(1)] + spliced(rng, m[1]) + one[m.end(1):]
    elif kind == 9:
        lines.insert(rng.randrange(1, len(lines) + 1), rng.choice(ADDED + [b"Cookie: __Host-latchkey=" + rng.choice(ANYBODY)]))
    elif kind == 10:
        lines[0] = b" ".join([lines[0].split(b" ")[0], rng.choice(TARGETS), b"HTTP/1.1"])
    elif kind == 11:
        lines[0] = b" ".join([rng.choice(METHODS)] + lines[0].split(b" ")[1:])
    else:
        lines[0] = lines[0].replace(b"HTTP/1.1", rng.choice([b"HTTP/1.0", b"HTTP/1.1 ", b"HTTP/2.0", b"HTTP/0.9", b""]))


class Peer:
    """A connection that is kept while its answers can be told apart."""
    def __init__(self):
        self.s, self.rest = None, b""

    def close(self):
        if self.s is not None:
            self.s.close()
        self.s, self.rest = None, b""

    def ask(self, raw):
        """The status and the head of the first answer; 0: none."""
        whole = raw.count(b"\r\n\r\n") == 1 and raw.endswith(b"\r\n\r\n") and raw.count(b"\n") == raw.count(b"\r\n")
        plain = whole and not re.search(rb"(?im)^transfer-encoding|^expect|^content-length *:(?! *0\r)|\0", raw)
        for _ in range(2):
            fresh = self.s is None
            if fresh:
                self.s = socket.create_connection(("127.0.0.1", PORT), 20)
            try:
                self.s.sendall(raw)
                if not plain:
                    # what is not whole would be waited for: an end for headers, bodies and chunks
                    self.s.sendall(b"0\r\n\r\n" * 200)
                    self.s.settimeout(2)
                head, body = self.read()
            except (TimeoutError, ConnectionError):
                head, body = b"", b""
            if head or fresh:
                break
            self.close()	# nginx closed a kept one
        status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0
        if not plain or status not in (200, 401) or body is None or b"connection: close" in head.lower():
            self.close()
        return status, head

    def read(self):
        got = self.rest
        while b"\r\n\r\n" not in got:
            if not (more := self.s.recv(65536)):
                return b"", None
            got += more
        head, _, got = got.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100 "):
            self.rest = got
            return self.read()
        m = re.search(rb"(?im)^content-length: *(\d+)", head)
        if m is None or self.method == b"HEAD":
            return head, b"" if self.method == b"HEAD" else None
        while len(got) < int(m[1]):
            if not (more := self.s.recv(65536)):
                return head, None
            got += more
        self.rest = got[int(m[1]):]
        return head, got[:int(m[1])]


def fault(raw, status, head):
    """What is wrong with this answer; None: nothing."""
    if not (200 <= status < 300 or status == 101) or not re.search(rb"(?im)^x-app:", head):
        return None
    seen = re.search(rb"(?im)^x-seen: *(.*?)\r?$", head)
    name = seen[1].decode("latin-1") if seen else ""
    if name not in COOKIES:
        return "the application saw the name %r" % name
    scopes = re.search(rb"(?im)^x-scopes: *(.*?)\r?$", head)
    if scopes is None or scopes[1].decode("latin-1") != SCOPES[name]:
        return "the application saw the scopes %r of %s" % (scopes and scopes[1], name)
    if re.search(rb"(?im)^x-place: *admin", head) and "admin" not in SCOPES[name].split():
        return "%s has no scope for it" % name
    if not any(c in raw for c in COOKIES[name] + [TOKENS[name]]):
        return "no credential of %s" % name
    unsafe = raw.split(b" ")[0].lstrip(b"\r\n") not in (b"GET", b"HEAD", b"OPTIONS") or re.search(rb"(?im)^upgrade *:", raw)
    own = re.search(rb"(?im)^sec-fetch-site *: *(same-origin|none)\b", raw) or b"http://" + HOST.lower() in raw.lower()  # names of hosts have no case
    if unsafe and not own and TOKENS[name] not in raw:
        return "no page of this host"
    return None


def run(seed, n, counts, faults):
    rng, peer = random.Random(seed), Peer()
    for _ in range(n):
        lines = good(rng)
        for _ in range(rng.randint(1, 3)):
            change(rng, lines)
        raw = b"\r\n".join(lines) + b"\r\n\r\n"
        peer.method = lines[0].split(b" ")[0]
        status, head = peer.ask(raw)
        counts[status] = counts.get(status, 0) + 1
        if why := fault(raw, status, head):
            faults.append("%s: %r" % (why, raw))
    peer.close()


def planted():
    """What has to be noticed, and is not."""
    answer = b"HTTP/1.1 200 OK\r\nX-App: yes\r\nX-Seen: %s\r\n"
    scopes = b"\r\nX-Scopes: admin todos:write"
    cookie = b"Cookie: __Host-latchkey=" + COOKIES["ada"][0]
    assert fault(b"GET /app/x HTTP/1.1\r\n" + cookie, 200, answer % (b"ada" + scopes)) is None
    return [(request, seen) for request, seen in [
        (b"GET /app/x HTTP/1.1\r\n" + cookie, b"ada"), (b"GET /app/x HTTP/1.1\r\n" + cookie, b"ada\r\nX-Scopes: admin"),
        (b"GET /admin/x HTTP/1.1\r\nCookie: __Host-latchkey=" + COOKIES["eve"][0], b"eve\r\nX-Scopes: \r\nX-Place: admin"),
        (b"GET /app/x HTTP/1.1\r\n", b"ada" + scopes), (b"GET /app/x HTTP/1.1\r\n" + cookie, b"eve\r\nX-Scopes: "), (b"GET /app/x HTTP/1.1\r\n" + cookie[:-1], b"ada" + scopes),
        (b"GET /app/x HTTP/1.1\r\n" + cookie, b""), (b"GET /app/x HTTP/1.1\r\n" + cookie, b"ada|eve"), (b"POST /app/x HTTP/1.1\r\n" + cookie, b"ada" + scopes),
        (b"GET /app/x HTTP/1.1\r\nUpgrade: websocket\r\n" + cookie, b"ada" + scopes)] if not fault(request, 200, answer % seen)]


def main():
    n = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10 ** 9)
    each = 4
    counts, faults = [{} for _ in range(each)], []
    threads = [threading.Thread(target=run, args=(seed + i, n // each, counts[i], faults)) for i in range(each)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    total = {}
    for c in counts:
        for status, m in c.items():
            total[status] = total.get(status, 0) + m
    print("seed %d: %s" % (seed, total), file=sys.stderr)
    print("%s\t[]\ta wrong name, none, another's, wrong scopes, and a page of another host are noticed" % planted())
    print("%s\t\tof %d changed requests none reaches the application without a right session and its scopes" % (faults[0] if faults else "", sum(total.values())))
    print("%s\tTrue\tat least a tenth of the changed requests are served" % (total.get(200, 0) * 10 >= n))
    print("%s\tTrue\tat least a tenth of the changed requests are refused" % ((total.get(401, 0) + total.get(403, 0)) * 10 >= n))


if __name__ == "__main__":
    main()
