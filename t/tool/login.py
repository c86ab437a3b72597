"""Logins over FastCGI, past nginx: from any address, as many at once as wanted.

    login.py SOCKET CLIENTS

takes from standard input a line for each login, "ADDRESS NAME PASSWORD [COOKIE]"
("-" is none), sends CLIENTS of them at a time, and prints for each, in order, a
line "STATUS RETRY_AFTER" ("-": no such header).
"""
import concurrent.futures
import socket
import struct
import sys


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def params(pairs):
    return b"".join(struct.pack(">LL", len(k) | 1 << 31, len(v) | 1 << 31) + k + v
                    for k, v in ((k.encode(), v.encode()) for k, v in pairs))


def request(address, name, password, cookie="-"):
    form = ("username=%s&password=%s" % (name, password)).encode()
    pairs = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/token"),
             ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
             ("CONTENT_LENGTH", str(len(form)))]
    if address != "-":
        pairs.append(("REMOTE_ADDR", address))
    if cookie != "-":
        pairs.append(("HTTP_COOKIE", "__Host-latchkey-device=" + cookie))
    return (record(1, struct.pack(">HB5x", 1, 0)) + record(4, params(pairs)) + record(4, b"")
            + record(5, form) + record(5, b""))


def login(path, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        s.sendall(request(*line.split()))
        f = s.makefile("rb")
        text = b""
        while True:
            head = f.read(8)
            if len(head) < 8:
                return "closed -"
            _, kind, _, n, pad = struct.unpack(">BBHHBx", head)
            content = f.read(n + pad)[:n]
            if kind == 3:
                break
            text += content
    headers = dict(h.split(": ", 1) for h in text.decode().split("\r\n\r\n")[0].split("\r\n"))
    return "%s %s" % (headers["Status"].split()[0], headers.get("Retry-After", "-"))


def main(path, clients):
    with concurrent.futures.ThreadPoolExecutor(int(clients)) as pool:
        for answer in pool.map(lambda line: login(path, line), sys.stdin.read().splitlines()):
            print(answer)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
