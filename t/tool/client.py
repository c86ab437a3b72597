"""The tests' client: one process that asks what t/lib.sh would otherwise start a
program for each time.

    client.py FOLDER

takes requests from the FIFO FOLDER/ask, each a number and as many words, with a
NUL behind each; leaves variables for the shell in FOLDER/answer, and a byte in
the FIFO FOLDER/answered. The words:

    http URL METHOD PATH CURL-ARGUMENT...   $status; FOLDER/headers and FOLDER/body,
                            and $headers and $body of them; $status is "curl" where
                            only curl knows the arguments
    json PATH WANTED TEXT   $difference: "" if .detail[0].loc of TEXT is WANTED
    sql FOLDER USER TEXT    $sql_rows and $sql_errors: of the PostgreSQL in that folder
    logins SOCKET CLIENTS   t/tool/login.py's, FOLDER/lines to FOLDER/answers;
                            $answers: how many got which
"""
import collections
import json
import os
import re
import select
import socket
import struct
import sys
import time
import urllib.parse

UNRESERVED = "-._~"
HTTP_SECONDS = 30
CURL_ALONE = ("transfer-encoding", "expect", "content-length")


class CurlAlone(Exception):
    """Arguments for which curl itself is needed."""


def urlencoded(text):
    name, equals, content = text.partition(b"=")
    if not equals:
        raise CurlAlone
    return (name + equals if name else b"") + urllib.parse.quote_from_bytes(content, UNRESERVED).encode()


def without_newlines(text):
    if text.startswith(b"@"):
        raise CurlAlone
    return text


def content(text):
    if not text.startswith(b"@"):
        return text
    with open(text[1:], "rb") as f:
        return f.read()


BODY_OPTIONS = {b"-d": without_newlines, b"--data-urlencode": urlencoded, b"--data-binary": content}


def parse(arguments):
    """The custom headers, the body or None, and the address to connect from."""
    headers, body, source = [], [], None
    words = iter(arguments)
    for word in words:
        if word == b"-H":
            headers.append(next(words))
        elif word == b"--interface":
            source = (next(words).decode(), 0)
        elif word in BODY_OPTIONS:
            body.append(BODY_OPTIONS[word](next(words)))
        else:
            raise CurlAlone
    return headers, b"&".join(body) if body else None, source


def request(host, method, path, headers, body):
    lines = collections.OrderedDict((name, (name, value)) for name, value in (
        (b"host", host), (b"user-agent", b"curl"), (b"accept", b"*/*")))
    if body is not None:
        lines[b"content-length"] = (b"Content-Length", b"%d" % len(body))
        lines[b"content-type"] = (b"Content-Type", b"application/x-www-form-urlencoded")
    custom = []
    for header in headers:
        name, colon, value = header.partition(b":")
        key = name.strip().lower()
        if key.decode("latin-1") in CURL_ALONE or header.startswith(b"@") or not colon:
            raise CurlAlone
        lines.pop(key, None)
        if value.strip():
            custom.append(header)
    text = b"%s %s HTTP/1.1\r\n" % (method, path)
    text += b"".join(b"%s: %s\r\n" % pair for pair in lines.values())
    return text + b"".join(h + b"\r\n" for h in custom) + b"\r\n" + (body or b"")


class Answer:
    """What comes from a connection until a time."""

    def __init__(self, s):
        self.s, self.got, self.limit = s, b"", time.monotonic() + HTTP_SECONDS

    def more(self):
        self.s.settimeout(max(self.limit - time.monotonic(), 0.001))
        some = self.s.recv(1 << 16)
        self.got += some
        return some

    def until(self, mark):
        while mark not in self.got:
            if not self.more():
                raise EOFError
        text, _, self.got = self.got.partition(mark)
        return text

    def exactly(self, n):
        while len(self.got) < n and self.more():
            pass
        text, self.got = self.got[:n], self.got[n:]
        return text

    def rest(self):
        while self.more():
            pass
        return self.got

    def chunks(self):
        text = b""
        while n := int(self.until(b"\r\n").split(b";")[0], 16):
            text += self.exactly(n)
            self.exactly(2)
        return text

    def body(self, method, status, head):
        """As much of it as there is."""
        if method == b"HEAD" or status in (b"204", b"304"):
            return b""
        fields = dict((k.strip().lower(), v.strip()) for k, _, v in
                      (line.partition(b":") for line in head.split(b"\r\n")[1:]))
        try:
            if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
                return self.chunks()
            if b"content-length" in fields:
                return self.exactly(int(fields[b"content-length"]))
            return self.rest()
        except (OSError, EOFError):
            return self.got


def exchange(url, method, path, arguments):
    """Status, headers and body."""
    host = url.split(b"://")[1]
    if not url.startswith(b"http://") or not re.fullmatch(rb"/[^\0- #\x7f]*", path):
        raise CurlAlone
    headers, body, source = parse(arguments)
    text = request(host, method, path, headers, body)
    if len(text) > 1 << 20:
        raise CurlAlone
    address, port = host.decode().rsplit(":", 1)
    try:
        with socket.create_connection((address.strip("[]"), int(port)), HTTP_SECONDS, source) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = Answer(s)
            try:
                s.sendall(text)
            except OSError:
                pass  # it has answered already
            head = answer.until(b"\r\n\r\n")
            while head.split(b" ")[1:2] == [b"100"]:
                head = answer.until(b"\r\n\r\n")
            status = head.split(b" ")[1][:3]
            return status, head + b"\r\n\r\n", answer.body(method, status, head)
    except (OSError, EOFError):
        return b"000", b"", b""


