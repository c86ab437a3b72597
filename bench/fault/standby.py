"""A primary that dies or falls silent, its standby promoted, by hand and by Patroni."""
import json, os, shlex, shutil, signal, subprocess, threading, time
from fault.base import Fault, Skip, free_port, kill, reload
from stack import Stack, descendants

PATRONI = """\
scope: latchkey
name: {name}
restapi: {{listen: '127.0.0.1:{rest}', connect_address: '127.0.0.1:{rest}'}}
etcd3: {{host: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs: {{ttl: 20, loop_wait: 5, retry_timeout: 5, synchronous_mode: true, postgresql: {{use_pg_rewind: true}}}}
postgresql:
  listen: 127.0.0.1:{port}
  connect_address: 127.0.0.1:{port}
  data_dir: {data}
  bin_dir: {bin}
  pgpass: {folder}/pgpass-{name}
  authentication:
    superuser: {{username: postgres}}
    replication: {{username: postgres}}
    rewind: {{username: postgres}}
  parameters: {{unix_socket_directories: '{sockets}', max_connections: 300}}
  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']
"""


BACK_S = 3  # from a promotion to service by the promoted


class Promotion(threading.Thread):
    """When a standby was promoted, by the line of its log that says so."""

    def __init__(self, log):
        super().__init__(daemon=True)
        self.file, self.when = open(log, errors="replace"), None
        self.file.seek(0, os.SEEK_END)
        self.start()

    def run(self):
        text = ""
        while "database system is ready to accept connections" not in text:
            time.sleep(.01)
            text += self.file.read()
        self.when = time.monotonic()

    def end(self, f):
        """The fault ended with it."""
        self.join(10)
        if self.when is None:
            raise RuntimeError("its log tells of no promotion")
        f.off(self.when, BACK_S)
        f.trace("promoted %.1f s later" % (self.when - f.began), self.when > f.began)


class Pair(Stack):
    """A stack with a streaming, synchronous standby; Latchkey knows both."""

    def __enter__(self):
        super().__enter__()
        self.users()
        self.as_server = shlex.split(self.env["LK_AS"])
        self.bin = os.path.dirname(shlex.split(self.env["LK_PSQL_ADMIN"])[0])
        self.standby = os.path.join(self.data, "standby")
        self.run("pg_basebackup", "-D", self.standby, "-h", self.data, "-p", "5432", "-U", "postgres", "-R", "-X", "stream", "-c", "fast")
        # of the last line that names it counts
        with open(os.path.join(self.standby, "postgresql.conf"), "a") as file:
            file.write("port = 5433\n")
        self.standby_log = os.path.join(self.env["LK_LOGS"], "standby.log")
        self.control("start", "-w", "-l", self.standby_log)
        self.psql("alter system set synchronous_standby_names = '*'")
        self.psql("select pg_reload_conf()")
        self.set("database", "host=%s,%s port=5432,5433 user=latchkey dbname=latchkey target_session_attrs=read-write"
                 % (self.data, self.data))
        reload(self)
        return self

    def run(self, program, *arguments):
        subprocess.run([*self.as_server, os.path.join(self.bin, program), *arguments], check=True, cwd=self.data,
                       stdout=subprocess.DEVNULL)

    def control(self, command, *arguments):
        self.run("pg_ctl", command, "-s", "-D", self.standby, *arguments)

    def promote(self):
        self.control("promote", "-w")
        self.env["LK_PSQL_ADMIN"] = self.env["LK_PSQL_ADMIN"].replace("-p 5432", "-p 5433")

    def __exit__(self, *args):
        subprocess.run([*self.as_server, os.path.join(self.bin, "pg_ctl"), "stop", "-s", "-m", "immediate", "-D", self.standby],
                       stderr=subprocess.DEVNULL)
        super().__exit__(*args)


def dead(options):
    """The primary killed, the standby promoted."""
    with Pair(options) as s:
        with Fault("the primary killed, the standby promoted after 2 s", s) as f:
            promotion = Promotion(s.standby_log)
            kill(list(descendants(s.postgres())))
            time.sleep(2)
            s.promote()
            promotion.end(f)
            f.trace("the standby is read-write", s.psql("select pg_is_in_recovery()") == "f")


def silent(options):
    """The primary says nothing any more, the standby is promoted."""
    with Pair(options) as s:
        pids = list(descendants(s.postgres()))
        try:
            with Fault("the primary silent (SIGSTOP), the standby promoted after 2 s", s) as f:
                promotion = Promotion(s.standby_log)
                kill(pids, signal.SIGSTOP)
                time.sleep(2)
                s.promote()
                promotion.end(f)
                f.trace("the standby is read-write, the primary stopped", s.psql("select pg_is_in_recovery()") == "f"
                        and " T " in open("/proc/%d/stat" % pids[0]).read())
        finally:
            kill(pids, signal.SIGKILL)


