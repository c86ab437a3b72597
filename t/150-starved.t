#!/bin/sh
# A lack of memory, at each allocation of a request in turn: a good token got a 401,
# so that clients logged out, a right login a 500, a sign-up a 422.
# shellcheck source=t/lib.sh
. t/lib.sh

# A library put before the program is what the sanitizers cannot bear.
[ -z "${LK_SANITIZED-}" ] || skip_all 'the sanitizers have allocators of their own'

"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$tmp/starve.so" t/tool/starve.c && chmod 644 "$tmp/starve.so"
ok $? 'the library that lets allocations fail is built'
cp build/latchkey "$tmp/latchkey" && head -c 16 /dev/zero >"$tmp/orders" && chmod 666 "$tmp/orders"
cat >"$tmp/starved" <<END
#!/bin/sh
STARVE=$tmp/orders LD_PRELOAD=$tmp/starve.so exec $tmp/latchkey "\$@"
END
chmod 755 "$tmp/starved"

stack_up bin="$tmp/starved" workers=1 hash_cost=1 nginx_limits=off signups_per_address_hour=1000000 \
	login_failures_per_name_hour=1000000 login_failures_per_address_hour=1000000 \
	login_failures_per_client_hour=1000000 login_failures_per_service_hour=0
sed -i "s|^key_dir = .*|key_dir = \"$LK_DIR/data/keys\"|; s|^secret_file = .*|secret_file = \"$LK_DIR/data/secret\"|" "$LK_CONF"
# shellcheck disable=SC2086 # several words
$LK_AS sh -c "cp -p $LK_KEY $LK_DIR/data/secret && mkdir -m 700 $LK_DIR/data/keys && $tmp/latchkey -c $LK_CONF key new" >"$tmp/made" 2>&1
ok $? 'a key pair is made' || diag "$(cat "$tmp/made")"
kill -HUP "$(cat "$LK_SERVE")"

pass_on python3 -B t/tool/starve.py "$LK_URL" "$tmp/orders" "$(cat "$LK_SERVE")" "$LK_KEY"

is "$(grep -c 'event=bug' "$LK_LOG")" 0 'a lack of memory is not logged as a bug'
like "$(cat "$LK_LOG")" 'level=error .*event=no_memory what=request' 'the log says of a request that memory lacked'

done_testing
