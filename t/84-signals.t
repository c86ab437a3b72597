#!/bin/sh
# Signals that a service is sent though they mean nothing to it: logrotate's
# USR1 ended all of it once. Those that mean something are in t/91-signals.t and
# t/58-reload.t, the process that resolves names in t/89-hosts.t.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1

supervisor=$(cat "$LK_SERVE")
three_workers() {
	[ "$(workers | wc -l)" = 3 ]
}
retry 10 three_workers
before=$(workers | sort | tr '\n' ' ')

# all NAME PID: every signal that might end or stop a process and is not KILL,
# STOP or the report of a bug; real-time ones have numbers alone.
all() {
	for signal in USR1 USR2 ALRM VTALRM PROF PIPE IO 16 PWR TSTP TTIN TTOU XCPU XFSZ WINCH URG CONT $(seq 34 64); do
		kill -"$signal" "$2" || {
			ok 1 "$1 is alive before SIG$signal"
			return
		}
	done
	api GET /users/me
	is "$status" 401 "$1 answers after each signal that means nothing"
	is "$(sed -n 's/^State:	\(.\).*/\1/p' "/proc/$2/status" | tr R S)" S "$1 is neither ended nor stopped by them"
}
for lane in check api login; do
	all "the worker $lane" "$(workers "$lane")"
done
# to the supervisor last, as the end of one is the end of all
all 'the supervisor' "$supervisor"
is "$(workers | sort | tr '\n' ' ')" "$before" 'no worker was replaced for a signal'
for name in USR1 USR2; do
	retry 5 grep -q "level=info req=- event=signal_ignored signal=$name" "$LK_LOG"
	ok $? "SIG$name, which log rotation sends, is a line of the log"
done
is "$(grep -c event=signal_ignored "$LK_LOG")" 2 'other signals are no line of the log'

# In a terminal Ctrl-Z and Ctrl-\ go to all of them at once.
# shellcheck disable=SC2046 # numbers
kill -TSTP "$supervisor" $(workers)
api GET /users/me
is "$status" 401 'Ctrl-Z does not stop the service'
login=$(workers login)
kill -QUIT "$login"
replaced() {
	[ -n "$(workers login)" ] && [ "$(workers login)" != "$login" ]
}
retry 10 replaced
ok $? 'SIGQUIT ends a worker, and another takes its place'
like "$(grep "pid=$login" "$LK_LOG" | tail -n 2)" "event=stop pid=$login" 'SIGQUIT lets a worker finish its requests, as SIGTERM does'
kill -QUIT "$supervisor"
gone() {
	! kill -0 "$supervisor" 2>/dev/null
}
retry 10 gone
ok $? 'SIGQUIT ends the service, as SIGTERM does'
is "$(pgrep -f "^$LK_BIN -c $LK_CONF" | wc -l)" 0 'SIGQUIT ends the workers of the service'

done_testing
