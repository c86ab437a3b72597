#!/bin/sh
# make install and make uninstall, in a temporary root.
# shellcheck source=t/lib.sh
. t/lib.sh

# This make is not the one that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX SYSCONFDIR

# run_make ARGUMENT...: quietly; its exit status, and in $tmp/out what it said.
run_make() {
	make -s "$@" DESTDIR="$tmp/root" >"$tmp/out" 2>&1
}

files() {
	(cd "$tmp/root" && find . -type f ! -path '*/share/latchkey/docs/*' | sort | sed 's/^\.//')
}

run_make install
ok $? 'make install' || diag "$(cat "$tmp/out")"
# what make web fetches, if it did
web='/usr/local/share/latchkey/passwords
'
[ -e web/dist/fetched ] || web=
is "$(files)" "/etc/latchkey/latchkey.conf
/usr/local/lib/systemd/system/latchkey-api.socket
/usr/local/lib/systemd/system/latchkey-check.socket
/usr/local/lib/systemd/system/latchkey-login.socket
/usr/local/lib/systemd/system/latchkey.service
/usr/local/lib/sysusers.d/latchkey.conf
/usr/local/lib/tmpfiles.d/latchkey.conf
/usr/local/sbin/latchkey
/usr/local/share/doc/latchkey/LICENSE
/usr/local/share/doc/latchkey/NEWS.md
/usr/local/share/doc/latchkey/README.md
/usr/local/share/doc/latchkey/SECURITY.md
/usr/local/share/doc/latchkey/doc/install.md
/usr/local/share/doc/latchkey/doc/migrate.md
/usr/local/share/doc/latchkey/nginx.conf.sample
/usr/local/share/doc/latchkey/stream-back.conf
/usr/local/share/doc/latchkey/stream-front.conf
/usr/local/share/doc/latchkey/tcp.conf
$web/usr/local/share/man/man5/latchkey.conf.5
/usr/local/share/man/man8/latchkey.8" 'installs the program and what belongs to it'
is "$(cd "$tmp/root/usr/local/share/latchkey" && ls docs)" "$(ls build/docs)" "and the pages' scripts"
[ -n "$(ls build/docs)" ]
ok $? 'which there are'
is "$(find "$tmp/root" -type f ! -perm 644 ! -path '*/sbin/latchkey')" '' 'everybody may read all of it'
is "$(find "$tmp/root" -type d ! -perm 755)" '' 'and enter its folders'

program=$tmp/root/usr/local/sbin/latchkey
is "$("$program" -V)" "$(build/latchkey -V)" 'the installed program names its version'
is "$("$program" settings)" "$(build/latchkey settings)" 'and lists its settings'

# --- what the compiler does against faults of memory ---

hardened=$(readelf -hldW "$program")
like "$hardened" 'Type: +DYN' 'the program is loaded at another address each time'
like "$hardened" 'GNU_STACK .* RW ' 'its stack holds no code'
like "$hardened" 'GNU_RELRO' 'what the loader writes is read-only afterwards'
like "$hardened" 'BIND_NOW' 'all of it before the start'
like "$(nm -D "$program")" '__stack_chk_fail' "a function's return is guarded"
case ${CFLAGS-} in
*-U_FORTIFY_SOURCE* | *-fsanitize*) ;; # another build than the usual one
*) like "$(nm -D "$program")" ' __[a-z]+_chk' 'functions of the C library know how large a buffer is' ;;
esac
# In each object: what is linked to them (crt1.o of Debian 12) has no such note.
case $(uname -m) in
x86_64)
	for object in build/*.o build/*/*.o; do
		readelf -nW "$object" | grep -q 'IBT, SHSTK' || echo "$object"
	done >"$tmp/out"
	is "$(cat "$tmp/out")" '' 'each object is for a processor that checks jumps and returns' ;;
esac
flags=$(cat build/hardening)
for flag in -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection; do
	like "$flags" "(^| )$flag( |\$)" "it was compiled with $flag"
done

