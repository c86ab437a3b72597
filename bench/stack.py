"""A stack of t/stack for a campaign: started, asked, and its parts killed."""
import concurrent.futures, http.client, json, os, re, shlex, shutil, signal, subprocess, sys, tempfile, time, urllib.parse
from sides import read_env

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PASSWORD = "correct horse"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USERS = 50
PATIENCE_S = 30


def end_on_signals():
    """A campaign that is told to end stops what it started."""
    def end(number, _):
        for s in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(s, signal.SIG_IGN)
        sys.exit(128 + number)

    for s in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(s, end)


class Stack:
    """with Stack(options, KEY=VALUE...): t/stack, and what asks it."""

    def __init__(self, options, *settings, tree=TOP):
        self.options, self.settings, self.tree = options, settings, tree

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="latchkey-stack-")
        os.chmod(self.folder, 0o755)
        self.prepare()
        program = "bin=" + os.path.abspath(os.path.join(self.tree, self.options.build, "latchkey"))
        subprocess.run([self.tree + "/t/stack", "up", self.folder, "nginx_limits=off", "hash_cost=1", "workers=2",
                        "password_min_chars=8", "signups_per_address_hour=1000000", "login_failures_per_name_hour=1000000",
                        "login_failures_per_address_hour=1000000", "login_failures_per_client_hour=1000000",
                        "login_failures_per_service_hour=0", program, *self.settings], check=True)
        self.env = read_env(self.folder)
        self.psql("alter system set max_connections = 300")
        self.part("db-stop")
        self.part("db-start")
        self.started = time.monotonic()
        self.data = os.path.join(self.folder, "data")
        return self

    def __exit__(self, *_):
        subprocess.run([self.tree + "/t/stack", "down", self.folder])
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self):
        """Before anything is started: for those who need more than t/stack has."""

    def part(self, command):
        subprocess.run([self.tree + "/t/stack", command, self.folder], check=True)

    def set(self, key, value):
        """A text in the one line of the configuration that has this key."""
        with open(self.env["LK_CONF"]) as file:
            lines = [re.sub(r"=.*", lambda _: '= "%s"' % value, line) if line.split(" ")[0] == key else line for line in file]
        with open(self.env["LK_CONF"], "w") as file:
            file.writelines(lines)

    def psql(self, sql):
        command = shlex.split(self.env["LK_PSQL_ADMIN"]) + ["-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def users(self, count=USERS):
        """user0, user1, ...: the hash of the first is everybody's."""
        link = Link(self)
        status, _ = link.ask("POST", "/users/add_user/", json.dumps({"username": "user0", "password": PASSWORD}),
                             {"Content-Type": "application/json"})
        if status != 200:
            raise RuntimeError("no sign-up: %d" % status)
        self.psql("insert into users (username, password, is_active) select 'user' || n, password, true"
                  " from users, generate_series(1, %d) n where username = 'user0'" % (count - 1))

    def log_in(self, user, scope="offline_access", link=None):
        form = urllib.parse.urlencode({"username": user, "password": PASSWORD, "scope": scope})
        status, answer = (link or Link(self)).ask("POST", "/token", form, FORM)
        if status != 200:
            raise RuntimeError("no login: %d" % status)
        return json.loads(answer)

    def log_in_many(self, count):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda n: self.log_in("user%d" % (n % USERS)), range(count)))

    def postgres(self):
        with open(os.path.join(self.data, "pg", "postmaster.pid")) as file:
            return int(file.readline())

    def crash(self, away_s):
        """PostgreSQL and all its processes are killed, and it comes back."""
        for pid in list(descendants(self.postgres())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(away_s)
        for _ in range(10):
            try:
                return self.part("db-start")
            except subprocess.CalledProcessError:
                time.sleep(1)
        raise RuntimeError("PostgreSQL does not start")

    def supervisor(self):
        with open(self.env["LK_SERVE"]) as file:
            return int(file.read())

    def cpu_us(self, *which):
        """CPU time that these of nginx, latchkey and postgres have had, of processes that still are."""
        pids = set()
        if "nginx" in which:
            with open(os.path.join(self.data, "nginx.pid")) as file:
                pids |= set(descendants(int(file.read())))
        if "latchkey" in which:
            pids |= set(descendants(self.supervisor()))
        if "postgres" in which:
            pids |= set(descendants(self.postgres()))
        ns = 0
        for pid in pids:
            with open("/proc/%d/schedstat" % pid) as file:
                ns += int(file.read().split()[0])
        return ns / 1e3


def descendants(pid):
    yield pid
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            children = file.read().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from descendants(int(child))


class Link:
    """A kept connection to nginx."""

    def __init__(self, stack):
        self.host = urllib.parse.urlsplit(stack.env["LK_URL"]).netloc
        self.link = self.retry_after = None

    def ask(self, method, path, body=None, headers=None):
        """Status and body; 0: the connection broke."""
        try:
            if self.link is None:
                self.link = http.client.HTTPConnection(self.host, timeout=PATIENCE_S)
            self.link.request(method, path, body, headers or {})
            answer = self.link.getresponse()
            self.retry_after = answer.headers["Retry-After"]
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.link = None
            return 0, ""

    def refresh(self, token):
        return self.ask("POST", "/oauth2/token", "grant_type=refresh_token&refresh_token=" + token, FORM)

    def bearer(self, method, path, token, body=None):
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        return self.ask(method, path, body, headers)
