#!/bin/sh
# Latchkey below a path of its host, by LATCHKEY_PREFIX: redirects, pages and
# the document once pointed to the root.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1
sign_up ada 'correct horse'

# fcgi NAME=VALUE...: these parameters to the api lane; its status, Location and body.
fcgi() {
	PYTHONPATH=t/tool python3 -c '
import re, sys
from peer import fcgi
status, head, body = fcgi(sys.argv[1], [tuple(p.encode().split(b"=", 1)) for p in sys.argv[2:]])
print(status, *re.findall("Location: (.*?)\r", head + "\r"), body.decode()[:200])' "$LK_SOCKET_API" REQUEST_METHOD=GET "$@"
}

# --- past nginx ---

is "$(fcgi REQUEST_URI=/auth/users/me/?x=1 LATCHKEY_PREFIX=/auth)" '307 /auth/users/me?x=1 ' 'a redirect stays below the prefix'
is "$(fcgi REQUEST_URI=/auth LATCHKEY_PREFIX=/auth)" '307 /auth/ ' 'the prefix itself is redirected to its slash'
is "$(fcgi REQUEST_URI=/auth?x LATCHKEY_PREFIX=/auth)" '307 /auth/?x ' 'the prefix with a query is redirected to its slash'
like "$(fcgi REQUEST_URI=/auth/ LATCHKEY_PREFIX=/auth)" '^200 ' 'the greeting is below the prefix'
like "$(fcgi REQUEST_URI=/auth/%2e%2e/ LATCHKEY_PREFIX=/auth)" '^404 ' 'no path leads out of the prefix'
like "$(fcgi REQUEST_URI=/auth//example.org/ LATCHKEY_PREFIX=/auth)" '^404 ' 'no redirect names another host'
is "$(fcgi REQUEST_URI=/users/me/ LATCHKEY_PREFIX=/auth)" '307 /auth/users/me ' 'a path from which the web server has cut the prefix is as good'
is "$(fcgi REQUEST_URI=/users/me/ LATCHKEY_PREFIX=)" '307 /users/me ' 'an empty prefix is none'
is "$(fcgi REQUEST_URI=/users/me/ HTTP_LATCHKEY_PREFIX=/x SCRIPT_NAME=/x/users/me/)" '307 /users/me ' \
	'neither a header nor SCRIPT_NAME is a prefix'
for prefix in /auth/ auth // //example.org https://example.org /a/../b '/a"b' '/a b' "$(printf '/a\r\nX: y')"; do
	is "$(fcgi REQUEST_URI=/users/me/ LATCHKEY_PREFIX="$prefix")" '400 {"detail":"LATCHKEY_PREFIX is no path such as /auth"}' \
		"'$(printf %s "$prefix" | tr '\r\n' '??')' is refused as a prefix"
done
is "$(grep -c 'event=request_broken what=LATCHKEY_PREFIX hint="fastcgi_param LATCHKEY_PREFIX /auth"' "$LK_LOG")" 9 \
	'the log says how a prefix is written'

# --- the sample, below /auth/ ---

sed -i '
	s|^	#\(~^/auth/	/auth;\)|	\1|
	/^	#location \/auth\/ {/,/^	#}$/s/^	#/	/
' "$LK_DIR/nginx.site"
nginx_reload
ok $? 'nginx accepts the sample with its prefix'
api GET /auth/
is "$status" 200 'the greeting of the sample is below /auth/'
api POST /auth/token 'username=ada&password=correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
is "$status" 200 'a login below /auth/ gets its token'
like "$(header Set-Cookie)" '^__Host-latchkey-device=.*; Path=/;' 'a login below /auth/ gets its device cookie'
api GET /auth/users/me -H "Authorization: Bearer $token"
is "$status" 200 'the account is below /auth/'
api GET /auth/users/me/ -H "Authorization: Bearer $token" -H 'Latchkey-Prefix: /x'
is "$status $(header Location)" '307 /auth/users/me' 'a redirect of the sample stays below /auth/, whatever a client sends'
api GET /users/me/
is "$status $(header Location)" '307 /users/me' 'a redirect of the sample beside /auth/ has no prefix'
api GET /auth/openapi.json
json_is .servers '[{"url": "/auth/"}]' 'the document names /auth/ as its server'
json_is .components.securitySchemes.OAuth2PasswordBearer.flows.password.tokenUrl token 'tokenUrl is relative to the server'
api GET /openapi.json
is "$(printf %s "$body" | grep -c servers)" 0 'without a prefix the document names no server'

