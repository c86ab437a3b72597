#!/usr/bin/env python3
"""Measurement of Latchkey beside its peers: all sides in one run, in rounds of alternating order.

make bench calls it; README.md beside it says what is measured and why. Prints Markdown, and writes the same
to RESULT. Nothing is asserted: slowness is no failure.
"""
import argparse, os, signal, subprocess, sys
from sides import Sides
from table import document
from targets import targets
from measure import blocklist, checks, enumeration, flood, gate, instructions, latency, logins, memory, sessions, start, users

RESULT = "bench/result.md"

# The measurements: in each round, and once at the end of all.
EACH_ROUND = {"logins": logins, "checks": checks, "latency": latency, "flood": flood, "memory": memory, "start": start,
              "sessions": sessions, "gate": gate}
AT_THE_END = {"instructions": instructions, "blocklist": blocklist, "users": users, "enumeration": enumeration}


class Bench:
    """What the measurements are given, and where what they find is gathered."""

    def __init__(self, options, sides):
        self.rounds, self.seconds, self.users, self.sides = options.rounds, options.seconds, options.users, sides
        self.round = 0
        self.found, self.commands, self.notes = {}, {}, []
        said = subprocess.run([sides.program, "-V"], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.version = said.split()[-1]

    def in_turn(self, items):
        """In every other round from the last to the first: no side is always the one that comes later."""
        items = list(items)
        return items[::-1] if self.round % 2 else items

    def command(self, key, text):
        self.commands[key] = text

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            say("  " + text)

    def good(self, key, result):
        """What wrk found, after a look at what should not have been there."""
        if result["refused"] or result["broken"]:
            self.note("%s: in round %d of %d answers %d were errors, and %d connections failed" % (
                key, self.round + 1, result["answers"], result["refused"], result["broken"]))
        return result

    def run(self, measure):
        """One that fails costs no other its figures."""
        try:
            found = measure(self)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            return self.note("%s failed: %s" % (measure.__module__, error))
        for key, value in found.items():
            for n, v in enumerate(value if isinstance(value, list) else [value]):
                if v is None or v != v:  # NaN: no answer at all
                    self.note("%s: there is no figure of round %d" % (key, self.round + 1))
                else:
                    self.found.setdefault(key, []).append(((self.round, n), v))
                    say("  %-28s %.6g" % (key, v))


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", default="build", help="the folder with the programs")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=10, help="of each measurement")
    p.add_argument("--users", type=int, default=10000000, help="how many are many")
    p.add_argument("--only", help="of " + ", ".join([*EACH_ROUND, *AT_THE_END]) + ": some, separated by commas")
    p.add_argument("--quick", action="store_true", help="to see whether it works: a round of a second, 10,000 users")
    options = p.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.users = 1, 1, 10000
    options.only = options.only.split(",") if options.only else [*EACH_ROUND, *AT_THE_END]
    unknown = set(options.only) - set(EACH_ROUND) - set(AT_THE_END)
    if unknown:
        p.error("there is no measurement " + ", ".join(sorted(unknown)))
    return options


def run(options, b):
    for b.round in range(b.rounds):
        say("round %d of %d" % (b.round + 1, b.rounds))
        for _, module in b.in_turn(item for item in EACH_ROUND.items() if item[0] in options.only):
            b.run(module.measure)
    say("at the end")
    b.round = 0
    for name, module in AT_THE_END.items():
        if name in options.only:
            b.run(module.measure)


SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def end(number, _):
    """Leave, and let nothing disturb the stopping of all that was started, nor those who do it."""
    for s in SIGNALS:
        signal.signal(s, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    options = parse_options()
    for s in SIGNALS:
        signal.signal(s, end)
    workers = len(os.sched_getaffinity(0))
    described = {}
    for module in {**EACH_ROUND, **AT_THE_END}.values():
        described.update(module.FIGURES)
    with Sides(options.build, workers) as sides:
        b = Bench(options, sides)
        run(options, b)
    text = "\n".join(document(b, targets(workers), described))
    with open(RESULT, "w") as file:
        file.write(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
