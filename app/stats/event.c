/*
 * Events: counted and logged by one call.
 */
#include "base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/memory.h"
#include "stats/event.h"

#define FAMILY_ROW(id, metric, label, title, help) \
	[FAMILY_##id] = { metric, label, title, help },
const struct family_row family_table[FAMILY_COUNT] = { FAMILY_TABLE(
    FAMILY_ROW) };

#define EVENT_ROW(id, name, says, severity, counted, label, error, marked) \
	[EVENT_##id] = { .line = (name),                                   \
		.outcome = (label),                                        \
		.level = LOG_LEVEL_##severity,                             \
		.family = FAMILY_##counted,                                \
		.err = ERR_##error,                                        \
		.reason = (says),                                          \
		.audited = (marked) },
const struct event_row event_table[EVENT_COUNT] = { EVENT_TABLE(EVENT_ROW) };

/* For a process that shares nothing. */
static _Atomic uint64_t own[EVENT_COUNT];

static _Atomic uint64_t *counters = own;

void
event_count_in(_Atomic uint64_t c[EVENT_COUNT])
{
	counters = c;
}

void
event_count(enum event e)
{
	if (event_table[e].family != FAMILY_NONE)
		atomic_fetch_add_explicit(
		    &counters[e], 1, memory_order_relaxed);
}

static void
use_memory(void *memory)
{
	log_share(memory);
}

const struct shm_section event_log_section = {
	.name = "log",
	.bytes = sizeof(struct log_state),
	.use = use_memory,
};

/* Write a row's line. */
PRINTF_LIKE(2, 3)
static bool
write_line(const struct event_row *row, const char *fmt, ...)
{
	va_list args;
	bool written;

	va_start(args, fmt);
	written = log_event(row->level, row->line, NULL, fmt, args);
	va_end(args);
	return written;
}

/* Say once that lines were lost before this one, which was written. */
static void
report_lost(void)
{
	uint64_t n = log_take_lost();

	if (n == 0 ||
	    write_line(&event_table[EVENT_LOG_LOST], "lines=%" PRIu64, n))
		return;
	event_count(EVENT_LOG_LOST);
	log_return_lost(n);
}

void
event(enum event e, const char *fmt, ...)
{
	const struct event_row *row = &event_table[e];
	va_list args;
	bool written;

	event_count(e);
	if (row->line == NULL)
		return;
	va_start(args, fmt);
	written = log_event(row->level, row->line,
	    row->reason ? row->outcome : NULL, fmt, args);
	va_end(args);
	if (written)
		report_lost();
	else
		event_count(EVENT_LOG_LOST);
}

void
event_library_failed(const char *what)
{
	event(memory_lacked() ? EVENT_NO_MEMORY : EVENT_BUG, "what=%s", what);
}

enum event
event_of(enum family family, enum err e)
{
	enum event i, found = EVENT_BUG;

	for (i = 0; i < EVENT_COUNT; i++) {
		if (event_table[i].family != family)
			continue;
		if (event_table[i].err == e)
			return i;
		if (event_table[i].err == ERR_INTERNAL)
			found = i;
	}
	return found;
}

/* The counter of an event as /metrics names it. */
static void
print_counter(const struct event_row *row)
{
	const struct family_row *f;

	if (row->family == FAMILY_NONE) {
		printf("-");
		return;
	}
	f = &family_table[row->family];
	printf("%s", f->metric);
	if (f->label != NULL)
		printf("{%s=\"%s\"}", f->label, row->outcome);
}

void
event_print(void)
{
	const struct event_row *row;

	for (row = event_table; row < event_table + EVENT_COUNT; row++) {
		printf("%s\t%s\t", row->line != NULL ? row->line : "-",
		    row->line != NULL ? log_level_name(row->level) : "-");
		print_counter(row);
		printf("\t%s\n", row->audited ? "audited" : "-");
	}
}
