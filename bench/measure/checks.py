"""Token checks a second, as fast as they go; and the least that nginx and a FastCGI program can do."""
from load import run_wrk, shown, wrk

CLIENTS = 32
CLIENTS_ORIGINAL = 8  # see logins.py; its best case has a pool that takes more

FIGURES = {
    "checks.return": ("nginx `return 200`", "requests/s"),
    "checks.null": ("a null responder, threads in `FCGX_Accept_r`, a connection a request", "requests/s"),
    "checks.parked": ("a null responder, kept and parked connections, the least of a site", "requests/s"),
    "checks.same": ("the parked null responder behind nginx.conf.sample", "requests/s"),
    "checks.latchkey": ("Latchkey `GET /check`", "checks/s"),
    "checks.me": ("Latchkey `GET /users/me`", "checks/s"),
    "checks.original": ("the FastAPI original, `GET /users/me`", "checks/s"),
    "checks.best": ("the FastAPI original at its best, `GET /users/me`", "checks/s"),
    "checks.guard_same": ("nginx `auth_request` to the parked null responder, same site", "requests/s"),
    "checks.guard": ("nginx `auth_request` to Latchkey", "requests/s"),
}


def sides(b):
    s = b.sides
    yield "checks.return", s.peers["PEER_RETURN"], "/", CLIENTS, s.latchkey.token
    yield "checks.null", s.peers["PEER_NULL"], "/check", CLIENTS, s.latchkey.token
    yield "checks.parked", s.peers["PEER_PARKED"], "/check", CLIENTS, s.latchkey.token
    yield "checks.same", s.peers["PEER_SAME"], "/check", CLIENTS, s.latchkey.token
    yield "checks.latchkey", s.latchkey.site, "/check", CLIENTS, s.latchkey.token
    yield "checks.me", s.latchkey.site, "/users/me", CLIENTS, s.latchkey.token
    yield "checks.original", s.peers["PEER_ORIGINAL"], "/users/me", CLIENTS_ORIGINAL, s.peers_token
    yield "checks.best", s.peers["PEER_BEST"], "/users/me", CLIENTS, s.peers_token
    yield "checks.guard_same", s.peers["PEER_SAME"], "/app/", CLIENTS, s.latchkey.token
    yield "checks.guard", s.latchkey.site, "/app/", CLIENTS, s.latchkey.token


def measure(b):
    found = {}
    for key, site, path, clients, token in b.in_turn(sides(b)):
        kind = "get", token
        b.command(key, shown(wrk(site, path, clients, b.seconds, kind), site, [token]))
        found[key] = b.good(key, run_wrk(site, path, clients, b.seconds, kind))["rate"]
    return found
