/*
 * Tests of lib/log.c: an event is one line, whatever its values contain.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "tap.h"

static char path[] = "/tmp/latchkey-log-XXXXXX";
static char text[8192];

/* What was written since the last look. */
static const char *
written(void)
{
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f != NULL)
		fclose(f);
	if (ftruncate(STDERR_FILENO, 0) != 0)
		abort();
	lseek(STDERR_FILENO, 0, SEEK_SET);
	return text;
}

static void PRINTF_LIKE(4, 5) event(enum log_level level, const char *name,
    const char *reason, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_event(level, name, reason, fmt, args);
	va_end(args);
}

/* Is this a line with the time of now in front of the rest? */
static bool
has_time(const char *line, const char *rest)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
	char day[16];
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9'
		                   : line[i] != form[i])
			return false;
	strftime(day, sizeof(day), "%Y-%m-%dT%H:", gmtime_r(&now, &tm));
	return strcmp(line + i, rest) == 0 && strncmp(line, day, 14) == 0;
}

static void
test_time(void)
{
	struct stat st;
	char stream[64];

	unsetenv("JOURNAL_STREAM");
	log_show_time();
	event(LOG_LEVEL_INFO, "login", NULL, NULL);
	ok(has_time(written(), "level=info req=- event=login\n"),
	    "a line begins with the time in UTC");
	log_say("x");
	ok(has_time(written(), "latchkey: x\n"),
	    "a message begins with the time in UTC");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_show_time();
	log_say("x");
	ok(has_time(written(), "latchkey: x\n"),
	    "a message has its time where another stream is the journal's");
	if (fstat(STDERR_FILENO, &st) != 0)
		abort();
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_show_time();
	log_say("x");
	is(written(), "latchkey: x\n", "a message to the journal has no time");
	unsetenv("JOURNAL_STREAM");
}

int
main(void)
{
	char long_value[3000], id[70];

	if (dup2(mkstemp(path), STDERR_FILENO) < 0)
		abort();
	event(LOG_LEVEL_INFO, "login", NULL, "user=%d", 7);
	is(written(), "level=info req=- event=login user=7\n",
	    "an event is one line");
	event(LOG_LEVEL_INFO, "login_failed", "password", "user=%d", 7);
	is(written(),
	    "level=info req=- event=login_failed user=7 reason=password\n",
	    "a reason follows the fields of an event");
	event(LOG_LEVEL_INFO, "login_failed", "unknown", NULL);
	is(written(), "level=info req=- event=login_failed reason=unknown\n",
	    "an event without fields has its reason alone");
	log_set_level(LOG_LEVEL_WARNING);
	event(LOG_LEVEL_INFO, "login", NULL, NULL);
	event(LOG_LEVEL_WARNING, "stop", NULL, NULL);
	is(written(), "level=warning req=- event=stop\n",
	    "an event below the level is not written");
	log_set_level(LOG_LEVEL_INFO);
	log_set_request("0123456789abcdefABCDEF");
	event(LOG_LEVEL_WARNING, "stop", NULL, "x=1");
	is(written(),
	    "level=warning req=0123456789abcdefABCDEF event=stop x=1\n",
	    "a line names its request");
	log_set_request("abc\nlevel=error");
	event(LOG_LEVEL_INFO, "login", NULL, "x=%s", "a\nb\r\x1b[0m\x7f\xff");
	is(written(),
	    "level=info req=- event=login x=a\\x0ab\\x0d\\x1b[0m\\x7f\\xff\n",
	    "neither a request's id nor a value begins another line");
	memset(id, 'a', sizeof(id));
	id[65] = '\0';
	log_set_request(id);
	event(LOG_LEVEL_INFO, "login", NULL, "x");
	is(written(), "level=info req=- event=login x\n",
	    "a request's id that is too long is left out");
	memset(long_value, '\n', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	event(LOG_LEVEL_ERROR, "bug", "long", "x=%s", long_value);
	ok(strlen(written()) < 4002 &&
	        strchr(text, '\n') == strrchr(text, '\n'),
	    "a line is cut at its greatest length, even if all of it is escaped");
	log_say("%s: %s", "/x\nlevel=error", "no\xc2\x85\n");
	is(written(), "latchkey: /x\\x0alevel=error: no\\xc2\\x85\n",
	    "a message at the start is one line");
	log_say("%s", "");
	is(written(), "latchkey: \n", "an empty message is one line");
	test_time();
	unlink(path);
	return done();
}
