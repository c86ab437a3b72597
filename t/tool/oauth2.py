"""Requests of clients at /oauth2/ of a running service; the results as TAP.

usage: oauth2.py URL ID:SECRET...	of svc, app, pw, rs, api, other, long, as t/100-clients.t adds them

The account ada has the password "correct horse"; tokens are of https://auth.example, for "web".
"""
import base64
import http.client
import json
import sys
import time
import urllib.parse

HOST = urllib.parse.urlsplit(sys.argv[1]).netloc
SECRET = dict(pair.split(":") for pair in sys.argv[2:])
FORM = "application/x-www-form-urlencoded"
count = 0


def ok(good, title, why=""):
    global count
    count += 1
    print("ok" if good else "not ok", count, "-", title)
    if not good:
        print("#", why)


class Answer:
    def __init__(self, reply):
        self.status, self.headers, self.text = reply.status, reply.headers, reply.read().decode()
        try:
            self.json = json.loads(self.text)
        except ValueError:
            self.json = {}
        members = self.json if isinstance(self.json, dict) else {}
        self.error = members.get("error")
        self.token = members.get("access_token")
        self.refresh = members.get("refresh_token")

    def __repr__(self):
        return f"{self.status} {self.text} {dict(self.headers)}".replace("\n", " ")


def send(method, path, body=None, headers=None):
    c = http.client.HTTPConnection(HOST, timeout=30)
    c.request(method, path, body, headers or {})
    return Answer(c.getresponse())


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()}


def post(path, fields, who=None, headers=None):
    """Of a client that authenticates by Basic. fields: a list of pairs, a dict, or the body itself."""
    headers = {"Content-Type": FORM, **(headers or {})}
    if who:
        headers |= basic(f"{who}:{SECRET[who]}")
    body = fields if isinstance(fields, (str, bytes)) else urllib.parse.urlencode(fields)
    return send("POST", path, body, headers)


def token(fields, who=None, headers=None):
    return post("/oauth2/token", fields, who, headers)


def part(jwt, n):
    text = jwt.split(".")[n]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def get(path, jwt, method="GET"):
    return send(method, path, None, {"Authorization": "Bearer " + jwt}).status


