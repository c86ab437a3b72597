"""Requests of which the n-th allocation fails, for every n: each has its right
answer or a 503, nothing is lost, and the next request is served.

    starve.py URL ORDERS SUPERVISOR KEY [PART OF A TITLE]

ORDERS: the file that t/tool/starve.c reads. SUPERVISOR: its number; it has one
worker for each lane. KEY: the file with the key of HS256. Writes TAP.
"""

import base64
import collections
import hashlib
import hmac
import http.client
import itertools
import json
import mmap
import os
import signal
import struct
import sys
import time
import urllib.parse

HOST, ORDERS, SUPERVISOR, KEY = sys.argv[1].split("//")[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
ONLY = sys.argv[5] if len(sys.argv) > 5 else ""
key = open(KEY, "rb").read().rstrip(b"\n")
orders = mmap.mmap(os.open(ORDERS, os.O_RDWR), 16)
names = itertools.count()
tests = 0


def ok(good, title, *why):
    global tests
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {title}")
    for line in () if good else why:
        print("#", line)
    sys.stdout.flush()


def ask(method, path, body=None, token=None, json_body=None, answered=None, **headers):
    if token is not None:
        headers["Authorization"] = "Bearer " + token
    if json_body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(json_body)
    elif body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urllib.parse.urlencode(body)
    connection = http.client.HTTPConnection(HOST, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        if answered is not None:
            answered[:] = answer.getheaders()
        return answer.status, answer.read()
    finally:
        connection.close()


def surely(*request, **more):
    """The answer where no allocation fails, however loaded the machine is."""
    end = time.monotonic() + 60
    while True:
        answer = ask(*request, **more)
        if answer[0] != 503 or time.monotonic() > end:
            return answer
        time.sleep(0.05)


def workers(lane):
    """The numbers of the lane's processes."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    stat = file.read()
            except OSError:
                continue
            name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
            if int(rest[1]) == SUPERVISOR and rest[0] != "Z" and name in ("latchkey", f"latchkey-{lane}"):
                found.append(int(entry))
    return found


class Lane:
    """Its one worker, which may die, and is replaced; a reload ends the wait for that."""

    def __init__(self, name, probe):
        self.name, self.probe, self.deaths, self.pid = name, probe, 0, 0
        self.settle()

    def settle(self):
        """Wait until there is one worker, and it serves."""
        end, since = time.monotonic() + 60, None
        while time.monotonic() < end:
            found = workers(self.name)
            if len(found) == 1 and self.probe() and workers(self.name) == found:
                self.deaths += self.pid not in (0, found[0])
                self.pid = found[0]
                return
            since = (since or time.monotonic()) if not found else None
            if since and time.monotonic() - since > 0.25:
                os.kill(SUPERVISOR, signal.SIGHUP)
                since = None
                time.sleep(0.1)
            time.sleep(0.02)
        raise SystemExit(f"# the {self.name} lane has no worker")


def starve(lane, turn, later, request):
    """The request while the turn-th allocation fails; its answer, and how many there were."""
    orders[:] = struct.pack("4i", lane.pid, turn, later, 0)
    try:
        answer = request()
    except OSError as e:
        answer = (f"{type(e).__name__}", b"")
    count = struct.unpack("4i", orders[:])[3]
    orders[:] = bytes(16)
    return answer, count


def sweep(title, lane, make, right, later=0, step=1, first=None):
    """make() prepares a request and returns it with its check: what is wrong after an answer, or None.

    The first allocations are libfcgi's, which ends the worker: one sweep has them all.
    """
    if ONLY not in title:
        return
    answers, wrong, n = collections.Counter(), [], 0
    lane.settle()
    for turn in itertools.count(LIBFCGI if first is None else first, step):
        request, check = make()
        (status, body), count = starve(lane, turn, later, request)
        tries = 0
        # another worker has it, after a reload; or it has waited for too long on a loaded machine
        while tries < 20 and (count == 0 or (count < turn and status == 503)):
            tries += 1
            lane.settle()
            request, check = make()
            (status, body), count = starve(lane, turn, later, request)
        lane.settle()
        answers[status] += 1
        if count < turn:
            n = count
            if status not in right:
                wrong.append(f"without a failure: {status}")
            break
        if status not in right and status != 503:
            wrong.append(f"{turn}: {status} {body[:100]!r}")
        problem = check(status, body)
        if problem:
            wrong.append(f"{turn}: {status}, then {problem}")
        if turn > 2000:
            wrong.append("there is no end")
            break
    how = "and all later ones fail" if later else "fails"
    print(f"# {title}: {n} allocations, {dict(answers)}, {lane.deaths} deaths of the worker so far")
    ok(not wrong, f"{title}: whichever allocation {how}, the answer is {' or '.join(map(str, sorted(right)))} or 503", *wrong[:10])
    ok(n > 5, f"{title}: its allocations were met", n)


# --- what is asked ---


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims, by=key):
    text = encode(b'{"alg":"HS256","typ":"JWT"}') + "." + encode(json.dumps(claims).encode())
    return text + "." + encode(hmac.new(by, text.encode(), hashlib.sha256).digest())


def fresh_token(by=key):
    now = int(time.time())
    return signed({"sub": "ada", "uid": ADA, "iat": now, "exp": now + 600, "jti": os.urandom(8).hex()}, by)


def log_in(name, password, how=surely, **more):
    return how("POST", "/token", dict(username=name, password=password, **more))


def new_user(password="correct horse"):
    name = f"user{next(names)}"
    status, body = surely("POST", "/users/add_user/", json_body={"username": name, "password": password})
    assert status == 200, (status, body)
    return name


def token_of(name, password="correct horse", **more):
    status, body = log_in(name, password, **more)
    assert status == 200, (status, body)
    return json.loads(body)


def fine(status, body):
    return None


def checks_again(token):
    """Without a failure the same token has its right answer: nothing wrong was remembered."""

    def check(status, body):
        after = surely("GET", "/check", token=token)[0]
        return None if after == 200 else f"the token gets {after}"

    return check


def cached_check():
    surely("GET", "/check", token=TOKEN)
    return lambda: ask("GET", "/check", token=TOKEN), checks_again(TOKEN)


def fresh_check():
    token = fresh_token()
    return lambda: ask("GET", "/check", token=token), checks_again(token)


def pair_check():
    token = token_of("ada")["access_token"]
    return lambda: ask("GET", "/check", token=token), checks_again(token)


def forged_check():
    token = fresh_token(b"x" * 64)
    return lambda: ask("GET", "/check", token=token), fine


def me():
    token = fresh_token()
    return lambda: ask("GET", "/users/me", token=token), fine


def right_login():
    def check(status, body):
        if status != 200:
            return None
        after = surely("GET", "/check", token=json.loads(body)["access_token"])[0]
        return None if after == 200 else f"its token gets {after}"

    return lambda: log_in("ada", "correct horse", ask, scope="offline_access"), check


def no_token(status, body):
    return "a token" if b"access_token" in body else None


def wrong_login():
    return lambda: log_in("ada", "wrong horse", ask), no_token


def unknown_login():
    return lambda: log_in(f"nobody{next(names)}", "wrong horse", ask), no_token


def page_login():
    got = []

    def check(status, body):
        to = dict(got).get("Location", "")
        cookies = [value.split("=")[0] for name, value in got if name == "Set-Cookie"]
        if status == 303 and not (to.startswith("/login?arrived=1") and "__Host-latchkey" in cookies):
            return f"the browser goes to {to} with {cookies}"
        return None

    form = {"username": "ada", "password": "correct horse", "next": "/todos/"}
    return lambda: ask("POST", "/login", form, answered=got, Origin=sys.argv[1]), check


def sign_up():
    name = f"user{next(names)}"

    def check(status, body):
        after = log_in(name, "correct horse")[0]
        return None if after in ((200,) if status == 200 else (200, 401)) else f"a login gets {after}"

    return (
        lambda: ask("POST", "/users/add_user/", json_body={"username": name, "fullname": "N \u00e9", "password": "correct horse"}),
        check,
    )


def change():
    name = new_user()
    token = token_of(name)["access_token"]

    def check(status, body):
        new, old = (log_in(name, password)[0] for password in ("battery staple", "correct horse"))
        if (new, old) == (200, 401) or (status != 200 and (new, old) == (401, 200)):
            return None
        return f"the new password gets {new}, the old one {old}"

    return (
        lambda: ask("POST", "/users/me/password", token=token, json_body={"current": "correct horse", "new": "battery staple"}),
        check,
    )


def refresh():
    token = token_of("ada", scope="offline_access")["refresh_token"]

    def renew(refresh_token, how=surely):
        return how("POST", "/oauth2/token", {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def check(status, body):
        after = renew(json.loads(body)["refresh_token"] if status == 200 else token)[0]
        return None if after == 200 else f"the session's next renewal gets {after}"

    return lambda: renew(token, ask), check


def revoke():
    token = token_of("ada")["access_token"]

    def check(status, body):
        end = time.monotonic() + 10
        while status == 200 and ask("GET", "/check", token=token)[0] != 401:
            if time.monotonic() > end:
                return "the token counts on"
            time.sleep(0.02)
        return None

    return lambda: ask("POST", "/oauth2/revoke", {"token": token}), check


surely("POST", "/users/add_user/", json_body={"username": "ada", "password": "correct horse"})
TOKEN = token_of("ada")["access_token"]
ADA = json.loads(surely("GET", "/users/me", token=TOKEN)[1])["id"]
check = Lane("check", lambda: ask("GET", "/healthz")[0] != 0)
api = Lane("api", lambda: ask("GET", "/users/me", token=fresh_token())[0] == 200)
login = Lane("login", lambda: log_in("ada", "correct horse", ask)[0] == 200)

LIBFCGI = 16
sweep("a check of a known token", check, cached_check, {200}, first=1)
sweep("a check of a new token", check, fresh_check, {200})
sweep("a check of a new token", check, fresh_check, {200}, later=1)
sweep("a check of a new token by a key pair", check, pair_check, {200})
sweep("a check of a forged token", check, forged_check, {401})
sweep("the current user", api, me, {200})
sweep("a login", login, right_login, {200})
sweep("a login", login, right_login, {200}, later=1, step=3)
sweep("a login with a wrong password", login, wrong_login, {401})
sweep("a login with a wrong password", login, wrong_login, {401}, later=1, step=3)
sweep("a login by an unknown name", login, unknown_login, {401})
sweep("a login by the page", login, page_login, {303})
sweep("a sign-up", login, sign_up, {200})
sweep("a sign-up", login, sign_up, {200}, later=1, step=3)
sweep("a change of the password", login, change, {200})
sweep("a change of the password", login, change, {200}, later=1, step=3)
sweep("a renewal", api, refresh, {200})
sweep("a revocation", api, revoke, {200})
print(f"1..{tests}")
