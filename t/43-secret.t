#!/bin/sh
# The secret of cookies, refresh tokens and counts of attempts, apart from the key
# that signs access tokens: the move loses nothing, a new key ends access tokens
# alone, and no process holds what it has no need of.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off login_failures_per_name_hour=2

supervisor=$(cat "$LK_SERVE")
secret=$LK_DIR/data/secret

ready() {
	[ "$(grep -c 'event=ready' "$LK_LOG")" -gt "$before" ]
}

# reload [SECRET_FILE]: of this name from now on; until the new workers serve
# alone.
reload() {
	[ $# = 0 ] || sed -i "s|^secret_file = .*|secret_file = \"$1\"|" "$LK_CONF"
	before=$(grep -c 'event=ready' "$LK_LOG")
	pgrep -P "$supervisor" | sort >"$tmp/old"
	kill -HUP "$supervisor"
	retry 30 ready && retry 30 old_are_gone
}

old_are_gone() {
	[ "$(pgrep -P "$supervisor" | sort | comm -12 - "$tmp/old" | wc -l)" = 0 ]
}

# new FILE: a secret in it, the one before gone.
new() {
	$LK_AS sh -c 'umask 077; openssl rand -hex 32 >"$1"' new "$1"
}

# login STATUS TITLE [DEVICE]: what comes of the right password.
login() {
	api POST /token 'username=ada&password=correct-horse' -H "Cookie: __Host-latchkey-device=${3-}"
	is "$status" "$1" "$2"
}

# check STATUS TITLE: what comes of the token.
check() {
	api GET /check -H "Authorization: Bearer $token"
	is "$status" "$1" "$2"
}

# log_in_both: a session with a refresh token, and one of a browser.
log_in_both() {
	api POST /token 'username=ada&password=correct-horse&scope=offline_access' -H "Cookie: __Host-latchkey-device=$device"
	take_refresh
	api POST /session '{"username":"ada","password":"correct-horse"}' -H 'Sec-Fetch-Site: same-origin' -H "Cookie: __Host-latchkey-device=$device"
	cookie=$(header Set-Cookie | sed -n 's/^__Host-latchkey=\([^;]*\);.*/\1/p')
}

take_refresh() {
	refresh=$(printf '%s' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')
}

# sessions RENEWED READ TITLE: what comes of both.
sessions() {
	api POST /oauth2/token "grant_type=refresh_token&refresh_token=$refresh"
	take_refresh
	is "$status" "$1" "$3 refresh tokens"
	api GET /session -H "Cookie: __Host-latchkey=$cookie"
	is "$status" "$2" "$3 session cookies"
}

# --- one file, as it was: key_file is the secret ---

api POST /users/add_user/ '{"username":"ada","password":"correct-horse"}'
api POST /token 'username=ada&password=correct-horse'
device=$(header Set-Cookie | sed 's/^[^=]*=\([^;]*\);.*/\1/')
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
like "$device" '^[0-9]+\.[0-9a-f]{32}\.[0-9a-f]{64}$' 'a login leaves a device cookie'
# the cookie is one that somebody with the key file alone can make
is "$(python3 - "$LK_KEY" "$device" <<'E'
import hashlib, hmac, sys
def mac(key, *texts):
    return hmac.new(key, b"".join(text + b"\0" for text in texts), hashlib.sha256)
with open(sys.argv[1], "rb") as file:
    key = file.read().removesuffix(b"\n")
made, identity, _ = sys.argv[2].split(".")
said = f"{made}.{identity}"
print(said + "." + mac(mac(key, b"latchkey", b"device").digest(), said.encode(), b"ada").hexdigest())
E
)" "$device" 'without secret_file the key of device cookies is derived from key_file as it always was'
api POST /token 'username=ada&password=wrong'
is "$status" 401 'a wrong password is counted'
login 429 'an unknown client is then refused for this name'
login 200 'a known device is served while unknown clients are refused' "$device"
log_in_both
sessions 200 200 'without secret_file there are'

# --- the move: a copy of the key ---

$LK_AS cp -p "$LK_KEY" "$secret"
reload "$secret"
ok $? 'secret_file is taken over by a reload'
login 429 'a copy of the key as secret_file keeps counts'
login 200 'a copy of the key as secret_file keeps device cookies' "$device"
check 200 'a copy of the key as secret_file keeps tokens'
sessions 200 200 'a copy of the key as secret_file keeps'

# --- another key ---

new "$LK_KEY"
reload
ok $? 'another key is taken over by a reload'
check 401 'another key ends the tokens of the one before'
login 429 'another key keeps counts where secret_file is set'
login 200 'another key keeps device cookies where secret_file is set' "$device"
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
check 200 'another key signs new tokens'
sessions 200 200 'where secret_file is set another key keeps'

# The operator's commands find attempts by the secret alone.
like "$(LATCHKEY_KEY_FILE="$LK_DIR/nowhere" user show ada)" '^locked for unknown clients until ' 'latchkey user show reads secret_file, and not key_file'

# --- a file that is no secret ---

kept() {
	[ "$(grep -c 'event=reload result=kept' "$LK_LOG")" -gt "$before" ]
}

# bad WHY: the file is not taken, by check nor by a reload.
bad() {
	said=$($LK_AS timeout 20 "$LK_BIN" -c "$LK_CONF" check 2>&1)
	is $? 1 "latchkey check fails: $1"
	like "$said" "secret_file $secret: .*$2" "latchkey check names secret_file: $1"
	before=$(grep -c 'event=reload result=kept' "$LK_LOG")
	kill -HUP "$supervisor"
	retry 10 kept
	ok $? "a reload is refused: $1"
	login 200 "device cookies count on after a refused reload: $1" "$device"
	rm -f "$secret"
}

cp -p "$secret" "$tmp/secret"
$LK_AS sh -c 'echo short >"$1"' short "$secret"
bad 'a short secret' 'shorter than 32 bytes; make one with: openssl rand -hex 32'
bad 'no secret' 'no such file; make a key with'
$LK_AS mkfifo -m 600 "$secret"
bad 'a FIFO' 'must be a regular file'
new "$secret"
chmod 644 "$secret"
bad 'a secret that others can read' 'others cannot read and the group cannot write; do: chmod g-w,o='

# --- another secret ---

new "$secret"
$LK_AS "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
ok $? 'latchkey check takes a good secret' || diag "$(cat "$tmp/out")"
reload
check 200 'another secret keeps access tokens'
sessions 400 401 'another secret refuses'
login 200 'another secret forgets counts' "$device"
like "$(header Set-Cookie)" '^__Host-latchkey-device=' 'another secret makes known devices unknown, and they get a new cookie'

# --- who holds what ---

# "NAME HEX" of the secrets that there are and were, and of the keys of purposes.
patterns() {
	python3 - "$LK_KEY" "$secret" "$tmp/secret" <<'E'
import hashlib, hmac, sys
def read(path):
    with open(path, "rb") as file:
        return file.read().removesuffix(b"\n")
key, secret, old = map(read, sys.argv[1:])
print("key", key.hex(), "\nsecret", secret.hex(), "\nold", old.hex())
for purpose in "throttle", "device", "decoy", "network", "refresh", "proof":
    print(purpose, hmac.new(secret, b"latchkey\0" + purpose.encode() + b"\0", hashlib.sha256).hexdigest())
E
}

# holds PID: the names of those that are in its memory.
holds() {
	python3 t/tool/scan.py "$1" <"$tmp/patterns" | tr '\n' ' '
}

if [ "$(id -u)" = 0 ]; then
	# each has worked: a purpose's key is used, and a token checked
	login 200 'the other secret counts attempts'
	check 200 'the check lane has the key'
	patterns >"$tmp/patterns"
	is "$(holds "$supervisor")" 'key secret ' 'the supervisor holds the key and the secret, and not the one before'
	for lane in api login; do
		for pid in $(pgrep -x "latchkey-$lane" -P "$supervisor"); do
			is "$(holds "$pid")" 'key throttle device decoy network refresh proof ' \
				"a worker of the lane $lane holds the keys of purposes, and not the secret that they come from"
		done
	done
	for pid in $(pgrep -x latchkey-check -P "$supervisor"); do
		is "$(holds "$pid")" 'key proof ' 'a check worker holds the key of tokens, and of the secret that of session cookies alone'
	done
else
	echo '# not root: the memory of the processes is not looked at'
fi

done_testing
