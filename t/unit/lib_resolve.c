/*
 * lib/resolve.c: names within a time limit. (A name server that is silent is in
 * t/89-hosts.t.)
 */
#include "base.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/resolve.h"
#include "tap.h"

static struct resolved found;

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
	return done();
}
