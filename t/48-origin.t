#!/bin/sh
# Cross-site requests. Any page could once make its visitors' browsers try
# passwords: it learnt nothing, but spent the limits of a name and of the
# service.
# shellcheck source=t/lib.sh
. t/lib.sh
needs cgi-fcgi
stack_up hash_cost=1 login_failures_per_client_hour=10 cors_origins='https://app.example.org http://localhost:3000'

build/latchkey routes >"$tmp/routes"
is "$(awk -F '\t' '$1 !~ /^(GET|GET, HEAD)$/ && $5 == "any" { print $2 }' "$tmp/routes")" '' \
	'each endpoint that changes something or takes a password says from whose pages'
is "$(awk -F '\t' '$5 == "not cross-site" { print $2 }' "$tmp/routes" | sort | tr '\n' ' ')" '/token /users/add_user/ ' \
	'and the two of the recorded contract alone look at Sec-Fetch-Site only'

evil='Origin: https://evil.example'
cross='Sec-Fetch-Site: cross-site'
figure() {
	# /metrics is asked past nginx, which shows it elsewhere.
	SCRIPT_NAME='' REQUEST_METHOD=GET REQUEST_URI=/metrics cgi-fcgi -bind -connect "$LK_SOCKET_API" |
		awk -v name="$1" '$1 == name { print $2 }'
}
refused() {
	is "$status $(header Content-Type) $(header Cache-Control) $body" \
		'403 application/json no-store {"detail":"Cross-origin request refused"}' "$1"
}

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /users/add_user/ '{"username":"eve","password":"correct horse"}' -H "$cross"
refused 'no page of another site signs anybody up'
is "$(sql 'select count(*) from users')" 1 'and makes no account'

before=$(figure latchkey_hash_duration_seconds_count)
statuses=
for _ in $(seq 12); do
	api POST /token 'username=ada&password=wrong' -H "$cross" -H "$evil"
	statuses="$statuses$status "
done
is "$statuses" '403 403 403 403 403 403 403 403 403 403 403 403 ' 'no page of another site tries passwords'
api POST /token 'username=ada&password=correct horse' -H "$cross" -H "$evil"
refused 'also the right one'
is "$(header Set-Cookie)" '' 'and gets no cookie'
is "$(figure latchkey_hash_duration_seconds_count)" "$before" 'nothing was hashed'
is "$(figure 'latchkey_logins_total{outcome="rate_limited"}')" 0 'nor counted'
api POST /token 'username=ada&password=wrong'
is "$status" 401 'so the owner at that address is still heard'

api POST /token 'username=ada&password=correct horse' -H 'Sec-Fetch-Site: same-site' -H 'Origin: https://b.localhost'
is "$status" 200 'another host of the same site may log in, as in the recorded contract'
api POST /token 'username=ada&password=correct horse' -H "$evil"
is "$status" 200 'and a browser that sends no Sec-Fetch-Site, likewise'
api POST /token 'username=ada&password=correct horse' -H 'Sec-Fetch-Site: same-origin' -H "Origin: $LK_URL"
is "$status" 200 'a page of this host may'
api POST /token 'username=ada&password=correct horse' -H "$cross" -H 'Origin: https://app.example.org'
is "$status" 200 'and one of cors_origins'
is "$(header Set-Cookie)" '' 'which does not take away the cookie of this host'
api POST /token 'username=ada&password=correct horse' -H "$cross" -H 'Origin: https://app.example.org:8443'
refused 'but not that host at another port'
api POST /token 'username=ada&password=correct horse'
is "$status" 200 'a client that is no browser is not concerned'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# --- what changes something, by a token ---

# change PATH HEADER...
change() {
	path=$1
	shift
	case $path in
	/users/me) api PATCH "$path" '{"fullname":"Ada"}' -H "Authorization: Bearer $token" "$@" ;;
	*) api POST "$path" '{"current":"correct horse","new":"correct horse"}' -H "Authorization: Bearer $token" "$@" ;;
	esac
}
for path in /users/me /users/me/password; do
	change "$path" -H "$cross" -H "$evil"
	refused "$path: no page of another site changes anything"
	change "$path" -H 'Sec-Fetch-Site: same-site' -H 'Origin: https://b.localhost'
	refused "$path: nor one of another host of this site"
	change "$path" -H "$evil"
	refused "$path: nor one in a browser that sends Origin alone"
	change "$path" -H 'Origin: null'
	refused "$path: nor one without an origin"
done
change /users/me -H 'Sec-Fetch-Site: same-origin' -H "Origin: $LK_URL"
is "$status" 200 'a page of this host does'
change /users/me -H "Origin: $LK_URL"
is "$status" 200 'in a browser that sends Origin alone, too'
change /users/me -H "$cross" -H 'Origin: http://localhost:3000'
is "$status" 200 'and one of cors_origins'
change /users/me
is "$status" 200 'and a client that is no browser'
api GET /users/me -H "Authorization: Bearer $token" -H "$cross" -H "$evil"
is "$status" 200 'what is only read is not concerned'
api GET /check -H "Authorization: Bearer $token" -H "$cross" -H "$evil"
is "$status" 200 'nor is a check'
api PATCH /users/me '{"fullname":"Ada"}' -H "$cross"
refused 'it is refused before a token is asked for'

# --- the setting ---

for list in '*' 'https://app.example.org/' 'https://a https://B' 'https://a  https://b'; do
	LATCHKEY_CORS_ORIGINS=$list "$LK_BIN" -c "$LK_CONF" check >"$tmp/out" 2>&1
	like "$(cat "$tmp/out")" '^latchkey: LATCHKEY_CORS_ORIGINS: cors_origins must be origins such as https://app.example.org' \
		"cors_origins = \"$list\" is refused, and what it must be is said"
done

done_testing
