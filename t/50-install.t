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
ok $? 'make install succeeds' || diag "$(cat "$tmp/out")"
# what make web fetches, if it did
web='/usr/local/share/latchkey/passwords
'
[ -e web/dist/fetched ] || web=
nginx=$(cd conf && find nginx -name '*.conf' | sed 's|nginx/|/etc/nginx/latchkey/|' | sort)
is "$(files)" "/etc/latchkey/latchkey.conf
$nginx
/usr/local/lib/latchkey/latchkey
/usr/local/lib/systemd/system/latchkey-api.socket
/usr/local/lib/systemd/system/latchkey-check.socket
/usr/local/lib/systemd/system/latchkey-login.socket
/usr/local/lib/systemd/system/latchkey.service
/usr/local/lib/sysusers.d/latchkey.conf
/usr/local/lib/tmpfiles.d/latchkey.conf
/usr/local/share/doc/latchkey/LICENSE
/usr/local/share/doc/latchkey/NEWS.md
/usr/local/share/doc/latchkey/README.md
/usr/local/share/doc/latchkey/SECURITY.md
/usr/local/share/doc/latchkey/doc/applications.md
/usr/local/share/doc/latchkey/doc/asvs.md
/usr/local/share/doc/latchkey/doc/check-nginx.md
/usr/local/share/doc/latchkey/doc/formats.md
/usr/local/share/doc/latchkey/doc/front-ends.md
/usr/local/share/doc/latchkey/doc/install.md
/usr/local/share/doc/latchkey/doc/migrate.md
/usr/local/share/doc/latchkey/doc/pages.md
/usr/local/share/doc/latchkey/nginx.conf.sample
/usr/local/share/doc/latchkey/stream-back.conf
/usr/local/share/doc/latchkey/stream-front.conf
/usr/local/share/doc/latchkey/tcp.conf
$web/usr/local/share/man/man5/latchkey.conf.5
/usr/local/share/man/man8/latchkey.8" 'make install installs the program and what belongs to it'
is "$(cd "$tmp/root/usr/local/share/latchkey" && ls docs)" "$(ls build/docs)" "make install installs the pages' scripts"
[ -n "$(ls build/docs)" ]
ok $? "the pages' scripts are built"
is "$(find "$tmp/root" -type f ! -perm 644 ! -path '*/lib/latchkey/latchkey')" '' 'installed files can be read by everybody'
is "$(find "$tmp/root" -type d ! -perm 755)" '' 'installed folders can be entered by everybody'

program=$tmp/root/usr/local/sbin/latchkey
is "$("$program" -V)" "$(build/latchkey -V)" 'the installed program names its version'
is "$("$program" settings)" "$(build/latchkey settings)" 'the installed program lists its settings'

# --- what the compiler does against faults of memory ---

hardened=$(readelf -hldW "$program")
like "$hardened" 'Type: +DYN' 'the program is loaded at another address each time'
like "$hardened" 'GNU_STACK .* RW ' "the program's stack holds no code"
like "$hardened" 'GNU_RELRO' "the program's relocations are read-only after loading"
like "$hardened" 'BIND_NOW' "the program's relocations are resolved before the start"
like "$(nm -D "$program")" '__stack_chk_fail' "the program's functions guard their returns"
case ${CFLAGS-} in
*-U_FORTIFY_SOURCE* | *-fsanitize*) ;; # another build than the usual one
*) like "$(nm -D "$program")" ' __[a-z]+_chk' "the program calls the C library's functions that know the size of a buffer" ;;
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
	like "$flags" "(^| )$flag( |\$)" "the program was compiled with $flag"
done

for document in nginx.conf.sample doc/install.md; do
	cmp -s $document "$tmp/root/usr/local/share/doc/latchkey/$document"
	ok $? "$document is right for /usr/local as it is"
done
diff -r conf/nginx "$tmp/root/etc/nginx/latchkey" >"$tmp/out"
ok $? "nginx's files are right for /usr/local as they are" || diag "$(cat "$tmp/out")"

conf=$tmp/root/etc/latchkey/latchkey.conf
echo 'hash_cost = 6' >>"$conf"
chmod 600 "$conf"
cp -p "$conf" "$tmp/edited"
run_make install
ok $? 'make install installs over itself'
cmp -s "$conf" "$tmp/edited"
ok $? 'make install leaves an edited latchkey.conf'
is "$(stat -c %a "$conf")" 600 'make install leaves the mode of an edited latchkey.conf'

