#!/usr/bin/env python3
"""Simulation of guessing: accounts that fall within an hour, with and without the rate limits.

    bench/guessing.py [--accounts N] [--guesses N]      by hand: a quarter of an hour
    bench/guessing.py --flood [--seconds N]             the second part alone: two minutes
    bench/guessing.py --small                           for the tests: 20 accounts, without the service-wide limit

A thousand accounts have weak passwords out of a list of 10,000, the more of them the nearer to its top (rank()).
Attackers know the list and its order, and ask the real program, on a real PostgreSQL, past nginx, so that they come
from any address. An hour passes by moving the table's rows back, ten minutes at a time, which is all that the
rate limit knows of time; hashes are of the least cost, as what is counted is decided before them. "without" is the same
program with every limit as high as it goes. Prints Markdown.

The second part is about who gets in meanwhile: an attacker has ten IPv6 /48s, has signed up and logged in from each of
them, and sends 500 wrong passwords a second, each for another name and from another /64. Beside that, four times a
second, somebody logs in rightly from a network that an account older than a week has logged in from, and somebody
from a new one; neither has a device's cookie. Counted is what comes once the common half is spent.
"""
import argparse, os, shlex, signal, statistics, subprocess, sys, tempfile, threading, time
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "t", "tool"))
from concurrent.futures import ThreadPoolExecutor
import login

MINUTES = 60
LIMITS = "name", "address", "client"
HIGH = ["login_failures_per_%s_hour=1000000" % kind for kind in LIMITS] + ["login_failures_per_service_hour=0"]
NO_SERVICE_LIMIT = ["login_failures_per_service_hour=0"]


def read_env(folder):
    with open(os.path.join(folder, "env")) as file:
        return dict(word.split("=", 1) for word in shlex.split(file.read()))


def rank(account, accounts):
    """The place of an account's password in the attackers' list: half of them are among its first 100, and all
    among its first 10,000, as likely as not evenly on a scale of powers of ten."""
    return int(10 ** (4 * (account + .5) / accounts))


