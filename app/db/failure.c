/*
 * Failures of the database, counted and logged.
 */
#include "base.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "db/advice.h"
#include "db/failure.h"
#include "lib/clock.h"
#include "stats/event.h"

#define LINE_EVERY_MS 60000
#define SLOTS 256 /* two failures that share one share its line, by chance */

static _Atomic int64_t own[SLOTS]; /* when the next line is due */
static _Atomic int64_t *due_ms = own;

static void
use_memory(void *shared)
{
	due_ms = shared;
}

const struct shm_section db_failure_section = {
	.name = "db_failure",
	.bytes = sizeof(own),
	.use = use_memory,
};

/* Source: FNV-1a (Fowler, Noll, Vo). */
static uint32_t
hash(uint32_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT32_C(16777619);
	return h;
}

bool
db_failure_is_due(const char *what, const char *sqlstate)
{
	uint32_t h = hash(hash(UINT32_C(2166136261), what), sqlstate);
	_Atomic int64_t *slot = &due_ms[h % SLOTS];
	int64_t now_ms = clock_ms(), due = atomic_load(slot);

	/* a time too far ahead was not written by us */
	if (now_ms < due && due <= now_ms + LINE_EVERY_MS)
		return false;
	return atomic_compare_exchange_strong(
	    slot, &due, now_ms + LINE_EVERY_MS);
}

void
db_failure_again(void)
{
	event_count(EVENT_DB_FAILED);
}

/* A field in quotation marks, for fmt's last %s; NULL: none. */
static const char *
field(char *out, size_t size, const char *name, const char *value)
{
	out[0] = '\0';
	if (value != NULL)
		snprintf(out, size, " %s=\"%s\"", name, value);
	return out;
}

void
db_failure(const char *what, const char *sqlstate, const char *message,
    const char *lacking)
{
	char line[400], missing[400], advice[300], *quote;

	snprintf(
	    line, sizeof(line), "%.*s", (int)strcspn(message, "\n"), message);
	while ((quote = strchr(line, '"')) != NULL)
		*quote = '\'';
	if (sqlstate == NULL)
		sqlstate = "-";
	event(EVENT_DB_FAILED, "what=%s sqlstate=%s message=\"%s\"%s%s", what,
	    sqlstate, line, field(missing, sizeof(missing), "lacking", lacking),
	    field(advice, sizeof(advice), "advice", db_advice(sqlstate, line)));
}
