#!/bin/sh
# Pages and lists at their largest: 100 sessions whose User-Agent takes the most room, and
# what somebody typed into a form. (100 logins with a User-Agent of 256 quotes made the page of
# the account larger than a reply, so its owner got a 500, and could end no session. A byte
# that is replaced by three, such as a delete, was counted as one: a form full of them got a 500.)
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 fullname_max_chars=16384

own="Origin: $LK_URL"
quotes=$(head -c 300 /dev/zero | tr '\0' '"')
sign_up ada 'correct horse'
api POST /session '{"username":"ada","password":"correct horse"}' -H "$own" -H "User-Agent: $quotes"
is "$status" 204 'a log-in with a User-Agent of 300 quotes is one'
cookie=$(header Set-Cookie | sed -n 's/^\(__Host-latchkey=[^;]*\).*/\1/p')
is "$(sql "SELECT length(agent), agent = repeat('\"', 256) FROM latchkey_session")" '256|t' '256 bytes of a User-Agent are kept'

# As many sessions as a user may have, with this User-Agent, an expression of SQL.
hundred() {
	sql "UPDATE latchkey_session SET agent = $1, address = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"
	sql "INSERT INTO latchkey_session SELECT (jsonb_populate_record(s, jsonb_build_object('id', lpad(to_hex(n), 32, '0')))).*
		FROM latchkey_session s, generate_series(1, 99) n WHERE (SELECT count(*) FROM latchkey_session) = 1"
}
while IFS='|' read -r agent title; do
	hundred "$agent"
	for language in en ko; do
		api GET /account -H "Cookie: $cookie" -H "Accept-Language: $language"
		is "$status $(echo "$body" | grep -c 'name="id"')" '200 99' "the page of the account has all 100 sessions: $title, $language"
	done
	api GET /users/me/sessions -H "Cookie: $cookie"
	is "$status $(echo "$body" | grep -o '"id":' | wc -l)" '200 100' "the list has all 100 sessions: $title"
done <<'E'
repeat('"', 256)|quotes
repeat('&', 256)|ampersands
repeat('\', 256)|backslashes
repeat('한', 85)|Korean
repeat('SamsungBrowser Android ', 11)|a browser and a system
NULL|none
E
sql "DELETE FROM latchkey_session WHERE id < '0000000000000000000000000000ffff'"
api POST /session '{"username":"ada","password":"correct horse"}' -H "$own" -H "User-Agent: $(printf '\001a\177b\037%s' "$quotes")"
is "$(sql "SELECT count(*) FROM latchkey_session WHERE agent = 'ab' || repeat('\"', 254)")" 1 'control characters of a User-Agent are not kept'

# --- names ---

sql 'DELETE FROM latchkey_session WHERE agent IS NOT NULL'
hundred "repeat('\"', 256)"
sql "UPDATE users SET fullname = repeat('\"', 16384)"
api GET /account -H "Cookie: $cookie"
is "$status" 200 'the page of the account has room for the longest full name'
is "$(echo "$body" | grep -o '&quot;' | wc -l | awk '{ print ($1 >= 16384) }')" 1 'the longest full name is in its form, which would take it away otherwise'
like "$(echo "$body" | grep -c 'name="id"')" '^[1-9]' 'beside the longest full name the page has some of the sessions'
like "$body" 'End all others' 'beside the longest full name the page has the button that ends all others'
head -c 21000 /dev/zero | tr '\0' '"' >"$tmp/quotes"
for form in 'login username' 'login username password' 'signup username' 'signup username fullname' 'signup username invite' 'account/name fullname'; do
	set --
	for field in ${form#* }; do
		set -- "$@" --data-urlencode "$field@$tmp/quotes"
	done
	api POST "/${form%% *}" -H "$own" -H "Cookie: $cookie" -H 'Content-Type: application/x-www-form-urlencoded' "$@"
	like "$status $(header Content-Type)" '^4[0-9][0-9] text/html' "a form full of quotes is answered by a page: /$form"
done
for byte in 177 377; do
	head -c 32000 /dev/zero | tr '\0' "\\$byte" >"$tmp/replaced"
	{ printf 'username=' && cat "$tmp/replaced" && printf '&fullname=' && cat "$tmp/replaced"; } >"$tmp/form"
	api POST /signup -H "$own" -H 'Content-Type: application/x-www-form-urlencoded' --data-binary "@$tmp/form"
	like "$status $(header Content-Type)" '^4[0-9][0-9] text/html' "a form full of bytes that are replaced is answered by a page: $byte"
done
unlike "$(cat "$LK_LOGS"/*)" 'event=bug' 'no reply was too large'

done_testing
