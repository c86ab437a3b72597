/*
 * Flush of coverage counters, linked only into the programs of make coverage:
 * writes them also when a process ends without exit(), by _exit(), a failed
 * assertion, or a signal that it does not catch. Only SIGKILL loses them.
 *
 * The linker has the program's calls of _exit() and sigaction() end here
 * (--wrap), so app/ knows nothing of it.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* The names that gcc and the linker want are reserved to such as they are. */
void gcov_dump(void) __asm__("__gcov_dump");
_Noreturn void real_exit(int status) __asm__("__real__exit");
_Noreturn void flush_exit(int status) __asm__("__wrap__exit");
int real_sigaction(int number, const struct sigaction *action,
    struct sigaction *old) __asm__("__real_sigaction");
int flush_sigaction(int number, const struct sigaction *action,
    struct sigaction *old) __asm__("__wrap_sigaction");

void
flush_exit(int status)
{
	gcov_dump();
	real_exit(status);
}

/* As if it had not been caught: the handler has been reset. */
static void
flush_and_die(int number)
{
	gcov_dump();
	raise(number);
}

static int
take(int number, struct sigaction *old)
{
	const struct sigaction action = { .sa_handler = flush_and_die,
		.sa_flags = SA_RESETHAND | SA_NODEFER };

	return real_sigaction(number, &action, old);
}

int
flush_sigaction(
    int number, const struct sigaction *action, struct sigaction *old)
{
	int result;

	if (action != NULL && action->sa_handler == SIG_DFL)
		result = take(number, old);
	else
		result = real_sigaction(number, action, old);
	/* the program must not learn of it */
	if (result == 0 && old != NULL && old->sa_handler == flush_and_die)
		old->sa_handler = SIG_DFL;
	return result;
}

static void __attribute__((constructor)) begin(void)
{
	static const int ends[] = { SIGABRT, SIGTERM, SIGINT };
	struct sigaction now;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (real_sigaction(ends[i], NULL, &now) == 0 &&
		    now.sa_handler == SIG_DFL)
			take(ends[i], NULL);
}
