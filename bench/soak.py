#!/usr/bin/env python3
"""An hour of everything: does memory grow, are descriptors left open, does each counter tell the truth?

make soak T=3600 calls it; README.md beside it says more. Clients of every kind (mixed.py), requests that are
broken, cut off or not read, and ten thousand clients that only hold their connection. Ends with 1 if an answer was
wrong, a write was lost, a role's memory or descriptors grew, or a counter differs from what the clients saw.
"""
import argparse, collections, multiprocessing, os, re, resource, signal, socket, statistics, subprocess, sys, threading, time, urllib.parse
from fault.base import comm, say
from mixed import Load, RIGHT
from stack import Stack, descendants, end_on_signals

SAMPLES = 60
NOISE_S = .5  # between one lot of bad requests and the next
GROWTH_KIB = 256  # and a twentieth: what a role's memory may differ by
ROLES = ["latchkey-" + role for role in ("check", "api", "login", "keeper")]
FAILED = []


def is_open(client):
    try:
        return client.recv(1, socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def idle(address, count, held):
    """Clients that connect, begin a request and say no more; nginx closes each after a time, and another comes.

    In a process of its own: the other clients leave a thread no time for ten thousand of them.
    """
    clients = []
    while True:
        clients = [c for c in clients if is_open(c)]
        while len(clients) < count:
            try:
                clients.append(socket.create_connection(address, 5))
                clients[-1].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
            except OSError:
                break
        held.value = len(clients)
        time.sleep(1)


class Noise(threading.Thread):
    """Requests that nobody should send: none of them is counted by the clients, so none asks what they ask."""

    LOTS = [
        (b"GET /users/me HTTP/1.1\r\nHost: a\r\n\r\n", False),  # not read
        (b"GET /users/me HTTP/1.1\r\nHo", False),  # cut off
        (b"POST /users/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{\xff\"", False),
        (b"PATCH /users/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{{{{", True),
        (b"GET /\xff?\x01 HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET /users/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + b"a" * 3000 + b"\r\n\r\n", True),
    ]

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.over, self.sent = address, False, 0

    def run(self):
        while not self.over:
            for text, reads in self.LOTS:
                try:
                    with socket.create_connection(self.address, 5) as s:
                        s.sendall(text)
                        if reads:
                            s.recv(4096)
                    self.sent += 1
                except OSError:
                    pass
            time.sleep(NOISE_S)


def sizes(stack):
    """Of each role: anonymous memory in KiB, and descriptors, of its largest process."""
    found = collections.defaultdict(lambda: (0, 0))
    for pid in descendants(stack.supervisor()):
        try:
            with open("/proc/%d/status" % pid) as file:
                memory = int(re.search(r"RssAnon:\s+(\d+)", file.read())[1])
            descriptors = len(os.listdir("/proc/%d/fd" % pid))
        except (OSError, TypeError):
            continue
        name = comm(pid)
        found[name] = (max(found[name][0], memory), max(found[name][1], descriptors))
    return dict(found)


def figures(stack):
    """/metrics: name with labels, value."""
    text = subprocess.run(["curl", "-s", stack.env["LK_OPS_URL"] + "/metrics"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: float(value) for name, value in re.findall(r"^(latchkey_[^ ]+) (\S+)$", text, re.M)}


def grown(samples):
    """For each role, before and after: medians of the second and the last tenth."""
    tenth = max(1, len(samples) // 10)
    for role in ROLES:
        found = [s for s in samples if role in s]
        if len(found) < .9 * len(samples):  # one of it is replaced now and then
            FAILED.append("%s: seen in %d of %d samples" % (role, len(found), len(samples)))
            continue
        for what, unit, allowance in (0, "KiB", GROWTH_KIB), (1, "descriptors", 2):
            before, after = (statistics.median(s[role][what] for s in part)
                             for part in (found[tenth:2 * tenth] or found[:1], found[-tenth:]))
            flat = after <= before * (1.05 if what == 0 else 1) + allowance
            say("| %s: %s after a tenth of the time, and at the end | %d, %d | %s |" % (role, unit, before, after, "flat" if flat else "**grows**"))
            if not flat:
                FAILED.append("%s: %s grow from %d to %d" % (role, unit, before, after))


COUNTERS = {  # of the kind of request, when it was answered as it should be
    "login": 'latchkey_logins_total{outcome="ok"}',
    "wrong": 'latchkey_logins_total{outcome="password"}',
    "signup": 'latchkey_signups_total{outcome="ok"}',
    "change": 'latchkey_password_changes_total{outcome="ok"}',
    "refresh": 'latchkey_refreshes_total{outcome="ok"}',
    "check": 'latchkey_requests_total{route="/check",status="200"}',
    "forged": 'latchkey_requests_total{route="/check",status="401"}',
}


def compare(load, before, after):
    """Counters, beside what the clients saw."""
    seen = collections.Counter(a.kind for a in load.answers() if a.status == RIGHT.get(a.kind, 200))
    seen["login"] += sum(p.begun_again for p in load.persons)
    for kind, name in COUNTERS.items():
        counted = int(after.get(name, 0) - before.get(name, 0))
        say("| %s: clients, counter | %d, %d | %s |" % (name.replace("|", ""), seen[kind], counted, "equal" if seen[kind] == counted else "**not equal**"))
        if seen[kind] != counted:
            FAILED.append("%s: %d, clients saw %d" % (name, counted, seen[kind]))


def widen(stack, clients):
    """nginx takes as many connections as SECURITY.md assumes, and of its workers each, since one may accept most."""
    path = os.path.join(stack.folder, "nginx.conf")
    with open(path) as file:
        text = file.read().replace("worker_connections 768;", "worker_connections 16384;")
    with open(path, "w") as file:
        file.write("worker_rlimit_nofile 20000;\n" + text)
    with open(os.path.join(stack.data, "nginx.pid")) as file:
        os.kill(int(file.read()), signal.SIGHUP)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, clients + 1000), limit))
    time.sleep(2)


def complaints(stack):
    """What nginx's log has most often, by its text without numbers."""
    with open(os.path.join(stack.folder, "log", "nginx.log"), errors="replace") as file:
        lines = collections.Counter(re.sub(r"\d+", "N", re.sub(r"^.*?\] |, client: .*", "", line.strip())) for line in file)
    for text, count in lines.most_common(5):
        say("| nginx says: %s | %d | |" % (text.replace("|", ""), count))


def soak(options):
    with Stack(options) as s:
        s.users()
        widen(s, options.idle)
        host, port = urllib.parse.urlsplit(s.env["LK_URL"]).netloc.split(":")
        address, held = (host, int(port)), multiprocessing.Value("i")
        holder = multiprocessing.Process(target=idle, args=(address, options.idle, held), daemon=True)
        load, noise, samples = Load(s, 8), Noise(address), []
        for p in load.persons:
            p.enter()
        before = figures(s)
        for client in holder, *load.persons, noise:
            client.start()
        try:
            for _ in range(SAMPLES):
                time.sleep(options.seconds / SAMPLES)
                samples.append(sizes(s))
            held = held.value
        finally:
            holder.terminate()
            noise.over = True
            load.stop()
        after = figures(s)
        report(load, held, noise.sent, options)
        compare(load, before, after)
        grown(samples)
        complaints(s)
        lost, wrong = load.lost(), load.wrong()
        made, changed = load.written()
        say("| accounts and passwords that were answered as written: lost | %d of %d | |" % (len(lost), made + changed))
        FAILED.extend(lost + wrong[:20])


def report(load, held, noise, options):
    answers = load.answers()
    say("| %d s: answers; 503; wrong | %d; %d; %d | |" % (
        options.seconds, len(answers), sum(a.status == 503 for a in answers), len(load.wrong())))
    say("| clients that held a connection meanwhile; bad requests | %d; %d | |" % (held, noise))
    if held < .9 * options.idle or not noise:
        FAILED.append("%d of %d clients held a connection, %d bad requests" % (held, options.idle, noise))
    for kind in "check", "login":
        times = sorted(a.end - a.begin for a in answers if a.kind == kind)
        say("| %s: p50, p99, longest, ms | %s | |" % (kind, ", ".join(
            "%.1f" % (1000 * times[min(len(times) - 1, int(len(times) * part))]) for part in (.5, .99, 1))))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build", help="the folder with the programs")
    p.add_argument("--seconds", type=int, default=3600)
    p.add_argument("--idle", type=int, default=10000, help="clients that only hold a connection")
    options = p.parse_args()
    end_on_signals()
    say("| what | found | |\n|---|---|---|")
    soak(options)
    for text in FAILED:
        print("failed: " + text, file=sys.stderr)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
