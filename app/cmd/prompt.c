/*
 * A password from whoever runs a command.
 */
#include "base.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/prompt.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

/*
 * One byte of standard input. With mask (NULL: none) signals are blocked but
 * while it waits, so that none can come just before it does and be slept over.
 */
static ssize_t
read_byte(const sigset_t *mask, char *out)
{
	struct pollfd input = { STDIN_FILENO, POLLIN, 0 };

	if (mask != NULL && ppoll(&input, 1, NULL, mask) < 0)
		return -1;
	return read(STDIN_FILENO, out, 1);
}

/*
 * The first line of standard input; what is wrong with it, or NULL. Bytes are
 * read one by one, since what is behind it is not ours.
 */
static const char *
read_line(const sigset_t *mask, char out[PROMPT_BYTES])
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read_byte(mask, &c)) == 1 && c != '\n') {
		if (n == PROMPT_BYTES - 1 || c == '\0')
			return "that is no password: it is too long or holds "
			       "a NUL";
		out[n++] = c;
	}
	out[n] = '\0';
	if (got < 0)
		return strerror(errno);
	return got == 0 && n == 0 ? "no password was given: the input has ended"
	                          : NULL;
}

/* Ask on standard error, since standard output may go to a file. */
static const char *
ask(const char *question, char out[PROMPT_BYTES])
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before[ARRAY_LEN(ending)];
	struct termios shown, hidden;
	sigset_t ended, mask;
	const char *wrong;
	size_t i;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return strerror(errno);
	caught = 0;
	sigemptyset(&ended);
	for (i = 0; i < ARRAY_LEN(ending); i++) {
		sigaddset(&ended, ending[i]);
		sigaction(ending[i], &action, &before[i]);
	}
	sigprocmask(SIG_BLOCK, &ended, &mask);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fprintf(stderr, "%s: ", question);
	wrong = read_line(&mask, out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fprintf(stderr, "\n");
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (i = 0; i < ARRAY_LEN(ending); i++)
		sigaction(ending[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
	return wrong;
}

bool
prompt_new_password(char out[PROMPT_BYTES])
{
	char again[PROMPT_BYTES] = "";
	const char *wrong;

	if (isatty(STDIN_FILENO) == 0) {
		wrong = read_line(NULL, out);
	} else {
		wrong = ask("New password", out);
		if (wrong == NULL)
			wrong = ask("The same again", again);
		if (wrong == NULL && strcmp(out, again) != 0)
			wrong = "that was not the same";
	}
	explicit_bzero(again, sizeof(again));
	if (wrong != NULL)
		fprintf(stderr, "latchkey: %s\n", wrong);
	return wrong == NULL;
}
