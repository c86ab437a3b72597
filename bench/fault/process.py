"""Processes killed, or short of descriptors, memory and the right time."""
import os, re, shlex, struct, subprocess, tempfile, time
from fault.base import Fault, Skip, gone, kill, lasting, root_only, workers
from mixed import times
from stack import Link, Stack, TOP, descendants


def killed_worker(options):
    """kill -9 of one worker of each role, one after the other."""
    with Stack(options) as s:
        s.users()
        with Fault("a worker of each role killed, three times", s) as f:
            killed = 0
            for _ in range(3):
                for role in "check", "api", "login", "keeper":
                    pids = workers(s, role)[:1]
                    kill(pids)
                    killed += gone(pids) and len(pids)
                    time.sleep(.5)
            f.off()
            f.trace("%d ended by SIGKILL" % killed, killed == 12 and f.logged("event=worker_ended"))


def killed_workers(options):
    """kill -9 of all workers, eight times."""
    with Stack(options) as s:
        s.users()
        with Fault("all workers killed, eight times", s) as f:
            for _ in range(8):
                kill(workers(s))
                time.sleep(.5)
            f.off()
            f.trace("worker_ended in the log", f.logged("event=worker_ended"))


def killed_supervisor(options):
    """kill -9 of the supervisor; something starts it again, as systemd does."""
    with Stack(options) as s:
        s.users()
        # notes of what could not be settled live in memory that the supervisor made
        with Fault("the supervisor killed, three times", s, true_to_repeats=False) as f:
            for _ in range(3):
                pid = s.supervisor()
                pids = workers(s)
                kill([pid])
                f.trace("workers ended", gone(pids, 30))
                s.part("workers-start")
                f.off()
                f.load.recovered(f.ended)


def descriptors(options):
    """No descriptors for workers, and none for the supervisor when it replaces one."""
    with Stack(options) as s:
        s.users()
        with Fault("5 descriptors for each process, for %d s" % lasting(options, 10), s) as f:
            pids = list(descendants(s.supervisor()))
            before = {pid: limit(s, pid, "nofile", "5") for pid in pids}
            kill(workers(s, "api")[:1])
            time.sleep(lasting(options, 10))
            f.trace("Too many open files", f.logged("Too many open files"))
            unlimit(s, before, "nofile")
            f.off()


def limit(stack, pid, what, value):
    """Sets the soft limit of a process, as its own user, which takes no rights; what it was."""
    run = shlex.split(stack.env["LK_AS"]) + ["prlimit", "--pid", str(pid)]
    was = subprocess.run([*run, "--" + what, "-o", "SOFT", "--noheadings", "--raw"], check=True, stdout=subprocess.PIPE,
                         text=True).stdout.strip()
    subprocess.run([*run, "--%s=%s:" % (what, value)], check=True)
    return was


def unlimit(stack, before, what):
    """As it was before, where the process still is."""
    for pid, was in before.items():
        try:
            limit(stack, pid, what, was)
        except subprocess.CalledProcessError:
            if not gone([pid], 0):
                raise


def size_between_hashes(pid):
    """Of the address space of a process under load, which has room for a hash now and then."""
    sizes = []
    for _ in range(100):
        with open("/proc/%d/statm" % pid) as file:
            sizes.append(int(file.read().split()[0]) * 4096)
        time.sleep(.02)
    return min(sizes)


def address_space(options):
    """No memory for a hash of 16 MiB."""
    with Stack(options, "hash_cost=5", "hash_memory=plain") as s:
        s.users()
        with Fault("login workers with 4 MiB more than they have, for %d s" % lasting(options, 10), s) as f:
            before = {}
            for pid in workers(s, "login"):
                before[pid] = limit(s, pid, "as", str(size_between_hashes(pid) + (4 << 20)))
            time.sleep(lasting(options, 10))
            f.trace("no_memory in the log", f.logged("event=no_memory"))
            unlimit(s, before, "as")
            f.off()


