#!/bin/sh
# Guarded example of nginx.conf.sample in front of WSGI and PHP applications,
# which take X_Auth_User and X-Auth-User for the same. They learn the user
# from Latchkey alone, get nothing that is for Latchkey only, and are not
# reached while the check lane is at fault. (t/16-check.t has the check
# itself.)
# shellcheck source=t/lib.sh
. t/lib.sh
fpm=$(find /usr/sbin -name 'php-fpm*' | sort | tail -n 1)
[ -n "$fpm" ] || skip_all 'php-fpm is not there'
stack_up hash_cost=1

api POST /users/add_user/ '{"username":"ada","password":"correct horse"}'
api POST /token 'username=ada&password=correct horse'
token=$(printf '%s' "$body" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
device=$(header Set-Cookie | sed 's/;.*//')
like "$device" '^__Host-latchkey-device=' 'a login sets a device cookie'

# --- two applications, which tell what they see ---

cat >"$tmp/wsgi.py" <<'P'
import json
from wsgiref.simple_server import WSGIRequestHandler, make_server

class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass

def app(environ, start):
    start("200 OK", [("Content-Type", "application/json"), ("X-App", "wsgi")])
    seen = {k: v for k, v in environ.items() if k.startswith("HTTP_")}
    return [json.dumps({"application": seen}).encode()]

server = make_server("127.0.0.1", 0, app, handler_class=Handler)
print(server.server_port, flush=True)
server.serve_forever()
P
python3 "$tmp/wsgi.py" >"$tmp/port" &
children="$children $!"
retry 10 test -s "$tmp/port"

# shellcheck disable=SC2016 # PHP's variables
echo '<?php header("Content-Type: application/json");
$seen = array_filter($_SERVER, fn($k) => str_starts_with($k, "HTTP_"), ARRAY_FILTER_USE_KEY);
echo json_encode(["application" => $seen, "headers" => getallheaders(), "cookies" => $_COOKIE,
	"user" => $_SERVER["PHP_AUTH_USER"] ?? null, "remote" => $_SERVER["REMOTE_USER"] ?? null]);' >"$tmp/app.php"
php_fpm fpm
ok $? 'php-fpm runs' || diag "$(cat "$tmp/fpm.out")"

# The same location again for PHP, with the lines that the sample has for it.
site=$LK_DIR/nginx.site
guard "$(cat "$tmp/port")"
ok $? 'nginx accepts the guarded example of the sample'
awk '
	/^	location \/app\/ / { inside = 1; sub("/app/", "/php/") }
	inside && !/^	*proxy_|^		#/
	/^	}/ && inside { exit }
' "$site" >"$tmp/location"
sed -n '/^	# For PHP-FPM/,/^	#$/d; /^	#	include .*fastcgi_params/,/^	#	fastcgi_pass unix/s/^	#	/		/p' "$site" |
	sed "s|/var/www/app/index.php|$tmp/app.php|; s|unix:/run/php/php-fpm.sock|unix:$LK_DIR/data/fpm.sock|" >"$tmp/php"
is "$(grep -c . "$tmp/php")" 4 'the sample has four lines for PHP-FPM'
sed -i -e '/^	location \/app\/ /{
	e sed "\\$d" '"$tmp/location"'; cat '"$tmp/php"'; echo "	}"
	}' "$site"
nginx_reload
ok $? 'nginx accepts a guarded application by proxy and one by FastCGI'

# --- who asks ---

cat >"$tmp/names.py" <<'P'
import json, os, socket, sys
from peer import http
PORT, TOKEN, DEVICE = os.environ["LK_PORT"], os.environ["LK_TOKEN"].encode(), os.environ["LK_DEVICE"].encode()
def tell(title, wanted, got):
    print("%s\t%s\t%s" % (got, wanted, title))
def ask(path, before=b"", after=b"", method=b"GET", body=b"", bearer=b"Authorization: Bearer " + TOKEN + b"\r\n"):
    found = http(PORT, method + b" " + path + b" HTTP/1.1\r\n" + before + b"Host: localhost\r\nConnection: close\r\n"
                 + bearer + after + b"\r\n" + body)
    return found[0] if len(found) == 1 else (len(found), "", b"")
def seen(answer):
    """What an application saw, or the status."""
    return json.loads(answer[2])["application"] if answer[0] == 200 else answer[0]
def identity(answer):
    """Who it takes the client for, and all else that could tell it."""
    got = seen(answer)
    if isinstance(got, int):
        return got
    expires = got.pop("HTTP_X_AUTH_EXPIRES", "")
    return got.pop("HTTP_X_AUTH_USER", None), got.pop("HTTP_X_AUTH_USER_ID", None), len(expires), sorted(
        k for k, v in got.items() if "eve" in v.lower() or v == "0")
