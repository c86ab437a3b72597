"""A load of checks while keys change, for t/57-rotation.t and make bench: logs in,
checks the tokens of the last minute, and keeps the published keys as an application
does, until standard input ends. Prints what went wrong, and then the figures.

    rotation.py PORT SOCKET [CHECKS_A_SECOND [PASSWORD]]

The accounts are user0 to user19, with that password, or correct-horse.
PORT is nginx's, for logins and published keys; SOCKET the check lane's, which the
checks go to directly.
"""
import base64
import http.client
import json
import os
import random
import re
import sys
import threading
import time
import urllib.parse

from peer import fcgi

port, socket = sys.argv[1:3]
rate = int(sys.argv[3]) if len(sys.argv) > 3 else 0
password = urllib.parse.quote(sys.argv[4] if len(sys.argv) > 4 else "correct-horse")
over = threading.Event()
tokens, kids, wrong = [], {}, []
counts = {"logins": 0, "checks": 0, "sets": 0}
LIFE_S = 50  # of the 60 s that a token counts


def ask(method, path, body=None, headers=None):
    link = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    link.request(method, path, body, headers or {})
    answer = link.getresponse()
    data = answer.read()
    link.close()
    return answer, data


def kid_of(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


class Keys:
    """The set as an application keeps it: for max-age, and not a moment shorter."""

    def __init__(self):
        self.until, self.kids, self.etag = 0, set(), ""

    def has(self, kid, asked):
        if asked >= self.until:
            answer, data = ask("GET", "/.well-known/jwks.json", headers={"If-None-Match": self.etag})
            if answer.status == 200:
                self.kids = {key["kid"] for key in json.loads(data)["keys"]}
            elif answer.status != 304:
                wrong.append(f"the set of keys: {answer.status}")
            self.etag = answer.headers["ETag"]
            self.until = time.monotonic() + int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1])
            counts["sets"] += 1
        return kid in self.kids


def log_in():
    keys = Keys()
    while not over.is_set():
        begun = time.monotonic()
        # what it keeps is from before the token
        keys.has("", begun)
        # of many: the oldest of too many sessions of one would end
        name = f"user{counts['logins'] % 20}"
        answer, data = ask("POST", "/token", f"username={name}&password={password}", {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.status != 200:
            wrong.append(f"a login: {answer.status}")
            continue
        token = json.loads(data)["access_token"]
        kid = kid_of(token)
        if len(kid) == 43 and not keys.has(kid, begun):
            wrong.append(f"a token by a key that is not published: {kid}")
        kids[kid] = kids.get(kid, 0) + 1
        tokens.append((time.monotonic(), token))
        counts["logins"] += 1
        time.sleep(0.05)


def check():
    due = time.monotonic()
    while not over.is_set():
        young = [token for made, token in tokens[-2000:] if made > time.monotonic() - LIFE_S]
        for _ in range(20):
            if not young or over.is_set():
                time.sleep(0.05)
                break
            token = random.choice(young)
            answer = fcgi(socket, [(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/check"),
                                   (b"HTTP_AUTHORIZATION", b"Bearer " + token.encode())])
            counts["checks"] += 1
            if answer is None or answer[0] != 200:
                wrong.append(f"a check: {answer and answer[0]}, {kid_of(token)}")
            if rate:  # by the clock: what a check takes does not make the next one later
                due = max(due + 4 / rate, time.monotonic() - 1)
                time.sleep(max(0, due - time.monotonic()))


threads = [threading.Thread(target=log_in)] + [threading.Thread(target=check) for _ in range(4)]
for thread in threads:
    thread.start()
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
for line in wrong[:20]:
    print("wrong:", line)
print(f"logins={counts['logins']} checks={counts['checks']} sets={counts['sets']} keys={len(kids)} wrong={len(wrong)}")
sys.stdout.flush()
os._exit(0)
