"""Requests at a steady rate while something is done to the service again and again:
is one lost, and how long does the slowest take?

    upgrade.py [OPTION...] URL COMMAND

sends, from clients with kept connections: token checks, requests that ask the database,
POST that is refused, logins and sign-ups, at first for --before seconds alone, then while
COMMAND (for /bin/sh, with $n from 1 on) runs --times times. It is to return when the
service is ready again. Each request has its time, and waits for it is counted from
then: a service that answers nothing for a second makes each request of that second
late, not just those that were under way.

Prints a line for each kind, "KIND REQUESTS WRONG BEFORE_MS DURING_MS": the longest
without COMMAND and with it; and on standard error what was wrong. At the end it logs in
as each account that a sign-up has made. The exit status is 1 if anything was wrong or
COMMAND has failed.

    --times N       1
    --before S      10
    --checks, --gets, --posts, --logins, --signups N    a second: 100, 20, 4, 4, 1
                    (nginx.conf.sample lets a client have 10 logins and 5 changes a
                    second, and Latchkey an address 300 sign-ups an hour)
"""
import argparse
import http.client
import json
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.parse

CLIENTS = 4  # of each kind
PASSWORD = "correct horse %s" % secrets.token_hex(4)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


class Client:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=30)

    def ask(self, method, path, body=None, headers=None):
        """Status and body; a connection that nginx has closed meanwhile is no loss."""
        for attempt in 1, 2:
            fresh = self.connection.sock is None
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError) as e:
                self.connection.close()
                if fresh or attempt == 2 or not isinstance(e, http.client.RemoteDisconnected):
                    return 0, repr(e).encode()


def sign_up(client, name):
    return client.ask("POST", "/users/add_user/",
                      json.dumps({"username": name, "password": PASSWORD}), JSON)


def log_in(client, name):
    return client.ask("POST", "/token",
                      urllib.parse.urlencode({"username": name, "password": PASSWORD}), FORM)


class Load:
    """Requests of one kind at a rate, each with its time."""

    def __init__(self, kind, rate, url, ask, is_right):
        self.kind, self.rate, self.url = kind, rate, url
        self.ask, self.is_right = ask, is_right
        self.answers = []  # (when it was due, how long it took, what was wrong)
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True)
                        for i in range(CLIENTS if rate >= CLIENTS else 1)]

    def run(self, i):
        client, n = Client(self.url), len(self.threads)
        period = n / self.rate
        due = Load.begin + period * i / n
        while due < Load.end:
            time.sleep(max(0, due - time.monotonic()))
            status, body = self.ask(client)
            wrong = None if self.is_right(status, body) else "%d %s" % (status, body[:200])
            self.answers.append((due, time.monotonic() - due, wrong))
            due += period

    def longest_ms(self, begin, end):
        return max((took * 1000 for due, took, _ in self.answers if begin <= due < end), default=0)


def parse():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--times", type=int, default=1)
    p.add_argument("--before", type=float, default=10)
    for kind, rate in ("checks", 100), ("gets", 20), ("posts", 4), ("logins", 4), ("signups", 1):
        p.add_argument("--" + kind, type=float, default=rate)
    p.add_argument("url")
    p.add_argument("command")
    return p.parse_args()


def loads(options):
    """What is asked, and which answer is right."""
    client, made = Client(options.url), []
    run = secrets.token_hex(4)
    for name in "up-%s-a" % run, "up-%s-b" % run:
        for _ in range(10):  # of a service that is about to be ready
            status, body = sign_up(client, name)
            if status != 503:
                break
            time.sleep(1)
        if status != 200:
            sys.exit("upgrade.py: a sign-up got %d %s" % (status, body))
    # Of a hundred sessions the oldest ends: the one of the token is of an account that
    # does not log in again.
    token = json.loads(log_in(client, "up-%s-a" % run)[1])["access_token"]
    bearer = {"Authorization": "Bearer " + token}

    def make_one(client):
        name = "up-%s-%s" % (run, secrets.token_hex(6))
        answer = sign_up(client, name)
        if answer[0] == 200:
            made.append(name)
        return answer

    def is_200(status, body):
        return status == 200

    return [
        Load("check", options.checks, options.url,
             lambda c: c.ask("GET", "/check", None, bearer), is_200),
        Load("get", options.gets, options.url, lambda c: c.ask("GET", "/users/me", None, bearer),
             lambda status, body: status == 200 and b'"up-%s-a"' % run.encode() in body),
        Load("post", options.posts, options.url,
             lambda c: c.ask("POST", "/users/me", b"x" * 100),
             lambda status, body: status == 405),
        Load("login", options.logins, options.url, lambda c: log_in(c, "up-%s-b" % run),
             lambda status, body: status == 200 and b'"access_token"' in body),
        Load("signup", options.signups, options.url, make_one, is_200),
    ], made


def repeat(options):
    failed = 0
    for n in range(1, options.times + 1):
        done = subprocess.run(["/bin/sh", "-c", options.command], env=dict(os.environ, n=str(n)),
                              stdin=subprocess.DEVNULL, stdout=sys.stderr)
        if done.returncode != 0:
            print("upgrade.py: time %d of COMMAND failed" % n, file=sys.stderr)
            failed += 1
    return failed


def main():
    options = parse()
    all_loads, made = loads(options)
    all_loads = [load for load in all_loads if load.rate > 0]
    Load.begin, Load.end = time.monotonic() + 0.1, float("inf")
    threads = [thread for load in all_loads for thread in load.threads]
    for thread in threads:
        thread.start()
    time.sleep(options.before)
    changed = time.monotonic()
    failed = repeat(options)
    time.sleep(0.5)
    Load.end = time.monotonic()
    for thread in threads:
        thread.join()
    for load in all_loads:
        wrong = [w for _, _, w in load.answers if w]
        failed += len(wrong)
        print(load.kind, len(load.answers), len(wrong), "%.0f" % load.longest_ms(0, changed),
              "%.0f" % load.longest_ms(changed, Load.end), flush=True)
        for w in wrong[:5]:
            print("upgrade.py: %s: %s" % (load.kind, w), file=sys.stderr)
    client = Client(options.url)
    for name in made[-20:]:
        time.sleep(0.15)  # nginx lets ten a second pass
        status, body = log_in(client, name)
        if status != 200:
            print("upgrade.py: %s signed up, and its login got %d %s" % (name, status, body), file=sys.stderr)
            failed += 1
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
