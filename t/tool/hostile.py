"""t/97-hostile.t's requests: prints, for each part that is named, what was got,
what is wanted and the title, a line each, separated by tabs.

    hostile.py PART
"""
import base64
import json
import os
import re
import sys
import time

from peer import fcgi, http

PORT, OPS = os.environ["LK_PORT"], os.environ["LK_OPS_PORT"]
API, LOGIN, CHECK = (os.environ["LK_SOCKET_" + lane] for lane in ("API", "LOGIN", "CHECK"))
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
GOOD = b"username=ada&password=correct+horse"

def tell(title, wanted, got):
    print("%s\t%s\t%s" % (got, wanted, title))

def status(answer):
    """Its status, if an error tells what it is in JSON."""
    if answer is None:
        return "closed"
    code, headers, body = answer
    if code in (200, 307, "no HTTP") or (code == 401 and not body):
        return str(code)
    try:
        assert json.loads(body)["detail"]
    except (ValueError, KeyError, AssertionError):
        return "%s without a detail" % code
    return str(code)

def ask(what, **more):
    return " ".join(status(a) for a in http(PORT, what, **more)) or "closed"

def post(path=b"/token", headers=b"", body=GOOD, length=None):
    n = len(body) if length is None else length
    return (b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + FORM + headers
            + (b"Content-Length: %s\r\n" % (n if isinstance(n, bytes) else b"%d" % n)) + b"\r\n" + body)

