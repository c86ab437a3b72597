"""Logins and sign-ups a second at full speed; and the bare hash, which is the limit of everything else."""
import os, subprocess
from load import run_wrk, shown, wrk
from sides import NAME, PASSWORD

CLIENTS = 16
CLIENTS_ORIGINAL = 8  # with more in flight it hangs: its async login waits for the pool of connections

FIGURES = {
    "logins.crypt": ("bare `crypt()` with `$y$j9T$`, a process for each login worker", "hashes/s"),
    "logins.crypt_kept": ("bare `crypt()` with kept memory (app/crypto/hashmem.c), as many processes", "hashes/s"),
    "logins.latchkey": ("Latchkey", "logins/s"),
    "logins.plain": ("Latchkey, `hash_memory = plain`", "logins/s"),
    "logins.yescrypt": ("nginx `auth_basic`, `$y$j9T$`", "requests/s"),
    "logins.bcrypt": ("nginx `auth_basic`, bcrypt 12", "requests/s"),
    "logins.original": ("the FastAPI original, bcrypt 12", "logins/s"),
    "logins.best": ("the FastAPI original at its best, bcrypt 12", "logins/s"),
    "signups.latchkey": ("Latchkey, sign-up", "sign-ups/s"),
    "signups.plain": ("Latchkey, `hash_memory = plain`, sign-up", "sign-ups/s"),
    "signups.original": ("the FastAPI original, sign-up", "sign-ups/s"),
    "signups.best": ("the FastAPI original at its best, sign-up", "sign-ups/s"),
}


def bare(b, key, *kept):
    command = [os.path.join(b.sides.build, "bench", "crypt-kept" if kept else "crypt"),
               str(b.sides.workers), str(b.seconds), *kept]
    b.command(key, " ".join(["build/bench/" + os.path.basename(command[0]), *command[1:]]))
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def load(b, key, site, path, clients, *kind):
    b.command(key, shown(wrk(site, path, clients, b.seconds, kind), site))
    return b.good(key, run_wrk(site, path, clients, b.seconds, kind))["rate"]


def sides(b):
    peers = b.sides.peers
    ours = [("latchkey", b.sides.latchkey), ("plain", b.sides.plain)]
    yield "logins.crypt", bare, ()
    yield "logins.crypt_kept", bare, ("kept",)
    for name, stack in ours:
        yield "logins." + name, load, (stack.site, "/token", CLIENTS, "login", NAME, PASSWORD)
        yield "signups." + name, load, (stack.site, "/users/add_user/", CLIENTS, "signup", "ada")
    for name in "yescrypt", "bcrypt":
        yield "logins." + name, load, (peers["PEER_" + name.upper()], "/", CLIENTS, "basic", NAME, PASSWORD)
    for name in "original", "best":
        site = peers["PEER_" + name.upper()]
        yield "logins." + name, load, (site, "/token", CLIENTS_ORIGINAL, "login", NAME, PASSWORD)
        yield "signups." + name, load, (site, "/users/add_user/", CLIENTS_ORIGINAL, "signup", "ada")


def measure(b):
    return {key: run(b, key, *arguments) for key, run, arguments in b.in_turn(sides(b))}
