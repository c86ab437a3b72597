"""Passwords that must be nowhere once a request is answered: sends a thousand
logins and whatever else takes a password, and looks for them in the memory of
processes.

    canary.py send HOST:PORT SOCKET MARK    SOCKET: the login lane's
    canary.py look MARK NAME=PID... <SENT

A password is "MARK0123MARK0123MARK...": the number of its request between the
marks, so that a part of 15 bytes is found as well, and says where it was sent.
MARK: 6 letters. send prints what look takes from standard input, and how many got
which answer; look prints a line for each kind of request of which something is
left, "NAME KIND ENCODING HOW_OFTEN".
"""
import base64
import collections
import fcntl
import http.client
import json
import re
import socket
import struct
import sys
import termios
import time
import urllib.parse

import login
from scan import regions

LOGINS, RIGHT = 1000, 200
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
JSON = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"}
# accounts whose hashes other programs have made, by t/161-memory.t
OTHERS = ["argon2id", "scrypt", "pbkdf2", "bcrypt", "digest"]


def percent(text):
    return "".join("%%%02X" % byte for byte in text.encode())


def escaped(text):
    return "".join("\\u%04x" % ord(c) for c in text)


ENCODINGS = {"plain": str, "percent": percent, "json": escaped}


def password(mark, number, long=False):
    """Of more than 64 bytes, a block of SHA-256, every other time."""
    times = 50 if long else 3 + number % 2 * 6
    return mark + ("%04x" % number + mark) * times


