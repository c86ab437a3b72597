"""The comparisons, and their targets."""
MIB_BASE, MIB_LOGIN_WORKER = 12, 18


class Target:
    """A figure, or how many times another it is; least or most: what it is to be, or neither."""

    def __init__(self, text, figure, other=None, least=None, most=None):
        self.text, self.figure, self.other, self.least, self.most = text, figure, other, least, most

    def wanted(self):
        if self.least is not None:
            return "at least %g" % self.least
        return "at most %g" % self.most if self.most is not None else ""

    def is_met(self, value):
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def targets(login_workers):
    return [
        Target("logins/s: Latchkey / bare `crypt()`", "logins.latchkey", "logins.crypt", least=1.8),
        Target("logins/s: Latchkey / bare `crypt()` with kept memory", "logins.latchkey", "logins.crypt_kept", least=.93),
        Target("logins/s: Latchkey / the original", "logins.latchkey", "logins.original", least=20),
        Target("logins/s: Latchkey / the original at its best", "logins.latchkey", "logins.best", least=20),
        Target("logins/s: `hash_memory = plain` / bare `crypt()`", "logins.plain", "logins.crypt"),
        Target("logins/s: Latchkey / `auth_basic` with `$y$j9T$`", "logins.latchkey", "logins.yescrypt"),
        Target("sign-ups/s: Latchkey / the original at its best", "signups.latchkey", "signups.best"),
        Target("checks/s: `/check` / null responder, kept and parked, same site", "checks.latchkey", "checks.same", least=.85),
        Target("checks/s: `/check` / the same, the least of a site", "checks.latchkey", "checks.parked"),
        Target("checks/s: `/check` / null responder, a connection a request", "checks.latchkey", "checks.null"),
        Target("checks/s: `/check` / the original's `/users/me` at its best", "checks.latchkey", "checks.best", least=25),
        Target("checks/s: `/users/me` / the original's at its best", "checks.me", "checks.best"),
        Target("checks/s through `auth_request`: Latchkey / null responder", "checks.guard", "checks.guard_same", least=.8),
        Target("p99 of checks at 2,000/s: 64 clients logging in / alone", "latency.steady_flood_p99", "latency.steady_idle_p99", most=3),
        Target("p99 of checks at full speed: 64 clients logging in / alone", "latency.full_flood_p99", "latency.full_idle_p99", most=3),
        Target("logins/s: in a tenfold flood / at best", "flood.served", "flood.best", least=.95),
        Target("until a 503 comes in that flood, p99, ms", "flood.refused_p99", most=20),
        Target("until a 503 comes in that flood, the longest, ms", "flood.refused_max", most=20),
        Target("PSS of all processes, idle, MiB", "memory.idle", most=MIB_BASE),
        Target("PSS of all processes, in a flood, MiB", "memory.flood", most=MIB_BASE + login_workers * MIB_LOGIN_WORKER),
        Target("the same / what `latchkey check` says at most", "memory.flood", "memory.ceiling", most=1),
        Target("checks lost while 200 clients log in", "memory.lost", most=0),
        Target("start until the first answer, ms", "start.first", most=50),
        Target("refreshes per CPU second of nginx, workers and PostgreSQL", "sessions.cpu", least=4000),
        Target("refreshes, p99, ms", "sessions.p99", most=10),
        Target("50 refreshes at once with one token, p99 of a round, ms", "sessions.parallel_p99", most=100),
        Target("until another instance refuses what has ended, p50, s", "sessions.revoked_p50", most=.15),
        Target("the same, p99, s", "sessions.revoked_p99", most=.3),
        Target("the same, the longest, s", "sessions.revoked_max", most=1),
        Target("through `auth_request`: checks/s by cookie / by token", "gate.cookie", "gate.token", least=.9),
        Target("the same for each CPU second of nginx, workers and PostgreSQL", "gate.cookie_cpu", "gate.token_cpu", least=.9),
        Target("instructions of a check: by token, of a session / by cookie", "instructions.session", "instructions.cookie", least=.9),
        Target("to look into the list of common passwords, µs", "blocklist.listed", most=50),
        Target("failed logins, unknown names and all others, all hashes alike: p", "enumeration.one_p", least=.01),
        Target("the same: medians apart, %", "enumeration.one_off", most=1),
        Target("the same, one in ten hashes old: p", "enumeration.mixed_p", least=.01),
        Target("the same: medians apart, %", "enumeration.mixed_off", most=1),
        Target("the same, one in ten hashes argon2id: p", "enumeration.argon2_p", least=.01),
        Target("the same with today's cost and bcrypt 12: p", "enumeration.today_p", least=.01),
        Target("login p50: many users / 1,000", "users.many", "users.few", most=1.1),
    ]
