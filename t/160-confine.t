#!/bin/sh
# Confinement by role (confine = on). A library put before the program
# (t/tool/forbid.c) does in each worker, right after it has been confined, what
# somebody would do who has taken it over.
# shellcheck source=t/lib.sh
. t/lib.sh

# A library put before the program is what the sanitizers cannot bear, and they
# make system calls of their own: see the last test.
[ -z "${LK_SANITIZED-}" ] || skip_all 'with a sanitizer workers are not confined'

stack_up hash_cost=1 workers=1
sign_up ada 'correct horse battery'
log_in ada 'correct horse battery'
is "$status" 200 'a confined login worker lets users in'
take_token
api GET /check -H "Authorization: Bearer $token"
is "$status" 200 'a confined check worker takes the token'
api GET /users/me -H "Authorization: Bearer $token"
is "$status" 200 'a confined api worker answers'
ops GET /metrics
like "$body" '^latchkey_queue_length\{lane="login"\} [0-9]' 'a confined api worker shows the lengths of queues'
is "$(grep -c 'event=call_refused' "$LK_LOG")" 0 'no worker makes a call that is not in its table'

# field PID NAME: of /proc/PID/status
field() {
	sed -n "s/^$2:[ 	]*//p" "/proc/$1/status"
}

for lane in check api login keeper; do
	pid=$(workers $lane)
	is "$(field "$pid" Seccomp) $(field "$pid" NoNewPrivs)" '2 1' "a worker has a filter and gets no privileges: $lane"
	like "$(sed -n 's/^Max processes *//p' "/proc/$pid/limits")" '^0 +0 ' "a worker may make no process: $lane"
	like "$(sed -n 's/^Max open files *//p' "/proc/$pid/limits")" '^(1024|[0-9]{1,3}) +(1024|[0-9]{1,3}) ' "a worker may have 1024 descriptors: $lane"
done

# --- each forbidden act, in each role ---

"${CC:-cc}" -D_GNU_SOURCE -std=c11 -shared -fPIC -o "$tmp/forbid.so" t/tool/forbid.c && chmod 644 "$tmp/forbid.so"
ok $? 'the library of forbidden acts is built'
landlock=$(python3 -c 'import ctypes; print(max(0, ctypes.CDLL(None).syscall(444, None, 0, 1)))')
port=$(free_port)
python3 t/tool/proxy.py "$port" "$LK_DIR/data/.s.PGSQL.5432" "$tmp/way" &
children="$children $!"
retry 10 test -e "$tmp/way"


# acts NAME VARIABLE=VALUE...: a service of its own, with a process for each role
# and the library; its log is $log
acts() {
	log=$tmp/$1.log place=$LK_DIR/data/$1
	shift
	: >"$log"
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_LISTEN_CHECK="$place-check" LATCHKEY_LISTEN_API="$place-api" LATCHKEY_LISTEN_LOGIN="$place-login" \
		LATCHKEY_STATUS_FILE="$place.status" LD_PRELOAD="$tmp/forbid.so" FORBIDDEN_KEY="$LK_KEY" FORBIDDEN_PORT="$port" \
		FORBIDDEN_SOCKET="$LK_DIR/data/.s.PGSQL.5432" FORBIDDEN_PASSWORD="$LK_DIR/data/pgpass" "$@" \
		"$LK_BIN" -c "$LK_CONF" serve </dev/null 2>>"$log" &
	children="$children $!"
	retry 60 grep -q event=ready "$log"
	ok $? "a service starts with the library: ${log##*/}" || diag "$(tail -n 5 "$log")"
}

# done_by ROLE: its acts that came about in any process, and the number of all that were tried
done_by() {
	sed -n "s/^forbidden $1 \([^ ]*\) done\$/\1/p" "$log" | awk '!seen[$0]++' | tr '\n' ' '
	grep "^forbidden $1 " "$log" | sort -uk3,3 | wc -l
}

