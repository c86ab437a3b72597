"""Requests to a guarded application, through nginx: t/121-gate.t.

LK_PORT, LK_KEY, LK_ADA and LK_EVE (their cookies), LK_TOKEN (ada's) in the environment. Writes lines of
found, wanted and title, separated by tabs.
"""
import hashlib
import json
import os
import re
import socket
import sys

from peer import http
import proofs

PORT = os.environ["LK_PORT"]
HOST = b"localhost:" + PORT.encode()
KEY = proofs.key_of(os.environ["LK_KEY"])
ADA, EVE = os.environ["LK_ADA"], os.environ["LK_EVE"]
OLD = proofs.ending(KEY, ADA, -1)
SAME = b"Sec-Fetch-Site: same-origin\r\n"


def tell(title, wanted, found):
    print("%s\t%s\t%s" % (found, wanted, title))


def ask(path=b"/app/x", cookie=ADA, more=b"", method=b"GET", body=b"", host=HOST):
    line = b"Cookie: a=b; __Host-latchkey=" + cookie.encode() + b"; c=d\r\n" if cookie is not None else b""
    found = http(PORT, method + b" " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + line + more + b"\r\n" + body)
    return found[0] if len(found) == 1 else (len(found), "", b"")


def values(headers, name):
    return re.findall(r"(?im)^%s: *(.*?)\r?$" % re.escape(name), headers)


def new_cookie(headers):
    """Of Latchkey's, each with its attributes."""
    return [v for v in values(headers, "Set-Cookie") if v.startswith("__Host-latchkey=")]


def seen(answer):
    return json.loads(answer[2]) if answer[0] == 200 else {"headers": []}


def user(answer):
    """The name that the application learnt, or the status."""
    names = [v for k, v in seen(answer)["headers"] if k == "x-auth-user"]
    return names[0] if len(names) == 1 else answer[0]


def renewed(answer):
    cookies = new_cookie(answer[1])
    if len(cookies) != 1:
        return len(cookies)
    value, attributes = cookies[0].split("=", 1)[1].split("; ", 1)
    return proofs.read(value)[:17] == proofs.read(ADA)[:17] and value != OLD and attributes == "Path=/; Secure; HttpOnly; SameSite=Lax"


def chunked(body, size=7919):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n" % len(p) + p + b"\r\n" for p in parts) + b"0\r\n\r\n"


# --- a good cookie, and an old one ---

answer = ask()
tell("a fresh cookie opens the application, which learns the name", "ada", user(answer))
tell("a fresh cookie is not set again", 0, len(new_cookie(answer[1])))
found = dict(seen(answer)["headers"])
tell("the application gets the other cookies, and not Latchkey's", "a=b; c=d", found.get("cookie"))
tell("the application gets its own Set-Cookie to the browser", "['app=1']", values(answer[1], "Set-Cookie"))
answer = ask(cookie=OLD)
tell("an old cookie opens the application, which learns the name", "ada", user(answer))
tell("an old cookie comes back renewed, once, of the same session", True, renewed(answer))
tell("the application never sees a cookie of Latchkey's, old or new", False, b"latchkey=" in answer[2].lower())
tell("what was renewed is good", "ada", user(ask(cookie=new_cookie(answer[1])[0].split("=", 1)[1].split(";")[0])))

big = os.urandom(3000000)
for what, cookie in ("a fresh", ADA), ("an old", OLD):
    for title, method, body in [("POST of 70 kB", b"POST", big[:70000]), ("PUT of 3 MB", b"PUT", big), ("PATCH", b"PATCH", b"x"), ("DELETE", b"DELETE", b""), ("PROPFIND", b"PROPFIND", b"")]:
        answer = ask(cookie=cookie, method=method, body=body, more=SAME + b"Content-Length: %d\r\n" % len(body))
        got = seen(answer)
        tell("%s cookie: %s arrives whole, from a page of this host" % (what, title), (method.decode(), len(body), hashlib.sha256(body).hexdigest(), "ada"),
             (got.get("method"), got.get("length"), got.get("sha256"), user(answer)))
    answer = ask(cookie=cookie, method=b"POST", body=chunked(big), more=SAME + b"Transfer-Encoding: chunked\r\n")
    tell("%s cookie: a chunked body of 3 MB arrives whole" % what, (len(big), "ada"), (seen(answer).get("length"), user(answer)))
    tell("%s cookie: HEAD passes" % what, 200, ask(cookie=cookie, method=b"HEAD")[0])

# --- nobody, and what is asked of whom ---

