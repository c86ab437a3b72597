#!/bin/sh
# t/stack and t/run, which make run and every other test use.
# shellcheck disable=SC1091,SC2016 # no variables in single quotes
. t/lib.sh

# What runs in a folder or has a file of it in its command line: the workers
# hide the one, nginx's and PostgreSQL's children the other.
processes_in() {
	for process in /proc/[0-9]*; do
		case "$(readlink "$process/cwd") $(tr '\0' ' ' 2>/dev/null <"$process/cmdline")" in
		"$1 "* | "$1/data/pg "* | *" $1/"*) echo "$process" ;;
		esac
	done 2>/dev/null
}

user=nobody
[ "$(id -u)" = 0 ] || user=$(id -un)

nothing_runs_in() {
	[ -z "$(processes_in "$1")" ]
}

refused() {
	! t/stack up "$@" 2>"$tmp/err"
}

greeting() {
	curl -fs "$1/"
}

# --- two at a time ---

stack_up greeting='one' workers=3
one=$LK_DIR one_url=$LK_URL
stack_up greeting='it'\''s "two" \ ${HOME} # ü'
two=$LK_DIR two_url=$LK_URL

isnt "$one_url" "$two_url" 'two stacks run side by side, each on its port'
is "$(greeting "$one_url")" '{"message":"one"}' 'the first has its own settings'
api GET /
json_is .message 'it'\''s "two" \ ${HOME} # ü' 'and so has the second, whatever its values contain'

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
is "$status" 200 'a user signs up on the second'
is "$($LK_PSQL -Atc 'select username from users')" ada 'LK_PSQL shows the user'
. "$one/env"
is "$($LK_PSQL -Atc 'select count(*) from users')" 0 'who is not in the database of the first'
is "$(tr '\0' '\n' <"/proc/$(head -n 1 "$one/data/workers.pid")/cmdline" | head -n 1)" "$LK_BIN" \
	'the workers run the program of the stack'
is "$(pgrep -P "$(cat "$one/data/workers.pid")" -c)" 9 'and are as many in each lane as were asked for'
is "$(stat -c %a "$LK_KEY")" 600 'the key is for its owner alone'
is "$(stat -c %U "$LK_KEY" "$one/data" | sort -u)" "$user" \
	'the data belong to a user who is not root'
$LK_AS "$LK_BIN" -c "$LK_CONF" check >/dev/null 2>&1
ok $? 'LK_AS runs a command as the user of the servers'


# --- nginx's limits ---

# of_address FILE: the lines by which nginx limits one address.
of_address() {
	grep -cE '^[	#]*limit_(conn|req) ' "$1"
}
isnt "$(of_address "$one/nginx.site")" 0 'a stack has the limits of nginx.conf.sample'
is "$(of_address "$one/nginx.site")" "$(of_address nginx.conf.sample)" 'all of them'
stack_up nginx_limits=off
is "$(of_address "$LK_DIR/nginx.site")" 0 'unless it is to be without'
t/stack down "$LK_DIR"
. "$one/env"

# --- refusals ---

stacks="$stacks $tmp/no"

isnt "$(processes_in "$one" | wc -l)" 0 'its processes can be told'

refused "$one"
ok $? 'a stack that is up is not started again'
like "$(cat "$tmp/err")" 'up already' 'and the refusal says so'
is "$(greeting "$one_url")" '{"message":"one"}' 'and leaves it running'

refused "$tmp/no" "port=$LK_PORT"
ok $? 'a taken port is refused'
like "$(cat "$tmp/err")" "port $LK_PORT is taken" 'and the refusal names it'

for wrong in nginx_limits=some no_such_key=1 database_=x 'no key at all'; do
	refused "$tmp/no" "$wrong"
	ok $? "\"$wrong\" is refused"
	like "$(cat "$tmp/err")" "${wrong%%=*}" 'and the refusal names it'
done

refused "$tmp/no" hash_cost=much
ok $? 'a value that Latchkey refuses ends the start'
like "$(cat "$tmp/err")" 'hash_cost' 'and its own words are shown'
nothing_runs_in "$tmp/no"
ok $? 'and nothing of the half started stack is left'

refused "$tmp/no folder"
ok $? 'a folder whose name would have to be quoted is refused'
refused "$tmp/$(printf '%0100d' 0)"
ok $? 'and so is one too long for the name of a socket'
like "$(cat "$tmp/err")" '107 bytes' 'with the reason'

