/*
 * The bare hash: crypt() with yescrypt's default setting, in a number of
 * processes, and nothing else. No service that calls it can do better. Prints
 * hashes a second.
 *
 *	crypt PROCESSES SECONDS [kept]
 *
 * "kept": with Latchkey's crypto/hashmem.c, which keeps the memory of a hash
 *mapped.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <crypt.h>

#include "lib/text.h"
#ifdef KEPT
#include "crypto/hashmem.h"
#endif

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
hash_once(const char *setting)
{
	bool done;

#ifdef KEPT
	hashmem_begin();
#endif
	done = crypt("correct horse", setting) != NULL;
#ifdef KEPT
	hashmem_end();
#endif
	return done;
}

/* Hash until the time is over and write how many a second to fd. */
static void
hash(const char *setting, double seconds, int fd)
{
	double start = now_s(), rate;
	int count = 0;

	while (now_s() < start + seconds) {
		if (!hash_once(setting))
			exit(EXIT_FAILURE);
		count++;
	}
	rate = count / (now_s() - start);
	if (write(fd, &rate, sizeof(rate)) != sizeof(rate))
		exit(EXIT_FAILURE);
}

static bool
keep(const char *wanted)
{
	if (wanted == NULL)
		return true;
#ifdef KEPT
	hashmem_keep(true);
	return strcmp(wanted, "kept") == 0;
#else
	return false;
#endif
}

static double
rate_of_all(int64_t processes, int64_t seconds)
{
	const char *setting = crypt_gensalt("$y$", 5, NULL, 0);
	double rate, sum = 0;
	int64_t i;
	int fds[2];

	if (setting == NULL || pipe(fds) != 0)
		return -1;
	for (i = 0; i < processes; i++)
		if (fork() == 0) {
			hash(setting, (double)seconds, fds[1]);
			exit(EXIT_SUCCESS);
		}
	close(fds[1]);
	for (; i > 0 && read(fds[0], &rate, sizeof(rate)) == sizeof(rate); i--)
		sum += rate;
	while (wait(NULL) > 0)
		;
	return i == 0 ? sum : -1;
}

int
main(int argc, char **argv)
{
	int64_t processes, seconds;
	double rate;

	if (argc < 3 || !text_to_i64(argv[1], 1, 1024, &processes) ||
	    !text_to_i64(argv[2], 1, 3600, &seconds) || !keep(argv[3])) {
		fprintf(stderr, "usage: crypt PROCESSES SECONDS [kept]\n");
		return EXIT_FAILURE;
	}
	rate = rate_of_all(processes, seconds);
	printf("%.2f\n", rate);
	return rate < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