# tried ROLE ACT...: what came of each
tried() {
	role=$1
	shift
	for act; do
		sed -n "s/^forbidden $role $act //p" "$log" | sort -u
	done | tr '\n' ' '
}

$LK_AS sh -c 'umask 077; echo "*:*:*:latchkey:secret" >"$1"' pgpass "$LK_DIR/data/pgpass"
all=$(grep -c '^	{ "' t/tool/forbid.c)
names='faccessat readlinkat' # of files, which libpq looks for

# --- a database beside it: a Unix socket ---

acts beside FORBIDDEN=try
is "$(done_by check)" "$all" 'a check worker that was taken over can do nothing of it'
is "$(done_by api)" "unix netlink-diag $names $all" 'an api worker can connect to the database, and ask for queues'
is "$(done_by login)" "unix $names $all" 'a login worker can connect to the database'
is "$(done_by keeper)" "unix $names $all" 'the keeper can connect to the database'
for role in check api login keeper; do
	is "$(tried $role open-key open-program)" 'EACCES EACCES ' \
		"a worker cannot open the key, nor what lies below /usr beside libraries: $role"
	is "$(tried $role execve execveat clone clone3)" 'killed killed killed killed ' \
		"a worker that executes a program or makes a process is ended: $role"
	is "$(tried $role ptrace process_vm_readv)" 'killed killed ' "a worker that looks into another process is ended: $role"
	is "$(tried $role kill tgkill kill-all rt_sigqueueinfo pidfd_open fcntl-setown)" \
		'killed killed killed killed killed killed ' "a worker that signals the supervisor is ended: $role"
	is "$(tried $role setns unshare mount chroot setuid)" 'killed killed killed killed killed ' \
		"a worker that enters or makes a namespace is ended: $role"
	is "$(tried $role io_uring_setup bpf userfaultfd unlink fchmodat)" \
		'killed killed killed killed killed ' "a worker that makes an odd call is ended: $role"
	is "$(tried $role prlimit64 sigaction-sigsys sigaction-wide)" 'killed killed killed ' \
		"a worker that raises a limit, or wants to outlive its filter, is ended: $role"
done
is "$(tried check tcp tcp6 udp unix netlink-diag netlink-route socketpair)" \
	'killed killed killed killed killed killed killed ' 'a check worker that makes a socket is ended'
is "$(tried check add_key keyctl request_key)" 'killed killed killed ' 'a check worker that asks for keys of the kernel is ended'
is "$(tried check faccessat readlinkat)" 'EACCES EACCES ' 'a check worker finds no file by any call'
is "$(tried check mmap-exec mprotect-exec memfd-exec)" 'killed killed killed ' \
	'a check worker that maps code is ended, of a file in memory, too'
for role in api login keeper; do
	is "$(tried $role tcp tcp6 udp netlink-route)" 'EACCES EACCES EACCES EACCES ' \
		"a worker beside its database has no other sockets: $role"
	is "$(tried $role mptcp fastopen-sendto fastopen-sendmsg)" 'EACCES killed killed ' \
		"a worker connects by connect() and TCP alone: $role"
	is "$(tried $role add_key keyctl request_key)" 'ENOSYS ENOSYS ENOSYS ' \
		"a worker has no keyring of the kernel, which Kerberos does without: $role"
	is "$(tried $role mmap-exec mprotect-exec)" 'EACCES EACCES ' "a worker maps no code: $role"
	is "$(tried $role create-file)" 'EACCES ' "a worker makes no file: $role"
done

# --- the supervisor, which every process begins as ---

names_of_all='open-key open-password open-program create-file tcp tcp6 fastopen-sendto fastopen-sendmsg udp unix netlink-diag netlink-route socketpair'
is "$(done_by supervisor)" "$names_of_all clone kill kill-all tgkill fcntl-setown memfd-exec mmap-exec mprotect-exec \
$names prctl-dumpable prlimit64 sigaction-sigsys sigaction-wide $all" \
	'the supervisor reads files, makes and signals processes, as its workers do before they are confined'
