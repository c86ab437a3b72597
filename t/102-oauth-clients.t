#!/bin/sh
# OAuth libraries as clients with a secret, unmodified: tokens of their own and of users,
# renewal, introspection, revocation, and tokens by the published keys, while these change.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1 nginx_limits=off token_issuer=https://auth.example token_audience=web jwks_max_age_s=1

# The tokens are of a pair, which the libraries demand.
# shellcheck disable=SC2086 # two words
$LK_AS sh -c "umask 077; mkdir '$LK_DIR/data/keys'; cp '$LK_KEY' '$LK_DIR/data/secret'"
sed -i "s|^key_dir = .*|key_dir = \"$LK_DIR/data/keys\"|; s|^secret_file = .*|secret_file = \"$LK_DIR/data/secret\"|
	s|^key_file = .*|key_file = \"\"|" "$LK_CONF"
$LK_AS "$LK_BIN" -c "$LK_CONF" key new >/dev/null 2>&1
ok $? 'a key pair is made'
t/stack workers-stop "$LK_DIR"
t/stack workers-start "$LK_DIR"
served() {
	sign_up ada 'correct horse'
	[ "$status" = 200 ]
}
retry 30 served
ok $? 'the service signs by it'
$LK_AS "$LK_BIN" -c "$LK_CONF" client add -g 'client_credentials password refresh_token' -s 'read write' app >"$tmp/client" 2>/dev/null
secret=$(sed -n 's/^secret	//p' "$tmp/client")

# Another key signs: as an operator has it.
cat >"$tmp/rotate" <<END
#!/bin/sh
. "$LK_DIR/env"
key() {
	\$LK_AS "\$LK_BIN" -c "\$LK_CONF" key "\$@" 2>&1
}
reload() {
	before=\$(grep -c event=ready "\$LK_LOG")
	kill -HUP "\$(cat "\$LK_SERVE")"
	for i in \$(seq 300); do
		[ "\$(grep -c event=ready "\$LK_LOG")" = "\$before" ] || return 0
		sleep 0.1
	done
	exit 1
}
kid=\$(key new ES256 | awk -F '\t' 'NF == 3 { print \$1 }')
reload
key activate >/dev/null
reload
for i in \$(seq 300); do
	key list | awk -F '\t' -v kid="\$kid" '\$1 == kid && \$3 ~ /^active/ { found = 1 } END { exit !found }' && exit 0
	sleep 0.1
done
exit 1
END
chmod +x "$tmp/rotate"

if [ -d t/oauth/node_modules ]; then
	pass_on node t/oauth/clients.mjs "$LK_URL" app "$secret" ada 'correct horse'
	pass_on node t/oauth/applications.mjs "$LK_URL" app "$secret" ada 'correct horse' "$tmp/rotate"
else
	skip 'OAuth libraries for Node.js' 'not there; make oauth fetches them with npm'
fi
if python3 -c 'import authlib, requests_oauthlib' 2>/dev/null; then
	pass_on python3 -B t/tool/oauth_clients.py "$LK_URL" app "$secret" ada 'correct horse'
else
	skip 'OAuth libraries for Python' 'python3-authlib and python3-requests-oauthlib are not there'
fi

done_testing
