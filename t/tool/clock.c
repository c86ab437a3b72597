/*
 * Another time of day: preloaded (LD_PRELOAD), it adds to it the seconds that
 * the file CLOCK holds, an int64_t, whenever it is asked. The file is mapped
 * before main(), so a process that may open nothing any more has it, too, which
 * libfaketime's file is not. The monotonic clock stays.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;

static void __attribute__((constructor)) map(void)
{
	const char *path = getenv("CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		ahead_s = p;
	close(fd);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, out);
	if (result == 0 && ahead_s != NULL &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += *ahead_s;
	return result;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
