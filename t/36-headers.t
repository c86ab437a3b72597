#!/bin/sh
# Headers that might bypass the token check: 300 names known to servers,
# proxies and frameworks, with 20 values each, at /check without a token. The
# answer is 401, except where nginx itself refuses.
# shellcheck source=t/lib.sh
. t/lib.sh
stack_up hash_cost=1

LK_PORT=$LK_PORT python3 -B t/tool/headers.py >"$tmp/results"
ok $? 'all requests with odd headers were sent'
while IFS='	' read -r found wanted title; do
	is "$found" "$wanted" "$title"
done <"$tmp/results"
is "$(grep -cE 'level=error|event=worker_ended' "$LK_LOG")" 0 'odd headers cause no error and end no worker'

done_testing
