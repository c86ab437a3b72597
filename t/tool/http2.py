"""HTTP/2 frame by frame, for tests that send what no library would, or much of it.

    Connection(port)        a connection, without TLS, that takes whatever comes
    c.get(path, more)       a stream's request; returns the stream's number
    c.reset(stream)         and its end before its time
    c.send()                what was asked for goes out
    c.answers(n)            wait until n more streams have ended: {stream: (status, body)},
                            status is None where nginx reset it or closed the connection
"""
import socket
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
END_STREAM, END_HEADERS, ACK, PADDED = 1, 4, 1, 8
INDEXED = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(s):
    """HPACK's, without Huffman: a length of 7 bits, or more of them. s: bytes, or str."""
    s = s if isinstance(s, bytes) else s.encode()
    n = len(s)
    if n < 127:
        return bytes([n]) + s
    n, out = n - 127, [127]
    while n >= 128:
        out.append(n % 128 + 128)
        n //= 128
    return bytes(out + [n]) + s


def block(fields):
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def status_of(payload):
    return INDEXED.get(payload[0]) or int(payload[2:5])


class Connection:
    def __init__(self, port, seconds=30):
        self.socket = socket.create_connection(("127.0.0.1", int(port)), seconds)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31 - 1))
                            + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**30)))
        self.file = self.socket.makefile("rb", 1 << 16)
        self.next, self.out, self.open, self.closed = 1, [], {}, False

    def get(self, path, more=(), method=b"GET"):
        stream, self.next = self.next, self.next + 2
        self.out.append(frame(HEADERS, END_HEADERS | END_STREAM, stream, block(
            [(b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost"), *more])))
        self.open[stream] = [None, []]
        return stream

    def reset(self, stream):
        self.out.append(frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))
        self.open.pop(stream, None)

    def send(self):
        out, self.out = b"".join(self.out), []
        try:
            self.socket.sendall(out)
        except OSError:
            self.closed = True

    def answers(self, n):
        done = {}
        while len(done) < n and not self.closed:
            try:
                head = self.file.read(9)
                payload = self.file.read(int.from_bytes(head[:3], "big")) if len(head) == 9 else b""
            except OSError:
                head = b""
            if len(head) < 9 or head[3] == GOAWAY:
                self.closed = True
                break
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            if stream not in self.open:
                continue
            if kind == HEADERS:
                self.open[stream][0] = status_of(payload)
            elif kind == DATA:
                self.open[stream][1].append(payload)
            elif kind == RST_STREAM:
                self.open[stream][0] = None
            if kind == RST_STREAM or flags & END_STREAM and kind in (HEADERS, DATA):
                status, body = self.open.pop(stream)
                done[stream] = status, b"".join(body)
        return done

    def close(self):
        self.socket.close()