NAVIGATE, HTML = b"Sec-Fetch-Mode: navigate\r\n", b"Accept: text/html,*/*;q=0.8\r\n"
dead = proofs.sign(KEY, bytes([proofs.read(ADA)[0]]) + bytes(16) + proofs.read(OLD)[17:])
for what, cookie in ("no cookie", None), ("a cookie of a byte too many", ADA + "A"), ("an old cookie of a session that ended", dead):
    answer = ask(b"/app/a%20b?c=d&e=%2F", cookie, NAVIGATE)
    tell("%s: who goes to a page is sent to log in, and back" % what, (303, ["/login?next=%2Fapp%2Fa%2520b%3Fc%3Dd%26e%3D%252F"], ["no-store"]),
         (answer[0], values(answer[1], "Location"), values(answer[1], "Cache-Control")))
    answer = ask(b"/app/x", cookie)
    tell("%s: a script gets 401, and one challenge" % what, (401, b'{"detail":"Could not validate credentials"}', ["Bearer"], []),
         (answer[0], answer[2], values(answer[1], "WWW-Authenticate"), new_cookie(answer[1])))
for title, more, wanted in [("a browser without Sec-Fetch-Mode, by Accept", HTML, 303), ("a script of a browser, whatever it accepts", HTML + b"Sec-Fetch-Mode: cors\r\n", 401),
                            ("a websocket", NAVIGATE + b"Upgrade: websocket\r\nConnection: Upgrade\r\n", 401), ("a picture", b"Sec-Fetch-Mode: no-cors\r\n", 401)]:
    tell("without a cookie, %s: %d" % (title, wanted), wanted, ask(cookie=None, more=more)[0])
tell("after a POST somebody goes on to /, since its body is lost", ["/login?next=%2F"], values(ask(cookie=None, method=b"POST", more=NAVIGATE)[1], "Location"))
for target in b"//evil.example/app/", b"/app/\\evil.example", b"/app/" + b"a" * 2100, b"/app/\xc3\xa9":
    answer = ask(target, None, NAVIGATE)
    tell("no address of the client's leads from %r elsewhere" % target[:24], True,
         not answer[1] or all(re.fullmatch(r"/login\?next=%2F(app%2F[\w%.-]*)?", v) for v in values(answer[1], "Location")))
with socket.create_connection(("127.0.0.1", int(PORT)), 20) as s:
    s.sendall(b"PUT /app/nobody HTTP/1.1\r\nHost: " + HOST + b"\r\nContent-Length: 5000000\r\n\r\n")
    tell("an upload of nobody's is refused before it is sent", b"HTTP/1.1 401", s.recv(12))
