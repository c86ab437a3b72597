#!/bin/sh
# The two nftables rules of SECURITY.md, in a network namespace: connections
# without a whole request, which nginx cannot count, are limited.
# shellcheck source=t/lib.sh
. t/lib.sh
PATH=$PATH:/usr/sbin:/sbin

needs nft ip
unshare -rn sh -c 'nft list ruleset && ip link add client type veth peer name server' >/dev/null 2>&1 ||
	skip_all 'this machine gives us no network of our own'

{
	printf 'table inet filter {\nchain input {\ntype filter hook input priority filter\n'
	grep '^ *tcp dport 443 ct state new ' SECURITY.md
	printf '}\n}\n'
} >"$tmp/rules"
is "$(grep -c 'ct count over 200 } drop$' "$tmp/rules")" 2 'SECURITY.md has a line for IPv4 and one for IPv6'

# The server's end of a cable: on the loopback interface, a connection that is
# refused on its way in has been counted on its way out.
cat >"$tmp/server.py" <<'P'
import socket, subprocess, sys

def run(command):
    subprocess.run(command.split(), check=True)

print("ready to be connected", flush=True)
sys.stdin.readline()
for command in ("ip addr add 10.9.0.1/24 dev server", "ip addr add fd00:9::1/64 dev server nodad", "ip link set server up",
                "ip -6 route add fd00::/16 dev server", "nft -f " + sys.argv[1]):
    run(command)
servers = [socket.create_server(("10.9.0.1", 443), backlog=1024),
           socket.create_server(("fd00:9::1", 443), family=socket.AF_INET6, backlog=1024)]
print("ready", flush=True)
sys.stdin.readline()
P
cat >"$tmp/firewall.py" <<'P'
import socket, struct, subprocess, sys, time

def run(command):
    subprocess.run(command.split(), check=True)

server = subprocess.Popen(["unshare", "-n", sys.executable, sys.argv[1], sys.argv[2]],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
server.stdout.readline()
for command in ("ip link add client type veth peer name server", "ip link set server netns %d" % server.pid,
                "ip addr add 10.9.0.2/24 dev client", "ip addr add 10.9.0.3/24 dev client", "ip link set client up",
                "ip -6 route add fd00:9::/64 dev client", "ip addr add fd00:0:0:1::1/128 dev client nodad",
                "ip addr add fd00:0:0:1:f::2/128 dev client nodad", "ip addr add fd00:0:0:2::1/128 dev client nodad"):
    run(command)
server.stdin.write("go\n")
server.stdout.readline()

def connects(source, seconds=10):
    """A connection that says half a header; None: there is none."""
    family, to = (socket.AF_INET6, "fd00:9::1") if ":" in source else (socket.AF_INET, "10.9.0.1")
    s = socket.socket(family)
    s.settimeout(seconds)
    s.bind((source, 0))
    try:
        s.connect((to, 443))
        s.sendall(b"GET / HTTP/1.1\r\nHo")
        return s
    except OSError:
        s.close()

def say(holds, title):
    print("%s\t%s" % (holds, title))

for title, one, same, other in [("an address of IPv4", "10.9.0.2", "10.9.0.2", "10.9.0.3"),
                                ("a /64 of IPv6", "fd00:0:0:1::1", "fd00:0:0:1:f::2", "fd00:0:0:2::1")]:
    held = [connects(one) for _ in range(200)]
    say(None not in held, title + " may have 200 connections")
    say(connects(same, 1) is None, title + " may not have 201 connections")
    say(connects(other) is not None, title + " at its limit leaves another one alone")
    held[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset: the server accepts none
    held[0].close()
    say(connects(same) is not None, title + " may connect again when one of its 200 connections has ended")
server.kill()
P
unshare -rn python3 "$tmp/firewall.py" "$tmp/server.py" "$tmp/rules" >"$tmp/results"
ok $? 'nftables accepts the rules of SECURITY.md'
while IFS='	' read -r found title; do
	is "$found" True "$title"
done <"$tmp/results"

done_testing
