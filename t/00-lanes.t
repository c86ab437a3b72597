#!/bin/sh
# The table of endpoints and conf/nginx agree: nginx chooses a lane's
# socket by the path, and a worker refuses what is of another lane.
# shellcheck source=t/lib.sh
. t/lib.sh

build/latchkey routes >"$tmp/routes"
[ "$(wc -l <"$tmp/routes")" -ge 14 ]
ok $? 'the program lists its endpoints'
is "$(python3 -B t/tool/lanes.py conf/nginx <"$tmp/routes" 2>&1)" '' \
	'conf/nginx has a location for each endpoint, which sends it to the socket of its lane, whatever the method'

is "$(sed -n '/^location = \/latchkey-check {/,/^}/p' conf/nginx/latchkey-paths.conf | grep -c '	fastcgi_keep_conn off;')" 1 \
	'conf/nginx does not ask to keep the connection of a check before an application, which nginx closes'

# The same with each row's lane changed.
awk -F '\t' -v OFS='\t' '{ $3 = $3 == "api" ? "login" : "api" } 1' "$tmp/routes" |
	python3 -B t/tool/lanes.py conf/nginx >"$tmp/noticed"
is "$(wc -l <"$tmp/noticed")" "$(wc -l <"$tmp/routes")" 'each row in another lane than its path is noticed'

# Or with one of a path's methods in another lane, or a location's upstream changed.
printf 'GET\t/users/me\tapi\nDELETE\t/users/me\tlogin\n' |
	python3 -B t/tool/lanes.py conf/nginx >"$tmp/out"
is "$(cat "$tmp/out")" 'DELETE /users/me of lane login goes to latchkey_api' \
	'two lanes of one path are noticed'
for lane in check api login; do
	rm -rf "$tmp/nginx" && cp -R conf/nginx "$tmp/nginx"
	sed -i "s/\(fastcgi_pass\|	\"POST [^\"]*\"\|	default\)\([ 	]\)latchkey_$lane;/\1\2latchkey_other;/" "$tmp"/nginx/*.conf
	awk -F '\t' -v lane="$lane" '$3 == lane' "$tmp/routes" >"$tmp/of_lane"
	is "$(python3 -B t/tool/lanes.py "$tmp/nginx" <"$tmp/routes" | grep -c latchkey_other)" "$(wc -l <"$tmp/of_lane")" \
		"endpoints of lane $lane are noticed where nginx passes them elsewhere"
done

# One that has no location of its own, but where Latchkey is alone.
printf 'GET\t/new\tapi\n' | python3 -B t/tool/lanes.py conf/nginx >"$tmp/out"
is "$(cat "$tmp/out")" 'GET /new of lane api goes to none' 'an endpoint without a location of its own is noticed'

# Below a prefix, too.
expression=$(sed -n 's/.*(?<lk_own>\(.*\))\$"	\$lk_own;$/^\1$/p' conf/nginx/latchkey-http.conf | sed 's/(?:/(/g')
cut -f 2 "$tmp/routes" | grep -vE '^/(healthz|readyz|metrics)?$' >"$tmp/paths"
is "$(grep -vE "$expression" "$tmp/paths")" '' 'conf/nginx lets each endpoint be below a prefix'
is "$(printf '%s\n' /latchkey-check /latchkey-error / /protected/x | grep -E "$expression")" '' \
	'below a prefix nothing but endpoints is let through'

done_testing
