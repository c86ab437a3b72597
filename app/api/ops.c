/*
 * Endpoints for operation: liveness and readiness for load balancers, and
 * metrics.
 */
#include "base.h"

#include "api/api.h"
#include "http/reply.h"
#include "stats/prometheus.h"
#include "svc/schema.h"

enum err
api_health_alive(struct req *r)
{
	buf_adds(
	    reply_begin(r, 200, "application/json"), "{\"status\":\"ok\"}");
	return ERR_OK;
}

/* 200, or a 503 that says what keeps the database from being of use. */
static enum err
reply_obstacle(struct req *r)
{
	static const char *const detail[SCHEMA_OBSTACLES] = {
		[SCHEMA_SHARED] = "A pooler shares the database's sessions; "
		                  "run: latchkey check",
		[SCHEMA_READ_ONLY] =
		    "The database is read-only; run: latchkey check",
		[SCHEMA_HIDDEN] = "Row level security hides rows from the "
		                  "database's role; run: latchkey check",
	};
	enum schema_obstacle obstacle;
	const char *remedy;
	enum err e;

	if ((e = schema_obstacle(r->ctx, &obstacle, &remedy)) != ERR_OK)
		return e;
	if (obstacle == SCHEMA_NO_OBSTACLE)
		return api_health_alive(r);
	reply_detail(r, 503, detail[obstacle]);
	return ERR_OK;
}

enum err
api_health_ready(struct req *r)
{
	enum err e = schema_ready(r->ctx);

	if (e == ERR_OK)
		return reply_obstacle(r);
	if (e == ERR_NOTFOUND)
		reply_detail(r, 503,
		    "The database lacks the schema; run: latchkey migrate");
	else if (e == ERR_DENIED)
		reply_detail(r, 503,
		    "The database's role lacks privileges; run: latchkey check");
	else
		return e;
	return ERR_OK;
}

enum err
api_metrics(struct req *r)
{
	prometheus_write(reply_begin(r, 200, PROMETHEUS_TYPE));
	return ERR_OK;
}
