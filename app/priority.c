/*
 * Who gives way to whom.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "priority.h"

#define LOW_NICE 10
/* the kernel lets one process of all change its session in 100 ms */
#define TRIES 10
#define PAUSE_MS 25

void
priority_lower_session(void)
{
	char nice[4];
	int i, n, fd;

	if (getsid(0) != getpid())
		return;
	/* not there: sessions are not grouped */
	if ((fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC)) < 0)
		return;
	n = snprintf(nice, sizeof(nice), "%d", LOW_NICE);
	for (i = 0; i < TRIES && write(fd, nice, (size_t)n) < 0 &&
	            errno == EAGAIN;
	     i++)
		poll(NULL, 0, PAUSE_MS);
	close(fd);
}

void
priority_usual(void)
{
	/* it leads no group, so it may; and nothing depends on it */
	setsid();
}

void
priority_low(void)
{
	setpriority(PRIO_PROCESS, 0, LOW_NICE);
}
