/*
 * Fuzz target of a whole request: FastCGI's bytes in, a reply out, through all
 * of a worker except the database and the work of hashes (service/world.h).
 *
 * The input is what is sent, cut at CUT; the next byte says how the world
 * treats what follows. service/check.h asserts that each reply is well-formed
 * and that no client got another's data; besides, memory is released and every
 * whole request is answered.
 */
#include "fuzz.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sanitizer/allocator_interface.h>

#include "crypto/token_cache.h"
#include "db/ratelimit.h"
#include "read.h"
#include "html/pages.h"
#include "lib/blocklist.h"
#include "route.h"
#include "server/loop.h"
#include "service/check.h"
#include "service/pieces.h"
#include "service/world.h"
#include "sign.h"
#include "svc/decoy.h"
#include "svc/network.h"
#include "svc/share.h"

#define ARENA_KEEPS 34000   /* bytes, from one request to the next */
#define FIRST_TIME 1000000L /* what libraries set up once */

static struct {
	int listener;
	int peer;           /* -1: not connected */
	bool waiting;       /* a whole request was sent over a new connection */
	bool late;          /* it had waited for long */
	enum method method; /* of the last request; METHOD_OTHER: unknown */
	struct pieces pieces;
	struct app *app;
	struct ctx *ctx;
	size_t began_with; /* bytes allocated */
	long first_time;   /* left of FIRST_TIME */
	struct blocklist blocklist;
	struct pages pages;
	unsigned char answer[1 << 18];
} play;

static void
connect_peer(void)
{
	struct sockaddr_un address;
	socklen_t n = sizeof(address);

	play.peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert(play.peer >= 0);
	assert(
	    getsockname(play.listener, (struct sockaddr *)&address, &n) == 0);
	assert(connect(play.peer, (struct sockaddr *)&address, n) == 0);
}

static void
hang_up(void)
{
	if (play.peer >= 0)
		close(play.peer);
	play.peer = -1;
}

/* Whatever came is an answer. */
static void
read_answer(void)
{
	size_t n = 0;
	ssize_t got;

	if (play.peer < 0)
		return;
	while ((got = recv(play.peer, play.answer + n, sizeof(play.answer) - n,
	            0)) > 0)
		n += (size_t)got;
	assert(got == 0 || errno == EAGAIN || errno == ECONNRESET);
	if (n > 0)
		check_sent(play.answer, n, play.method);
	assert(n > 0 || !play.waiting);
	play.waiting = false;
	if (got == 0 || errno == ECONNRESET)
		hang_up();
}

static bool
is_whole(const struct piece *p)
{
	unsigned char *copy = malloc(p->len);
	size_t len;
	bool whole;

	assert(copy != NULL);
	memcpy(copy, p->bytes, p->len);
	whole = piece_is_whole(copy, p->len, &len);
	free(copy);
	return whole;
}

static void
say(const struct piece *p)
{
	static const int64_t steps_s[] = { 0, 31 * 60L, 200 * 86400L, 0 };
	static const enum mood moods[] = { MOOD_GOOD, MOOD_AWAY, MOOD_LOST,
		MOOD_BROKEN, MOOD_REFUSES, MOOD_GOOD, MOOD_GOOD, MOOD_GOOD };
	unsigned how = p->how;

	world_mood(moods[HOW_MOOD(how)]);
	world_wait(steps_s[HOW_TIME(how)]);
	play.late = HOW_TIME(how) == 3;
	play.app->lanes =
	    (how & HOW_API) != 0 ? ROLE_BIT(ROLE_API) : role_lanes();
	if ((how & HOW_ANEW) != 0)
		hang_up();
	if (play.peer < 0) {
		connect_peer();
		play.waiting = is_whole(p);
	}
	play.method = METHOD_OTHER;
	if (send(play.peer, p->bytes, p->len, MSG_NOSIGNAL) < 0 ||
	    (how & HOW_GONE) != 0) {
		play.waiting = false;
		hang_up();
	}
}

/*
 * Between two requests: all that the last one took has been given back. What
 * libraries keep for ever, they take but once.
 */
