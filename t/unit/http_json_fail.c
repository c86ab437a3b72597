/*
 * Memory and failures of http/json.c: no client text stays in memory after the
 * request, and a library that fails ends the process rather than let something
 * through.
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
	"replaced", "inside", "text", "\xf0\x9f\x98\x80" };
static bool wiped[ARRAY_LEN(secrets)]; /* each alone, as a value */

void
wipe(void *p, size_t n)
{
	size_t i, len;

	for (i = 0; i < ARRAY_LEN(secrets); i++) {
		len = strlen(secrets[i]);
		if (n == len && memcmp(p, secrets[i], n) == 0)
			wiped[i] = true;
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
json_object *json_object_new_object(void) { return fails("json_object_new_object") ? NULL : REAL(json_object_new_object)(); }
json_object *json_object_new_array(void) { return fails("json_object_new_array") ? NULL : REAL(json_object_new_array)(); }
json_object *json_object_new_string_len(const char *s, int n) { return fails("json_object_new_string_len") ? NULL : REAL(json_object_new_string_len)(s, n); }
json_object *json_object_new_int64(int64_t n) { return fails("json_object_new_int64") ? NULL : REAL(json_object_new_int64)(n); }
json_object *json_object_new_double_s(double n, const char *s) { return fails("json_object_new_double_s") ? NULL : REAL(json_object_new_double_s)(n, s); }
json_object *json_object_new_boolean(json_bool b) { return fails("json_object_new_boolean") ? NULL : REAL(json_object_new_boolean)(b); }
int json_object_array_add(json_object *a, json_object *v) { return fails("json_object_array_add") ? -1 : REAL(json_object_array_add)(a, v); }
int json_object_object_add_ex(json_object *o, const char *name, json_object *v, unsigned how) { return fails("json_object_object_add_ex") ? -1 : REAL(json_object_object_add_ex)(o, name, v, how); }
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static const char text[] =
    "{\"a\":[\"first\",\"second\",[\"third\"]],"
    "\"b\":{\"c\":{\"password\":\"deep\"}},\"n\":5,\"f\":0.5,\"z\":null,"
    "\"t\":true,\"password\":\"replaced\",\"a b\":1,"
    "\"twice\":[\"inside\"],\"twice\":1,\"password\":\"text\",\"last\":\"\\ud83d\\ude00\"}";

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
	arena_free(&arena);
	for (i = 0; i < ARRAY_LEN(secrets); i++)
		ok(wiped[i], secrets[i]);
	memset(wiped, 0, sizeof(wiped));
	arena_init(&arena);
	ok(json_parse(&arena, text, strlen(text) - 1, &v, &why) == ERR_INVALID,
	    "a text without its end is not parsed");
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
	/* want of memory ends the process */
	static const char *const calls[] = { "json_object_new_object",
		"json_object_new_array", "json_object_new_string_len",
		"json_object_new_int64", "json_object_new_double_s",
		"json_object_new_boolean", "json_object_array_add",
		"json_object_object_add_ex" };
	size_t i;

	test_wiped();
	for (i = 0; i < ARRAY_LEN(calls); i++)
		is_int(ended_by(calls[i]), SIGABRT, calls[i]);
	return done();
}
