/*
 * Filter of system calls of a process (seccomp). Its .c is the only file that
 * knows libseccomp. server/calls.c decides which calls are on it.
 */
#ifndef LATCHKEY_LIB_FILTER_H
#define LATCHKEY_LIB_FILTER_H

#include "base.h"

struct filter;

#define FILTER_ARGS 3

/* A comparison of an argument; for masks: of the bits that value has. */
enum filter_how {
	FILTER_EQUAL,
	FILTER_OTHER,     /* not equal */
	FILTER_NO_BIT,    /* none of these bits is set */
	FILTER_ALL_BITS,  /* all of them are */
	FILTER_LOW_4_BITS /* the lowest four bits are value: a socket's type */
};

struct filter_arg {
	unsigned number; /* of the argument, from 0 */
	enum filter_how how;
	uint64_t value;
};

/* Conditions of a call, all of which have to hold; none: always. */
struct filter_when {
	unsigned count;
	struct filter_arg arg[FILTER_ARGS];
};

/*
 * A filter without any call: each that is not added fails with this errno, or,
 * with 0, ends the process by SIGSYS. NULL: see errno.
 */
struct filter *filter_new(int error) MUST_CHECK;

/*
 * Allow a call, by its name, if the conditions hold. A name that this machine
 * or libseccomp does not know is nothing to do. The conditions of one call must
 * not overlap with others of it that have another result. False: no memory, or
 * conditions that libseccomp refuses; errno has the reason.
 */
bool filter_allow(struct filter *f, const char *call,
    const struct filter_when *when) MUST_CHECK;

/* The same, for a call that fails with this errno. */
bool filter_refuse(struct filter *f, const char *call, int error,
    const struct filter_when *when) MUST_CHECK;

/* The same, for a call that ends the process by SIGSYS. */
bool filter_end(struct filter *f, const char *call) MUST_CHECK;

/*
 * Filter this process and those that it makes from now on, for ever. False:
 * errno has the reason. Source: seccomp(2).
 */
bool filter_load(struct filter *f) MUST_CHECK;

/* Release it; NULL is allowed. */
void filter_free(struct filter *f);

/* Has this kernel such filters? */
bool filter_is_supported(void);

#define FILTER_NAME_BYTES 32

/* The name of a call by its number here, or "number_NUMBER". */
void filter_call_name(int number, char out[FILTER_NAME_BYTES]);

#endif