static void
check_memory(size_t more)
{
	size_t now = __sanitizer_get_current_allocated_bytes();

	assert(play.ctx->arena->deferred == NULL);
	if (now <= play.began_with + more)
		return;
	play.first_time -= (long)(now - play.began_with - more);
	play.began_with = now - more;
	assert(play.first_time >= 0);
}

/* The worker has nothing to do. */
static void
go_on(void)
{
	struct piece p;

	read_answer();
	check_memory(ARENA_KEEPS);
	if (pieces_next(&play.pieces, &p)) {
		say(&p);
	} else {
		hang_up();
		raise(SIGTERM);
	}
}

static void
run(struct req *r)
{
	world_request();
	r->ctx->now_s = world_now_s();
	r->waited_ms = play.late ? r->ctx->app->conf->login_wait_ms + 1 : -1;
	play.method = r->method;
	route_run(r);
	check_reply(r);
}

/* Once: a list of one common password. */
static void
begin_blocklist(void)
{
	static char common[] = CHECK_COMMON;
	char path[] = "/dev/shm/latchkey-fuzz-XXXXXX";
	FILE *from = fmemopen(common, sizeof(common) - 1, "r");

	assert(from != NULL);
	close(mkstemp(path));
	if (blocklist_make(from, path) != 1 ||
	    !blocklist_open(path, &play.blocklist))
		abort();
	fclose(from);
	unlink(path);
}

/* Once: a listening socket with a name that the kernel chooses. */
static void
begin(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	route_name_rows();
	begin_blocklist();
	if (!pages_open("", &play.pages))
		abort();
	play.first_time = FIRST_TIME;
	play.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert(play.listener >= 0);
	assert(bind(play.listener, (const struct sockaddr *)&any,
	           sizeof(any.sun_family)) == 0);
	assert(listen(play.listener, 2) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char greeting[] = "Hello", nothing[] = "";
	static char product[] = "Latchkey";
	static const struct conf conf = {
		.greeting = greeting,
		.access_token_minutes = 30,
		.token_leeway_s = 5,
		.plain_until_s = INT64_MAX,
		.session_days = 90,
		.session_idle_minutes = 20160,
		.refresh_tokens_asked = true,
		.revocation_stale_accepted = true,
		.login_wait_ms = 4000,
		.hash_cost = 2,
		.hash_upgrade = true,
		.hash_memory_max_mib = 16,
		.username_max_chars = 64,
		.username_pattern = nothing,
		.token_issuer = nothing,
		.token_audience = nothing,
		.cors_origins = nothing,
		.product_name = product,
		.site_url = nothing,
		.fullname_max_chars = 64,
		.password_min_chars = 8,
		.login_failures_per_name = INT64_C(2) * WORLD_GUESSES_MAX,
		.login_failures_per_address = 10,
		.login_failures_per_client = INT64_C(2) * WORLD_GUESSES_MAX,
		.signups_per_address = 10,
	};
	static struct network_memory networks;
	static struct token_cache tokens;
	struct decoy_range decoys = { .count = 0 };
	struct ratelimit_memory ratelimit = { .refused_s = 0 };
	struct share share = { .paid_ms = 0 };
	struct loop_service service = { .run = run, .idle = go_on };
	struct app app = {
		.conf = &conf,
		.needs = NEED_ALL,
		.keyring = fuzz_keyring(),
		.secrets = fuzz_secrets(),
		.blocklist = &play.blocklist,
		.pages = &play.pages,
		.tokens = &tokens,
		.decoys = &decoys,
		.networks = &networks,
		.ratelimit = &ratelimit,
		.share = &share,
	};
	struct arena a;
	struct ctx c;
	bool served;

	if (play.listener == 0)
		begin();
	memset(&tokens, 0, sizeof(tokens));
	memset(&networks, 0, sizeof(networks));
	play.pieces = (struct pieces){ data, data + size };
	play.peer = -1;
	play.waiting = false;
	play.app = &app;
	play.ctx = &c;
	arena_init(&a);
	ctx_init(&c, &app, &a);
	play.began_with = __sanitizer_get_current_allocated_bytes();
	world_begin();
	service.listener = dup(play.listener);
	served = loop_serve(&service, &c);
	hang_up();
	assert(served);
	arena_free(&a);
	check_memory(0);
	return 0;
}
