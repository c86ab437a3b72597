/*
 * Fuzz target of server/loop.c with http/fcgi.c, libfcgi, http/fcgi_record.c,
 * route.c and http/reply.c, as a web server meets them: over several
 * connections at a time, in pieces, kept or not. The input is what is sent, cut
 * at CUT; the next byte says what follows. Whatever it was, another client is
 * answered afterwards.
 *
 * The worker is one of the check lane, so there is no database.
 */
#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "read.h"
#include "route.h"
#include "server/loop.h"

#define CUT "\xfe\xed"
#define PEERS 4

/* What stands behind CUT, modulo 8: bits. */
enum { PEER = 3, HANG_UP = 4 };

/* A request for /healthz that keeps its connection, and how it is answered. */
static const char good[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
                           "\1\4\0\1\0\50\0\0"
                           "\16\3REQUEST_METHODGET"
                           "\13\10REQUEST_URI/healthz"
                           "\1\4\0\1\0\0\0\0"
                           "\1\5\0\1\0\0\0\0";
static const char good_answer[] = "Status: 200 OK\r\n";

static struct {
	int listener;
	const uint8_t *next, *end; /* what is left of the input */
	int peers[PEERS];          /* -1: not connected */
	int last;                  /* who asks after them all; -1: not yet */
} play;

static int
connect_peer(void)
{
	struct sockaddr_un address;
	socklen_t n = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert(fd >= 0);
	assert(
	    getsockname(play.listener, (struct sockaddr *)&address, &n) == 0);
	assert(connect(fd, (struct sockaddr *)&address, n) == 0);
	return fd;
}

static void
hang_up(int *peer)
{
	if (*peer >= 0)
		close(*peer);
	*peer = -1;
}

/* Read what came, so that the worker never waits. False: it has closed. */
static bool
listen_to(int peer)
{
	char answer[4096];
	ssize_t n;

	while ((n = recv(peer, answer, sizeof(answer), 0)) > 0)
		;
	return n < 0 && errno == EAGAIN;
}

/* One piece, by the peer that the byte before it names. */
static void
say(unsigned how, const uint8_t *bytes, size_t n)
{
	int *peer = &play.peers[how & PEER];

	if (*peer >= 0 && !listen_to(*peer))
		hang_up(peer);
	if (*peer < 0)
		*peer = connect_peer();
	if (send(*peer, bytes, n, MSG_NOSIGNAL) < 0)
		hang_up(peer);
	if ((how & HANG_UP) != 0)
		hang_up(peer);
}

/* The client after all others. */
static void
ask(void)
{
	play.last = connect_peer();
	assert(send(play.last, good, sizeof(good) - 1, MSG_NOSIGNAL) ==
	       sizeof(good) - 1);
}

static void
check_answer(void)
{
	char answer[4096];
	ssize_t n = recv(play.last, answer, sizeof(answer), 0);

	assert(n > 8 + (ssize_t)sizeof(good_answer));
	assert(memcmp(answer + 8, good_answer, sizeof(good_answer) - 1) == 0);
	hang_up(&play.last);
}

/* The next piece, with the byte that says what follows. 0: there is none. */
static size_t
next_piece(const uint8_t **bytes, unsigned *how)
{
	const uint8_t *cut;

	*how = 0;
	while (play.end - play.next > 2 && memcmp(play.next, CUT, 2) == 0) {
		*how = play.next[2];
		play.next += 3;
	}
	*bytes = play.next;
	if (play.next == play.end)
		return 0;
	/* at the end there may be half of one */
	cut = memmem(play.next + 1, (size_t)(play.end - play.next) - 1, CUT, 2);
	play.next = cut != NULL ? cut : play.end;
	return (size_t)(play.next - *bytes);
}

/*
 * The worker has nothing to do: something happens now that it will notice, or
 * it is told to end.
 */
static void
go_on(void)
{
	const uint8_t *bytes;
	unsigned how;
	size_t n;

	if (play.last >= 0) {
		check_answer();
		raise(SIGTERM);
	} else if ((n = next_piece(&bytes, &how)) > 0) {
		say(how, bytes, n);
	} else {
		ask();
	}
}

/* Once: a listening socket with a name that the kernel chooses. */
static void
begin(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	log_set_level(LOG_LEVEL_ERROR);
	play.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert(play.listener >= 0);
	assert(bind(play.listener, (const struct sockaddr *)&any,
	           sizeof(any.sun_family)) == 0);
	assert(listen(play.listener, PEERS + 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf conf;
	struct loop_service service = { .run = route_run, .idle = go_on };
	struct arena a;
	const struct app app = {
		.conf = &conf,
		.needs = NEED_KEYS,
		.keyring = fuzz_keyring(),
		.lanes = ROLE_BIT(ROLE_CHECK),
	};
	struct ctx c;
	bool served;
	int i;

	if (play.listener == 0)
		begin();
	play.next = data;
	play.end = data + size;
	play.last = -1;
	for (i = 0; i < PEERS; i++)
		play.peers[i] = -1;
	service.listener = dup(play.listener);
	arena_init(&a);
	ctx_init(&c, &app, &a);
	served = loop_serve(&service, &c);
	assert(served);
	arena_free(&a);
	for (i = 0; i < PEERS; i++)
		hang_up(&play.peers[i]);
	return 0;
}
