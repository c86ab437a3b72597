/*
 * Filter of system calls of a process.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <seccomp.h>

#include "lib/filter.h"

/* libseccomp's handle is a void pointer, which says nothing about its type. */
struct filter {
	/* cppcheck-suppress unusedStructMember */
	char unused;
};

static scmp_filter_ctx
handle(struct filter *f)
{
	return f;
}

static struct scmp_arg_cmp
comparison(const struct filter_arg *a)
{
	struct scmp_arg_cmp c = { .arg = a->number, .op = SCMP_CMP_EQ };

	c.datum_a = a->value;
	switch (a->how) {
	case FILTER_EQUAL:
		break;
	case FILTER_OTHER:
		c.op = SCMP_CMP_NE;
		break;
	case FILTER_NO_BIT:
	case FILTER_ALL_BITS:
		c.op = SCMP_CMP_MASKED_EQ;
		c.datum_b = a->how == FILTER_NO_BIT ? 0 : a->value;
		break;
	case FILTER_LOW_4_BITS:
		c.op = SCMP_CMP_MASKED_EQ;
		c.datum_a = 15;
		c.datum_b = a->value;
		break;
	}
	return c;
}

static bool
add(struct filter *f, uint32_t action, const char *call,
    const struct filter_when *when)
{
	struct scmp_arg_cmp compared[FILTER_ARGS];
	int number = seccomp_syscall_resolve_name(call), error;
	uint32_t usual = action;
	unsigned i;

	if (number == __NR_SCMP_ERROR)
		return true;
	/* libseccomp takes no rule for what happens without one */
	if (seccomp_attr_get(handle(f), SCMP_FLTATR_ACT_DEFAULT, &usual) == 0 &&
	    usual == action)
		return true;
	for (i = 0; i < when->count; i++)
		compared[i] = comparison(&when->arg[i]);
	error = seccomp_rule_add_array(
	    handle(f), action, number, when->count, compared);
	errno = -error;
	return error == 0;
}

struct filter *
filter_new(int error)
{
	scmp_filter_ctx f = seccomp_init(
	    error == 0 ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO((uint32_t)error));

	/* for another kind of call, such as 32-bit ones, it has no rules */
	if (f != NULL && seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
	                     SCMP_ACT_KILL_PROCESS) != 0) {
		seccomp_release(f);
		f = NULL;
	}
	if (f == NULL)
		errno = ENOMEM; /* libseccomp says no more */
	return f;
}

bool
filter_allow(struct filter *f, const char *call, const struct filter_when *when)
{
	return add(f, SCMP_ACT_ALLOW, call, when);
}

bool
filter_refuse(struct filter *f, const char *call, int error,
    const struct filter_when *when)
{
	return add(f, SCMP_ACT_ERRNO((uint32_t)error), call, when);
}

bool
filter_end(struct filter *f, const char *call)
{
	static const struct filter_when always = { .count = 0 };

	return add(f, SCMP_ACT_TRAP, call, &always);
}

bool
filter_load(struct filter *f)
{
	int error = seccomp_load(handle(f));

	errno = -error;
	return error == 0;
}

void
filter_free(struct filter *f)
{
	if (f != NULL)
		seccomp_release(handle(f));
}

bool
filter_is_supported(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && seccomp_api_get() >= 2;
}

void
filter_call_name(int number, char out[FILTER_NAME_BYTES])
{
	char *name =
	    seccomp_syscall_resolve_num_arch(seccomp_arch_native(), number);

	if (name != NULL)
		snprintf(out, FILTER_NAME_BYTES, "%s", name);
	else
		snprintf(out, FILTER_NAME_BYTES, "number_%d", number);
	free(name);
}
