#!/usr/bin/env python3
"""Floods by one client or many, one after the other, and what is left of the service meanwhile.

    bench/floods.py                  this tree, as it is built
    bench/floods.py --tree DIR       and another checkout, built as well, beside it

Meanwhile an honest client at another address logs in four times a second and asks for 200 checks a second,
each on a connection of its own. nginx' limits are those of nginx.conf.sample. Prints a table in Markdown;
nothing is asserted. A flood lasts --seconds, and all it starts ends with it.
"""
import argparse, asyncio, collections, json, multiprocessing, os, re, resource, select, shutil, signal, socket
import subprocess, sys, tempfile, time
from load import Site, percentile
from sides import TOP, post, read_env

ATTACKER, HONEST = "127.0.0.1", "127.0.0.2"
MANY = ["127.0.1.%d" % n for n in range(1, 65)]  # no limit by address binds these
PASSWORD = "correct horse"
LOGINS_PER_S, CHECKS_PER_S = 4, 200
DEADLINE_S = 10
SOON_S = 2
SETTLE_S = 2  # from the beginning of a flood until the honest client comes
FORM = "Content-Type: application/x-www-form-urlencoded"


def request(method, path, *headers, body=b""):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost", *headers]
    if method == "POST":
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def login_of(name, *headers):
    return request("POST", "/token", FORM, *headers, body=b"username=%s&password=correct+horse" % name.encode())


# --- the floods: each goes on until it is stopped ---

def connection(port, address, wait=True, deaf=False):
    s = socket.socket()
    if deaf:  # as over a network: loopback's buffers take all of a large answer
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    s.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
    s.bind((address, 0))
    s.settimeout(2)
    if wait:
        s.connect(("127.0.0.1", port))
    else:
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
    return s


def deaf(port, seen):
    """A large answer is asked for once a second, and never read."""
    form = b"username=a&password=b&grant_type="
    what = request("POST", "/token", FORM, body=form + b"\1" * (65533 - len(form)))
    kept = []
    while True:
        begin = time.monotonic()
        try:
            kept.append(connection(port, ATTACKER, deaf=True))
            kept[-1].sendall(what)
            seen["sent"] += 1
        except OSError:
            seen["failed"] += 1
        time.sleep(max(0, begin + 1 - time.monotonic()))


def slow_bodies(port, seen, connections=1600, pause_s=8):
    """A byte of a body each eight seconds, on each of so many connections; one that is lost is made again."""
    head = request("POST", "/token", FORM, body=b"x" * 60000)[:-60000]
    held, began, parts = [None] * connections, [False] * connections, 16
    while True:
        for turn in range(parts):
            for i, s in enumerate(held):
                if began[i] and i % parts != turn:
                    continue
                try:
                    if s is None:
                        held[i] = s = connection(port, ATTACKER, wait=False)
                    s.send(b"x" if began[i] else head)
                    began[i] = True
                    if not s.recv(4096):
                        raise ConnectionResetError
                except BlockingIOError:
                    pass  # not connected yet, or not answered, which is what is wanted
                except OSError:
                    seen["lost"] += 1
                    s.close()
                    held[i], began[i] = None, False
            seen["held"] = sum(began)
            time.sleep(pause_s / parts)


def greedy(port, seen, connections, addresses, what, depth=1):
    """On each connection `depth` requests at once, and as many again as soon as they are answered."""
    poll, open_ = select.epoll(), {}

    def connect(i):
        s = connection(port, addresses[i % len(addresses)], wait=False)
        open_[s.fileno()] = [s, i, 0, b""]
        poll.register(s, select.EPOLLOUT)

    def serve(fd, event):
        s, i, due, tail = open_[fd]
        if event & select.EPOLLOUT and due == 0:
            s.send(what * depth)
            open_[fd][2] = depth
            return poll.modify(fd, select.EPOLLIN)
        got = s.recv(262144)
        if not got:
            raise ConnectionResetError
        found = re.findall(rb"HTTP/1\.1 (\d\d\d)", tail + got)
        seen.update(code.decode() for code in found)
        due -= len(found)
        open_[fd][2:] = due, got[-11:] if due else b""
        if due <= 0:
            s.send(what * depth)
            open_[fd][2] = depth

    for i in range(connections):
        connect(i)
    while True:
        for fd, event in poll.poll():
            try:
                serve(fd, event)
            except OSError:
                seen["closed"] += 1
                s, i, *_ = open_.pop(fd)
                s.close()
                connect(i)


