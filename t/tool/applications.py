"""Requests to guarded applications of several kinds: t/124-gate-applications.t.

LK_PORT, LK_KEY, LK_ADA and LK_EVE (their cookies) in the environment. Each application answers with what it sees,
NAME=VALUE a line, in the names of CGI. Writes lines of found, wanted and title, separated by tabs.
"""
import os
import sys

from peer import http
import proofs

PORT = os.environ["LK_PORT"]
ADA, EVE = os.environ["LK_ADA"].encode(), os.environ["LK_EVE"].encode()
OLD = proofs.ending(proofs.key_of(os.environ["LK_KEY"]), ADA.decode(), -1).encode()
HOST = b"localhost:" + PORT.encode()
PLACES = sys.argv[1:]

SPELLINGS = [a + b"Auth" + b + b"User" for x in (b"X", b"x") for a in (x + b"-", x + b"_", x + b".") for b in (b"-", b"_", b".")]
NAMED = SPELLINGS + [n.upper() for n in SPELLINGS] + [
    b"X-Auth-User-Id", b"X_Auth_User_Id", b"X-Auth-User-Plain", b"X-Auth-Scope", b"X_Auth_Scope", b"X-Auth-Session", b"X-Auth-User ", b" X-Auth-User", b"X-Auth-User\t", b"X-Auth-User\xa0",
    b"HTTP_X_AUTH_USER", b"REMOTE_USER", b"Remote-User", b"Authorization", b"Proxy-Authorization", b"PHP_AUTH_USER", b"X-Latchkey-Login", b"LATCHKEY-URI", b"LATCHKEY-METHOD"]
ELSEWHERE = [b"X-Forwarded-Uri: /healthz", b"X-Original-URL: /healthz", b"X-Original-URI: /healthz", b"X-Rewrite-URL: /public", b"X-Forwarded-Method: OPTIONS", b"X-Forwarded-For: 127.0.0.1", b"X-Real-IP: 127.0.0.1",
             b"X-Forwarded-Host: localhost", b"X-Forwarded-Proto: https", b"X-Forwarded-Prefix: /", b"Forwarded: for=127.0.0.1", b"X-HTTP-Method-Override: OPTIONS", b"Via: 1.1 localhost",
             b"User-Agent: kube-probe/1.30", b"User-Agent: ELB-HealthChecker/2.0", b"User-Agent: GoogleHC/1.0", b"Authorization: Basic ZXZlOng=", b"Cookie: user=eve"]
COOKIES = [b"", b"x", ADA + b"A", ADA[:-1], b'"' + ADA + b'"', ADA.swapcase(), ADA + b"%00", ADA + b"; __Host-latchkey=" + EVE, EVE[:40] + ADA[40:], b"=" + ADA, b" ; __Host-latchkey =" + ADA[:-2]]
PATHS = [b"%s#/healthz", b"%s?/healthz", b"/%s", b"/.%s", b"/x/..%s", b"%s/../x", b"%s;/healthz", b"%s%%00", b"%s%%2e%%2e/x", b"%s.css", b"%s\\x"]


def ask(path, cookie=None, more=b"", method=b"GET", host=HOST):
    line = b"Cookie: a=b; __Host-latchkey=" + cookie + b"; c=d\r\n" if cookie is not None else b""
    found = http(PORT, method + b" " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + line + more + b"\r\n")
    return found[0] if len(found) == 1 else (len(found), "", b"")


def tell(title, wanted, found):
    print("%s\t%s\t%s" % (found, wanted, title))


def seen(answer):
    """Names and values, of a name that came twice each."""
    got = {}
    for line in answer[2].decode("latin-1").splitlines():
        name, _, value = line.partition("=")
        got.setdefault(name, []).append(value)
    return got


def identity(answer):
    """Who the application takes the client for, by any name that it may read; the status, where it was not asked."""
    if answer[0] != 200 or "X-App" not in answer[1]:
        return answer[0]
    got = seen(answer)
    names = got.get("HTTP_X_AUTH_USER", []) + [v for n in ("REMOTE_USER", "PHP_AUTH_USER") for v in got.get(n, []) if v]
    return "+".join(sorted(set(names))), "".join(got.get("HTTP_X_AUTH_USER_ID", [])), "".join(got.get("HTTP_X_AUTH_SCOPE", []))


for place in PLACES:
    kind, path = place.strip("/"), place.encode() + b"x"
    ada = "ada", "1", ""
    for what, cookie in ("a fresh", ADA), ("an old", OLD):
        answer = ask(path, cookie)
        tell("%s: %s cookie names its user" % (kind, what), ada, identity(answer))
        got = seen(answer)
        tell("%s: the application gets its own cookies alone" % kind, (["a=b; c=d"], None, None), (got.get("HTTP_COOKIE"), got.get("HTTP_AUTHORIZATION") or None, got.get("HTTP_PROXY") or None))
    wrong = []
    for name in NAMED:
        for line in (name + b": eve\r\n", (name + b": eve\r\n") * 2):
            found = identity(ask(path, ADA, line))
            if found != ada and found not in (400, 401):
                wrong.append((name, found))
    tell("%s: no header names another user, by any of %d spellings" % (kind, len(NAMED)), [], wrong)
    wrong = [line for line in ELSEWHERE if "X-App" in ask(path, None, line + b"\r\n")[1]]
    tell("%s: no header opens it without a session" % kind, [], wrong)
    wrong = [c for c in COOKIES if "X-App" in ask(path, c)[1]]
    tell("%s: no malformed cookie opens it" % kind, [], wrong)
    wrong = [p % path for p in PATHS if "X-App" in ask(p % path, None)[1]]
    tell("%s: no spelling of its path opens it without a session" % kind, [], wrong)
    wrong = [h for h in (HOST.upper(), b"localhost.:" + PORT.encode(), b"localhost", b"127.0.0.1", b"[::1]", b"x", b"") if "X-App" in ask(path, None, host=h)[1]]
    tell("%s: no host opens it without a session" % kind, [], wrong)
    for method in b"POST", b"PUT", b"DELETE", b"FROB":
        answer = ask(path, ADA, b"Content-Length: 0\r\nSec-Fetch-Site: cross-site\r\nOrigin: http://evil.example\r\n", method)
        tell("%s: %s of another site's page is refused" % (kind, method.decode()), (403, False), (answer[0], "X-App" in answer[1]))
sys.stdout.flush()
