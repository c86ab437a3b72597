#!/bin/sh
# An application behind the gate in Chromium: t/browser/gate.mjs.
# shellcheck source=t/lib.sh
. t/lib.sh
needs node chromium t/browser/node_modules/playwright-core
stack_up hash_cost=1 db_timeout_ms=10000 login_wait_ms=60000 nginx_limits=off
app=$(free_port)
sed -i "s/^	#	#\(client_max_body_size\|proxy_http_version\|proxy_set_header Upgrade\|proxy_set_header Connection\)/	#	\1/" "$LK_DIR/nginx.site"
guard "$app"
ok $? 'nginx accepts the guarded example of the sample, with websockets and uploads'
pass_on node t/browser/gate.mjs "http://localhost:$LK_PORT" "$app" "$LK_KEY"
is "$(grep -cE 'event=(bug|worker_ended)' "$LK_LOG")" 0 'no browser shows a bug or ends a worker'
done_testing