is "$(tried supervisor execve execveat)" 'ENOENT killed ' \
	'the supervisor executes programs by the one call of an upgrade, which finds none here'
is "$(tried supervisor ptrace process_vm_readv setns unshare mount chroot io_uring_setup bpf userfaultfd)" \
	'killed killed killed killed killed killed killed killed killed ' \
	'the supervisor is ended when it traces, mounts or enters a namespace'
is "$(tried supervisor clone3 clone-newuser mptcp rt_sigqueueinfo pidfd_open setuid fchmodat add_key keyctl request_key)" \
	'ENOSYS EPERM ENOSYS ENOSYS ENOSYS ENOSYS ENOSYS ENOSYS ENOSYS ENOSYS ' \
	'a call that the supervisor does not need fails as if the kernel did not have it'
is "$(tried supervisor open-memory)" 'EACCES ' 'nobody but root opens the memory of the supervisor'
supervisor=$(sed -n 's/.*event=ready pid=\([0-9]*\).*/\1/p' "$log")
is "$(field "$supervisor" Seccomp) $(field "$supervisor" NoNewPrivs)" '2 1' 'the supervisor has a filter and gets no privileges'

# --- a database that is reached by TCP and by its name ---

acts away FORBIDDEN=try LATCHKEY_DATABASE="host=localhost port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
if [ "$landlock" -ge 4 ]; then
	is "$(done_by check)" "$all" 'a check worker cannot open the password of the database'
	for role in login keeper; do
		is "$(done_by $role)" "open-password tcp tcp6 $names $all" "a worker can read its password, and connect to its port: $role"
	done
	log_was=$log
	acts elsewhere FORBIDDEN=try FORBIDDEN_PORT="$LK_PORT" \
		LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey"
	is "$(tried login tcp)" 'EACCES ' 'a worker cannot connect to another port than the database has'
	is "$(tried login mptcp fastopen-sendto fastopen-sendmsg)" 'EACCES killed killed ' \
		'a worker cannot connect to another port by MPTCP, or by a message that opens a connection'
	log=$log_was
else
	skip 'a worker can connect to the port of its database alone' "Landlock is of version $landlock"
fi
if [ "$landlock" -ge 4 ]; then
	is "$(done_by names)" "tcp6 udp unix netlink-diag netlink-route clone mmap-exec mprotect-exec $names prctl-dumpable $all" \
		'the process that looks names up has sockets, modules and a process for each name, and no more'
	is "$(tried names tcp mptcp fastopen-sendto fastopen-sendmsg)" 'EACCES killed killed killed ' \
		'the process that looks names up connects by TCP to no port but that of name servers'
fi
is "$(tried names clone-newuser clone3)" 'EPERM ENOSYS ' 'the process that looks names up makes no namespace'
if [ "$landlock" -ge 1 ]; then
	is "$(tried names open-key create-file)" 'EACCES EACCES ' 'the process that waits for names reads files of the system alone'
fi

# of_away: the processes of that service that wait for names
of_away() {
	for dir in /proc/[0-9]*; do
		[ "$(cat "$dir/comm" 2>/dev/null)" = latchkey-names ] && tr '\0' '\n' 2>/dev/null <"$dir/environ" |
			grep -qxF "LATCHKEY_STATUS_FILE=$LK_DIR/data/away.status" && echo "$dir"
	done
}

if [ "$(id -u)" -eq 0 ]; then
	n=0 shared=0
	for dir in $(of_away); do
		n=$((n + 1))
		! grep -qE 'memfd:latchkey|away\.status' "$dir/maps" || shared=$((shared + 1))
	done
	is "$((n >= 3)) $shared" '1 0' 'the processes that wait for names share no memory with the others'
else
	skip 'the processes that wait for names share no memory with the others' 'maps of a process are for root'
fi
is "$(tried names execve ptrace kill setns)" 'killed killed killed killed ' \
	'the process that looks names up is ended when it executes a program, traces, signals or enters a namespace'

