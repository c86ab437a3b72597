"""Browsers at the gate: checks by their cookies beside those by tokens, renewals, and the pages of log-in.

Cookies and tokens are a thousand users', in turn; the old cookies are of sessions that go on. The cost of a request is
the CPU time of nginx, workers and PostgreSQL together.
"""
import os, struct, subprocess, sys, time, urllib.parse, urllib.request
from load import WARM_UP_S, result_of, shown, wrk
from measure.sessions import cpu_s
from sides import NAME, NO_PROXY, PASSWORD, TOKENS, TOP, sign_up
sys.path.append(TOP + "/t/tool")
import proofs

CLIENTS = 32
CLIENTS_RENEW = 8
LIFE_S = 3000  # less than session_proof_minutes

FIGURES = {
    "gate.token": ("nginx `auth_request`, tokens", "requests/s"),
    "gate.cookie": ("nginx `auth_request`, cookies of browsers", "requests/s"),
    "gate.token_cpu": ("the same by tokens, per CPU second of nginx, workers and PostgreSQL", "requests/s"),
    "gate.cookie_cpu": ("the same by cookies", "requests/s"),
    "gate.renewed_cpu": ("requests with an old cookie, which is renewed, per CPU second of all three", "requests/s"),
    "gate.form_cpu": ("`GET /login`, per CPU second of all three", "pages/s"),
    "gate.login_cpu": ("`POST /login`, per CPU second of all three", "logins/s"),
}


def log_in(site, name):
    """The cookie of a log-in."""
    form = urllib.parse.urlencode({"username": name, "password": PASSWORD}).encode()
    request = urllib.request.Request(site.url + "/session", form, {"Sec-Fetch-Site": "same-origin"})
    with NO_PROXY.open(request, timeout=30) as answer:
        said = [v for v in answer.headers.get_all("Set-Cookie") if v.startswith("__Host-latchkey=")]
    return said[0].partition("=")[2].partition(";")[0]


def of_many(key, cookie):
    """As of sessions of a thousand users, fresh."""
    said, end = proofs.read(cookie), int(time.time()) + LIFE_S
    for uid in range(1, TOKENS + 1):
        name = b"user%d" % uid
        yield proofs.sign(key, said[:1] + os.urandom(16) + struct.pack(">Q", uid) + said[25:29] + struct.pack(">IB", end, len(name)) + name)


def written(stack, name, lines):
    path = os.path.join(stack.folder, name)
    with open(path, "w") as file:
        print(*lines, sep="\n", file=file)
    return path


def sides(b, stack):
    key = proofs.key_of(stack.env["LK_KEY"])
    # a user of its own, whose sessions the log-ins below do not end as the oldest of too many
    name = "browsing%d" % b.round
    sign_up(stack.site, name)
    cookies = [log_in(stack.site, name) for _ in range(CLIENTS_RENEW)]
    fresh = written(stack, "cookies", of_many(key, cookies[0]))
    old = written(stack, "cookies.old", (proofs.ending(key, c, -1) for c in cookies))
    yield "gate.token", "/app/", CLIENTS, ("tokens", stack.tokens)
    yield "gate.cookie", "/app/", CLIENTS, ("cookies", fresh)
    yield "gate.renewed", "/app/", CLIENTS_RENEW, ("cookies", old)
    yield "gate.form", "/login", CLIENTS, ("get",)
    yield "gate.login", "/login", CLIENTS_RENEW, ("page", NAME, PASSWORD)


def measure(b):
    stack, found = b.sides.latchkey, {}
    for key, path, clients, kind in b.in_turn(sides(b, stack)):
        command = wrk(stack.site, path, clients, b.seconds, kind)
        name = key if key in FIGURES else key + "_cpu"
        b.command(name, shown(command, stack.site, **({"FILE": kind[1]} if kind[0] in ("tokens", "cookies") else {})))
        subprocess.run(wrk(stack.site, path, clients, WARM_UP_S, kind), check=True, stdout=subprocess.DEVNULL)
        before = cpu_s(stack)
        result = b.good(name, result_of(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
        found[key + "_cpu"] = (result["answers"] - result["refused"]) / (cpu_s(stack) - before)
        if key in FIGURES:
            found[key] = result["rate"]
    return found
