/*
 * Report on the accounts' password hashes, for `check` and `migrate`.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/formats.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "server/limits.h"
#include "svc/formats.h"

#define PAGE 2000     /* accounts that are read at a time */
#define PAGE_MS 10000 /* and how long that may take */

/* Of one row: its accounts cannot log in. */
static void
print_reason(const struct formats *f, size_t i)
{
	const char *name = f->row[i].name;
	int64_t n = f->row[i].accounts;

	switch (f->row[i].state) {
	case PWFORMAT_MEMORY:
		log_say("  %" PRId64 " of %s: a hash takes %" PRId64 " MiB", n,
		    name, f->row[i].mib);
		break;
	case PWFORMAT_WEAK:
		log_say("  %" PRId64
		        " of %s: a weak format; set weak_hashes = true",
		    n, name);
		break;
	case PWFORMAT_WORK:
		log_say("  %" PRId64 " of %s: a hash takes a CPU for 5 seconds "
		        "or more, or over 1024 MiB; they need new passwords: "
		        "latchkey user passwd NAME",
		    n, name);
		break;
	default:
		log_say("  %" PRId64 ": of no known format, or broken; they "
		        "need new passwords: latchkey user passwd NAME",
		    n);
	}
}

/* The line to set, and what follows from it. */
static void
print_memory(const struct conf *conf, const struct formats *f)
{
	struct conf wanted = *conf;
	struct limits l;

	if (f->mib <= conf->hash_memory_max_mib)
		return;
	wanted.hash_memory_max_mib = f->mib;
	l = limits_of(&wanted, 0, INT64_MAX);
	log_say("  set hash_memory_max_mib = %" PRId64
	        "; then all processes together take at most %" PRId64
	        " MiB, and %" PRId64 " MiB more while SIGHUP replaces workers",
	    wanted.hash_memory_max_mib, l.memory_mib, l.reload_mib);
}

/* The formats, each once; of one may be rows of several kinds. */
static void
print_counts(const struct formats *f)
{
	const char *lead = "";
	int64_t n;
	size_t i, j;

	for (i = 0; i < f->rows; i++) {
		for (j = 0; j < i; j++)
			if (strcmp(f->row[j].name, f->row[i].name) == 0)
				break;
		if (j < i)
			continue;
		for (n = 0; j < f->rows; j++)
			if (strcmp(f->row[j].name, f->row[i].name) == 0)
				n += f->row[j].accounts;
		printf("%s %" PRId64 " %s", lead, n, f->row[i].name);
		lead = ",";
	}
}

static void
print(const struct conf *conf, const struct formats *f)
{
	size_t i;

	printf("password hashes of %s%" PRId64 " active accounts:",
	    f->done ? "" : "the first ", f->accounts);
	print_counts(f);
	printf("\n");
	if (!f->done)
		printf("  the others were not counted, for want of time; "
		       "latchkey migrate counts all\n");
	fflush(stdout);
	if (f->lost == 0)
		return;
	log_say("warning: %" PRId64 " of %" PRId64
	        " active accounts cannot log in, by their hashes:",
	    f->lost, f->accounts);
	for (i = 0; i < f->rows; i++)
		if (f->row[i].state != PWFORMAT_GOOD &&
		    f->row[i].state != PWFORMAT_LOCKED)
			print_reason(f, i);
	print_memory(conf, f);
}

static enum err
count(struct ctx *c, int64_t limit_ms, struct formats *out)
{
	int64_t start_ms = clock_ms();
	enum err e;

	formats_begin(c->app->conf, out);
	do {
		e = formats_count(c, PAGE, out);
		ctx_reset(c);
	} while (e == ERR_OK && !out->done &&
	         (limit_ms == 0 || clock_ms() - start_ms < limit_ms));
	return e;
}

void
formats_report(const struct conf *conf, int64_t limit_ms)
{
	static struct formats formats;
	struct conf patient = *conf;
	struct arena arena;
	struct app *app;
	struct ctx c;

	/* a page may have to come from a slow disk */
	if (patient.db_timeout_ms < PAGE_MS)
		patient.db_timeout_ms = PAGE_MS;
	if ((app = app_open(&patient, NEED_DATABASE, DB_COMMAND)) == NULL)
		return;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	if (count(&c, limit_ms, &formats) != ERR_OK)
		log_say("the accounts' hashes could not be counted");
	else if (formats.accounts > 0)
		print(conf, &formats);
	arena_free(&arena);
	app_close(app);
}
