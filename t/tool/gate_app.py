"""An application behind the gate: it tells what it sees, speaks websockets and sends events.

    gate_app.py NOTES    prints its port; writes a line of NOTES for each request

Paths that end in /status/N are answered with N, /events with a stream, all else with JSON: method,
path, the headers as a list, and the length and SHA-256 of the body. Its answers have X-App, and
X-Seen, X-Scopes and X-Place, with all X-Auth-User, X-Auth-Scope and X-Place that came.
"""
import base64
import hashlib
import json
import re
import socketserver
import sys

OWN = b"X-App: yes\r\nSet-Cookie: app=1\r\n"


class App(socketserver.StreamRequestHandler):
    def handle(self):
        while self.one():
            pass

    def one(self):
        line = self.rfile.readline()
        if len(line.split()) != 3:
            return False
        method, path, _ = (word.decode("latin-1") for word in line.split())
        headers = []
        while (line := self.rfile.readline().rstrip(b"\r\n")):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append([name.lower(), value.strip()])
        NOTES.write(method + " " + path + "\n")
        NOTES.flush()
        found = dict(headers)
        seen = b"\r\n".join(name + b": " + "|".join(v for k, v in headers if k == of).encode("latin-1")
                            for name, of in ((b"X-Seen", "x-auth-user"), (b"X-Scopes", "x-auth-scope"), (b"X-Place", "x-place")))
        if found.get("upgrade", "").lower() == "websocket":
            return self.websocket(found, seen)
        body = self.body(found)
        status = re.search(r"/status/(\d+)$", path)
        if path.endswith("/events"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + OWN + seen + b"\r\n" + b"Content-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                             + b"data: 1\n\ndata: 2\n\ndata: 3\n\n")
            return False
        said = json.dumps({"method": method, "path": path, "headers": headers, "length": len(body),
                           "sha256": hashlib.sha256(body).hexdigest()}).encode()
        code = status[1] if status else "200"
        self.wfile.write(b"HTTP/1.1 %s X\r\n" % code.encode() + OWN + seen + b"\r\n"
                         + (b'WWW-Authenticate: Basic realm="app"\r\n' if code == "401" else b"")
                         + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(said)
                         + (said if method != "HEAD" else b""))
        return found.get("connection", "close") != "close"

    def body(self, found):
        if "transfer-encoding" not in found:
            return self.rfile.read(int(found.get("content-length", 0)))
        body = b""
        while (n := int(self.rfile.readline().split(b";")[0], 16)):
            body += self.rfile.read(n)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def websocket(self, found, seen):
        key = (found.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
        name = found.get("x-auth-user", "").encode()
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\n" + OWN + seen + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         + b"Sec-WebSocket-Accept: " + base64.b64encode(hashlib.sha1(key).digest()) + b"\r\n\r\n"
                         + b"\x81" + bytes([len(name)]) + name)
        return False


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    NOTES = open(sys.argv[1], "a", encoding="utf-8")
    with Server(("127.0.0.1", 0), App) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