def do_http(url, method, path, *arguments):
    try:
        status, headers, body = exchange(url, method, path, arguments)
    except CurlAlone:
        return {"status": b"curl"}
    for name, text in ("headers", headers), ("body", body):
        with open(os.path.join(FOLDER, name), "wb") as f:
            f.write(text)
    return {"status": status, "headers": headers.replace(b"\r", b""), "body": body}


def do_json(path, wanted, text):
    path, wanted = path.decode(), wanted.decode("utf-8", "surrogateescape")
    try:
        wanted = json.loads(wanted)
    except ValueError:
        pass
    try:
        got = json.loads(text)
        for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
            got = got[name] if name else got[int(index)]
    except (ValueError, LookupError, TypeError) as e:
        return {"difference": ("%s: %r" % (path, e)).encode()}
    if (type(got), got) == (type(wanted), wanted):
        return {"difference": b""}
    return {"difference": ("got:    %s\nwanted: %s" % (json.dumps(got), json.dumps(wanted))).encode()}


# --- PostgreSQL's protocol, version 3: a connection for each text ---

def messages(f):
    while True:
        head = f.read(5)
        if len(head) < 5:
            return
        yield head[:1], f.read(struct.unpack(">L", head[1:])[0] - 4)


def fields(content):
    """A row's, as psql -At shows it."""
    at, texts = 2, []
    for _ in range(struct.unpack(">H", content[:2])[0]):
        n = struct.unpack(">l", content[at:at + 4])[0]
        texts.append(content[at + 4:at + 4 + max(n, 0)])
        at += 4 + max(n, 0)
    return b"|".join(texts)


def error(content):
    told = dict((p[:1], p[1:]) for p in content.split(b"\0") if p)
    return b"%s:  %s" % (told[b"S"], told[b"M"]) + (b"\nDETAIL:  " + told[b"D"] if b"D" in told else b"")


def do_sql(folder, user, text):
    rows, errors = [], []
    startup = b"".join(w + b"\0" for w in (b"user", user, b"database", b"latchkey", b"application_name", b"t/lib.sh", b""))
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(os.path.join(folder, b".s.PGSQL.5432"))
            s.sendall(struct.pack(">LL", len(startup) + 8, 3 << 16) + startup)
            asked, ready = False, 0
            for kind, content in messages(s.makefile("rb")):
                if kind == b"Z":
                    ready += 1
                    if asked:
                        break
                    s.sendall(b"Q" + struct.pack(">L", len(text) + 5) + text + b"\0")
                    asked = True
                elif kind == b"D":
                    rows.append(fields(content))
                elif kind == b"E":
                    errors.append(error(content))
            if ready < 2 and not errors:
                errors.append(b"the connection to the database was lost")
            s.sendall(b"X" + struct.pack(">L", 4))
    except OSError as e:
        errors.append(str(e).encode())
    return {"sql_rows": b"\n".join(rows), "sql_errors": b"\n".join(errors)}


def do_logins(path, clients):
    import concurrent.futures
    import login
    with open(os.path.join(FOLDER, "lines"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    with concurrent.futures.ThreadPoolExecutor(int(clients)) as pool:
        answers = list(pool.map(lambda line: login.login(path.decode(), line), lines))
    with open(os.path.join(FOLDER, "answers"), "w", encoding="utf-8") as f:
        f.write("".join(a + "\n" for a in answers))
    counts = collections.Counter(a.split()[0] for a in answers)
    return {"answers": " ".join("%s:%d" % c for c in sorted(counts.items())).encode()}


# --- the shell ---

ACTIONS = {b"http": do_http, b"json": do_json, b"sql": do_sql, b"logins": do_logins}


def quoted(text):
    """As the shell's $(cat) has it."""
    return b"'" + text.replace(b"\0", b"").rstrip(b"\n").replace(b"'", b"'\\''") + b"'"


def take(f):
    def word():
        text = bytearray()
        while (c := f.read(1)) != b"\0":
            text += c
        return bytes(text)
    return [word() for _ in range(int(word()))]


def answer(words):
    try:
        variables = ACTIONS[words[0]](*words[1:])
    except Exception as e:  # the shell waits
        print("# client.py: %r" % e, file=sys.stderr)
        variables = {"status": b"failed", "headers": b"", "body": b"", "difference": b"failed", "answers": b"failed",
                     "sql_rows": b"", "sql_errors": b"failed"}
    with open(os.path.join(FOLDER, "answer"), "wb") as f:
        for name, text in variables.items():
            f.write(name.encode() + b"=" + quoted(text) + b"\n")


def main():
    # both ends, so that neither side ever waits for the other to open it
    asked = os.fdopen(os.open(os.path.join(FOLDER, "ask"), os.O_RDWR), "rb")
    answered = os.open(os.path.join(FOLDER, "answered"), os.O_RDWR)
    while True:
        while not select.select([asked], [], [], 5)[0]:
            if not os.path.exists(FOLDER):  # the test has been killed
                return
        answer(take(asked))
        os.write(answered, b"\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    FOLDER = sys.argv[1]
    main()
