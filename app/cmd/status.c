/*
 * `latchkey status`: the status page.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/status.h"
#include "lib/clock.h"
#include "route.h"
#include "stats/metrics.h"
#include "stats/queue.h"
#include "svc/formats.h"

#define CELL_BYTES 32

/* A time of a round number of microseconds: "250 us", "2.5 ms", "1 s". */
static void
write_time(int64_t us, char out[CELL_BYTES])
{
	if (us < 1000)
		snprintf(out, CELL_BYTES, "%" PRId64 " us", us);
	else if (us < 1000000)
		snprintf(out, CELL_BYTES, "%g ms", (double)us / 1e3);
	else
		snprintf(out, CELL_BYTES, "%g s", (double)us / 1e6);
}

static uint64_t
count(const struct metrics_histogram *h)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i <= METRICS_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}

/* A percentile, as precise as the buckets. */
static const char *
write_percentile(
    const struct metrics_histogram *h, unsigned percent, char out[CELL_BYTES])
{
	uint64_t n = count(h), below = 0;
	/* rounded up, and without n times a hundred */
	uint64_t rank = n / 100 * percent + (n % 100 * percent + 99) / 100;
	size_t i;

	for (i = 0; i < METRICS_BUCKETS; i++)
		if ((below += h->bucket[i]) >= rank)
			break;
	if (n == 0)
		snprintf(out, CELL_BYTES, "-");
	else if (i < METRICS_BUCKETS)
		write_time(metrics_limit_us[i], out);
	else
		snprintf(out, CELL_BYTES, "over 10 s");
	return out;
}

/* "2 d 5 h", "5 h 12 min", "12 min 3 s". */
static void
print_age(int64_t started_s)
{
	struct timespec now;
	int64_t s = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (started_s >= 0 && started_s < now.tv_sec)
		s = now.tv_sec - started_s;
	if (s >= 86400)
		printf("%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		printf("%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	else
		printf("%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
}

static void
print_lanes(const struct metrics_figures *f)
{
	char p50[CELL_BYTES], p99[CELL_BYTES], queue[CELL_BYTES];
	const struct metrics_histogram *h = &f->histogram[HISTOGRAM_REQUEST];
	uint32_t waiting, limit;
	unsigned lane, i, up;

	printf("\n%-6s %7s %9s %12s %9s %9s  %s\n", "lane", "workers",
	    "restarts", "requests", "p50", "p99", "waiting");
	for (lane = 0; lane < ROLE_COUNT; lane++) {
		for (up = 0, i = 0; i < f->workers; i++)
			if (f->worker[i].lane == lane && f->worker[i].pid != 0)
				up++;
		snprintf(queue, sizeof(queue), "-");
		if (queue_length(f->socket[lane], &waiting, &limit))
			snprintf(queue, sizeof(queue),
			    "%" PRIu32 " of %" PRIu32, waiting, limit);
		printf("%-6s %7u %9" PRIu64 " %12" PRIu64 " %9s %9s  %s\n",
		    roles[lane].name, up, f->restarts[lane], count(&h[lane]),
		    write_percentile(&h[lane], 50, p50),
		    write_percentile(&h[lane], 99, p99), queue);
	}
}

/* A family of counters: "title  ok 3, unknown 1", or "title  3". */
static void
print_family(enum family family, const struct metrics_figures *f)
{
	const char *lead = "";
	enum event e;

	printf("%-20s", family_table[family].title);
	for (e = 0; e < EVENT_COUNT; e++) {
		if (event_table[e].family != family)
			continue;
		printf("%s ", lead);
		if (event_table[e].outcome != NULL)
			printf("%s ", event_table[e].outcome);
		printf("%" PRIu64, f->counter[e]);
		lead = ",";
	}
	printf("\n");
}

static void
print_families(const struct metrics_figures *f)
{
	enum family i;

	for (i = 0; i < FAMILY_COUNT; i++)
		print_family(i, f);
}

/* As they were counted last. */
static void
print_accounts(const struct metrics_figures *f)
{
	const char *lead = "accounts            ", *format, *login;
	unsigned i;

	for (i = 0; (format = metrics_kind_name(i, &login)) != NULL; i++) {
		if (f->accounts[i] == 0)
			continue;
		printf("%s %s ", lead, format);
		if (strcmp(login, "yes") != 0)
			printf("(%s) ", login);
		printf("%" PRIu64, f->accounts[i]);
		lead = ",";
	}
	if (*lead == ',')
		printf("\n");
}

static void
print_revoked(const struct metrics_figures *f)
{
	if (f->revoked_heard_ms == 0)
		printf("%-20s not read yet\n", "revoked");
	else
		printf("%-20s %" PRIu64 ", read %" PRId64 " ms ago\n",
		    "revoked", f->revoked, clock_ms() - f->revoked_heard_ms);
}

static void
print_hashes(const struct metrics_figures *f)
{
	const struct metrics_histogram *h = &f->histogram[HISTOGRAM_HASH];
	char p50[CELL_BYTES], p99[CELL_BYTES];

	printf("%-20s %" PRIu64 ", p50 %s, p99 %s\n", "hashes", count(h),
	    write_percentile(h, 50, p50), write_percentile(h, 99, p99));
}

static void
print_database(const struct metrics_figures *f)
{
	unsigned connected = 0, all = 0, i;

	for (i = 0; i < f->workers; i++) {
		all += f->worker[i].database != DATABASE_NONE;
		connected += f->worker[i].database == DATABASE_CONNECTED;
	}
	printf(
	    "%-20s %u of %u workers connected\n", "database", connected, all);
}

static void
print_requests(const struct metrics_figures *f)
{
	const char *name, *lead;
	unsigned i, j;

	for (i = 0; i <= METRICS_ROUTES; i++) {
		name = metrics_route_name(i);
		lead = "\n";
		for (j = 0; j < METRICS_STATUSES; j++) {
			if (f->requests[i][j] == 0 || name == NULL)
				continue;
			if (*lead == '\n')
				printf("%-22s", name);
			lead = "";
			if (http_status[j].code != 0)
				printf(" %d:", http_status[j].code);
			else
				printf(" other:");
			printf(" %" PRIu64, f->requests[i][j]);
		}
		if (*lead == '\0')
			printf("\n");
	}
}

int
status_print(const struct conf *conf)
{
	struct metrics_figures f;

	route_name_rows();
	formats_name_rows();
	if (!metrics_load(conf->status_file))
		return EXIT_FAILURE;
	metrics_read(&f);
	printf("latchkey " LATCHKEY_VERSION ", up ");
	print_age(f.started_s);
	printf(", process %" PRId64 "\n", f.pid);
	print_lanes(&f);
	printf("\n");
	print_families(&f);
	print_accounts(&f);
	print_revoked(&f);
	print_hashes(&f);
	print_database(&f);
	printf("\n");
	print_requests(&f);
	return EXIT_SUCCESS;
}