with socket.create_connection(("127.0.0.1", int(PORT)), 20) as s:
    s.sendall(b"PUT /app/nobody HTTP/1.1\r\nHost: " + HOST + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n" + b"x" * 0x10000)
    tell("a chunked upload of nobody's is refused before its first chunk is complete", b"HTTP/1.1 401", s.recv(12))
answer = ask(b"/app/nobody", None, method=b"PUT", body=chunked(big), more=b"Transfer-Encoding: chunked\r\n")
tell("a chunked upload of nobody's is refused", 401, answer[0])
for name in b"Expect: 100-continue\r\n", b"":
    answer = ask(cookie=None, method=b"PUT", body=b"x", more=b"Content-Length: 1\r\n" + name)
    tell("a body of a byte of nobody's is refused (%s)" % name.decode().strip(), 401, answer[0])

# --- pages of others: the design's table ---

OWN = b"Origin: http://" + HOST + b"\r\n"
WS = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
for title, method, more, wanted in [
        ("a form of this host", b"POST", SAME + OWN, 200),
        ("a form of this host, whose page hides its address", b"POST", SAME + b"Origin: null\r\n", 200),
        ("a form of this host, of a browser without Sec-Fetch-Site", b"POST", OWN, 200),
        ("an address that was typed, and a POST that is sent again", b"POST", b"Sec-Fetch-Site: none\r\n", 200),
        ("a form of another host of this site", b"POST", b"Sec-Fetch-Site: same-site\r\nOrigin: http://sub.localhost\r\n", 403),
        ("a form of another port", b"POST", b"Sec-Fetch-Site: same-site\r\nOrigin: http://localhost:1\r\n", 403),
        ("a form of another site", b"POST", b"Sec-Fetch-Site: cross-site\r\nOrigin: http://evil.example\r\n", 403),
        ("a form of another site, of a browser without Sec-Fetch-Site", b"POST", b"Origin: http://evil.example\r\n", 403),
        ("a form that tells nothing of its page", b"POST", b"", 403),
        ("a form of a page without an address", b"POST", b"Origin: null\r\n", 403),
        ("a form of a host that begins alike", b"POST", b"Origin: http://" + HOST + b".evil.example\r\n", 403),
        ("two Sec-Fetch-Site", b"POST", b"Sec-Fetch-Site: cross-site\r\n" + SAME, 403),
        ("two Origin, the second of this host", b"POST", b"Origin: http://evil.example\r\n" + OWN, 403),
        ("X-Forwarded-Host of the page", b"POST", b"Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\n", 403),
        ("a method that is told by a header", b"POST", b"X-HTTP-Method-Override: GET\r\nX-Forwarded-Method: GET\r\nX-Original-Method: GET\r\nLATCHKEY-METHOD: GET\r\n", 403),
        ("a method in small letters", b"get", b"", 400),
        ("a method that nobody knows", b"FROB", b"", 403),
        ("a link of another site", b"GET", b"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", 200),
        ("a picture in a page of another host", b"GET", b"Sec-Fetch-Site: same-site\r\n", 200),
        ("a websocket of this host", b"GET", WS + OWN, 101),
        ("a websocket of another host of this site", b"GET", WS + b"Origin: http://sub.localhost\r\n", 403),
        ("a websocket of another site", b"GET", WS + b"Origin: http://evil.example\r\n", 403),
        ("a websocket that tells nothing of its page", b"GET", WS, 403),
        ("a websocket that says h2c", b"GET", b"Upgrade: h2c\r\nConnection: Upgrade\r\n", 403)]:
    for what, cookie in ("a fresh cookie", ADA), ("an old cookie", OLD):
        length = b"Content-Length: 0\r\n" if method == b"POST" else b""
        answer = ask(cookie=cookie, method=method, more=more + length)
        tell("%s: %s: %d" % (what, title, wanted), wanted, answer[0])
        if wanted == 403:
            tell("%s: %s does not reach the application" % (what, title), (False, []), ("X-App" in answer[1], new_cookie(answer[1])))
answer = ask(cookie=OLD, more=WS + OWN)
tell("a websocket with an old cookie opens, with the name and a new cookie", (101, True, True), (answer[0], b"\x03ada" in answer[2], renewed(answer)))
# Else somebody who is logged in could go on in HTTP/2, past nginx, as anybody (h2c smuggling).
H2C = b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n"
BEARER = b"Authorization: Bearer " + os.environ["LK_TOKEN"].encode() + b"\r\n"
for upgrade in b"h2c", b"H2C", b"h2c, websocket", b"websocket, h2c", b"websocket h2c", b"h2c/1", b"tcp", b"TLS/1.2", b"h2c\r\nUpgrade: websocket":
    for what, cookie, more in ("a cookie", ADA, OWN), ("a token", None, BEARER):
        answer = ask(cookie=cookie, more=more + H2C + b"Upgrade: " + upgrade + b"\r\n")
        passed = [(k, v) for k, v in seen(answer)["headers"] if k in ("upgrade", "http2-settings") or (k == "connection" and v != "close")]
        tell("%s: an upgrade to %s does not reach the application" % (what, upgrade.decode().replace("\r\n", " | ")), (True, []), (answer[0] in (200, 400), passed))
answer = ask(b"/app/events", OLD, b"Accept: text/event-stream\r\n")
tell("a stream of events with an old cookie begins and goes on", (200, 3, True), (answer[0], answer[2].count(b"data:"), renewed(answer)))

# --- two credentials; headers that name somebody ---

token = os.environ["LK_TOKEN"].encode()
tell("a bearer token counts before another's cookie", "ada", user(ask(cookie=EVE, more=b"Authorization: Bearer " + token + b"\r\n")))
tell("a bearer token needs no page", "ada", user(ask(cookie=EVE, method=b"POST", more=b"Content-Length: 0\r\nAuthorization: Bearer " + token + b"\r\n")))
tell("a bad bearer token is not made good by a cookie", 401, ask(more=b"Authorization: Bearer x\r\n")[0])
tell("two cookies of the name open nothing", 401, ask(cookie=EVE, more=b"Cookie: __Host-latchkey=" + ADA.encode() + b"\r\n")[0])
answer = ask(more=b"Authorization: Basic cm9vdDpyb290\r\nX-Auth-User: root\r\nX_Auth_User: root\r\nX.Auth.User: root\r\nX-Auth-User-Id: 0\r\nX-Auth-Session: x\r\nX-Latchkey-Login: http://evil.example/\r\nProxy: x\r\n")
tell("headers of the client's name nobody else", ("ada", False, False), (user(answer), b"root" in answer[2].lower(), b"basic" in answer[2].lower()))
for agent in b"kube-probe/1.30", b"ELB-HealthChecker/2.0", b"GoogleHC/1.0", b"Blackbox Exporter/0.25", b"curl/8":
    tell("the user agent %s opens nothing" % agent.decode(), 401, ask(cookie=None, more=b"User-Agent: " + agent + b"\r\n")[0])
for more in (b"X-Forwarded-Uri: /healthz\r\n", b"X-Original-URL: /healthz\r\n", b"X-Rewrite-URL: /public\r\n", b"X-Forwarded-For: 127.0.0.1\r\n", b"X-Real-IP: 127.0.0.1\r\n",
             b"X-Forwarded-Host: localhost\r\n", b"X-Forwarded-Proto: https\r\n", b"X-Forwarded-Prefix: /\r\n", b"Forwarded: for=127.0.0.1\r\n"):
    tell("%s opens nothing" % more.decode().strip(), 401, ask(cookie=None, more=more)[0])
for path in (b"/app/x#/healthz", b"/app/x?/healthz", b"/app//x", b"/app/./x", b"/app/../app/x", b"/%61pp/x", b"/app%2Fx/../x", b"/app/x;/healthz", b"/APP/../app/x", b"//app/x", b"/x/..//app/x", b"/app/%2e%2e/app/x"):
    answer = ask(path, None)
    tell("the path %s does not reach the application without a session" % path.decode(), False, "X-App" in answer[1])
# nginx chooses the location by the path without these; applications read it with them
for path in (b"//app/admin/x", b"/admin;a=b/../app/x", b"/app/y;a/x", b"/app/x\\y", b"/app/x#/../../admin/y", b"/app/x?a#b", b"/admin/../app/x", b"/admin/%2e%2e/app/x", b"/admin/.%2E/app/x", b"/admin/..%2fapp/x", b"/app/..;/admin/x", b"/app/..\\admin/x", b"/app/x%5c..%5cy", b"/app/./x"):
    for what, cookie in ("a fresh cookie", ADA), ("an old cookie", OLD):
        answer = ask(path, cookie)
        tell("%s: the path %s, which has several readings, does not reach the application" % (what, path.decode()), (403, False), (answer[0], "X-App" in answer[1]))
for path in b"/app//x", b"/app/a%2Fb", b"/app/...", b"/app/.x/", b"/app/x;y", b"/app/%23", b"/app/x?y=../z":
    tell("the path %s, which has one, does" % path.decode(), "ada", user(ask(path)))
answer = ask(more=b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nForwarded: for=192.0.2.1;host=evil.example\r\n")
tell("where a request came from the application learns of nginx, not of the client", [("forwarded", None), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-host", None), ("x-forwarded-proto", "http")],
     [(n, dict(seen(answer)["headers"]).get(n)) for n in ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")])
# the public part
answer = ask(b"/app/public/x?y=z", ADA, b"X-Auth-User: root\r\nX-Auth-Scope: admin\r\n" + b"Authorization: Bearer " + token + b"\r\n")
tell("the public part gets no name, and nothing that is Latchkey's", (200, "/app/public/x?y=z", "a=b; c=d", []),
     (answer[0], seen(answer).get("path"), dict(seen(answer)["headers"]).get("cookie"), [k for k, v in seen(answer)["headers"] if k.startswith("x-auth") or k == "authorization"]))
for path in b"/app/secret/../public/x", b"/app/secret/..%2fpublic/x", b"/app/public/x#/../../secret", b"//app/./public//x", b"/%61pp/public/x":
    tell("the public part by %s is that to the application, too" % path.decode(), (200, "/app/public/x"), (lambda a: (a[0], seen(a).get("path")))(ask(path, None)))
for path in b"/app/public/../x", b"/app/public/%2e%2e/x", b"/app/public/..%2fx":
    tell("the path %s is no public part" % path.decode(), (401, False), (lambda a: (401 if a[0] in (401, 403) else a[0], "X-App" in a[1]))(ask(path, None)))
for host in b"LOCALHOST:" + PORT.encode(), b"localhost.:" + PORT.encode(), b"localhost", b"127.0.0.1", b"[::1]":
    answer = ask(cookie=None, host=host)
    tell("the host %s opens nothing" % host.decode().replace(PORT, "PORT"), False, "X-App" in answer[1])

# --- the application's own answers ---

for status, wanted in (401, ['Basic realm="app"']), (403, []), (404, []), (500, []), (502, []), (503, []):
    answer = ask(b"/app/status/%d" % status)
    tell("the application's own %d passes as it is" % status, (status, True, wanted), (answer[0], "X-App" in answer[1], values(answer[1], "WWW-Authenticate")))
sys.stdout.flush()
