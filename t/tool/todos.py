"""todos.py PORT: a small application of t/81-host.t, which checks Latchkey's tokens by itself. The key is in $key."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import sys
import time

KEY = os.environ["key"].encode()
LISTS = collections.defaultdict(dict)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def user_of(header):
    """The number of the account, or None."""
    try:
        kind, token = header.split(" ")
        signed, _, signature = token.rpartition(".")
        head, body = (json.loads(decoded(part)) for part in signed.split("."))
        right = hmac.digest(KEY, signed.encode(), hashlib.sha256)
        if kind == "Bearer" and head["alg"] == "HS256" and hmac.compare_digest(right, decoded(signature)) and body["exp"] > time.time():
            return body["uid"]
    except (AttributeError, KeyError, ValueError):
        pass
    return None


class Todos(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(0 if status == 204 else len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if status != 204:
            self.wfile.write(data)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/todos/page":
            return self.answer(200, b"<p>page</p>", "text/html", Content_Security_Policy="script-src 'unsafe-inline'")
        if self.path.startswith("/todos/status/"):
            return self.answer(int(self.path[14:]), {"application": int(self.path[14:])})
        user = user_of(self.headers.get("Authorization"))
        if user is None:
            return self.answer(401, {"detail": "Not authenticated"}, WWW_Authenticate="Bearer")
        if self.path == "/todos/headers":
            return self.answer(200, dict(self.headers))
        if self.path == "/todos/upload":
            return self.answer(200, {"bytes": len(body)})
        if self.command == "POST":
            number = len(LISTS[user]) + 1
            LISTS[user][number] = json.loads(body)["title"]
            return self.answer(201, {"id": number, "title": LISTS[user][number]})
        if self.command == "DELETE":
            return self.answer(204 if LISTS[user].pop(int(self.path[7:]), None) else 404, {})
        return self.answer(200, [{"id": n, "title": t} for n, t in LISTS[user].items()])
    do_POST = do_DELETE = do_GET

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Todos).serve_forever()
