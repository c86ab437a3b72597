"""Account enumeration by the time of failed logins: logins of each kind in turn, one at a time.

A kind is a reason why a login fails. Each round asks one of each, in an order by chance, with a name that is not asked
again; the names of a round are neighbours in the index. Compared are the times of every kind with those of unknown
names: by the Mann-Whitney test, whose least p of all pairs is multiplied by their number, since among several the
least is small by chance; and by the medians.

A hash costs as little as it may, but for the last table: it would only add noise, and what might tell is beside it.
"""
import gc, http.client, math, random, statistics, time, urllib.parse

ROUNDS_A_SECOND = {"one": 1000, "mixed": 1000, "argon2": 1000, "today": 20}  # of the bench's seconds
OLD = {  # what one in ten accounts have
    "one": None,
    "mixed": "$2b$06$" + "." * 53,
    "argon2": "$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43,
    "today": "$2b$12$" + "." * 53,
}
KINDS = {
    "unknown": None,
    "wrong": "{hash}, true",
    "inactive": "{hash}, false",
    "no hash": "null, true",
    "broken": "left({hash}, 40), true",
    "foreign": "'{noop}' || repeat('x', 86), true",
}
TEXT = {
    "one": "all hashes yescrypt 1",
    "mixed": "one in ten bcrypt 6, the others yescrypt 1",
    "argon2": "one in ten argon2id of 1 MiB, the others yescrypt 1",
    "today": "one in ten bcrypt 12, the others yescrypt 5",
}
FIGURES = {}
for table in TEXT:
    about = TEXT[table]
    FIGURES["enumeration.%s_p" % table] = ("failed logins, %s: p" % about, "")
    FIGURES["enumeration.%s_off" % table] = ("the same: the median that is farthest from that of unknown names", "%")
    FIGURES["enumeration.%s_ms" % table] = ("the same: the median for unknown names", "ms")


def ranks(values):
    """The rank of each, from 1; equal ones share theirs. And the sum of t^3 - t over groups of t equal ones."""
    order = sorted(range(len(values)), key=values.__getitem__)
    rank, ties, i = [0] * len(values), 0, 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        for k in order[i:j]:
            rank[k] = (i + 1 + j) / 2
        ties += (j - i) ** 3 - (j - i)
        i = j
    return rank, ties


def mann_whitney_p(a, b):
    """How often two samples of one kind would differ at least so: two-sided, by the normal approximation."""
    n = len(a) + len(b)
    rank, ties = ranks(a + b)
    u = sum(rank[:len(a)]) - len(a) * (len(a) + 1) / 2
    deviation = math.sqrt(len(a) * len(b) / 12 * (n + 1 - ties / (n * (n - 1))))
    return math.erfc(max(0, abs(u - len(a) * len(b) / 2) - .5) / deviation / math.sqrt(2))


def fill(stack, table, rounds):
    """So many accounts of each kind; those with a hash have one of today's, or an old one that nothing matches."""
    stack.psql("truncate users")
    own = "'" + stack.hash + "'"
    old = "'%s'" % OLD[table] if OLD[table] else own
    either = "(case when i %% 10 = 0 then %s else %s end)" % (old, own)
    rows = ", ".join("(i || ' %s', %s)" % (kind, columns.format(hash=either)) for kind, columns in KINDS.items() if columns)
    stack.psql("insert into users (username, password, is_active) select row.* from generate_series(0, %d) as i, "
               "lateral (values %s) as row (name, hash, active) order by i" % (rounds - 1, rows))
    stack.psql("vacuum analyze users")


def ask(connection, name):
    """Milliseconds until the whole answer was there."""
    form = urllib.parse.urlencode({"username": name, "password": "not the password"})
    begin = time.perf_counter_ns()
    connection.request("POST", "/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    end = time.perf_counter_ns()
    if answer.status != 401:
        raise RuntimeError("the login as %s was answered with %d" % (name, answer.status))
    return (end - begin) / 1e6


def times(stack, rounds):
    """Of each kind, in the order of the rounds."""
    connection = http.client.HTTPConnection("127.0.0.1", int(stack.env["LK_PORT"]), timeout=60)
    found = {kind: [] for kind in KINDS}
    for i in range(20):
        ask(connection, "warm up %d" % i)
    gc.disable()
    try:
        for i in range(rounds):
            for kind in random.sample(list(KINDS), len(KINDS)):
                found[kind].append(ask(connection, "%d %s" % (i, kind)))
    finally:
        gc.enable()
        connection.close()
    return found


def compare(b, table, found):
    unknown = found["unknown"]
    middle = statistics.median(unknown)
    others = {kind: found[kind] for kind in KINDS if kind != "unknown"}
    p = {kind: mann_whitney_p(unknown, values) for kind, values in others.items()}
    off = {kind: (statistics.median(values) / middle - 1) * 100 for kind, values in others.items()}
    b.note("enumeration, %s, {:,} of a kind: ".format(len(unknown)) % TEXT[table] + ", ".join("%s: p %.3f, median %+.2f %%" % (k, p[k], off[k]) for k in others))
    return {
        "enumeration.%s_p" % table: min(1, min(p.values()) * len(p)),
        "enumeration.%s_off" % table: max(map(abs, off.values())),
        "enumeration.%s_ms" % table: middle,
    }


def measure(b):
    found = {}
    for cost, tables in (1, ["one", "mixed"]), (5, ["today"]):
        settings = ["login_failures_per_%s_hour=1000000" % of for of in ("name", "address", "client", "service")]
        with b.sides.for_a_while("enumeration", settings + ["hash_cost=%d" % cost, "password_blocklist="]) as stack:
            stack.hash = stack.psql("select password from users where username = 'ada'")
            for table in tables:
                rounds = ROUNDS_A_SECOND[table] * b.seconds
                fill(stack, table, rounds)
                found.update(compare(b, table, times(stack, rounds)))
    return found
