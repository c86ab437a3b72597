"""Token checks a second at full speed; and the least that nginx and a FastCGI program can do.

The tokens are a thousand users', in turn, or somebody who remembers the last one would look too good. Those who
ask a database about the user are asked about one.
"""
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
    peers, site = b.sides.peers, b.sides.latchkey.site
    many = "tokens", b.sides.latchkey.tokens
    one, of_peers = ("get", b.sides.latchkey.token), ("get", b.sides.peers_token)
    yield "checks.return", peers["PEER_RETURN"], "/", CLIENTS, many
    yield "checks.null", peers["PEER_NULL"], "/check", CLIENTS, many
    yield "checks.parked", peers["PEER_PARKED"], "/check", CLIENTS, many
    yield "checks.same", peers["PEER_SAME"], "/check", CLIENTS, many
    yield "checks.latchkey", site, "/check", CLIENTS, many
    yield "checks.me", site, "/users/me", CLIENTS, one
    yield "checks.original", peers["PEER_ORIGINAL"], "/users/me", CLIENTS_ORIGINAL, of_peers
    yield "checks.best", peers["PEER_BEST"], "/users/me", CLIENTS, of_peers
    yield "checks.guard_same", peers["PEER_SAME"], "/app/", CLIENTS, many
    yield "checks.guard", site, "/app/", CLIENTS, many


def measure(b):
    found = {}
    for key, site, path, clients, kind in b.in_turn(sides(b)):
        name = "TOKENS" if kind[0] == "tokens" else "TOKEN"
        b.command(key, shown(wrk(site, path, clients, b.seconds, kind), site, **{name: kind[1]}))
        found[key] = b.good(key, run_wrk(site, path, clients, b.seconds, kind))["rate"]
    return found
