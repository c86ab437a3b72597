"""One fault under load: its trace, the answers, and what was written."""
import os, re, signal, socket, time
from mixed import Load
from stack import descendants

FAILED = []


class Skip(Exception):
    """Why a row cannot run here."""


def say(text):
    print(text, flush=True)


def lasting(options, seconds):
    """How long a fault lasts: by --divide less, but five seconds, in which everybody meets it."""
    return max(5, seconds // options.divide)


class Fault:
    """with Fault(name, stack) as f: the load is at work; f.off() when the fault is over."""

    def __init__(self, name, stack, true_to_repeats=True, clients=8):
        self.name, self.stack, self.true_to_repeats = name, stack, true_to_repeats
        self.load = Load(stack, clients)
        self.traces, self.ended, self.limit_s = [], None, None

    def __enter__(self):
        self.load.__enter__()
        if not self.load.recovered(0):
            raise RuntimeError("no service before the fault")
        self.log_from = self.size(self.stack.env["LK_LOG"])
        self.began = time.monotonic()
        return self

    @staticmethod
    def size(path):
        return os.stat(path).st_size

    def off(self, when=None, limit_s=None):
        """It is over, or was at that time; limit_s: from then on until nothing is refused any more."""
        self.ended, self.limit_s = when or time.monotonic(), limit_s

    def trace(self, text, is_there):
        """The fault's own sign, without which the row proves nothing."""
        self.traces.append(text if is_there else "NOT SEEN: " + text)
        if not is_there:
            FAILED.append("%s: no trace: %s" % (self.name, text))

    def expect(self, what, status, right):
        """Of an answer beside the load's."""
        if status != right:
            FAILED.append("%s: wrong: %s: %d" % (self.name, what, status))

    def logged(self, pattern, patience_s=10):
        """Is there such a line in the log since it began?"""
        deadline = time.monotonic() + patience_s
        while True:
            with open(self.stack.env["LK_LOG"], errors="replace") as file:
                file.seek(self.log_from)
                if re.search(pattern, file.read()):
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(.2)

    def __exit__(self, kind, *_):
        if kind is None:
            if self.ended is None:
                self.off()
            back = self.load.recovered(self.ended)
            time.sleep(2)
            self.load.stop()
            self.report(back)
        self.load.stop()

    def report(self, back):
        answers = sorted(self.load.answers(self.began), key=lambda a: a.end)
        refused = [a for a in answers if a.status == 503]
        after = max([0] + [a.end - self.ended for a in refused])
        checks = sorted(a.end - a.begin for a in answers if a.kind in ("check", "forged"))
        lost, wrong = self.load.lost(), self.load.wrong()
        untrue = self.load.untrue if self.true_to_repeats else []
        made, changed = self.load.written()
        say("| %s | %s | %d, %d | %s | %.2f | %d of %d | %.0f | %d of %d | %d | %d |" % (
            self.name, "; ".join(self.traces), len(answers), len(refused),
            "%.2f" % (refused[0].end - self.began) if refused else "none",
            after,
            sum(a.kind in ("check", "forged") for a in refused), len(checks),
            1000 * checks[-1] if checks else 0, len(lost), made + changed, len(wrong), len(self.load.untrue)))
        FAILED.extend("%s: lost: %s" % (self.name, text) for text in lost)
        FAILED.extend("%s: wrong: %s" % (self.name, text) for text in wrong[:10])
        FAILED.extend("%s: not true: %s" % (self.name, text) for text in untrue[:10])
        if self.limit_s is not None and after > self.limit_s:
            FAILED.append("%s: a 503 %.2f s after it, which may be %d" % (self.name, after, self.limit_s))
        if not back:
            FAILED.append("%s: the service did not come back" % self.name)


def comm(pid):
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()
    except OSError:
        return ""


def workers(stack, role=None):
    """The processes below the supervisor: of all roles, or of one."""
    return [pid for pid in list(descendants(stack.supervisor()))[1:]
            if role is None or comm(pid) == "latchkey-" + role]


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def gone(pids, patience_s=10):
    deadline = time.monotonic() + patience_s
    while any(os.path.exists("/proc/%d" % pid) and not is_zombie(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(.05)
    return True


def is_zombie(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def root_only():
    if os.getuid() != 0:
        raise Skip("it takes root")


def backends(stack):
    """Latchkey's sessions, by their processes' titles."""
    found = []
    for pid in descendants(stack.postgres()):
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                if file.read().startswith(b"postgres: latchkey latchkey "):
                    found.append(pid)
        except OSError:
            pass
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def reload(stack, outcome="done"):
    with open(stack.env["LK_LOG"]) as file:
        before = file.read().count("event=reload result=" + outcome)
    os.kill(stack.supervisor(), signal.SIGHUP)
    for _ in range(200):
        with open(stack.env["LK_LOG"]) as file:
            if file.read().count("event=reload result=" + outcome) > before:
                return
        time.sleep(.1)
    raise RuntimeError("no reload with the result " + outcome)
