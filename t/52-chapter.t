#!/bin/sh
# Installation by doc/install.md, to the letter: each command of its first two
# sections runs, on this machine's own Debian, but in its own namespaces: whatever
# it writes is gone afterwards. Only systemd's part is ours. Then: nginx has its
# own user, and no other program may speak to the workers.
# shellcheck source=t/lib.sh

skip() {
	[ -z "${LK_SKIPPED-}" ] || echo "$0: $1" >>"$LK_SKIPPED"
	echo "1..0 # SKIP $1"
	exit 0
}
# a layer over a folder: what is written there stays in memory
layer() {
	mkdir -p "$layers$1" "$layers$1.work" &&
		mount -t overlay -o "lowerdir=$1,upperdir=$layers$1,workdir=$layers$1.work" overlay "$1"
}
if [ -z "${LK_APART-}" ]; then
	[ "$(id -u)" = 0 ] || skip 'it takes root'
	[ -z "${LK_SANITIZED-}" ] || skip 'it is for the program as it is installed'
	[ -d /etc/postgresql/15/main ] || skip "Debian's own cluster of PostgreSQL is not there"
	[ -e web/dist/fetched ] || skip 'web/dist is not there (make web)'
	id nginx >/dev/null 2>&1 && skip 'there is a user nginx already'
	id latchkey >/dev/null 2>&1 && skip 'Latchkey is installed already'
	unshare -m true 2>/dev/null || skip 'there are no namespaces to be had'
	LK_APART=yes exec unshare -m -n -p -i --fork --kill-child --mount-proc "$0" "$@"
fi
layers=/mnt/layers
mount -t tmpfs -o mode=755 tmpfs /mnt
for folder in /etc /usr/local /var; do
	layer $folder || skip 'there are no overlays to be had'
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock
. t/lib.sh
ip link set lo up
PATH=/usr/local/sbin:/usr/local/bin:$PATH	# where this test puts its own systemctl
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX SYSCONFDIR DESTDIR

# --- systemd's part ---

cat >/usr/local/sbin/systemctl <<'E'
#!/bin/sh
echo "$*" >>/run/systemctl
case $* in
'start postgresql nginx')
	install -d -o postgres -g postgres -m 2775 /run/postgresql
	pg_ctlcluster --skip-systemctl-redirect 15 main start && nginx
	;;
daemon-reload) ;;
'enable --now '*latchkey.service)
	shift 2
	exec python3 /run/units.py "$@"
	;;
*) exit 1 ;;
esac
E
chmod 755 /usr/local/sbin/systemctl
# The sockets as their units have them, and the service with them.
cat >/run/units.py <<'E'
import os, pwd, re, shutil, socket, sys
def settings(unit):
    return dict(re.findall(r"^(\w+)=(.*)$", open("/usr/local/lib/systemd/system/" + unit).read(), re.M))
sockets, service = [u for u in sys.argv[1:] if u.endswith(".socket")], settings("latchkey.service")
names = []
for n, unit in enumerate(sockets):
    u = settings(unit)
    s = socket.socket(socket.AF_UNIX)
    s.bind(u["ListenStream"])
    shutil.chown(u["ListenStream"], u["SocketUser"], u["SocketGroup"])
    os.chmod(u["ListenStream"], int(u["SocketMode"], 8))
    s.listen(int(u["Backlog"]))
    os.dup2(s.fileno(), 20 + n)
    names.append(u["FileDescriptorName"])
if os.fork():
    sys.exit()
