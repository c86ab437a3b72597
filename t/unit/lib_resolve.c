/*
 * lib/resolve.c: names within a time limit. (A name server that is silent is in
 * t/89-hosts.t.)
 */
#include "base.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/resolve.h"
#include "tap.h"

static struct resolved found;

/* A resolver that was taken over: as lib/resolve.c writes an answer. */
struct reply {
	uint32_t number;
	enum resolve_result result;
	struct resolved found;
};

/* It fills each byte of each row, and says there are as many as of_rows. */
static bool
answer_wrongly(void *of_rows)
{
	const unsigned *rows = of_rows;
	struct reply reply = { .result = RESOLVE_DONE };
	uint32_t question[128];

	while (recv(STDIN_FILENO, question, sizeof(question), 0) > 0) {
		reply.number = question[0];
		reply.found.count = *rows;
		memset(reply.found.address, 'x', sizeof(reply.found.address));
		if (send(STDIN_FILENO, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			break;
	}
	return false;
}

static void
distrust(unsigned rows)
{
	static const char *const names[] = { "db.example" };
	const struct resolver r = {
		.count = 1, .names = names, .begin = answer_wrongly, .of = &rows
	};
	enum resolve_result result = RESOLVE_LATE;

	if (!resolver_start(&r))
		return;
	result = resolve("db.example", -1, &found);
	if (rows > RESOLVE_MAX)
		ok(result == RESOLVE_UNKNOWN && found.count == 0,
		    "more addresses than there is room for are none");
	else
		ok(result == RESOLVE_DONE && found.count == rows &&
		        strnlen(found.address[0], RESOLVE_BYTES) ==
		            RESOLVE_BYTES - 1 &&
		        strnlen(found.address[RESOLVE_MAX - 1],
		            RESOLVE_BYTES) == RESOLVE_BYTES - 1,
		    "each address ends, whatever a resolver says");
}

int
main(void)
{
	int64_t begun_ms = clock_ms();

	ok(resolve("localhost", 10000, &found) == RESOLVE_DONE &&
	        found.count > 0,
	    "localhost has an address");
	ok(strcmp(found.address[0], "127.0.0.1") == 0 ||
	        strcmp(found.address[0], "::1") == 0,
	    "an address of localhost is numeric");
	ok(resolve("192.0.2.7", -1, &found) == RESOLVE_DONE && found.count == 1,
	    "a numeric address resolves to itself, without a limit");
	is(found.address[0], "192.0.2.7", "an address stays as it is");
	ok(resolve("no such name", 10000, &found) == RESOLVE_UNKNOWN &&
	        found.count == 0,
	    "a name that does not exist is unknown");
	ok(clock_ms() - begun_ms < 10000,
	    "no lookup takes as long as its limit");
	ok(resolve("localhost", 0, &found) == RESOLVE_LATE,
	    "a lookup without time is late");
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	    "a lookup leaves no process behind");
	distrust(RESOLVE_MAX);
	distrust(RESOLVE_MAX + 1);
	return done();
}
