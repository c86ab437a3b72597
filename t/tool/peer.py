"""HTTP and FastCGI byte for byte, for tests that send what no library would.

    http(port, bytes, [address])       every answer to these bytes, until nginx closes:
                                       a list of (status, headers, body)
    fcgi(socket, params, body, ...)    the one answer of a worker, past nginx:
                                       (status, headers, body), or None: it closed

headers is the text of all of them. Import it with PYTHONPATH=t/tool.
"""
import re
import socket
import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def http(port, what, address="127.0.0.1", close=False):
    """With close, our side is closed behind the bytes: for what is not whole."""
    with socket.create_connection(("127.0.0.1", int(port)), 20, (address, 0)) as s:
        try:
            s.sendall(what)
            if close:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        got = b""
        try:
            while more := s.recv(65536):
                got += more
        except ConnectionResetError:
            pass
    return answers(got)


def answers(got):
    found = []
    while got:
        head, _, got = got.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 "):
            return found + [("no HTTP", "", head + got)]
        status = int(head[9:12])
        head = head.decode("latin-1")
        if re.search(r"(?im)^transfer-encoding: *chunked\r?$", head):
            body, got = unchunk(got)
        elif status in (100, 204, 304):
            body = b""
        elif length := re.search(r"(?im)^content-length: *(\d+)", head):
            body, got = got[:int(length[1])], got[int(length[1]):]
        else:
            body, got = got, b""
        if status != 100:
            found.append((status, head, body))
    return found


def unchunk(got):
    body = b""
    while True:
        size, _, got = got.partition(b"\r\n")
        n = int(size or b"0", 16)
        if n == 0:
            return body, got[2:]
        body, got = body + got[:n], got[n + 2:]


def record(kind, content=b"", number=1):
    return struct.pack(">BBHHBx", 1, kind, number, len(content), 0) + content


def stream(kind, content):
    return b"".join(record(kind, content[i:i + 65000])
                    for i in range(0, len(content), 65000)) + record(kind)


def pairs(params):
    """params: a list of (name, value), each of bytes; a name may come twice."""
    return b"".join(struct.pack(">LL", len(k) | 1 << 31, len(v) | 1 << 31) + k + v for k, v in params)


def read(s, n):
    got = b""
    while len(got) < n:
        try:
            more = s.recv(n - len(got))
        except ConnectionResetError:
            more = b""
        if not more:
            return None
        got += more
    return got


def fcgi(path, params, body=b""):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(path)
        try:
            s.sendall(record(BEGIN, struct.pack(">HB5x", 1, 0)) + stream(PARAMS, pairs(params))
                      + stream(STDIN, body))
        except (BrokenPipeError, ConnectionResetError):
            pass
        text = b""
        while True:
            head = read(s, 8)
            if head is None:
                return None
            _, kind, _, n, padding = struct.unpack(">BBHHBx", head)
            content = read(s, n + padding) if n + padding else b""
            if content is None:
                return None
            if kind == END:
                break
            text += content[:n]
    head, _, body = text.partition(b"\r\n\r\n")
    head = head.decode("latin-1")
    return int(re.match(r"Status: (\d+)", head)[1]), head, body