ROOT, ME = request("GET", "/"), request("GET", "/users/me", "Authorization: Bearer x.y.z")
FLOODS = {
    "none": (None, "nobody else"),
    "deaf": (deaf, "one client that reads no answer, one request a second"),
    "slow": (slow_bodies, "1,600 slow bodies of one address"),
    "logins": (lambda *a: greedy(*a, 600, [ATTACKER], login_of("greedy")), "600 connections of one address that log in"),
    "empty": (lambda *a: greedy(*a, 600, [ATTACKER], request("POST", "/token", FORM)), "600 that send empty forms"),
    "get": (lambda *a: greedy(*a, 64, [ATTACKER], ROOT, 4), "`GET /`, 64 connections of one address"),
    "get-many": (lambda *a: greedy(*a, 64, MANY, ROOT, 4), "`GET /`, 64 connections of 64 addresses"),
    "401-many": (lambda *a: greedy(*a, 64, MANY, ME, 4), "401s at `/users/me`, 64 connections of 64 addresses"),
    "logins-many": (lambda *a: greedy(*a, 64, MANY, login_of("greedy")), "logins, 64 clients of 64 addresses"),
}


def leave_session(nice=0):
    """Linux shares the CPUs by session: each client counts as one that stands elsewhere would."""
    os.setsid()
    try:
        with open("/proc/self/autogroup", "w") as file:
            file.write(str(nice))
    except OSError:
        pass


def attack(flood, port, pipe):
    seen = collections.Counter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    leave_session()
    try:
        flood(port, seen)
    finally:
        pipe.send(dict(seen))


# --- the honest client ---

async def ask(port, what):
    """(status, seconds), of an answer within the deadline; else (0, the deadline)."""
    begin = time.monotonic()

    async def answer():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(HONEST, 0))
        try:
            writer.write(what)
            return int((await reader.read()).split(b" ", 2)[1])
        finally:
            writer.close()
    try:
        status = await asyncio.wait_for(answer(), DEADLINE_S)
    except (OSError, ValueError, IndexError, asyncio.TimeoutError):
        return 0, DEADLINE_S
    return status, time.monotonic() - begin


async def ask_steadily(port, what, per_s, seconds):
    """Every 1/per_s seconds, whatever has become of those before."""
    begin, tasks = time.monotonic(), []
    for n in range(int(per_s * seconds)):
        await asyncio.sleep(max(0, begin + n / per_s - time.monotonic()))
        tasks.append(asyncio.ensure_future(ask(port, what)))
    return await asyncio.gather(*tasks)


def honest(port, token, seconds, pipe):
    leave_session(-10)  # it is the service that is measured, not how this waits for a CPU

    async def both():
        return await asyncio.gather(
            ask_steadily(port, login_of("honest", "Connection: close"), LOGINS_PER_S, seconds),
            ask_steadily(port, request("GET", "/check", "Authorization: Bearer " + token, "Connection: close"),
                         CHECKS_PER_S, seconds))
    pipe.send(asyncio.run(both()))


