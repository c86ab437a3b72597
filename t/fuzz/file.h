/*
 * Files and silence for fuzz targets whose subject reads a file: an anonymous
 * file, and no messages on standard error.
 */
#ifndef LATCHKEY_FUZZ_FILE_H
#define LATCHKEY_FUZZ_FILE_H

#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A file of these bytes; its descriptor, which the caller closes. *path is a
 * name that it can be opened by.
 */
static inline int
file_of(const void *bytes, size_t n, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0);
	if (write(fd, bytes, n) != (ssize_t)n)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/*
 * What is printed to this stream from now on goes nowhere. The descriptor stays
 * as it is, for the sanitizers' reports.
 */
static inline void
silence(FILE **stream)
{
	static FILE *nowhere;

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "we");
	assert(nowhere != NULL);
	*stream = nowhere;
}

#endif