class Client:
    def __init__(self, address, path, mark):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.path, self.mark, self.number = path, mark, 0
        self.kinds, self.answers = [], collections.Counter()

    def secret(self, kind, long=False):
        """The password of the next request, which is of this kind."""
        self.kinds.append(kind)
        self.number += 1
        return password(self.mark, self.number - 1, long)

    def post(self, path, body, headers):
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        self.answers["%s %d" % (path, answer.status)] += 1
        return json.loads(body) if "json" in answer.getheader("Content-Type", "") else {}

    def form(self, path, headers=(), encode=urllib.parse.quote_plus, **fields):
        text = "&".join("%s=%s" % (k, encode(v)) for k, v in fields.items())
        return self.post(path, text, FORM | dict(headers))

    def json(self, path, headers=(), **fields):
        return self.post(path, json.dumps(fields), JSON | dict(headers))

    def in_parts(self, name, secret):
        """Past nginx, the request in pieces: it does not come whole."""
        text = login.request("192.0.2.1", name, secret)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.path)
            cut = len(text) - len(secret) // 2 - 8
            for part in text[:cut - 20], text[cut - 20:cut], text[cut:]:
                s.sendall(part)
                wait_until_read(s)
            self.answers["in parts " + re.search(rb"Status: (\d+)", s.makefile("rb").read())[1].decode()] += 1

    def broken(self, secret):
        """Past nginx: a request that never comes whole."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path)
            s.sendall(login.request("192.0.2.1", "ada", secret)[:-30])

    def sign_up(self, number):
        secret = self.secret("sign-up")
        name = "user%d" % number
        if number % 2:
            self.json("/users/add_user/", username=name, password=secret)
        else:
            self.form("/signup", username=name, password=secret)
        return name, secret

    def right(self, name, secret, number):
        """A login of each kind, with a password of the account."""
        how = number % 5
        if how == 0:
            self.form("/login", username=name, password=secret)
        elif how == 1:
            self.json("/session", username=name, password=secret)
        elif how == 2:
            self.form("/oauth2/token", grant_type="password", username=name, password=secret, client_id="first-party")
        else:
            self.form("/token", username=name, password=secret)

    def wrong(self, number):
        how = number % 16
        name = "user%d" % (number % 20)
        if how == 0:
            self.form("/login", username=name, password=self.secret("/login"))
        elif how == 1:
            self.json("/session", username=name, password=self.secret("/session"))
        elif how == 2:
            self.form("/token", username=name, password=self.secret("/token encoded"), encode=percent)
        elif how == 3:
            secret = self.secret("/session escaped")
            self.post("/session", '{"username":"%s","password":"%s"}' % (name, escaped(secret)), JSON)
        elif how == 4:
            secret = self.secret("/token multipart")
            self.post("/token", "".join('--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
                      for pair in (("username", name), ("password", secret))) + "--x--\r\n", MULTIPART)
        elif how == 5:
            self.form("/token", username="nobody%d" % number, password=self.secret("/token unknown name"))
        elif how == 6:
            self.in_parts(name, self.secret("/token in parts"))
        elif how == 7:
            self.in_parts(name, self.secret("/token long in parts", True))
        elif how == 8:
            self.form("/token", username=name, password=self.secret("/token long", True))
        elif how == 9:
            self.form("/token", username=name, password=self.secret("/token large body"), more="x" * 40000)
        elif how == 10:
            self.form("/token", username=OTHERS[number // 16 % len(OTHERS)], password=self.secret("/token other hashes"))
        elif how == 11:
            self.form("/oauth2/token", grant_type="password", username=name, password=self.secret("/oauth2/token"),
                      client_id="first-party")
        else:
            self.form("/token", username=name, password=self.secret("/token"))

    def change(self, name, secret):
        token = self.form("/token", username=name, password=secret)["access_token"]
        bearer = {"Authorization": "Bearer " + token}
        self.json("/users/me/password", bearer, current=self.secret("change, wrong"), new=self.secret("change, wrong"))
        changed = self.secret("change")
        token = self.json("/users/me/password", bearer, current=secret, new=changed)["access_token"]
        bearer = {"Authorization": "Bearer " + token}
        self.json("/users/me/delete", bearer, current=self.secret("delete, wrong"))
        return changed

    def odd(self):
        """What is refused, each for another reason."""
        for number in range(10):
            self.post("/token", "username=ada&password=%s&password=%%zz" % self.secret("two passwords"), FORM)
            self.post("/session", '{"username":"ada","password":"%s"' % self.secret("broken JSON"), JSON)
            self.post("/session", '{"username":"ada","password":"%s","password":"%s"}' % (
                self.secret("name twice"), self.secret("name twice")), JSON)
            self.post("/token", '{"password":"%s"}' % self.secret("wrong type"), JSON)
            self.post("/users/add_user/", '{"username":"x","password":["%s"]}' % self.secret("password in a list"), JSON)
            self.post("/users/me/password", '{"current":"%s"}' % self.secret("no token"), JSON)
            self.post("/users/me", "password=" + self.secret("wrong method"), FORM)
            self.post("/reset", "token=%s&password=%s" % ("x" * 43, self.secret("reset")), FORM)
            self.post("/oauth2/token", "grant_type=client_credentials", FORM | {"Authorization": "Basic " + base64.b64encode(
                ("todos:" + self.secret("client secret")).encode()).decode()})
            self.form("/oauth2/token", grant_type="client_credentials", client_id="todos",
                      client_secret=self.secret("client secret"))
            self.form("/oauth2/introspect", token=self.secret("introspect"), client_id="todos",
                      client_secret=self.secret("client secret"))
            self.broken(self.secret("broken off"))


def wait_until_read(s):
    """Until the other side has taken what was sent."""
    limit = time.monotonic() + 60
    while struct.unpack("i", fcntl.ioctl(s, termios.TIOCOUTQ, b"\0" * 4))[0] > 0:
        if time.monotonic() > limit:
            raise TimeoutError("nobody reads")
        time.sleep(0.001)


def send(address, path, mark):
    client = Client(address, path, mark)
    users = [client.sign_up(number) for number in range(20)]
    for number in range(LOGINS):
        if number % (LOGINS // RIGHT) == 0:
            client.right(*users[number // (LOGINS // RIGHT) % len(users)], number // (LOGINS // RIGHT))
        else:
            client.wrong(number)
    for number in range(10):
        client.change(*users[number])
    client.odd()
    print(json.dumps({"kinds": client.kinds, "answers": sorted(client.answers.items())}))


def look(mark, processes):
    with open(sys.stdin.fileno(), encoding="utf-8") as file:
        kinds = json.load(file)["kinds"]
    # as they stand in memory: the mark, and where it is whole the number behind it
    marks = {name: encode(mark).encode() for name, encode in ENCODINGS.items()}
    marks["basic"] = base64.b64encode(b"todos:" + mark.encode())[:12]
    forms = {name: re.compile(re.escape(text) + rb"(.{%d})?" % len(ENCODINGS.get(name, str)("0000")), re.S)
             for name, text in marks.items()}

    def kind_of(name, digits):
        text = (digits or b"").decode("latin-1")
        text = urllib.parse.unquote(text) if name == "percent" else re.sub(r"\\u00(..)", lambda m: chr(int(m[1], 16)), text)
        try:
            return kinds[int(text, 16)]
        except (ValueError, IndexError):
            return "?"

    for process in processes:
        label, pid = process.split("=")
        found = collections.Counter((kind_of(name, match[1]), name) for region in regions(pid)
                                    for name, text in marks.items() if text in region
                                    for match in forms[name].finditer(region))
        for (kind, name), count in sorted(found.items()):
            print(label, kind.replace(" ", "-"), name, count)


if __name__ == "__main__":
    {"send": send, "look": lambda mark, *processes: look(mark, processes)}[sys.argv[1]](*sys.argv[2:])
