#!/bin/sh
# An application behind the gate in a browser: t/browser/gate.mjs.
# shellcheck source=t/lib.sh
. t/lib.sh
needs node "${LK_BROWSER:-chromium}" t/browser/node_modules/playwright-core
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 nginx_limits=off
app=$(free_port)
sed -i "s/^	#	#\(client_max_body_size\|proxy_http_version\|proxy_set_header Upgrade\|proxy_set_header Connection\)/	#	\1/" "$LK_DIR/nginx.site"
guard "$app"
ok $? 'nginx accepts the guarded example of the sample, with websockets and uploads'
guard_again /admin/ 's/#\(set .latchkey_scope_needed admin;\)/\1/'
ok $? 'nginx accepts a location that demands a scope'
sign_up root 'correct horse battery'
$LK_AS "$LK_BIN" -c "$LK_CONF" user scope root admin >"$tmp/null"
pass_on node t/browser/gate.mjs "http://localhost:$LK_PORT" "$app" "$LK_KEY" root
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no browser shows a bug or ends a worker'
done_testing
