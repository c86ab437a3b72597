"""The key and the configuration broken."""
import os, time
from fault.base import Fault, kill, reload, workers
from stack import Stack


def broken_files(options):
    """The key and the configuration broken, and a reload each time."""
    with Stack(options) as s:
        s.users()
        key, conf = s.env["LK_KEY"], s.env["LK_CONF"]
        with Fault("key and configuration broken in nine ways, a reload each", s) as f:
            kept = 0
            for path, how in [(key, h) for h in (unlink, empty, short, folder, readable)] + \
                    [(conf, h) for h in (unlink, empty_conf, garbage, unknown)]:
                with aside(path):
                    how(path)
                    reload(s, "kept")
                    kept += 1
                    kill(workers(s, "api")[:1])
                    time.sleep(1)
            reload(s)
            f.off()
            f.trace("%d reloads kept what was" % kept, kept == 9)


class aside:
    """with aside(FILE): it may be broken; afterwards it is as it was."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.stat = os.stat(self.path)
        with open(self.path, "rb") as file:
            self.content = file.read()

    def __exit__(self, *_):
        if os.path.isdir(self.path):
            os.rmdir(self.path)
        new = self.path + ".was"
        with open(new, "wb") as file:
            file.write(self.content)
        os.chmod(new, self.stat.st_mode & 0o7777)
        os.chown(new, self.stat.st_uid, self.stat.st_gid)
        os.replace(new, self.path)


def unlink(path):
    os.unlink(path)


def empty(path):
    with open(path, "w"):
        pass


def short(path):
    with open(path, "w") as file:
        file.write("x" * 31)


def folder(path):
    os.unlink(path)
    os.mkdir(path)


def readable(path):
    os.chmod(path, 0o644)


def empty_conf(path):
    with open(path, "w") as file:
        file.write("\n= = =\n")


def garbage(path):
    with open(path, "wb") as file:
        file.write(os.urandom(500))


def unknown(path):
    with open(path, "a") as file:
        file.write("\nno_such_setting = 1\n")


ROWS = {"files": broken_files}
