/*
 * A file system that does not answer: preloaded (LD_PRELOAD), it has the
 * opening of one file wait for ever. The file whose name HANG holds has that
 * one's name; what waits writes its number to the same name and ".pid".
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int open_fn(const char *, int, ...);

static open_fn *
real(void)
{
	static open_fn *found;

	if (found == NULL)
		*(void **)&found = dlsym(RTLD_NEXT, "open");
	return found;
}

static void
say(const char *orders)
{
	char name[4096], number[24];
	int fd, n;

	snprintf(name, sizeof(name), "%s.pid", orders);
	n = snprintf(number, sizeof(number), "%d\n", (int)getpid());
	fd = real()(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, number, (size_t)n) != n)
		_exit(1);
	close(fd);
}

static void
hang_at(const char *path)
{
	const char *orders = getenv("HANG");
	char hung[4096] = "";
	ssize_t n;
	int fd = orders != NULL ? real()(orders, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	n = read(fd, hung, sizeof(hung) - 1);
	close(fd);
	if (n <= 0 || strcmp(hung, path) != 0)
		return;
	say(orders);
	for (;;)
		pause();
}

/* What FORTIFY_SOURCE makes of an open() without a mode. */
int open_2(const char *path, int flags) __asm__("__open_2");

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int
open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list rest;

	if ((flags & O_CREAT) != 0) {
		va_start(rest, flags);
		mode = va_arg(rest, unsigned);
		va_end(rest);
	}
	hang_at(path);
	return real()(path, flags, mode);
}

int
open_2(const char *path, int flags)
{
	hang_at(path);
	return real()(path, flags);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
