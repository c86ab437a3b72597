#!/bin/sh
# Readiness, as latchkey serve and latchkey check report it before anybody asks for a
# token: the database away, without its schema, a right that is missing; sockets,
# ports, the status file; another clock; and what was not looked at.
# shellcheck source=t/lib.sh disable=SC2154
. t/lib.sh
stack_up hash_cost=1 workers=1

# check [VARIABLE=VALUE...]
check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>"$tmp/err"
	said="$? $(cat "$tmp/err")"
}
logged() {
	grep -qE "$1" "$log"
}
# begin: another service, at sockets of its own
log=$tmp/serve.log
begin() {
	: >"$log"
	chmod 666 "$log"
	serve_alone "$LK_DIR/data/own.sock" "$log"
}
ends() {
	kill "$alone"
	wait "$alone"
}

# --- serve ---

begin
retry 20 logged 'event=ready pid='
ok $? 'serve is ready when the database is'
unlike "$(cat "$log")" 'warning:' 'serve with its database warns of nothing'
ends

t/stack db-stop "$LK_DIR"
begin
retry 10 logged 'warning: the database does not answer'
ok $? 'serve without its database warns at its start'
unlike "$(cat "$log")" 'event=ready' 'serve without its database is not ready'
like "$(cat "$log")" 'event=db_failed .*advice="PostgreSQL does not listen there' 'the log says why serve is not ready, with what to do'
sleep 2
is "$(grep -c warning: "$log")" 1 'serve without its database warns once'
t/stack db-start "$LK_DIR"
retry 20 logged 'event=ready pid='
ok $? 'serve is ready when the database has come'
ends

# without BEFORE WARNING AFTER
without() {
	$LK_PSQL -Xqc "$1"
	begin
	retry 10 logged "$2"
	ok $? "serve after \"$1\" warns: $2"
	unlike "$(cat "$log")" 'event=ready' "serve after \"$1\" is not ready"
	$LK_PSQL -Xqc "$3"
	retry 20 logged 'event=ready pid='
	ok $? "serve after \"$3\" is ready"
	ends
}
without 'alter table latchkey_migration rename to away' 'warning: the database has no schema.* run: latchkey migrate ROLE' \
	'alter table away rename to latchkey_migration'
without 'revoke insert on latchkey_throttle from latchkey' \
	"warning: the database's role lacks INSERT on latchkey_throttle; as the database's owner run: latchkey migrate ROLE" \
	'grant insert on latchkey_throttle to latchkey'

# Another answer is another warning; and a signal ends it at once meanwhile.
t/stack db-stop "$LK_DIR"
begin
retry 10 logged 'does not answer'
kill "$alone"
wait "$alone"
is $? 0 'serve ends while it waits for its database'
t/stack db-start "$LK_DIR"

# --- check ---

check
unlike "$said" 'listen_|status_file|clock' 'check: nothing is wrong beside a service that runs'
is "${said%% *}" 0 'check: with all well its status is 0'
is "$(tail -n 1 "$tmp/out")" 'not looked at: what the systemd unit allows; nginx and what it passes on' \
	'check: the last line says what was not looked at'
other="LATCHKEY_STATUS_FILE=$LK_DIR/data/other.status"
check "$other"
like "$(tail -n 1 "$tmp/out")" " which process listens on $LK_SOCKET_CHECK; which process listens on $LK_SOCKET_API" \
	'check: without its service it says on which sockets somebody listens'
check "$other" LATCHKEY_LISTEN_API=/nonexistent/api.sock
like "$said" '^0 latchkey: warning: listen_api: the folder /nonexistent does not exist; .* install -d -m 2750' 'check: a folder that is missing'
check "LATCHKEY_STATUS_FILE=/nonexistent/status"
like "$said" 'warning: status_file: the folder /nonexistent does not exist' "check: the status file's folder"
if [ "$(id -u)" = 0 ]; then
	mkdir "$tmp/roots"
	check "$other" LATCHKEY_LISTEN_LOGIN="$tmp/roots/login.sock"
	like "$said" "warning: listen_login: this user cannot make a file in $tmp/roots: Permission denied; do: chown" \
		'check: a folder that its user may not write'
	servers=$LK_AS LK_AS=
	check "LATCHKEY_DATABASE=host=$LK_DIR/data port=5432 user=latchkey dbname=latchkey"
	like "$(tail -n 1 "$tmp/out")" "what the service's user may read and write, since this was run as root" \
		'check: as root it says that it cannot tell what the user may'
	LK_AS=$servers
fi
echo precious >"$tmp/file"
check LATCHKEY_LISTEN_API="$tmp/file"
like "$said" "^1 latchkey: listen_api: $tmp/file: exists and is not a socket" 'check: a file in the place of a socket fails'
for wrong in localhost:9001 127.0.0.1 socket '[::1]' 127.0.0.1:65536; do
	check LATCHKEY_LISTEN_CHECK="$wrong"
	like "$said" "is neither an absolute path nor a numeric ADDRESS:PORT, such as 127.0.0.1:9001" "check: $wrong fails"
	is "${said%% *}" 1 "check: with $wrong its status is 1"
done
check "$other" LATCHKEY_LISTEN_CHECK="127.0.0.1:$LK_PORT"
like "$said" "warning: listen_check: 127.0.0.1:$LK_PORT: another process listens there" 'check: a port that is taken'
check "$other" LATCHKEY_LISTEN_CHECK=192.0.2.1:9001
like "$said" 'warning: listen_check: 192.0.2.1:9001: Cannot assign requested address' 'check: an address of another machine'
[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -le 80 ] || {
	check "$other" LATCHKEY_LISTEN_CHECK=127.0.0.1:80
	like "$said" 'warning: listen_check: 127.0.0.1:80: this port is for root alone' "check: root's port"
}
check "$other" LATCHKEY_LISTEN_CHECK="127.0.0.1:$(free_port)"
unlike "$said" 'warning: listen_check: 127.0.0.1:[0-9]*: [a-zC]' 'check: a free port is good'

# Another time than the database's.
if [ -z "${LK_SANITIZED-}" ]; then
	while read -r apart warned; do
		cat >"$tmp/time.c" <<-E
			#include <time.h>
			time_t time(time_t *out);
			time_t time(time_t *out)
			{
				struct timespec now;
				clock_gettime(CLOCK_REALTIME, &now);
				now.tv_sec += $apart;
				if (out)
					*out = now.tv_sec;
				return now.tv_sec;
			}
		E
		cc -shared -fPIC -o "$tmp/time.so" "$tmp/time.c" && chmod 755 "$tmp/time.so"
		check LD_PRELOAD="$tmp/time.so"
		if [ "$warned" = - ]; then
			unlike "$said" clock "check: a clock $apart seconds apart is right"
		else
			like "$said" "latchkey: warning: this machine's clock is [0-9]+ seconds $warned the database's; .* set by NTP" \
				"check: a clock $apart seconds apart is told"
		fi
	done <<-'E'
		1 -
		90 ahead of
		-90 behind
	E
fi

done_testing
