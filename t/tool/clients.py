#!/usr/bin/env python3
"""Clients of every kind at the same time, for the tests of nginx's limits: they send, hold, and are counted."""
import os, select, socket, struct, time

from http2 import ACK, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, SETTINGS, block, frame

PORT, PORT2 = int(os.environ["LK_PORT"]), int(os.environ.get("LK_PORT2", 0))
BEARER = "Authorization: Bearer " + os.environ.get("LK_TOKEN", "")
GOOD = b"username=ada&password=correct+horse"


def say(got, wanted, title):
    """A result, for the shell: what is wanted is an expression."""
    print("%s\t%s\t%s" % (got, wanted, title), flush=True)


def post(path, body, length=None, fields=()):
    """A request with a form, or the beginning of one of that length."""
    lines = ["POST %s HTTP/1.1" % path, "Host: localhost", "Content-Type: application/x-www-form-urlencoded",
             "Content-Length: %d" % (len(body) if length is None else length), *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path, fields=()):
    return "\r\n".join(["GET %s HTTP/1.1" % path, "Host: localhost", *fields]).encode() + b"\r\n\r\n"


class Client:
    """One connection from an address of this machine; what it has got so far."""

    def __init__(self, port, source="127.0.0.1", to=None):
        """to: the address of the server, if not the one that belongs to IPv4."""
        family = socket.AF_INET6 if ":" in (to or source) else socket.AF_INET
        self.socket = socket.socket(family)
        self.got = b""
        self.over = False
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(20)
        self.socket.connect((to or "127.0.0.1", port))

    def send(self, data):
        """False: the server has let go of it."""
        try:
            self.socket.sendall(data)
        except OSError:
            self.over = True
        return not self.over

    def read(self):
        """What is there now."""
        try:
            part = self.socket.recv(65536)
        except OSError:
            part = b""
        self.got += part
        self.over = self.over or not part

    def status(self):
        """Of the first answer; None: there is none yet, 0: the connection ended without one."""
        if self.got:
            return int(self.got.split(b" ", 2)[1])
        return 0 if self.over else None

    def close(self):
        self.socket.close()


def read_all(clients, seconds, wanted=None):
    """Until each has an answer or is closed, or that many have (wanted), or the time is over."""
    end = time.monotonic() + seconds
    while True:
        waiting = {c.socket: c for c in clients if c.status() is None}
        if not waiting or (wanted is not None and len(clients) - len(waiting) >= wanted):
            return
        left = end - time.monotonic()
        if left <= 0:
            return
        poll = select.poll()
        names = {s.fileno(): c for s, c in waiting.items()}
        for number in names:
            poll.register(number, select.POLLIN)
        for number, _ in poll.poll(left * 1000):
            names[number].read()


def statuses(clients):
    """How many got which, as text: "64 none, 1 429"."""
    counts = {}
    for c in clients:
        counts[c.status()] = counts.get(c.status(), 0) + 1
    names = {None: "none", 0: "closed"}
    return ", ".join("%d %s" % (counts[s], names.get(s, s)) for s in sorted(counts, key=lambda s: -1 if s is None else s))


def once(port, request, source="127.0.0.1", seconds=10, to=None):
    """The status of one request, and how long it took."""
    begin = time.monotonic()
    client = Client(port, source, to)
    client.send(request)
    read_all([client], seconds)
    status = client.status()
    client.close()
    return status, time.monotonic() - begin


# --- HTTP/2 ---

class Http2(Client):
    """A connection with many requests at once; statuses by the number of the stream."""

    def __init__(self, port, source="127.0.0.1"):
        super().__init__(port, source)
        self.parsed, self.answers, self.next, self.settings = 0, {}, 1, {}
        self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))

    def begin(self, method, path, body=None, length=None, fields=()):
        """A request; with a body that may go on, if length says so."""
        stream, self.next = self.next, self.next + 2
        head = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"), *fields]
        if length is not None:
            head.append(("content-length", str(length)))
        flags = END_HEADERS | (END_STREAM if body is None else 0)
        data = frame(HEADERS, flags, stream, block(head))
        for i in range(0, len(body or b""), 16384):
            data += frame(DATA, 0, stream, body[i:i + 16384])
        self.send(data)
        return stream

    def finish(self):
        """The body of the last request is whole."""
        self.send(frame(DATA, END_STREAM, self.next - 2))

    def read(self):
        super().read()
        while len(self.got) - self.parsed >= 9:
            head = self.got[self.parsed:self.parsed + 9]
            size = int.from_bytes(head[:3], "big")
            if len(self.got) - self.parsed < 9 + size:
                return
            self.take(head[3], head[4], int.from_bytes(head[5:], "big"), self.got[self.parsed + 9:self.parsed + 9 + size])
            self.parsed += 9 + size

    def take(self, kind, flags, stream, payload):
        if kind == HEADERS:
            known = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}
            first = payload[0]
            self.answers[stream] = known.get(first) or int(payload[2:5])
        elif kind == RST_STREAM and stream not in self.answers:
            self.answers[stream] = "reset"
        elif kind == SETTINGS and not flags & ACK:
            for i in range(0, len(payload), 6):
                name, value = struct.unpack(">HI", payload[i:i + 6])
                self.settings[name] = value

    def read_for(self, seconds, is_enough=lambda client: False):
        """Until that holds, or the time is over."""
        end = time.monotonic() + seconds
        while not self.over and not is_enough(self) and time.monotonic() < end:
            if select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
                self.read()


def has_settings(client):
    return bool(client.settings)