before=$(stat -c %i "$tmp/root/usr/local/lib/latchkey/latchkey")
exec 3<"$tmp/root/usr/local/lib/latchkey/latchkey"
run_make install
isnt "$(stat -Lc %i "$program")" "$before" 'make install does not write into the program that runs'
exec 3<&-

run_make uninstall
ok $? 'make uninstall succeeds'
is "$(files)" "/etc/latchkey/latchkey.conf
$nginx" "make uninstall leaves the settings, nginx's among them, or nginx would not start again"
[ ! -e "$tmp/root/usr/local/share/latchkey" ] && [ ! -e "$tmp/root/usr/local/lib/latchkey" ] && [ ! -L "$program" ] && [ ! -e "$tmp/root/usr/local/share/doc/latchkey" ]
ok $? "make uninstall leaves no folder of Latchkey's"
cmp -s "$conf" "$tmp/edited"
ok $? 'make uninstall leaves the settings as they were'
run_make uninstall
ok $? 'a second make uninstall succeeds'

# --- another place ---

rm -rf "$tmp/root"
# Other tests do not use the files that are built here.
cp -a build "$tmp/build"
run_make install B="$tmp/build" PREFIX=/opt/latchkey
ok $? 'make install installs below another PREFIX' || diag "$(cat "$tmp/out")"
like "$("$tmp/root/opt/latchkey/sbin/latchkey" settings)" '^password_blocklist	text	/opt/latchkey/share/latchkey/passwords	' \
	'a program below another PREFIX looks there for the list of passwords'
share=$tmp/root/opt/latchkey/share
# shellcheck disable=SC2016 # a variable of nginx
docs=$(sed -n 's|.*alias \(.*\)/\$lk_script;|\1|p' "$tmp/root/etc/nginx/latchkey/latchkey-docs.conf")
is "$docs" /opt/latchkey/share/latchkey/docs "nginx, with another PREFIX, has the pages' scripts there"
[ -s "$tmp/root$docs/docs.js" ]
ok $? "the pages' scripts are installed below another PREFIX"
is "$(grep -rIl /usr/local "$share/man" "$tmp/root/etc/nginx" "$share/doc/latchkey/nginx.conf.sample" "$share/doc/latchkey/doc" "$share/../lib")" '' \
	'no installed text below another PREFIX names /usr/local'
like "$(cat "$share/man/man8/latchkey.8")" '/opt/latchkey/sbin/latchkey serve' 'the manual below another PREFIX names the program there'
like "$(cat "$share/../lib/systemd/system/latchkey.service")" '^ExecStart=/opt/latchkey/sbin/latchkey serve$' \
	'the service below another PREFIX runs the program there'
[ -z "$web" ] || [ -s "$share/latchkey/passwords" ]
ok $? 'the list of passwords, if there is one, is installed below PREFIX'
run_make uninstall PREFIX=/opt/latchkey
is "$(files)" "/etc/latchkey/latchkey.conf
$nginx" 'make uninstall removes what is below another PREFIX'

rm -rf "$tmp/root"
run_make install B="$tmp/build" SYSCONFDIR=/opt/etc
ok $? 'make install installs with another SYSCONFDIR' || diag "$(cat "$tmp/out")"
[ -s "$tmp/root/opt/etc/latchkey/latchkey.conf" ] && [ ! -e "$tmp/root/etc" ]
ok $? 'the settings are in another SYSCONFDIR and nowhere else'
program=$tmp/root/usr/local/sbin/latchkey
like "$("$program" -h)" 'default FILE is /opt/etc/latchkey/latchkey.conf\.' 'the program looks for its settings in another SYSCONFDIR'
like "$("$program" settings)" '^key_file	text	/opt/etc/latchkey/key	' 'the program looks for its key in another SYSCONFDIR'
is "$(grep -rhoE 'include [^;]*;' "$tmp/root/opt/etc/nginx" "$tmp/root/usr/local/share/doc/latchkey/nginx.conf.sample" | grep -v fastcgi_params | sed 's|latchkey-[a-z]*.conf;||' | sort -u)" \
	'include /opt/etc/nginx/latchkey/' 'nginx includes its files from another SYSCONFDIR'
is "$(grep -rIl '[^t]/etc/latchkey/' "$tmp/root/opt" "$tmp/root/usr/local/share/man" "$tmp/root/usr/local/lib")" '' \
	'no installed text names /etc with another SYSCONFDIR'

done_testing
