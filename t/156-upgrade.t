#!/bin/sh
# Another program in the place of the one that runs, by SIGHUP: no request is lost, and
# the process stays. A restart let logins wait for two seconds.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 workers=2
supervisor=$(cat "$LK_SERVE")

count() {
	grep -c "$1" "$LK_LOG"
}
lines() {
	[ "$(count "$1")" -ge "$2" ]
}
# install PROGRAM: as a package does it, a new file in the place of the old one.
install_program() {
	cp "$1" "$LK_BIN.new" && chmod 755 "$LK_BIN.new" && mv "$LK_BIN.new" "$LK_BIN"
}
# another N: the program, as one of another version would be for the kernel.
another() {
	cat build/latchkey >"$tmp/program$1" && echo "$1" >>"$tmp/program$1"
}
# The files that the processes of the service run; only root may ask that.
running() {
	for process in "$supervisor" $(workers); do
		stat -Lc %i "/proc/$process/exe"
	done | sort -u | xargs
}
retry 20 lines event=ready 1
# filter: of the supervisor, how many filters, and whether it may gain privileges
filter() {
	sed -n 's/^\(Seccomp\|Seccomp_filters\|NoNewPrivs\):[ 	]*//p' "/proc/$supervisor/status" | xargs
}
confined=$(filter)
[ -n "${LK_SANITIZED-}" ] || like "$confined" '^1 2( [1-9]|$)' 'the supervisor has a filter and gets no privileges'

# --- under load ---

first=$(workers)
sockets=$(stat -c '%n %i' "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN")
for n in 1 2 3 4; do
	another $n
done
cat >"$tmp/upgrade" <<END
cp "$tmp/program\$n" "$LK_BIN.new" && chmod 755 "$LK_BIN.new" && mv "$LK_BIN.new" "$LK_BIN" && kill -HUP $supervisor || exit
for i in \$(seq 300); do
	[ "\$(grep -c event=ready "$LK_LOG")" -le \$n ] || exit 0
	sleep 0.1
done
exit 1
END
python3 t/tool/upgrade.py --times 4 --before 2 "$LK_URL" ". $tmp/upgrade" >"$tmp/result" 2>"$tmp/errors"
ok $? 'four upgrades under load, and each of them gets ready' || diag "$(cat "$tmp/errors")"
while read -r kind requests wrong before during; do
	is "$wrong" 0 "upgrades under load: $kind, each request has its answer"
	echo "# $kind: $requests requests, the longest $before ms, during upgrades $during ms"
done <"$tmp/result"
is "$(awk '$2 > 0' "$tmp/result" | wc -l)" 5 'upgrades under load: each kind of request was sent'
is "$(count 'event=upgrade result=done')" 4 'the log says of each upgrade that it is done'
kill -0 "$supervisor"
ok $? 'the process of the service stays through upgrades'
is "$(filter)" "$confined" 'the filter of the supervisor allows upgrades, and lasts through them as the only one'
settled() {
	[ "$(workers | wc -l)" = 7 ]
}
retry 20 settled
ok $? 'the workers before an upgrade end' || diag "$(workers)"
is "$(workers | grep -cxF "$first")" 0 'no worker is one of before the upgrade'
is "$(grep 'event=stop' "$LK_LOG" | grep -vc 'cut=0$')" 0 'an upgrade cuts no connection off'
if [ "$(id -u)" = 0 ]; then
	is "$(running)" "$(stat -c %i "$LK_BIN")" 'all processes run the new program'
else
	echo '# not root: nobody can ask which program runs'
fi
is "$(stat -c '%n %i' "$LK_SOCKET_CHECK" "$LK_SOCKET_API" "$LK_SOCKET_LOGIN")" "$sockets" 'the sockets are the same after upgrades'
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" status)" '^check ' 'latchkey status shows the service after an upgrade'
$LK_AS "$LK_BIN" -c "$LK_CONF" serve >"$tmp/out" 2>&1
isnt $? 0 'a second service is refused after an upgrade'
like "$(cat "$tmp/out")" 'in use by another latchkey' 'the lock of the status file lasts through an upgrade'

# --- a program that is none ---

# refused TITLE PATTERN: the service goes on as it is, and says why.
refused() {
	before=$(count 'event=upgrade result=kept') pids=$(workers | sort) from=$(($(wc -l <"$LK_LOG") + 1))
	kill -HUP "$supervisor"
	retry 20 lines 'event=upgrade result=kept' $((before + 1))
	ok $? "an upgrade to $1 is refused"
	like "$(tail -n +$from "$LK_LOG")" "$2" "an upgrade to $1 is refused with the reason"
	api GET /
	is "$status $(workers | sort | xargs)" "200 $(echo "$pids" | xargs)" "the same workers serve after an upgrade to $1"
}
rm "$LK_BIN"
refused 'a program that was removed' "latchkey: $LK_BIN cannot be executed: No such file or directory"
head -c 4096 build/latchkey >"$tmp/half"
install_program "$tmp/half"
refused 'half a program' 'latchkey: the new program'
echo nonsense >"$tmp/nonsense"
install_program "$tmp/nonsense"
refused 'a file that is no program' "$LK_BIN cannot be executed: Exec format error"
chmod 644 "$LK_BIN"
refused 'a file that nobody may execute' "$LK_BIN cannot be executed: Permission denied"
install_program /bin/true
refused 'another program that succeeds' 'the new program could not take over: status 0'
cat >"$tmp/killed" <<'END'
#!/bin/sh
kill -SEGV $$
END
install_program "$tmp/killed"
refused 'a program that crashes' 'the new program: ended by signal 11'
# An older one has not heard of it, and so refuses the setting of that name.
: >"$tmp/empty"
LATCHKEY_HANDOVER=3 build/latchkey -c "$tmp/empty" check >"$tmp/out" 2>&1
is "$? $(cat "$tmp/out")" '1 latchkey: LATCHKEY_HANDOVER: no such key (in the environment); latchkey settings lists them' \
	'no setting has the name by which programs hand over'
