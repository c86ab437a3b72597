#!/bin/sh
# A log that takes no more, as on a full file system: the half of a line that went out
# was joined by the next one, and nobody was told that lines were lost.
# shellcheck source=t/lib.sh
. t/lib.sh
needs prlimit
stack_up workers=1 hash_cost=1
supervisor=$(cat "$LK_SERVE")

# limit BYTES|unlimited: what the log may have; a write beyond that is cut, or fails. As
# the user of the processes, since root may be without the right to do it to others.
limit() {
	for pid in $supervisor $(workers); do
		# shellcheck disable=SC2086 # several words
		$LK_AS prlimit --pid "$pid" --fsize="$1:" || return 1
	done
}
ask() {
	api GET "/$1"
}
joined() {
	grep -cE 'level=.*level=' "$LK_LOG"
}

ask before
size=$(stat -c %s "$LK_LOG")
limit $((size + 50))
ok $? 'the log has room for half a line'
for n in 1 2 3 4 5; do
	ask "lost-$n"
	is "$status" 404 "request $n is answered while the log takes no more"
done
is "$(stat -c %s "$LK_LOG")" $((size + 50)) 'half a line was written'
ops GET /metrics
like "$body" '^latchkey_log_lines_lost_total [5-9]' 'the metrics count lost lines while the log takes no more'
limit unlimited
ok $? 'the log has room again'
ask after
is "$(joined)" 0 'no line joins the half of another'
like "$(tail -n 2 "$LK_LOG")" 'event=request method=GET route=- status=404' 'the next line is whole'
lost=$(sed -n 's/.* level=error req=[^ ]* event=log_lost lines=\([0-9]*\)$/\1/p' "$LK_LOG")
like "$lost" '^[5-9]$' 'the log says how many lines were lost'
ask again
is "$(grep -c event=log_lost "$LK_LOG")" 1 'the log says it once'
ops GET /metrics
like "$body" "^latchkey_log_lines_lost_total $lost\$" 'the metrics count what the log says'

# The supervisor's lines, and two rounds.
size=$(stat -c %s "$LK_LOG")
limit $((size + 20))
ok $? 'the log is full again'
kill -USR1 "$supervisor"
cut_short() {
	[ "$(stat -c %s "$LK_LOG")" = $((size + 20)) ]
}
retry 10 cut_short
ok $? 'half a line of the supervisor was written'
ask lost
limit unlimited
ok $? 'the log has room once more'
ask after
is "$(joined)" 0 "no worker's line joins the half of the supervisor's"
is "$(grep -c event=log_lost "$LK_LOG")" 2 'the log says again that lines were lost'
done_testing
