/*
 * Process kinds: what each serves, needs, and is.
 */
#ifndef LATCHKEY_ROLE_H
#define LATCHKEY_ROLE_H

#include "base.h"

/* Resources of a process (app.h) and its abilities; as bits. */
enum need {
	NEED_DATABASE = 1, /* a database connection */
	NEED_KEYS = 2,     /* to verify tokens */
	NEED_SECRETS = 4,  /* to make MACs: a key for each purpose */
	NEED_PROOFS = 64,  /* of these keys that of browsers' sessions alone */
	NEED_HASHING = 8,  /* to judge and hash passwords */
	/* to be forked: the secret from which app_narrow() derives those keys
	 */
	NEED_SECRET_FILE = 16,
	NEED_SIGNING = 32,  /* to sign tokens */
	NEED_PAGES = 128,   /* to show HTML */
	NEED_REVOKING = 256 /* to write what has ended, for all to read */
};

/* All that a lane can need. */
#define NEED_ALL                                                   \
	(NEED_DATABASE | NEED_KEYS | NEED_SIGNING | NEED_SECRETS | \
	    NEED_PROOFS | NEED_HASHING | NEED_PAGES)

/*
 * The process kinds. A new one is a row here, a run function in server/worker.c
 * and its system calls in server/calls.c; settings, metrics, status page and
 * supervisor walk the rows.
 *
 * LANE: it serves requests of one cost at a separate socket, listen_<name>,
 * so that slow work cannot delay quick work. INNER: it has no socket and no
 * settings, and a process of it ends before another takes its place.
 * The priority is USUAL, or LOW: lower than everything else on the machine
 * (server/sched.h). Its requests are LOGGED; or COUNTED alone, unless they
 * fail, where the web server logs each request that one is about, and there are
 * ten thousands of them a second. With workers_<name> = auto: EACH_CPU, one for
 * each CPU but at least the number in the next column; FIXED, exactly that
 * number.
 */
/* clang-format off */
#define ROLE_TABLE(ROW) \
	/*  id     name     socket needs                          priority requests workers  run */ \
	ROW(CHECK, "check", LANE,  NEED_KEYS | NEED_PROOFS,       USUAL, COUNTED, EACH_CPU, 1, serve) \
	ROW(API,   "api",   LANE,  NEED_DATABASE | NEED_KEYS | NEED_SIGNING | NEED_SECRETS | NEED_PAGES, \
	                                                          USUAL, LOGGED,  EACH_CPU, 2, serve) \
	ROW(LOGIN, "login", LANE,  NEED_ALL,                      LOW,   LOGGED,  EACH_CPU, 1, serve) \
	ROW(KEEPER,"keeper",INNER, NEED_DATABASE | NEED_REVOKING, USUAL, LOGGED,  FIXED,    1, keep)
/* clang-format on */

#define ROLE_ID(id, ...) ROLE_##id,
enum role { ROLE_TABLE(ROLE_ID) ROLE_COUNT };

#define ROLE_BIT(role) (1u << (role))

/* Workers of a single socket for all lanes replace these. */
#define ROLE_SINGLE ROLE_LOGIN

/* Requests that no row of route.c is for are sent to this lane. */
#define ROLE_DEFAULT ROLE_API

struct role_row {
	const char *name;
	int64_t least;  /* workers */
	unsigned needs; /* NEED_ bits */
	bool is_lane;
	bool is_low;    /* its priority */
	bool is_logged; /* each request */
	bool per_cpu;
};

extern const struct role_row roles[ROLE_COUNT];

/* The ROLE_BIT()s of all lanes. */
unsigned role_lanes(void);

/* All that a process needs which serves these roles (ROLE_BIT()s). */
unsigned role_needs(unsigned served);

/* Are all of these roles of low priority? */
bool role_is_low(unsigned served);

#endif
