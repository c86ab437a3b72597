/*
 * Accounts by the format of their password hash.
 */
#ifndef LATCHKEY_SVC_FORMATS_H
#define LATCHKEY_SVC_FORMATS_H

#include "crypto/pwformat.h"
#include "ctx.h"

#define FORMATS_MAX 100 /* rows; those beyond are counted in the last */

struct formats {
	struct {
		const char *name; /* "argon2id"; "none": no hash */
		enum pwformat_state state;
		int64_t mib; /* that it takes, if that is too much; else 1 */
		int64_t accounts;
	} row[FORMATS_MAX];
	size_t rows;
	int64_t accounts; /* active ones, all that were counted */
	int64_t lost;     /* of them, that cannot log in, and are meant to */
	int64_t mib;      /* that hash_memory_max_mib has to be for the rest */
	bool done;        /* these are all */

	/* formats.c's own */
	struct pwformat_policy policy;
	int64_t after; /* number of the last account */
};

/* No account is counted yet; by these settings. */
void formats_begin(const struct conf *conf, struct formats *out);

/*
 * Count the next accounts by their numbers, page of them at most; until
 * f->done. Errors as db_run(): nothing is counted.
 */
enum err formats_count(
    struct ctx *c, int64_t page, struct formats *f) MUST_CHECK;

/* State of a worker's count in the background. */
struct formats_watch {
	struct formats count; /* the present one, if it has begun */
	bool counting;
	int64_t spent_us; /* in it */
	int64_t
	    due_ms; /* of clock_ms(): not before it goes on, or begins again */
};

/* Name the kinds of accounts for the metrics: metrics_kind(). */
void formats_name_rows(void);

/*
 * Between two requests: count some more accounts for the metrics, if it is time
 * and the database is connected. All of them are counted again after a hundred
 * times as long as that took, a minute at least. Returns in how many
 * milliseconds to go on, if no request comes before; -1: with the next one.
 */
int64_t formats_step(struct ctx *c);

#endif
