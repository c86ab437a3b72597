"""Latency of a login with a thousand and with ten million users."""
import shutil, time
from load import run_wrk, shown, wrk
from sides import PASSWORD

FEW = 1000
BYTES_EACH = 700  # of the disk, for the table, its indexes and the log of the transaction

FIGURES = {
    "users.few": ("login of one of 1,000 users, one client: p50", "ms"),
    "users.many": ("login of one of 10,000,000 users, one client: p50", "ms"),
    "users.insert": ("to insert these, of the same hash", "s"),
    "users.size": ("their table and its indexes", "MiB"),
}


def fill(stack, first, last, password_hash):
    stack.psql("insert into users (username, password, is_active) "
               "select 'user' || i, '%s', true from generate_series(%d, %d) as i" % (password_hash, first, last))
    stack.psql("vacuum analyze users")


def p50s(b, key, users):
    site = b.sides.latchkey.site
    kind = "logins", str(users), PASSWORD
    b.command(key, shown(wrk(site, "/token", 1, b.seconds, kind), site))
    return [b.good(key, run_wrk(site, "/token", 1, b.seconds, kind))["p50"] / 1000 for _ in range(b.rounds)]


def measure(b):
    stack = b.sides.latchkey
    free = shutil.disk_usage(b.sides.folder).free
    if free < b.users * BYTES_EACH:
        b.note("users: the disk has no room for %d of them" % b.users)
        return {}
    password_hash = stack.psql("select password from users where username = 'ada'")
    stack.psql("truncate users")
    fill(stack, 1, FEW, password_hash)
    found = {"users.few": p50s(b, "users.few", FEW)}
    begin = time.monotonic()
    fill(stack, FEW + 1, b.users, password_hash)
    found["users.insert"] = time.monotonic() - begin
    found["users.size"] = int(stack.psql("select pg_total_relation_size('users')")) / 1048576
    found["users.many"] = p50s(b, "users.many", b.users)
    if b.users != 10000000:
        b.note("users: not ten million but %d" % b.users)
    return found
