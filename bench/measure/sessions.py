"""Sessions: refreshes a second and for each CPU second, many at once, and the time until what has ended is refused."""
import json, os, re, shutil, socket, subprocess, sys, tempfile, time, urllib.parse, urllib.request
from load import LUA, percentile, result_of, shown
from measure.start import request
from sides import NAME, NO_PROXY, PASSWORD, TOP

CLIENTS = 8
AT_ONCE = 50
ENDED = 20  # sessions for each second of the measurement
PATIENCE_S = 10

FIGURES = {
    "sessions.rate": ("refreshes, %d clients" % CLIENTS, "refreshes/s"),
    "sessions.p99": ("the same: p99", "ms"),
    "sessions.cpu": ("refreshes per CPU second of nginx, workers and PostgreSQL together", "refreshes/s"),
    "sessions.hot": ("rows rewritten in place (HOT), of all that refreshes wrote", "%"),
    "sessions.parallel_p99": ("%d refreshes at once with one token, a round: p99" % AT_ONCE, "ms"),
    "sessions.parallel_lost": ("of these rounds, with more than one successor, or one that was refused", "rounds"),
    "sessions.revoked_p50": ("from `DELETE /session` to the first 401 of another instance: p50", "s"),
    "sessions.revoked_p99": ("the same: p99", "s"),
    "sessions.revoked_max": ("the same: the longest", "s"),
}


def log_in(site):
    """The answer to a login with a refresh token."""
    form = urllib.parse.urlencode({"username": NAME, "password": PASSWORD, "scope": "offline_access"})
    with NO_PROXY.open(site.url + "/token", form.encode(), timeout=30) as answer:
        return json.load(answer)


def descendants(pid):
    yield pid
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        for child in file.read().split():
            yield from descendants(int(child))


def first_number(*path):
    with open(os.path.join(*path)) as file:
        return int(file.readline())


def cpu_s(stack):
    """CPU time that nginx, Latchkey and PostgreSQL of this stack have had."""
    data = os.path.join(stack.folder, "data")
    pids = set(stack.processes()) | set(descendants(first_number(data, "nginx.pid")))
    pids |= set(descendants(first_number(data, "pg", "postmaster.pid")))
    ticks = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid) as file:
            ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def updates(stack):
    """How many rows of the sessions were rewritten, and how many of them in place."""
    stack.psql("select pg_stat_force_next_flush()")
    time.sleep(1)
    return tuple(map(int, stack.psql("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables"
                                     " where relname = 'latchkey_session'").split("|")))


def refresh(b, stack):
    tokens = os.path.join(stack.folder, "refresh")
    with open(tokens, "w") as file:
        for _ in range(CLIENTS):
            print(log_in(stack.site)["refresh_token"], file=file)
    command = ["wrk", "-t%d" % CLIENTS, "-c%d" % CLIENTS, "-d%ds" % b.seconds, "--timeout", "60s", "-s", LUA,
               stack.site.url + "/oauth2/token", "--", "refresh", tokens]
    b.command("sessions.rate", shown(command, stack.site, FILE=tokens))
    before, rows = cpu_s(stack), updates(stack)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result, spent = b.good("sessions.rate", result_of(done.stdout)), cpu_s(stack) - before
    written, hot = (after - old for after, old in zip(updates(stack), rows))
    return {"sessions.rate": result["rate"], "sessions.p99": result["p99"] / 1000,
            "sessions.cpu": result["answers"] / spent, "sessions.hot": 100 * hot / max(written, 1)}


def parallel(b, stack):
    command = [sys.executable, "-B", TOP + "/t/tool/refresh.py", stack.site.url, log_in(stack.site)["refresh_token"],
               str(AT_ONCE), str(20 * b.seconds)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rounds, good, p99 = map(int, re.search(r"^(\d+) rounds of \d+: (\d+) with.*\np99 (\d+) ms", out).groups())
    return {"sessions.parallel_p99": p99, "sessions.parallel_lost": rounds - good}


def is_accepted(path, token):
    """By the check lane of another instance."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE_S)
        s.connect(path)
        s.sendall(request(REQUEST_METHOD="GET", REQUEST_URI="/check", HTTP_AUTHORIZATION="Bearer " + token))
        return b"Status: 200" in b"".join(iter(lambda: s.recv(65536), b""))


def end_one(stack, path):
    """Seconds from the answer to a log-out until the other instance refuses the token."""
    token = log_in(stack.site)["access_token"]
    if not is_accepted(path, token):
        raise RuntimeError("a new token is refused")
    request_out = urllib.request.Request(stack.site.url + "/session", method="DELETE",
                                         headers={"Authorization": "Bearer " + token})
    NO_PROXY.open(request_out, timeout=30).close()
    begin = time.monotonic()
    while is_accepted(path, token):
        if time.monotonic() > begin + PATIENCE_S:
            raise RuntimeError("a token that was ended is still accepted")
        time.sleep(.002)
    return time.monotonic() - begin


def revoke(b, stack):
    folder = tempfile.mkdtemp(dir=b.sides.folder)
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
    files = {key: os.path.join(folder, key) for key in b.sides.settings if key.startswith("listen") or key == "status_file"}
    environment = dict(os.environ, **{"LATCHKEY_" + key.upper(): path for key, path in files.items()})
    other = subprocess.Popen([stack.env["LK_BIN"], "-c", stack.env["LK_CONF"], "serve"], env=environment, cwd=folder,
                             stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **b.sides.user())
    try:
        while not os.path.exists(files["listen_check"]):
            time.sleep(.05)
        time.sleep(1)
        times = sorted(end_one(stack, files["listen_check"]) for _ in range(ENDED * b.seconds))
    finally:
        other.terminate()
        other.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return {"sessions.revoked_p50": percentile(times, 50), "sessions.revoked_p99": percentile(times, 99),
            "sessions.revoked_max": times[-1]}


def measure(b):
    stack = b.sides.latchkey
    return {**refresh(b, stack), **parallel(b, stack), **revoke(b, stack)}
