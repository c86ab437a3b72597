#!/usr/bin/python3
"""Steady load on a site: every request counted, and the accounts it was promised.

	steady.py PORT USER PASSWORD TOKEN ACCOUNTS

Until its standard input ends. For each kind a line: requests, those with the answer
they should have, the others by status, those without any answer, and the longest in
milliseconds. ACCOUNTS gets the names of acknowledged sign-ups, a line each.
"""
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse
from collections import Counter

port, user, password, token, accounts = sys.argv[1:]
form = {"Content-Type": "application/x-www-form-urlencoded"}
bearer = {"Authorization": "Bearer " + token}
login = urllib.parse.urlencode({"username": user, "password": password})


def sign_up(n):
    body = {"username": "steady-%d-%d" % (os.getpid(), n), "password": password}
    return "POST", "/users/add_user/", json.dumps(body), {"Content-Type": "application/json"}


# kind: clients, pause between two requests, status wanted, request
KINDS = {
    "check": (2, 0.002, 200, lambda n: ("GET", "/check", None, bearer)),
    "get": (2, 0.002, 200, lambda n: ("GET", "/users/me", None, bearer)),
    "post": (2, 0.002, 405, lambda n: ("POST", "/users/me", "x" * 100, form)),
    "login": (2, 0.01, 200, lambda n: ("POST", "/token", login, form)),
    "signup": (1, 0.01, 200, sign_up),
}

lock = threading.Lock()
done = threading.Event()
statuses = {kind: Counter() for kind in KINDS}
longest = dict.fromkeys(KINDS, 0)
numbers = iter(range(1 << 30))


def client(kind, pause, wanted, request):
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    while not done.is_set():
        with lock:
            n = next(numbers)
        method, path, body, headers = request(n)
        begin = time.monotonic()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException) as e:
            connection.close()
            status = type(e).__name__
        took = time.monotonic() - begin
        with lock:
            statuses[kind][status] += 1
            longest[kind] = max(longest[kind], took)
            if kind == "signup" and status == wanted:
                print(json.loads(text)["username"], file=acknowledged, flush=True)
        time.sleep(pause)


acknowledged = open(accounts, "a")
threads = [threading.Thread(target=client, args=(kind, pause, wanted, request))
           for kind, (clients, pause, wanted, request) in KINDS.items() for _ in range(clients)]
for thread in threads:
    thread.start()
sys.stdin.read()
done.set()
for thread in threads:
    thread.join()
for kind, (_, _, wanted, _) in KINDS.items():
    total, good = sum(statuses[kind].values()), statuses[kind].pop(wanted, 0)
    lost = sum(n for status, n in statuses[kind].items() if isinstance(status, str))
    others = ",".join("%s:%d" % pair for pair in sorted(statuses[kind].items(), key=str)) or "none"
    print(kind, total, good, others, lost, round(longest[kind] * 1000))
