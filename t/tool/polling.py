"""A FastCGI peer that writes each record only when its socket is writable, as Apache's mod_proxy_fcgi does.

    Peer(where, [params], [flags])  connects to a Unix socket, or to a TCP port of this machine, and begins a request
    .send(bytes)                    whatever these are; TimeoutError: for two seconds there was no room
    .body(bytes, step)              the body in records of step bytes; end() ends it
    .answer()                       (status, headers, body); None: closed; TimeoutError: nothing for ten seconds

A Unix socket is writable for poll(2) while a quarter of its send buffer is unread, each write counted with its overhead.
"""
import select
import socket
import struct

from peer import BEGIN, PARAMS, STDIN, END, record, pairs

FORM = "application/x-www-form-urlencoded"


def params(method="POST", path="/token", length=None, **more):
    found = {"REQUEST_METHOD": method, "REQUEST_URI": path, "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": FORM, **more}
    if length is not None:
        found["CONTENT_LENGTH"] = str(length)
    return [(k.encode(), v.encode()) for k, v in found.items()]


def login(size):
    """A login's body of so many bytes."""
    return b"username=a&password=b&pad=".ljust(size, b"x")


class Peer:
    def __init__(self, where, given=None, flags=0, begin=True):
        if str(where).isdigit():
            self.socket = socket.create_connection(("127.0.0.1", int(where)))
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(where)
        self.socket.setblocking(False)
        self.poll = select.poll()
        self.poll.register(self.socket, select.POLLOUT)
        self.got = b""
        if begin:
            self.begin(given, flags)

    def begin(self, given=None, flags=0):
        self.send(record(BEGIN, struct.pack(">HB5x", 1, flags)))
        self.send(record(PARAMS, pairs(params() if given is None else given)) + record(PARAMS))

    def send(self, what):
        while what:
            if not self.poll.poll(2000):
                raise TimeoutError("no room to write")
            what = what[self.socket.send(what):]

    def body(self, what, step=8192):
        for i in range(0, len(what), step):
            self.send(record(STDIN, what[i:i + step]))
        return self

    def end(self):
        self.send(record(STDIN))
        return self

    def _read(self, n):
        self.socket.settimeout(10)
        try:
            while len(self.got) < n:
                more = self.socket.recv(65536)
                if not more:
                    return None
                self.got += more
        except (ConnectionResetError, BrokenPipeError):
            return None
        finally:
            self.socket.setblocking(False)
        found, self.got = self.got[:n], self.got[n:]
        return found

    def answer(self):
        text = b""
        while True:
            head = self._read(8)
            if head is None:
                return None
            _, kind, _, n, padding = struct.unpack(">BBHHBx", head)
            content = self._read(n + padding)
            if content is None:
                return None
            if kind == END:
                head, _, body = text.partition(b"\r\n\r\n")
                return int(head[8:11]), head.decode("latin-1"), body
            text += content[:n]

    def status(self):
        found = self.answer()
        return found and found[0]

    def closes(self, within_s):
        """Does the worker send its end in this time?"""
        self.socket.settimeout(within_s)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionResetError:
            pass
        return True

    def is_gone(self, within_s):
        """Does the worker close its side for reading as well?"""
        hung_up = select.poll()
        hung_up.register(self.socket, 0)
        return bool(hung_up.poll(within_s * 1000))

    def close(self):
        self.socket.close()