# --- stopping and starting again ---

t/stack workers-stop "$one"
api GET /
is "$status" 503 'without workers nginx answers alone'
t/stack workers-start "$one"
retry 10 greeting "$one_url" >/dev/null
ok $? 'and with them again the service is back'

t/stack db-stop "$one"
! $LK_PSQL -Atc 'select 1' >/dev/null 2>&1
ok $? 'the database can be stopped alone'
t/stack db-start "$one"
is "$($LK_PSQL -Atc 'select 1')" 1 'and started again'

kill -KILL "$(head -n 1 "$one/data/workers.pid")"
t/stack down "$one"
ok $? 'a stack of which a part is dead is stopped'
nothing_runs_in "$one"
ok $? 'and no process of it is left'
t/stack down "$one"
ok $? 'to stop it twice does no harm'
[ -s "$one/log/latchkey.log" ]
ok $? 'the logs stay'
is "$(greeting "$two_url" | cut -c 1-11)" '{"message":' 'the other stack still runs'

. "$two/env"
key=$(cat "$LK_KEY")
t/stack down "$two"
t/stack up "$two" pg_fsync=off greeting=again
ok $? 'a stack starts again in its folder'
. "$two/env"
is "$($LK_PSQL -Atc 'select username from users')" ada 'with the data that were there'
is "$(cat "$LK_KEY")" "$key" 'and with the same key'
is "$(greeting "$LK_URL")" '{"message":"again"}' 'but with the settings of this time'

# --- interrupted ---

# With a program that never answers, the start lasts until it is interrupted.
cat >"$tmp/mute" <<'EOF'
#!/bin/sh
[ "$3" != serve ] || exec tail -f "$0"
EOF
chmod 755 "$tmp/mute"

unset LK_TEMPLATE # initdb is interrupted too
for moment in pg.new pg/postmaster.pid workers.pid nginx.pid; do
	stopped=$tmp/stopped-at-${moment%%[./]*}
	stacks="$stacks $stopped"
	t/stack up "$stopped" bin="$tmp/mute" 2>"$tmp/err" &
	up=$!
	retry 20 test -e "$stopped/data/$moment"
	kill -TERM "$up"
	! wait "$up"
	ok $? "a start is interrupted as soon as there is $moment"
	nothing_runs_in "$stopped"
	ok $? 'and leaves no process'
done

# --- make run ---

# In a tree of its own: somebody may be running it in this one.
mkdir -p "$tmp/tree/build"
cp -R t conf nginx.conf.sample "$tmp/tree"
cp -R build/latchkey build/docs build/passwords.test "$tmp/tree/build"
stacks="$stacks $tmp/tree/run"

run() {
	: >"$tmp/out" # of the run before
	PORT=$LK_PORT "$tmp/tree/t/run" >"$tmp/out" 2>&1 &
	run=$!
	children=$run
	retry 30 grep -qs 'To stop:' "$tmp/out"
}

t/stack down "$two"
run
ok $? 'make run says when it is ready'
out=$(cat "$tmp/out")
is "$(of_address "$tmp/tree/run/nginx.site")" "$(of_address nginx.conf.sample)" "with nginx's limits"
like "$out" '"username":"ada"' 'it shows a sign-up'
like "$out" '"token_type":"bearer"' 'and a login'
like "$out" "http://127.0.0.1:$LK_PORT/docs" 'and names the documentation'
kill -TERM "$run"
wait "$run"
is $? 0 'it ends when told to'
nothing_runs_in "$tmp/tree/run"
ok $? 'and leaves no process'

# A sample with a limit that nginx_limits=off would leave in.
sed -i 's/^	limit_conn latchkey_conn 64;/	limit_conn latchkey_conn  64;/' "$tmp/tree/nginx.conf.sample"
stacks="$stacks $tmp/no-limits"
! "$tmp/tree/t/stack" up "$tmp/no-limits" pg_fsync=off nginx_limits=off 2>"$tmp/err"
ok $? 'a limit in a form of its own is not left in unnoticed'
like "$(cat "$tmp/err")" 'does not know' 'but ends the start'

run
like "$(cat "$tmp/out")" 'from an earlier run' 'make run finds the data of the time before'
like "$(cat "$tmp/out")" '"token_type":"bearer"' 'and logs the same user in'
kill -TERM "$run"
wait "$run"
children=

done_testing
