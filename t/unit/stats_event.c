/*
 * stats/event.c: one call counts and logs, and each row of the table is whole.
 */
#include "base.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stats/event.h"
#include "tap.h"

static char path[] = "/tmp/latchkey-event-XXXXXX";
static char text[4096];
static _Atomic uint64_t counters[EVENT_COUNT];

/* What was logged since the last look. */
static const char *
logged(void)
{
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (ftruncate(STDERR_FILENO, 0) != 0)
		abort();
	lseek(STDERR_FILENO, 0, SEEK_SET);
	return text;
}

/* How much has been counted at all. */
static long long
counted(void)
{
	long long sum = 0;
	size_t i;

	for (i = 0; i < EVENT_COUNT; i++)
		sum += (long long)counters[i];
	return sum;
}

static void
test_call(void)
{
	event(EVENT_LOGIN, "user=%d", 7);
	is(logged(), "level=info req=- event=login user=7\n",
	    "an event is logged");
	is_int(counted(), 0,
	    "an event is not counted before its counters are set");
	event_count_in(counters);
	event(EVENT_LOGIN_PASSWORD, "user=%d", 7);
	is(logged(),
	    "level=info req=- event=login_failed user=7 reason=password\n",
	    "the reason in the log is the outcome of the counter");
	is_int((long long)counters[EVENT_LOGIN_PASSWORD], 1,
	    "an event with a counter is counted");
	event(EVENT_LOGIN_LIMITED, NULL);
	is(logged(),
	    "level=info req=- event=login_failed reason=rate_limited\n",
	    "an event may have no fields");
	event(EVENT_SIGNUP_TAKEN, "user=%d", 0);
	is(logged(), "", "an event without a line is not logged");
	is_int((long long)counters[EVENT_SIGNUP_TAKEN], 1,
	    "an event without a line is counted");
	event(EVENT_BUG, "what=%s", "test");
	is(logged(), "level=error req=- event=bug what=test\n",
	    "an event without a family is logged");
	is_int(counted(), 3, "an event without a family is not counted");
}

/* Lines that could not be written are counted, in memory that is shared. */
static void
test_lost(void)
{
	static struct log_state shared;
	uint64_t before = counters[EVENT_LOG_LOST];
	int log = dup(STDERR_FILENO), full = open("/dev/full", O_WRONLY);

	event_log_section.use(&shared);
	dup2(full, STDERR_FILENO);
	event(EVENT_LOGIN, "user=%d", 7);
	event(EVENT_LOGIN, "user=%d", 8);
	dup2(log, STDERR_FILENO);
	ok(counters[EVENT_LOG_LOST] - before == 2 &&
	        !is_zeroed(&shared, sizeof(shared)),
	    "lines that are lost are counted, for all processes");
	event(EVENT_LOGIN, "user=%d", 9);
	is(logged(),
	    "level=info req=- event=login user=9\n"
	    "level=error req=- event=log_lost lines=2\n",
	    "the next line is followed by how many were lost");
	event(EVENT_LOGIN, "user=%d", 9);
	is(logged(), "level=info req=- event=login user=9\n",
	    "lost lines are told once");
	dup2(full, STDERR_FILENO);
	event(EVENT_LOGIN, NULL);
	dup2(log, STDERR_FILENO);
	event(EVENT_LOGIN, NULL);
	is(logged(),
	    "level=info req=- event=login\n"
	    "level=error req=- event=log_lost lines=1\n",
	    "a single line that was lost is told");
	log_share(NULL);
	close(full);
	close(log);
}

static void
test_library(void)
{
	event_library_failed("openssl");
	is(logged(), "level=error req=- event=bug what=openssl\n",
	    "a library that fails with memory at hand is a bug");
}

static void
test_errors(void)
{
	is_int(event_of(FAMILY_SIGNUPS, ERR_OK), EVENT_SIGNUP,
	    "the event of no error is found");
	is_int(event_of(FAMILY_SIGNUPS, ERR_CONFLICT), EVENT_SIGNUP_TAKEN,
	    "the event of an error of its own is found");
	is_int(event_of(FAMILY_LOGINS, ERR_UNAUTH), EVENT_LOGIN_UNKNOWN,
	    "of several events of an error the first is found");
	is_int(event_of(FAMILY_SIGNUPS, ERR_TOOBIG), EVENT_SIGNUP_ERROR,
	    "an error without an event of its own is a failure");
	is_int(event_of(FAMILY_LOGINS, ERR_INTERNAL), EVENT_LOGIN_ERROR,
	    "an error without an event of its own is a failure of its family");
	is_int(event_of(FAMILY_CHANGES, ERR_DENIED), EVENT_CHANGE_PASSWORD,
	    "a wrong current password has an event of its own");
	is_int(event_of(FAMILY_RELOADS, ERR_BUSY), EVENT_BUG,
	    "a family without failures has no event for an error");
}

