/*
 * Password prompt. Alone knows libbsd.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/readpassphrase.h>

#include "cmd/prompt.h"

/*
 * The first line of standard input; what is wrong with it, or NULL. Bytes are
 * read one by one: those behind the line belong to somebody else.
 */
static const char *
read_line(char out[PROMPT_BYTES])
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (n == PROMPT_BYTES - 1 || c == '\0')
			return "password is too long or contains a NUL byte";
		out[n++] = c;
	}
	out[n] = '\0';
	if (got < 0)
		return strerror(errno);
	return got == 0 && n == 0 ? "no password was given" : NULL;
}

/* A line of the terminal; readpassphrase() would cut it at a NUL. */
static const char *
ask(const char *question, char out[PROMPT_BYTES])
{
	memset(out, 'x', PROMPT_BYTES);
	if (readpassphrase(question, out, PROMPT_BYTES, RPP_REQUIRE_TTY) ==
	    NULL)
		return strerror(errno);
	if (memrchr(out, '\0', PROMPT_BYTES) != out + strlen(out) ||
	    strlen(out) == PROMPT_BYTES - 1)
		return "password is too long or contains a NUL byte";
	return *out == '\0' ? "no password was given" : NULL;
}

static const char *
ask_twice(char out[PROMPT_BYTES])
{
	char again[PROMPT_BYTES];
	const char *wrong = ask("New password: ", out);

	if (wrong == NULL)
		wrong = ask("Retype new password: ", again);
	if (wrong == NULL && strcmp(out, again) != 0)
		wrong = "passwords do not match";
	explicit_bzero(again, sizeof(again));
	return wrong;
}

bool
prompt_new_password(char out[PROMPT_BYTES])
{
	const char *wrong =
	    isatty(STDIN_FILENO) != 0 ? ask_twice(out) : read_line(out);

	if (wrong != NULL)
		fprintf(stderr, "latchkey: %s\n", wrong);
	return wrong == NULL;
}
