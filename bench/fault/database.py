"""PostgreSQL away, slow, locked or full of others."""
import os, shlex, signal, subprocess, sys, threading, time
from fault.base import Fault, backends, free_port, gone, kill, lasting, reload
from stack import Stack, TOP


def stopped(options):
    """PostgreSQL stopped for a minute."""
    with Stack(options) as s:
        s.users()
        with Fault("PostgreSQL stopped for %d s" % lasting(options, 60), s) as f:
            pid = s.postgres()
            s.part("db-stop")
            f.trace("its process ended", gone([pid]))
            time.sleep(lasting(options, 60))
            s.part("db-start")
            f.off()
            f.trace("db_failed in the log", f.logged("event=db_failed"))


def crashed(options):
    """kill -9 of PostgreSQL with all its processes, in a loop."""
    with Stack(options) as s:
        s.users()
        with Fault("PostgreSQL killed 6 times", s) as f:
            for _ in range(6):
                pid = s.postgres()
                s.crash(0)
                f.off()
                if not f.load.recovered(f.ended):
                    break
            with open(s.env["LK_LOGS"] + "/postgres.log", errors="replace") as file:
                recoveries = file.read().count("automatic recovery in progress")
            f.trace("%d recoveries in its log" % recoveries, recoveries >= 6 and gone([pid]))


def slow(options):
    """Sign-ups and changes wait three seconds in a trigger."""
    with Stack(options) as s:
        s.users()
        with Fault("writes of 3 s in a trigger, for %d s" % lasting(options, 10), s) as f:
            s.psql("create function waits() returns trigger language plpgsql as"
                   " $$ begin perform pg_sleep(3); return new; end $$")
            s.psql("create trigger waits before insert or update on users for each row execute function waits()")
            time.sleep(lasting(options, 10))
            f.trace("canceled by the time limit", f.logged("57014|no answer in time"))
            s.psql("drop trigger waits on users")
            f.off()


def locked(options):
    """lock table users."""
    with Stack(options) as s:
        s.users()
        with Fault("the table users locked for %d s" % lasting(options, 10), s) as f:
            s.psql("begin; lock table users; select pg_sleep(%d)" % lasting(options, 10))
            f.off()
            f.trace("canceled by the time limit", f.logged("57014|55P03|no answer in time"))


def connections(options):
    """Others hold all connections."""
    with Stack(options) as s:
        s.users()
        s.psql("alter system set max_connections = 40")
        s.part("db-stop")
        s.part("db-start")
        with Fault("all of 40 connections taken for %d s" % lasting(options, 10), s) as f:
            command = shlex.split(s.env["LK_PSQL_ADMIN"]) + ["-qAtX"]
            others = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                      for _ in range(40)]
            time.sleep(1)
            kill(backends(s), signal.SIGTERM)  # what is open would go on
            others += [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                       for _ in range(12)]
            time.sleep(lasting(options, 10))
            f.trace("too many clients", f.logged("53300|too many clients|remaining connection slots"))
            for other in others:
                other.kill()
                other.wait()
            f.off()


class Swallowing(threading.Thread):
    """t/tool/swallow.py between: the answer to a write is lost, and the database is cut off for a time."""

    def __init__(self, stack, port, away_s):
        super().__init__(daemon=True)
        self.orders = os.path.join(stack.folder, "orders")
        self.process = subprocess.Popen([sys.executable, "-B", TOP + "/t/tool/swallow.py", str(port),
                                         os.path.join(stack.data, ".s.PGSQL.5432"), self.orders, str(away_s)])
        self.over, self.swallowed = False, 0

    def run(self):
        while not self.over:
            for statement in "user_insert", "user_change_password":
                with open(self.orders, "w") as file:
                    file.write(statement + "\n")
                deadline = time.monotonic() + 10
                while os.path.getsize(self.orders) and time.monotonic() < deadline and not self.over:
                    time.sleep(.05)
                self.swallowed += not os.path.getsize(self.orders)
                time.sleep(1)


def swallowed(options):
    """The answer to a write is lost on its way, and the database cannot be asked for 3 s."""
    port, seconds = free_port(), lasting(options, 40)
    with Stack(options) as s:
        s.users()
        proxy = Swallowing(s, port, 3)
        try:
            for _ in range(100):
                if os.path.exists(proxy.orders):
                    break
                time.sleep(.1)
            s.set("database", "host=127.0.0.1 port=%d user=latchkey dbname=latchkey sslmode=disable gssencmode=disable" % port)
            reload(s)
            with Fault("the answer to a write swallowed, the database cut off for 3 s, for %d s" % seconds, s) as f:
                proxy.start()
                time.sleep(seconds)
                proxy.over = True
                proxy.join()
                f.off()
                f.trace("%d answers swallowed" % proxy.swallowed, proxy.swallowed > 0)
        finally:
            proxy.process.kill()
            proxy.process.wait()


ROWS = {"stopped": stopped, "crashed": crashed, "swallowed": swallowed, "slow": slow, "locked": locked,
        "connections": connections}
