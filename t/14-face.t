#!/bin/sh
# Greeting, unknown paths and methods, redirect of the slash, health.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up 'greeting=Guten Tag, "Welt" ü' hash_cost=1

api GET /
is "$status $body" '200 {"message":"Guten Tag, \"Welt\" ü"}' 'the greeting is a setting'

for path in /nope /Token /users /users/ /token. /docs/assets /users/me/x '/%zz' '/token%00' //; do
	api GET "$path"
	like "$status $body" '^(404 \{"detail":"Not Found"\}|400 \{"detail":"Bad Request"\})$' "GET $path gets 404 or 400"
done
api GET /%74oken
is "$status" 405 'a path is percent-decoded before it is looked up'

while read -r path allow; do
	for method in GET HEAD POST PUT PATCH DELETE OPTIONS FOO; do
		case ", $allow," in *", $method,"*) continue ;; esac
		api "$method" "$path"
		is "$status $(header Allow)" "405 $allow" "$method $path gets 405 and Allow: $allow"
	done
done <<'E'
/ GET
/users/add_user/ POST
/token POST
/users/me GET, PATCH
/users/me/password POST
/openapi.json GET, HEAD
/docs GET, HEAD
E
ops POST /healthz
is "$status $(header Allow)" '405 GET' 'POST /healthz gets 405 and Allow: GET'

api GET /token/
is "$status $(header Location)" '307 /token' 'a path with a slash too many is redirected, naming no host'
api POST '/users/add_user?a=b&c=%0d%0aX:y"<' '{}'
is "$status $(header Location)" '307 /users/add_user/?a=b&c=%0d%0aX:y%22%3C' \
	'a path with a slash too few is redirected, its query kept and escaped'
api GET '/docs///'
is "$status $(header Location)" '307 /docs' 'a path with several slashes too many is redirected'
api GET /token/ -H 'X-Forwarded-Host: evil.example'
unlike "$headers" 'evil' 'a redirect takes no host from X-Forwarded-Host'
is "$body" '' 'a redirect has no body'

for path in /openapi.json /docs /redoc; do
	api GET $path
	get="$status $(header Content-Type) $(header Content-Length)"
	api HEAD "$path"
	is "$status $(header Content-Type) $(header Content-Length)" "$get" "HEAD $path is GET without its body"
done

ops GET /healthz
is "$status $body" '200 {"status":"ok"}' '/healthz answers that the process is alive'
ops GET /readyz
is "$status $body" '200 {"status":"ok"}' '/readyz answers that the service is ready'
sql 'delete from latchkey_migration'
ops GET /readyz
is "$status" 503 '/readyz gets 503 without the schema that the program needs'
like "$body" 'latchkey migrate' '/readyz says to run latchkey migrate'

done_testing
