#!/bin/sh
# check-nginx: what it finds in the set-ups of t/nginx-setups, and in what this tree gives to copy.
# shellcheck source=t/lib.sh
. t/lib.sh
needs nginx openssl

mkdir "$tmp/nginx" "$tmp/log"
for file in conf/nginx/*.conf; do
	# and of shared memory as little as will do: nginx fills it
	sed "s|/etc/nginx/latchkey/|$tmp/nginx/|; s|/var/log/nginx/|$tmp/log/|; s|:10m|:64k|" "$file" >"$tmp/nginx/${file##*/}"
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/app.key" -out "$tmp/app.pem" -subj /CN=app.example.org -days 2 2>"$tmp/log/openssl"

# dump FILE: what nginx -T prints of it, and -v before that, into $tmp/dump. The version of the machine's nginx
# is left out, unless the file names one.
dump() {
	sed "s|/etc/nginx/latchkey/|$tmp/nginx/|; s|/etc/ssl/app|$tmp/app|; s|/var/log/nginx/|$tmp/log/|
		s|/tmp/latchkey-cache|$tmp/cache|" "$1" >"$tmp/nginx.conf"
	sed -n 's/^# \(nginx version: .*\)/\1/p' "$1" >"$tmp/dump"
	nginx -T -c "$tmp/nginx.conf" -e "$tmp/log/error" -g "pid $tmp/pid;" >>"$tmp/dump" 2>"$tmp/log/nginx"
}

# check ARGUMENT...: fills $status, $out and, of the mistakes alone, $found: "LINE RULE", or "FILE:LINE RULE" elsewhere.
check() {
	out=$(build/latchkey check-nginx "$@" 2>&1)
	status=$?
	found=$(printf '%s\n' "$out" | sed -n "s|^$tmp/nginx.conf:||; s|^$tmp/||; s|^\([^ ]*\): \([a-z0-9-]*\): .*|\1 \2|p")
}

# --- what people ran ---

missed=0
for file in t/nginx-setups/broken/*.conf; do
	name=$(basename "$file" .conf)
	dump "$file"
	ok $? "$name: nginx takes the set-up" || diag "$(cat "$tmp/log/nginx")"
	check "$tmp/dump"
	wanted=$(awk '/# wrong: / { print NR, $NF }' "$file")
	if grep -q '^# missed: ' "$file"; then
		missed=$((missed + 1))
		isnt "$found" "$wanted" "$name: it is not found yet: $(sed -n 's/^# missed: //p' "$file")"
		continue
	fi
	is "$status $found" "1 $wanted" "$name: the mistake is found, by its line, and nothing else"
	like "$out" '^	to do: .{10}' "$name: a cure is named"
done
[ "$missed" -le 2 ]
ok $? 'of twenty broken set-ups eighteen are found'
is "$(cat t/nginx-setups/*/*.conf | grep -c '^# https\?://')" "$(find t/nginx-setups -name '*.conf' | wc -l)" \
	'each set-up names the thread that it comes from'
like "$(find t/nginx-setups/broken -name '*.conf' | wc -l)" '^([2-9][0-9])$' 'there are twenty broken set-ups or more'
like "$(find t/nginx-setups/good -name '*.conf' | wc -l)" '^([1-9][0-9])$' 'there are ten good set-ups or more'

