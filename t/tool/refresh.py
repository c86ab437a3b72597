"""Renewals of one session by many clients at once, each round with the same refresh token.

refresh.py URL TOKEN CLIENTS ROUNDS: prints how many rounds gave one successor, then the 99th percentile of a
round, and the last token.
"""
import http.client
import sys
import threading
import time
import urllib.parse

URL, TOKEN, CLIENTS, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
HOST = urllib.parse.urlsplit(URL).netloc


class Client(threading.Thread):
    """A client with a connection of its own, which renews when all do."""

    def __init__(self, together):
        super().__init__(daemon=True)
        self.together = together
        self.token = self.answer = None

    def run(self):
        connection = http.client.HTTPConnection(HOST, timeout=30)
        while True:
            self.together.wait()
            body = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": self.token})
            connection.request("POST", "/oauth2/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
            reply = connection.getresponse()
            self.answer = reply.status, reply.read().decode()
            self.together.wait()


def successor(answer):
    return answer[1].split('"refresh_token":"')[1].split('"')[0] if answer[0] == 200 else None


def main():
    together = threading.Barrier(CLIENTS + 1)
    clients = [Client(together) for _ in range(CLIENTS)]
    token, single, refused, times = TOKEN, 0, 0, []
    for c in clients:
        c.start()
    for _ in range(ROUNDS):
        for c in clients:
            c.token = token
        start = time.monotonic()
        together.wait()
        together.wait()
        times.append(time.monotonic() - start)
        successors = {successor(c.answer) for c in clients}
        refused += sum(c.answer[0] != 200 for c in clients)
        single += len(successors) == 1 and None not in successors
        if single == 0 and refused:
            print(clients[0].answer, file=sys.stderr)
        token = (successors - {None} or {token}).pop()
    print(f"{ROUNDS} rounds of {CLIENTS}: {single} with one successor, {refused} refused")
    print(f"p99 {sorted(times)[int(.99 * len(times))] * 1000:.0f} ms")
    print(token)


main()
