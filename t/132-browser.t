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
case ${LK_BROWSER:-chromium} in
chromium) pass_on node t/browser/autofill.mjs "$LK_URL" ;;
esac

# --- an own logo: a wide one, whose script must not run ---

mkdir "$LK_DIR/pages"
cat >"$LK_DIR/pages/logo.svg" <<'SVG'
<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><rect width="160" height="40" rx="8" fill="teal"/>
<script>document.documentElement.setAttribute("class", "run")</script></svg>
SVG
chmod -R a+rX "$LK_DIR/pages"
sed -i "s|^pages_dir = .*|pages_dir = \"$LK_DIR/pages\"|" "$LK_CONF"
kill -HUP "$(cat "$LK_SERVE")"
own() {
	api GET /login/logo
	[ "$body" = "$(cat "$LK_DIR/pages/logo.svg")" ]
}
retry 20 own
ok $? 'a logo in pages_dir takes the place of the built-in one'
is "$status $(header Content-Type) $(header X-Content-Type-Options)" '200 image/svg+xml nosniff' 'a logo in pages_dir is sent as an image'
pass_on node t/browser/logo.mjs "$LK_URL" 160 ${LK_PICTURES:+"$LK_PICTURES"}
done_testing