APPS = b"/app/x", b"/php/x"
ADA = ("ada", "1", 10, [])
P
names() {
	{
		echo 'from names import *'
		cat
	} >"$tmp/now.py"
	(LK_TOKEN=$token LK_DEVICE=$device
	export LK_PORT LK_TOKEN LK_DEVICE
	PYTHONPATH=t/tool:$tmp python3 -B "$tmp/now.py") >"$tmp/results"
	ok $? "all requests of $1 were sent"
	while IFS='	' read -r found wanted title; do
		is "$found" "$wanted" "$title"
	done <"$tmp/results"
}

names 'names of headers' <<'P'
import itertools
spellings = []
for parts in (b"X", b"Auth", b"User"), (b"X", b"Auth", b"User", b"Id"), (b"X", b"Auth", b"Expires"):
    for seps in itertools.product(b"-_.", repeat=len(parts) - 1):
        name = parts[0] + b"".join(b"%c" % s + p for s, p in zip(seps, parts[1:]))
        spellings += [name, name.lower(), name.upper()]
spellings += [b"X" + c + b"Auth" + c + b"User" for c in (b"", b"+", b"~", b"!", b"*", b"'", b"|", b"`", b"^", b"#", b"$", b"%", b"&", b"\xad", b"\xe2\x80\x90", b"--", b"/", b"(", b",", b"[", b"{", b"=", b"?", b"@", b"\\")]
spellings += [b"HTTP_X_AUTH_USER", b"Http-X-Auth-User", b"X-Auth-User-", b"-X-Auth-User", b"_X_Auth_User", b"X-Auth-User\xc2\xa0", b"x-auth-us\xc3\xa9r",
              b"Remote-User", b"REMOTE_USER", b"Remote.User", b"X-Remote-User", b"X-Forwarded-User", b"Auth-User", b"PHP_AUTH_USER", b"Php-Auth-User"]
for path in APPS:
    found = {}
    for name in spellings:
        line = name + b": eve\r\n"
        for place in {"before": line}, {"after": line}, {"after": line * 2}:
            got = identity(ask(path, **place))
            # A name of its own is no other identity; one that is taken for ours would be.
            if isinstance(got, tuple):
                got = got[:3] + ([k for k in got[3] if k.replace("HTTP_", "", 1) in ("X_AUTH_USER", "X_AUTH_USER_ID", "X_AUTH_EXPIRES", "AUTHORIZATION")],)
            if got != ADA:
                found[name] = got
    tell("%s: of %d spellings of Latchkey's headers none names another account" % (path.decode(), len(spellings)), "{}", found)
    passed = set()
    for name in spellings:
        got = seen(ask(path, after=name + b": eve\r\n"))
        passed |= {name for k, v in got.items() if v == "eve"} if isinstance(got, dict) else set()
    tell("%s: headers with other characters than letters, digits and - do not arrive" % path.decode(), "[]",
         sorted(n for n in passed if not n.replace(b"-", b"").isalnum()))
    for title, wanted, more in [
        ("a header that Connection names", ADA, {"after": b"Connection: X-Auth-User, X-Auth-User-Id, X-Auth-Expires\r\n"}),
        ("a header behind an empty one of its name", ADA, {"after": b"X-Auth-User:\r\nX-Auth-User: eve\r\n"}),
        ("a blank before the colon", 400, {"after": b"X-Auth-User : eve\r\n"}),
        ("a folded line", 400, {"after": b"X: y\r\n X-Auth-User: eve\r\n"}),
        ("a CR within a line", 400, {"after": b"X: y\rX-Auth-User: eve\r\n"}),
        ("a NUL", 400, {"after": b"X-Auth-User\0: eve\r\n"}),
        ("a line break by LF alone", ADA, {"after": b"X: y\nX-Auth-User: eve\n"}),
        ("a trailer", ADA, {"method": b"POST", "after": b"Transfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n", "body": b"1\r\nx\r\n0\r\nX-Auth-User: eve\r\n\r\n"}),
        ("a query", ADA, {}),
    ]:
        tell("%s: %s names no other account" % (path.decode(), title), wanted, identity(ask(path + (b"?X-Auth-User=eve&HTTP_X_AUTH_USER=eve" if title == "a query" else b""), **more)))
    tell("%s: a request without a token gets 401, whatever its headers" % path.decode(), 401, identity(ask(path, bearer=b"", after=b"X-Auth-User: eve\r\nX_Auth_User: eve\r\nX.Auth.User: eve\r\n")))
P

# --- what is Latchkey's alone ---

