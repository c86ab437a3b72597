"""Results as Markdown tables."""
import math, os, re, statistics, subprocess, time

PACKAGES = """nginx postgresql-15 libcrypt1 libfcgi0ldbl libjwt0 libpq5 libssl3 wrk nghttp2-client valgrind python3
    python3-fastapi python3-uvicorn python3-uvloop python3-httptools python3-pydantic python3-sqlalchemy
    python3-psycopg2 python3-passlib python3-bcrypt python3-jose""".split()


def number(x):
    """Three digits that count."""
    if math.isinf(x):
        return "endless"
    if x == round(x) or abs(x) >= 100:
        return "{:,.0f}".format(x)
    return "%.1f" % x if abs(x) >= 10 else "%.2f" % x


def spread(measured):
    return "%s to %s" % (number(min(measured)), number(max(measured)))


def rows(heads, lines):
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for line in lines:
        yield "| " + " | ".join(line) + " |"
    yield ""


def values(found, key):
    return [value for _, value in found.get(key, [])]


def values_of(target, found):
    """Of each round: the figure, or its ratio to the other of the same time; endless where that is 0."""
    if not target.other:
        return values(found, target.figure)
    other = dict(found.get(target.other, []))
    return [value / other[when] if other[when] else math.inf
            for when, value in found.get(target.figure, []) if when in other]


def compared(targets, found):
    for t in targets:
        ratios = values_of(t, found)
        if ratios:
            median = statistics.median(ratios)
            met = ("yes" if t.is_met(median) else "**no**") if t.wanted() else ""
            yield t.text, "**%s**" % number(median), spread(ratios), t.wanted(), met


def figures(described, found):
    for key, (text, unit) in described.items():
        measured = values(found, key)
        if measured:
            yield text, "%s %s" % (number(statistics.median(measured)), unit), spread(measured)


def installed():
    """Versions of the packages, as they are called."""
    out = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return ", ".join(out.split("\n")[:-1])


def first(pattern, file):
    with open(file) as f:
        found = re.search(pattern, f.read(), re.M)
    return found[1] if found else "unknown"


def machine():
    memory_gib = int(first(r"^MemTotal: *(\d+)", "/proc/meminfo")) / 1048576
    return "%d CPUs (%s), %.0f GiB, Linux %s, %s" % (
        len(os.sched_getaffinity(0)), first(r"^model name\s*: *(.*)$", "/proc/cpuinfo"), memory_gib,
        re.match(r"[\d.]+\d", os.uname().release)[0], first(r'^PRETTY_NAME="(.*)"$', "/etc/os-release"))


def document(b, targets, described):
    yield "Measured on %s: %s. Rounds: %d, of %d s each. Latchkey %s." % (
        time.strftime("%Y-%m-%d"), machine(), b.rounds, b.seconds, b.version)
    yield ""
    yield from rows(["compared", "median", "all rounds", "target", "met"], compared(targets, b.found))
    yield from rows(["measured", "median", "all rounds"], figures(described, b.found))
    for note in b.notes:
        yield "* " + note
    if b.notes:
        yield ""
    yield "Packages: %s." % installed()
    yield ""
    yield "Commands:"
    yield ""
    for key in sorted(b.commands):
        yield "    %s: %s" % (key, b.commands[key])
