"""The schema migrated while the program of before serves, and that of now beside it."""
import argparse, os, re, shlex, shutil, signal, subprocess, time
from fault.base import Fault, Skip, lasting
from stack import Stack, TOP

BACK = 3  # migrations that the program of before lacks: the first two of these change tables in use


def git(*arguments):
    done = subprocess.run(["git", "-C", TOP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def commit_before():
    """The last one without the migration that is BACK from the end."""
    name = sorted(os.listdir(os.path.join(TOP, "sql")))[-BACK]
    commit = git("rev-parse", "-q", "--verify", "%s^" % git("log", "--diff-filter=A", "--format=%H", "-1", "--", "sql/" + name))
    if not commit:
        raise Skip("no history from before sql/%s (git)" % name)
    return commit


class Before(Stack):
    """A stack of the tree of before, built here; nginx asks a second instance, too, once there is one."""

    def __init__(self, options):
        self.now = os.path.join(TOP, options.build)
        super().__init__(argparse.Namespace(build="build"))

    def prepare(self):
        try:
            self.tree = os.path.join(self.folder, "before")
            self.build(commit_before())
        except (Skip, subprocess.SubprocessError):
            shutil.rmtree(self.folder)
            raise

    def build(self, commit):
        os.mkdir(self.tree)
        archive = subprocess.run(["git", "-C", TOP, "archive", commit], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", self.tree], check=True, input=archive)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        subprocess.run(["make", "-s", "-j2", "-C", self.tree, "build/latchkey"], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        # what is no part of this
        shutil.copytree(os.path.join(self.now, "docs"), os.path.join(self.tree, "build", "docs"))
        shutil.copy(os.path.join(self.now, "passwords.test"), os.path.join(self.tree, "build"))

    def __enter__(self):
        super().__enter__()
        self.program, self.second = os.path.join(self.folder, "now"), None
        shutil.copy(os.path.join(self.now, "latchkey"), self.program)
        self.second_log = os.path.join(self.env["LK_LOGS"], "now.log")
        self.ask_two()
        return self

    def ask_two(self):
        """The second sockets are the first ones until there are others: so nginx need not be reloaded under load."""
        path = os.path.join(self.folder, "nginx", "latchkey-http.conf")
        with open(path) as file:
            text = file.read()
        for lane in "check", "api", "login":
            socket, second = self.env["LK_SOCKET_" + lane.upper()], os.path.join(self.data, "second-%s.sock" % lane)
            os.symlink(socket, second)
            text = text.replace("server unix:%s;" % socket, "server unix:%s;\n\tserver unix:%s;" % (socket, second))
        with open(path, "w") as file:
            file.write(text)
        with open(os.path.join(self.data, "nginx.pid")) as file:
            os.kill(int(file.read()), signal.SIGHUP)
        time.sleep(1)

    def versions(self):
        return self.psql("select count(*) || ' rows up to ' || max(version) from latchkey_migration")

    def as_server(self, *command, **environment):
        return [*shlex.split(self.env["LK_AS"]), "env", *("%s=%s" % pair for pair in environment.items()), *command]

    def migrate(self):
        subprocess.run(self.as_server(self.program, "-c", self.env["LK_CONF"], "migrate", "latchkey",
                                      LATCHKEY_DATABASE=self.env["LK_OWNER"]), check=True, stdout=subprocess.DEVNULL)

    def serve_beside(self):
        """An instance of the program of now, beside that of before."""
        place = os.path.join(self.data, "now")
        sockets = {lane: "%s-%s.sock" % (place, lane) for lane in ("check", "api", "login")}
        settings = {"LATCHKEY_LISTEN_" + lane.upper(): socket for lane, socket in sockets.items()}
        with open(self.second_log, "w") as log:
            self.second = subprocess.Popen(self.as_server(self.program, "-c", self.env["LK_CONF"], "serve",
                                                          LATCHKEY_STATUS_FILE=place + ".status", **settings),
                                           cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log)
        wait_for(lambda: count(self.second_log, "event=ready"))
        for lane, socket in sockets.items():
            os.symlink(socket, socket + ".link")
            os.rename(socket + ".link", os.path.join(self.data, "second-%s.sock" % lane))

    def upgrade(self):
        """The program of now in the place of that of before, as a package does it."""
        new = self.env["LK_BIN"] + ".new"
        shutil.copy(self.program, new)
        os.replace(new, self.env["LK_BIN"])
        os.kill(self.supervisor(), signal.SIGHUP)
        wait_for(lambda: count(self.env["LK_LOG"], "event=upgrade result=done"))

    def __exit__(self, *args):
        if self.second is not None:
            self.second.terminate()
            self.second.wait()
        super().__exit__(*args)


def count(log, pattern, since=0):
    with open(log, errors="replace") as file:
        file.seek(since)
        return len(re.findall(pattern, file.read()))


def wait_for(is_so):
    for _ in range(300):
        if is_so():
            return
        time.sleep(.1)
    raise RuntimeError("the program of now does not get ready")


def migration(options):
    """The schema migrated while the program of before serves; that of now beside it, and then in its place."""
    with Before(options) as s:
        s.users()
        # what could not be settled is known to the instance that was asked
        with Fault("%d migrations while the program of before serves, that of now beside it, and in its place" % BACK, s,
                   true_to_repeats=False) as f:
            before = s.versions()
            s.migrate()
            f.trace("latchkey_migration has %s, then %s" % (before, s.versions()), before != s.versions())
            time.sleep(5)
            s.serve_beside()
            since = f.size(s.env["LK_LOG"])
            time.sleep(lasting(options, 10))
            both = count(s.env["LK_LOG"], "event=login ", since), count(s.second_log, "event=login ")
            f.trace("%d and %d logins of both, side by side" % both, min(both) > 0)
            s.upgrade()
            f.trace("an upgrade is done", count(s.env["LK_LOG"], "event=upgrade result=done", since) == 1)
            f.off()


ROWS = {"migration": migration}
