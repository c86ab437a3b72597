#!/usr/bin/env python3
"""A flood of sign-ups, and logins at the same time.

    t/tool/sleeping.py URL SECONDS CLIENTS NAME PASSWORD

CLIENTS sign up one name after the other, each under a name of its own that
begins with "flood", while two log in to an account again and again. Written
are variables for a shell: logins, served, refused, odd (any other answer),
longest_ms, of logins; signups, made, hasty (503 without a Retry-After of
2 seconds at least), others, of sign-ups.
"""

import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

url, seconds, clients, name, password = sys.argv[1:]
host = urllib.parse.urlsplit(url).netloc
until = time.monotonic() + float(seconds)
lock = threading.Lock()
logins, signups = [], []


def post(path, body, kind):
    """The status, its Retry-After, and the milliseconds until then."""
    start = time.monotonic()
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("POST", path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("Retry-After"), int((time.monotonic() - start) * 1000)


def log_in():
    body = urllib.parse.urlencode({"username": name, "password": password})
    while time.monotonic() < until:
        answer = post("/token", body, "application/x-www-form-urlencoded")
        with lock:
            logins.append(answer)
        time.sleep(0.1)


def sign_up(number):
    n = 0
    while time.monotonic() < until:
        n += 1
        new = "flood-%d-%d-%d" % (os.getpid(), number, n)
        answer = post("/users/add_user/", json.dumps({"username": new, "password": password}), "application/json")
        with lock:
            signups.append(answer)
        if answer[2] < 100:  # an attacker is as quick, but the machine is shared
            time.sleep(0.05)


threads = [threading.Thread(target=sign_up, args=(n,)) for n in range(int(clients))]
threads += [threading.Thread(target=log_in) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()


def count(answers, *wanted):
    return sum(a[0] in wanted for a in answers)


print("logins=%d served=%d refused=%d odd=%d longest_ms=%d" % (
    len(logins), count(logins, 200), count(logins, 503),
    len(logins) - count(logins, 200, 503), max(a[2] for a in logins)))
print("signups=%d made=%d hasty=%d others=%d" % (
    len(signups), count(signups, 200),
    sum(a[0] == 503 and int(a[1] or 0) < 2 for a in signups),
    len(signups) - count(signups, 200, 503)))
