"""A worker's kept connections while it ends: what they are answered, and when it closes them.

    drain.py SOCKET FILE

Asks on two connections, and sends half of another request on the second. Then FILE gets a byte: from now on the
worker may be told to end. The first connection goes on for three seconds, then comes the other half. Prints the
statuses, and what is read at the end of either connection.
"""
import socket
import struct
import sys
import time


def record(kind, body=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body


def request(method, path, body=b""):
    pairs = ("REQUEST_METHOD", method), ("REQUEST_URI", path), ("CONTENT_LENGTH", str(len(body)))
    return (record(1, struct.pack(">HB5x", 1, 1)) + record(4, b"".join(bytes([len(k), len(v)]) + (k + v).encode()
        for k, v in pairs)) + record(4) + (record(5, body) if body else b"") + record(5))


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(sys.argv[1])
    return s


def ask(s, what):
    s.sendall(what)
    got = b""
    while not got.endswith(record(3, b"\0" * 8)):
        more = s.recv(65536)
        if not more:
            return "closed"
        got += more
    return got[got.index(b"Status: ") + 8:][:3].decode()


kept, half = connect(), connect()
first = ask(kept, request("GET", "/")), ask(half, request("GET", "/"))
late = request("POST", "/", b"x" * 100)
half.sendall(late[:50])
with open(sys.argv[2], "w") as f:
    f.write("x")
seen = set()
told = time.time() + 3
while time.time() < told:
    seen |= {ask(kept, request("GET", "/")), ask(kept, request("POST", "/", b"x" * 1000))}
    time.sleep(0.2)
print(*first, *sorted(seen), ask(half, late[50:]), kept.recv(1), half.recv(1))
