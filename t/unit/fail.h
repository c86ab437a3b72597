/*
 * Library calls that fail on demand. A test's program may define a function of
 * a library itself: the objects of app/ then call that one, which fails when it
 * is its turn, and otherwise calls the real one.
 */
#ifndef LATCHKEY_FAIL_H
#define LATCHKEY_FAIL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REAL(function) \
	((__typeof__(&(function)))(uintptr_t)dlsym(RTLD_NEXT, #function))

static const char *fail_name;
static int fail_turn;

/* The turn-th call of the function of this name fails; no other. */
static inline void
fail_at(const char *name, int turn)
{
	fail_name = name;
	fail_turn = turn;
}

static inline bool
fails(const char *name)
{
	return fail_name != NULL && strcmp(fail_name, name) == 0 &&
	       --fail_turn == 0;
}

/* Did the call that was to fail come? From now on none fails. */
static inline bool
failed(void)
{
	bool came = fail_name != NULL && fail_turn <= 0;

	fail_name = NULL;
	return came;
}

#endif