for value in 0 3 99 x; do
	$LK_AS env LATCHKEY_HANDOVER=$value build/latchkey -c "$LK_CONF" serve >"$tmp/out" 2>&1
	is "$? $(grep -c 'LATCHKEY_HANDOVER' "$tmp/out")" '1 1' "serve refuses LATCHKEY_HANDOVER=$value, which no supervisor made"
done
another 5
install_program "$tmp/program5"
echo 'no_such_key = 1' >>"$LK_CONF"
refused 'a program with settings that are wrong' "$LK_CONF:[0-9]+: "
sed -i '$d' "$LK_CONF"

# --- at once, and in between ---

# Two signals, and a third one while the first is at work.
done_before=$(count 'event=upgrade result=done')
kill -HUP "$supervisor"
kill -HUP "$supervisor"
retry 20 lines 'event=upgrade result=done' $((done_before + 1))
ok $? 'the program that was refused with wrong settings is taken with right ones'
kill -HUP "$supervisor"
retry 20 settled && api GET /
is "$status" 200 'the service answers after signals during an upgrade'
# A worker of before that dies is replaced by one of the new program.
kill -9 "$(workers login | head -n 1)"
retry 20 settled
ok $? 'a worker that dies after an upgrade is replaced'

# --- a status file that cannot be made ---

# upgraded N: the N-th upgrade is done, and all workers are there.
upgraded() {
	lines 'event=upgrade result=done' "$1" && [ "$(count event=ready)" -gt "$ready" ]
}
done_before=$(count 'event=upgrade result=done') ready=$(count event=ready)
cp "$LK_CONF" "$tmp/good.conf"
sed -i 's|^status_file.*|status_file = /proc/x/status|' "$LK_CONF"
another 6
install_program "$tmp/program6"
kill -HUP "$supervisor"
retry 20 upgraded $((done_before + 1))
ok $? 'an upgrade with a new status_file, which cannot be made, is done' || diag "$(tail -n 3 "$LK_LOG")"
like "$(cat "$LK_LOG")" "status_file stays $LK_DIR/data/status until restart" 'the log says after an upgrade that status_file stays'
cp "$tmp/good.conf" "$LK_CONF"
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" status)" '^check ' 'the status file stays where it was through an upgrade'

retry 20 settled
mkdir "$LK_DIR/data/status.try"
another 7
install_program "$tmp/program7"
refused 'a program that could not make its status file' 'latchkey: status_file: .*/status\.try: File exists'
rmdir "$LK_DIR/data/status.try"

# A trial goes well, and what it could do then fails; the settings change meanwhile, too.
mkdir "$LK_DIR/data/status.new"
retry 20 settled
refused 'a program that cannot make its status file any more' 'latchkey: status_file: .*/status\.new: File exists'
former=$(workers check | head -n 1) ready=$(count event=ready)
kill -9 "$former"
reaped() {
	! kill -0 "$former" 2>/dev/null
}
retry 20 reaped
ok $? 'a worker that dies before another program can begin is reaped'
sed -i 's/^workers_check.*/workers_check = 3/' "$LK_CONF"
rmdir "$LK_DIR/data/status.new"
retry 20 upgraded $((done_before + 2))
ok $? 'a program begins as soon as it can make its status file' || diag "$(tail -n 3 "$LK_LOG")"
like "$(grep event=ready "$LK_LOG" | tail -n 1)" 'check=3 ' 'a program that begins late has the settings of then'
api GET /
is "$status" 200 'the service answers after a program that began late'

# SIGTERM at any time: also while a new program is tried.
cat >"$tmp/slow" <<END
#!/bin/sh
touch $LK_DIR/data/tried
sleep 60
END
install_program "$tmp/slow"
kill -HUP "$supervisor"
retry 20 test -e "$LK_DIR/data/tried"
ok $? 'a program that takes its time is tried'
api GET /
is "$status" 200 'the service answers while a program is tried'
kill "$supervisor"
gone() {
	! kill -0 "$supervisor" 2>/dev/null
}
retry 40 gone
ok $? 'SIGTERM ends the service while a program is tried'
none_left() {
	! pgrep -f "$LK_BIN -c $LK_CONF" >/dev/null
}
retry 10 none_left
ok $? 'no process of the service is left, nor the one that was tried'

done_testing