names 'cookies' <<'P'
D = DEVICE
name, value = D.split(b"=", 1)
forms = [
    ("no cookie", b"", None),
    ("another cookie alone", b"a=b", "a=b"),
    ("it alone", D, ""),
    ("it first", D + b"; a=b", "a=b"),
    ("it in the middle", b"a=b; " + D + b"; c=d", "a=b; c=d"),
    ("it last", b"a=b; " + D, "a=b"),
    ("it before a ;", D + b";", ""),
    ("it before a ; and a blank", b"a=b; " + D + b"; ", "a=b; "),
    ("it behind a ;", b";" + D, ""),
    ("it behind a ; without a blank", b"a=b;" + D + b";c=d", "a=b;c=d"),
    ("blanks and tabs around it", b"a=b; \t " + name + b" \t= " + value + b"\t ;\t c=d", "a=b; \t c=d"),
    ("a blank before its ;", b"a=b ; " + D + b" ; c=d", "a=b ; c=d"),
    ("it quoted", b'a=b; ' + name + b'="' + value + b'"; c="d e"', 'a=b; c="d e"'),
    ("it empty", b"a=b; " + name + b"=; c=d", "a=b; c=d"),
    ("its name without =", b"a=b; " + name + b"; c=d", "a=b; c=d"),
    ("= in its value", b"a=b; " + D + b"==; c=d", "a=b; c=d"),
    ("it twice", D + b"; " + D, ""),
    ("it twice, apart", b"a=b; " + D + b"; c=d; " + D + b"; e=f", "a=b; c=d; e=f"),
    ("it twice, with two values", b"a=b; " + D + b"; c=d; " + name + b"=x", "a=b; c=d"),
    ("it three times", b"a=b; " + b"; ".join([D] * 3), ""),
    ("it fifty times", b"; ".join([D] * 50), ""),
    ("a comma before it", b"a=b, " + D + b"; c=d", ""),
    ("a blank before it", b"a=b " + D, ""),
    ("it within quotes", b'a="b, ' + D + b'"', ""),
    ("it within quotes, behind a ;", b'a="b; ' + D + b'"; c=d', 'a="b; c=d'),
    ("another cookie whose name ends in its name", b"x" + D + b"; a=b", "x%s; a=b" % D.decode()),
    ("another cookie whose name begins with its name", name + b"2=x; a=b", "%s2=x; a=b" % name.decode()),
    ("another cookie whose name ends in - and its name", b"a-" + D, "a-" + D.decode()),
    ("another cookie whose name ends in a letter and its name", "é".encode() + D, None),
    ("another cookie whose name is its name in small letters", D.lower().replace(b"-host-", b"-Host-").lower() + b"; a=b", "%s; a=b" % D.lower().decode()),
    ("its name as a value", b"seen=" + name + b"; a=b", "seen=%s; a=b" % name.decode()),
    ("7000 bytes before it", b"a=" + b"b" * 7000 + b"; " + D, "a=" + "b" * 7000),
    ("500 cookies before and after it", b"; ".join([b"a=b"] * 500 + [D] + [b"c=d"] * 500), "; ".join(["a=b"] * 500 + ["c=d"] * 500)),
    ("thousands of semicolons around it", b";" * 4000 + D + b";" * 3000, ";" * 4000 + ";" * 2999),
    ("7000 blanks before it", b"a=b;" + b" " * 7000 + D, "a=b"),
]
for path in APPS:
    for title, cookie, wanted in forms:
        got = seen(ask(path, after=b"Cookie: " + cookie + b"\r\n" if cookie else b""))
        got = got if isinstance(got, int) else got.get("HTTP_COOKIE", "")
        if title == "another cookie whose name ends in a letter and its name":
            tell("%s: the cookie header with %s" % (path.decode(), title), True, name.decode() in got)
            continue
        tell("%s: the device cookie is taken out of a header with %s" % (path.decode(), title), repr((wanted or "").strip(" ")), repr(got.strip(" ") if isinstance(got, str) else got))
    for title, lines in ("three lines of cookies", [b"a=b", D, b"c=d"]), ("three lines of device cookies", [D] * 3):
        got = seen(ask(path, after=b"".join(b"Cookie: " + c + b"\r\n" for c in lines)))
        tell("%s: the device cookie is taken out of %s" % (path.decode(), title), repr("a=b; c=d" if len(set(lines)) > 1 else ""), repr(got.get("HTTP_COOKIE", "")))
    answer = ask(path, after=b"Cookie: a=b; " + D + b"\r\nProxy: x\r\nProxy-Authorization: Basic eA==\r\n")
    tell("%s: the application sees neither the token nor the device cookie" % path.decode(), "[]",
         [n for n, secret in (("token", TOKEN), ("signature", TOKEN.split(b".")[-1]), ("device", value)) if secret in answer[2]])
    tell("%s: the header Proxy, which CGI takes for a setting, does not arrive" % path.decode(), "''", repr(seen(answer).get("HTTP_PROXY", "")))
    tell("%s: the header Authorization does not arrive" % path.decode(), "''", repr(seen(answer).get("HTTP_AUTHORIZATION", "")))