for file in t/nginx-setups/good/*.conf; do
	name=$(basename "$file" .conf)
	dump "$file"
	ok $? "$name: nginx takes the set-up" || diag "$(cat "$tmp/log/nginx")"
	check "$tmp/dump"
	is "$status $found" '0 ' "$name: nothing is found in a good set-up" || diag "$out"
done

# --- each rule has its set-up ---

build/latchkey check-nginx --rules | cut -f 1 | sort >"$tmp/rules"
[ "$(wc -l <"$tmp/rules")" -ge 20 ]
ok $? 'there are twenty rules or more'
sed -n 's/.*# wrong: //p' t/nginx-setups/broken/*.conf | sort -u >"$tmp/shown"
is "$(comm -13 "$tmp/rules" "$tmp/shown")" '' 'each mistake that is shown has its rule'

# --- what this tree gives to copy ---

# sample SED: nginx.conf.sample with this change, in a whole configuration.
sample() {
	{
		printf 'events { }\nhttp {\n'
		sed "s|/srv/www|$tmp|; $1" nginx.conf.sample
		printf '}\n'
	} >"$tmp/sample"
	dump "$tmp/sample"
}
taken="nginx: the configuration file $tmp/nginx.conf syntax is ok
nginx: configuration file $tmp/nginx.conf test is successful"
sample ''
ok $? 'sample: nginx takes it' || diag "$(cat "$tmp/log/nginx")"
is "$(cat "$tmp/log/nginx")" "$taken" 'sample: nginx warns of nothing'
check "$tmp/dump"
is "$status $found" '0 ' 'sample: nothing is found in nginx.conf.sample' || diag "$out"
sample '/^	#location \/app\//,/^	#}$/s/^	#/	/'
ok $? 'sample: nginx takes it with the guard' || diag "$(cat "$tmp/log/nginx")"
is "$(cat "$tmp/log/nginx")" "$taken" 'sample: nginx warns of nothing, guard included' || diag "$(cat "$tmp/log/nginx")"
check "$tmp/dump"
is "$status $found" '0 ' 'sample: nothing is found in nginx.conf.sample with its guard' || diag "$out"
sample '/^	#location \/app\//,/^	#}$/{
	s/^	#/	/
	s/^	\(	*proxy_pass \).*/	include \/etc\/nginx\/fastcgi_params; fastcgi_param REMOTE_USER $latchkey_user_plain; fastcgi_param SCRIPT_FILENAME \/x.php; fastcgi_pass unix:\/run\/php\/php-fpm.sock$latchkey_nobody;/
}'
ok $? 'sample: nginx takes it with PHP-FPM' || diag "$(cat "$tmp/log/nginx")"
check "$tmp/dump"
is "$status $found" '0 ' 'sample: nothing is found in its guard of PHP-FPM' || diag "$out"
sample '/include .*latchkey-paths.conf/a	include /etc/nginx/latchkey/latchkey-rest.conf;
/^	location \/ /,/^	}/d'
ok $? 'sample: nginx takes it for Latchkey alone' || diag "$(cat "$tmp/log/nginx")"
check "$tmp/dump"
is "$status $found" '0 ' 'sample: nothing is found in it for Latchkey alone' || diag "$out"

# Variables of a host besides: nginx's table has room for a dozen.
sample '/^	#location \/app\//,/^	#}$/s/^	#/	/; 1i map $host $connection_upgrade { } map $host $api_backend { } map $host $limit_key { } map $host $cors_origin { } map $host $is_bot { } map $host $cache_bypass { } map $host $tenant_name { } map $host $app_version { } map $host $loggable { } map $host $redirect_target { } map $host $feature_flag { } map $host $customer_segment { }'
is "$(cat "$tmp/log/nginx")" "$taken" "sample: nginx warns of nothing with a dozen variables of the host's own" || diag "$(cat "$tmp/log/nginx")"

# The public part of a guarded application, as the document has it.
sed -n '/^    location \/app\/public\/ {/,/^    }/p' doc/check-nginx.md >"$tmp/public"
like "$(wc -l <"$tmp/public")" '^([6-9]|1[0-9])$' 'document: a public part of a guarded application is shown'
sample "/^	#location \/app\//,/^	#}\$/s/^	#/	/; /^	include .*latchkey-docs.conf/r $tmp/public"
ok $? 'document: nginx takes its public part beside the guard' || diag "$(cat "$tmp/log/nginx")"
is "$(grep -c 'location /app/public/' "$tmp/dump")" 1 'document: the public part is in the configuration that is checked'
check "$tmp/dump"
is "$status $found" '0 ' 'document: nothing is found in its public part beside the guard' || diag "$out"

# The line that README shows before all else.
sed -n '1,50{/^    location \/app\/ {/,/^    }/p}' README.md >"$tmp/first"
is "$(grep -c 'include .*/latchkey-gate.conf;$' "$tmp/first") $(wc -l <"$tmp/first")" '1 4' 'README: the first screen has the one line of a guard'
like "$(sed -n 1,50p README.md)" '<img src="doc/login.png"' 'README: the first screen has the log-in page'
sample "/^	include .*latchkey-docs.conf/r $tmp/first"
ok $? 'README: nginx takes its guard' || diag "$(cat "$tmp/log/nginx")"
check "$tmp/dump"
is "$(grep -c '^    location /app/ {' "$tmp/dump") $status $found" '1 0 ' 'README: nothing is found in its guard' || diag "$out"

# Each name that the guard sets has to be set by a guard written by hand, where none is an example.
dump t/nginx-setups/good/cookie.conf
names=$(sed -n 's/^proxy_set_header \(X-Auth-[^ ]*\) .*/\1/p' conf/nginx/latchkey-gate.conf)
like "$(printf '%s\n' "$names" | wc -l)" '^([6-9]|1[0-9])$' 'the guard sets six names or more'
for name in $names; do
	grep -v "proxy_set_header $name " "$tmp/dump" >"$tmp/dump-less"
	check "$tmp/dump-less"
	like "$found" ' identity$' "a guard written by hand without $name is found"
	like "$out" "$name" "a guard written by hand: that $name is missing is said"
done

done_testing