for document in nginx.conf.sample doc/install.md; do
	cmp -s $document "$tmp/root/usr/local/share/doc/latchkey/$document"
	ok $? "$document is right for /usr/local as it is"
done

conf=$tmp/root/etc/latchkey/latchkey.conf
echo 'hash_cost = 6' >>"$conf"
chmod 600 "$conf"
cp -p "$conf" "$tmp/edited"
run_make install
ok $? 'it installs over itself'
cmp -s "$conf" "$tmp/edited"
ok $? 'and leaves an edited latchkey.conf as it is'
is "$(stat -c %a "$conf")" 600 'with its mode'

run_make uninstall
ok $? 'make uninstall'
is "$(files)" /etc/latchkey/latchkey.conf 'leaves nothing but the settings'
[ ! -e "$tmp/root/usr/local/share/latchkey" ] && [ ! -e "$tmp/root/usr/local/share/doc/latchkey" ]
ok $? 'and no folder of its own'
cmp -s "$conf" "$tmp/edited"
ok $? 'and these as they were'
run_make uninstall
ok $? 'to uninstall twice does no harm'

# --- another place ---

rm -rf "$tmp/root"
# What is built for it is not for the other tests.
cp -a build "$tmp/build"
run_make install B="$tmp/build" PREFIX=/opt/latchkey
ok $? 'it installs below another PREFIX' || diag "$(cat "$tmp/out")"
like "$("$tmp/root/opt/latchkey/sbin/latchkey" settings)" '^password_blocklist	text	/opt/latchkey/share/latchkey/passwords	' \
	'where the program, too, looks for the list of passwords'
share=$tmp/root/opt/latchkey/share
# shellcheck disable=SC2016 # a variable of nginx
docs=$(sed -n 's|.*alias \(.*\)/\$latchkey_script;|\1|p' "$share/doc/latchkey/nginx.conf.sample")
is "$docs" /opt/latchkey/share/latchkey/docs "where nginx finds the pages' scripts"
[ -s "$tmp/root$docs/docs.js" ]
ok $? 'which are there'
is "$(grep -rl /usr/local "$share/man" "$share/doc/latchkey/nginx.conf.sample" "$share/doc/latchkey/doc" "$share/../lib")" '' \
	'neither the manual nor the documents nor the sample nor the units name the usual PREFIX'
like "$(cat "$share/man/man8/latchkey.8")" '/opt/latchkey/sbin/latchkey serve' 'but of this'
like "$(cat "$share/../lib/systemd/system/latchkey.service")" '^ExecStart=/opt/latchkey/sbin/latchkey serve$' \
	'which the service runs'
like "$(cat "$tmp/root/etc/latchkey/latchkey.conf")" '^password_blocklist = "/opt/latchkey/share/latchkey/passwords"$' \
	'and new settings name the list of passwords there'
[ -z "$web" ] || [ -s "$share/latchkey/passwords" ]
ok $? 'the list of passwords, if there is one, is installed below PREFIX'
run_make uninstall PREFIX=/opt/latchkey
is "$(files)" /etc/latchkey/latchkey.conf 'and uninstalls from there'

rm -rf "$tmp/root"
run_make install B="$tmp/build" SYSCONFDIR=/opt/etc
ok $? 'it installs with another SYSCONFDIR' || diag "$(cat "$tmp/out")"
[ -s "$tmp/root/opt/etc/latchkey/latchkey.conf" ] && [ ! -e "$tmp/root/etc" ]
ok $? 'the settings are there and nowhere else'
program=$tmp/root/usr/local/sbin/latchkey
like "$("$program" -h)" 'default FILE is /opt/etc/latchkey/latchkey.conf\.' 'where the program looks for them'
like "$("$program" settings)" '^key_file	text	/opt/etc/latchkey/key	' 'and for its key'
is "$(grep -rl '[^t]/etc/latchkey/' "$tmp/root/opt" "$tmp/root/usr/local/share/man" "$tmp/root/usr/local/lib")" '' \
	'and neither the settings nor the manual nor the units speak of the usual place'

done_testing
