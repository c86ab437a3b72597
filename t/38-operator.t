#!/bin/sh
# Record of operators' acts in the system's log, and the way from failed
# logins to their addresses.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

# --- the addresses of failed logins, by latchkey(8)'s own command ---

for from in 127.0.0.1 127.0.0.2 127.0.0.2; do
	api POST /token 'username=ada&password=wrong' --interface $from
done
api POST /users/add_user/ '{"username":"ada","password":"correct horse"}' --interface 127.0.0.3
api POST /token 'username=ada&password=correct horse' --interface 127.0.0.3
is "$status" 200 'one login succeeds after three that failed'
awk '/^The addresses from which logins failed/ { found = 1 }
	found && /^\.Ed/ { exit }
	found && /^\.Bd/ { inside = 1; next }
	inside { gsub(/\\e/, "\\"); print }' conf/latchkey.8 >"$tmp/command"
is "$(wc -l <"$tmp/command")" 4 'latchkey(8) has a command of four lines for the addresses of failed logins'
sed "s|journalctl -u latchkey -o cat|cat $LK_LOG|; s|/var/log/nginx/latchkey.access.log|$LK_LOGS/nginx.access.log|" \
	"$tmp/command" >"$tmp/run"
# nginx writes its line after the client has the answer
told() {
	[ "$(sh "$tmp/run" | tr -s ' ' | paste -sd, -)" = ' 2 127.0.0.2, 1 127.0.0.1' ]
}
retry 10 told
ok $? 'the command of latchkey(8) counts failed logins by address' || diag "$(sh "$tmp/run" 2>&1)"

# --- the system's log: a socket in the place of /dev/log ---

if [ "$(id -u)" != 0 ]; then
	diag 'only root can give a command a /dev of its own'
	done_testing
fi
mkdir "$tmp/dev"
touch "$tmp/dev/null" "$tmp/dev/urandom" "$tmp/records"
python3 -c '
import os, socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
records = open(sys.argv[2], "ab", buffering=0)
while True:
    records.write(log.recv(65536).rstrip(b"\0").replace(b"\n", b"?NEWLINE?") + b"\n")
' "$tmp/dev/log" "$tmp/records" &
children="$children $!"
retry 10 test -S "$tmp/dev/log"

# latchkey ARGUMENT...: as the operator ada, who is no more than that by sudo.
latchkey() {
	# shellcheck disable=SC2016,SC2086 # the inner shell's; words of a command
	unshare -m sh -c 'for d in null urandom; do mount --bind /dev/$d "$0/$d" || exit; done
		mount --rbind "$0" /dev && exec "$@"' "$tmp/dev" \
		$LK_AS env SUDO_USER="${sudo_user-ada}" "$LK_BIN" -c "$LK_CONF" "$@" >"$tmp/out" 2>&1
}

# recorded PATTERN TITLE: of the last act; none: "".
recorded() {
	new=$(sed -n "/mark $((marks - 1))\.\$/,/mark $marks\.\$/p" "$tmp/records" | grep -v ': mark [0-9]*\.$')
	if [ -z "$1" ]; then
		is "$new" '' "$2"
		return
	fi
	like "$new" "^<85>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} latchkey\[[0-9]+\]: operator uid=$(id -u nobody) login=[^ ]+ $1\$" "$2"
	is "$(printf '%s\n' "$new" | wc -l)" 1 "$2: one line"
}

# act ARGUMENT...; what is told of it has come when the mark behind it has.
marks=0
act() {
	latchkey "$@"
	result=$?
	marks=$((marks + 1))
	logger -u "$tmp/dev/log" "mark $marks." && retry 10 grep -q "mark $marks\.$" "$tmp/records"
	return $result
}

act user list
recorded '' 'user list is not recorded'
printf 'some secret\n' >"$tmp/password"
act user add eve 'Eve E.' <"$tmp/password"
is "$? $(cat "$tmp/out")" "$(printf '0 2\teve\tEve E.\tactive\tyescrypt')" 'user add makes an account'
recorded 'sudo_user=ada act="user add" account=2 result=done' 'user add is recorded: who, what, when, which account'
for what in disable enable logout unlock; do
	act user $what eve
	recorded "sudo_user=ada act=\"user $what\" account=2 result=done" "user $what is recorded"
