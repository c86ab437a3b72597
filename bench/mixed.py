"""Clients of every kind at once; each answer is counted, and each write that was answered is looked up afterwards."""
import base64, collections, json, random, threading, time
from stack import FORM, Link, PASSWORD

JSON = {"Content-Type": "application/json"}
WEIGHTS = {"check": 5, "forged": 1, "me": 2, "login": 2, "wrong": 1, "signup": 2, "change": 1, "refresh": 2}
RIGHT = {"forged": 401, "wrong": 401}  # of the others 200
GIVE_UP_S = 120
CHANGES = 100  # an account may change its password 120 times an hour

Answer = collections.namedtuple("Answer", "kind begin end status")


def times(token):
    """From when until when it counts: the claims iat and exp."""
    claims = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return claims["iat"], claims["exp"]


def may_be_refused(token, clocks):
    """By one of these clocks, seconds ahead of ours, it is of the future, or has expired."""
    begin, end = times(token)
    return any(not begin <= time.time() + ahead < end - 1 for ahead in clocks)


def has_expired(token, clocks):
    """By all of these clocks, and not a moment ago."""
    return all(times(token)[1] < time.time() + ahead - 60 for ahead in clocks)


class Person(threading.Thread):
    """One client: in a closed loop, a random kind of request each time."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load, self.number, self.link = load, number, Link(load.stack)
        self.random = random.Random(number)
        self.answers, self.wrong = [], []
        self.begun_again = -1  # logins beside those of the answers, for a session that was lost; the first is enter()'s
        self.made = {}  # accounts that were answered: name, id
        self.name = "person%d" % number
        self.password, self.changes, self.change_next, self.signups = "pass word 0", 0, 0, 0

    def enter(self):
        """An account of its own, which changes its password, and a session that is refreshed."""
        self.must(self.link.ask, "POST", "/users/add_user/", self.form(self.name, self.password), JSON)
        self.token = json.loads(self.must(self.log_in, self.password))["access_token"]
        self.begin_session()

    def begin_session(self):
        self.begun_again += 1
        answer = json.loads(self.must(self.log_in, PASSWORD, "user%d" % (self.number + 10), "&scope=offline_access"))
        self.access, self.renewal = answer["access_token"], answer["refresh_token"]

    @staticmethod
    def form(name, password):
        return json.dumps({"username": name, "password": password})

    @staticmethod
    def must(ask, *arguments):
        """Until it is good: a machine that is busy with the start of all may take its time."""
        for _ in range(100):
            status, body = ask(*arguments)
            if status == 200:
                return body
            time.sleep(.2)
        raise RuntimeError("%d %s" % (status, body))

    def log_in(self, password, name=None, more=""):
        return self.link.ask("POST", "/token", "username=%s&password=%s%s" % (
            name or self.name, password.replace(" ", "+"), more), FORM)

    def run(self):
        kinds = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
        while not self.load.over:
            kind = self.random.choice(kinds)
            getattr(self, "do_" + kind)()
            if self.load.pause_s:
                time.sleep(self.load.pause_s)

    def ask(self, kind, *request):
        """Counted; what is neither right nor a 503 that says when to come again is wrong."""
        begin = time.monotonic()
        status, body = self.link.ask(*request)
        self.answers.append(Answer(kind, begin, time.monotonic(), status))
        if status == 503 and not self.link.retry_after:
            self.wrong.append("%s: 503 without Retry-After" % kind)
        return status, body

    def is_spent(self, status):
        """A limit that was in use before the clock was set back."""
        return status == 429 and self.load.limits_spent and self.link.retry_after is not None

    def expect(self, kind, *request):
        status, body = self.ask(kind, *request)
        if status not in (RIGHT.get(kind, 200), 503) and not self.is_spent(status):
            self.wrong.append("%s: %d %s" % (kind, status, body[:200]))
        return status, body

    def settle(self, kind, *request):
        """Until it is no 503: the answer, and how often it was one before."""
        before = 0
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            status, body = self.ask(kind, *request)
            if status != 503 or time.monotonic() > deadline or self.load.over:
                return status, body, before
            before += 1
            time.sleep(.05)

    def bearer(self, token):
        return {"Authorization": "Bearer " + token, **JSON}

    def expect_by_token(self, kind, path):
        clocks = self.load.clocks
        status, body = self.ask(kind, "GET", path, None, self.bearer(self.access))
        clocks += self.load.clocks
        if status == 401 and may_be_refused(self.access, clocks):
            self.do_refresh()
        elif status not in (200, 503) or status == 200 and has_expired(self.access, clocks):
            self.wrong.append("%s: %d %s" % (kind, status, body[:200]))

    def do_check(self):
        self.expect_by_token("check", "/check")

    def do_forged(self):
        body, _, mac = self.access.rpartition(".")
        self.expect("forged", "GET", "/check", None, self.bearer(body + "." + mac[::-1]))

    def do_me(self):
        self.expect_by_token("me", "/users/me")

    # another account than the one that refreshes: of a hundred sessions the oldest ends
    def do_login(self):
        self.expect("login", "POST", "/token", "username=user%d&password=%s" % (self.number + 30, PASSWORD.replace(" ", "+")), FORM)

    def do_wrong(self):
        self.expect("wrong", "POST", "/token", "username=user%d&password=wrong+horse" % (self.number + 30), FORM)

    def do_signup(self):
        self.signups += 1
        name = "%s.%d" % (self.name, self.signups)
        status, body, before = self.settle("signup", "POST", "/users/add_user/", self.form(name, PASSWORD), JSON)
        if status == 200:
            self.made[name] = json.loads(body)["id"]
        elif status == 400 and before:
            self.load.untrue.append("sign-up of %s: %s" % (name, body[:100]))
        elif status != 503 and not self.is_spent(status):
            self.wrong.append("signup: %d %s" % (status, body[:200]))

    def do_change(self):
        if self.changes == CHANGES or time.monotonic() < self.change_next:
            return self.do_check()
        if self.token is None:  # its time was over, or had not come
            return self.log_in_again()
        self.change_next = time.monotonic() + 60 / CHANGES
        self.changes += 1
        new = "pass word %d" % self.changes
        request = json.dumps({"current": self.password, "new": new})
        clocks = self.load.clocks
        status, body, before = self.settle("change", "POST", "/users/me/password", request, self.bearer(self.token))
        if status == 200:
            return self.has_changed(new, json.loads(body))
        if before == 0 and self.is_spent(status):
            return
        if status == 401 and may_be_refused(self.token, clocks + self.load.clocks):
            self.token = None
            if before == 0:
                return
        elif status != 503 and not before:
            self.wrong.append("change: %d %s" % (status, body[:200]))
        elif status != 503:
            self.load.untrue.append("change of %s: %d %s" % (self.name, status, body[:100]))
        self.find_password(new)

    def has_changed(self, new, answer):
        self.password = new
        if "access_token" not in answer:  # there was no database to go on with the session
            return self.find_password(new)
        self.token = answer["access_token"]

    def log_in_again(self):
        status, body = self.expect("login", "POST", "/token", "username=%s&password=%s" % (
            self.name, self.password.replace(" ", "+")), FORM)
        if status == 200:
            self.token = json.loads(body)["access_token"]

    def find_password(self, new):
        """After an answer that leaves open which one counts."""
        for password in new, self.password:
            status, body, _ = self.settle("login", "POST", "/token", "username=%s&password=%s" % (
                self.name, password.replace(" ", "+")), FORM)
            if status == 200:
                self.password, self.token = password, json.loads(body)["access_token"]
                return
        if status != 503 and not self.is_spent(status):
            self.wrong.append("change: neither the old nor the new password of %s counts" % self.name)

    def do_refresh(self):
        status, body, _ = self.settle("refresh", "POST", "/oauth2/token",
                                      "grant_type=refresh_token&refresh_token=" + self.renewal, FORM)
        if status == 200:
            answer = json.loads(body)
            self.access, self.renewal = answer["access_token"], answer["refresh_token"]
        elif status != 503:
            self.wrong.append("refresh: %d %s" % (status, body[:200]))
            self.begin_session()


class Load:
    """with Load(stack, clients) as load: they are at work."""

    def __init__(self, stack, clients=8, pause_s=0):
        self.stack, self.pause_s, self.over = stack, pause_s, False
        self.clocks = (0,)  # of the service, by which it may judge: seconds ahead of ours
        self.limits_spent = False  # 429 is right: that clock was set back
        self.untrue = []  # a repeat after a 503 that was told what is not so
        self.persons = [Person(self, n) for n in range(clients)]

    def __enter__(self):
        for p in self.persons:
            p.enter()
        for p in self.persons:
            p.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.over = True
        for p in self.persons:
            p.join()

    def answers(self, since=0):
        return [a for p in self.persons for a in list(p.answers) if a.begin >= since]

    def recovered(self, since, kinds=tuple(WEIGHTS), patience_s=GIVE_UP_S):
        """Waits until each kind was answered rightly after since; and then nothing is refused any more."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            good = {a.kind for a in self.answers(since) if a.status == RIGHT.get(a.kind, 200)}
            if good.issuperset(kinds):
                return True
            time.sleep(.1)
        return False

    def wrong(self):
        return [text for p in self.persons for text in p.wrong]

    def lost(self):
        """What was answered as done, and is not so. Once it is over."""
        made = {name: number for p in self.persons for name, number in p.made.items()}
        rows = self.stack.psql("select username, id from users where username like 'person%.%'")
        found = dict(line.split("|") for line in rows.splitlines())
        lost = ["account %s" % name for name, number in made.items() if found.get(name) != str(number)]
        for p in self.persons:
            p.link = Link(self.stack)
            status, _ = p.log_in(p.password)
            if status != 200:
                lost.append("password of %s: %d" % (p.name, status))
            status, _ = p.link.bearer("GET", "/check", p.access)
            if status != 200 and not may_be_refused(p.access, self.clocks):
                lost.append("session of %s: %d" % (p.name, status))
        return lost

    def written(self):
        """Writes that were answered as done: accounts, passwords."""
        return sum(len(p.made) for p in self.persons), \
            sum(a.status == 200 for p in self.persons for a in p.answers if a.kind == "change")