os.setsid()
os.chdir("/")
os.dup2(os.open("/dev/null", os.O_RDWR), 0)
os.dup2(os.open("/run/latchkey.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), 2)
os.dup2(2, 1)
for n in range(len(sockets)):
    os.dup2(20 + n, 3 + n)
user = pwd.getpwnam(service["User"])
os.initgroups(service["User"], user.pw_gid)
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
command = service["ExecStart"].split()
os.execve(command[0], command, {"PATH": "/usr/bin", "LISTEN_PID": str(os.getpid()),
          "LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)})
E

# --- the chapter ---

# steps_of SECTION NAME: its commands, those of a block in a file $tmp/NAME<nn>.
steps_of() {
	awk -v section="## $1" -v file="$tmp/$2" '
		/^## / { inside = $0 == section }
		!inside { next }
		sub(/^    /, "") { if (!open) step = sprintf("%s%02d", file, ++steps); open = 1; print >step; next }
		{ open = 0 }
	' doc/install.md
}
steps_of Install step
steps_of 'A database on another machine' remote
is "$(cat "$tmp"/step?? | grep -cE '^(make|make install|systemd-sysusers|systemd-tmpfiles|runuser .* migrate|nginx -t)')" 7 \
	'doc/install.md has its commands'
systemctl start postgresql nginx >"$tmp/out" 2>&1
ok $? 'PostgreSQL and nginx run, as Debian has them' || diag "$(cat "$tmp/out")"
for step in "$tmp"/step??; do
	sh -e "$step" >"$step.out" 2>&1
	ok $? "doc/install.md: $(head -n 1 "$step")" || diag "$(tail -n 5 "$step.out")"
	# nobody waits for READY=1 here
	! grep -q '^systemctl enable' "$step" || retry 30 grep -q event=ready /run/latchkey.log
done
checked=$(grep -l 'latchkey check' "$tmp"/step??)
is "$(find "$tmp" -name "remote??" | wc -l)" 1 'doc/install.md has commands for a database on another machine'
sh -e "$tmp/remote01" >"$tmp/out" 2>&1
ok $? 'the commands for a database on another machine succeed' || diag "$(cat "$tmp/out")"
is "$(stat -c '%U %a' /etc/latchkey/pgpass)" 'latchkey 600' 'the password of the database is for the workers alone'
unlike "$(cat "$checked.out")" 'warning' 'latchkey check has no warning'
like "$(cat "$checked.out")" 'settings, key, database and schema are good' 'latchkey check is content with the installation'
like "$(cat "$step.out")" '"status":"ok"' 'at the end nginx, Latchkey and PostgreSQL answer'

# --- who is who ---

is "$(ps -o user= --ppid "$(cat /run/nginx.pid)" | sort -u | xargs)" nginx 'nginx has a user of its own'
LK_URL=http://127.0.0.1:8000
api POST /users/add_user/ '{"username":"ada","password":"fourteen chars"}'
is "$status" 422 'in a new installation a password of 14 characters is too short'
api POST /users/add_user/ '{"username":"ada","password":"fifteen charact"}'
is "$status" 200 'a new installation accepts a password of 15 characters'
api POST /token 'username=ada&password=fifteen+charact'
is "$status" 200 'a password of 15 characters logs in'

# may_connect USER: to which of the sockets
may_connect() {
	for lane in check api login; do
		runuser -u "$1" -- python3 -c '
import socket, sys
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except PermissionError:
    sys.exit(1)' /run/latchkey/$lane.sock && echo $lane
	done | xargs
}
is "$(may_connect nginx)" 'check api login' 'nginx may connect to the sockets'
for user in www-data nobody latchkey_owner postgres; do
	is "$(may_connect $user)" '' "$user may not connect to the sockets"
done
is "$(stat -c %U /var/lib/nginx/body /var/lib/nginx/fastcgi | xargs)" 'nginx nginx' 'nginx has its temporary folders'
mv /var/log/nginx/latchkey.access.log /var/log/nginx/latchkey.access.log.1
nginx -s reopen
reopened() {
	[ "$(stat -c %U /var/log/nginx/latchkey.access.log 2>/dev/null)" = nginx ] && api GET / && [ -s /var/log/nginx/latchkey.access.log ]
}
retry 10 reopened
ok $? 'nginx opens its log again after a rotation'
is "$(grep -c www-data /etc/nginx/nginx.conf /etc/logrotate.d/nginx | xargs)" '/etc/nginx/nginx.conf:0 /etc/logrotate.d/nginx:0' \
	"logrotate makes nginx's logs for no other user"
is "$(runuser -u postgres -- psql -XAtd latchkey -c "select distinct tableowner from pg_tables where schemaname = 'public'")" \
	latchkey_owner 'the tables belong to their owner, not to the workers'

usermod -aG latchkey-web www-data
runuser -u latchkey -- /usr/local/sbin/latchkey check >"$tmp/out" 2>&1
like "$? $(cat "$tmp/out")" '^0 latchkey: warning: the group latchkey-web of the sockets has the members: (www-data, nginx|nginx, www-data)\.' \
	'latchkey check warns when www-data gets into the group'
is "$(may_connect www-data)" 'check api login' 'www-data in the group may connect to the sockets'

done_testing
