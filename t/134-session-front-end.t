#!/bin/sh
# The front end that has a session and no token, in a browser, with FastAPI's example
# behind the gate: POST, GET and DELETE /session, and nothing in the page's storage.
# (LK_PICTURES=FOLDER leaves pictures.)
# shellcheck source=t/lib.sh
. t/lib.sh
needs node "${LK_BROWSER:-chromium}" t/browser/node_modules/playwright-core
python3 -c 'import fastapi, uvicorn, jose, multipart' 2>/dev/null || skip_all 'python3-fastapi, python3-uvicorn, python3-multipart or python3-jose is not there'
stack_up site=whole hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000
app=$(free_port)
BEHIND_NGINX=1 python3 -B -m uvicorn --app-dir examples/fastapi todos:app --port "$app" --log-level error &
children="$children $!"
mkdir -p "$LK_DIR/www"
cp examples/front-end/* "$LK_DIR/www/"
# the location of doc/applications.md in the place of the sample's
sed -n '/^    location \/todos\/ {/,/^    }/s/^    /	/p' doc/applications.md |
	sed "s|/etc/nginx/latchkey/|$LK_DIR/nginx/|; s|127.0.0.1:9001|127.0.0.1:$app|" >"$tmp/location"
is "$(grep -c . "$tmp/location")" 4 'the document has the location of a guarded list'
sed -i "/^	location \/todos\/ {/,/^	}/{
	/^	}/r $tmp/location
	d
}" "$LK_DIR/nginx.site"
nginx_reload
ok $? 'nginx takes the location of the document' || diag "$(cat "$LK_LOGS/nginx.error.log")"
listening() {
	curl -q -s -o /dev/null --noproxy '*' "http://127.0.0.1:$app/todos/"
}
retry 60 listening
ok $? "FastAPI's example runs"
pass_on node t/browser/session.mjs "http://localhost:$LK_PORT" ${LK_PICTURES:+"$LK_PICTURES"}
done_testing
