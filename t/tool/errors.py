#!/usr/bin/env python3
"""Each error that /openapi.json documents, provoked and compared.

    t/tool/errors.py URL OPS_URL PSQL... <openapi.json
    t/tool/errors.py --down URL OPS_URL TOKEN <openapi.json

In the environment are LK_KEY, LK_SOCKET_CHECK and LK_SOCKET_API; LK_CLIENT, an ID:SECRET;
and LK_COOKIE, a browser's session. PSQL's database has the account eve, and no ada.

A line of TAP for each documented answer from 400 on: status, type, headers and
body have to be those of its example, but for the number of seconds or minutes.
With --down, which is for a database that is stopped, the 503s alone.
"""
import base64
import email
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import proofs
from peer import fcgi

down = sys.argv[1] == "--down"
url, ops, psql = sys.argv[1 + down], sys.argv[2 + down], sys.argv[3 + down:]
document = json.load(sys.stdin)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
key = os.environ["LK_KEY"]

FORM = "application/x-www-form-urlencoded"
NOBODY = "0" * 32  # the id of no session
GOOD = {
    "/users/add_user/": {"username": "x", "password": "correct horse"},
    "/token": "username=ada&password=correct+horse",
    "/session": {"username": "ada", "password": "correct horse"},
    "/users/me": {"fullname": "A"},
    "/users/me/password": {"current": "correct horse", "new": "battery staple"},
    "/users/me/delete": {"current": "correct horse"},
    "/oauth2/token": "grant_type=client_credentials",
    "/oauth2/introspect": "token=x",
    "/oauth2/revoke": "token=x",
}
# With these a client is good, and the request is not.
BAD = {
    "/oauth2/token": "grant_type=refresh_token&refresh_token=x&client_id=first-party",
    "/oauth2/introspect": "a=b",
    "/oauth2/revoke": "a=b",
}


def is_form(path):
    return isinstance(GOOD.get(path), str)


def ask(method, path, body=None, token=None, kind="application/json", site="same-origin"):
    """The status, the headers and the bytes of an answer."""
    headers = {"Sec-Fetch-Site": site}
    if body is not None:
        headers["Content-Type"] = kind
    if token:
        headers["Authorization"] = token if " " in token else "Bearer " + token
    if isinstance(body, dict):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    base = ops if path == "/readyz" else url
    request = urllib.request.Request(base + path, body, headers, method=method.upper())
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def login(name, password="correct horse"):
    form = "username=%s&password=%s" % (name, password.replace(" ", "+"))
    return ask("post", "/token", form, kind="application/x-www-form-urlencoded")


def basic(client):
    return "Basic " + base64.b64encode(client.encode()).decode()


def old_cookie():
    """A cookie whose proof has ended, and its session has not."""
    return proofs.ending(proofs.key_of(key), os.environ["LK_COOKIE"], -1)


def plain_token(name):
    """As another program makes it, which knows of no session."""
    def text(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    with open(key, "rb") as f:
        secret = f.read().rstrip(b"\n")
    said = text(b'{"alg":"HS256"}') + "." + text(json.dumps({"sub": name, "exp": int(time.time()) + 600}).encode())
    return said + "." + text(hmac.new(secret, said.encode(), hashlib.sha256).digest())


def question(path, **more):
    """As nginx asks about a request to a guarded application: somebody goes to a page."""
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": path, "HTTP_HOST": "localhost", "LATCHKEY_METHOD": "GET",
              "LATCHKEY_URI": "/app/x", "HTTP_SEC_FETCH_MODE": "navigate", **more}
    socket = os.environ["LK_SOCKET_CHECK" if path == "/check" else "LK_SOCKET_API"]
    status, head, body = fcgi(socket, [(k.encode(), v.encode()) for k, v in params.items()])
    return status, email.message_from_string(head), body


def until_stale(path, more):
    """When the database has been away for three seconds, checks refuse (revocation_stale)."""
    until = time.time() + 20
    while (answer := question(path, **more))[0] != 503 and time.time() < until:
        time.sleep(.2)
    return answer