def cgroup(options):
    """A control group with memory for one hash, where two are wanted: the kernel kills workers."""
    root_only()
    parent = next((p for p in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup") if os.access(p, os.W_OK)), None)
    if parent is None:
        raise Skip("no control group can be made")
    group = os.path.join(parent, "latchkey-faults-%d" % os.getpid())
    v1 = parent.endswith("memory")
    try:
        os.mkdir(group)
    except OSError as error:
        raise Skip("no control group can be made: %s" % error)
    try:
        name = os.path.join(group, "memory.limit_in_bytes" if v1 else "memory.max")
        if not os.path.exists(name):
            raise Skip("the control group has no limit of memory")
        with Stack(options, "hash_cost=5") as s:
            s.users()
            with Fault("24 MiB for all login workers, for 10 s", s) as f:
                with open(name, "w") as file:
                    file.write(str(24 << 20))
                # what a process has already counts where it was: so those that come now
                put(s.supervisor(), group)
                pids = workers(s, "login")
                kill(pids)
                time.sleep(10)
                with open(s.env["LK_LOG"], errors="replace") as file:
                    ended = re.findall(r"event=worker_ended lane=login pid=(\d+) signal=9", file.read())
                by_kernel = set(ended) - {str(pid) for pid in pids}
                f.trace("%d login workers killed by the kernel" % len(by_kernel), by_kernel)
                for pid in [s.supervisor(), *workers(s)]:
                    put(pid, parent)
                f.off()
    finally:
        os.rmdir(group)


def put(pid, group):
    """A process into a control group; one that has ended needs none."""
    try:
        with open(os.path.join(group, "cgroup.procs"), "w") as file:
            file.write(str(pid))
    except ProcessLookupError:
        pass


# and two minutes, after which keepers have no use for what ended just before
HOUR_S = 3600 + 120


class Clock:
    """with Clock() as clock: the time of day of what is started, PostgreSQL and nginx included, is set by it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chmod(self.folder.name, 0o755)
        library = os.path.join(self.folder.name, "clock.so")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, TOP + "/t/tool/clock.c"], check=True)
        os.chmod(library, 0o644)
        self.path = os.path.join(self.folder.name, "ahead")
        with open(self.path, "wb") as file:
            file.write(struct.pack("q", 0))
        os.environ.update(LD_PRELOAD=library, CLOCK=self.path)
        return self

    def __exit__(self, *_):
        del os.environ["LD_PRELOAD"], os.environ["CLOCK"]
        self.folder.cleanup()

    def set(self, ahead_s, load):
        """From now on so many seconds ahead of ours; what is on its way may be judged by the time before."""
        load.clocks = (*load.clocks, ahead_s)
        with open(self.path, "r+b", 0) as file:  # in place: it is mapped
            file.write(struct.pack("q", ahead_s))
        time.sleep(3)
        load.clocks = (ahead_s,)


def ahead_of_ours(load):
    """By how much the times of the clients' tokens are."""
    return [round(times(p.access)[0] - time.time()) for p in load.persons]


def refused(f, since, until):
    """Tokens at a check or an account that did not count by the time."""
    return sum(a.status == 401 and a.kind in ("check", "me") and since < a.end <= until for a in f.load.answers(f.began))


def met_limits(f):
    """Attempts where a limit was in use before the clock was set back: it is spent for as long (t/19-ratelimit.t)."""
    count = sum(a.status == 429 for a in f.load.answers(f.began))
    f.trace("%d attempts met a limit in use" % count, count > 0)


def ended_token(stack):
    token = stack.log_in("user2", "")["access_token"]
    Link(stack).bearer("DELETE", "/session", token)
    return token


def clock_ahead(options):
    """The time of day an hour and two minutes ahead, and right again."""
    with Clock() as clock, Stack(options) as s:
        s.users()
        ended = ended_token(s)
        with Fault("the clock 62 min ahead for %d s, and right again" % (3 + lasting(options, 10)), s) as f:
            clock.set(HOUR_S, f.load)
            kill(workers(s, "keeper"))  # the next one forgets what is past its time at once, and not after a minute
            time.sleep(lasting(options, 10))
            ahead, back = max(ahead_of_ours(f.load)), time.monotonic()
            f.load.limits_spent = True
            clock.set(0, f.load)
            time.sleep(5)
            met_limits(f)
            s.psql("truncate latchkey_throttle")  # or they count for an hour (doc/install.md)
            f.off()
            time.sleep(3)
            f.load.limits_spent = False
            expired, early = refused(f, f.began, back), refused(f, back, f.ended)
            f.trace("a token was of %d s ahead; %d had expired, %d were of the future" % (ahead, expired, early),
                    ahead > 3600 and expired > 0)
            f.expect("a token that had ended", Link(s).bearer("GET", "/check", ended)[0], 401)


def clock_behind(options):
    """The time of day an hour and two minutes behind, and right again."""
    with Clock() as clock, Stack(options) as s:
        s.users()
        with Fault("the clock 62 min behind for %d s, and right again" % (3 + lasting(options, 10)), s) as f:
            f.load.limits_spent = True
            clock.set(-HOUR_S, f.load)
            time.sleep(lasting(options, 10))
            behind = -min(ahead_of_ours(f.load))
            f.off()
            clock.set(0, f.load)
            f.load.limits_spent = False
            met_limits(f)
            early, expired = refused(f, f.began, f.ended), refused(f, f.ended, time.monotonic())
            f.trace("a token was of %d s before; %d were of the future, %d had expired" % (behind, early, expired),
                    behind > 3600 and expired > 0)


ROWS = {"worker": killed_worker, "workers": killed_workers, "supervisor": killed_supervisor, "descriptors": descriptors,
        "memory": address_space, "cgroup": cgroup, "ahead": clock_ahead, "behind": clock_behind}