# It says why it cannot begin: the count of lost lines was in memory that it has no more.
acts silent FORBIDDEN_SECCOMP=names LATCHKEY_DATABASE="host=localhost port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
like "$(cat "$log")" '^([^ ]* )?latchkey: confine: seccomp: Permission denied; to serve without, set confine = off$' \
	'a process that looks names up writes to the log after it has given up shared memory'

# --- the event, and the service after it ---

acts event FORBIDDEN=check:execve
retry 10 grep -q 'event=call_refused' "$log"
like "$(cat "$log")" 'level=error req=- event=call_refused lane=check pid=[0-9]* call=execve$' 'the log names the lane and the call'
like "$(cat "$log")" 'event=worker_ended lane=check pid=[0-9]* signal=31$' 'the worker was ended by SIGSYS'
# shellcheck disable=SC2086
is "$($LK_AS env REQUEST_METHOD=GET REQUEST_URI=/check HTTP_AUTHORIZATION="Bearer $token" REMOTE_ADDR=192.0.2.1 \
	cgi-fcgi -bind -connect "$LK_DIR/data/event-check" </dev/null | sed -n '1s/Status: \([0-9]*\).*/\1/p')" 200 \
	'another check worker has taken its place, and answers'
# shellcheck disable=SC2086
like "$($LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/event.status" "$LK_BIN" -c "$LK_CONF" status)" 'calls refused +1' \
	'the status page counts it'

log=$tmp/attack.log place=$LK_DIR/data/attack
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_LISTEN_CHECK="$place-check" LATCHKEY_LISTEN_API="$place-api" LATCHKEY_LISTEN_LOGIN="$place-login" \
	LATCHKEY_STATUS_FILE="$place.status" LD_PRELOAD="$tmp/forbid.so" FORBIDDEN=supervisor:ptrace \
	timeout 60 "$LK_BIN" -c "$LK_CONF" serve </dev/null >"$log" 2>&1
is $? $((128 + 31)) 'a supervisor that traces another process is ended by SIGSYS'
like "$(cat "$log")" 'level=error req=- event=call_refused lane=supervisor pid=[0-9]* call=ptrace$' \
	'the log names the call that ended the supervisor'

# --- limits, where the log is no file, as under systemd ---

mkfifo "$tmp/lines"
cat "$tmp/lines" >"$tmp/piped.log" &
children="$children $!"
# shellcheck disable=SC2086 # words of a command
$LK_AS env LATCHKEY_LISTEN_CHECK="$LK_DIR/data/piped-check" LATCHKEY_LISTEN_API="$LK_DIR/data/piped-api" \
	LATCHKEY_LISTEN_LOGIN="$LK_DIR/data/piped-login" LATCHKEY_STATUS_FILE="$LK_DIR/data/piped.status" \
	"$LK_BIN" -c "$LK_CONF" serve </dev/null 2>"$tmp/lines" &
children="$children $!"
retry 60 grep -q event=ready "$tmp/piped.log"
supervisor=$(sed -n 's/.*event=ready pid=\([0-9]*\).*/\1/p' "$tmp/piped.log")
for role in check api login keeper; do
	is "$(sed -n 's/^Max file size *//p' "/proc/$(pgrep -P "$supervisor" -x "latchkey-$role")/limits" | xargs)" \
		'1048576 1048576 bytes' "a worker writes no file beyond 1 MiB where the log is none: $role"
done

# --- files of the connection, which may be replaced ---

# password TEXT: the role's from now on, and of a new file in the place of the old
password() {
	sql_admin "alter role latchkey password '$1'"
	# shellcheck disable=SC2016 # that shell's
	$LK_AS sh -c 'umask 077; echo "*:*:*:latchkey:$2" >"$1.new" && mv "$1.new" "$1"' pgpass "$LK_DIR/data/pgpass" "$1"
}

