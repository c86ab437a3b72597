#!/bin/sh
# A new process kind is a row of app/role.h and a run function in
# app/server/worker.c. With one that has no socket: settings, processes, figures
# and the status page have it, and nothing else of the program was changed.
# shellcheck source=t/lib.sh
. t/lib.sh

mkdir -p "$tmp/tree/web"
cp -R Makefile app sql "$tmp/tree"
cp web/*.html web/openapi.json "$tmp/tree/web"
python3 - "$tmp/tree/app" <<'END'
import sys

def insert(file, before, text):
    with open(file) as f:
        head, mark, tail = f.read().partition(before)
    assert mark, before
    with open(file, "w") as f:
        f.write(head + text + mark + tail)

insert(sys.argv[1] + "/role.h", "	ROW(LOGIN,", """\
	ROW(WATCHER, "watcher", INNER, NEED_DATABASE, USUAL, FIXED, 2, watch) \\
""")
insert(sys.argv[1] + "/server/worker.c", "/*\n * The run function of each role", """\
static bool
watch(const struct worker_setup *w, int64_t hash_us)
{
	notify_ready(w, hash_us);
	while (w->app->db != NULL)
		pause();
	return true;
}

""")
END
make -s -C "$tmp/tree" CFLAGS=-O0 JOBS=2 build/latchkey >"$tmp/make" 2>&1
ok $? 'role: with a row and a run function more the program is built' || diag "$(tail -n 5 "$tmp/make")"
is "$("$tmp/tree/build/latchkey" settings | grep -c watcher)" 0 'role: one without a socket has no setting'

stack_up bin="$tmp/tree/build/latchkey" hash_cost=1
supervisor=$(cat "$LK_SERVE")
watchers() {
	pgrep -x latchkey-watcher -P "$supervisor"
}
is "$(watchers | wc -l)" 2 'role: there are as many processes of a new one as its row says'
api GET /users/me
is "$status" 401 'role: the lanes are served as before'
ops GET /metrics
is "$(printf '%s\n' "$body" | grep '{lane="watcher"' | sort)" 'latchkey_database_connected{lane="watcher",worker="0"} 0
latchkey_database_connected{lane="watcher",worker="1"} 0
latchkey_worker_requests_total{lane="watcher",worker="0"} 0
latchkey_worker_requests_total{lane="watcher",worker="1"} 0
latchkey_worker_restarts_total{lane="watcher"} 0
latchkey_worker_up{lane="watcher",worker="0"} 1
latchkey_worker_up{lane="watcher",worker="1"} 1' 'role: the figures have a new one, but no requests and no queue of it'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" status)" '^watcher +2 +0 ' 'role: so has the status page'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check)" '^workers: check .*, watcher 2, .*connections to the database: 7,' \
	'role: check counts its processes and their connections to the database'
old=$(watchers | head -n 1)
kill -KILL "$old"
replaced() {
	[ "$(watchers | wc -l)" = 2 ] && ! watchers | grep -qx "$old"
}
retry 10 replaced
ok $? 'role: one that dies is replaced'
old=$(watchers)
kill -HUP "$supervisor"
renewed() {
	[ "$(watchers | wc -l)" = 2 ] && ! watchers | grep -Fqx "$old"
}
retry 20 renewed
ok $? 'role: a reload replaces each'

done_testing