P

# Debian's fastcgi_params takes REMOTE_USER from a header that nobody verifies.
api GET /php/x -H "Authorization: Bearer $token"
json_is .remote ada "/php/x: PHP's REMOTE_USER is the name of the account"

# --- the headers that protect ---

for path in /app/x /php/x; do
	api GET "$path" -H "Authorization: Bearer $token"
	is "$status $(header X-Content-Type-Options), $(header X-Frame-Options), $(header Referrer-Policy), $(header Cross-Origin-Opener-Policy), $(header Cross-Origin-Resource-Policy)" \
		'200 nosniff, DENY, no-referrer, same-origin, same-origin' "$path: each security header is sent once"
	is "$(header Content-Security-Policy)" "base-uri 'self'; object-src 'none'; frame-ancestors 'none'" "$path: the policy of a guarded application is sent"
	api GET "$path"
	is "$status $(header X-Frame-Options), $(header Cache-Control)" '401 DENY, no-store' "$path: nginx's own 401 has the security headers"
done
# shellcheck disable=SC2013 # words
for name in $(sed -n 's/^add_header \([^ ]*\) .*/\1/p' conf/nginx/latchkey-own.conf conf/nginx/latchkey-strict.conf); do
	is "$(awk '/^	location \/app\/ /, /^	}/' "$site" | grep -c "add_header $name ")" 1 "the guarded block has the header $name of Latchkey's answers"
done

# --- over HTTP/2 ---

sed -i "s/^\(	listen .*:$LK_PORT\>.*\);/\1 http2;/" "$site"
nginx_reload
for path in /app/x /php/x; do
	for name in X-Auth-User X_Auth_User X.Auth.User x_auth-user; do
		api GET "$path" -H "$name: eve" -H "Authorization: Bearer $token" -H "Cookie: a=b" -H "Cookie: $device" --http2-prior-knowledge
		json_is .application.HTTP_X_AUTH_USER ada "$path: $name over HTTP/2 does not name another account"
		json_is .application.HTTP_COOKIE a=b "$path: the device cookie does not pass over HTTP/2 (with $name)"
		unlike "$body" 'eve' "$path: the value of $name over HTTP/2 does not arrive"
	done
done
sed -i 's/ http2;/;/' "$site"

# --- the check lane at fault ---

# The application notes that it was asked.
t/stack workers-stop "$LK_DIR"
lane=$LK_DIR/lane.sock
sed -i "/^upstream latchkey_check/,/^}/s|unix:[^;]*|unix:$lane|; /keepalive/d; s/fastcgi_read_timeout 15s/fastcgi_read_timeout 1s/" "$LK_DIR"/nginx/*.conf
nginx_reload
for path in /app/x /php/x; do
	api GET "$path" -H "Authorization: Bearer $token"
	is "$status $body" '503 {"detail":"Service Unavailable"}' "$path without a check lane gets 503"
done
explained() {
	grep -q "^[0-9T:+-]* 502 upstream=unix:$lane .*: no connection" "$LK_LOGS/nginx.error.log"
}
retry 5 explained
ok $? 'the error log names the socket of a check that had no connection'
python3 -B t/tool/lane.py "$lane" &
lane_process=$!
children="$children $lane_process"
retry 10 test -S "$lane"
names 'faults' <<'P'
from lane import FAULTS
for path in APPS:
    for fault in FAULTS:
        status, headers, body = ask(path, bearer=b"Authorization: Bearer " + fault.encode() + b"\r\n")
        wanted = {"good": 200, "401": 401, "403": 403}.get(fault, 503)
        tell("%s: a check lane whose answer is \"%s\": %d" % (path.decode(), fault, wanted), wanted, status)
        if fault != "good":
            tell("%s: a check lane whose answer is \"%s\" does not open the application" % (path.decode(), fault), "True", b"application" not in body and b'{"detail":' in body)
            tell("%s: a check lane whose answer is \"%s\" names no account" % (path.decode(), fault), "True", "eve" not in headers)
P
kill "$lane_process"
for path in /app/x /php/x; do
	api GET "$path" -H 'Authorization: Bearer good'
	is "$status $body" '503 {"detail":"Service Unavailable"}' "$path with a check lane that has died gets 503"
done

done_testing
