/*
 * http/json.c: no text of a client stays in memory once the request is over;
 * and a library that fails ends the process rather than let something through.
 */
#include "base.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "fail.h"
#include "http/json.h"
#include "tap.h"

/* By its own name gcc knows what this is for. */
void wipe(void *p, size_t n) __asm__("explicit_bzero");
void wipe_checked(void *p, size_t n, size_t size) __asm__(
    "__explicit_bzero_chk");

static const char *const secrets[] = { "first", "second", "third", "deep",
	"text", "\xf0\x9f\x98\x80" };
static bool wiped[ARRAY_LEN(secrets)]; /* each alone, as a value */
static bool buffer_wiped;              /* json-c's, with the last of all */

void
wipe(void *p, size_t n)
{
	const size_t last = ARRAY_LEN(secrets) - 1;
	size_t i, len;

	for (i = 0; i < ARRAY_LEN(secrets); i++) {
		len = strlen(secrets[i]);
		if (n == len && memcmp(p, secrets[i], n) == 0)
			wiped[i] = true;
		if (i == last && n > len && memcmp(p, secrets[i], len) == 0)
			buffer_wiped = true;
	}
	REAL(explicit_bzero)(p, n);
}

void
wipe_checked(void *p, size_t n, size_t size)
{
	wipe(p, n < size ? n : size);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
/* clang-format off */
json_tokener *json_tokener_new_ex(int depth) { return fails("json_tokener_new_ex") ? NULL : REAL(json_tokener_new_ex)(depth); }
enum json_tokener_error json_tokener_get_error(json_tokener *t) { return fails("json_tokener_get_error") ? json_tokener_error_parse_unexpected : REAL(json_tokener_get_error)(t); }
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static const char text[] =
    "{\"a\":[\"first\",\"second\",[\"third\"]],"
    "\"b\":{\"c\":{\"password\":\"deep\"}},\"n\":5,\"z\":null,"
    "\"password\":\"text\",\"last\":\"\\ud83d\\ude00\"}";

static void
test_wiped(void)
{
	struct json_error why;
	struct arena arena;
	struct json v;
	size_t i;

	arena_init(&arena);
	ok(json_parse(&arena, text, strlen(text), &v, &why) == ERR_OK,
	    "a text is parsed");
	ok(buffer_wiped, "and the library's buffer is wiped");
	arena_free(&arena);
	for (i = 0; i < ARRAY_LEN(secrets); i++)
		ok(wiped[i], secrets[i]);
}

/* What signal ends a process in which a call of this name fails? */
static int
ended_by(const char *name)
{
	struct json_error why;
	struct arena arena;
	struct json v;
	int status = 0;
	pid_t pid;

	if ((pid = fork()) == 0) {
		fclose(stderr); /* a sanitizer's word is not wanted */
		signal(SIGABRT, SIG_DFL);
		arena_init(&arena);
		fail_at(name, 1);
		_exit(
		    json_parse(&arena, text, strlen(text), &v, &why) == ERR_OK);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int
main(void)
{
	test_wiped();
	is_int(ended_by("json_tokener_new_ex"), SIGABRT,
	    "want of memory ends the process");
	is_int(ended_by("json_tokener_get_error"), SIGABRT,
	    "and so does a text that only the validator took for JSON");
	return done();
}
