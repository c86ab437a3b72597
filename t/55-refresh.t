#!/bin/sh
# Refresh tokens: a session goes on without the password, of many renewals at once
# all get the same successor, and a token that comes back after its time ends it.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 refresh_grace_s=2 nginx_limits=off

# log_in_with SCOPE: sets token and refresh.
log_in_with() {
	api POST /token --data-urlencode username=ada --data-urlencode 'password=correct horse' --data-urlencode "scope=$1"
	take_token
	take_refresh
}

take_refresh() {
	refresh=$(printf '%s' "$body" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')
}

# renew TOKEN [CURL-OPTION...]
renew() {
	wanted=$1
	shift
	api POST /oauth2/token --data-urlencode grant_type=refresh_token --data-urlencode "refresh_token=$wanted" "$@"
}

# refused TITLE: the answer is RFC 6749's to a token that is not valid.
refused() {
	is "$status" 400 "$1: 400"
	json_is .error '"invalid_grant"' "$1: invalid_grant"
}


sign_up ada 'correct horse'
for scope in '' read 'offline_accessx' 'xoffline_access' 'OFFLINE_ACCESS'; do
	log_in_with "$scope"
	is "$status $refresh" '200 ' "the scope \"$scope\" gives no refresh token"
done
for scope in offline_access 'read offline_access' 'offline_access read'; do
	log_in_with "$scope"
	like "$status $refresh" '^200 1[0-9a-f]{72}$' "the scope \"$scope\" gives a refresh token"
done

first=$refresh
renew "$first"
is "$status" 200 'a refresh token gives new tokens'
json_is .expires_in 1800 'the answer says for how long the access token is good'
take_token
take_refresh
second=$refresh
isnt "$second" "$first" 'the refresh token is a new one'
check_token "$token" 200
ok $? 'the access token passes the check'
api GET /users/me -H "Authorization: Bearer $token"
json_is .username '"ada"' 'the access token is of the same account'
renew "$first"
take_refresh
is "$status $refresh" "200 $second" 'the same refresh token again gets the same successor'
renew "$second" --data-urlencode client_id=first-party
is "$status" 200 'the built-in client may name itself'
take_refresh
third=$refresh
renew "$third" --data-urlencode client_id=other
json_is .error '"invalid_client"' 'a client that is not known is refused'

# --- what is none ---

n=$(python3 - "$LK_URL" "$third" <<'END'
import http.client, sys, urllib.parse
url, token = sys.argv[1:]
host = urllib.parse.urlsplit(url).netloc
c = http.client.HTTPConnection(host, timeout=30)

def renew(text):
    body = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": text})
    c.request("POST", "/oauth2/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = c.getresponse()
    return answer.status, answer.read()

wrong = [token[:i] + ("0" if token[i] != "0" else "1") + token[i + 1:] for i in range(len(token))]
wrong += [token + "0", token[:-1], token.upper(), " " + token, "x" * 60000, "\u00e9" * 73, token + "\n"]
print([w for w in wrong if renew(w)[0] != 400 or b"invalid_grant" not in renew(w)[1]])
END
)
is "$n" '[]' 'a refresh token with any byte changed, longer or shorter is refused'
renew ''
like "$status $body" '^400 .*invalid_request' 'an empty refresh token is an invalid request'
api POST /oauth2/token 'grant_type=implicit&username=ada'
like "$status $body" '^400 .*unsupported_grant_type' 'another grant type is said to be unsupported'
renew "$third" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://evil.example'
is "$status" 403 'a page of another site cannot renew'
renew "$third"
is "$status" 200 'refused renewals have not ended the session'
take_refresh
fourth=$refresh

# --- many at once ---

rounds() {
	python3 -B t/tool/refresh.py "$LK_URL" "$1" "$2" "$3"
}
rounds "$fourth" 50 20 >"$tmp/rounds" 2>&1
is "$(head -n 1 "$tmp/rounds")" '20 rounds of 50: 20 with one successor, 0 refused' 'of 50 renewals at once all get the same successor, 20 times' || cat "$tmp/rounds"
last=$(tail -n 1 "$tmp/rounds")

# --- reuse ---

renew "$last"
take_token
take_refresh
owner=$token
renew "$refresh"
is "$status" 200 'before a reuse the session goes on'
sleep 2.5
check_token "$owner" 200
ok $? 'before a reuse the check accepts the access token'
renew "$last"
refused 'a spent refresh token after the grace'
renew "$refresh"
refused 'after the reuse the one that was good'
retry 2 check_token "$owner" 401
ok $? 'after the reuse the check refuses the access tokens of the session'
like "$(cat "$LK_LOG")" 'event=refresh_reused user=1' 'the log names the account of the reused token'
is "$(sql "select count(*) from latchkey_revoked where reason = 'reuse'")" 1 'the reuse has one entry'

# --- ends ---

log_in_with offline_access
sql "update latchkey_session set used_at = now() - interval '14 days' + interval '1 minute'" >/dev/null
renew "$refresh"
is "$status" 200 'a session that was idle for a minute less than it may goes on'
take_refresh
sql "update latchkey_session set used_at = now() - interval '14 days'" >/dev/null
renew "$refresh"
refused 'a session that was idle for too long'
log_in_with offline_access
sql "update latchkey_session set expires_at = now() + interval '100 seconds'" >/dev/null
renew "$refresh"
take_refresh
like "$(printf '%s' "$body" | sed 's/.*"expires_in":\([0-9]*\).*/\1/')" '^(9[0-9]|100)$' 'an access token does not outlast its session'
sql "update latchkey_session set expires_at = now()" >/dev/null
renew "$refresh"
refused 'a session past its days'
log_in_with offline_access
$LK_AS "$LK_BIN" -c "$LK_CONF" user logout ada >/dev/null
renew "$refresh"
refused 'a refresh token of an account that the operator logs out'
log_in_with offline_access
$LK_AS "$LK_BIN" -c "$LK_CONF" user disable ada >/dev/null
renew "$refresh"
refused 'a refresh token of a disabled account'
$LK_AS "$LK_BIN" -c "$LK_CONF" user enable ada >/dev/null
renew "$refresh"
refused 'a refresh token of an account that was disabled and enabled'
log_in_with offline_access
api DELETE /session -H "Authorization: Bearer $token"
is "$status" 204 'log-out ends the session'
renew "$refresh"
refused 'after log-out the refresh token'

# --- revocation, RFC 7009 ---

revoke() {
	api POST /oauth2/revoke --data-urlencode "token=$1"
}
log_in_with offline_access
revoke "$refresh"
is "$status $body" '200 {}' 'revocation of a refresh token gets 200'
renew "$refresh"
refused 'a revoked refresh token'
retry 2 check_token "$token" 401
ok $? 'revocation of a refresh token ends its access tokens'
log_in_with offline_access
revoke "$token"
is "$status $body" '200 {}' 'revocation of an access token gets 200'
renew "$refresh"
refused 'after revocation of its access token a refresh token'
revoke "$token"
is "$status $body" '200 {}' 'revocation of what has ended gets 200'
revoke 'x'
is "$status $body" '200 {}' 'revocation of what is no token gets 200'
api POST /oauth2/revoke 'token_type_hint=refresh_token'
like "$status $body" '^400 .*"error":"invalid_request"' 'revocation without a token is an invalid request'
log_in_with offline_access
api POST /oauth2/revoke --data-urlencode "token=$refresh" -d client_id=other
json_is .error '"invalid_client"' 'a client that is not known revokes nothing'
api POST /oauth2/revoke --data-urlencode "token=$refresh" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://evil.example'
is "$status" 403 'a page of another site revokes nothing'
renew "$refresh"
is "$status" 200 'what was not revoked goes on'

ops GET /metrics
like "$body" 'latchkey_refreshes_total\{outcome="ok"\} [1-9]' 'the metrics count renewals'
like "$body" 'latchkey_refreshes_total\{outcome="refused"\} [1-9]' 'the metrics count refused renewals'
unlike "$(cat "$LK_LOG" "$LK_DIR"/logs/* 2>/dev/null)" "$last" 'no log has a refresh token'

# --- clients that cannot name a scope ---

sed -i 's/^refresh_tokens = .*/refresh_tokens = always/' "$LK_CONF"
kill -HUP "$(cat "$LK_SERVE")"
gets_refresh() {
	log_in_with ''
	[ -n "$refresh" ]
}
retry 30 gets_refresh
ok $? 'with refresh_tokens = always a login without a scope gets a refresh token'
renew "$refresh"
is "$status" 200 'a refresh token of refresh_tokens = always renews the session, which lasts as one that was asked for'
api POST /oauth2/token 'grant_type=password&username=ada&password=correct horse'
take_refresh
is "$status $refresh" '200 ' 'a password grant of /oauth2/token has to ask for one still'

done_testing
