/*
 * Metrics in Prometheus' text format.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/clock.h"
#include "stats/metrics.h"
#include "stats/prometheus.h"
#include "stats/queue.h"

static void
add_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The counters of a family, a line each. */
static void
add_counters(struct buf *b, enum family family, const struct metrics_figures *f)
{
	const struct family_row *row = &family_table[family];
	enum event e;

	for (e = 0; e < EVENT_COUNT; e++) {
		if (event_table[e].family != family)
			continue;
		buf_adds(b, row->metric);
		if (row->label != NULL)
			buf_addf(b, "{%s=\"%s\"}", row->label,
			    event_table[e].outcome);
		buf_addf(b, " %" PRIu64 "\n", f->counter[e]);
	}
}

static void
add_families(struct buf *b, const struct metrics_figures *f)
{
	enum family i;

	for (i = 0; i < FAMILY_COUNT; i++) {
		add_head(
		    b, family_table[i].metric, "counter", family_table[i].help);
		add_counters(b, i, f);
	}
}

static void
add_requests(struct buf *b, const struct metrics_figures *f)
{
	unsigned i, j;

	add_head(b, "latchkey_requests_total", "counter",
	    "Requests by endpoint and status.");
	for (i = 0; i <= METRICS_ROUTES; i++)
		for (j = 0; j < METRICS_STATUSES; j++) {
			if (f->requests[i][j] == 0 ||
			    metrics_route_name(i) == NULL)
				continue;
			buf_addf(b,
			    "latchkey_requests_total{route=\"%s\",status=\"",
			    metrics_route_name(i));
			if (http_status[j].code != 0)
				buf_addf(b, "%d", http_status[j].code);
			else
				buf_adds(b, "other");
			buf_addf(b, "\"} %" PRIu64 "\n", f->requests[i][j]);
		}
}

/* One histogram. labels: its own, or "". */
static void
add_histogram(struct buf *b, const char *name, const char *labels,
    const struct metrics_histogram *h)
{
	const char *comma = *labels != '\0' ? "," : "";
	const char *open = *labels != '\0' ? "{" : "";
	const char *close = *labels != '\0' ? "}" : "";
	uint64_t n = 0;
	size_t i;

	for (i = 0; i <= METRICS_BUCKETS; i++) {
		n += h->bucket[i];
		buf_addf(b, "%s_bucket{%s%sle=\"", name, labels, comma);
		if (i < METRICS_BUCKETS)
			buf_addf(b, "%g", (double)metrics_limit_us[i] / 1e6);
		else
			buf_adds(b, "+Inf");
		buf_addf(b, "\"} %" PRIu64 "\n", n);
	}
	buf_addf(b, "%s_sum%s%s%s %.6f\n", name, open, labels, close,
	    (double)h->sum_us / 1e6);
	buf_addf(
	    b, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, n);
}

/* A histogram for each lane; h: the first. */
static void
add_by_lane(struct buf *b, const char *name, const char *help,
    const struct metrics_histogram *h)
{
	char labels[32];
	unsigned i;

	add_head(b, name, "histogram", help);
	for (i = 0; i < ROLE_COUNT; i++) {
		if (!roles[i].is_lane)
			continue;
		snprintf(labels, sizeof(labels), "lane=\"%s\"", roles[i].name);
		add_histogram(b, name, labels, &h[i]);
	}
}

static void
add_histograms(struct buf *b, const struct metrics_figures *f)
{
	static const char hash[] = "latchkey_hash_duration_seconds";

	add_by_lane(b, "latchkey_request_duration_seconds",
	    "Time to build a reply, without the wait for a worker.",
	    &f->histogram[HISTOGRAM_REQUEST]);
	add_by_lane(b, "latchkey_worker_busy_seconds",
	    "Time a worker was busy with a request, writing the reply "
	    "included.",
	    &f->histogram[HISTOGRAM_BUSY]);
	add_head(b, hash, "histogram", "Time to hash a password.");
	add_histogram(b, hash, "", &f->histogram[HISTOGRAM_HASH]);
}

/* A line about a worker. */
static void
add_worker(struct buf *b, const char *name, const struct metrics_worker *w,
    uint64_t value)
{
	buf_addf(b, "%s{lane=\"%s\",worker=\"%u\"} %" PRIu64 "\n", name,
	    roles[w->lane].name, w->number, value);
}

