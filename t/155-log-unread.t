#!/bin/sh
# A log that nobody reads. A worker waited for the reader as long as that lasted: it
# answered nothing, and SIGTERM did not end it.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up workers=1 hash_cost=1
mkdir -m 777 "$tmp/bin"

# ask PATH: the service's status
ask() {
	SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI="$1" REMOTE_ADDR=192.0.2.1 \
		timeout 5 cgi-fcgi -bind -connect "$place-api" </dev/null >"$tmp/answer.$kind" 2>/dev/null
	sed -n '1s/^Status: \([0-9]*\).*/\1/p' "$tmp/answer.$kind"
}
# counter NAME: of the metrics
counter() {
	ask /metrics >/dev/null
	sed -n "s/\r//; s/^$1 \([0-9]*\)\$/\1/p" "$tmp/answer.$kind"
}
lost() {
	counter latchkey_log_lines_lost_total
}
# lose LINES: requests, until so many more lines are lost, but not for ever
lose() {
	now=$(lost) requests=0 unanswered=0
	wanted=$((${now:-0} + $1))
	while [ "${now:-$wanted}" -lt "$wanted" ] && [ $requests -lt 1500 ]; do
		requests=$((requests + 1))
		[ "$(ask /nothing)" = 404 ] || unanswered=$((unanswered + 1))
		[ $((requests % 10)) != 0 ] || now=$(lost)
		[ -n "$now" ] || unanswered=$((unanswered + 1))
		[ $unanswered = 0 ] || break
	done
	is "$unanswered" 0 "$kind: each request is answered while nobody reads the log"
	[ "${now:-0}" -ge "$wanted" ]
	ok $? "$kind: the metrics count lines that are lost while nobody reads the log"
}
says() {
	ask /nothing >/dev/null
	grep -q "$1" "$log"
}
their_workers() {
	pgrep -P "$supervisor"
}
replaced() {
	[ -n "$(their_workers)" ] && ! their_workers | grep -qxF "$before"
}
is_reloaded() {
	[ "$(counter 'latchkey_reloads_total{outcome="ok"}')" -gt "$reloads" ]
}
is_gone() {
	! kill -0 "$supervisor" 2>/dev/null
}

# Its log is $log, and read while $tmp/read.KIND is there.
begin() {
	kind=$1 place=$LK_DIR/data/$1 log=$tmp/$1.log program=$tmp/bin/$1
	cp "$LK_BIN" "$program" && chmod 755 "$program"
	touch "$tmp/read.$kind"
	# The tool comes by standard input, since the servers' user may not read the tree.
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env LATCHKEY_LISTEN_CHECK="$place-check" LATCHKEY_LISTEN_API="$place-api" LATCHKEY_LISTEN_LOGIN="$place-login" \
		LATCHKEY_STATUS_FILE="$place.status" python3 -B - "$kind" "$tmp/read.$kind" \
		"$program" -c "$LK_CONF" serve <t/tool/unread.py >"$log" &
	tool=$!
	retry 30 grep -q event=ready "$log"
	ok $? "$kind: the service is ready" || diag "$(cat "$log")"
	supervisor=$(head -n 1 "$log")
	children="$children $supervisor"
}

for kind in pipe shared socket terminal; do
	begin $kind
	rm "$tmp/read.$kind"
	lose 20 || { # no more of what waits for ever, and ends when it is read
		touch "$tmp/read.$kind"
		kill "$supervisor"
		wait $tool
		break
	}

	# The supervisor's lines are lost, too.
	reloads=$(counter 'latchkey_reloads_total{outcome="ok"}')
	kill -HUP "$supervisor"
	retry 20 is_reloaded
	ok $? "$kind: settings are reloaded while nobody reads the log"
	before=$(their_workers)
	cp "$program" "$program.new" && echo another >>"$program.new" && mv "$program.new" "$program"
	kill -HUP "$supervisor"
	retry 30 replaced
	ok $? "$kind: another program takes over while nobody reads the log"
	lose 20

	touch "$tmp/read.$kind"
	retry 10 says 'level=error req=[^ ]* event=log_lost lines=[0-9]'
	ok $? "$kind: the log says that lines were lost once it is read again" || diag "$(tail -n 3 "$log")"
	retry 10 says 'event=request .* status=404'
	is "$(grep -cE 'level=.*level=' "$log")" 0 "$kind: no line joins another"

	rm "$tmp/read.$kind"
	lose 1
	kill "$supervisor"
	retry 10 is_gone
	ok $? "$kind: SIGTERM ends the service while nobody reads the log" || kill -KILL "$supervisor"
	wait $tool
	is "$(tail -n 1 "$log")" 'flags 0' "$kind: those who share the log find it as it was"
done
done_testing
