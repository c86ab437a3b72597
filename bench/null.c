/*
 * A minimal FastCGI program, as libfcgi's own example and most programs are:
 * threads that share a socket and a lock, each waiting in FCGX_Accept_r(). The
 * web server must not keep its connections.
 *
 *	null SOCKET THREADS
 */
#include "base.h"

#include <pthread.h>
#include <stdlib.h>

#include <fcgiapp.h>

#include "lib/text.h"

#define BACKLOG 1024

static pthread_mutex_t accepting = PTHREAD_MUTEX_INITIALIZER;

static void *
answer(void *listener)
{
	FCGX_Request r;
	int got;

	if (FCGX_InitRequest(&r, *(int *)listener, 0) != 0)
		abort();
	for (;;) {
		pthread_mutex_lock(&accepting);
		got = FCGX_Accept_r(&r);
		pthread_mutex_unlock(&accepting);
		if (got < 0)
			return NULL;
		FCGX_PutS("Content-Type: text/plain\r\n\r\n", r.out);
		FCGX_Finish_r(&r);
	}
}

int
main(int argc, char **argv)
{
	pthread_t thread;
	int64_t threads;
	int listener;

	if (argc != 3 || !text_to_i64(argv[2], 1, 64, &threads) ||
	    FCGX_Init() != 0 ||
	    (listener = FCGX_OpenSocket(argv[1], BACKLOG)) < 0)
		return EXIT_FAILURE;
	while (--threads > 0)
		if (pthread_create(&thread, NULL, answer, &listener) != 0)
			return EXIT_FAILURE;
	answer(&listener);
	return EXIT_FAILURE;
}
