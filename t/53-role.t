#!/bin/sh
# A new process kind: a row of app/role.h, a run function in app/server/worker.c, and a
# column of app/server/calls.c with the system calls that it makes. With one that has no
# socket: settings, processes, figures and the status page have it, and nothing else of
# the program was changed.
# shellcheck source=t/lib.sh
. t/lib.sh

mkdir -p "$tmp/tree/web"
cp -R Makefile app sql "$tmp/tree"
cp -R web/*.html web/openapi.json web/pages "$tmp/tree/web"
python3 -B t/tool/new_role.py "$tmp/tree/app"
make -s -C "$tmp/tree" CFLAGS=-O0 JOBS=2 build/latchkey >"$tmp/make" 2>&1
ok $? 'role: with a row and a run function more the program is built' || diag "$(tail -n 5 "$tmp/make")"
is "$("$tmp/tree/build/latchkey" settings | grep -c warden)" 0 'role: one without a socket has no setting'

stack_up bin="$tmp/tree/build/latchkey" hash_cost=1
supervisor=$(cat "$LK_SERVE")
wardens() {
	pgrep -x latchkey-warden -P "$supervisor"
}
is "$(wardens | wc -l)" 2 'role: there are as many processes of a new one as its row says'
api GET /users/me
is "$status" 401 'role: the lanes are served as before'
ops GET /metrics
is "$(printf '%s\n' "$body" | grep '{lane="warden"' | sort)" 'latchkey_database_connected{lane="warden",worker="0"} 0
latchkey_database_connected{lane="warden",worker="1"} 0
latchkey_worker_requests_total{lane="warden",worker="0"} 0
latchkey_worker_requests_total{lane="warden",worker="1"} 0
latchkey_worker_restarts_total{lane="warden"} 0
latchkey_worker_up{lane="warden",worker="0"} 1
latchkey_worker_up{lane="warden",worker="1"} 1' 'role: the figures have a new one, but no requests and no queue of it'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" status)" '^warden +2 +0 ' 'role: the status page has a new one'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check)" '^workers: check .*, warden 2, .*connections to the database: 7,' \
	'role: check counts its processes and their connections to the database'
old=$(wardens | head -n 1)
kill -KILL "$old"
replaced() {
	[ "$(wardens | wc -l)" = 2 ] && ! wardens | grep -qx "$old"
}
retry 10 replaced
ok $? 'role: one that dies is replaced'
old=$(wardens)
kill -HUP "$supervisor"
renewed() {
	[ "$(wardens | wc -l)" = 2 ] && ! wardens | grep -Fqx "$old"
}
retry 20 renewed
ok $? 'role: a reload replaces each'

done_testing
