"""t/98-memory.t's floods, and the memory that the processes take meanwhile.

    flood.py HOST:PORT SUPERVISOR MIB [NAME...]

of bodies of every kind; or, with names of accounts, of wrong passwords for each of
them, and then for all of them in turn.
"""
import http.client
import os
import sys
import threading
import time

host, supervisor, most, names = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
SIZE, VALUES, CLIENTS, TIMES = 65536, 1000, 8, 2 if names else 6
SANITIZED = "LK_SANITIZED" in os.environ  # which takes memory of its own
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ADD, TOKEN, ME = ("POST", "/users/add_user/"), ("POST", "/token"), ("PATCH", "/users/me")
GOOD = '{"username":"(NAME)","password":"correct horse battery"'

def filled(begin, unit, end, size=SIZE):
    """begin, units and end: as many as the largest body holds."""
    return begin + unit * ((size - len(begin) - len(end)) // len(unit)) + end

def part(name, value):
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'

# What is sent, where, and what comes of it.
BODIES = {
    "as many values as there may be": (ADD, JSON, GOOD + ',"a":[{}' + ",{}" * (VALUES - 5) + "]}", 200),
    "more": (ADD, JSON, filled(GOOD + ',"a":[{}', ",{}", "]}"), 400),
    "as many, of which the answer tells": (ADD, JSON, '{"b":"' + "\\u0001" * 9000 + '","a":[{}' + ",{}" * (VALUES - 4) + "]}", 422),
    "control characters that come back": (ADD, JSON, filled('{"username":7,"fullname":8,"password":9,"a":"', "\\u0001", '"}'), 422),
    "a name as long as the body": (ADD, JSON, filled('{"username":"(NAME)', "x", '","password":"correct horse battery"}'), 422),
    "a password as long as the body": (ADD, JSON, filled('{"username":"(NAME)","password":"', "x", '"}'), 422),
    "fields without end": (TOKEN, FORM, filled("username=ada&password=x", "&a=b", ""), 400),
    "a form's password as long as the body": (TOKEN, FORM, filled("username=ada&password=", "%C3%A9", ""), 401),
    "as many parts as there may be": (TOKEN, "multipart/form-data; boundary=b", "".join(part(n, "x") for n in range(900)) +
                                      part("username", "ada") + part("password", "wrong") + "--b--\r\n", 401),
    "a name's control characters": (ME, JSON, filled('{"fullname":"', "\\u0001", '"}'), 422),
    "a list for a name": (ME, JSON, '{"fullname":["x"' + ",{}" * (VALUES - 3) + "]}", 422),
}

if names:
    BODIES = {name: (TOKEN, FORM, f"username={name}&password=wrong", 401) for name in names}
    BODIES["all of them in turn"] = (TOKEN, FORM, "username=(ONE OF THEM)&password=wrong", 401)

def resident():
    """KiB that are the processes' own."""
    kib = 0
    with open(f"/proc/{supervisor}/task/{supervisor}/children") as f:
        for pid in [supervisor, *f.read().split()]:
            with open(f"/proc/{pid}/status") as status:
                kib += sum(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))
    return kib

def client(name, number, seen):
    (method, uri), kind, body, _ = BODIES[name]
    for turn in range(TIMES):
        c = http.client.HTTPConnection(host, timeout=60)
        body_now = body.replace("(NAME)", f"u{list(BODIES).index(name):02}{number}{turn}x")
        if names:
            body_now = body.replace("(ONE OF THEM)", names[(number + turn) % len(names)])
        c.request(method, uri, body_now, {"Content-Type": kind, "Authorization": "Bearer " + os.environ["LK_TOKEN"]})
        seen.add(c.getresponse().status)

for name, (_, _, body, status) in BODIES.items():
    seen, largest = set(), 0
    clients = [threading.Thread(target=client, args=(name, n, seen)) for n in range(CLIENTS)]
    for c in clients:
        c.start()
    while any(c.is_alive() for c in clients):
        largest = max(largest, resident())
        time.sleep(0.002)
    good = seen - {503} == {status} and (largest <= most * 1024 or SANITIZED)
    print(f"{'' if good else 'not '}ok {name}")
    print(f"#   {len(body)} bytes, {seen}: {largest / 1024:.1f} of {most} MiB")
