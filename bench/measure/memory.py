"""Memory of all of Latchkey's processes, and token checks, while 200 clients log in.

Memory is PSS, in which what several processes share is divided among them.
"""
import re, subprocess, threading, time
from load import Background, percentile
from measure.latency import RATE, ask_steadily, lost, times
from sides import NAME, PASSWORD

CLIENTS = 200
SAMPLES_EVERY_S = 0.25
LATE_MS = 20
BEGIN_S = 1  # in which the clients' own processes start, a hundred of them
AFTER_S = 15  # a worker gives the memory of its hashes back when it has had no login for some seconds

FIGURES = {
    "memory.idle": ("PSS, %d s after the start, idle" % AFTER_S, "MiB"),
    "memory.flood": ("PSS, %d clients logging in, and %s checks/s: the most" % (CLIENTS, "{:,}".format(RATE)), "MiB"),
    "memory.ceiling": ("what `latchkey check` says it can be at most", "MiB"),
    "memory.lost": ("of the checks in that flood, not answered with 200", "checks"),
    "memory.p99": ("all of these checks: p99", "ms"),
    "memory.longest": ("all of these checks: the longest", "ms"),
    "memory.late": ("of these checks, over %d ms, after the first second" % LATE_MS, "checks"),
    "memory.late_alone": ("as many checks while nobody logs in, over %d ms, after the first second" % LATE_MS, "checks"),
    "memory.after": ("PSS, %d s later" % AFTER_S, "MiB"),
    "memory.processes": ("processes", ""),
}


def pss_mib(stack):
    """None: we may not look into the processes of another user, and those forbid core files."""
    kib = 0
    for pid in stack.processes():
        try:
            with open("/proc/%d/smaps_rollup" % pid) as file:
                kib += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except ProcessLookupError:
            pass
        except PermissionError:
            return None
    return kib / 1024 or None


class Sampler(threading.Thread):
    """The most that was seen between start() and stop()."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.most, self.ended = stack, 0, threading.Event()

    def run(self):
        while not self.ended.wait(SAMPLES_EVERY_S):
            self.most = max(self.most, pss_mib(self.stack) or 0)

    def stop(self):
        self.ended.set()
        self.join()
        return self.most


def ceiling_mib(stack):
    out = subprocess.run([*stack.env["LK_AS"].split(), stack.env["LK_BIN"], "-c", stack.env["LK_CONF"], "check"],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    return int(re.search(r"^memory: at most (\d+) MiB", out, re.M)[1])


def late(answers):
    return sum(ms > LATE_MS and begin > answers[0][0] + BEGIN_S for begin, _, ms in answers)


def measure(b):
    stack = b.sides.latchkey
    stack.part("workers-stop")
    stack.part("workers-start")
    time.sleep(AFTER_S)
    idle = pss_mib(stack)
    if idle is None:
        b.note("memory: only root may look into the processes; nothing was measured")
        return {}
    processes = len(list(stack.processes()))
    alone = ask_steadily(b, "memory.")
    sampler = Sampler(stack)
    sampler.start()
    with Background(stack.site, "/token", CLIENTS, b.seconds + 3, ("login", NAME, PASSWORD)):
        checks = ask_steadily(b, "memory.")
    most = sampler.stop()
    stack.wait_until_quiet()
    time.sleep(AFTER_S)
    return {"memory.idle": idle, "memory.flood": most, "memory.after": pss_mib(stack), "memory.processes": processes,
            "memory.ceiling": ceiling_mib(stack), "memory.lost": lost(checks),
            "memory.p99": percentile(times(checks), 99), "memory.longest": max(times(checks)),
            "memory.late": late(checks), "memory.late_alone": late(alone)}