static void
add_workers(struct buf *b, const struct metrics_figures *f)
{
	static const char up[] = "latchkey_worker_up",
	                  requests[] = "latchkey_worker_requests_total",
	                  database[] = "latchkey_database_connected";
	const struct metrics_worker *w, *end = f->worker + f->workers;

	add_head(b, up, "gauge", "1 if the worker is running, 0 otherwise.");
	for (w = f->worker; w < end; w++)
		add_worker(b, up, w, w->pid != 0);
	add_head(b, requests, "counter", "Requests answered by the worker.");
	for (w = f->worker; w < end; w++)
		add_worker(b, requests, w, w->requests);
	add_head(b, database, "gauge",
	    "1 if the worker is connected to the database, 0 otherwise.");
	for (w = f->worker; w < end; w++)
		if (w->database != DATABASE_NONE)
			add_worker(
			    b, database, w, w->database == DATABASE_CONNECTED);
}

static void
add_restarts(struct buf *b, const struct metrics_figures *f)
{
	static const char name[] = "latchkey_worker_restarts_total";
	enum role lane;

	add_head(
	    b, name, "counter", "Workers started in place of one that died.");
	for (lane = 0; lane < ROLE_COUNT; lane++)
		buf_addf(b, "%s{lane=\"%s\"} %" PRIu64 "\n", name,
		    roles[lane].name, f->restarts[lane]);
}

static void
add_accounts(struct buf *b, const struct metrics_figures *f)
{
	static const char name[] = "latchkey_accounts";
	const char *format, *login;
	unsigned i;

	add_head(b, name, "gauge",
	    "Active accounts by the format of their password hash, and whether "
	    "they can log in, or why not.");
	for (i = 0; (format = metrics_kind_name(i, &login)) != NULL; i++)
		if (f->accounts[i] > 0)
			buf_addf(b,
			    "%s{format=\"%s\",login=\"%s\"} %" PRIu64 "\n",
			    name, format, login, f->accounts[i]);
}

/* Revoked sessions and users, as the keeper read them last. */
static void
add_revoked(struct buf *b, const struct metrics_figures *f)
{
	int64_t age_ms = clock_ms() - f->revoked_heard_ms;

	add_head(b, "latchkey_revoked_entries", "gauge",
	    "Sessions and users in memory whose tokens are refused.");
	buf_addf(b, "latchkey_revoked_entries %" PRIu64 "\n", f->revoked);
	if (f->revoked_heard_ms == 0 || age_ms < 0)
		return;
	add_head(b, "latchkey_revocation_age_seconds", "gauge",
	    "Time since all that had been revoked was read from the database.");
	buf_addf(b,
	    "latchkey_revocation_age_seconds %" PRId64 ".%03" PRId64 "\n",
	    age_ms / 1000, age_ms % 1000);
}

static void
add_queues(struct buf *b, const struct metrics_figures *f)
{
	static const char length[] = "latchkey_queue_length",
	                  limit[] = "latchkey_queue_limit";
	uint32_t waiting[ROLE_COUNT], most[ROLE_COUNT];
	bool known[ROLE_COUNT];
	unsigned i;

	for (i = 0; i < ROLE_COUNT; i++)
		known[i] = queue_length(f->socket[i], &waiting[i], &most[i]);
	add_head(b, length, "gauge", "Connections waiting for a worker.");
	for (i = 0; i < ROLE_COUNT; i++)
		if (known[i])
			buf_addf(b, "%s{lane=\"%s\"} %" PRIu32 "\n", length,
			    roles[i].name, waiting[i]);
	add_head(b, limit, "gauge", "Connections that may wait.");
	for (i = 0; i < ROLE_COUNT; i++)
		if (known[i])
			buf_addf(b, "%s{lane=\"%s\"} %" PRIu32 "\n", limit,
			    roles[i].name, most[i]);
}

void
prometheus_write(struct buf *b)
{
	struct metrics_figures f;

	metrics_read(&f);
	add_head(b, "latchkey_build_info", "gauge", "Version, as a label.");
	buf_adds(
	    b, "latchkey_build_info{version=\"" LATCHKEY_VERSION "\"} 1\n");
	add_head(b, "process_start_time_seconds", "gauge",
	    "Start time in seconds since 1970.");
	buf_addf(b, "process_start_time_seconds %" PRId64 "\n", f.started_s);
	add_requests(b, &f);
	add_histograms(b, &f);
	add_families(b, &f);
	add_accounts(b, &f);
	add_revoked(b, &f);
	add_workers(b, &f);
	add_restarts(b, &f);
	add_queues(b, &f);
}
