#!/bin/sh
# Sign-ups by invitation, and the operator's links: each works once, for hours, and
# the database does not have its token.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 signup=invite site_url=https://login.example.org signups_per_address_hour=1000 nginx_limits=off

# join NAME INVITE: a sign-up with an invitation
join() {
	api POST /users/add_user/ "{\"username\": \"$1\", \"fullname\": null, \"password\": \"correct horse\", \"invite\": $2}"
}

# --- invitations ---

sign_up ada 'correct horse'
is "$status" 403 'sign-up by invitation: none is refused'
json_is .detail 'Sign-up needs an invitation that works' 'sign-up by invitation: the answer says what is missing'
user_result invite
is "$result $complaint" '0 ' 'user invite makes a link'
like "$said" '^https://login\.example\.org/signup\?invite=[A-Za-z0-9_-]{43}$' 'user invite prints the link alone, below site_url'
invite=${said##*=}
for wrong in null '""' '"x"' "\"${invite}A\"" "\"$(echo "$invite" | tr 'A-Za-z' 'B-ZAb-za')\"" "\"$(head -c 60000 /dev/zero | tr '\0' a)\""; do
	join ada "$wrong"
	is "$status" 403 "sign-up by invitation: a wrong one is refused: $(printf %.20s "$wrong")"
done
join ada '"\u0000"'
is "$status" 422 'sign-up by invitation: a NUL is refused'
join ada 7
is "$status" 422 'sign-up by invitation: a number is refused'
api POST /users/add_user/ "{\"username\": \"ada\", \"password\": \"short\", \"invite\": \"$invite\"}"
is "$status" 422 'sign-up by invitation: a short password is refused as ever'
join ada "\"$invite\""
is "$status" 200 'sign-up by invitation: a link works still after a mistake'
join eve "\"$invite\""
is "$status" 403 'sign-up by invitation: a link works once'
user_result invite 1
taken=${said##*=}
join ada "\"$taken\""
is "$status $body" '400 {"detail":"User already registered"}' 'sign-up by invitation: a taken name is refused'
join bea "\"$taken\""
is "$status" 200 'sign-up by invitation: a taken name does not spend it'
log_in bea 'correct horse'
is "$status" 200 'somebody who was invited logs in'

# Of many at once one gets in.
user_result invite
many=${said##*=}
for n in 1 2 3 4 5 6; do
	curl -s -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' "$LK_URL/users/add_user/" \
		-d "{\"username\": \"many$n\", \"password\": \"correct horse\", \"invite\": \"$many\"}" &
done >"$tmp/statuses"
wait
is "$(sort "$tmp/statuses" | uniq -c | sed 's/^ *//' | tr '\n' ' ')" '1 200 5 403 ' 'of six at once with one invitation one signs up'
is "$(sql "SELECT count(*) FROM users WHERE username LIKE 'many%'")" 1 'of six at once with one invitation there is one account'

# --- the page of an invitation ---

# page QUERY, and form FIELDS: of /signup
page() {
	api GET "/signup$1"
}
form() {
	api POST /signup "$1" -H "Origin: $LK_URL" -H 'Content-Type: application/x-www-form-urlencoded'
}
user_result invite
shown=${said##*=}
page ''
is "$status $(printf '%s' "$body" | grep -c 'type="password"')" '403 0' 'the sign-up page without an invitation has no form'
like "$body" 'You need an invitation' 'the sign-up page without an invitation says what is missing'
page "?invite=$shown&next=/todos/"
is "$status $(header Referrer-Policy)" '200 strict-origin' 'the address of an invitation is no referrer'
like "$body" "name=\"invite\" value=\"$shown\"" 'the form of an invitation has its token'
like "$body" "lang=ko&amp;next=%2Ftodos%2F&amp;invite=$shown" 'the switch of the language keeps an invitation'
form "username=cleo&password=short&invite=$shown&next=/todos/"
is "$status $(printf '%s' "$body" | grep -c "name=\"invite\" value=\"$shown\"")" '422 1' 'a mistake in the form keeps its invitation'
for wrong in '' '&invite=' '&invite=x' "&invite=${shown}A"; do
	form "username=cleo&password=correct+horse$wrong"
	is "$status $(header Set-Cookie)" '403 ' "a form without an invitation that works is refused: $(printf %.12s "$wrong")"
done
form "username=cleo&password=correct+horse&invite=$shown&next=/todos/"
is "$status $(header Location)" '303 /login?arrived=1&next=%2Ftodos%2F' 'a form with an invitation signs up, logs in, and leads on'
form "username=dan&password=correct+horse&invite=$shown"
is "$status $(printf '%s' "$body" | grep -c '<h1>This invitation has ended')" '403 1' 'the page says that an invitation has been used'
page "?invite=$shown"
is "$status $(printf '%s' "$body" | grep -c 'type="password"')" '403 0' 'a used invitation shows no form'
api GET /login
unlike "$body" 'href="/signup' 'the log-in page has no way to a sign-up that needs an invitation'

# --- time ---

user_result invite 720
is "$result" 0 'user invite takes 720 hours'
late=${said##*=}
for hours in 0 721 x -1 ''; do
	user_result invite "$hours"
	is "$result $complaint" "1 latchkey: a link works for 1 to 720 hours, not $hours" "user invite refuses $hours hours"
done
user_result invite 1 2
is "$result" 2 'user invite takes one number'
is "$(sql "SELECT kind, round(extract(epoch FROM expires_at - now()) / 3600) FROM latchkey_link ORDER BY 2 DESC LIMIT 1")" 'invite|720' \
	'a link has the hours that were asked for'
sql "UPDATE latchkey_link SET expires_at = now() + interval '1 hour' WHERE kind = 'invite'" >"$tmp/null"
join late1 "\"$late\""
is "$status" 200 'an invitation works before its time is over'
user_result invite
late=${said##*=}
sql "UPDATE latchkey_link SET expires_at = now()" >"$tmp/null"
join late2 "\"$late\""
is "$status" 403 'an invitation does not work when its time is over'
user_result invite
is "$(sql 'SELECT count(*) FROM latchkey_link')" 1 'links whose time is over go when another is made'

# --- the token ---

token=${said##*=}
is "$(sql "SELECT encode(hash, 'hex') FROM latchkey_link")" "$(printf %s "$token" | sha256sum | cut -d ' ' -f 1)" \
	'the database has the SHA-256 of the token'
join mallory "\"$token\""
is "$status" 200 'the token signs somebody up'
unlike "$(cat "$LK_LOG" "$LK_DIR"/log/* "$LK_DIR"/*.log 2>/dev/null)" "$token|$invite|$many|$shown" 'no log has a token'

# --- a new password ---

user_result reset nobody
is "$result $complaint" '1 latchkey: no such account: nobody' 'user reset refuses a name without an account'
user_result reset ada
like "$result $said" '^0 https://login\.example\.org/reset\?token=[A-Za-z0-9_-]{43}$' 'user reset prints the link alone'
user_result reset ada 5
is "$result $(sql "SELECT count(*), max(round(extract(epoch FROM expires_at - now()) / 3600)) FROM latchkey_link WHERE kind = 'reset'")" \
	'0 1|5' 'a new link ends the older one of the account'
token=${said##*=}
join eve "\"$token\""
is "$status" 403 'a link for a new password is no invitation'
user_result disable bea
user_result reset bea
is "$result $complaint" '0 latchkey: the account is disabled: enable it, or the link does not work' 'user reset says that an account is disabled'

export LATCHKEY_SITE_URL=http://127.0.0.1:8000
for what in invite 'reset ada'; do
	# shellcheck disable=SC2086 # words
	user_result $what
	like "$result $said" '^0 http://127\.0\.0\.1:8000/(signup|reset)\?' "user $what prints a link though site_url is not set"
	is "$complaint" 'latchkey: this link works on this machine alone: set site_url' "user $what says that site_url is not set"
done
unset LATCHKEY_SITE_URL

# --- closed, and open again ---

# Until no worker is left that took the setting before.
serve_with() {
	master=$(cat "$LK_SERVE")
	old=$(pgrep -d ' ' -P "$master")
	sed -i "s/^signup = .*/signup = $1/" "$LK_CONF"
	kill -HUP "$master"
	retry 20 renewed
}
says() {
	join probe null
	[ "$status $body" = "$1" ]
}
user_result invite
token=${said##*=}
serve_with closed
retry 20 says '403 {"detail":"Sign-up is closed"}'
ok $? 'sign-up is closed by a setting' || diag "$status $body"
join probe "\"$token\""
is "$status" 403 'sign-up that is closed takes no invitation'
user_result invite
is "$result $complaint" '0 latchkey: signup = closed refuses it; set signup = invite' 'user invite says that sign-up is closed'
sed -i "s/^signup = .*/signup = ajar/" "$LK_CONF"
like "$($LK_AS "$LK_BIN" -c "$LK_CONF" check 2>&1)" 'signup must be open, invite or closed, not "ajar"' 'another word for signup is refused'
serve_with open
opened() {
	join open1 7
	[ "$status" = 200 ]
}
retry 20 opened
ok $? 'an open sign-up does not look at an invitation, as the original'
join open2 "\"$token\""
is "$status $(sql "SELECT count(*) FROM latchkey_link WHERE hash = sha256('$token')")" '200 1' 'an open sign-up spends no invitation'

# Eventually the metrics have an outcome for what was refused.
ops GET /metrics
like "$body" 'latchkey_signups_total\{outcome="refused"\} [1-9]' 'refused sign-ups are counted'

for url in login.example.org https:// https://x/ 'https://x?y' 'https://x y' ftp://x; do
	like "$(LATCHKEY_SITE_URL=$url "$LK_BIN" -c "$LK_CONF" check 2>&1)" 'LATCHKEY_SITE_URL: site_url must be an address' "site_url is refused: $url"
done

done_testing
