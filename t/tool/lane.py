"""A faulty check lane, for nginx's auth_request: listens on a Unix
socket and answers as the token says, "Bearer <fault>", or the cookie
"fault=<fault>".

    lane.py SOCKET

"good" is what Latchkey says; FAULTS has the others.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7


def record(kind, content=b"", version=1):
    return struct.pack(">BBHHBx", version, kind, 1, len(content), 0) + content


def whole(text):
    return record(STDOUT, text) + record(STDOUT) + record(END, bytes(8))


USER = b"X-Auth-User: eve\r\nX-Auth-User-Id: 1\r\n"
GOOD = b"Status: 200 OK\r\n" + USER + b"X-Auth-Expires: 9\r\n\r\n"
FAULTS = {
    "good": whole(GOOD),
    "close": b"",
    "empty": record(STDOUT) + record(END, bytes(8)),
    "end": record(END, bytes(8)),
    "overloaded": record(END, struct.pack(">LB3x", 0, 2)),
    "garbage": b"\xff" * 4096,
    "text": b"HTTP/1.1 200 OK\r\nX-Auth-User: eve\r\n\r\n",
    "version": record(STDOUT, GOOD, version=2),
    "half": whole(GOOD)[:20],
    "half-headers": record(STDOUT, GOOD[:30]) + record(STDOUT) + record(END, bytes(8)),
    "half-record": record(STDOUT, GOOD)[:-1],
    "stderr": record(STDERR, GOOD) + record(END, bytes(8)),
    "long": whole(b"Status: 200 OK\r\n" + b"X: y\r\n" * 10000 + USER + b"\r\n"),
    "no-user": whole(b"Status: 200 OK\r\n\r\n"),
    "no-user-body": whole(b"Status: 200 OK\r\nContent-Type: text/html\r\n\r\n<p>X-Auth-User: eve</p>"),
    "no-status": whole(b"Content-Type: text/html\r\n\r\nhello"),
    "empty-user": whole(b"Status: 200 OK\r\nX-Auth-User:\r\nX-Auth-User-Id: 1\r\n\r\n"),
    "blank-user": whole(b"Status: 200 OK\r\nX-Auth-User: \t \r\n\r\n"),
    "only-id": whole(b"Status: 200 OK\r\nX-Auth-User-Id: 1\r\nX-Auth-Expires: 9\r\n\r\n"),
    "201": whole(b"Status: 201 Created\r\n\r\n"),
    "204": whole(b"Status: 204 No Content\r\n\r\n"),
    "299": whole(b"Status: 299 x\r\n\r\n"),
    "redirect": whole(b"Status: 302 Found\r\nLocation: /\r\n" + USER + b"\r\n"),
    "accel": whole(b"Status: 200 OK\r\nX-Accel-Redirect: /\r\n\r\n"),
    "accel-app": whole(b"Status: 200 OK\r\nX-Accel-Redirect: /app/x\r\n\r\n"),
    "401": whole(b"Status: 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n" + USER + b"\r\n"),
    "403": whole(b"Status: 403 Forbidden\r\n" + USER + b"\r\n"),
    "404": whole(b"Status: 404 Not Found\r\n" + USER + b"\r\n"),
    "500": whole(b"Status: 500 x\r\n" + USER + b"\r\n"),
    "503": whole(b"Status: 503 x\r\n" + USER + b"\r\n"),
    "0": whole(b"Status: 0\r\n" + USER + b"\r\n"),
    "20": whole(b"Status: 20\r\n" + USER + b"\r\n"),
    "status-text": whole(b"Status: OK\r\n" + USER + b"\r\n"),
    "slow": None,
}


def token(params):
    """What is behind HTTP_AUTHORIZATION's "Bearer ", or the cookie's "fault="."""
    at = params.find(b"HTTP_AUTHORIZATIONBearer ")
    cookie = re.search(rb"; fault=([\w-]+);", params)
    return params[at + 25:].split(b"\0")[0] if at >= 0 else cookie[1] if cookie else b""


def serve(s):
    got = b""
    while record(STDIN) not in got:
        more = s.recv(65536)
        if not more:
            return
        got += more
    fault = next((f for f in sorted(FAULTS, key=len, reverse=True)
                  if token(got).startswith(f.encode())), "no-user")
    if FAULTS[fault] is None:
        time.sleep(20)
        return
    s.sendall(FAULTS[fault])
    if fault.startswith("half"):
        time.sleep(0.1)
    s.close()


def main(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(64)
    while True:
        s, _ = listener.accept()
        threading.Thread(target=serve, args=(s,), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
