#!/bin/sh
# Static rules for nginx.conf.sample and conf/nginx: known mistakes that open a server. Each
# rule is shown to detect its mistake. Lines that are commented out (a #
# without a space after it) count as if they were not.
# shellcheck source=t/lib.sh
. t/lib.sh

python3 -B t/tool/nginx_rules.py >"$tmp/results"
ok $? 'all rules of nginx.conf.sample were tried'
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"

done_testing
