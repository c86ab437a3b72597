/*
 * CPU priority of workers.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/sched.h"

/* sched(7): a weight of 335, where 0 has 1,024 */
#define LOW_NICE 5
#define LOW_NICE_TEXT "5"
#define TRIES 10
#define PAUSE_MS 25

/* False: try again, the kernel allows one write of all in 100 ms. */
static bool
lower(int autogroup)
{
	return write(autogroup, LOW_NICE_TEXT, strlen(LOW_NICE_TEXT)) > 0 ||
	       errno != EAGAIN;
}

void
sched_lower_session(void)
{
	int i, fd;

	if (getsid(0) != getpid())
		return;
	/* missing: sessions are not grouped */
	if ((fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC)) < 0)
		return;
	for (i = 0; i < TRIES && !lower(fd); i++)
		poll(NULL, 0, PAUSE_MS);
	close(fd);
}

void
sched_usual(void)
{
	/* it leads no group, so it may; and nothing depends on it */
	setsid();
}

void
sched_low(void)
{
	setpriority(PRIO_PROCESS, 0, LOW_NICE);
}