def get(path=b"/", headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n"


# --- the address ---

NAMES = b"metrics", b"readyz", b"healthz"
OTHERS = {b"users/me": "401", b"check": "401"}
def spell(name):
    n = name
    first = b"%%%02x" % n[0]
    return [b"/" + n, b"//" + n, b"///" + n, b"/./" + n, b"/." + n, b"/../" + n, b"/x/../" + n, b"/x/%2e%2e/" + n, b"/x/..%2f" + n,
            b"/x%2f..%2f" + n, b"/%2e/" + n, b"/%2E%2E/" + n, b"/%2f" + n, b"/%5c" + n, b"/\\" + n, b"\\" + n, b"/" + n + b"/",
            b"/" + n + b"//", b"/" + n + b"/.", b"/" + n + b"/..", b"/" + n + b"/../" + n, b"/" + n + b"%2f", b"/" + n + b"%2f.",
            b"/" + first + n[1:], b"/" + first.upper() + n[1:], b"/%25" + first[1:] + n[1:], b"/" + b"".join(b"%%%02x" % c for c in n),
            b"/" + n.upper(), b"/" + n.title(), b"/" + n + b"%00", b"/" + n + b"%00.css", b"/" + n + b"%0a", b"/" + n + b"%0d%0a", b"/" + n + b"%20",
            b"/" + n + b"%09", b"/%20" + n, b"/" + n + b".", b"/" + n + b";", b"/" + n + b";x=y", b"/;/" + n, b"/" + n + b"#", b"/" + n + b"#/x",
            b"/" + n + b"?", b"/" + n + b"?x", b"/" + n + b"%3f", b"/" + n + b"%3fx", b"/" + n + b"%23", b"/" + n + b"&", b"/x?/../" + n,
            b"/" + n + b"/%2e%2e/" + n, b"/docs/assets/../../" + n, b"/docs/assets/..%2f..%2f" + n, b"/docs/assets/docs.js/../../../" + n,
            b"/users/me/../../" + n, b"/check/../" + n, b"/token%2f..%2f" + n, b"/\xc0\xae\xc0\xae/" + n, b"/%c0%af" + n, b"/%uff0f" + n,
            b"/" + n + b"%", b"/" + n + b"%z", b"/%e2%80%8b" + n, b"http://localhost/" + n, b"HTTP://localhost/" + n, b"http://localhost//" + n, b"http://localhost:80/" + n,
            b"http://127.0.0.1/" + n, b"https://localhost/" + n, b"ftp://localhost/" + n, b"http:/" + n, b"http://localhost/../" + n, b"http://localhost/%2e%2e/" + n,
            b"http://user@localhost/" + n, b"//x/" + n, n, b"*", b"/" + n + b" HTTP/1.0", b"http://localhost?/" + n]
def ROOT(n):
    """What nginx and the program both take for /."""
    return b"http://localhost?/" + n,
METHODS = b"GET", b"HEAD", b"POST", b"OPTIONS", b"TRACE", b"FOO"


# --- a web server that lies ---

TOKEN = os.environ["LK_TOKEN"].encode()
LOGIN_PARAMS = [(b"REQUEST_METHOD", b"POST"), (b"REQUEST_URI", b"/token"), (b"CONTENT_TYPE", b"application/x-www-form-urlencoded"),
                (b"CONTENT_LENGTH", b"%d" % len(GOOD))]
def params(of, *more, **changed):
    """With some of another value, or left out where that is None; and more behind them."""
    return [(k, changed.get(k.decode(), v)) for k, v in of if changed.get(k.decode(), v) is not None] + list(more)
def login(*more, body=GOOD, **changed):
    return fcgi(LOGIN, params(LOGIN_PARAMS, *more, **changed), body)
def me(*more, **changed):
    return fcgi(API, params([(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/users/me"), (b"HTTP_AUTHORIZATION", b"Bearer " + TOKEN)], *more, **changed))
def each(cases):
    for title, wanted, answer in cases:
        tell("parameters, %s: %s" % (title, wanted), wanted, status(answer))


def smuggling():
    NEXT = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    def te(value, body=b"23\r\n" + GOOD + b"\r\n0\r\n\r\n", more=b"", name=b"Transfer-Encoding:"):
        return (b"POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + FORM + more + name + value + b"\r\n\r\n" + body)
    CL = b"Content-Length: 35\r\n"
    for title, wanted, what in [
        ("a login", "200", post()),
        ("a chunked login", "200", te(b" chunked")),
        ("CHUNKED", "200", te(b" CHUNKED")),
        ("a length and chunks", "400", te(b" chunked", more=CL)),
        ("chunks and a length", "400", te(b" chunked\r\nContent-Length: 35")),
        ("a length of 0 and chunks", "400", te(b" chunked", more=b"Content-Length: 0\r\n")),
        ("two lengths", "400", post(headers=CL)),
        ("two lengths that differ", "400", post(headers=b"Content-Length: 0\r\n")),
        ("a list of lengths", "400", post(length=b"35, 35")),
        ("a negative length", "400", post(length=b"-1")),
        ("a length with a plus", "400", post(length=b"+35")),
        ("a length with a blank within", "400", post(length=b"3 5")),
        ("a length in hexadecimal", "400", post(length=b"0x23")),
        ("an empty length", "400", post(length=b"")),
        ("a length of 2^63", "400", post(length=b"9223372036854775808")),
        ("a length of 2^64 + 35", "400", post(length=b"18446744073709551651")),
        ("a length of 2^63 - 1", "413", post(length=b"9223372036854775807")),
        ("chunks twice", "400", te(b" chunked\r\nTransfer-Encoding: chunked")),
        ("chunks and identity", "400", te(b" chunked\r\nTransfer-Encoding: identity")),
        ("chunks on a folded line", "400", te(b"\r\n chunked")),
        ("chunked and a blank", "200", te(b" chunked ")),
        ("a blank before the colon", "400", te(b" chunked", name=b"Transfer-Encoding :")),
        ("a tab before chunked", "501", te(b" \tchunked")),
        ("another coding before chunked", "501", te(b" gzip, chunked")),
        ("chunked, and a comma", "501", te(b" chunked,")),
        ("quotes around chunked", "501", te(b' "chunked"')),
        ("a vertical tab before chunked", "501", te(b" \vchunked")),
        ("identity", "501", te(b" identity")),
        ("an empty coding", "501", te(b" ")),
        ("chunks in HTTP/1.0", "400", te(b" chunked").replace(b"HTTP/1.1", b"HTTP/1.0")),
        ("a chunk's size with a minus", "400", te(b" chunked", b"-1\r\n")),
        ("a chunk's size with a plus", "400", te(b" chunked", b"+23\r\n" + GOOD + b"\r\n0\r\n\r\n")),
        ("a chunk's size with 0x", "400", te(b" chunked", b"0x23\r\n" + GOOD + b"\r\n0\r\n\r\n")),
        ("a chunk's size that is none", "400", te(b" chunked", b"x\r\n" + GOOD + b"\r\n0\r\n\r\n")),
        ("no chunk's size", "400", te(b" chunked", b"\r\n" + GOOD)),
        ("a chunk's size of 2^64", "400", te(b" chunked", b"10000000000000000\r\nx")),
        ("a chunk's size of 2^63 - 1", "400", te(b" chunked", b"7fffffffffffffff\r\nx")),
        ("a chunk longer than it said", "400", te(b" chunked", b"5\r\n" + GOOD + b"\r\n0\r\n\r\n")),
        ("a chunk with an extension", "200", te(b" chunked", b"23;x=y\r\n" + GOOD + b"\r\n0\r\n\r\n")),
        ("a chunk's lines without CR", "200", te(b" chunked", b"23\n" + GOOD + b"\n0\n\n")),
        ("a trailer behind the chunks", "200", te(b" chunked", b"23\r\n" + GOOD + b"\r\n0\r\nContent-Length: 0\r\n\r\n")),
        ("chunks of a byte", "200", te(b" chunked", b"".join(b"1\r\n%c\r\n" % c for c in GOOD) + b"0\r\n\r\n")),
        # an answer each, to what is a request, and no more
        ("a second request behind the first", "200 404", get().replace(b"Connection: close\r\n", b"") + get(b"/nope")),
        ("a second request behind a body", "200 404", post().replace(b"Connection: close\r\n", b"") + get(b"/nope")),
        ("a second request behind chunks", "200 404", te(b" chunked").replace(b"Connection: close\r\n", b"") + get(b"/nope")),
        ("a second request behind a body that was not asked for", "200 404", get(headers=CL).replace(b"Connection: close\r\n", b"") + GOOD + get(b"/nope")),
        ("a request within a body", "401", post(body=GOOD + b"\r\n\r\n" + NEXT)),
        ("a request within a body that was not asked for", "200", get(headers=b"Content-Length: %d\r\n" % len(NEXT)) + NEXT),
        ("a second request behind the last chunk, with two lengths", "400", te(b" chunked", b"0\r\n\r\n" + NEXT, more=b"Content-Length: 5\r\n")),
        ("a second request behind a Connection: close", "200", get() + get(b"/nope")),
        ("a hundred requests at once", " ".join(["200"] * 100), get().replace(b"Connection: close\r\n", b"") * 99 + get()),
        # lines
        ("lines without CR", "200", get().replace(b"\r\n", b"\n")),
        ("a header on a folded line", "400", get(headers=b"X: a\r\n b\r\n")),
        ("a CR within a header", "400", get(headers=b"X: a\rContent-Length: 5\r\n")),
        ("a CR within the request line", "400", get(b"/\rx")),
        ("a header without a colon, which has no value", "200", get(headers=b"Authorization\r\n")),
        ("a header without a name", "400", get(headers=b": x\r\n")),
        ("a NUL in a header", "400", get(headers=b"X: a\0b\r\n")),
        ("a NUL in a header's name", "400", get(headers=b"X\0: b\r\n")),
        ("a NUL in the request line", "400", get(b"/\0")),
        ("a NUL in the method", "400", get().replace(b"GET", b"GE\0")),
        ("two hosts", "400", get(headers=b"Host: y\r\n")),
        ("another server's host", "closed", get().replace(b"Host: localhost", b"Host: evil.example")),
        ("another server's host in the address", "closed", get(b"http://evil.example/")),
        ("another server's host that begins with this server's", "closed", get().replace(b"Host: localhost", b"Host: localhost.evil.example")),
        ("another server's host before a body that is too long", "closed", post(body=b"x" * 65537).replace(b"Host: localhost", b"Host: evil.example")),
        ("another server's host in a TRACE", "closed", get().replace(b"GET", b"TRACE").replace(b"Host: localhost", b"Host: evil.example")),
        ("an empty host", "400", get().replace(b"Host: localhost", b"Host:")),
        ("a host that is not one", "400", get().replace(b"Host: localhost", b"Host: a/b")),
        ("HTTP/0.9", "no HTTP", b"GET /\x20\r\n"),
        ("HTTP/1.10", "505", get().replace(b"HTTP/1.1", b"HTTP/11.1")),
        ("the beginning of HTTP/2", "400", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a method of small letters", "400", get().replace(b"GET", b"get")),
        ("a TLS greeting", "400", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"),
    ]:
        got = ask(what)
        tell("smuggling, %s: %s" % (title, wanted), wanted, got)


def spellings():
    leaks, statuses, n = set(), {}, 0
    for name in NAMES:
        for path in spell(name):
            for method in METHODS if path in spell(name)[:6] else METHODS[:1]:
                n += 1
                what = get(path, b"Content-Length: 0\r\n").replace(b"GET", method, 1)
                for code, headers, body in http(PORT, what):
                    statuses[code] = statuses.get(code, 0) + 1
                    if code == 200 and (b"latchkey_" in body or b'"status"' in body or body == b""):
                        leaks.add(path)
                    if code not in (200, 307, 400, 404, 405) or (code == 200 and path not in ROOT(name)):
                        leaks.add((method, path, code))
    tell("%d spellings of paths with a port of their own do not show them at the port for clients" % (n - n % 100), "set()", leaks)
    tell("spellings of paths are refused by the program and by nginx", "True", {400, 404, 405, 307} <= set(statuses) or statuses)
    # and at its own port there are these and no others
    ways = {b"/healthz", b"/healthz?", b"/healthz?x", b"/%68ealthz", b"/%68%65%61%6c%74%68%7a"} | {
            b"%s/healthz" % host for host in (b"http://localhost", b"HTTP://localhost", b"http://localhost:80", b"http://127.0.0.1", b"https://localhost", b"ftp://localhost")}
    tell("/healthz has no spellings but those that are known", "set()", {p for p in spell(b"healthz") if [code for code, _, _ in http(OPS, get(p))] == [200]} ^ ways)
    tell("the port for health answers other paths with 404", "{404}", {code for p in (b"/", b"/token", b"/users/me", b"/check", b"/docs", b"/openapi.json", b"/docs/assets/docs.js", b"/error")
                                               for code, _, _ in http(OPS, get(p))})
    tell("the port for health does not answer another server's host", "[]", http(OPS, get(b"/metrics").replace(b"Host: localhost", b"Host: evil.example")))
    # who has no token, gets to nobody's account
    for name, wanted in OTHERS.items():
        open_ = {p for p in spell(name) if ask(get(p)) == "200" and p not in (b"/%s/.." % name, b"http://localhost?/" + name)}
        tell("no spelling of /%s does without a token" % name.decode(), "set()", open_)


def sizes():
    def line(n):
        """A header line of n bytes in all, its end included."""
        return b"X-Long: " + b"x" * (n - 10) + b"\r\n"
    def cookie(n):
        return b"Cookie: " + b"c" * n + b"\r\n"
    bearer = b"Authorization: Bearer " + os.environ["LK_TOKEN"].encode() + b"\r\n"
    first = len(b"GET  HTTP/1.1\r\n")
    def form(n):
        return GOOD + b"&x=" + b"y" * (n - len(GOOD) - 3)
    def chunked(n):
        return (b"POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
                + b"%x\r\n" % n + form(n) + b"\r\n0\r\n\r\n")
    for title, wanted, what in [
        ("a request line of 8 KiB", "404", get(b"/" + b"x" * (8192 - first - 1))),
        ("a request line of 8 KiB and a byte", "414", get(b"/" + b"x" * (8192 - first))),
        ("a request line of 8 KiB with a query", "200", get(b"/?" + b"x" * (8192 - first - 2))),
        ("a request line of 8 KiB and a byte with a query", "414", get(b"/?" + b"x" * (8192 - first - 1))),
        ("a request line of 64 KiB and a byte", "414", get(b"/" + b"x" * 65536)),
        ("a header of 8 KiB", "200", get(headers=line(8192))),
        ("a header of 8 KiB and a byte", "400", get(headers=line(8193))),
        ("a header of 64 KiB and a byte", "400", get(headers=line(65537))),
        ("three headers of 8 KiB", "200", get(headers=line(8192) * 3)),
        ("four headers of 8 KiB", "400", get(headers=line(8192) * 4)),
        ("333 headers of 100 bytes", "200", get(headers=line(100) * 333)),
        ("334 headers of 100 bytes", "400", get(headers=line(100) * 334)),
        ("headers of 1 MiB", "400", get(headers=line(100) * 10000)),
        ("five hundred headers", "200", get(headers=b"a: b\r\n" * 500)),
        ("a token and the longest cookie", "200", get(b"/users/me", bearer + cookie(8000))),
        ("a login with a cookie of 8,000 bytes", "200", post(headers=cookie(8000))),
        ("a body of 64 KiB", "200", post(body=form(65536))),
        ("a body of 64 KiB and a byte", "413", post(body=form(65537))),
        ("a body of 1 MiB", "413", post(body=form(2**20))),
        ("chunks of 64 KiB", "200", chunked(65536)),
        ("chunks of 64 KiB and a byte", "413", chunked(65537)),
        ("a body of 64 KiB that was not asked for", "200", get(headers=b"Content-Length: 65536\r\n") + b"x" * 65536),
        ("a body of 64 KiB and a byte that was not asked for", "413", get(headers=b"Content-Length: 65537\r\n") + b"x" * 65537),
        ("a method of 8 KiB", "400", get().replace(b"GET", b"g" * 8192, 1)),
    ]:
        tell("sizes, %s: %s" % (title, wanted), wanted, ask(what))


def twice():
    token = os.environ["LK_TOKEN"].encode()
    good, bad = b"Authorization: Bearer " + token + b"\r\n", b"Authorization: Bearer x\r\n"
    JSON = b"Content-Type: application/json\r\n"
    for title, wanted, what in [
        ("two tokens", "400", get(b"/users/me", good + good)),
        ("a good token, and a wrong one", "400", get(b"/users/me", good + bad)),
        ("a wrong token, and a good one", "400", get(b"/users/me", bad + good)),
        ("a token, and an empty one", "400", get(b"/users/me", good + b"Authorization:\r\n")),
        ("a token by an underscore", "401", get(b"/users/me", b"Http_Authorization: Bearer " + token + b"\r\n")),
        ("a token by another header", "401", get(b"/users/me", b"X-Authorization: Bearer " + token + b"\r\nProxy-Authorization: Bearer " + token + b"\r\n")),
        ("a name by a header", "401", get(b"/users/me", b"Remote-User: ada\r\nRemote_User: ada\r\nX-Auth-User: ada\r\nX-Forwarded-User: ada\r\n")),
        ("a token that a header would take away", "200", get(b"/users/me", good + b"Connection: Authorization\r\n")),
        ("a form, and then JSON", "200", post(headers=JSON)),
        ("JSON, and then a form", "422", post(headers=b"").replace(FORM, JSON + FORM)),
        ("two cookies", "200", post(headers=b"Cookie: a=b\r\nCookie: __Host-latchkey-device=x\r\n")),
        ("the device's cookie a hundred times", "200", post(headers=b"Cookie: __Host-latchkey-device=x\r\n" * 100)),
        ("a name in the query", "401", post(b"/token?username=ada&password=correct+horse", body=b"username=ada&password=x")),
        ("a field twice: the last counts", "200", post(body=b"username=eve&password=x&" + GOOD)),
        ("a field twice, with a wrong password last", "401", post(body=GOOD + b"&password=x")),
        ("another path by a header", "404", get(b"/nope", b"X-Original-URL: /users/me\r\nX-Rewrite-URL: /\r\nX-HTTP-Method-Override: GET\r\n")),
        ("another method by a header", "405", get(b"/token", b"X-HTTP-Method-Override: POST\r\nX-Method-Override: POST\r\n")),
        ("Proxy, which CGI would take for a setting", "200", get(headers=b"Proxy: http://127.0.0.1:1\r\nHTTP_PROXY: x\r\n")),
        ("parameters of FastCGI as headers", "200", get(headers=b"REQUEST_URI: /nope\r\nRequest-Method: POST\r\nRemote-Addr: x\r\nContent_Length: 5\r\nRequest-Msec: 1.000\r\nRequest-Id: x\r\n")),
        ("another address by a header", "200", post(headers=b"X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n")),
        ("a host of the attacker's", "closed", get(b"/docs/").replace(b"Host: localhost", b"Host: evil.example")),
        ("two hosts, in the address and the header: the first counts", "307", get(b"http://localhost/docs/").replace(b"Host: localhost", b"Host: evil.example")),
    ]:
        tell("given twice, %s: %s" % (title, wanted), wanted, ask(what))
    where = http(PORT, get(b"http://localhost/docs/", b"X-Forwarded-Host: evil.example\r\n").replace(b"Host: localhost", b"Host: evil.example"))[0][1]
    tell("a redirect does not name the host of a header", "False", "evil" in where)


def multipart():
    def part(disposition, value, more=b""):
        return b"--b\r\n" + more + b"Content-Disposition: form-data" + disposition + b"\r\n\r\n" + value + b"\r\n"
    USER, PASSWORD, WRONG = (part(b"; name=" + n, v) for n, v in ((b"username", b"ada"), (b"password", b"correct horse"), (b"password", b"x")))
    END = b"--b--\r\n"
    def multipart(*parts):
        return post(body=b"".join(parts)).replace(FORM, b"Content-Type: multipart/form-data; boundary=b\r\n")
    for title, wanted, what in [
        ("a login", "200", (USER, PASSWORD, END)),
        # names
        ("a name by name* alone", "400", (USER, part(b"; name*=UTF-8''password", b"correct horse"), END)),
        ("a name in pieces", "400", (USER, part(b"; name*0=pass; name*1=word", b"correct horse"), END)),
        ("another name by name*", "200", (USER, part(b"; name=password; name*=UTF-8''other", b"correct horse"), END)),
        ("another name by name*, before the name", "200", (USER, part(b"; name*=UTF-8''other; name=password", b"correct horse"), END)),
        ("password by name*, of another field", "422", (USER, part(b"; name=other; name*=UTF-8''password", b"correct horse"), END)),
        ("a second password by name*", "200", (USER, PASSWORD, part(b"; name=other; name*=UTF-8''password", b"x"), END)),
        ("a name with escapes", "422", (USER, part(b"; name=pass%77ord", b"correct horse"), END)),
        ("filename*, which makes no file of it", "200", (USER, part(b"; name=password; filename*=UTF-8''x", b"correct horse"), END)),
        ("filename, which makes a file of it", "422", (USER, part(b"; name=password; filename=x", b"correct horse"), END)),
        ("another encoding of the part", "401", (USER, part(b"; name=password", b"Y29ycmVjdCBob3JzZQ==", b"Content-Transfer-Encoding: base64\r\n"), END)),
        # preambles
        ("an empty line first", "200", (b"\r\n", USER, PASSWORD, END)),
        ("a line first", "200", (b"\r\nThis is a form\r\n", USER, PASSWORD, END)),
        ("a text first, and no line's end before it", "400", (b"This is a form\r\n", USER, PASSWORD, END)),
        ("a dash in what comes first", "400", (b"\r\nno-part\r\n", USER, PASSWORD, END)),
        ("a password before the first boundary", "400", (b"\r\n" + WRONG[5:], USER, PASSWORD, END)),
        ("a form of the other kind before the boundary", "422", (b"\r\nusername=ada&password=correct+horse\r\n", END)),
        # epilogues
        ("a text behind the last boundary", "200", (USER, PASSWORD, END, b"This was a form")),
        ("another password behind the last boundary", "200", (USER, PASSWORD, END, WRONG, END)),
        ("the only password behind the last boundary", "422", (USER, END, PASSWORD, END)),
        ("another last boundary", "200", (USER, PASSWORD, END, END, END)),
        ("600 parts behind the last boundary", "200", (USER, PASSWORD, END, b"\r\n" + WRONG * 600)),
        ("no last boundary, so no last part", "422", (USER, PASSWORD)),
    ]:
        tell("multipart, %s: %s" % (title, wanted), wanted, ask(multipart(*what)))


def odd_bytes():
    ODD = {"NUL": b"\0", "CR": b"\r", "LF": b"\n", "CR LF": b"\r\n", "ESC": b"\x1b[2J", "BEL": b"\7", "DEL": b"\x7f", "U+0085": b"\xc2\x85", "U+2028": b"\xe2\x80\xa8",
           "U+202E": b"\xe2\x80\xae", "U+FEFF": b"\xef\xbb\xbf", "U+FFFF": b"\xef\xbf\xbf", "ff": b"\xff", "half a letter": b"\xc3", "a surrogate": b"\xed\xa0\x80",
           "an overlong NUL": b"\xc0\x80", "an overlong slash": b"\xc0\xaf", "beyond Unicode": b"\xf4\x90\x80\x80", "five bytes": b"\xf8\x88\x80\x80\x80"}
    NO_TEXT = {"NUL", "ff", "half a letter", "a surrogate", "an overlong NUL", "an overlong slash", "beyond Unicode", "five bytes"}
    CONTROL = {"NUL", "CR", "LF", "CR LF", "ESC", "BEL", "DEL"}
    quoted = lambda x: b"".join(b"%%%02X" % c for c in x)
    BOUNDARY = b"Content-Type: multipart/form-data; boundary=b\r\n"
    def multipart(name, value, more=b""):
        body = (b"--b\r\nContent-Disposition: form-data; name=username\r\n\r\nada\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse\r\n"
                b"--b\r\nContent-Disposition: form-data; name=\"" + name + b"\"" + more + b"\r\n\r\n" + value + b"\r\n--b--\r\n")
        return post(body=body).replace(FORM, BOUNDARY)
    def json_post(body, path=b"/users/add_user/"):
        return post(path, body=body).replace(FORM, b"Content-Type: application/json\r\n")
    def password(x):
        return json_post(b'{"current":"wrong horse","new":"correct horse' + x + b'"}', b"/users/me/password").replace(
            b"Host: localhost\r\n", b"Host: localhost\r\nAuthorization: Bearer " + os.environ["LK_TOKEN"].encode() + b"\r\n")
    def each(title, wanted, what):
        """wanted: by the name of the bytes."""
        for name, x in ODD.items():
            w = wanted(name)
            got = ask(what(x))
            tell("%s in %s: %s" % (name, title, w), w, got)
    text = lambda good: lambda name: "422" if name in NO_TEXT else good
    each("a form's name", text("401"), lambda x: post(body=b"username=a" + quoted(x) + b"&password=x"))
    each("a form's password", text("401"), lambda x: post(body=b"username=ada&password=x" + quoted(x)))
    each("a form's name, as it is", text("401"), lambda x: post(body=b"username=a" + x + b"&password=x"))
    each("the name of a form's field", lambda n: "200", lambda x: post(body=GOOD + b"&" + quoted(x) + b"=1"))
    each("a form's grant_type", lambda n: "422", lambda x: post(body=GOOD + b"&grant_type=password" + quoted(x)))
    each("a multipart value", lambda n: "200", lambda x: multipart(b"other", x))
    each("a multipart user name", text("401"), lambda x: multipart(b"username", b"ada" + x))
    each("the name of a multipart field", lambda n: "400" if n in ("CR", "CR LF") else "200", lambda x: multipart(b"o" + x, b"1"))
    each("the name of a multipart file", lambda n: "400" if n in ("CR", "CR LF") else "200", lambda x: multipart(b"o", b"1", b'; filename="' + x + b'"'))
    # JSON: its strings may hold no control character, and nothing may stand outside
    in_json = lambda n: "400" if n in NO_TEXT - {"NUL"} else "422" if n in CONTROL - {"DEL"} else "200"
    each("a JSON name", in_json, lambda x: json_post(b'{"username":"n' + x + b'","password":"correct horse"}'))
    each("a JSON name, escaped", lambda n: {"NUL": "422"}.get(n, "400" if n in NO_TEXT else "200"), lambda x: json_post(b'{"username":"e%s","password":"correct horse"}' % (
        json.dumps(x.decode())[1:-1].encode() if x not in [ODD[n] for n in NO_TEXT if n != "NUL"] else x)))
    each("a JSON full name", in_json, lambda x: json_post(b'{"username":"%s","password":"correct horse","fullname":"%s"}' % (base64.b16encode(x), x)))
    each("the name of a JSON member", lambda n: in_json(n), lambda x: json_post(b'{"username":"m%s","password":"correct horse","%s":1}' % (base64.b16encode(x), x)))
    each("JSON, behind its end", lambda n: {"CR": "200", "LF": "200", "CR LF": "200"}.get(n, "400" if n in NO_TEXT - {"NUL"} else "422"),
         lambda x: json_post(b'{"username":"b%s","password":"correct horse"}%s' % (base64.b16encode(x), x)))
    each("a new password", lambda n: "422" if n in CONTROL - {"DEL"} else "400", password)
    # headers and addresses: what nginx lets through, the program does not mind
    head = lambda good: lambda n: "400" if n in ("NUL", "CR") else good
    each("a cookie", lambda n: "400" if n in ("NUL", "CR") else "200", lambda x: post(headers=b"Cookie: __Host-latchkey-device=1." + x + b"0\r\n"))
    each("a token", lambda n: head("401")(n), lambda x: get(b"/users/me", b"Authorization: Bearer a" + x + b".b.c\r\n"))
    each("a content type", lambda n: {"LF": "422", "CR LF": "422", "NUL": "400"}.get(n, "200"), lambda x: post().replace(FORM, FORM[:-2] + b"; x=" + x + b"\r\n"))
    each("a boundary", lambda n: "400", lambda x: multipart(b"o", b"1").replace(b"boundary=b", b"boundary=" + x + b"b"))
    each("an address", lambda n: "no HTTP" if "LF" in n else "400" if n in CONTROL else "404", lambda x: get(b"/a" + x))
    each("an address, encoded", lambda n: "404" if n != "NUL" else "400", lambda x: get(b"/a" + quoted(x)))
    each("a query", lambda n: "no HTTP" if "LF" in n else "400" if n in CONTROL else "200", lambda x: get(b"/?a=" + x))
    each("a query, encoded", lambda n: "200", lambda x: get(b"/?a=" + quoted(x)))
    each("the query of a redirect, encoded", lambda n: "307", lambda x: get(b"/docs/?a=" + quoted(x)))
    each("a method", lambda n: "400", lambda x: get().replace(b"GET", b"G" + x + b"ET", 1))


def lies():
    n = len(GOOD)
    def length(value, **more):
        return login(CONTENT_LENGTH=value, **more)
    each([
        ("a login with its length", "200", login()),
        ("a length that is too long", "400", length(b"%d" % (n + 1))),
        ("a length that is far too long", "400", length(b"65536")),
        ("a length over the limit", "413", length(b"65537")),
        ("a length of 2^31", "413", length(b"2147483648")),
        ("a length of 2^32 and the truth", "413", length(b"%d" % (2**32 + n))),
        ("a length of 2^63 - 1", "413", length(b"9223372036854775807")),
        ("a length of 2^63", "400", length(b"9223372036854775808")),
        ("a length of 2^64 and the truth", "400", length(b"%d" % (2**64 + n))),
        ("a length that is too short", "401", length(b"%d" % (n - 1))),
        ("a length of 0", "422", length(b"0")),
        ("a length of -0", "422", length(b"-0")),
        ("no length: what has come", "200", length(None)),
        ("an empty length: what has come", "200", length(b"")),
        ("a negative length", "400", length(b"-1")),
        ("a length of -2^63", "400", length(b"-9223372036854775808")),
        ("a length with a plus", "400", length(b"+%d" % n)),
        ("a length with a blank before it", "400", length(b" %d" % n)),
        ("a length with a blank behind it", "400", length(b"%d " % n)),
        ("a length with a line behind it", "400", length(b"%d\n" % n)),
        ("a length with zeroes before it", "200", length(b"%050d" % n)),
        ("a length in hexadecimal", "400", length(b"0x%x" % n)),
        ("a length with a fraction", "400", length(b"%d.0" % n)),
        ("a length with an exponent", "400", length(b"3e1")),
        ("a length that is no number", "400", length(b"many")),
        ("a list of lengths", "400", length(b"%d, %d" % (n, n))),
        ("a length in other digits", "400", length("٣٥".encode())),
        ("a length of 65,536 digits", "400", length(b"1" * 65536)),
        ("a length behind a NUL", "200", length(b"%d\x001" % n)),
        ("two lengths: the last counts", "422", login((b"CONTENT_LENGTH", b"1"))),
        ("a length in small letters is none", "200", login((b"content_length", b"1"), CONTENT_LENGTH=None)),
        ("a body of 64 KiB", "200", login(CONTENT_LENGTH=b"65536", body=GOOD + b"&x=" + b"y" * (65536 - n - 3))),
        ("a body of 64 KiB and a byte", "413", login(CONTENT_LENGTH=b"65537", body=GOOD + b"&x=" + b"y" * (65537 - n - 3))),
        ("a body of more than its length of 64 KiB", "200", login(CONTENT_LENGTH=b"65536", body=GOOD + b"&x=" + b"y" * 66000)),
        ("a body where none is wanted", "200", fcgi(API, [(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/"), (b"CONTENT_LENGTH", b"5")], b"hello")),
        ("a length without a body, where none is wanted", "400", me((b"CONTENT_LENGTH", b"5"))),
        ("too long a length, where no body is wanted", "200", me((b"CONTENT_LENGTH", b"65537"))),
        ("a negative length, where no body is wanted", "400", me((b"CONTENT_LENGTH", b"-1"))),
    ])
    # --- the method and the address
    for title, wanted, value in [
        ("no method", "405", None), ("an empty method", "405", b""), ("get", "405", b"get"), ("GET and a blank", "405", b"GET "), ("GET behind a NUL", "200", b"GET\0POST"),
        ("a method of 64 KiB", "405", b"G" * 65536), ("a method of two", "405", b"GET,POST"), ("a method with a line behind it", "405", b"GET\nlevel=error event=forged"),
        ("PATCH without a body", "422", b"PATCH"), ("PRI", "405", b"PRI"), ("a method of bytes", "405", bytes(range(1, 256))),
    ]:
        tell("the method in parameters, %s: %s" % (title, wanted), wanted, status(me(REQUEST_METHOD=value)))
    for title, wanted, value in [
        ("no address", "400", None), ("an empty address", "307", b""), ("a blank", "404", b" "), ("a star", "404", b"*"), ("an absolute address", "404", b"http://localhost/users/me"),
        ("no slash before it", "404", b"users/me"), ("two slashes", "404", b"//users/me"), ("dots", "404", b"/./users/me"), ("more dots", "404", b"/users/x/../me"),
        ("encoded dots", "404", b"/users/%2e/me"), ("an encoded slash", "200", b"/users%2fme"), ("a slash encoded twice", "404", b"/users%252fme"), ("all of it encoded", "200", b"%2fusers%2fme"),
        ("an encoded NUL behind it", "404", b"/users/me%00"), ("an encoded NUL within it", "404", b"/users/m%00e"), ("a NUL behind it", "200", b"/users/me\0x"),
        ("an encoded ?", "404", b"/users/me%3fx"), ("a query", "200", b"/users/me?x"), ("a fragment", "404", b"/users/me#x"), ("a semicolon", "404", b"/users/me;x"),
        ("a slash", "307", b"/users/me/"), ("a thousand slashes", "307", b"/users/me" + b"/" * 1000), ("capitals", "404", b"/Users/Me"), ("half an escape", "404", b"/users/me%"), ("half an escape with a digit", "404", b"/users/me%2"),
        ("a backslash", "404", b"\\users\\me"), ("a blank behind it", "404", b"/users/me "), ("a line behind it", "404", b"/users/me\n"), ("64 KiB", "404", b"/" * 2 + b"x" * 65536),
        ("64 KiB of slashes", "404", b"/" * 65536), ("64 KiB of query", "200", b"/users/me?" + b"%" * 65536), ("every byte", "404", bytes(range(1, 256))), ("not UTF-8", "404", b"/\xff\xc0\xaf"),
        ("a slash and lines in the query", "307", b"/users/me/?\r\nSet-Cookie: x=y\r\n\r\n"),
    ]:
        answer = me(REQUEST_URI=value)
        tell("the address in parameters, %s: %s" % (title, wanted), wanted, status(answer))
        tell("the address in parameters, %s, sets no header" % title, "False", "ookie" in re.sub(r"Location: .*", "", answer[1]))
    each([
        ("other names of the address", "404", me((b"SCRIPT_NAME", b"/users/me"), (b"PATH_INFO", b"/users/me"), (b"DOCUMENT_URI", b"/users/me"), (b"QUERY_STRING", b"x"), REQUEST_URI=b"/nope")),
        ("the address in small letters", "400", me((b"request_uri", b"/users/me"), REQUEST_URI=None)),
        ("two addresses: the last counts", "404", me((b"REQUEST_URI", b"/nope"))),
        ("two methods: the last counts", "405", me((b"REQUEST_METHOD", b"POST"))),
        ("a parameter without a name", "200", me((b"", b"x"))),
        ("a name with =", "405", me((b"REQUEST_METHOD=POST", b"x"), (b"=", b"="))),
        ("an address by the name of another parameter", "404", me((b"REQUEST_URI=/users/me", b""), REQUEST_URI=b"/nope")),
        ("settings of the program's as parameters", "200", me(*[(k, b"x") for k in (b"LATCHKEY_DATABASE", b"LATCHKEY_KEY_FILE", b"PGHOST", b"PGPASSWORD", b"LD_PRELOAD", b"PATH",
                                                               b"HTTP_PROXY", b"http_proxy", b"FCGI_WEB_SERVER_ADDRS", b"LISTEN_FDS", b"NOTIFY_SOCKET", b"TZ")])),
        ("a role of the web server's", "200", me((b"FCGI_ROLE", b"AUTHORIZER"), (b"SERVER_PROTOCOL", b"INCLUDED"), (b"HTTPS", b"on"))),
    ])
    # --- since when it waits: what is absurd, is passed over
    now = time.time()
    for title, wanted, value in [
        ("nothing", "200", None), ("an empty text", "200", b""), ("a point", "200", b"."), ("now", "200", b"%.3f" % now), ("a minute ago", "503", b"%.3f" % (now - 60)),
        ("tomorrow", "200", b"%.3f" % (now + 86400)), ("years ago", "200", b"1.000"), ("a negative number", "200", b"-1.000"), ("2^63", "200", b"9223372036854775808.000"),
        ("2^63 / 1000", "200", b"9223372036854775.807"), ("-2^63", "200", b"-9223372036854775808.000"), ("1e400", "200", b"1e400"), ("NaN", "200", b"NaN.000"), ("a minute ago, with a blank", "200", b" %.3f" % (now - 60)),
        ("a minute ago, without milliseconds", "200", b"%d" % (now - 60)), ("a minute ago, with four digits", "200", b"%.4f" % (now - 60)), ("negative milliseconds", "200", b"%d.-99" % (now - 60)), ("64 KiB", "200", b"1" * 65536 + b".000"),
    ]:
        answer = login(*([(b"REQUEST_MSEC", value)] if value is not None else []))
        tell("a login with a REQUEST_MSEC of %s: %s" % (title, wanted), wanted, status(answer))
    # --- whose request it is, for the log
    for value in b"", b"x", b"0" * 64, b"0" * 65, b"0" * 65536, b"1\nlevel=error req=- event=forged", b"1 event=forged", b"\xe2\x80\xa8":
        tell("a request with an id of %d bytes, %.8r, is answered" % (len(value), value), "200", status(me((b"REQUEST_ID", value))))


def addresses():
    NONE = [None, b"", b" ", b"unix:", b"unknown", b"-", b"x" * 65536, b"1.2.3", b"1.2.3.4.5", b"1.2.3.256", b"01.2.3.4", b"0x1.2.3.4", b"1.2.3.4 ", b" 1.2.3.4", b"1.2.3.4\n", b"1.2.3.4:80",
            b"1.2.3.4, 5.6.7.8", b"16909060", b"[::1]", b"::1%lo", b"::1/128", b":::", b"1::2::3", b"fe80::1%eth0", b"g::", b"\xff" * 16, b"'; drop table throttle; --", b"%s%n", "١.٢.٣.٤".encode()]
    def guess(name, address, **more):
        extra = [] if address is None else [(b"REMOTE_ADDR", address)]
        body = b"username=%s&password=x" % name
        return status(login(*extra, body=body, CONTENT_LENGTH=b"%d" % len(body), **more))
    got = [guess(b"guess%d" % i, a) for i, a in enumerate(NONE)]
    tell("%d addresses that are not one share the limit of one client" % len(NONE), "20 401, 9 429", "%d 401, %d 429" % (got.count("401"), got.count("429")))
    tell("the last of the addresses that are not one are refused", "['429', '429', '429']", got[-3:])
    tell("an address ends at a NUL", "401", guess(b"other", b"9.9.9.9\0x"))
    same = [b"7.7.7.7"] * 10 + [b"::ffff:7.7.7.7"] * 10 + [b"::ffff:707:707"] * 2
    got = [guess(b"same%d" % i, a) for i, a in enumerate(same)]
    tell("an IPv4 address has one limit in each form", "20 401, 2 429", "%d 401, %d 429" % (got.count("401"), got.count("429")))
    net = [b"2001:db8:0:1::%x" % i for i in range(10)] + [b"2001:0DB8:0000:0001:ffff:ffff:ffff:%04x" % i for i in range(10)] + [b"2001:db8:0:1:1::", b"2001:db8::1:0:0:0:1"]
    got = [guess(b"net%d" % i, a) for i, a in enumerate(net)]
    tell("an IPv6 /64 network has one limit", "20 401, 2 429", "%d 401, %d 429" % (got.count("401"), got.count("429")))
    tell("of two REMOTE_ADDR the last counts", "429", status(login((b"REMOTE_ADDR", b"8.8.8.8"), (b"REMOTE_ADDR", b"7.7.7.7"), CONTENT_LENGTH=b"23", body=b"username=zz&password=xx")))
    tell("no header counts as an address", "429", guess(b"head", b"7.7.7.7") and status(login((b"REMOTE_ADDR", b"7.7.7.7"), (b"HTTP_X_FORWARDED_FOR", b"8.8.8.8"), (b"HTTP_X_REAL_IP", b"8.8.8.8"),
         (b"HTTP_CLIENT_IP", b"8.8.8.8"), (b"HTTP_FORWARDED", b"for=8.8.8.8"), (b"remote_addr", b"8.8.8.8"), CONTENT_LENGTH=b"23", body=b"username=zz&password=xx")))
    tell("a client with another address is served", "401", guess(b"fresh", b"8.8.8.8"))


def a_single_socket():
    leaks = set()
    for name in NAMES:
        for path in spell(name):
            for code, headers, body in http(PORT, get(path)):
                if code == 200 and path not in ROOT(name):
                    leaks.add((path, code))
    tell("with a single socket paths with a port of their own are not shown at the port for clients", "set()", leaks)
    tell("with a single socket /healthz and /readyz are shown at the port for health", "[200, 200]", [http(OPS, get(p))[0][0] for p in (b"/healthz", b"/readyz")])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    globals()[sys.argv[1]]()
