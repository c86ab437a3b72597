#!/bin/sh
# Files that are none, and file systems that do not answer. A FIFO in the place of a
# key held the supervisor at a reload: dead workers stayed dead, and SIGTERM did nothing.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up workers=1 hash_cost=1

mkfifo "$tmp/fifo" && mkdir "$tmp/folder" && chmod 755 "$tmp/folder" && chmod 666 "$tmp/fifo"

# --- at the start ---

# start_with NAME=VALUE... [-c FILE]: one that has to fail; what it says, in $said.
start_with() {
	# shellcheck disable=SC2086 # several words
	said=$($LK_AS env LATCHKEY_STATUS_FILE="$LK_DIR/data/other.status" LATCHKEY_LISTEN_CHECK="$LK_DIR/data/c.sock" \
		LATCHKEY_LISTEN_API="$LK_DIR/data/a.sock" LATCHKEY_LISTEN_LOGIN="$LK_DIR/data/l.sock" \
		timeout -k 1 30 "$@" serve 2>&1)
}

for kind in fifo folder; do
	while IFS='|' read -r variable before words; do
		start_with env "$variable=$before$tmp/$kind" "$LK_BIN" -c "$LK_CONF"
		is "$?" 1 "serve ends where $variable is a $kind${before:+ ($before)}"
		like "$said" "^latchkey: .*$tmp/$kind.*$words" "serve says what is wrong where $variable is a $kind${before:+ ($before)}"
	done <<-END
		LATCHKEY_KEY_FILE||must be a regular file
		LATCHKEY_SECRET_FILE||must be a regular file
		LATCHKEY_PASSWORD_BLOCKLIST||is not a regular file
		LATCHKEY_STATUS_FILE||(not a latchkey status file|Is a directory)
		LATCHKEY_DATABASE|dbname=latchkey passfile=|must be a regular file
		LATCHKEY_DATABASE|dbname=latchkey sslrootcert=|must be a regular file
		LATCHKEY_DATABASE|dbname=latchkey sslcert=|must be a regular file
		LATCHKEY_DATABASE|dbname=latchkey sslkey=|must be a regular file
		LATCHKEY_DATABASE|dbname=latchkey sslcrl=|must be a regular file
	END
	start_with "$LK_BIN" -c "$tmp/$kind"
	is "$?" 1 "serve ends where its settings are a $kind"
	like "$said" "^latchkey: $tmp/$kind: must be a regular file" "serve says that its settings are a $kind"
done
start_with env LATCHKEY_KEY_DIR="$tmp/fifo" "$LK_BIN" -c "$LK_CONF"
is "$?" 1 'serve ends where key_dir is a FIFO'
like "$said" "^latchkey: key_dir $tmp/fifo/keys: Not a directory" 'serve says that key_dir is no directory'
mkdir -m 755 "$tmp/keys" && mkfifo "$tmp/keys/keys" && chmod 666 "$tmp/keys/keys"
start_with env LATCHKEY_KEY_DIR="$tmp/keys" "$LK_BIN" -c "$LK_CONF"
is "$?" 1 'serve ends where the list of key_dir is a FIFO'
like "$said" "^latchkey: key_dir $tmp/keys/keys: must be a regular file" 'serve says that the list of key_dir is no file'

# --- at a reload ---

serve=$(cat "$LK_SERVE")
lines() {
	[ "$(grep -c "$1" "$LK_LOG")" -ge "$2" ]
}
refused() {
	lines 'event=reload result=kept' "$1"
}
set_to() {
	sed -i "s|^$1 = .*|$1 = \"$2\"|" "$LK_CONF"
}
# A worker that is killed has a successor, which answers.
replaced() {
	before=$(workers check)
	kill -9 "$before"
	retry 20 has_other "$before"
}
has_other() {
	now=$(workers check)
	[ -n "$now" ] && [ "$now" != "$1" ] && ops GET /healthz && [ "$status" = 200 ]
}

n=0
for kind in fifo folder; do
	for key in key_file secret_file password_blocklist; do
		before=$(sed -n "s|^$key = \"\(.*\)\"|\1|p" "$LK_CONF")
		set_to "$key" "$tmp/$kind"
		n=$((n + 1))
		kill -HUP "$serve"
		retry 20 refused $n
		ok $? "a reload is refused where $key is a $kind" || diag "$(tail -n 3 "$LK_LOG")"
		set_to "$key" "$before"
	done
done
replaced
ok $? 'a worker that dies after that is replaced'
mv "$LK_CONF" "$LK_CONF.kept"
mkfifo "$LK_CONF"
chmod 666 "$LK_CONF"
kill -HUP "$serve"
retry 20 refused $((n + 1))
ok $? 'a reload is refused where its settings are a FIFO'
mv "$LK_CONF.kept" "$LK_CONF"

# --- a file system that does not answer ---

[ -z "${LK_SANITIZED-}" ] || done_testing
"${CC:-cc}" -D_GNU_SOURCE -U_FORTIFY_SOURCE -shared -fPIC -o "$tmp/hang.so" t/tool/hang.c && chmod 644 "$tmp/hang.so"
ok $? 'the library that has a file hang is built'
cp build/latchkey "$tmp/latchkey" && mkdir -m 777 "$tmp/orders"
cat >"$tmp/hanging" <<END
#!/bin/sh
HANG=$tmp/orders/file LD_PRELOAD=$tmp/hang.so exec $tmp/latchkey "\$@"
END
chmod 755 "$tmp/hanging"
stack_up bin="$tmp/hanging" workers=1 hash_cost=1
serve=$(cat "$LK_SERVE")
hangs() {
	[ -s "$tmp/orders/file.pid" ]
}
gone() {
	! kill -0 "$1" 2>/dev/null
}

printf %s "$LK_KEY" >"$tmp/orders/file"
kill -HUP "$serve"
retry 20 hangs
ok $? 'the reading of a key hangs'
isnt "$(cat "$tmp/orders/file.pid")" "$serve" 'the reading of a key does not hang in the supervisor'
replaced
ok $? 'a worker that dies while a key hangs is replaced'
is "$(grep -c 'event=reload result=kept' "$LK_LOG")" 0 'a worker is replaced before the reading is given up'
retry 30 refused 1
ok $? 'the reload ends, and the settings stay'
like "$(cat "$LK_LOG")" 'latchkey: the settings, or a file that they name, could not be read within 10 seconds' \
	'the log says that a file system does not answer'
retry 10 gone "$(cat "$tmp/orders/file.pid")"
ok $? 'the process that hung is gone'

rm "$tmp/orders/file.pid"
kill -HUP "$serve"
retry 20 hangs
ok $? 'the key hangs again'
kill "$serve"
retry 8 gone "$serve"
ok $? 'SIGTERM is obeyed while a key hangs'

printf %s "$LK_CONF" >"$tmp/orders/file"
start_with "$tmp/hanging" -c "$LK_CONF"
is $? 1 'a start ends where the settings hang'
like "$said" 'could not be read within 10 seconds' 'a start where the settings hang says that a file system does not answer'
done_testing
