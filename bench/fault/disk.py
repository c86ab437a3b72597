"""File systems without room."""
import os, shutil, subprocess, time
from fault.base import Fault, Skip, kill, lasting, root_only, workers
from stack import Stack

FILL_MIB = 256  # of the file system that is made full


class Small(Stack):
    """A stack where one folder is a file system of its own."""

    def __init__(self, options, which, *settings):
        super().__init__(options, *settings)
        self.which = which

    def prepare(self):
        root_only()
        self.disk = os.path.join(self.folder, self.which)
        os.mkdir(self.disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % FILL_MIB, "latchkey", self.disk], stderr=subprocess.PIPE)
        if done.returncode != 0:
            shutil.rmtree(self.folder)
            raise Skip("no file system can be mounted")
        if self.which == "data":
            shutil.chown(self.disk, "nobody")  # as whom root's servers run

    def __exit__(self, *args):
        subprocess.run([self.tree + "/t/stack", "down", self.folder])
        subprocess.run(["umount", "-l", self.disk])
        shutil.rmtree(self.folder, ignore_errors=True)

    def fill(self):
        with open(os.path.join(self.disk, "filler"), "wb", 0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
            try:
                while True:
                    file.write(bytes(1))
            except OSError:
                pass

    def room(self):
        os.unlink(os.path.join(self.disk, "filler"))


def disk_data(options):
    """No room for the data of PostgreSQL."""
    with Small(options, "data") as s:
        s.users()
        with Fault("no room for data for %d s" % lasting(options, 15), s) as f:
            s.fill()
            time.sleep(lasting(options, 15))
            f.trace("no space left", f.logged("53100|No space left|could not extend") or
                    "No space left" in open(s.env["LK_LOGS"] + "/postgres.log", errors="replace").read())
            s.room()
            if not alive(s):
                s.part("db-start")
            f.off()


def alive(stack):
    try:
        os.kill(stack.postgres(), 0)
        return True
    except (OSError, ValueError):
        return False


def disk_wal(options):
    """No room for WAL: PostgreSQL stops by itself."""
    with Small(options, "data") as s:
        s.users()
        with Fault("no room for WAL for %d s" % lasting(options, 10), s) as f:
            s.fill()
            for _ in range(20):
                try:
                    s.psql("select pg_switch_wal()")
                except subprocess.CalledProcessError:
                    break
                time.sleep(.3)
            time.sleep(lasting(options, 10))
            text = open(s.env["LK_LOGS"] + "/postgres.log", errors="replace").read()
            f.trace("PANIC or no space left in its log", "PANIC" in text or "No space left" in text)
            s.room()
            for _ in range(10):
                if alive(s):
                    break
                try:
                    s.part("db-start")
                except subprocess.CalledProcessError:
                    time.sleep(1)
            f.off()


def disk_log(options):
    """No room for the log."""
    with Small(options, "log") as s:
        s.users()
        with Fault("no room for the log for %d s, a worker killed meanwhile" % lasting(options, 10), s) as f:
            s.fill()
            before = f.size(s.env["LK_LOG"])
            kill(workers(s, "api")[:1])
            time.sleep(lasting(options, 10))
            f.trace("the log grew by %d bytes" % (f.size(s.env["LK_LOG"]) - before), f.size(s.env["LK_LOG"]) - before < 5000)
            s.room()
            f.off()
            f.trace("lost lines counted", f.logged("event=log_lost|lost="))


ROWS = {"data": disk_data, "wal": disk_wal, "log": disk_log}
