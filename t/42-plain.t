#!/bin/sh
# Plain tokens, signed with our key but not made by Latchkey:
# accept_plain_tokens says whether they count. An application that was
# replaced signs such for sessions, and for links that it mails.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

# token CLAIMS: a token of the application's, in which NOW is this second.
token() {
	python3 -c '
import base64, hashlib, hmac, re, sys, time
key = open(sys.argv[1], "rb").read().rstrip(b"\n")
b64 = lambda x: base64.urlsafe_b64encode(x).rstrip(b"=").decode()
claims = re.sub(r"NOW([+-]\d+)?", lambda m: str(int(time.time()) + int(m[1] or 0)), sys.argv[2])
text = b64(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + "." + b64(claims.encode())
print(text + "." + b64(hmac.new(key, text.encode(), "sha256").digest()))' "$LK_KEY" "$1"
}

# asked TOKEN: what /users/me and /check say; twice, as a worker may know it by then.
asked() {
	for path in /users/me /check /users/me /check; do
		api GET $path -H "Authorization: Bearer $1"
		printf '%s ' "$status"
	done
}

# reload VALUE: of accept_plain_tokens.
reload() {
	sed "s/^accept_plain_tokens = .*/accept_plain_tokens = $1/" "$LK_CONF" >"$tmp/conf"
	cat "$tmp/conf" >"$LK_CONF"
	workers=$(pgrep -P "$(cat "$LK_SERVE")")
	kill -HUP "$(cat "$LK_SERVE")"
	retry 30 replaced
	ok $? "accept_plain_tokens is $1 now"
}

# No worker of the settings before is left.
replaced() {
	for worker in $workers; do
		! kill -0 "$worker" 2>/dev/null || return 1
	done
}

check() {
	# shellcheck disable=SC2086 # words of a command
	$LK_AS env "$@" "$LK_BIN" -c "$LK_CONF" check 2>&1
}

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
ours=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
session=$(token '{"sub":"ada","exp":NOW+600}')
reset=$(token '{"exp":NOW+172800,"nbf":NOW,"sub":"ada"}')
without_jti=$(token '{"sub":"ada","exp":NOW+600,"uid":1,"iat":NOW}')

# plain WANTED TITLE
plain() {
	is "$(asked "$session")" "$1 $1 $1 $1 " "$2: the status of a session token of the application's"
	is "$(asked "$reset")" "$1 $1 $1 $1 " "$2: the status of a link that the application's template mails for a forgotten password"
	is "$(asked "$without_jti")" "$1 $1 $1 $1 " "$2: the status of a token that lacks one claim of Latchkey's"
	is "$(asked "$ours")" '200 200 200 200 ' "$2: Latchkey's token counts"
}

plain 401 'plain tokens in a new installation, refused'
reload true
plain 200 'plain tokens with accept_plain_tokens = true, accepted'
reload "$(date -u -d yesterday +%F)"
plain 401 'plain tokens after the last day, refused'
reload "$(date -u -d '2 minutes' +%F)"
plain 200 'plain tokens on the last day, accepted'
reload false
plain 401 'plain tokens with accept_plain_tokens = false, refused'

# --- ours that we would not have signed ---

is "$(asked "$(token '{"sub":"ada","exp":NOW+1800,"iat":NOW,"uid":1,"jti":"x"}')")" '200 200 200 200 ' 'a token may be good for half an hour'
is "$(asked "$(token '{"sub":"ada","exp":NOW+1801,"iat":NOW,"uid":1,"jti":"x"}')")" '401 401 401 401 ' 'a token that is good for a second more than half an hour is refused'
is "$(asked "$(token '{"sub":"ada","exp":NOW+1800,"iat":NOW+60,"uid":1,"jti":"x"}')")" '401 401 401 401 ' 'a token issued in the future is refused'

# --- the setting ---

like "$(check)" '^tokens without uid, jti and iat \(accept_plain_tokens\): refused$' 'check says that plain tokens are refused'
like "$(check LATCHKEY_ACCEPT_PLAIN_TOKENS=true)" 'plain_tokens\): accepted$' 'check says that plain tokens are accepted'
like "$(check LATCHKEY_ACCEPT_PLAIN_TOKENS=2028-02-29)" 'plain_tokens\): accepted to the end of 2028-02-29, UTC$' 'check says up to which day plain tokens are accepted'
like "$(check LATCHKEY_ACCEPT_PLAIN_TOKENS=9999-12-31)" 'end of 9999-12-31, UTC$' 'check says that plain tokens are accepted up to the year 9999'
for value in 2027-02-29 2026-13-01 2026-00-10 2026-04-31 2026-1-05 ' 2026-01-05' 2026-01-05x 20260105 True yes '' 0; do
	like "$(check LATCHKEY_ACCEPT_PLAIN_TOKENS="$value")" 'must be true, false or YYYY-MM-DD, not "' "accept_plain_tokens refuses the day '$value'"
done

done_testing
