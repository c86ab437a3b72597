/*
 * Signals: those that mean something, and all others.
 */
#include "base.h"

#include "server/signals.h"

/* Ctrl-\ and nginx's graceful end are SIGQUIT. */
static const int stops[] = { SIGTERM, SIGINT, SIGQUIT };

/* Scripts for log rotation send these to have a file opened again; the log goes
 * to standard error. */
static const int others[] = { SIGUSR1, SIGUSR2 };

/*
 * Ignored: they are meant for another program, or the kernel sends them for a
 * terminal, a timer, or a log that has reached the limit of a file's size.
 */
static const int ignored[] = { SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE, SIGIO,
	SIGSTKFLT, SIGPWR, SIGTSTP, SIGTTIN, SIGTTOU, SIGXCPU, SIGXFSZ };

static volatile sig_atomic_t stop_asked, reload_asked;
static volatile sig_atomic_t usr1_came, usr2_came;

static void
on_signal(int number)
{
	switch (number) {
	case SIGHUP:
		reload_asked = 1;
		break;
	case SIGUSR1:
		usr1_came = 1;
		break;
	case SIGUSR2:
		usr2_came = 1;
		break;
	case SIGCHLD:
		break;
	default:
		stop_asked = 1;
	}
}

static void
handle(const int *numbers, size_t n, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	size_t i;

	for (i = 0; i < n; i++)
		sigaction(numbers[i], &action, NULL);
}

static void
ignore_rest(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	int number;

	handle(ignored, ARRAY_LEN(ignored), SIG_IGN);
	for (number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaction(number, &action, NULL);
}

void
signals_catch(sigset_t *waiting)
{
	static const int rest[] = { SIGHUP, SIGCHLD };
	sigset_t caught;
	size_t i;

	signals_block_stop(&caught);
	for (i = 0; i < ARRAY_LEN(rest); i++)
		sigaddset(&caught, rest[i]);
	for (i = 0; i < ARRAY_LEN(others); i++)
		sigaddset(&caught, others[i]);
	sigprocmask(SIG_BLOCK, &caught, waiting);
	for (i = 1; i < NSIG; i++)
		if (sigismember(&caught, (int)i) == 1)
			sigdelset(waiting, (int)i);
	handle(stops, ARRAY_LEN(stops), on_signal);
	handle(rest, ARRAY_LEN(rest), on_signal);
	handle(others, ARRAY_LEN(others), on_signal);
	ignore_rest();
}

bool
signals_stop_asked(void)
{
	return stop_asked != 0;
}

bool
signals_take_reload(void)
{
	bool asked = reload_asked != 0;

	reload_asked = 0;
	return asked;
}

const char *
signals_take_other(void)
{
	if (usr1_came != 0) {
		usr1_came = 0;
		return "USR1";
	}
	if (usr2_came == 0)
		return NULL;
	usr2_came = 0;
	return "USR2";
}

void
signals_reset(const sigset_t *mask)
{
	static const int quiet[] = { SIGHUP, SIGUSR1, SIGUSR2 };
	static const int usual[] = { SIGCHLD };

	handle(stops, ARRAY_LEN(stops), SIG_DFL);
	handle(usual, ARRAY_LEN(usual), SIG_DFL);
	handle(quiet, ARRAY_LEN(quiet), SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

void
signals_block_stop(sigset_t *out)
{
	size_t i;

	sigemptyset(out);
	for (i = 0; i < ARRAY_LEN(stops); i++)
		sigaddset(out, stops[i]);
	sigprocmask(SIG_BLOCK, out, NULL);
}