def asked(path, status, name, token):
    """What nginx gets for a check."""
    if status == 401:
        return question(path)
    is_fresh = path == "/check" and name == "scope"
    more = {"HTTP_COOKIE": "__Host-latchkey=" + (os.environ["LK_COOKIE"] if is_fresh else old_cookie())}
    if path == "/check" and (status == 503 or status == 400):
        more = {"HTTP_AUTHORIZATION": "Bearer " + token}
    if name == "scope":
        more["LATCHKEY_SCOPE"] = "admin"
    if status == 400:
        more["LATCHKEY_SCOPE"] = 'a"b'
    if status == 503:
        return until_stale(path, more)
    if name == "origin":
        more |= {"LATCHKEY_METHOD": "POST", "HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "https://evil.example"}
    return question(path, **more)


def sql(text):
    return subprocess.run([*psql, "-XqAtc", text], check=True, capture_output=True, text=True).stdout.strip()


def good(method, path, token):
    return ask(method, path, GOOD.get(path) if method in ("post", "patch") else None, token, FORM if is_form(path) else "application/json")


def until_limited(method, path, token):
    wrong = {} if is_form(path) else dict(GOOD.get(path, {}))
    for field in ("current", "password"):
        if field in wrong and path != "/users/add_user/":
            wrong[field] = "wrong horse"
    for n in range(400):
        if path == "/token":
            answer = login("guessed", "wrong horse")
        elif path == "/oauth2/token":
            answer = ask(method, path, "grant_type=password&username=guessed&password=wrong+horse", kind=FORM)
        elif path == "/users/add_user/":
            answer = ask(method, path, {"username": "many%d" % n, "password": "correct horse"})
        else:
            answer = ask(method, path, wrong, token)
        if answer[0] == 429:
            break
    return answer


def meanwhile(method, path, token):
    """While another change of the password waits to be committed."""
    before = sql("select password from users where username = 'ada'")
    change = subprocess.Popen([*psql, "-Xq", "-c", "begin", "-c", "update users set password = 'x' where username = 'ada'",
                               "-c", "select pg_sleep(1)", "-c", "commit"], stdout=subprocess.DEVNULL)
    until = time.time() + 10
    while time.time() < until and sql("select count(*) from pg_stat_activity where query like '%pg_sleep(1)' and state = 'active'") != "1":
        time.sleep(0.05)
    answer = good(method, path, token)
    change.wait()
    sql("update users set password = '%s' where username = 'ada'" % before)
    return answer


def referred(method, path, token):
    sql("create table todos (owner integer references users); insert into todos select id from users where username = 'ada'")
    answer = good(method, path, token)
    sql("drop table todos")
    return answer


def provoke(method, path, status, name, token):
    """The answer to a request that is to get this error; None: nobody knows how."""
    kind = FORM if is_form(path) else "application/json"
    if path.startswith("/check"):
        return asked(path, status, name, token)
    if path.startswith("/oauth2/"):
        token = basic(os.environ["LK_CLIENT"])
    if name == "taken":
        return ask(method, path, {"username": "ada", "password": "correct horse"})
    if name == "wrong":
        return ask(method, path, {**GOOD[path], "current": "wrong horse"}, token)
    if name == "referred":
        return referred(method, path, token)
    if (method, path, status) == ("delete", "/session", 409):
        return good(method, path, plain_token("eve"))
    if status == 409:
        return meanwhile(method, path, token)
    if status == 400 and path in BAD:
        return ask(method, path, BAD[path], None if "client_id" in BAD[path] else token, kind)
    if status == 400:
        return ask(method, path, b"\xff", token, "multipart/form-data; boundary=x" if path == "/token" else kind)
    if status == 401 and path == "/token":
        return login("ada", "wrong horse")
    if (method, path, status) == ("post", "/session", 401):
        return ask(method, path, {**GOOD[path], "password": "wrong horse"})
    if status == 401:
        return good(method, path, basic("x:y") if path.startswith("/oauth2/") else "x")
    if status == 403:
        return ask(method, path, GOOD.get(path, "a=b"), token, kind, "cross-site")
    if status == 404:
        return ask(method, path.format(id=NOBODY, path="auth"), token=token)
    if status == 413:
        return ask(method, path, b"x" * 65537, token, kind)
    if status == 422:
        return ask(method, path, "a=b" if is_form(path) else {}, token, kind)
    if status == 429:
        return until_limited(method, path, token)
    if status == 503:
        return good(method, path, token)
    return None


def normal(value):
    """With any number of minutes or seconds alike."""
    return json.loads(re.sub(r"in \d+ (second|minute)s?", "in some time", json.dumps(value)))


def differences(answer, status, documented, example):
    got, headers, body = answer
    if got != status:
        yield "status %d" % got
    for header in documented.get("headers", {}):
        if header not in headers:
            yield "no " + header
    if "content" not in documented:
        if body:
            yield "a body: %r" % body
        return
    if headers.get_content_type() not in documented["content"]:
        yield "type " + headers.get_content_type()
    elif example is not None and normal(json.loads(body)) != normal(example):
        yield body.decode()
    elif example is None and not isinstance(json.loads(body)["detail"], list):
        yield body.decode()


def errors():
    """Each documented error: method, path, status, name and example."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, documented in operation["responses"].items():
                if int(status) < 400:
                    continue
                if "$ref" in documented:
                    documented = document["components"]["responses"][documented["$ref"].split("/")[-1]]
                content = next(iter(documented.get("content", {}).values()), {})
                examples = {k: v["value"] for k, v in content.get("examples", {}).items()} or {"": content.get("example")}
                # a check has a header or a body: no example can show the one without
                if path.startswith("/check") and status == "403":
                    yield method, path, 403, "scope", {"headers": documented["headers"]}, None
                    documented = {**documented, "headers": {}}
                for name, example in examples.items():
                    yield method, path, int(status), name, documented, example


number = 0
failed = 0
if down:
    token = psql.pop(0)
else:
    ask("post", "/users/add_user/", {"username": "ada", "password": "correct horse"})
    token = json.loads(login("ada")[2])["access_token"]
found = sorted(errors(), key=lambda e: (e[2] == 429, e[2]))
for method, path, status, name, documented, example in found:
    if (status == 503) != down:
        continue
    answer = provoke(method, path, status, name, token)
    # one after the other they may use up what a worker gives to others than logins
    until = time.time() + 20
    while answer is not None and answer[0] == 503 and not down and time.time() < until:
        time.sleep(.3)
        answer = provoke(method, path, status, name, token)
    why = "nobody knows how to provoke it" if answer is None else "; ".join(differences(answer, status, documented, example))
    number += 1
    failed += bool(why)
    print("%sok %d - errors: %s %s: %d%s is as openapi.json documents it" % (
        "not " if why else "", number, method.upper(), path, status, name and " (%s)" % name))
    if why:
        print("# " + why, file=sys.stderr)
sys.exit(failed != 0)
