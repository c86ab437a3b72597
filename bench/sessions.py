#!/usr/bin/env python3
"""Sessions at their limits: what has ended is refused everywhere, and nobody else is logged out.

make sessions calls it; README.md beside it has the parts and what came of them. Each part has PostgreSQL alone in
its cluster, with fsync, and real processes. Prints a line for each figure, with its goal; ends with 1 if anything
was lost, missed or refused that should not have been. Rates are no more than figures.
"""
import argparse, base64, concurrent.futures, json, os, random, re, shlex, shutil, signal, socket, statistics, subprocess, sys, threading, time
from load import LUA, percentile, result_of
from measure.start import request
from stack import FORM, Link, PASSWORD, PATIENCE_S, Stack, TOP, USERS, descendants, end_on_signals

LOST = []  # what went wrong


def say(text):
    print(text, flush=True)


def figure(text, value, goal=None, good=None):
    """A line of the result. good: False makes the run fail, for what no machine's load explains."""
    say("| %s | %s | %s |" % (text, value, goal or ""))
    if good is False:
        LOST.append(text)


class Other:
    """with Other(stack, name): another instance on the same database."""

    def __init__(self, stack, name="other"):
        self.stack, self.folder = stack, os.path.join(stack.data, name)

    def __enter__(self):
        os.mkdir(self.folder)
        user = {}
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")
            import pwd
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.socket = os.path.join(self.folder, "listen_check")
        environment = dict(os.environ, LATCHKEY_WORKERS_CHECK="1", LATCHKEY_WORKERS_API="1", LATCHKEY_WORKERS_LOGIN="1")
        for key in "listen_check", "listen_api", "listen_login", "status_file":
            environment["LATCHKEY_" + key.upper()] = os.path.join(self.folder, key)
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen([self.stack.env["LK_BIN"], "-c", self.stack.env["LK_CONF"], "serve"],
                                        env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=self.log, **user)
        deadline = time.monotonic() + PATIENCE_S
        while not os.path.exists(self.socket) and time.monotonic() < deadline:
            time.sleep(.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def status(self, token):
        """Of the check lane; 0: none."""
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(PATIENCE_S)
                s.connect(self.socket)
                s.sendall(request(REQUEST_METHOD="GET", REQUEST_URI="/check", HTTP_AUTHORIZATION="Bearer " + token))
                found = re.search(rb"Status: (\d+)", b"".join(iter(lambda: s.recv(65536), b"")))
                return int(found[1]) if found else 0
        except OSError:
            return 0

    def keeper(self):
        for pid in descendants(self.process.pid):
            try:
                with open("/proc/%d/comm" % pid) as file:
                    if file.read().strip() == "latchkey-keeper":
                        return pid
            except OSError:
                pass
        return None

    def wait_until_refused(self, token, since):
        """Seconds until it is; None: it is not."""
        while self.status(token) != 401:
            if time.monotonic() > since + PATIENCE_S:
                return None
            time.sleep(.002)
        return time.monotonic() - since


# --- refresh ---

def parallel(options):
    with Stack(options) as s:
        s.users(1)
        rounds = 1000 // options.divide
        out = subprocess.run([sys.executable, "-B", TOP + "/t/tool/refresh.py", s.env["LK_URL"],
                              s.log_in("user0")["refresh_token"], "50", str(rounds)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        good, refused, p99 = map(int, re.search(r": (\d+) with one successor, (\d+) refused\np99 (\d+) ms", out).groups())
        figure("50 refreshes at once, rounds with one successor, of %d" % rounds, good, rounds, good == rounds)
        figure("of these refreshes refused", refused, 0, refused == 0)
        figure("a round: p99, ms", p99, "≤ 100")


def reuse(options):
    """A spent token comes back after the grace, twice, while the owner refreshes, twice."""
    count = 1000 // options.divide
    with Stack(options, "refresh_grace_s=1") as s:
        s.users()
        links = threading.local()

        def refresh(token):
            links.link = getattr(links, "link", None) or Link(s)
            return links.link.refresh(token)

        first = [t["refresh_token"] for t in s.log_in_many(count)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(refresh, first))
            second = [json.loads(body)["refresh_token"] for _, body in answers]
            # the database was away at the start, which lengthens the grace for a minute
            time.sleep(max(2.5, s.started + 70 - time.monotonic()))
            links = threading.local()  # nginx has closed those that idled for so long
            order = [n for n in range(count) for _ in range(4)]
            tokens = [token for a, b in zip(first, second) for token in (a, b, b, a)]
            answers = list(pool.map(refresh, tokens))
            last, thieves = {}, 0
            for n, token, (status, body) in zip(order, tokens, answers):
                thieves += token == first[n] and status == 200
                if status == 200:
                    last[n] = json.loads(body)["refresh_token"]
            alive = sum(status == 200 for status, _ in pool.map(refresh, [last.get(n, second[n]) for n in range(count)]))
        entries = s.psql("select count(*), count(distinct sid) from latchkey_revoked where reason = 'reuse'")
        figure("reuse after the grace while the owner refreshes: sessions dead, of %d" % count, count - alive, count, alive == 0)
        figure("the reused token gave another", thieves, 0, thieves == 0)
        figure("entries, and sessions that have one", entries.replace("|", ", "), "%d, %d" % (count, count),
               entries == "%d|%d" % (count, count))


class Client(threading.Thread):
    """Refreshes as fast as it can, and sends a token again until that is answered."""

    def __init__(self, stack, answer):
        super().__init__(daemon=True)
        self.link, self.over = Link(stack), False
        self.token, self.access = answer["refresh_token"], answer["access_token"]
        self.refreshes = self.again = 0
        self.lost = None

    def run(self):
        while not self.over and not self.lost:
            status, body = self.link.refresh(self.token)
            if status == 200:
                answer = json.loads(body)
                self.token, self.access = answer["refresh_token"], answer["access_token"]
                self.refreshes += 1
            elif status in (0, 502, 503, 504):
                self.again += 1
                time.sleep(.05)
            else:
                self.lost = "%d %s" % (status, body)


def crash(options):
    with Stack(options) as s:
        s.users()
        clients = [Client(s, answer) for answer in s.log_in_many(8)]
        for c in clients:
            c.start()
        for away_s, kills in (0, 12 // options.divide or 1), (15, 3 // options.divide or 1):
            for _ in range(kills):
                time.sleep(random.uniform(1, 3))
                s.crash(away_s)
                before = [c.refreshes for c in clients]
                deadline = time.monotonic() + 60
                while any(c.refreshes == n and not c.lost for c, n in zip(clients, before)) and time.monotonic() < deadline:
                    time.sleep(.1)
            lost = [c.lost for c in clients if c.lost]
            figure("PostgreSQL killed %d times during refreshes, away for %d s: sessions lost of %d" % (kills, away_s, len(clients)),
                   len(lost), 0, not lost)
            for text in lost:
                say(text)
        for c in clients:
            c.over = True
        for c in clients:
            c.join()
        good = sum(c.link.bearer("GET", "/check", c.access)[0] == 200 for c in clients)
        figure("clients that end with a token that works", good, len(clients), good == len(clients))
        figure("refreshes, and requests sent again", "%d, %d" % (sum(c.refreshes for c in clients), sum(c.again for c in clients)))


def use_pairs(s, alg):
    """The stack signs with a new key of this algorithm."""
    keys = os.path.join(s.data, "keys")
    run = shlex.split(s.env["LK_AS"])
    subprocess.run([*run, "mkdir", "-m", "750", keys], check=True)
    with open(s.env["LK_CONF"]) as file:
        text = file.read()
    secret = os.path.join(s.data, "secret")
    subprocess.run([*run, "cp", "-p", s.env["LK_KEY"], secret], check=True)
    text = re.sub(r"(?m)^key_dir = .*", 'key_dir = "%s"' % keys, text)
    text = re.sub(r"(?m)^secret_file = .*", 'secret_file = "%s"' % secret, text)
    text = re.sub(r"(?m)^key_file = .*", 'key_file = ""', text)
    with open(s.env["LK_CONF"], "w") as file:
        file.write(text)
    # the first of a directory signs at once
    subprocess.run([*run, s.env["LK_BIN"], "-c", s.env["LK_CONF"], "key", "new", alg], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    s.part("workers-stop")
    s.part("workers-start")
    time.sleep(2)


CONNECTIONS = 8


def wrk_refresh(s, seconds, rate=0):
    tokens = os.path.join(s.folder, "refresh")
    with open(tokens, "w") as file:
        for n in range(CONNECTIONS):
            print(s.log_in("user%d" % n)["refresh_token"], file=file)
    command = ["wrk", "-t%d" % CONNECTIONS, "-c%d" % CONNECTIONS, "-d%ds" % seconds, "--timeout", "60s", "-s", LUA,
               s.env["LK_URL"] + "/oauth2/token", "--", "refresh", tokens, str(rate / CONNECTIONS)]
    before = s.cpu_us("nginx", "latchkey", "postgres")
    result = result_of(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    result["cpu"] = (s.cpu_us("nginx", "latchkey", "postgres") - before) / result["answers"]
    return result


def wrk_twice(s, options, connections, path, words, *programs):
    """The second of two runs of load.lua with these words, and the CPU of these programs for an answer, in µs."""
    command = ["wrk", "-t2", "-c%d" % connections, "-d%ds" % (10 // options.divide or 1), "--timeout", "60s",
               "-s", LUA, s.env["LK_URL"] + path, "--", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    before = s.cpu_us(*programs)
    result = result_of(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return result, (s.cpu_us(*programs) - before) / result["answers"]


def tokens_of_many(s):
    """A file of the access tokens of 1,000 sessions."""
    path = os.path.join(s.folder, "tokens")
    with open(path, "w") as file:
        for answer in s.log_in_many(1000):
            print(answer["access_token"], file=file)
    return path


def rate(options):
    for alg, goal in ("HS256", 4000), ("ES256", 3500):
        with Stack(options, "jwks_max_age_s=1") as s:
            if alg != "HS256":
                use_pairs(s, alg)
            s.users()
            wrk_refresh(s, 2)
            full = wrk_refresh(s, 20 // options.divide or 1)
            figure("%s: refreshes refused" % alg, int(full["refused"] + full["broken"]), 0, not full["refused"] + full["broken"])
            figure("%s: refreshes per CPU second of nginx, workers and PostgreSQL" % alg, round(1e6 / full["cpu"]), "≥ %d" % goal)
            figure("%s: refreshes/s, %d clients" % (alg, CONNECTIONS), round(full["rate"]))
            half = wrk_refresh(s, 20 // options.divide or 1, full["rate"] / 2)
            figure("%s: at half load (%d/s): p99, ms" % (alg, half["rate"]), "%.1f" % (half["p99"] / 1000), "≤ 10")


def introspection(options):
    """A resource server asks what the tokens of 1,000 sessions are, in turn."""
    with Stack(options) as s:
        s.users()
        made = subprocess.run([*shlex.split(s.env["LK_AS"]), s.env["LK_BIN"], "-c", s.env["LK_CONF"], "client", "add",
                               "-g", "client_credentials", "bench"], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True).stdout
        credentials = "bench:" + re.search(r"(?m)^secret\t(\S+)", made)[1]
        tokens = tokens_of_many(s)
        with open(tokens) as file:
            token = file.readline().strip()
        basic = {**FORM, "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
        said = Link(s).ask("POST", "/oauth2/introspect", "token=" + token, basic)[1]
        figure("one of them is active", json.loads(said)["active"], True, json.loads(said)["active"])
        result, cpu = wrk_twice(s, options, CONNECTIONS, "/oauth2/introspect", ["introspect", tokens, credentials],
                                "nginx", "latchkey", "postgres")
        wrong = int(result["refused"] + result["broken"])
        figure("introspections refused", wrong, 0, wrong == 0)
        figure("introspections per CPU second of nginx, workers and PostgreSQL", round(1e6 / cpu), "≥ 5000")


def growth(options):
    """A million refreshes on 1,000 sessions, by the worker's own statement on 8 connections; and a second one."""
    with Stack(options) as s:
        s.users()
        s.log_in_many(1000)
        script = os.path.join(s.folder, "renew.sql")
        with open(script, "w") as file:
            file.write("\\set n random(0, 999)\n" + renew_statement())
        s.psql("create table bench_session as select row_number() over () - 1 as n, id from latchkey_session;"
               "alter table bench_session add primary key (n)")
        each = 125000 // options.divide
        for million in "first", "second":
            before = s.psql("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'latchkey_session'")
            command = [os.path.join(os.path.dirname(subprocess.run(["sh", "-c", "ls /usr/lib/postgresql/*/bin/pgbench | sort -V | tail -n 1"],
                       stdout=subprocess.PIPE, text=True).stdout.strip()), "pgbench"), "-n", "-M", "prepared", "-c", "8", "-j", "2",
                       "-t", str(each), "-f", script, "-h", s.data, "-U", "postgres", "latchkey"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            s.psql("select pg_stat_force_next_flush()")
            time.sleep(2)
            after = s.psql("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'latchkey_session'")
            written, hot = (int(a) - int(b) for a, b in zip(after.split("|"), before.split("|")))
            rows, heap, indexes = s.psql("select (select count(*) from latchkey_session), pg_relation_size('latchkey_session'),"
                                         " pg_indexes_size('latchkey_session')").split("|")
            # of two at once the later one finds another counter, and writes nothing
            figure("%s million refreshes on 1,000 sessions: rows rewritten" % million, written, 8 * each, written > .99 * 8 * each)
            figure("rows", rows, 1000, rows == "1000")
            figure("rewritten in place (HOT), %", "%.2f" % (100 * hot / written), "≥ 98")
            figure("heap, KiB", int(heap) // 1024, "≤ 8192" if million == "first" else "no more")
            figure("indexes, KiB", int(indexes) // 1024)


def renew_statement():
    """The text that an api worker has prepared; for pgbench, of a session by number, with the counter that it has."""
    source = open(TOP + "/app/db/session.c").read()
    preprocessed = subprocess.run(["cc", "-E", "-P", "-D_GNU_SOURCE", "-I" + TOP + "/app", "-I" + TOP + "/" + "build", "-"],
                                  input=source, check=True, stdout=subprocess.PIPE, text=True).stdout
    row = preprocessed[preprocessed.index('"session_renew"'):]
    row = row[row.index(".text"):row.index("}")]
    text = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', row)).replace('\\"', '"')
    session = "(SELECT id FROM bench_session WHERE n = :n)"
    text = text.replace("$1::uuid", session).replace("$2::int", "(SELECT counter FROM latchkey_session WHERE id = %s)" % session)
    return text.replace("$3", "1209600") + ";\n"


# --- revocation ---

def sid_of(token):
    import base64
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"]


def end_session(s, link, answer, _):
    return link.bearer("DELETE", "/session", answer["access_token"])[0] == 204


def end_by_id(s, link, answer, user):
    other = s.log_in(user, link=link)
    return link.bearer("DELETE", "/users/me/sessions/" + sid_of(answer["access_token"]), other["access_token"])[0] == 204


def end_others(s, link, answer, user):
    other = s.log_in(user, link=link)
    return link.bearer("DELETE", "/users/me/sessions", other["access_token"])[0] == 204


def end_by_token(s, link, answer, _):
    return link.ask("POST", "/oauth2/revoke", "token=" + answer["refresh_token"], FORM)[0] == 200


def end_by_reuse(s, link, answer, _):
    """Its refresh token has been spent twice: it is no parent that the grace admits."""
    token = answer["refresh_token"]
    for _ in range(2):
        status, body = link.refresh(token)
        if status != 200:
            return False
        token = json.loads(body)["refresh_token"]
    return link.refresh(answer["refresh_token"])[0] == 400


def change_password(s, link, answer, _):
    body = json.dumps({"current": PASSWORD, "new": PASSWORD + "!"})
    if link.bearer("POST", "/users/me/password", answer["access_token"], body)[0] != 200:
        return False
    return True


def log_user_out(s, link, answer, user):
    s.run("user", "logout", user)
    return True


def disable(s, link, answer, user):
    s.run("user", "disable", user)
    return True


# How it ends, and how many of a thousand; those of a kind of entry are a thousand together, and more.
WAYS = {
    "DELETE /session": (end_session, 400),
    "DELETE /users/me/sessions/{id}": (end_by_id, 150),
    "DELETE /users/me/sessions": (end_others, 150),
    "POST /oauth2/revoke": (end_by_token, 150),
    "reuse of a refresh token": (end_by_reuse, 150),
    "POST /users/me/password": (change_password, 600),
    "latchkey user logout": (log_user_out, 200),
    "latchkey user disable": (disable, 200),
}
LANES = 4  # clients at the same time


def revoke(options):
    most = max(count for _, count in WAYS.values()) // options.divide + 1
    with Stack(options) as s, Other(s) as other:
        s.users(most)
        s.run = lambda *words: subprocess.run([*shlex.split(s.env["LK_AS"]), s.env["LK_BIN"], "-c", s.env["LK_CONF"], *words],
                                              check=True, stdout=subprocess.DEVNULL)
        times = {"a session": [], "a user": []}
        hash_ = s.psql("select password from users where username = 'user0'")
        for title, (end, count) in WAYS.items():
            s.psql("update users set password = '%s', is_active = true" % hash_)
            found = end_many(s, other, end, count // options.divide or 1)
            missed = sum(t is None for t in found)
            figure("%s: of %d missed by the other instance" % (title, len(found)), missed, 0, missed == 0)
            found = sorted(t for t in found if t is not None)
            figure("%s: from its answer to the first 401 there, p50, p99, longest, s" % title,
                   "%.3f, %.3f, %.3f" % (percentile(found, 50), percentile(found, 99), found[-1]))
            times["a user" if end in (change_password, log_user_out, disable) else "a session"] += found
        for kind, found in times.items():
            found.sort()
            figure("all %d that end %s: p50, p99, longest, s" % (len(found), kind),
                   "%.3f, %.3f, %.3f" % (percentile(found, 50), percentile(found, 99), found[-1]), "≤ 0.15, ≤ 0.3, ≤ 1")


def end_many(s, other, end, count):
    links = threading.local()

    def one(n):
        link = links.link = getattr(links, "link", None) or Link(s)
        user = "user%d" % n
        answer = s.log_in(user, link=link)
        if other.status(answer["access_token"]) != 200:
            raise RuntimeError("the other instance refuses a new token")
        if not end(s, link, answer, user):
            raise RuntimeError("%s: not done" % end.__name__)
        return other.wait_until_refused(answer["access_token"], time.monotonic())

    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        return list(pool.map(one, range(count)))


def slow(options):
    """100 transactions that end a session and commit seconds later, while others end at once."""
    count = 100 // options.divide
    with Stack(options) as s, Other(s) as other:
        s.users(200)
        answers = [a["access_token"] for a in s.log_in_many(count)]
        running = []
        for token in answers:
            sql = ("begin; insert into latchkey_revoked (sid, until, reason) values ('%s', now() + '1 hour', 'owner');"
                   "select pg_sleep(%f); commit" % (sid_of(token), random.uniform(2, 8)))
            running.append(subprocess.Popen([*shlex.split(s.env["LK_PSQL_ADMIN"]), "-qAtX", "-c", sql], stdout=subprocess.DEVNULL))
        quick = end_many(s, other, end_session, 200 // options.divide or 1)
        for process in running:
            process.wait()
        since = time.monotonic()
        missed = sum(other.wait_until_refused(token, since) is None for token in answers)
        figure("%d slow transactions: missed" % count, missed, 0, missed == 0)
        missed = sum(t is None for t in quick)
        figure("%d log-outs meanwhile: missed" % len(quick), missed, 0, missed == 0)
        figure("of these the longest, s", "%.3f" % max(t for t in quick if t is not None))


class Endings(threading.Thread):
    """Logs in and out until it is over; remembers what has ended, and a few that have not."""

    def __init__(self, stack, number):
        super().__init__(daemon=True)
        self.stack, self.number, self.over = stack, number, False
        self.ended, self.alive = [], []

    def run(self):
        link = Link(self.stack)
        n = self.number
        while not self.over:
            n += LANES
            try:
                answer = self.stack.log_in("user%d" % (n % USERS), link=link)
            except RuntimeError:
                time.sleep(.1)
                continue
            if n % 10 == self.number and len(self.alive) < 50:
                self.alive.append(answer["access_token"])
                continue
            while not self.over:
                status = link.bearer("DELETE", "/session", answer["access_token"])[0]
                if status in (204, 401, 404):  # what was not answered may have happened
                    self.ended.append(answer["access_token"])
                    break
                time.sleep(.1)


def under(s, other, disturb, text):
    """Sessions end while disturb() runs. All of them are refused in the end, and no other."""
    threads = [Endings(s, n) for n in range(LANES)]
    for t in threads:
        t.start()
    done = disturb()
    for t in threads:
        t.over = True
    for t in threads:
        t.join()
    ended, alive = sum((t.ended for t in threads), []), sum((t.alive for t in threads), [])
    since = time.monotonic()
    missed = sum(other.wait_until_refused(token, since) is None for token in ended)
    # some of the others may have been the oldest of too many
    rows = set(s.psql("select replace(id::text, '-', '') from latchkey_session").split())
    alive = [token for token in alive if sid_of(token) in rows]
    refused = sum(other.status(token) != 200 for token in alive)
    figure("%s: of %d that ended missed" % (text % done, len(ended)), missed, 0, missed == 0)
    figure("of %d others refused" % len(alive), refused, 0, refused == 0)


def restart(options):
    """PostgreSQL is killed in between."""
    with Stack(options) as s, Other(s) as other:
        s.users()

        def disturb():
            kills = 10 // options.divide or 1
            for _ in range(kills):
                time.sleep(random.uniform(1, 3))
                s.crash(random.choice((0, 1)))
            time.sleep(2)
            return kills
        under(s, other, disturb, "PostgreSQL killed %d times")


def keeper(options):
    """The keeper of the other instance is killed; a reload now and then ends its back-off."""
    with Stack(options) as s, Other(s) as other:
        s.users()

        def disturb():
            kills, wanted = 0, 200 // options.divide or 1
            while kills < wanted:
                pid = other.keeper()
                if pid is None:
                    time.sleep(.02)
                    continue
                time.sleep(random.uniform(0, .3))
                try:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass
                if kills % 4 == 0:
                    os.kill(other.process.pid, signal.SIGHUP)
                    time.sleep(.3)
            return kills
        under(s, other, disturb, "the keeper killed %d times")


def table(options):
    program = os.path.join(TOP, options.build, "bench", "revoked")
    for entries, goal in (100000, 20), (1000000, 40):
        best = min(tuple(map(float, subprocess.run([program, "lookup", str(entries)], check=True, stdout=subprocess.PIPE,
                                                   text=True).stdout.split())) for _ in range(5))
        figure("look-up among %d, ns of CPU: not there, there (best of 5)" % entries, "%.1f, %.1f" % best, "≤ %d" % goal)
    kills = 10000 // options.divide
    done = subprocess.run([program, "kills", str(kills)], stdout=subprocess.PIPE, text=True)
    figure("the writer killed at %d random moments" % kills, done.stdout.strip(), "0, 0", done.returncode == 0)


# --- against the commit before ---

def instructions(options):
    """Of a check that finds its token in the cache: without a session before, with one now."""
    def counted(tree, what, count):
        program = os.path.join(tree, options.build, "bench", "check")
        out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, what, str(count)],
                             check=True, stderr=subprocess.PIPE, text=True).stderr
        return int(re.search(r"Collected : (\d+)", out)[1])

    def of(tree, what):
        return min((counted(tree, what, 2000) - counted(tree, what, 1000)) / 1000 for _ in range(3))

    now = of(TOP, "session")
    figure("instructions of a check with a session", round(now))
    figure("the same without one", round(of(TOP, "route")))
    if options.before:
        before = of(options.before, "route")
        figure("the same before sessions", round(before))
        figure("more than before, %", "%.1f" % (100 * (now / before - 1)), "≤ 3")


def logins(options):
    """CPU of PostgreSQL for one login; hash_cost is 1, so that there are many."""
    def of(tree, *settings):
        with Stack(options, *settings, tree=tree) as s:
            s.users(1000)
            return wrk_twice(s, options, 4, "/token", ["logins", "999", PASSWORD], "postgres")[1]

    now = of(TOP)
    figure("PostgreSQL's CPU of a login, µs", round(now))
    figure("the same without fsync", round(of(TOP, "pg_fsync=off")))
    if options.before:
        before = of(options.before)
        figure("the same before sessions", round(before))
        figure("more than before, µs", round(now - before), "≤ 100")


def algorithms(options):
    """Checks with tokens of 1,000 sessions in turn, all of them in the caches; medians of runs in turn."""
    algs = "HS256", "ES256"
    cpu = {alg: [] for alg in algs}
    for alg in algs * (5 // options.divide or 1):
        with Stack(options, "jwks_max_age_s=1") as s:
            if alg != "HS256":
                use_pairs(s, alg)
            s.users()
            result, us = wrk_twice(s, options, 32, "/check", ["tokens", tokens_of_many(s)], "nginx", "latchkey")
            cpu[alg].append(us)
            if result["refused"]:
                figure("%s: checks refused" % alg, int(result["refused"]), 0, False)
    for alg in algs:
        figure("%s: CPU of nginx and workers for a check, median of %d, least and most, µs" % (alg, len(cpu[alg])),
               "%.1f, %.1f, %.1f" % (statistics.median(cpu[alg]), min(cpu[alg]), max(cpu[alg])))
    figure("checks per CPU second, ES256 / HS256, of the medians",
           "%.2f" % (statistics.median(cpu["HS256"]) / statistics.median(cpu["ES256"])), "≥ 0.9")


def rotation(options):
    """A new key each ten seconds, for five minutes, at 1,000 checks a second."""
    with Stack(options, "jwks_max_age_s=1", "access_token_minutes=1") as s:
        s.users(20)
        use_pairs(s, "ES256")
        s.psql("update users set password = (select password from users where username = 'user0')")
        run = [*shlex.split(s.env["LK_AS"]), s.env["LK_BIN"], "-c", s.env["LK_CONF"], "key"]
        load = subprocess.Popen([sys.executable, "-B", TOP + "/t/tool/rotation.py", s.env["LK_PORT"], s.env["LK_SOCKET_CHECK"],
                                 "1000", PASSWORD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env=dict(os.environ, PYTHONPATH=TOP + "/t/tool"))
        begin, n = time.monotonic(), 0
        while time.monotonic() < begin + 300 / options.divide:
            n += 1
            alg = ("EdDSA", "RS256", "ES256")[n % 3]
            for words in ["new", alg], ["activate"]:
                subprocess.run([*run, *words], check=True, stdout=subprocess.DEVNULL)
                os.kill(s.supervisor(), signal.SIGHUP)
                time.sleep(1.5)
            time.sleep(max(0, begin + 10 * n - time.monotonic()))
        out = load.communicate("")[0]
        seconds = time.monotonic() - begin
        checks, keys, wrong = (int(re.search(r"%s=(\d+)" % what, out)[1]) for what in ("checks", "keys", "wrong"))
        figure("%d keys in %d s under %d checks/s: refused" % (keys, seconds, checks / seconds), wrong, 0, wrong == 0)
        for line in out.splitlines():
            if line.startswith("wrong"):
                say(line)


PARTS = {"table": table, "instructions": instructions, "parallel": parallel, "reuse": reuse, "crash": crash, "rate": rate,
         "introspection": introspection,
         "growth": growth, "revoke": revoke, "slow": slow, "restart": restart, "keeper": keeper, "logins": logins,
         "algorithms": algorithms, "rotation": rotation}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build", help="the folder with the programs")
    p.add_argument("--only", help="of %s: some, separated by commas" % ", ".join(PARTS))
    p.add_argument("--before", help="another checkout, built: the commit before sessions")
    p.add_argument("--divide", type=int, default=1, help="all counts by this, to see whether it works")
    options = p.parse_args()
    wanted = options.only.split(",") if options.only else list(PARTS)
    for name in wanted:
        if name not in PARTS:
            p.error("there is no part " + name)
    end_on_signals()
    say("| what | found | goal |\n|---|---|---|")
    for name in wanted:
        load = os.getloadavg()[0]
        begin = time.monotonic()
        PARTS[name](options)
        say("| (%s: %d s, load before it %.1f) | | |" % (name, time.monotonic() - begin, load))
    for text in LOST:
        print("lost: " + text, file=sys.stderr)
    return 1 if LOST else 0


if __name__ == "__main__":
    sys.exit(main())
