/*
 * Fuzz target of lib/log.c: whatever a value contains, an event is one line
 * that a terminal shows as it is. The input is the web server's request id, a
 * newline, and the value.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/log.h"

static void PRINTF_LIKE(1, 2) log_request(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_event(LOG_LEVEL_INFO, "request", NULL, fmt, args);
	va_end(args);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "level=info req=";
	static int pipes[2];
	const uint8_t *newline = memchr(data, '\n', size);
	size_t i, n = newline != NULL ? (size_t)(newline - data) : 0;
	struct arena a;
	char line[8192];
	ssize_t got;
	int err;

	if (pipes[1] == 0 && pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0)
		abort();
	arena_init(&a);
	log_set_request(exact_text(&a, data, n));
	err = dup(STDERR_FILENO);
	dup2(pipes[1], STDERR_FILENO);
	log_request("value=%s", exact_text(&a, data + n, size - n));
	dup2(err, STDERR_FILENO);
	close(err);
	got = read(pipes[0], line, sizeof(line));
	assert(got > (ssize_t)sizeof(before) && got <= 4001);
	assert(line[got - 1] == '\n');
	assert(memcmp(line, before, sizeof(before) - 1) == 0);
	for (i = 0; i < (size_t)got - 1; i++)
		assert(line[i] >= 0x20 && line[i] < 0x7f);
	/* the id holds no blank, or it could bring fields of its own */
	line[got - 1] = '\0';
	assert(strspn(line + sizeof(before) - 1, "-0123456789abcdefABCDEF") ==
	       strcspn(line + sizeof(before) - 1, " "));
	assert(strncmp(strchr(line + sizeof(before) - 1, ' '),
	           " event=request value=", 21) == 0);
	log_set_request(NULL);
	arena_free(&a);
	return 0;
}
