/*
 * Keeper: entries of ended tokens, from the database into shared memory.
 */
#include "base.h"

#include <string.h>

#include "crypto/revoked.h"
#include "db/revoked.h"
#include "db/session.h"
#include "lib/clock.h"
#include "server/keeper.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "svc/session.h"

#define POLL_MS 100
#define WAKE_MS 20 /* from a poll to one for which another process asks */
/* the same where each poll reads everything */
#define ALL_MS 1000
#define WAKE_ALL_MS 250
#define POLL_LIMIT_MS 1000 /* of a poll, connecting included */
#define ALL_LIMIT_MS 10000 /* of one that reads everything */
#define CLEAN_MS 60000     /* between removals of what is past its time */
#define WALK_MS 3600000    /* and between walks through the sessions */
#define PAST_S 60          /* entries stay so much longer: clocks differ */
#define IDLE_MORE_S 86400  /* the same of idle sessions: settings change */

struct keeper {
	/* of two polls in turn: a snapshot lives until the next one is read */
	struct arena arenas[2];
	struct ctx polls[2];
	unsigned turn;
	const char *snapshot, *session; /* of the last poll; NULL: it failed */
	bool is_ordered;                /* a snapshot shows what is new */
	int64_t heard_ms, now_s;
	bool is_behind; /* and that was logged */
	/* removal: when it is next, and what is under way */
	int64_t clean_ms, walk_ms, walk_page;
	bool removes_entries, removes_sessions, walks;
};

/* --- polls --- */

/* Add all that was received. ERR_LIMIT: there is no room for all of it. */
static enum err
add_all(const struct db_revoked_news *news)
{
	struct db_revoked_entry entry;
	enum err e = ERR_OK;
	int i;

	/* a table that is full is no reason to miss what fits the other */
	for (i = 0; db_revoked_entry(news, i, &entry); i++)
		if (!(entry.is_session
		            ? revoked_add_session(entry.sid, entry.until_s)
		            : revoked_add_user(
		                  entry.user_id, entry.epoch, entry.until_s)))
			e = ERR_LIMIT;
	return e;
}

/* The same; where there is no room, what is past its time goes first. */
static enum err
take(const struct db_revoked_news *news)
{
	enum err e = add_all(news);

	if (e != ERR_LIMIT)
		return e;
	revoked_expire(news->now_s - PAST_S);
	return add_all(news);
}

/*
 * Another server, or another timeline of the same one: a restored backup, or a
 * standby that was promoted, may lack the last that had ended.
 */
static void
note_server(struct ctx *c)
{
	const char *last, *now;

	/* a failure is logged, and ends nothing else */
	if (db_revoked_note_server(c, &last, &now) == ERR_OK && last != NULL)
		event(EVENT_SERVER_CHANGED,
		    "was=%s is=%s hint=\"if it may have lost what had ended: "
		    "latchkey session end --all\"",
		    last, now);
}

/* Read everything, after a new connection. */
static enum err
ask_all(struct keeper *k, struct ctx *c, struct db_revoked_news *news)
{
	struct db *db = c->app->db;
	enum err e;

	if (k->session == NULL &&
	    (e = db_revoked_is_ordered(c, &k->is_ordered)) != ERR_OK)
		return e;
	if (k->session == NULL)
		note_server(c);
	db_limit(db, ALL_LIMIT_MS, ALL_LIMIT_MS);
	e = db_revoked_poll(c, DB_REVOKED_ALL, news);
	db_limit(db, POLL_LIMIT_MS, ALL_LIMIT_MS);
	return e;
}

/*
 * Was the server's clock set back? Entries that seemed past their time, and
 * left the memory, are not.
 */
static bool
was_set_back(const struct keeper *k, const struct db_revoked_news *news)
{
	return news->now_s < k->now_s - PAST_S;
}

/*
 * The first poll of a server's session reads everything: with another server,
 * or one that was restored, an older snapshot says nothing.
 */
static enum err
ask(struct keeper *k, struct ctx *c, struct db_revoked_news *news)
{
	enum err e;

	if (k->session != NULL && k->is_ordered) {
		if ((e = db_revoked_poll(c, k->snapshot, news)) != ERR_OK ||
		    (strcmp(news->session, k->session) == 0 &&
		        !was_set_back(k, news)))
			return e;
		k->session = NULL;
	}
	if ((e = ask_all(k, c, news)) != ERR_OK)
		return e;
	if (k->session == NULL || strcmp(news->session, k->session) == 0)
		return ERR_OK;
	k->session = NULL; /* connected again: to what, is asked above */
	return ask_all(k, c, news);
}