static void
limit_log(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		abort();
}

static void
test_lost_line(void)
{
	static const char line[] = "level=info req=- event=login user=7\n";
	uint64_t before = counters[EVENT_LOG_LOST];

	signal(SIGXFSZ, SIG_IGN);
	limit_log(0);
	event(EVENT_LOGIN, "user=%d", 7);
	is_int((long long)(counters[EVENT_LOG_LOST] - before), 1,
	    "a line that cannot be written is counted");
	limit_log(strlen(line));
	event(EVENT_LOGIN, "user=%d", 7);
	is(logged(), line, "a line is written once there is room for it");
	is_int((long long)(counters[EVENT_LOG_LOST] - before), 2,
	    "the line about lost lines is counted if it is lost, too");
	limit_log(RLIM_INFINITY);
	event(EVENT_LOGIN, "user=%d", 7);
	ok(strstr(logged(), "event=log_lost lines=2\n") != NULL,
	    "the log says as many lost lines as are counted");
}

static bool
is_name(const char *s)
{
	return *s != '\0' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Does a later row have the same counter? */
static bool
is_double(enum event e)
{
	const struct event_row *row = &event_table[e], *other;

	for (other = row + 1; other < event_table + EVENT_COUNT; other++)
		if (row->family != FAMILY_NONE &&
		    other->family == row->family &&
		    (row->outcome == NULL ||
		        strcmp(row->outcome, other->outcome) == 0))
			return true;
	return false;
}

static bool
is_whole(const struct event_row *row)
{
	bool has_label = row->family != FAMILY_NONE &&
	                 family_table[row->family].label != NULL;

	return (row->line == NULL || is_name(row->line)) &&
	       (row->line != NULL || row->family != FAMILY_NONE) &&
	       (row->outcome != NULL) == has_label &&
	       (row->outcome == NULL || is_name(row->outcome)) &&
	       (!row->reason || (row->outcome != NULL && row->line != NULL)) &&
	       (!row->audited || row->line != NULL);
}

static void
test_table(void)
{
	size_t counters_of[FAMILY_COUNT] = { 0 };
	char title[100];
	enum family f;
	enum event e;

	for (e = 0; e < EVENT_COUNT; e++) {
		snprintf(title, sizeof(title), "row %d (%s, %s) is whole",
		    (int)e,
		    event_table[e].line != NULL ? event_table[e].line : "-",
		    event_table[e].outcome != NULL ? event_table[e].outcome
		                                   : "-");
		ok(is_whole(&event_table[e]) && !is_double(e), title);
		if (event_table[e].family != FAMILY_NONE)
			counters_of[event_table[e].family]++;
	}
	for (f = 0; f < FAMILY_COUNT; f++) {
		const struct family_row *row = &family_table[f];

		snprintf(
		    title, sizeof(title), "%s has its counters", row->metric);
		ok(row->label != NULL ? counters_of[f] > 1
		                      : counters_of[f] == 1,
		    title);
	}
}

/* What event_print() writes, line by line: the events of the manual. */
static void
test_print(void)
{
	static const char *const lines[] = {
		"login\tinfo\tlatchkey_logins_total{outcome=\"ok\"}\taudited\n",
		"log_lost\terror\tlatchkey_log_lines_lost_total\t-\n",
		"bug\terror\t-\t-\n",
		"-\t-\tlatchkey_signups_total{outcome=\"taken\"}\t-\n",
	};
	static char all[100000];
	int out, rows = 0, found = 0;
	FILE *to = tmpfile();
	size_t i, n;
	char *line;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	if (to == NULL || dup2(fileno(to), STDOUT_FILENO) < 0)
		abort();
	event_print();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(to);
	n = fread(all, 1, sizeof(all) - 1, to);
	all[n] = '\0';
	fclose(to);
	for (line = all; *line != '\0'; line = strchr(line, '\n') + 1) {
		rows++;
		for (i = 0; i < ARRAY_LEN(lines); i++)
			found += strncmp(line, lines[i], strlen(lines[i])) == 0;
	}
	is_int(rows, EVENT_COUNT, "each event is printed as a line");
	is_int(found, (long long)ARRAY_LEN(lines),
	    "a line has an event's name, level, counter and mark");
}

int
main(void)
{
	if (dup2(mkstemp(path), STDERR_FILENO) < 0)
		abort();
	test_call();
	test_lost();
	test_library();
	test_errors();
	test_lost_line();
	test_table();
	test_print();
	unlink(path);
	return done();
}
