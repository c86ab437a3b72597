#!/bin/sh
# systemd units: valid, confining the service as promised, and fitting the
# program. t/50-install.t has where they go.
# shellcheck source=t/lib.sh
. t/lib.sh
needs systemd-analyze

# --- the units, with the program that was built ---

units=$tmp/units
mkdir "$units"
for unit in systemd/*.service systemd/*.socket; do
	sed "s|/usr/local/sbin/|$PWD/build/|" "$unit" >"$units/${unit#systemd/}"
done
systemd-analyze verify --man=no "$units"/* >"$tmp/out" 2>&1
ok $? 'systemd understands the units'
is "$(cat "$tmp/out")" '' 'systemd has no complaint about the units'

# setting UNIT KEY: its values in systemd/UNIT.
setting() {
	sed -n "s/^$2=//p" "systemd/$1"
}

program=$(setting latchkey.service 'Exec[SR][a-z]*' | grep latchkey)
echo "$program" | while read -r path command; do
	[ "$path" = /usr/local/sbin/latchkey ] || echo "$path"
	build/latchkey -h | grep -q "^  $command " || echo "$command"
done >"$tmp/out"
is "$(cat "$tmp/out")" '' 'the service runs commands that the program has'
leave_ms=$(sed -n 's/^#define LEAVE_MS \([0-9]*\).*/\1/p' app/server/pool.c)
[ "$(setting latchkey.service TimeoutStopSec)" -gt $((leave_ms / 1000)) ]
ok $? 'the supervisor, not systemd, ends workers that are stuck'
[ "$leave_ms" -gt 15000 ]
ok $? "the supervisor ends stuck workers after more than nginx's 15 seconds"
like "$(grep -h fastcgi_read_timeout conf/nginx/*.conf | sort -u)" '^fastcgi_read_timeout 15s;' 'nginx waits 15 seconds for an answer'

# --- confinement ---

# exposure TENTHS TITLE: at most that, which is shown.
exposure() {
	systemd-analyze security --offline=true --no-pager --threshold="$1" \
		"$units/latchkey.service" >"$tmp/out" 2>&1
	ok $? "$2" || diag "$(grep '✗' "$tmp/out")"
	echo "# $(sed -n 's/.*\(Overall.*: [0-9.]*\).*/\1/p' "$tmp/out")"
}

exposure 8 "the service's exposure is at most 0.8"
mkdir "$units/latchkey.service.d"
cp systemd/tcp.conf "$units/latchkey.service.d"
exposure 11 "the service's exposure with tcp.conf is at most 1.1"
# Twice the same figure might come of a file that was not read.
like "$(cat "$tmp/out")" '✗ RestrictAddressFamilies=~AF_\(INET' 'tcp.conf lets the service connect over IP'
systemd-analyze verify --man=no "$units"/latchkey.service >"$tmp/out" 2>&1
ok $? 'systemd understands the service with tcp.conf' || diag "$(cat "$tmp/out")"

# Of the kinds of calls that are taken away, what the program needs is given
# back: to nice, and to give up more.
is "$(setting latchkey.service SystemCallFilter | tail -n 2 | tr '\n' ' ')" \
	'setpriority seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self ' \
	'the service may call setpriority, for the priority of login workers, and what confines them'

# --- the sockets ---