/*
 * Take over the new entries, and then the time: a reader that finds it not
 * stale finds all of them.
 */
static enum err
poll_once(struct keeper *k)
{
	struct ctx *c = &k->polls[k->turn], *last = &k->polls[!k->turn];
	int64_t asked_ms = revoked_clock_ms();
	struct db_revoked_news news;
	enum err e;

	if ((e = ask(k, c, &news)) == ERR_OK)
		k->now_s = news.now_s;
	if (e == ERR_OK && (e = take(&news)) == ERR_OK) {
		revoked_heard(asked_ms);
		k->snapshot = news.snapshot;
		k->session = news.session;
		k->heard_ms = clock_ms();
		metrics_revoked(revoked_count(), k->heard_ms);
		k->turn = !k->turn;
		ctx_reset(last);
		return ERR_OK;
	}
	revoked_missed(asked_ms, e == ERR_LIMIT);
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
		event(
		    e == ERR_LIMIT ? EVENT_REVOKED_FULL : EVENT_REVOKED_BEHIND,
		    NULL);
	else if (!is_behind && k->is_behind)
		event(EVENT_REVOKED_CURRENT, NULL);
	k->is_behind = is_behind;
}

/* --- removal of what is past its time, by one instance at a time --- */

/* Is it time, and this instance's turn? */
static void
begin_removal(struct keeper *k, struct ctx *c)
{
	bool mine = false;

	if (clock_ms() >= k->clean_ms) {
		k->clean_ms = clock_ms() + CLEAN_MS;
		revoked_expire(k->now_s - PAST_S);
		if (db_revoked_turn(c, DB_TURN_REMOVE, &mine) == ERR_OK)
			k->removes_entries = k->removes_sessions = mine;
	}
	if (k->is_ordered && clock_ms() >= k->walk_ms) {
		k->walk_ms = clock_ms() + WALK_MS;
		k->walk_page = 0;
		if (db_revoked_turn(c, DB_TURN_WALK, &k->walks) != ERR_OK)
			k->walks = false;
	}
}

/* The next step of the walk. */
static enum err
walk(struct keeper *k, struct ctx *c)
{
	const struct conf *conf = c->app->conf;
	int64_t idle_s =
	    60 * (conf->session_idle_minutes + conf->access_token_minutes) +
	    IDLE_MORE_S;

	return db_session_walk(c, idle_s, &k->walk_page, &k->walks);
}

/* A step between two polls; what fails is logged, and is next at its time. */
static void
clean(struct keeper *k)
{
	struct ctx *c = &k->polls[k->turn];
	enum err e = ERR_OK;

	if (k->session == NULL)
		return;
	begin_removal(k, c);
	if (k->removes_entries)
		e = db_revoked_remove(c, &k->removes_entries);
	else if (k->removes_sessions)
		e = db_session_remove(c, &k->removes_sessions);
	else if (k->walks)
		e = walk(k, c);
	if (e != ERR_OK)
		k->removes_entries = k->removes_sessions = k->walks = false;
	ctx_reset(c);
}

/* Until the next poll; sooner where something ends in this service. */
static void
pause_after(const struct keeper *k, enum err e)
{
	if (e == ERR_LIMIT)
		revoked_wait(ALL_MS, ALL_MS);
	else if (e != ERR_OK)
		revoked_wait(POLL_MS, POLL_MS);
	else if (k->is_ordered)
		revoked_wait(WAKE_MS, POLL_MS);
	else
		revoked_wait(WAKE_ALL_MS, ALL_MS);
}

_Noreturn void
keeper_run(const struct app *app)
{
	struct keeper k = { .heard_ms = clock_ms() };
	unsigned i;
	enum err e;

	for (i = 0; i < 2; i++) {
		arena_init(&k.arenas[i]);
		ctx_init(&k.polls[i], app, &k.arenas[i]);
	}
	db_limit(app->db, POLL_LIMIT_MS, ALL_LIMIT_MS);
	revoked_take_over();
	for (;;) {
		tell(&k, e = poll_once(&k));
		clean(&k);
		pause_after(&k, e);
	}
}
