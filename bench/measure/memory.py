"""The memory of all of Latchkey's processes together: PSS, in which what several share is divided among them."""
import threading, time
from load import Background, run_wrk
from sides import NAME, PASSWORD

CLIENTS_FLOOD, CLIENTS_CHECK = 200, 32
SAMPLES_EVERY_S = 0.25
AFTER_S = 15  # a worker gives the memory of its hashes back when it has had no login for some seconds

FIGURES = {
    "memory.idle": ("PSS, %d s after the start, idle" % AFTER_S, "MiB"),
    "memory.flood": ("PSS, 200 clients logging in and 32 checking: the most", "MiB"),
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
    sampler = Sampler(stack)
    sampler.start()
    with Background(stack.site, "/token", CLIENTS_FLOOD, b.seconds + 3, ("login", NAME, PASSWORD)):
        run_wrk(stack.site, "/check", CLIENTS_CHECK, b.seconds, ("tokens", stack.tokens))
    most = sampler.stop()
    stack.wait_until_quiet()
    time.sleep(AFTER_S)
    return {"memory.idle": idle, "memory.flood": most, "memory.after": pss_mib(stack), "memory.processes": processes}