sockets=$(cd systemd && echo latchkey-*.socket)
is "$sockets" 'latchkey-api.socket latchkey-check.socket latchkey-login.socket' 'each lane has a socket'
for socket in $sockets; do
	lane=${socket#latchkey-} lane=${lane%.socket}
	is "$(setting "$socket" FileDescriptorName) $(setting "$socket" ListenStream) $(setting "$socket" Service)" \
		"$lane /run/latchkey/$lane.sock latchkey.service" "the service gets $socket as $lane"
	is "$(setting "$socket" SocketUser) $(setting "$socket" SocketGroup) $(setting "$socket" SocketMode)" \
		'root latchkey-web 0660' "nginx alone may connect to $socket"
done
for key in Requires Sockets Also; do
	is "$(setting latchkey.service $key | tr ' ' '\n' | sort | tr '\n' ' ')" "$sockets " \
		"the service has all sockets in $key"
done

# --- the user and the folder ---

root=$tmp/root
mkdir -p "$root/etc"
systemd-sysusers --root="$root" "$PWD/systemd/sysusers.conf" >"$tmp/out" 2>&1
ok $? 'systemd-sysusers makes the user' || diag "$(cat "$tmp/out")"
like "$(cat "$root/etc/passwd")" '^latchkey:.*:/usr/sbin/nologin$' 'the user latchkey cannot log in'
like "$(cat "$root/etc/passwd")" '^latchkey_owner:.*:/usr/sbin/nologin$' 'the user latchkey_owner cannot log in'
is "$(sed -n 's/^latchkey-web:x:[0-9]*://p' "$root/etc/group")" nginx "the sockets' group has nginx's user in it, and nobody else"
is "$(setting latchkey.service User) $(setting latchkey.service Group)" 'latchkey latchkey' \
	'the service runs as the user and the group latchkey'

if [ "$(id -u)" = 0 ]; then
	systemd-tmpfiles --root="$root" --create "$PWD/systemd/tmpfiles.conf" >"$tmp/out" 2>&1
	ok $? 'systemd-tmpfiles makes the folder of the sockets' || diag "$(cat "$tmp/out")"
	is "$(stat -c '%a %u' "$root/run/latchkey")" '1775 0' \
		'the service may make files in the folder of the sockets, and not remove sockets'
	is "$(stat -c %g "$root/run/latchkey")" \
		"$(sed -n 's/^latchkey:x:\([0-9]*\):.*/\1/p' "$root/etc/group")" 'the group latchkey owns the folder of the sockets'
else
	echo '# not root: the folder is not made'
fi
is "$(setting latchkey.service ReadWritePaths)" /run/latchkey 'the service may write to /run/latchkey alone'

# --- what may be started ---

# As systemd does it: all that is mounted forbids to start programs, but for
# these. In the place of the installed program is the one that was built.
mkdir "$tmp/program" && cp build/latchkey "$tmp/program" && cp build/latchkey "$tmp/program.new"
paths=$(setting latchkey.service ExecPaths | sed "s|/usr/local/lib/latchkey|$tmp/program|")
is "$(setting latchkey.service NoExecPaths)" / 'the service may start no program but those of ExecPaths'
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	cp build/latchkey "$tmp/copy"
	mkfifo "$tmp/copy.tried" "$tmp/copy.installed"
	# as a package is upgraded, outside of the service
	{ read -r _ <"$tmp/copy.tried" && mv "$tmp/program.new" "$tmp/program/latchkey"; echo >"$tmp/copy.installed"; } &
	children=$!
	# shellcheck disable=SC2086 # paths
	unshare -m sh -c '
		copy=$1
		shift
		folders=$(findmnt -rno TARGET | grep -vx /)
		for path in "$@"; do
			mount --bind "$path" "$path" || exit
		done
		for folder in $folders /; do
			mount -o remount,bind,noexec "$folder" || [ "$folder" != / ] || exit
		done 2>/dev/null
		for program in "$1/latchkey" "$copy" /bin/sh /bin/kill /usr/bin/python3; do
			(exec "$program" -V) >/dev/null 2>&1
			echo "${program##*/} $?"
		done
		echo >"$copy.tried" && read -r _ <"$copy.installed"
		(exec "$1/latchkey" -V) >/dev/null 2>&1
		echo "another $?"
	' sh "$tmp/copy" $paths >"$tmp/out" 2>&1
	is "$(head -n 5 "$tmp/out" | xargs)" 'latchkey 0 copy 126 sh 126 kill 0 python3 126' \
		'the service can start the program and kill alone: no copy, no shell' || diag "$(cat "$tmp/out")"
	is "$(tail -n +6 "$tmp/out")" 'another 0' 'the service can start a program that was installed after its start'
else
	echo '# not root: what may be started is not tried'
fi

# --- t/tool/sockets.py, which does systemd's part in other tests ---

notify=$tmp/sockets/notify
mkdir "$tmp/sockets"

# says LINE: the last of what has happened so far is like it.
says() {
	tail -n 1 "$notify" 2>/dev/null | grep -qxE -e "$1"
}

# answer LANE: what is served on its socket.
answer() {
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
print(s.recv(100).decode())
' "$tmp/sockets/$1.sock"
}

# Says its number and the name of the socket to whoever connects.
cat >"$tmp/server.py" <<'END'
import os, select, signal, socket, sys
assert os.environ["LISTEN_PID"] == str(os.getpid())
names = os.environ["LISTEN_FDNAMES"].split(":")
assert os.environ["LISTEN_FDS"] == str(len(names))
listeners = {socket.socket(fileno=3 + i): name for i, name in enumerate(names)}
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
signal.signal(signal.SIGTERM, lambda *_: (notify.send(b"STOPPING=1"), sys.exit(3)))
signal.signal(signal.SIGHUP, lambda *_: notify.send(b"RELOADING=1\nSTATUS=on it"))
notify.send(b"READY=1")
while True:
    for listener in select.select(list(listeners), [], [])[0]:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        listener.accept()[0].send(b"%d %s" % (os.getpid(), listeners[listener].encode()))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
END
python3 t/tool/sockets.py "$tmp/sockets" python3 "$tmp/server.py" &
manager=$!
children=$manager
retry 10 says READY=1
ok $? 'sockets.py starts a command and hears from it' || diag "$(cat "$notify")"
first=$(sed -n 's/^START //p' "$notify")
is "$(answer check), $(answer api), $(answer login)" "$first check, $first api, $first login" \
	'sockets.py passes sockets by their names'
kill -HUP "$manager"
retry 10 says 'RELOADING=1 STATUS=on it'
ok $? 'sockets.py passes SIGHUP on'

kill -STOP "$first"
kill -USR1 "$manager"
answer login >"$tmp/answer" &
waiting=$!
kill -CONT "$first"
wait "$waiting"
retry 10 says READY=1
ok $? 'sockets.py starts its command again' || diag "$(cat "$notify")"
second=$(sed -n 's/^START //p' "$notify" | tail -n 1)
isnt "$second" "$first" 'sockets.py starts another process for its command'
like "$(cat "$tmp/answer")" "^($first|$second) login$" 'a client that waits on a socket of sockets.py goes on waiting through a restart'
kill "$manager"
wait "$manager"
is "$?" 3 "sockets.py ends with the command's exit status"
children=
is "$(sed 's/^START .*/START/' "$notify" | tr '\n' ' ')" \
	'START READY=1 RELOADING=1 STATUS=on it STOPPING=1 EXIT 3 START READY=1 STOPPING=1 EXIT 3 ' \
	'sockets.py records all that happened'

# Settings without which the service would not go on.
while read -r key value; do
	is "$(setting latchkey.service "$key" | tail -n 1)" "$value" "the service has $key=$value"
done <<'E'
Type notify
NotifyAccess main
Restart always
StartLimitIntervalSec 0
KillMode mixed
OOMPolicy continue
ExecReload /bin/kill -HUP $MAINPID
RestrictAddressFamilies AF_UNIX AF_NETLINK
SystemCallErrorNumber EPERM
LimitCORE 0
PrivateIPC yes
SocketBindDeny any
E

done_testing
