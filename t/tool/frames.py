"""t/62-http2.t's frames, and headers one by one: what curl does not send.
"""
import os
import socket

from http2 import DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, SETTINGS, block, frame

PORT, TOKEN, DEVICE = int(os.environ["LK_PORT"]), os.environ["LK_TOKEN"], os.environ["LK_DEVICE"]
CONTINUATION = 9

def begin(method=b"POST", path=b"/token", more=()):
    form = [(b"content-type", b"application/x-www-form-urlencoded")] if method == b"POST" else []
    return [(b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost"), *form, *more]

def answer_to(frames):
    """The status that stream 1 gets, and whether it has a cookie; or how the stream or the connection ended."""
    s = socket.create_connection(("127.0.0.1", PORT), 20)
    s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0) + frames)
    file = s.makefile("rb")
    while True:
        head = file.read(9)
        if len(head) < 9:
            return "closed"
        payload = file.read(int.from_bytes(head[:3], "big"))
        kind, stream = head[3], int.from_bytes(head[5:], "big")
        if kind == HEADERS and stream == 1:
            status = {0x88: "200", 0x8c: "400", 0x8d: "404", 0x8e: "500"}.get(payload[0])
            return status or payload[2:5].decode()
        if kind == RST_STREAM and stream == 1:
            return "reset"
        if kind == GOAWAY:
            return "refused"

GOOD = b"username=ada&password=correct+horse"

def post(fields, body=GOOD):
    return frame(HEADERS, END_HEADERS, 1, block(fields)) + frame(DATA, END_STREAM, 1, body)

def get(fields):
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(fields))

BEARER = (b"authorization", b"Bearer " + TOKEN.encode())
def of(n):
    return (b"content-length", b"%d" % n)

for title, wanted, frames in [
    ("a login in one frame", "200", post(begin())),
    ("a login with its length", "200", post(begin(more=[of(len(GOOD))]))),
    ("a login in frames of a byte", "200", frame(HEADERS, END_HEADERS, 1, block(begin())) + b"".join(
        frame(DATA, 0, 1, GOOD[i:i + 1]) for i in range(len(GOOD))) + frame(DATA, END_STREAM, 1)),
    ("a login with its headers in two frames", "200", frame(HEADERS, 0, 1, block(begin())[:20]) + frame(
        CONTINUATION, END_HEADERS, 1, block(begin())[20:]) + frame(DATA, END_STREAM, 1, GOOD)),
    ("a Content-Length that is too small", "400", post(begin(more=[of(len(GOOD) - 1)]))),
    ("a Content-Length that is too large", "400", post(begin(more=[of(len(GOOD) + 1)]))),
    ("two Content-Lengths", "400", post(begin(more=[of(len(GOOD)), of(0)]))),
    ("a Content-Length and no body", "400", get(begin(more=[of(5)]))),
    ("Transfer-Encoding, which says nothing in HTTP/2", "200", post(begin(more=[(b"transfer-encoding", b"chunked")]))),
    ("a second path", "400", post(begin(more=[(b":path", b"/metrics")]))),
    ("a path without a slash", "400", get(begin(b"GET", b"metrics"))),
    ("a path with a line break", "reset", get(begin(b"GET", b"/ HTTP/1.1\r\nX: y"))),
    ("an unknown pseudo-header", "400", get(begin(b"GET", b"/", more=[(b":protocol", b"x")]))),
    ("a header name in capitals", "reset", get(begin(b"GET", b"/", more=[(b"Authorization", b"x")]))),
    ("a header name with a line break", "reset", get(begin(b"GET", b"/", more=[(b"x\r\nauthorization", b"x")]))),
    ("a header value with a line break", "reset", get(begin(b"GET", b"/users/me", more=[(b"authorization", b"x\r\nx: y")]))),
    ("a header value with NUL", "reset", get(begin(b"GET", b"/users/me", more=[(b"authorization", b"x\0y")]))),
    ("an empty header name", "refused", get(begin(b"GET", b"/", more=[(b"", b"x")]))),
    ("a token", "200", get(begin(b"GET", b"/check", more=[BEARER]))),
    ("two tokens", "400", get(begin(b"GET", b"/check", more=[BEARER, BEARER]))),
    ("a cookie in crumbs, as browsers send it", "200", post(begin(more=[
        (b"cookie", b"a=b"), (b"cookie", DEVICE.encode()), (b"cookie", b"c=d")]))),
    ("a header of more than 8 KiB", "refused", get(begin(b"GET", b"/check", more=[(b"authorization", b"Bearer " + b"x" * 8192)]))),
]:
    print("%s\t%s\t%s: %s" % (answer_to(frames), wanted, title, wanted))
