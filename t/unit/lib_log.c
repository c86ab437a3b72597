/*
 * Tests of lib/log.c: an event is one line, whatever its values contain.
 */
#include "base.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

static bool PRINTF_LIKE(4, 5) event(enum log_level level, const char *name,
    const char *reason, const char *fmt, ...)
{
	va_list args;
	bool good;

	va_start(args, fmt);
	good = log_event(level, name, reason, fmt, args);
	va_end(args);
	return good;
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

/* What is in a pipe or socket. */
static size_t
drain(int out, char *to, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while (got < size && (n = read(out, to + got, size - got)) > 0)
		got += (size_t)n;
	return got;
}

/* Log until a line is lost. */
static bool
fill(void)
{
	int i;

	for (i = 0; i < 100000; i++)
		if (!event(LOG_LEVEL_INFO, "login", NULL, NULL))
			return true;
	return false;
}

/* Of standard error this is the other end. What waits is ended by SIGALRM. */
static void
test_unread(const char *what, int out)
{
	static char got[1 << 20], said[8000];
	struct timespec before, after;
	size_t n;

	fcntl(out, F_SETFL, O_NONBLOCK);
	alarm(20);
	memset(said, 'x', sizeof(said) - 1);
	ok(fill(), tap_with("a line that nobody reads is lost", what));
	clock_gettime(CLOCK_MONOTONIC, &before);
	for (n = 0; n < 1000; n++)
		log_say("%s", said);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ok(after.tv_sec - before.tv_sec < 5,
	    tap_with("only the first one is waited for", what));
	is_int((long long)log_take_lost(), 0,
	    tap_with(
	        "nothing is said of lost lines that would be lost, too", what));
	n = drain(out, got, sizeof(got));
	ok(n > 0, tap_with("lines before that are there", what));
	log_say("again");
	is_int((long long)log_take_lost(), 1001,
	    tap_with("lost lines are counted", what));
	n = drain(out, got, sizeof(got) - 1);
	got[n] = '\0';
	ok(strstr(got, "latchkey: again\n") == got ||
	        strstr(got, "\nlatchkey: again\n") == got,
	    tap_with("the next line begins on a line of its own", what));
	alarm(0);
}

/* Standard error leads to `to` from now on. */
static void
lead_to(int to)
{
	if (dup2(to, STDERR_FILENO) < 0)
		abort();
	log_never_wait();
}

/* As the probe of the database does. */
static void
test_silence(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		abort();
	ok(event(LOG_LEVEL_INFO, "login", NULL, NULL),
	    "a line to nowhere in the place of a socket is not lost");
}

static void
test_readers(void)
{
	char folder[] = "/tmp/latchkey-log-XXXXXX", fifo[64];
	int ends[2];

	if (pipe(ends) != 0)
		abort();
	lead_to(ends[1]);
	test_unread("a pipe", ends[0]);
	is_int(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0,
	    "a pipe that others share waits for its reader as before");

	/* without a reader it cannot be opened */
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	if (mkfifo(fifo, 0600) != 0 ||
	    (ends[0] = open(fifo, O_RDONLY | O_NONBLOCK)) < 0 ||
	    (ends[1] = open(fifo, O_WRONLY)) < 0)
		abort();
	close(ends[0]);
	lead_to(ends[1]);
	is_int(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0,
	    "a pipe that cannot be opened again is left as it is");
	ends[0] = open(fifo, O_RDONLY | O_NONBLOCK);
	test_unread("a pipe that cannot be opened again", ends[0]);
	unlink(fifo);
	rmdir(folder);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		abort();
	lead_to(ends[1]);
	test_unread("a socket", ends[0]);
	is_int(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0,
	    "a socket that others share waits for its reader as before");
	test_silence();
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
	test_readers();
	return done();
}
