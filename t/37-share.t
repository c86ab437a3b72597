#!/bin/sh
# CPU share of logins: below everything else, but not starved by it. A flood
# of cheap requests (GET /, 401s) keeps the CPUs busy with nginx and the other
# lanes, and at nice 10 left a login worker a tenth of what each of them got.
# CPU time of two processes on one CPU is compared, so neither other load nor
# speed matters.
# shellcheck source=t/lib.sh
. t/lib.sh

# Hashes that take a while, so that the worker never waits for the next one.
stack_up workers=1 hash_cost=8 hash_memory_max_mib=128 login_failures_per_name_hour=1000000 \
	login_failures_per_address_hour=1000000 login_failures_per_client_hour=1000000
supervisor=$(cat "$LK_SERVE")
worker=$(pgrep -x latchkey-login -P "$supervisor")
isnt "$worker" '' 'the login lane has a worker'

# ticks PID: of CPU time that it has had.
ticks() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# The first CPU that we may use; both are to share it.
cpu=$(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/')
taskset -pc "$cpu" "$worker" >/dev/null
ok $? 'the login worker is bound to one CPU'
setsid taskset -c "$cpu" sh -c 'while :; do :; done' &
busy=$!
PYTHONPATH=t/tool timeout 60 python3 -c '
import sys, threading
from peer import fcgi
body = b"username=nobody&password=x"
what = [(b"REQUEST_METHOD", b"POST"), (b"REQUEST_URI", b"/token"), (b"REMOTE_ADDR", b"127.0.0.1"),
        (b"CONTENT_TYPE", b"application/x-www-form-urlencoded"), (b"CONTENT_LENGTH", b"%d" % len(body))]
def ask():
    while True:
        fcgi(sys.argv[1], what, body)
for _ in range(4):
    threading.Thread(target=ask).start()
' "$LK_SOCKET_LOGIN" &
children="$busy $!"

has_worked() {
	[ "$(ticks "$worker")" -gt "$((before + $1))" ]
}
before=$(ticks "$worker")
retry 20 has_worked 10
ok $? 'the login worker hashes beside a process that wants the whole CPU'
start_worker=$(ticks "$worker") start_busy=$(ticks "$busy")
before=$start_worker
retry 60 has_worked 30
worker_had=$(($(ticks "$worker") - start_worker)) busy_had=$(($(ticks "$busy") - start_busy))
diag "CPU time: login worker $worker_had, the other $busy_had ticks"
[ $((worker_had * 5)) -gt "$busy_had" ]
ok $? 'a login worker has more than a fifth of the CPU time of a busy process'
[ $((worker_had * 2)) -lt "$busy_had" ]
ok $? 'a login worker has less than half of the CPU time of a busy process, as its priority is lower'

done_testing
