"""Clients that do not read their answers, through nginx.

usage: deaf.py PORT CLIENTS http1|http2 <REQUEST

Each of so many clients sends the request on standard input (method, path, header lines, an empty line, body; without
Host and Content-Length; of @N@ each makes its own number) and then reads nothing. Says "deaf" when all have sent theirs, and stays until its standard
output is closed or a minute has passed. Segments and receive buffers are small, as they are across a network: over
loopback the kernel alone would take most of a reply. Over HTTP/2 the window is 0 besides.
"""
import select
import socket
import struct
import sys

from http2 import block, frame


def http1(method, path, headers, body):
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{n}: {v}" for n, v in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def http2(method, path, headers, body):
    fields = [(":method", method), (":scheme", "http"), (":authority", "localhost"), (":path", path),
              *((n.lower(), v) for n, v in headers), ("content-length", str(len(body)))]
    out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, struct.pack(">HI", 4, 0))
    out += frame(1, 4 if body else 5, 1, block(fields))
    # no more than the window that nginx gives at first
    return out + b"".join(frame(0, body[i + 16000:] == b"", 1, body[i:i + 16000]) for i in range(0, len(body), 16000))


def main():
    port, clients, version = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    text = sys.stdin.buffer.read()
    deaf = []
    for i in range(clients):
        head, _, body = text.replace(b"@N@", b"%d" % i).partition(b"\n\n")
        first, *rest = head.decode().split("\n")
        method, path = first.split(" ", 1)
        headers = [tuple(line.split(": ", 1)) for line in rest]
        request = (http2 if version == "http2" else http1)(method, path, headers, body)
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        s.connect(("127.0.0.1", port))
        s.sendall(request)
        deaf.append(s)
    print("deaf", flush=True)
    poll = select.poll()
    poll.register(sys.stdout, select.POLLERR | select.POLLHUP)
    poll.poll(60_000)


main()
