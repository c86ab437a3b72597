"""Latency of a token check: alone, and while 64 clients log in as fast as they can.

At a steady 2,000 a second, far from what could be served, so that it is not a queue of checks that is
measured; and at full speed, where it is.
"""
from load import Background, h2load, percentile, run_h2load, run_wrk, shown, wrk
from sides import NAME, PASSWORD

RATE = 2000
CONNECTION = 900  # requests; nginx ends a connection after 1,000, and h2load makes no other
CLIENTS_FULL = 32
CLIENTS_FLOOD = 64
PERCENTS = {"p50": 50, "p99": 99, "p999": 99.9}

FIGURES = {
    "latency.%s_%s_%s" % (load, state, p): ("check, %s, %s: %s" % (load_text, state_text, p.replace("999", "99.9")), "ms")
    for load, load_text in (("steady", "2,000/s"), ("full", "full speed"))
    for state, state_text in (("idle", "alone"), ("flood", "64 clients logging in"))
    for p in PERCENTS
}


def ask_steadily(b, key):
    """Checks, RATE a second: of each when it began, its status, and what it took in ms."""
    stack = b.sides.latchkey
    clients = max(4, RATE * b.seconds // CONNECTION + 1)
    arguments = (stack.site, "/check", clients, RATE, b.seconds, "-HAuthorization: Bearer " + stack.token)
    b.command(key + "*", "each client by itself: " + shown(h2load(*arguments), stack.site, TOKEN=stack.token))
    answers = run_h2load(*arguments, parts=clients)
    if len(answers) < .95 * RATE * b.seconds:
        b.note("%s: answers were so slow that only %d checks of %d could be asked, so these are the best of them" % (
            key, len(answers), RATE * b.seconds))
    return answers


def lost(answers):
    return sum(status != 200 for _, status, _ in answers)


def times(answers):
    return [ms for _, _, ms in answers]


def steady(b, state):
    key = "latency.steady_%s_" % state
    answers = ask_steadily(b, key)
    if lost(answers):
        b.note("%s: %d of %d checks were not answered with 200" % (key, lost(answers), len(answers)))
    return {key + p: percentile(times(answers), percent) for p, percent in PERCENTS.items()}


def full(b, state):
    stack = b.sides.latchkey
    kind = "tokens", stack.tokens
    key = "latency.full_%s_" % state
    b.command(key + "*", shown(wrk(stack.site, "/check", CLIENTS_FULL, b.seconds, kind), stack.site, TOKENS=stack.tokens))
    r = b.good(key, run_wrk(stack.site, "/check", CLIENTS_FULL, b.seconds, kind))
    return {key + p: r[p] / 1000 for p in PERCENTS}


def measure(b):
    """The flood's client lasts longer than what is measured: it has its own second of warming up, and theirs."""
    found = {}
    stack = b.sides.latchkey
    flood = stack.site, "/token", CLIENTS_FLOOD, b.seconds + 3, ("login", NAME, PASSWORD)
    b.command("latency.*_flood_*", "beside it: " + shown(wrk(*flood), stack.site))
    for run in b.in_turn([steady, full]):
        found.update(run(b, "idle"))
        with Background(*flood):
            found.update(run(b, "flood"))
        stack.wait_until_quiet()
    return found
