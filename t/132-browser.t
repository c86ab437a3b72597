#!/bin/sh
# The pages in a browser: by keyboard, narrow, dark, in Korean, without a script, with
# what a screen reader needs (axe-core), and against pages of other sites.
# (LK_PICTURES=FOLDER leaves pictures.)
# shellcheck source=t/lib.sh
. t/lib.sh
needs node "${LK_BROWSER:-chromium}" t/browser/node_modules/axe-core
stack_up site=whole hash_cost=1 db_timeout_ms=10000 product_name='Garden Club' login_failures_per_client_hour=15 login_wait_ms=60000
mkdir -p "$LK_DIR/www"
printf '<!doctype html><meta charset="utf-8"><title>App</title><h1>The application</h1><a href="/logout">Log out</a>\n' >"$LK_DIR/www/index.html"
other=$(free_port)
pass_on node t/browser/pages.mjs "$LK_URL" "$other" ${LK_PICTURES:+"$LK_PICTURES"}
done_testing
