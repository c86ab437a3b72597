/*
 * Allocations that fail on demand: preloaded (LD_PRELOAD), it has the n-th one
 * of a process fail, or that and all later ones. Its orders are in a file,
 * which STARVE names and t/tool/starve.py writes.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* As in t/tool/starve.py. */
struct orders {
	volatile int32_t pid;   /* of the process; 0: none */
	volatile int32_t turn;  /* that fails, from 1 */
	volatile int32_t later; /* and those behind it */
	volatile int32_t count; /* so many came */
};

static struct orders *orders;

__attribute__((constructor)) static void
begin(void)
{
	const char *file = getenv("STARVE");
	int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
	void *m = fd >= 0 ? mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE,
	                        MAP_SHARED, fd, 0)
	                  : MAP_FAILED;

	if (m != MAP_FAILED)
		orders = m;
	if (fd >= 0)
		close(fd);
}

static bool
fails(void)
{
	int32_t n;

	if (orders == NULL || orders->pid == 0 || orders->pid != getpid())
		return false;
	n = ++orders->count;
	if (n != orders->turn && (orders->later == 0 || n < orders->turn))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	static void *(*real)(size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "malloc");
	return fails() ? NULL : real(n);
}

void *
calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "calloc");
	return fails() ? NULL : real(n, size);
}

void *
realloc(void *p, size_t n)
{
	static void *(*real)(void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "realloc");
	return fails() ? NULL : real(p, n);
}
