"""Flood of ten times as many logins as can be served: how many are served, and how soon the others are refused."""
import os, resource, tempfile, time, urllib.parse
from load import h2load, percentile, run_h2load, run_wrk, shown
from measure import logins
from sides import NAME, PASSWORD

TIMES = 10
CLIENTS = 800  # of nginx's 1,536 connections, of which a login that waits takes two
PARTS = 16     # of them, that ask at different moments
QUEUE_S = 2    # so many seconds' logins wait: login_backlog = auto

FIGURES = {
    "flood.best": ("logins, as many as can be served", "logins/s"),
    "flood.asked": ("logins asked for in the flood", "logins/s"),
    "flood.served": ("of these served", "logins/s"),
    "flood.refused": ("refused with 503", "logins/s"),
    "flood.other": ("answered otherwise", "logins/s"),
    "flood.refused_p50": ("until a 503 came: p50", "ms"),
    "flood.refused_p99": ("until a 503 came: p99", "ms"),
    "flood.refused_max": ("until a 503 came: the longest", "ms"),
    "flood.served_p99": ("until a login was served: p99", "ms"),
    "flood.cpu_client": ("CPU that the clients took of all CPUs", "%"),
    "flood.cpu_nginx": ("CPU that nginx took", "%"),
}


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of_nginx(stack):
    """Of its workers, in seconds."""
    with open(os.path.join(stack.folder, "data", "nginx.pid")) as file:
        master = file.read().strip()
    with open("/proc/%s/task/%s/children" % (master, master)) as file:
        workers = file.read().split()
    ticks = 0
    for pid in workers:
        with open("/proc/%s/stat" % pid) as file:
            ticks += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def rate_of_all(best):
    """So that the clients that do not wait ask for the whole flood: one that waits asks for nothing meanwhile."""
    free = max(CLIENTS - QUEUE_S * best, CLIENTS / 4)
    return TIMES * best * CLIENTS / free


def flood(b, rate):
    """The answers that ended within the time that counts, and the CPU that the clients and nginx took."""
    stack = b.sides.latchkey
    with tempfile.NamedTemporaryFile("w") as body:
        body.write(urllib.parse.urlencode({"username": NAME, "password": PASSWORD}))
        body.flush()
        arguments = (stack.site, "/token", CLIENTS, rate, b.seconds + QUEUE_S + 1, "-d" + body.name,
                     "-HContent-Type: application/x-www-form-urlencoded")
        b.command("flood.*", "%d parts of: %s" % (PARTS, shown(h2load(*arguments), stack.site).replace(body.name, "FORM")))
        clients, nginx, start = cpu_of_children(), cpu_of_nginx(stack), time.monotonic()
        answers = run_h2load(*arguments, parts=PARTS)
    all_cpus = (time.monotonic() - start) * os.cpu_count() / 100
    cpu = (cpu_of_children() - clients) / all_cpus, (cpu_of_nginx(stack) - nginx) / all_cpus
    first = answers[0][0] + QUEUE_S
    return [(status, ms) for begin, status, ms in answers if first <= begin + ms / 1000 < first + b.seconds], cpu


def measure(b):
    site = b.sides.latchkey.site
    best = b.good("flood.best", run_wrk(site, "/token", logins.CLIENTS, b.seconds, ("login", NAME, PASSWORD)))["rate"]
    answers, cpu = flood(b, rate_of_all(best))
    b.sides.latchkey.wait_until_quiet()
    if len(answers) < .9 * TIMES * best * b.seconds:
        b.note("flood: of %d connections too many waited to ask for ten times %.0f a second: %.0f" % (
            CLIENTS, best, len(answers) / b.seconds))
    served = [ms for status, ms in answers if status == 200]
    refused = [ms for status, ms in answers if status == 503]
    found = {
        "flood.best": best,
        "flood.asked": len(answers) / b.seconds,
        "flood.served": len(served) / b.seconds,
        "flood.refused": len(refused) / b.seconds,
        "flood.other": (len(answers) - len(served) - len(refused)) / b.seconds,
        "flood.cpu_client": cpu[0],
        "flood.cpu_nginx": cpu[1],
    }
    if served:
        found["flood.served_p99"] = percentile(served, 99)
    if refused:
        found.update({"flood.refused_p50": percentile(refused, 50), "flood.refused_p99": percentile(refused, 99),
                      "flood.refused_max": max(refused)})
    return found
