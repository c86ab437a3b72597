/*
 * Keeper: entries of ended tokens, from the database into shared memory.
 */
#include "base.h"

#include <string.h>
#include <time.h>

#include "crypto/revoked.h"
#include "db/revoked.h"
#include "db/session.h"
#include "lib/clock.h"
#include "server/keeper.h"
#include "stats/event.h"

#define POLL_MS 100
#define CLEAN_MS 60000 /* between removals of what is past its time */

struct keeper {
	/* of two polls in turn: a snapshot lives until the next one is there */
	struct arena arenas[2];
	struct ctx polls[2];
	unsigned turn;
	const char *snapshot, *session; /* of the last poll; NULL: it failed */
	int64_t heard_ms, now_s, clean_ms;
	bool is_behind; /* and that was logged */
};

/*
 * What has come is added, and then the time: whoever finds that it is not stale
 * finds all of it.
 */
static enum err
add_all(const struct db_revoked_news *news, int64_t asked_ms)
{
	struct db_revoked_entry entry;
	int i;

	for (i = 0; db_revoked_entry(news, i, &entry); i++)
		if (!(entry.is_session
		            ? revoked_add_session(entry.sid, entry.until_s)
		            : revoked_add_user(
		                  entry.user_id, entry.epoch, entry.until_s)))
			return ERR_LIMIT;
	revoked_heard(asked_ms);
	return ERR_OK;
}

/*
 * The first poll of a server's session reads everything: with another server,
 * or one that was restored, an older snapshot says nothing.
 */
static enum err
ask(struct keeper *k, struct ctx *c, struct db_revoked_news *news)
{
	enum err e;

	if (k->session != NULL) {
		if ((e = db_revoked_poll(c, k->snapshot, news)) != ERR_OK)
			return e;
		if (strcmp(news->session, k->session) == 0)
			return ERR_OK;
	}
	if ((e = db_revoked_raise_lifetime(
	         c, c->app->conf->access_token_minutes * 60 +
	                c->app->conf->token_leeway_s)) != ERR_OK)
		return e;
	return db_revoked_poll(c, DB_REVOKED_ALL, news);
}

static enum err
poll_once(struct keeper *k)
{
	struct ctx *c = &k->polls[k->turn], *last = &k->polls[!k->turn];
	int64_t asked_ms = revoked_clock_ms();
	struct db_revoked_news news;
	enum err e;

	if ((e = ask(k, c, &news)) == ERR_OK &&
	    (e = add_all(&news, asked_ms)) == ERR_OK) {
		k->snapshot = news.snapshot;
		k->session = news.session;
		k->now_s = news.now_s;
		k->heard_ms = clock_ms();
		k->turn = !k->turn;
		ctx_reset(last);
		return ERR_OK;
	}
	k->session = NULL;
	ctx_reset(c);
	return e;
}

/* Log once that checks may miss what has ended, and once that it is over. */
static void
tell(struct keeper *k, enum err e)
{
	bool is_behind = clock_ms() - k->heard_ms > REVOKED_STALE_MS;

	if (is_behind && !k->is_behind)
		event(EVENT_REVOKED_BEHIND, "cause=%s",
		    e == ERR_LIMIT ? "full" : "database");
	else if (!is_behind && k->is_behind)
		event(EVENT_REVOKED_CURRENT, NULL);
	k->is_behind = is_behind;
}

/* By the database's clock, as all entries are. */
static void
clean(struct keeper *k)
{
	struct ctx *c = &k->polls[k->turn];

	if (k->session == NULL || clock_ms() < k->clean_ms)
		return;
	k->clean_ms = clock_ms() + CLEAN_MS;
	revoked_expire(k->now_s);
	if (db_revoked_remove(c) != ERR_OK || db_session_remove(c) != ERR_OK) {
		/* it is logged, and tried again */
	}
	ctx_reset(c);
}

_Noreturn void
keeper_run(const struct app *app)
{
	const struct timespec pause = { 0, POLL_MS * INT64_C(1000000) };
	struct keeper k = { .heard_ms = clock_ms() };
	unsigned i;

	for (i = 0; i < 2; i++) {
		arena_init(&k.arenas[i]);
		ctx_init(&k.polls[i], app, &k.arenas[i]);
	}
	revoked_take_over();
	for (;;) {
		tell(&k, poll_once(&k));
		clean(&k);
		nanosleep(&pause, NULL);
	}
}
