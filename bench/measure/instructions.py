"""Instructions that one token check takes, counted by valgrind: whatever else the machine does, the same but for a
few in a thousand (check.c says why)."""
import os, re, subprocess

COUNT = 1000
TIMES = 3

FIGURES = {
    "instructions.route": ("`GET /check`, from the parsed request to the reply's bytes", "instructions"),
    "instructions.session": ("the same of a token that belongs to a session", "instructions"),
    "instructions.cookie": ("the same by a browser's cookie of that session", "instructions"),
    "instructions.token": ("`token_check()` of a token that was not seen before", "instructions"),
    "instructions.forged": ("the same of a forged one", "instructions"),
}


def counted(b, what, count):
    program = os.path.join(b.sides.build, "bench", "check")
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, what, str(count)],
                          check=True, stderr=subprocess.PIPE, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def measure(b):
    found = {}
    for what in "route", "session", "cookie", "token", "forged":
        b.command("instructions." + what, "valgrind --tool=callgrind build/bench/check %s COUNT" % what)
        found["instructions." + what] = [
            (counted(b, what, 2 * COUNT) - counted(b, what, COUNT)) / COUNT for _ in range(TIMES)]
    return found