class Service:
    def __init__(self, folder, accounts, settings):
        self.accounts = accounts
        self.has_service_limit = "login_failures_per_service_hour=0" not in settings
        subprocess.run([TOP + "/t/stack", "up", folder, "workers=4", "hash_cost=1", "password_blocklist=",
                        "password_min_chars=8", "login_backlog=4096", "login_wait_ms=60000", "db_timeout_ms=30000",
                        "nginx_limits=off", *settings], check=True)
        self.env = read_env(folder)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.sign_up, range(accounts)))

    def sign_up(self, n):
        subprocess.run([self.env["LK_BIN"], "-c", self.env["LK_CONF"], "user", "add", "user%d" % n],
                       input="password-%d\n" % rank(n, self.accounts), text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def sql(self, text):
        subprocess.run(shlex.split(self.env["LK_PSQL"]) + ["-XAtqc", text], check=True)

    def forget(self):
        self.sql("truncate latchkey_throttle")
        self.let_limit_be_read()

    def pass_minutes(self, n):
        self.sql("update latchkey_throttle set empty_at = empty_at - interval '%d minutes'"
                 " where empty_at > '-infinity'" % n)
        self.let_limit_be_read()

    def let_limit_be_read(self):
        """Which happens once a second."""
        if self.has_service_limit:
            time.sleep(1.1)

    def log_in(self, guess):
        address, name, place = guess
        line = "%s %s password-%d" % (address, name, place)
        return login.login(self.env["LK_SOCKET_LOGIN"], line).split()[0]

    def log_in_rightly(self, address, n):
        """Status, and milliseconds."""
        began = time.monotonic()
        status = self.log_in((address, "user%d" % n, rank(n, self.accounts)))
        return status, (time.monotonic() - began) * 1000

def stuffing(accounts, places):
    """Many accounts, one address."""
    for place in range(1, places + 1):
        for n in range(accounts):
            yield "192.0.2.1", n, place


def spraying(accounts, places):
    """Many addresses, each used for a password at each account."""
    i = 0
    for place in range(1, places + 1):
        for n in range(accounts):
            yield "10.%d.%d.%d" % (i >> 16 & 255, i >> 8 & 255, i & 255), n, place
            i += 1


def targeted(accounts, places):
    """Many addresses, one account: the one whose password is halfway down the list."""
    n = accounts // 2
    for place in range(1, places * accounts + 1):
        yield "10.%d.%d.%d" % (place >> 16 & 255, place >> 8 & 255, place & 255), n, place


ATTACKS = {"many accounts, one address": stuffing, "many accounts, a new address each time": spraying,
           "one account, a new address each time": targeted}


def attack(service, guesses, sent_in_hour, step):
    """For an hour, so many guesses each step. A refused one is tried again later. Fallen accounts, looked at, sent."""
    service.forget()
    waiting, fallen, looked_at, sent = [], set(), 0, 0
    per_step = sent_in_hour * step // MINUTES
    with ThreadPoolExecutor(16) as pool:
        for _ in range(MINUTES // step):
            batch, waiting = waiting[:per_step], waiting[per_step:]
            while len(batch) < per_step and (guess := next(guesses, None)):
                batch.append(guess)
            batch = [g for g in batch if g[1] not in fallen]
            sent += len(batch)
            answers = pool.map(service.log_in, ((a, "user%d" % n, place) for a, n, place in batch))
            refused = []
            for guess, status in zip(batch, answers):
                if status == "200":
                    fallen.add(guess[1])
                elif status == "429":
                    refused.append(guess)
                elif status != "401":
                    raise RuntimeError("a login was answered " + status)
                looked_at += status != "429"
            waiting = refused + waiting
            service.pass_minutes(step)
    return len(fallen), looked_at, sent


class Flood:
    """Wrong passwords, so many a second, by some threads, until it is stopped or has sent them all."""

    def __init__(self, service, rate, most):
        self.service, self.rate, self.most = service, rate, most
        self.sent, self.answers, self.lock = 0, {}, threading.Lock()
        self.began, self.ends = time.monotonic(), threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(16)]
        for thread in self.threads:
            thread.start()

    def next(self):
        with self.lock:
            self.sent += 1
            return self.sent

    def run(self):
        while not self.ends.is_set() and (n := self.next()) <= self.most:
            time.sleep(max(0, self.began + n / self.rate - time.monotonic()))
            status = self.service.log_in(("2001:db8:%x:%x::1" % (n % 10, n // 10 & 0xffff), "nobody%d" % n, 1))
            with self.lock:
                self.answers[status] = self.answers.get(status, 0) + 1

    def has_spent_it(self):
        return self.answers.get("429", 0) > 0 or not any(thread.is_alive() for thread in self.threads)

    def stop(self):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began


def row(who, answers):
    times = sorted(ms for status, ms in answers if status == "200")
    print("| %s | %d of %d | %s |" % (who, len(times), len(answers), "%.0f ms, %.0f ms" % (
        statistics.median(times), times[-1]) if times else "-"))


def flood(seconds, users, rate, most, settings):
    """An attacker spends the limit of the service: who logs in meanwhile?"""
    with tempfile.TemporaryDirectory(prefix="latchkey-guessing-") as folder:
        os.chmod(folder, 0o755)
        try:
            service = Service(folder, users, settings)
            service.sql("update latchkey_watermark set highest = (select max(id) from users)")
            for n in range(10):
                service.sign_up(users + n)
            for n in range(users):
                service.log_in_rightly("100.64.%d.1" % n, n)
            for n in range(10):
                service.log_in_rightly("2001:db8:%x::1" % n, users + n)
            attack, known, new = Flood(service, rate, most), [], []
            while not attack.has_spent_it():
                time.sleep(.1)
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                n = len(known)
                known.append(service.log_in_rightly("100.64.%d.%d" % (n % users, 2 + n % 250), n % users))
                new.append(service.log_in_rightly("172.%d.%d.1" % (16 + (n >> 8), n & 255), n % users))
                time.sleep(.25)
            attack.stop()
        finally:
            subprocess.run([TOP + "/t/stack", "down", folder])
    print("| who | logged in | half of them within, the slowest |\n|---|---|---|")
    row("users from known networks", known)
    row("users from new networks", new)
    sent = sum(attack.answers.values())
    print("| the attacker | %d of %d looked at, %.0f sent a second | |" % (
        sent - attack.answers.get("429", 0), sent, sent / attack.seconds))


def guess(o):
    """How many accounts fall."""
    stacks = {"without": HIGH, "without the service-wide limit": NO_SERVICE_LIMIT, "as installed": []}
    step = 10
    if o.small:
        o.accounts, o.guesses, step = 20, 1000, 30
        del stacks["as installed"]
    found = {}
    for title, settings in stacks.items():
        with tempfile.TemporaryDirectory(prefix="latchkey-guessing-") as folder:
            os.chmod(folder, 0o755)
            try:
                service = Service(folder, o.accounts, settings)
                for name, plan in ATTACKS.items():
                    guesses = plan(o.accounts, o.guesses // o.accounts)
                    found[name, title] = attack(service, guesses, o.guesses, step)
                    print(name, title, found[name, title], file=sys.stderr, flush=True)
            finally:
                subprocess.run([TOP + "/t/stack", "down", folder])
    print("| fallen of %d (looked at, of those sent) | %s |" % (o.accounts, " | ".join(stacks)))
    print("|---" * (len(stacks) + 1) + "|")
    for name in ATTACKS:
        print("| %s | %s |" % (name, " | ".join("%d (%d of %d)" % found[name, t] for t in stacks)))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--accounts", type=int, default=1000)
    p.add_argument("--guesses", type=int, default=30000, help="that an attacker sends in the hour")
    p.add_argument("--small", action="store_true")
    p.add_argument("--flood", action="store_true", help="the second part alone")
    p.add_argument("--seconds", type=int, default=60, help="that it is watched for")
    o = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or what was started would stay
    if not o.flood:
        guess(o)
    if o.small:
        flood(2, 5, 200, 400, ["login_failures_per_service_hour=400"])
    else:
        flood(o.seconds, 40, 500, 10 ** 9, [])


if __name__ == "__main__":
    main()
