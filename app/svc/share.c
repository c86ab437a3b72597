/*
 * Share of a login worker's time that other requests than logins may have: a
 * generic cell rate algorithm, in time waited for the database.
 */
#include "base.h"

#include "db/db.h"
#include "lib/clock.h"
#include "svc/share.h"

#define WEIGHT 2     /* a millisecond of one half of the time */
#define BURST_PART 8 /* of login_wait_ms, in one go: 500 ms of 4000 */
#define FREE_PART 80 /* of login_wait_ms, for each request: 50 ms of 4000 */

int64_t
share_database_ms(const struct conf *conf)
{
	int64_t half_ms = conf->login_wait_ms / 2;

	return conf->db_timeout_ms < half_ms ? conf->db_timeout_ms : half_ms;
}

int64_t
share_wait_ms(const struct conf *conf)
{
	return conf->login_wait_ms - share_database_ms(conf);
}

bool
share_begin(struct ctx *c)
{
	const struct app *app = c->app;
	int64_t now_ms = clock_ms(), wait_ms;

	wait_ms = app->share->paid_ms - now_ms -
	          app->conf->login_wait_ms / BURST_PART;
	if (wait_ms > 0) {
		c->retry_after_s = (wait_ms + 999) / 1000;
		return false;
	}
	app->share->begun_ms = now_ms;
	app->share->waited_ms = db_waited_ms(app->db);
	db_allow(app->db, share_database_ms(app->conf));
	return true;
}

void
share_end(struct ctx *c)
{
	struct share *s = c->app->share;
	int64_t cost_ms = db_waited_ms(c->app->db) - s->waited_ms -
	                  c->app->conf->login_wait_ms / FREE_PART;

	db_allow(c->app->db, 0);
	if (cost_ms <= 0)
		return;
	if (s->paid_ms < s->begun_ms)
		s->paid_ms = s->begun_ms;
	s->paid_ms += WEIGHT * cost_ms;
}
