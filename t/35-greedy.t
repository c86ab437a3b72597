#!/bin/sh
# nginx's limits of requests a second, and what counts as one address.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 login_failures_per_address_hour=1000

# A load balancer on this machine, which says whose each request is; clients of
# IPv6; and a port that takes both IPv4 and IPv6, where IPv4 has the form of
# IPv6. Without IPv6 the last two are left out.
ipv6=
[ ! -e /proc/sys/net/ipv6 ] || [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6)" = 1 ] || ipv6=yes
LK_PORT2=$(free_port) LK_HTTP2=$(free_port)
sed -i "
	s|^	#	set_real_ip_from 192.0.2.10;|	set_real_ip_from 127.0.0.9;|
	s|^	#	\(real_ip_header X-Forwarded-For;\)|	\1|
	s|^	listen 127.0.0.1:$LK_PORT;|&${ipv6:+ listen [::]:$LK_PORT2 ipv6only=off;}\n	listen 127.0.0.1:$LK_HTTP2 http2;|
" "$LK_DIR/nginx.site"
kill -HUP "$(cat "$LK_DIR/data/nginx.pid")"
reloaded() {
	curl -qs --noproxy '*' --http2-prior-knowledge "http://127.0.0.1:$LK_HTTP2/healthz"
}
retry 20 reloaded >/dev/null
ok $? 'nginx reloads with the address of a load balancer'

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
LK_TOKEN=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
export LK_TOKEN LK_PORT LK_PORT2 LK_HTTP2
[ -z "$ipv6" ] || export LK_IPV6=yes

cat >"$tmp/often" <<'P'
from clients import *

LOGIN = post("/token", b"username=ada")  # 422: it is counted by nginx, and by nobody else
FORM = "application/x-www-form-urlencoded"

def many(request, number, source):
    """So many, 50 at once: those that nginx refused, how many it did not, and in how many seconds."""
    begin, refused = time.monotonic(), []
    for first in range(0, number, 50):
        clients = [Client(PORT, source) for _ in range(first, min(first + 50, number))]
        for c in clients:
            c.send(request)
        read_all(clients, 20)
        refused += [c for c in clients if c.status() == 429]
        for c in clients:
            c.close()
    return refused, number - len(refused), time.monotonic() - begin

def limited(title, request, number, burst, rate, source):
    """A burst and one more pass; then as many as the rate lets, with the time that this took."""
    refused, passed, seconds = many(request, burst + 1, source)
    say(len(refused), "0", "%s: %d at once are let through" % (title, burst + 1))
    refused, more, s = many(request, number, source)
    most = int((seconds + s) * rate) + 1
    say("%s %s" % (bool(refused), more <= most), "True True", "%s: of more only %d a second" % (title, rate))
    return refused[-1].got.decode() if refused else ""

answer = limited("logins", LOGIN, 60, 20, 10, "127.0.0.2")
for part in "HTTP/1.1 429 ", "\r\nContent-Type: application/json\r\n", "\r\nRetry-After: 1\r\n", "\r\nCache-Control: no-store\r\n", '\r\n\r\n{"detail":"Too Many Requests",':
    say(answer.count(part), "1", "a refusal has " + part.strip())
say(once(PORT, LOGIN, "127.0.0.3")[0], "422", "logins: another address is not limited")
limited("sign-ups, where logins are refused", post("/users/add_user/", b"{}").replace(FORM.encode(), b"application/json"), 60, 20, 5, "127.0.0.2")
say(once(PORT, post("/users/me/password", b"{}"), "127.0.0.2")[0], "401", "changes: an address whose sign-ups are refused may change a password")
CHANGE = post("/users/me", b"{}", fields=[BEARER]).replace(b"POST", b"PATCH").replace(FORM.encode(), b"application/json")
limited("changes", CHANGE, 60, 20, 5, "127.0.0.4")
say(once(PORT, post("/users/me/password", b"{}"), "127.0.0.4")[0], "429", "changes: passwords and full names have one limit")
say(once(PORT, get("/users/me", [BEARER]), "127.0.0.4")[0], "200", "changes: reading the account is not limited as one")
limited("other requests", get("/users/me"), 500, 200, 100, "127.0.0.5")
refused, passed, _ = many(get("/check", [BEARER]), 400, "127.0.0.5")
say(passed, "400", "token checks: 400 at once are let through")
limited("the documentation's scripts", get("/docs/assets/docs.js"), 500, 200, 100, "127.0.0.7")
refused, _, _ = many(get("/users/me/password"), 400, "127.0.0.8")
say(refused != [], "True", "/users/me/password: methods other than POST have the limit of other requests")
CROSS = post("/token", b"username=ada", fields=["Sec-Fetch-Site: cross-site"])
refused, _, _ = many(CROSS, 60, "127.0.0.9")
say(refused != [], "True", "requests from pages of other sites are limited")
say(once(PORT, LOGIN, "127.0.0.9")[0], "422", "requests from pages of other sites use up nothing of the address's limit of logins")
for method in b"TRACE", b"BREW":
    refused, _, _ = many(get("/").replace(b"GET", method), 400, "127.0.0.6")
    say(refused != [], "True", "%s has the limit of other requests" % method.decode())
P

# results SCRIPT: its lines, of what it got, what is wanted, and the title.
results() {
	PYTHONPATH=t/tool python3 "$tmp/$1" >"$tmp/results"
	ok $? "all requests of the script $1 were sent"
	while IFS='	' read -r found wanted title; do
		like "$found" "^($wanted)\$" "$title"
	done <"$tmp/results"
}
results often

# --- who is one address ---

cat >"$tmp/who" <<'P'
import os
from clients import *

SLOW = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"