def until(wanted, f):
    """The keeper reads what has ended ten times a second."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if f() == wanted:
            return True
        time.sleep(.05)
    return False


CREDENTIALS = {"grant_type": "client_credentials"}
PASSWORD = {"grant_type": "password", "username": "ada", "password": "correct horse"}


def own_tokens():
    a = token(CREDENTIALS, "svc")
    ok(a.status == 200 and a.json["token_type"] == "bearer" and a.json["expires_in"] == 1800,
       "a client gets a token of its own by Basic", a)
    ok(a.headers["Cache-Control"] == "no-store" and a.headers["Pragma"] == "no-cache", "an answer with a token is not stored", a)
    ok(a.json["scope"] == "orders:read orders:write", "a client that asks for no scope gets all of its own", a)
    ok(a.refresh is None, "a client's own token has no refresh token", a)
    c = part(a.token, 1)
    ok(part(a.token, 0)["typ"] == "at+jwt", "a client's own token has the type of RFC 9068", part(a.token, 0))
    ok({k: c.get(k) for k in ("iss", "aud", "sub", "client_id", "scope", "uid")} ==
       {"iss": "https://auth.example", "aud": "api", "sub": "svc", "client_id": "svc",
        "scope": "orders:read orders:write", "uid": None} and c["exp"] - c["iat"] == 1800 and
       len(c["jti"]) == 32 and len(c["sid"]) == 32, "a client's own token has the claims of RFC 9068", c)
    a = token({**CREDENTIALS, "client_id": "svc", "client_secret": SECRET["svc"], "scope": "orders:read"})
    ok(a.status == 200 and a.json["scope"] == part(a.token, 1)["scope"] == "orders:read",
       "a client gets the scope that it asks for, by its secret in the body", a)
    b = token(CREDENTIALS, "rs")
    ok(part(b.token, 1)["aud"] == "web" and "scope" not in b.json, "a client without audience and scopes has those of the settings", b)
    for jwt, what in ((a.token, "a client's own token for another audience"), (b.token, "a client's own token")):
        refused = [get(*row) for row in (("/users/me", jwt), ("/users/me/sessions", jwt), ("/session", jwt, "DELETE"), ("/check", jwt))]
        ok(refused == [401] * 4, what + " is nobody's where a user is asked for", refused)
    a = token({**CREDENTIALS, "scope": "a" * 255 + " " + "b" * 256}, "long")
    ok(a.status == 200 and get("/users/me", a.token) == 401, "a token with the longest scope is given", a.status)


def refused():
    def error(fields, who, status, code, title, headers=None):
        a = token(fields, who, headers)
        ok(a.status == status and a.error == code and set(a.json) == {"error", "error_description"} and
           a.headers["Cache-Control"] == "no-store", title, a)
        return a

    for scope in ("orders", "orders:read admin", " orders:read", "orders:read  orders:write", "orders:read ", '"', "offline_access",
                  "\u00e4", "x" * 60000):
        error({**CREDENTIALS, "scope": scope}, "svc", 400, "invalid_scope", f"a scope that is not the client's: {scope[:20]!r}")
    error(CREDENTIALS, "pw", 400, "unauthorized_client", "a client that may not use client_credentials")
    error(PASSWORD, "svc", 400, "unauthorized_client", "a client that may not use password")
    error({"grant_type": "refresh_token", "refresh_token": "x"}, "pw", 400, "unauthorized_client", "a client that may not refresh")
    error(CREDENTIALS, None, 400, "unauthorized_client", "the built-in client has no token of its own")
    error({"grant_type": "authorization_code"}, "svc", 400, "unsupported_grant_type", "an unknown grant type")
    error({"grant_type": "Client_Credentials"}, "svc", 400, "unsupported_grant_type", "a grant type in capitals")
    error({"scope": "orders:read"}, "svc", 400, "invalid_request", "no grant type")
    error({"grant_type": ""}, "svc", 400, "invalid_request", "an empty grant type")
    error({"grant_type": "refresh_token"}, "app", 400, "invalid_request", "a refresh without its token")
    error({"grant_type": "password", "username": "ada"}, "app", 400, "invalid_request", "a password grant without a password")

    for field in ("grant_type", "client_id", "client_secret", "scope"):
        fields = {**CREDENTIALS, "client_id": "svc", "client_secret": SECRET["svc"], "scope": "orders:read"}
        error(list(fields.items()) + [(field, fields[field])], None, 400, "invalid_request", f"{field} twice, though the same")
    error([*CREDENTIALS.items(), ("scope", "orders:read"), ("scope", "")], "svc", 400, "invalid_request", "scope twice, of which one is empty")
    error([*PASSWORD.items(), ("password", "correct horse")], "app", 400, "invalid_request", "password twice")
    a = token([*CREDENTIALS.items(), ("resource", "a"), ("resource", "b")], "svc")
    ok(a.status == 200, "a parameter that is not known may be there twice", a)

    secret, good = SECRET["svc"], CREDENTIALS
    both = error({**good, "client_secret": secret}, "svc", 400, "invalid_request", "Basic and a secret in the body")
    ok("WWW-Authenticate" not in both.headers, "a 400 has no challenge", both)
    error({**good, "client_id": "app"}, "svc", 400, "invalid_request", "Basic and another client in the body")
    a = token({**good, "client_id": "svc"}, "svc")
    ok(a.status == 200, "Basic and the same client in the body", a)
    wrong = [("a wrong secret", f"svc:{secret[:-1]}"), ("a longer secret", f"svc:{secret}A"), ("no secret", "svc:"), ("no colon", "svc"),
             ("nothing", ""), ("a colon", ":"), ("an unknown client", f"nobody:{secret}"), ("another client's secret", f"app:{secret}"),
             ("the id of an account", "ada:correct horse"), ("a NUL in the secret", f"svc:{secret}%00"), ("a NUL in the id", f"svc\0:{secret}"),
             ("bytes that are not UTF-8", b"svc\xff:" + secret.encode()), ("a secret for the built-in client", f"first-party:{secret}"),
             ("the longest id and one more", "i" * 65 + ":x"), ("a client in capitals", f"SVC:{secret}")]
    for what, text in wrong:
        a = error(good, None, 401, "invalid_client", f"Basic with {what}", basic(text))
        ok(a.headers["WWW-Authenticate"] == 'Basic realm="latchkey"', f"Basic with {what}: the challenge", a)
    for what, value in (("no base64", "Basic ????"), ("its padding left out", basic("svc:" + secret)["Authorization"].rstrip("=")),
                        ("leftover bits", "Basic " + base64.b64encode(b"svc:" + secret.encode() + b"x").decode()[:-2] + "=="),
                        ("a word too many", basic(f"svc:{secret}")["Authorization"] + " x")):
        if what != "its padding left out" or value != basic("svc:" + secret)["Authorization"]:
            error(good, None, 401, "invalid_client", f"Basic with {what}", {"Authorization": value})
    encoded = "".join(f"%{b:02x}" for b in b"svc") + ":" + "".join(f"%{b:02X}" for b in secret.encode())
    ok(token(good, None, basic(encoded)).status == 200, "both parts of Basic are decoded as a form's")
    ok(token(good, None, {"Authorization": "bASIC  " + basic("svc:" + secret)["Authorization"][6:]}).status == 200,
       "the scheme is Basic in any case, with blanks behind it")
    for what, fields in (("a wrong secret", {"client_id": "svc", "client_secret": "x"}), ("no secret", {"client_id": "svc"}),
                         ("an empty secret", {"client_id": "svc", "client_secret": ""}), ("an unknown client", {"client_id": "x", "client_secret": "x"}),
                         ("a secret alone", {"client_secret": secret})):
        error({**good, **fields}, None, 401, "invalid_client", f"a body with {what}")
    a = token(json.dumps(good), "svc", {"Content-Type": "application/json"})
    ok(a.status == 400 and a.error == "invalid_request", "JSON is no form", a)
    a = token(b"--x\r\nA: b\r\n\r\nv\r\n--x--\r\n", None, {"Content-Type": "multipart/form-data; boundary=x"})
    ok(a.json == {"error": "invalid_request",
                  "error_description": "The Content-Disposition header field 'name' must be provided."},
       "a description has no quotation marks, which RFC 6749 does not allow", a)
    a = post("/oauth2/token?grant_type=client_credentials", "", "svc")
    ok(a.status == 400 and a.error == "invalid_request", "a query string is no form", a)
    a = token(good, "svc", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    ok(a.status == 403, "a page of another site gets no token", a)
    a = send("GET", "/oauth2/token")
    ok(a.status == 405 and a.headers["Allow"] == "POST", "another method is refused", a)


def password():
    a = token(PASSWORD, "app")
    ok(a.status == 200 and a.refresh is None and a.headers.get_all("Cache-Control") == ["no-store"] and
       a.headers["Pragma"] == "no-cache", "a client gets a user's token by name and password", a)
    ok((a.headers["Set-Cookie"] or "").startswith("__Host-latchkey-device="), "a password grant remembers the device", a)
    c = part(a.token, 1)
    ok(c["sub"] == "ada" and c["client_id"] == "app" and c["uid"] == 1 and c["aud"] == "web", "a user's token names the client", c)
    ok(get("/users/me", a.token) == 200 and get("/check", a.token) == 200, "a user's token is the user's")
    a = token(PASSWORD)
    ok(a.status == 200 and part(a.token, 1)["client_id"] == "first-party", "the built-in client needs no id", a)
    a = token({**PASSWORD, "client_id": "first-party"})
    ok(a.status == 200, "the built-in client may name itself", a)
    a = token({**PASSWORD, "client_id": "app", "client_secret": SECRET["app"], "scope": "offline_access"})
    ok(a.status == 200 and a.json["scope"] == "offline_access" and len(a.refresh) == 73,
       "a password grant by a secret in the body gives a refresh token", a)
    for fields, title in (({"password": "wrong"}, "a wrong password"), ({"username": "nobody"}, "an unknown name")):
        a = token({**PASSWORD, **fields}, "app")
        ok(a.status == 400 and a.json == {"error": "invalid_grant", "error_description": "Incorrect username or password"},
           f"{title} is invalid_grant", a)
    a = token({**PASSWORD, "client_id": "app", "client_secret": "x"})
    ok(a.status == 401 and a.error == "invalid_client" and a.headers["WWW-Authenticate"] == 'Basic realm="latchkey"',
       "a password is of no use to a client with a wrong secret", a)
    a = token({**PASSWORD, "scope": "read"}, "app")
    ok(a.status == 400 and a.error == "invalid_scope", "a scope of the client that the user does not have is invalid_scope", a)
    a = token({**PASSWORD, "scope": "read", "password": "wrong"}, "app")
    ok(a.status == 400 and a.error == "invalid_grant", "a wrong password learns nothing of the user's scopes", a)
    a = token({**PASSWORD, "scope": "read offline_access"}, "app")
    ok(a.status == 200 and a.json["scope"] == "offline_access" and "scope" not in part(a.token, 1),
       "of two scopes the one that can be given is given, and named", a)
    a = token({**PASSWORD, "scope": ""}, "app")
    ok(a.status == 200, "an empty scope is none", a)
    for who, scope in (("pw", "offline_access"), ("app", "write"), ("app", "offline_access admin")):
        a = token({**PASSWORD, "scope": scope}, who)
        ok(a.status == 400 and a.error == "invalid_scope", f"a scope that {who} may not have for a user: {scope}", a)
    body = urllib.parse.urlencode({**PASSWORD, "x": "y" * 65000})[:65536]
    ok(token(body, "app").status == 200, "a body of the longest length is handed over whole")
    ok(token(body + "yy" * 400, "app").status == 413, "a longer body is refused")
    chunks = (bytes([b]) for b in urllib.parse.urlencode(PASSWORD).encode())
    c = http.client.HTTPConnection(HOST, timeout=30)
    c.request("POST", "/oauth2/token", chunks, {"Content-Type": FORM, **basic("app:" + SECRET["app"])}, encode_chunked=True)
    ok(Answer(c.getresponse()).status == 200, "a body in chunks of a byte is handed over")
    kept = http.client.HTTPConnection(HOST, timeout=30)
    statuses = []
    for fields in (PASSWORD, CREDENTIALS, PASSWORD):
        kept.request("POST", "/oauth2/token", urllib.parse.urlencode(fields), {"Content-Type": FORM, **basic("app:" + SECRET["app"])})
        statuses.append(Answer(kept.getresponse()).status)
    ok(statuses == [200] * 3, "requests of both lanes share a connection", statuses)


def refresh():
    def renew(refresh_token, who=None):
        return token({"grant_type": "refresh_token", "refresh_token": refresh_token}, who)

    a = token({**PASSWORD, "scope": "offline_access"}, "app")
    b = renew(a.refresh, "app")
    ok(b.status == 200 and part(b.token, 1)["client_id"] == "app" and get("/users/me", b.token) == 200, "a client renews its session", b)
    for who in (None, "other"):
        c = renew(b.refresh, who)
        ok(c.status == 400 and c.error == "invalid_grant", f"a refresh token is nothing at another client: {who}", c)
    c = token({"grant_type": "refresh_token", "refresh_token": b.refresh, "client_id": "app"})
    ok(c.status == 401, "a confidential client renews nothing without its secret", c)
    d = token({"grant_type": "refresh_token", "refresh_token": b.refresh, "scope": "read"}, "app")
    ok(d.status == 400 and d.error == "invalid_scope" and set(d.json) == {"error", "error_description"},
       "a scope that the session has not is invalid_scope at a renewal", d)
    for scope in ('"', "read  write", " read"):
        d = token({"grant_type": "refresh_token", "refresh_token": b.refresh, "scope": scope}, "app")
        ok(d.error == "invalid_scope", f"at a renewal a scope of another form is invalid_scope: {scope!r}", d)
    time.sleep(2.5)
    d = token({"grant_type": "refresh_token", "refresh_token": b.refresh, "scope": "read offline_access"}, "app")
    ok(d.status == 200 and "scope" not in d.json, "invalid_scope has not spent the refresh token, whatever time has passed", d)
    first = token({**PASSWORD, "scope": "offline_access"})
    ok(renew(first.refresh, "app").error == "invalid_grant", "a confidential client renews nothing of the built-in one")
    c = renew(first.refresh)
    ok(c.status == 200 and part(c.token, 1)["client_id"] == "first-party", "the built-in client renews its own", c)
    sessions = send("GET", "/users/me/sessions", None, {"Authorization": "Bearer " + b.token}).json
    ok({s["client"] for s in sessions} >= {"app", "first-party"} and [s["client"] for s in sessions if s["current"]] == ["app"],
       "the list of sessions names their clients", sessions)


def introspect():
    def ask(jwt, who="rs", **more):
        return post("/oauth2/introspect", {"token": jwt, **more}, who)

    inactive = {"active": False}
    user = token({**PASSWORD, "scope": "offline_access"}, "app")
    a = ask(user.token)
    ok(a.status == 200 and a.json == {"active": True, "exp": part(user.token, 1)["exp"], "sub": "ada", "username": "ada",
                                      "client_id": "app", "aud": "web", "iss": "https://auth.example", "token_type": "bearer"},
       "a client is told of a user's token for its audience", a)
    ok(a.headers["Cache-Control"] == "no-store" and a.headers["Content-Type"] == "application/json", "what a token is, is not stored", a)
    ok(ask(user.token).json == a.json, "a token that was asked for before gets the same answer")
    login = post("/token", {"username": "ada", "password": "correct horse"})
    a = ask(login.token)
    ok(a.json.get("active") is True and "client_id" not in a.json, "a client is told of a token of /token", a)
    own = token(CREDENTIALS, "svc")
    a = ask(own.token, "api")
    ok(a.json == {"active": True, "exp": part(own.token, 1)["exp"], "sub": "svc", "client_id": "svc",
                  "scope": "orders:read orders:write", "aud": "api", "iss": "https://auth.example", "token_type": "bearer"},
       "a client is told of another client's token for its audience", a)
    ok(ask(own.token, "svc").json["active"] is True, "a client is told of its own token")
    ok(ask(own.token, "rs").json == inactive, "a token for another audience is inactive")
    ok(ask(user.token, "api").json == inactive, "a user's token is inactive for another audience")
    for jwt, what in (("x", "no token"), (user.token[:-2], "a token that is cut"), (user.token + "A", "a longer one"),
                      (user.refresh, "another client's refresh token"), ("x" * 60000, "a long text"), ("\u00e4", "another script")):
        ok(ask(jwt).json == inactive, f"inactive is {what}", ask(jwt))
    a = ask(user.refresh, "app")
    ok(a.json.get("active") is True and a.json["username"] == "ada" and a.json["client_id"] == "app" and "token_type" not in a.json and
       a.json["exp"] > time.time() + 86400, "a client is told of its own refresh token", a)
    ok(ask(user.refresh, "app", token_type_hint="access_token").json == a.json, "a wrong hint changes nothing")
    new = token({"grant_type": "refresh_token", "refresh_token": user.refresh}, "app")
    ok(ask(user.refresh, "app").json["active"] is True, "a refresh token is active in its grace")
    time.sleep(2.5)
    ok(ask(user.refresh, "app").json == inactive, "a spent refresh token is inactive after its grace")
    ok(ask(new.refresh, "app").json["active"] is True, "to be asked for ends no session")

    for what, headers, fields in (("nobody", {}, {}), ("the built-in client", {}, {"client_id": "first-party"}),
                                  ("a wrong secret", basic("rs:x"), {}), ("a user", {"Authorization": "Bearer " + user.token}, {})):
        a = post("/oauth2/introspect", {"token": user.token, **fields}, None, headers)
        ok(a.status == 401 and a.error == "invalid_client" and a.headers["WWW-Authenticate"], f"{what} may not ask", a)
    a = post("/oauth2/introspect", {"x": "y"}, "rs")
    ok(a.status == 400 and a.error == "invalid_request", "no token is an invalid request", a)
    a = post("/oauth2/introspect", [("token", user.token)] * 2, "rs")
    ok(a.status == 400 and a.error == "invalid_request", "two tokens are an invalid request", a)
    return new, own


def revoke(new, own):
    def end(jwt, who=None, headers=None):
        return post("/oauth2/revoke", {"token": jwt}, who, headers)

    def active(jwt, who):
        return post("/oauth2/introspect", {"token": jwt}, who).json["active"]

    for who in (None, "other", "rs"):
        ok([end(t, who).status for t in (new.refresh, new.token, own.token)] == [200] * 3, f"another client learns nothing: {who}")
    time.sleep(.5)
    ok(active(new.refresh, "app") and active(new.token, "app") and active(own.token, "svc"), "another client ends nothing")
    a = end(new.refresh, None, basic("app:x"))
    ok(a.status == 401 and a.error == "invalid_client", "a wrong secret revokes nothing", a)
    ok(end(own.token, "svc").status == 200 and until(False, lambda: active(own.token, "svc")), "a client ends its own token")
    ok(end(own.token, "svc").status == 200, "a token that has ended gets the same answer")
    other = token(CREDENTIALS, "svc")
    ok(active(other.token, "svc"), "another token of the client goes on")
    ok(end(new.refresh, "app").status == 200 and until(401, lambda: get("/check", new.token)), "a client ends a session by its refresh token")
    ok(not active(new.refresh, "app") and not active(new.token, "app"), "a session that has ended is inactive")
    a = token({**PASSWORD, "scope": "offline_access"}, "app")
    ok(end(a.token, "app").status == 200 and until(False, lambda: active(a.token, "app")) and not active(a.refresh, "app"),
       "a client ends a session by its access token")


own_tokens()
refused()
password()
refresh()
revoke(*introspect())
print("1..%d" % count)