done
act user passwd eve <"$tmp/password"
recorded 'sudo_user=ada act="user passwd" account=2 result=done' 'user passwd is recorded'
export LATCHKEY_DATABASE="$LK_OWNER"
act migrate
recorded 'sudo_user=ada act="migrate" account=0 result=done' 'migrate is recorded'
unset LATCHKEY_DATABASE
sudo_user='' act user logout eve
recorded 'sudo_user=- act="user logout" account=2 result=done' 'an act without SUDO_USER is recorded with sudo_user=-'
sudo_user=$(printf 'x act="y" account=9\n<85>forged \302\205%s' "$(head -c 500 /dev/zero | tr '\0' n)") act user logout eve
recorded 'sudo_user=[a-z0-9?]{64} act="user logout" account=2 result=done' 'SUDO_USER cannot write fields or lines of the record'
for what in 'show eve' 'logout nobody' 'disable nobody'; do
	# shellcheck disable=SC2086 # words
	act user $what
	recorded '' "user $what, which changes nothing, is not recorded"
done
echo short >"$tmp/short"
act user passwd eve <"$tmp/short"
recorded '' 'a password that is refused is not recorded'

# --- clients, keys and sessions ---

keep_secret() {
	sed -n 's/^secret	//p' "$tmp/out" >>"$tmp/secrets"
}
act client add billing
keep_secret
recorded 'sudo_user=ada act="client add" account=0 object=billing result=done' 'client add is recorded, with the id of the client'
for what in disable enable rotate-secret; do
	act client $what billing
	keep_secret
	recorded "sudo_user=ada act=\"client $what\" account=0 object=billing result=done" "client $what is recorded, with the id of the client"
done
session=$(sql "select replace(id::text, '-', '') from latchkey_session limit 1")
act session end "$session"
recorded "sudo_user=ada act=\"session end\" account=0 object=$session result=done" 'session end is recorded, with the id of the session'
act session end --all
recorded 'sudo_user=ada act="session end --all" account=0 result=done' 'session end --all is recorded'
$LK_AS cp -p "$LK_KEY" "$LK_DIR/data/secret"
$LK_AS mkdir -m 750 "$LK_DIR/data/keys"
export LATCHKEY_KEY_DIR="$LK_DIR/data/keys" LATCHKEY_SECRET_FILE="$LK_DIR/data/secret"
act key new
kid=$(awk -F '\t' 'NF == 3 { print $1 }' "$tmp/out")
recorded "sudo_user=ada act=\"key new\" account=0 object=$kid result=done" 'key new is recorded, with the kid'
act key activate
recorded "sudo_user=ada act=\"key activate\" account=0 object=$kid result=done" 'key activate is recorded, with the kid'
act key retire "$kid"
recorded "sudo_user=ada act=\"key retire\" account=0 object=$kid result=done" 'key retire is recorded, with the kid'
unset LATCHKEY_KEY_DIR LATCHKEY_SECRET_FILE

# The row is locked, so that the database does not answer in time.
$LK_PSQL -Xq >/dev/null <<E &
begin;
select from users where id = 2 for update;
\\! touch $tmp/locked
select pg_sleep(5);
E
locker=$!
retry 10 test -e "$tmp/locked"
act user disable eve
isnt $? 0 'user disable fails while the database does not answer'
recorded 'sudo_user=ada act="user disable" account=2 result=unknown' 'an act that the database did not answer is recorded as unknown'
wait "$locker"
unlike "$(cat "$tmp/records")" '[=" ]eve|Eve|some secret' 'the records hold no name and no password'
is "$(wc -l <"$tmp/secrets") $(grep -cFf "$tmp/secrets" "$tmp/records")" '2 0' 'the records hold no secret of a client'

done_testing