ready() {
	# shellcheck disable=SC2086
	[ "$($LK_AS env REQUEST_METHOD=GET REQUEST_URI=/readyz REMOTE_ADDR=192.0.2.1 cgi-fcgi -bind \
		-connect "$LK_DIR/data/files-api" </dev/null | sed -n '1s/Status: \([0-9]*\).*/\1/p')" = 200 ]
}

password first
sed -i '1i local all latchkey scram-sha-256' "$LK_DIR/data/pg/pg_hba.conf"
sql_admin 'select pg_reload_conf()' >/dev/null
acts files LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
retry 10 ready
ok $? 'a confined worker connects with the password in its file'
password second
sql_admin "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'latchkey'" >/dev/null
retry 20 ready
ok $? 'a worker serves with a new password, in a file that took the place of the old one'
like "$(cat "$log")" 'level=warning req=- event=db_files_changed pid=' 'the log says that the file was replaced'
is "$(grep -c 'event=call_refused' "$log")" 0 'no call is refused meanwhile'

# --- a kernel that knows less ---

if [ "$landlock" -ge 2 ]; then
	acts older FORBIDDEN=try FORBIDDEN_LANDLOCK=2 FORBIDDEN_PORT="$LK_PORT" \
		LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
	is "$(grep -c "this kernel's Landlock knows no ports" "$log")" 1 'where Landlock knows no ports the log says so, once'
	is "$(tried login open-key)" 'EACCES ' 'where Landlock knows no ports it keeps a worker from files'
	is "$(tried login mptcp udp)" 'EACCES EACCES ' 'where Landlock knows no ports a worker has no other sockets than TCP'
else
	skip 'where Landlock knows no ports the log says so, once' "Landlock is of version $landlock"
fi

# --- off ---

acts off LATCHKEY_CONFINE=off FORBIDDEN=try LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
supervisor=$(sed -n 's/.*event=ready pid=\([0-9]*\).*/\1/p' "$log")
is "$(field "$supervisor" NoNewPrivs)" "$(field $$ NoNewPrivs)" 'with confine = off the supervisor keeps what it has'
like "$(cat "$log")" 'latchkey: confine = off: workers keep all system calls' 'with confine = off the log says so'
is "$(grep -c '^forbidden' "$log")" 0 'with confine = off no worker has a filter'


# --- a kernel without filters ---

cp "$LK_CONF" "$LK_DIR/data/none.conf"
LK_CONF=$LK_DIR/data/none.conf
sed -i 's/^confine = .*/confine = off/' "$LK_CONF"
acts none FORBIDDEN_SECCOMP=none LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
supervisor=$(sed -n 's/.*event=ready pid=\([0-9]*\).*/\1/p' "$log")
sed -i 's/^confine = .*/confine = on/' "$LK_CONF"
kill -HUP "$supervisor"
retry 20 grep -q 'event=reload result=' "$log"
like "$(cat "$log")" 'confine: this kernel has no filter of system calls' 'a reload to confinement that the kernel cannot do says so'
like "$(cat "$log")" 'event=reload result=kept' 'a reload to confinement that the kernel cannot do is refused'

# --- on, and off again ---

sed -i 's/^confine = .*/confine = off/' "$LK_CONF"
acts again LATCHKEY_DATABASE="host=127.0.0.1 port=$port user=latchkey dbname=latchkey passfile=$LK_DIR/data/pgpass"
supervisor=$(sed -n 's/.*event=ready pid=\([0-9]*\).*/\1/p' "$log")
sed -i 's/^confine = .*/confine = on/' "$LK_CONF"
kill -HUP "$supervisor"
retry 20 grep -q 'event=reload result=done' "$log"
is "$(field "$supervisor" Seccomp) $(field "$supervisor" NoNewPrivs)" '2 1' 'a reload with confine = on confines the supervisor, too'
sed -i 's/^confine = .*/confine = off/' "$LK_CONF"
kill -HUP "$supervisor"
retry 20 grep -q 'confine = off: what the supervisor has given up stays so until a restart' "$log"
ok $? 'a reload with confine = off says that the supervisor stays confined'

done_testing