def waits(client):
    """True: nginx waits for the body; False: it refused the request."""
    read_all([client], .1)
    return client.status() is None

class Held:
    """Requests that are held, as if they came from that address, and so the limit of 64 is reached."""

    def __init__(self, connect, number=64):
        self.clients = [connect() for _ in range(number)]
        read_all(self.clients, .1)
        self.held = all(c.status() is None for c in self.clients)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for c in self.clients:
            c.close()
        time.sleep(.2)

def of(address):
    """A client of the load balancer."""
    client = Client(PORT, "127.0.0.9")
    client.send(SLOW + b"X-Forwarded-For: " + address.encode() + b"\r\n\r\n")
    return client

def direct(source, to=None, port=PORT):
    client = Client(port, source, to)
    client.send(SLOW + b"X-Forwarded-For: 192.0.2.99\r\n\r\n")
    return client

def compare(title, first, same, others):
    """first and same are one client, and none of the others."""
    with Held(first) as held:
        found = [held.held, *(not waits(c()) for c in same), *(waits(c()) for c in others)]
    say(found, str([True] * len(found)).replace("[", r"\[").replace("]", r"\]"), title)

def through(*addresses):
    return [lambda a=a: of(a) for a in addresses]

compare("behind a load balancer the address is the client's", *through("192.0.2.1"),
        through("192.0.2.1"), through("192.0.2.2") + [lambda: direct("127.0.0.9")])
compare("all of an IPv6 /64 is one address, however it is written", *through("2001:db8:1:2::1"),
        through("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:0001:0002::"), through("2001:db8:1:3::1", "2001:db8:2:2::1"))
compare("an IPv6 /64 is one address also if its bytes are line breaks and NUL", *through("a0a:a0a:a0a:a0a::1"),
        through("a0a:a0a:a0a:a0a:a0a:a0a:a0a:a0a"), through("a0a:a0a:a0a:a0b::1", "0a00::a0a"))
compare("an IPv4-mapped address is the IPv4 address", *through("::ffff:10.10.10.1"),
        through("10.10.10.1"), through("::ffff:10.10.10.2", "10.10.10.10"))
compare("an address of NAT64 is the IPv4 address", *through("64:ff9b::198.51.100.1"),
        through("198.51.100.1"), through("64:ff9b::198.51.100.2", "64:ff9b:1::c633:6401"))
compare("clients of Teredo are separate addresses", *through("2001::1:2:3:4:5"),
        through("2001::1:9:9:4:5"), through("2001::1:2:3:4:6"))

# 65,536 networks of one customer: as five addresses.
networks = iter(range(1, 1000))
with Held(lambda: of("2001:db8:7:%x::1" % next(networks)), 320) as held:
    found = [held.held, not waits(of("2001:db8:7:ffff::1")), waits(of("2001:db8:8:1::1")), waits(of("192.0.2.7"))]
say(found, r"\[True, True, True, True\]", "all of an IPv6 /48 may do what five addresses may")
with Held(lambda: of("64:ff9b::203.0.113.%d" % (next(networks) % 250)), 330) as held:
    say(held.held, "True", "IPv4 addresses behind NAT64 do not share the limit of a /48")

compare("X-Forwarded-For counts from the load balancer alone", lambda: direct("127.0.0.8"),
        [lambda: direct("127.0.0.8")], [lambda: direct("127.0.0.7")])
if os.environ.get("LK_IPV6"):
    compare("a client of IPv6 is one address", lambda: direct("::1", "::1"), [lambda: direct("::1", "::1"), lambda: direct("::1", "::1", PORT2)],
            [lambda: direct("127.0.0.7")])
    compare("an IPv4 client is the same on a socket of IPv4 and on one for both", lambda: direct("127.0.0.8"),
            [lambda: direct("127.0.0.8", "127.0.0.1", PORT2)], [lambda: direct("127.0.0.7", "127.0.0.1", PORT2), lambda: direct("::1", "::1", PORT2)])
P
results who

# --- nginx itself runs out of connections ---

sed -i 's/worker_connections 768;/worker_connections 32;/' "$LK_DIR/nginx.conf"
sed -Ei '/^[	]*limit_(conn|req) /d' "$LK_DIR"/nginx/*.conf
before=$(pgrep -d ' ' -P "$(cat "$LK_DIR/data/nginx.pid")")
kill -HUP "$(cat "$LK_DIR/data/nginx.pid")"
are_gone() {
	# shellcheck disable=SC2086 # several numbers
	! ps -o pid= -p $before >/dev/null && reloaded >/dev/null
}
retry 30 are_gone
: >"$LK_LOGS/nginx.access.log"
cat >"$tmp/crowd" <<'P'
import os
from clients import *

BEARER2 = [("authorization", BEARER.partition(": ")[2]), ("content-type", "application/json")]
found = {}
for n in range(8):
    client = Http2(int(os.environ["LK_HTTP2"]), "127.0.0.%d" % (20 + n))
    client.read_for(2, has_settings)
    for i in range(90):
        client.begin("PATCH", "/users/me", b"{}", 2, BEARER2)
        client.finish()
    client.read_for(10, lambda c: len(c.answers) == 90)
    for answer in client.answers.values():
        found[answer] = found.get(answer, 0) + 1
    client.close()
say(503 in found and 500 not in found, "True", "with too few connections PATCH over HTTP/2 is answered by 503, never by nginx's 500: %s" % found)
say('{"detail":"Service Unavailable"}'.encode() in client.got, "True", "the 503 of too few connections is JSON")
P
results crowd
unlike "$(grep -c '" 500 ' "$LK_LOGS/nginx.access.log")" '[1-9]' 'nginx logs no 500 while it has too few connections'

done_testing
