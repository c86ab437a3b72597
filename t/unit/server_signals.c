/*
 * Tests of server/signals.c: none that a service may be sent ends the process.
 */
#include "base.h"

#include <string.h>
#include <unistd.h>

#include "server/signals.h"
#include "tap.h"

static sigset_t waiting;

/* Let those in that are blocked. */
static void
let_in(void)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, &waiting, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void
test_ignored(void)
{
	static const int bugs[] = { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
		SIGSEGV, SIGSYS };
	static const int known[] = { SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGQUIT,
		SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, 32, 33 };
	struct sigaction now;
	int number, wrong = 0;
	size_t i;

	for (number = 1; number <= SIGRTMAX; number++) {
		bool left = false;

		for (i = 0; i < ARRAY_LEN(known); i++)
			left |= number == known[i];
		for (i = 0; i < ARRAY_LEN(bugs); i++)
			left |= number == bugs[i];
		if (left || number == SIGCONT || number == SIGURG ||
		    number == SIGWINCH)
			continue;
		if (sigaction(number, NULL, &now) != 0 ||
		    now.sa_handler != SIG_IGN)
			wrong = number;
	}
	ok(wrong == 0, "all signals but those with a meaning are ignored");
	for (i = 0; i < ARRAY_LEN(bugs); i++)
		if (sigaction(bugs[i], NULL, &now) != 0 ||
		    now.sa_handler == SIG_IGN)
			wrong = bugs[i];
	ok(wrong == 0, "no signal that reports a bug is ignored");
}

static void
test_meaning(void)
{
	ok(!signals_stop_asked() && !signals_take_reload() &&
	        signals_take_other() == NULL,
	    "no signal has come at first");
	kill(getpid(), SIGHUP);
	ok(!signals_take_reload(), "a blocked signal waits");
	let_in();
	ok(signals_take_reload(), "SIGHUP asks for a reload");
	ok(!signals_take_reload(), "SIGHUP asks for one reload");
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	let_in();
	is(signals_take_other(), "USR1", "SIGUSR1 is named");
	is(signals_take_other(), "USR2", "SIGUSR2 is named");
	kill(getpid(), SIGCHLD);
	let_in();
	ok(signals_take_other() == NULL && !signals_stop_asked(),
	    "SIGCHLD asks for nothing");
	kill(getpid(), SIGQUIT);
	let_in();
	ok(signals_stop_asked(), "SIGQUIT asks to stop");
}

static void
test_reset(void)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGQUIT };
	struct sigaction now;
	sigset_t set, blocked;
	size_t i;
	bool good = true;

	signals_reset(&waiting);
	for (i = 0; i < ARRAY_LEN(stops); i++)
		good &= sigaction(stops[i], NULL, &now) == 0 &&
		        now.sa_handler == SIG_DFL;
	ok(good, "a forked process can be stopped");
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGUSR1);
	ok(!signals_take_reload() && signals_take_other() == NULL,
	    "a forked process does not get the supervisor's signals");
	signals_block_stop(&set);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (i = 0; i < ARRAY_LEN(stops); i++)
		good &= sigismember(&set, stops[i]) == 1 &&
		        sigismember(&blocked, stops[i]) == 1;
	ok(good && sigismember(&set, SIGHUP) == 0,
	    "signals that stop can be blocked, to be read");
}

int
main(void)
{
	signals_catch(&waiting);
	test_ignored();
	test_meaning();
	test_reset();
	return done();
}
