/*
 * Readiness of the database, asked by a separate process.
 */
#include "base.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/schema.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "server/probe.h"
#include "server/signals.h"
#include "stats/metrics.h"
#include "svc/schema.h"

#define PAUSE_MS 250 /* before the second process, doubled each time */
#define PAUSE_MAX_MS 5000

/* --- in the process --- */

static void
warn(struct ctx *c, enum err e)
{
	const char *lacking;

	if (e == ERR_DENIED && db_schema_lacking(c, &lacking) == ERR_OK &&
	    lacking != NULL)
		log_say("warning: the database's role lacks %s; as the "
		        "database's owner run: latchkey migrate ROLE",
		    lacking);
	else if (e == ERR_NOTFOUND)
		log_say("warning: the database has no schema, or the role may "
		        "not use it; as the database's owner run: latchkey "
		        "migrate ROLE");
	else
		log_say("warning: the database does not answer, or not as it "
		        "should; until it does, logins get a 503; latchkey "
		        "check says why");
}

/* Print nothing more: all of it was printed before. */
static void
hush(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
}

/*
 * Ask once. The exit status is the answer. After the first failure nothing is
 * said, until the answer is another one.
 */
static int
ask(const struct conf *conf, int before)
{
	int shown = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	struct arena arena;
	struct app *app;
	struct ctx c;
	enum err e;

	metrics_apart();
	if (before > ERR_OK)
		hush();
	if ((app = app_open(conf, NEED_DATABASE, 0)) == NULL)
		return ERR_INTERNAL;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	e = schema_ready(&c);
	dup2(shown, STDERR_FILENO);
	if (e != ERR_OK && (int)e != before)
		warn(&c, e);
	arena_free(&arena);
	app_close(app);
	return (int)e;
}

/* It must not hold what the supervisor closes, nor outlive it. */
static _Noreturn void
be_probe(const struct probe *p, const struct pool *pool,
    const struct conf *conf, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(ERR_INTERNAL);
	signals_reset(&pool->waiting);
	_exit(ask(conf, p->result));
}

/* --- in the supervisor --- */

void
probe_begin(struct probe *p, const struct pool *pool)
{
	if (pool->probe.pid != 0)
		kill(pool->probe.pid, SIGKILL);
	*p = (struct probe){ true, -1, clock_ms(), PAUSE_MS };
}

/* The process has ended, with this answer. */
static void
take(struct probe *p, int status)
{
	/* one that was killed says nothing */
	if (WIFEXITED(status)) {
		p->result = WEXITSTATUS(status);
		p->wanted = p->result != ERR_OK;
	}
	p->next_ms = clock_ms() + p->pause_ms;
	p->pause_ms *= 2;
	if (p->pause_ms > PAUSE_MAX_MS)
		p->pause_ms = PAUSE_MAX_MS;
}

int64_t
probe_go_on(struct probe *p, struct pool *pool, const struct conf *conf)
{
	pid_t parent = getpid();
	int64_t now_ms;
	int status;

	if (p->wanted && pool_child_ended(&pool->probe, &status))
		take(p, status);
	if (!p->wanted || pool->probe.pid != 0)
		return -1;
	if ((now_ms = clock_ms()) < p->next_ms)
		return p->next_ms - now_ms;
	if ((pool->probe.pid = fork()) == 0)
		be_probe(p, pool, conf, parent);
	if (pool->probe.pid > 0)
		return -1;
	pool->probe.pid = 0;
	p->next_ms = now_ms + PAUSE_MAX_MS;
	return PAUSE_MAX_MS;
}

bool
probe_is_good(const struct probe *p)
{
	return !p->wanted && p->result == ERR_OK;
}
