"""Processes killed, or short of descriptors, memory and the right time."""
import os, re, shlex, subprocess, tempfile, time
from fault.base import Fault, Skip, gone, kill, root_only, workers
from mixed import issued_at
from stack import Stack, descendants


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
        with Fault("5 descriptors for each process, for 10 s", s) as f:
            pids = list(descendants(s.supervisor()))
            before = {pid: limit(s, pid, "nofile", "5") for pid in pids}
            kill(workers(s, "api")[:1])
            time.sleep(10)
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
        with Fault("login workers with 4 MiB more than they have, for 10 s", s) as f:
            before = {}
            for pid in workers(s, "login"):
                before[pid] = limit(s, pid, "as", str(size_between_hashes(pid) + (4 << 20)))
            time.sleep(10)
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


def clock(options):
    """The wall clock ten minutes ahead and back, by libfaketime."""
    library = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
                                "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1") if os.path.exists(p)), None)
    if library is None:
        raise Skip("faketime is missing (Debian: faketime)")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        now = os.path.join(folder, "now")
        with open(now, "w") as file:
            file.write("+0")
        os.environ.update(LD_PRELOAD=library, FAKETIME_TIMESTAMP_FILE=now, FAKETIME_NO_CACHE="1",
                          FAKETIME_DONT_FAKE_MONOTONIC="1")
        try:
            # the library reads its file again and again, which confined workers may not
            with Stack(options, "confine=off") as s:
                s.users()
                with Fault("the clock 10 min ahead for 10 s, and right again", s) as f:
                    with open(now, "w") as file:
                        file.write("+10m")
                    time.sleep(10)
                    ahead = issued_at(s.log_in("user1", "")["access_token"]) - time.time()
                    f.trace("a token is of %d s ahead" % ahead, ahead > 500)
                    with open(now, "w") as file:
                        file.write("+0")
                    f.off()
        finally:
            for name in "LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC":
                os.environ.pop(name, None)


ROWS = {"worker": killed_worker, "workers": killed_workers, "supervisor": killed_supervisor, "descriptors": descriptors,
        "memory": address_space, "cgroup": cgroup, "clock": clock}
