/*
 * Settings, and the files that they name, read by a separate process.
 */
#include "base.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "server/handover.h"
#include "server/loader.h"
#include "server/signals.h"
#include "stats/metrics.h"

#define LOAD_MS 10000

/* --- in the process --- */

static bool
load(const char *file)
{
	struct conf conf;
	struct stat st;
	struct app *app;

	if (!conf_load(file, &conf))
		return false;
	/* it may hang; what else is wrong with it is said where it is made */
	if (stat(conf.status_file, &st) != 0)
		errno = 0;
	app = app_open(&conf, LOADER_NEEDS, 0);
	app_close(app);
	conf_free(&conf);
	return app != NULL;
}

/* It must not hold what the supervisor closes, nor outlive it. */
static _Noreturn void
be_loader(const struct loader *l, const struct pool *pool, const char *file,
    pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
	signals_reset(&pool->waiting);
	if (l->wanted == LOADER_PROGRAM) {
		l->execute(l->of);
		_exit(EXIT_FAILURE);
	}
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(EXIT_FAILURE);
	metrics_apart();
	_exit(load(file) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- in the supervisor --- */

static const char *
what(const struct loader *l)
{
	return l->task == LOADER_PROGRAM
	           ? "the new program"
	           : "the settings, or a file that they name,";
}

void
loader_ask(struct loader *l, enum loader_task task)
{
	l->wanted = task;
}

bool
loader_is_idle(const struct loader *l, const struct pool *pool)
{
	return l->wanted == LOADER_NOTHING && pool->loader.pid == 0 &&
	       !pool->loader.ended;
}

/* False: there is no process to be had now. */
static bool
start(struct loader *l, struct pool *pool, const char *file)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		be_loader(l, pool, file, parent);
	l->task = l->wanted;
	l->wanted = LOADER_NOTHING;
	if (pid < 0) {
		log_say("%s cannot be read: %s", what(l), strerror(errno));
		return false;
	}
	pool->loader.pid = pid;
	l->killed = false;
	l->kill_ms = clock_ms() + LOAD_MS;
	return true;
}

/* The process has ended. */
static enum loader_result
take(struct loader *l, int status)
{
	int wanted = l->task == LOADER_PROGRAM ? HANDOVER_TRIED : EXIT_SUCCESS;

	l->kill_ms = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
		return LOADER_GOOD;
	if (WIFEXITED(status) && l->task == LOADER_PROGRAM)
		log_say("the new program could not take over: status %d",
		    WEXITSTATUS(status));
	if (!WIFEXITED(status) && !l->killed)
		log_say("%s: ended by signal %d", what(l), WTERMSIG(status));
	return LOADER_REFUSED;
}

static void
kill_late(struct loader *l, const struct pool *pool)
{
	kill(pool->loader.pid, SIGKILL);
	if (!l->killed)
		log_say("%s could not be read within %d seconds: its file "
		        "system does not answer; put keys, secrets and lists "
		        "on a local disk",
		    what(l), LOAD_MS / 1000);
	l->killed = true;
	l->kill_ms = clock_ms() + LOAD_MS; /* again */
}

enum loader_result
loader_go_on(
    struct loader *l, struct pool *pool, const char *file, int64_t *pause_ms)
{
	int64_t now_ms = clock_ms();
	int status;

	*pause_ms = -1;
	if (pool_child_ended(&pool->loader, &status))
		return take(l, status);
	if (pool->loader.pid == 0 && l->wanted != LOADER_NOTHING &&
	    !start(l, pool, file))
		return LOADER_REFUSED;
	if (pool->loader.pid == 0)
		return LOADER_NONE;
	if (now_ms >= l->kill_ms)
		kill_late(l, pool);
	*pause_ms = l->kill_ms - now_ms;
	return LOADER_NONE;
}
