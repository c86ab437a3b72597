#!/bin/sh
# Keys change while tokens are checked: no token is refused, and none is signed by a
# key that an application does not have yet, though it keeps the set as long as it
# may. The command may be killed at any moment.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off jwks_max_age_s=1 access_token_minutes=1
supervisor=$(cat "$LK_SERVE")
keys=$LK_DIR/data/keys

key() {
	$LK_AS "$LK_BIN" -c "$LK_CONF" key "$@" 2>&1
}
reloaded() {
	[ "$(grep -c 'event=ready' "$LK_LOG")" -gt "$before" ]
}
reload() {
	before=$(grep -c 'event=ready' "$LK_LOG")
	kill -HUP "$supervisor"
	retry 30 reloaded
}
# state KID
state() {
	key list | awk -F '\t' -v kid="$1" '$1 == kid { sub(/,.*/, "", $3); print $3 }'
}
is_state() {
	[ "$(state "$1")" = "$2" ]
}

$LK_AS cp -p "$LK_KEY" "$LK_DIR/data/secret"
$LK_AS mkdir -m 750 "$keys"
sed -i "s|^key_dir = .*|key_dir = \"$keys\"|; s|^secret_file = .*|secret_file = \"$LK_DIR/data/secret\"|" "$LK_CONF"
for i in $(seq 0 19); do
	sign_up "user$i" correct-horse
done

mkfifo "$tmp/stop"
PYTHONPATH=t/tool python3 -B t/tool/rotation.py "$LK_PORT" "$LK_SOCKET_CHECK" <"$tmp/stop" >"$tmp/load" 2>"$tmp/load.err" &
exec 9>"$tmp/stop"

# The first change is from key_file to a pair.
for alg in ES256 EdDSA RS256 ES256 EdDSA ES256; do
	kid=$(key new $alg | awk -F '\t' 'NF == 3 { print $1 }')
	reload
	ok $? "a new key of $alg is published by a reload"
	key activate >/dev/null
	reload
	ok $? "one command and a reload activate a key of $alg"
	retry 10 is_state "$kid" active
	ok $? "the key of $alg signs after jwks_max_age_s"
	sleep 0.3 # so that tokens are made with it
done
exec 9>&-
wait $!
cat "$tmp/load" "$tmp/load.err" | sed 's/^/# /'
is "$(grep -c '^wrong' "$tmp/load")" 0 'no check was refused, and no token came before its key'
like "$(cat "$tmp/load")" ' keys=7 wrong=0$' 'each of seven keys signed under load'
is "$(key list | cut -f 3 | cut -d , -f 1 | sort | uniq -c | xargs)" '1 active 6 retiring' 'keys that signed before verify on'

# --- the command is killed ---

# Whatever is left, the list is whole and names files that there are.
whole() {
	key list >"$tmp/list" 2>&1 && [ "$(grep -c '	active' "$tmp/list")" = 1 ]
}
failed=0 made=0
begun=$(date +%s%3N)
key new >/dev/null && key retire "$(awk '$4 == "-" { print $1 }' "$keys/keys")" >/dev/null
took=$(($(date +%s%3N) - begun)) # of two commands, on this machine
for i in $(seq 20); do
	ms=$((took * i / 20))
	$LK_AS timeout -s KILL "$((ms / 1000)).$(printf %03d $((ms % 1000)))" "$LK_BIN" -c "$LK_CONF" key new >/dev/null 2>&1
	whole || failed=$((failed + 1))
	# shellcheck disable=SC2013 # words
	for kid in $(awk '$4 == "-" { print $1 }' "$keys/keys"); do
		made=$((made + 1))
		key retire "$kid" >/dev/null || failed=$((failed + 1))
	done
done
is "$failed" 0 'a command that is killed leaves the keys as before or after it'
[ "$made" -gt 0 ] && [ "$made" -lt 20 ]
ok $? "some were killed before and some after ($made of 20 had made a key)"
key new >/dev/null
ok $? 'the command works after one that was killed'

# Two at once.
for i in 1 2 3; do
	key new >/dev/null &
	others="${others-} $!"
done
# shellcheck disable=SC2086 # numbers
wait $others
is "$(awk '$4 == "-"' "$keys/keys" | wc -l)" 4 'three commands at once make three keys'
whole
ok $? 'the list is whole after them'

# --- another instance ---

# It is started again with a copy of the directory, and agrees on the key that signs.
cp -a "$keys" "$LK_DIR/data/copy"
serve_alone "$LK_DIR/data/other.sock" "$tmp/other.log" LATCHKEY_KEY_DIR="$LK_DIR/data/copy"
ok $? 'another instance begins with a copy of the directory' || diag "$(cat "$tmp/other.log")"
log_in user0 correct-horse
take_token
is "$(SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/check HTTP_AUTHORIZATION="Bearer $token" \
	cgi-fcgi -bind -connect "$LK_DIR/data/other.sock" | sed -n 's/^Status: \([0-9]*\).*/\1/p')" 200 \
	"it accepts the first one's tokens"

done_testing