class Patroni(Stack):
    """A stack whose PostgreSQL is one of two that Patroni runs, with etcd; Latchkey knows both."""

    def __enter__(self):
        for program in "patroni", "etcd":
            if shutil.which(program) is None:
                raise Skip("%s is missing (Debian: patroni, etcd-server)" % program)
        super().__enter__()
        self.users()
        self.processes = {}
        self.etcd, self.ports, self.rest = free_port(), {}, {}
        as_server = shlex.split(self.env["LK_AS"])
        peer = free_port()
        folder = os.path.join(self.data, "etcd")
        self.processes["etcd"] = subprocess.Popen(
            [*as_server, "etcd", "--data-dir", folder, "--listen-client-urls", "http://127.0.0.1:%d" % self.etcd,
             "--advertise-client-urls", "http://127.0.0.1:%d" % self.etcd, "--listen-peer-urls", "http://127.0.0.1:%d" % peer,
             "--initial-advertise-peer-urls", "http://127.0.0.1:%d" % peer, "--initial-cluster", "default=http://127.0.0.1:%d" % peer],
            cwd=self.data, stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.env["LK_LOGS"], "etcd.log"), "w"))
        bin = os.path.dirname(shlex.split(self.env["LK_PSQL_ADMIN"])[0])
        self.part("db-stop")
        for name, data in ("n1", "pg"), ("n2", "n2"):
            self.ports[name], self.rest[name] = free_port(), free_port()
            path = os.path.join(self.data, name + ".yml")
            with open(path, "w") as file:
                file.write(PATRONI.format(name=name, rest=self.rest[name], etcd=self.etcd, port=self.ports[name],
                                          data=os.path.join(self.data, data), bin=bin, folder=self.data, sockets=self.data))
            os.chmod(path, 0o644)
            self.processes[name] = subprocess.Popen([*as_server, "patroni", path], cwd=self.data, stdout=subprocess.DEVNULL,
                                                    stderr=open(self.log_of(name), "w"))
            self.wait_for(name, "primary" if name == "n1" else "replica")
        self.wait_for("n2", "synchronous")
        self.set("database", "host=127.0.0.1,127.0.0.1 port=%d,%d user=latchkey dbname=latchkey target_session_attrs=read-write"
                 " sslmode=disable gssencmode=disable" % (self.ports["n1"], self.ports["n2"]))
        self.lead("n1")
        reload(self)
        return self

    def log_of(self, name):
        """Where Patroni and its PostgreSQL log."""
        return os.path.join(self.env["LK_LOGS"], name + ".log")

    def is_so(self, name, what):
        """Patroni's own word: GET /primary, /replica, /synchronous."""
        return subprocess.run(["curl", "-s", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}",
                               "http://127.0.0.1:%d/%s" % (self.rest[name], what)],
                              stdout=subprocess.PIPE, text=True).stdout == "200"

    def wait_for(self, name, what, patience_s=90):
        deadline = time.monotonic() + patience_s
        while not self.is_so(name, what):
            if time.monotonic() > deadline:
                raise RuntimeError("%s is not %s" % (name, what))
            time.sleep(.2)

    def lead(self, name):
        """psql of this script asks the leader."""
        command = shlex.split(self.env["LK_PSQL_ADMIN"])
        command[command.index("-h") + 1], command[command.index("-p") + 1] = "127.0.0.1", str(self.ports[name])
        self.env["LK_PSQL_ADMIN"] = shlex.join(command)

    def family(self, name):
        """A Patroni and its PostgreSQL, which is no child of it."""
        pids = list(descendants(self.processes[name].pid))
        try:
            with open(os.path.join(self.data, "pg" if name == "n1" else name, "postmaster.pid")) as file:
                pids += descendants(int(file.readline()))
        except (OSError, ValueError):
            pass
        return pids

    def __exit__(self, *args):
        pids = [pid for name in ("n1", "n2") if name in self.processes for pid in self.family(name)]
        kill(pids)
        kill(pids, signal.SIGCONT)
        for process in self.processes.values():
            process.kill()
            process.wait()
        super().__exit__(*args)


def switchover(options):
    """Patroni: switchover."""
    with Patroni(options) as s:
        with Fault("Patroni: switchover", s) as f:
            promotion = Promotion(s.log_of("n2"))
            body = json.dumps({"leader": "n1", "candidate": "n2"})
            subprocess.run(["curl", "-s", "-m", "60", "-o", "/dev/null", "-d", body, "-H", "Content-Type: application/json",
                            "http://127.0.0.1:%d/switchover" % s.rest["n1"]], check=True)
            s.wait_for("n2", "primary")
            promotion.end(f)
            s.lead("n2")
            f.trace("n2 leads", s.is_so("n2", "primary"))


def lost_leader(number):
    def row(options):
        with Patroni(options) as s:
            with Fault("Patroni: the leader's machine %s" % ("killed" if number == signal.SIGKILL else "silent (SIGSTOP)"), s) as f:
                promotion = Promotion(s.log_of("n2"))
                pids = s.family("n1")
                kill(pids, number)
                s.wait_for("n2", "primary")
                promotion.end(f)
                s.lead("n2")
                f.trace("n2 leads", s.is_so("n2", "primary"))
    row.__doc__ = "Patroni: the leader lost by signal %d." % number
    return row


ROWS = {"dead": dead, "silent": silent, "switchover": switchover, "leader-killed": lost_leader(signal.SIGKILL),
        "leader-silent": lost_leader(signal.SIGSTOP)}
