#!/bin/sh
# /docs and /redoc in a browser, and the content of /openapi.json. The two
# scripts also run by themselves, against any service: node t/browser/docs.mjs
# URL FOLDER leaves pictures in FOLDER.
# shellcheck disable=SC1091,SC2154 # variables of lib.sh
. t/lib.sh

needs node "${LK_BROWSER:-chromium}" t/browser/node_modules web/dist/docs

stack_up

for page in /docs /redoc /docs/oauth2-redirect; do
	api GET "$page"
	is "$status $(header Content-Type)" '200 text/html; charset=utf-8' "$page is a page"
	is "$(header Content-Security-Policy)" \
		"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" \
		"$page may run only scripts of this host"
done

pass_on node t/browser/docs.mjs "$LK_URL"
pass_on node t/browser/openapi.mjs "$LK_URL" "$LK_OPS_URL"

done_testing