def apart(function, *arguments):
    """In a process of its own, which ends with us: (process, what it sends)."""
    ours, theirs = multiprocessing.Pipe(False)
    process = multiprocessing.Process(target=function, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


# --- the trees ---

class Tree:
    def __init__(self, name, top, folder, settings):
        self.name, self.top, self.folder = name, top, folder
        subprocess.run([top + "/t/stack", "up", folder, "pg_fsync=off", "password_min_chars=8", *settings], check=True)
        env = read_env(folder)
        self.port, self.site = int(env["LK_PORT"]), Site("LK_URL", env["LK_URL"])
        for name in "honest", "greedy":
            post(self.site.url + "/users/add_user/", json.dumps({"username": name, "password": PASSWORD}), "application/json")
        self.token = post(self.site.url + "/token", "username=honest&password=correct+horse", FORM.split()[1])["access_token"]

    def measure(self, flood, seconds):
        if flood is not None:
            attacker, seen = apart(attack, flood, self.port)
            time.sleep(SETTLE_S)
        client, found = apart(honest, self.port, self.token, seconds)
        logins, checks = found.recv()
        client.join()
        got = {}
        if flood is not None:
            attacker.terminate()
            got = seen.recv()
            attacker.join()
        self.wait_until_quiet()
        return figures(logins, checks), got

    def wait_until_quiet(self):
        """A minute at most."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            begin = time.monotonic()
            try:
                post(self.site.url + "/token", "username=honest&password=correct+horse", FORM.split()[1])
                if time.monotonic() - begin < .2:
                    return
            except OSError:
                pass
            time.sleep(.2)

    def down(self):
        subprocess.run([self.top + "/t/stack", "down", self.folder])


def number(x):
    return "%.2g" % x if x < 10 else "{:,.0f}".format(x)


def figures(logins, checks):
    """What the table shows, by COLUMNS."""
    served = [s for status, s in logins if status == 200]
    good = [s for status, s in checks if status == 200]
    p99 = lambda values: number(percentile(values, 99) * 1000) if values else "-"
    return ["%d of %d" % (sum(s <= SOON_S for s in served), len(logins)), str(len(served)), p99(served),
            "{:,} of {:,}".format(len(good), len(checks)), p99(good)]


COLUMNS = ["logins within %d s" % SOON_S, "within %d s" % DEADLINE_S, "of these p99, ms", "checks served", "of these p99, ms"]


def table(names, found):
    yield "Each figure: %s.\n" % ", then ".join(names)
    yield "| flood | %s |" % " | ".join(COLUMNS)
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for key, rows in found.items():
        cells = (" → ".join(rows[name][c] for name in names) for c in range(len(COLUMNS)))
        yield "| %s | %s |" % (FLOODS[key][1], " | ".join(cells))


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tree", help="another checkout, built, which comes before this one in the table")
    p.add_argument("--names", default="before,after", help="of the other tree and of this one")
    p.add_argument("--seconds", type=int, default=15, help="of each flood")
    p.add_argument("--only", default=",".join(FLOODS), help="some of %s, separated by commas" % ", ".join(FLOODS))
    p.add_argument("settings", nargs="*", help="of t/stack, for this tree")
    options = p.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(FLOODS):
        p.error("there is no flood " + ", ".join(sorted(unknown)))
    return options


def run(options, trees):
    found = {}
    for n, key in enumerate(options.only):
        found[key] = {}
        for tree in trees[::-1] if n % 2 else trees:
            found[key][tree.name], seen = tree.measure(FLOODS[key][0], options.seconds)
            say("%-12s %-8s %s; attacker: %s" % (key, tree.name, " | ".join(found[key][tree.name]),
                                                " ".join("%s %d" % pair for pair in sorted(seen.items()))))
    print("\n".join(table([tree.name for tree in trees], found)))


def main():
    options = parse_options()
    for s in signal.SIGTERM, signal.SIGHUP:
        signal.signal(s, lambda *_: sys.exit(1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    names, folder, trees = options.names.split(","), tempfile.mkdtemp(prefix="latchkey-floods-"), []
    os.chmod(folder, 0o755)  # the servers' user has to enter it
    try:
        if options.tree:
            trees.append(Tree(names[0], os.path.abspath(options.tree), folder + "/0", []))
        trees.append(Tree(names[1], TOP, folder + "/1", options.settings))
        run(options, trees)
    finally:
        for tree in trees:
            tree.down()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
