"""The compared sides: stacks of Latchkey, and its peers; all running together, idle unless measured."""
import base64, contextlib, hashlib, hmac, json, os, pwd, shlex, shutil, subprocess, tempfile, time, urllib.parse, urllib.request
from load import Site

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAME, PASSWORD = "ada", "correct horse"
QUIET_S = .2   # a login takes less when none is before it
TOKENS = 1000  # so many users' requests are checked, in turn
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read_env(folder):
    """The variables of an env file, as the shell would set them."""
    with open(os.path.join(folder, "env")) as file:
        return dict(word.split("=", 1) for word in shlex.split(file.read()))


def post(url, body, content_type):
    request = urllib.request.Request(url, body.encode(), {"Content-Type": content_type})
    with NO_PROXY.open(request, timeout=30) as answer:
        return json.load(answer)


def sign_up(site, name=NAME):
    post(site.url + "/users/add_user/", json.dumps({"username": name, "password": PASSWORD}), "application/json")


def log_in(site):
    form = urllib.parse.urlencode({"username": NAME, "password": PASSWORD})
    post(site.url + "/token", form, "application/x-www-form-urlencoded")


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def token(key, name, uid):
    """As Latchkey signs it at a login, but for a day: a bench may take longer than half an hour."""
    now = int(time.time())
    claims = {"exp": now + 86400, "iat": now, "jti": os.urandom(16).hex(), "sub": name, "uid": uid}
    parts = {"alg": "HS256", "typ": "JWT"}, claims
    text = b".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return (text + b"." + base64url(hmac.digest(key, text, hashlib.sha256))).decode()


class Stack:
    """One stack of Latchkey (t/stack), with nginx's sample as bench/peers guard prepares it."""

    def __init__(self, folder, variable, settings):
        self.folder = folder
        # One address does all as fast as it can, which is what these limits forbid; and tokens are good for a day.
        settings = ["nginx_limits=off", "signups_per_address_hour=1000000", "access_token_minutes=1440", "password_min_chars=8",
                    *settings]
        subprocess.run([TOP + "/t/stack", "up", folder, *settings], check=True)
        subprocess.run([TOP + "/bench/peers", "guard", folder], check=True)
        self.env = read_env(folder)
        self.let_connect(200)
        self.site = Site(variable, self.env["LK_URL"])
        sign_up(self.site)
        with open(self.env["LK_KEY"], "rb") as file:
            key = file.read().rstrip(b"\n")
        self.token = token(key, NAME, 1)
        self.tokens = os.path.join(folder, "tokens")
        with open(self.tokens, "w") as file:
            for uid in range(1, TOKENS + 1):
                print(token(key, "user%d" % uid, uid), file=file)

    def let_connect(self, connections):
        """The pools of the original may take more connections than PostgreSQL's hundred."""
        self.psql("alter system set max_connections = %d" % connections)
        self.part("db-stop")
        self.part("db-start")

    def psql(self, sql):
        """What the database answers to it, as the superuser."""
        command = shlex.split(self.env["LK_PSQL_ADMIN"]) + ["-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def wait_until_quiet(self):
        """After a flood: until no login waits any more, which shows in how long one takes. At most a minute."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            begin = time.monotonic()
            try:
                log_in(self.site)
            except OSError:  # refused: the queue is full
                begin = 0
            if time.monotonic() - begin < QUIET_S:
                return
            time.sleep(QUIET_S)

    def part(self, command):
        subprocess.run([TOP + "/t/stack", command, self.folder], check=True)

    def processes(self):
        """The numbers of those that run the stack's program."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink("/proc/%s/exe" % pid) == self.env["LK_BIN"]:
                    yield int(pid)
            except OSError:
                pass  # it has ended, or is somebody else's


class Sides:
    """with Sides(...): latchkey, plain, and peers: sites by their name."""

    def __init__(self, build, workers):
        self.build, self.workers = os.path.abspath(build), workers
        self.program = os.path.join(self.build, "latchkey")
        lines = subprocess.run([self.program, "settings"], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.settings = [line.split("\t")[0] for line in lines.splitlines()]
        self.folder = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="latchkey-bench-")
        os.chmod(self.folder, 0o755)  # the servers' user has to enter it
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        self.plain = self.stack("plain", "PLAIN_URL", ["hash_memory=plain"])
        self.latchkey = self.stack("latchkey", "LK_URL", ["hash_memory=keep"])
        key = os.urandom(32).hex()
        environment = dict(os.environ, BUILD=self.build, PROCESSES=str(self.workers), SECRET_KEY=key)
        peers = os.path.join(self.folder, "peers")
        subprocess.run([TOP + "/bench/peers", "up", peers, self.latchkey.folder], check=True, env=environment)
        self.peers = {name: Site(name, url) for name, url in read_env(peers).items()}
        sign_up(self.peers["PEER_ORIGINAL"])  # and PEER_BEST, which has the same database
        self.peers_token = token(key.encode(), NAME, 1)

    def stack(self, name, variable, settings):
        more = ["bin=" + self.program, "workers=%d" % self.workers]
        return Stack(os.path.join(self.folder, name), variable, settings + more)

    @contextlib.contextmanager
    def for_a_while(self, name, settings):
        """with for_a_while(...): another stack, for one measurement."""
        try:
            yield self.stack(name, name.upper() + "_URL", settings)
        finally:
            self.take_down(name)

    def take_down(self, *names):
        for name in names:
            folder = os.path.join(self.folder, name)
            if os.path.isdir(folder):
                command = "bench/peers" if name == "peers" else "t/stack"
                subprocess.run([os.path.join(TOP, command), "down", folder])
                shutil.rmtree(folder, ignore_errors=True)

    def __exit__(self, *_):
        """Whatever of it is up goes down."""
        self.take_down("peers", "plain", "latchkey")
        shutil.rmtree(self.folder, ignore_errors=True)

    def user(self):
        """As whom the servers run, for Popen: t/stack's rule."""
        if os.getuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