# Each link of the pages, as a browser resolves it.
head -c 70000 /dev/zero | tr '\0' x >"$tmp/long"
api POST /auth/token "@$tmp/long" -H 'Content-Type: application/x-www-form-urlencoded'
is "$status $body" '413 {"detail":"Request Entity Too Large","error":"invalid_request","error_description":"Request Entity Too Large"}' \
	"nginx's own errors below /auth/ have OAuth's members, too"
for path in /auth/nope /auth/latchkey-check /auth/latchkey-error /auth/latchkey-nothing /auth/auth/token /auth/token%0Ax \
	/auth/metrics /auth/docs/../metrics /auth/docs/..%2fmetrics /auth/readyz/ /auth/healthz?x /latchkey-greeting /latchkey-nothing; do
	api GET "$path"
	is "$status $body" '404 {"detail":"Not Found"}' "$path is no path of Latchkey's"
done
api GET /auth/token
is "$status $(header Allow)" '405 POST' 'a path below /auth/ takes its own methods alone'

for page in /docs /redoc /docs/oauth2-redirect; do
	api GET "/auth$page"
	is "$status" 200 "/auth$page is a page"
	like "$(header Content-Security-Policy)" "script-src 'self'" "/auth$page may run its scripts"
	printf '%s' "$body" >"$tmp/page"
	python3 - "/auth$page" "$tmp/page" web/docs.js web/redoc.js web/redirect.js >"$tmp/links" <<'P'
import re, sys, urllib.parse
page, files = sys.argv[1], sys.argv[2:]
text = "".join(open(f).read() for f in files[:1])
text += "".join(open(f).read() for f in files[1:] if f.rsplit("/")[-1] in text)
for link in re.findall(r'''(?:href|src|url|script\.src) *[=:] *"([^"#]*)"|new URL\("([^"]*)"|init\(\s*"([^"]*)"''', text):
    link = "".join(link)
    if not link.startswith("data:"):
        print(urllib.parse.urljoin(page, link))
P
	ok "$([ "$(wc -l <"$tmp/links")" -ge 3 ]; echo $?)" "/auth$page has links"
	while read -r link; do
		api GET "$link"
		case $link in
		/auth/docs/assets/*) # made by make web
			if [ -d web/dist/docs ]; then
				is "$status" 200 "$link, of /auth$page, is present"
			else
				skip "$link, of /auth$page" 'web/dist/docs is not there (make web)'
			fi
			;;
		/auth/*) is "$status" 200 "$link, of /auth$page, is there" ;;
		*) is "$link" '' "a link of /auth$page is below /auth/" ;;
		esac
	done <"$tmp/links"
done
is "$(grep -cE '(href|src)="/|"/(docs|openapi)' web/docs.html web/redoc.html web/oauth2-redirect.html web/docs.js web/redoc.js web/redirect.js | grep -cv ':0$')" 0 \
	'no page and no script of a page names a path from the root'

# --- an application elsewhere, behind the guard ---

python3 -B t/tool/gate_app.py "$tmp/notes" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"
sed -i 's|^	#	#\(set .latchkey_prefix /auth;\)|	#	\1|' "$LK_DIR/nginx.site"
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts a guarded location with the prefix'
navigate() {
	api GET /app/x?y=1 -H 'Sec-Fetch-Mode: navigate' "$@"
}
navigate -H 'X-Latchkey-Login: http://evil.example/' -H 'Latchkey-Prefix: /evil'
is "$status $(header Location)" '303 /auth/login?next=%2Fapp%2Fx%3Fy%3D1' 'the guard leads to the log-in page below /auth/'
api GET "$(header Location)"
is "$status" 200 'the log-in page below /auth/ is there'
api POST /auth/login 'username=ada&password=correct horse&next=/app/x?y=1' -H 'Sec-Fetch-Site: same-origin'
cookie=$(header Set-Cookie | sed -n 's/^\(__Host-latchkey=[^;]*\);.*/\1/p')
is "$status $(header Location)" '303 /auth/login?arrived=1&next=%2Fapp%2Fx%3Fy%3D1' 'a log-in below /auth/ asks once whether the cookie was kept'
api GET "$(header Location)" -H "Cookie: $cookie"
is "$status $(header Location)" '303 /app/x?y=1' 'a log-in below /auth/ leads back to the application'
navigate -H "Cookie: $cookie"
is "$status" 200 'a session that began below /auth/ opens the application'
sed -i 's|set .latchkey_prefix /auth;|set $latchkey_prefix auth/;|' "$LK_DIR/nginx.site"
nginx_reload
navigate -H "Cookie: $cookie"
is "$status" 503 'a prefix that is none closes the guard'
like "$(tail -n 5 "$LK_LOG")" 'event=request_broken what=LATCHKEY_PREFIX hint=' 'the log says what is wrong with the prefix'

done_testing
