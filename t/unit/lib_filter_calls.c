/*
 * lib/filter.c: the rules that libseccomp is given, and its failures. That
 * library is this file's, which notes them; what the kernel makes of a filter
 * is in lib_filter.c, where no sanitizer is.
 */
#include "base.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <seccomp.h>

#define filter_new tested_new
#define filter_allow tested_allow
#define filter_refuse tested_refuse
#define filter_end tested_end
#define filter_load tested_load
#define filter_free tested_free
#define filter_is_supported tested_is_supported
#define filter_call_name tested_call_name
#define seccomp_init init_of_ours
#define seccomp_attr_get attr_get_of_ours
#define seccomp_attr_set attr_set_of_ours
#define seccomp_release release_of_ours
#define seccomp_rule_add_array rule_of_ours
#define seccomp_load load_of_ours
#define seccomp_api_get api_of_ours
#define prctl prctl_of_ours

static scmp_filter_ctx init_of_ours(uint32_t action);
static int attr_get_of_ours(
    scmp_filter_ctx f, enum scmp_filter_attr attr, uint32_t *value);
static int attr_set_of_ours(
    scmp_filter_ctx f, enum scmp_filter_attr attr, uint32_t value);
static void release_of_ours(scmp_filter_ctx f);
static int rule_of_ours(scmp_filter_ctx f, uint32_t action, int number,
    unsigned n, const struct scmp_arg_cmp *args);
static int load_of_ours(scmp_filter_ctx f);
static unsigned api_of_ours(void);
static int prctl_of_ours(int option, unsigned long a, unsigned long b,
    unsigned long c, unsigned long d);

#include "lib/filter.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

/* --- libseccomp and the kernel --- */

static char place; /* of a filter */
static uint32_t usual_action, other_machines;
static int released, its_error, rules;
static bool is_empty;    /* there is no memory for a filter */
static char rule[300];   /* the last one: action, call and comparisons */
static unsigned api = 2; /* of the kernel */
static int mode;         /* what prctl() answers */

static scmp_filter_ctx
init_of_ours(uint32_t action)
{
	usual_action = action;
	return is_empty ? NULL : &place;
}

static int
attr_get_of_ours(scmp_filter_ctx f, enum scmp_filter_attr attr, uint32_t *value)
{
	if (f != &place || attr != SCMP_FLTATR_ACT_DEFAULT)
		abort();
	if (its_error != 0)
		return its_error;
	*value = usual_action;
	return 0;
}

static int
attr_set_of_ours(scmp_filter_ctx f, enum scmp_filter_attr attr, uint32_t value)
{
	if (f != &place || attr != SCMP_FLTATR_ACT_BADARCH)
		abort();
	other_machines = value;
	return its_error;
}

static void
release_of_ours(scmp_filter_ctx f)
{
	released += f == &place;
}

static const char *
name_of(enum scmp_compare op)
{
	return op == SCMP_CMP_EQ   ? "EQ"
	       : op == SCMP_CMP_NE ? "NE"
	                           : "MASKED_EQ";
}

static int
rule_of_ours(scmp_filter_ctx f, uint32_t action, int number, unsigned n,
    const struct scmp_arg_cmp *args)
{
	unsigned i;
	size_t at;

	if (f != &place)
		abort();
	rules++;
	at = (size_t)snprintf(
	    rule, sizeof(rule), "%08" PRIx32 " %d", action, number);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(rule + at, sizeof(rule) - at,
		    " %u %s %" PRIu64 " %" PRIu64, args[i].arg,
		    name_of(args[i].op), args[i].datum_a, args[i].datum_b);
	return its_error;
}

static int
load_of_ours(scmp_filter_ctx f)
{
	if (f != &place)
		abort();
	return its_error;
}

static unsigned
api_of_ours(void)
{
	return api;
}

static int
prctl_of_ours(int option, unsigned long a, unsigned long b, unsigned long c,
    unsigned long d)
{
	return option == PR_GET_SECCOMP && (a | b | c | d) == 0 ? mode : -2;
}

/* --- filters --- */

static const struct filter_when always = { .count = 0 };
static struct filter *f;

static void
test_new(void)
{
	f = tested_new(0);
	ok(f != NULL && usual_action == SCMP_ACT_TRAP,
	    "a call that is on no list ends the process");
	ok(other_machines == SCMP_ACT_KILL_PROCESS,
	    "a call of another machine's kind ends the process");
	f = tested_new(1);
	ok(f != NULL && usual_action == SCMP_ACT_ERRNO(1),
	    "a call that is on no list of a lenient filter fails");
	is_int(released, 0, "a filter that was made is kept");
	its_error = -EINVAL;
	errno = 0;
	ok(tested_new(0) == NULL && errno == ENOMEM && released == 1,
	    "a filter that does not end calls of other machines is none");
	its_error = 1;
	ok(tested_new(0) == NULL && released == 2,
	    "a filter is none whatever libseccomp says of its attribute");
	its_error = 0;
	is_empty = true;
	errno = 0;
	ok(tested_new(0) == NULL && errno == ENOMEM && released == 2,
	    "without memory there is no filter");
	is_empty = false;
	tested_free(NULL);
	is_int(released, 2, "of no filter nothing is released");
	f = tested_new(0);
	tested_free(f);
	is_int(released, 3, "a filter is released");
}

/* The rule that a call gets, from the first blank on. */
static const char *
conditions(const struct filter_when *when)
{
	const char *blank;

	if (!tested_allow(f, "socket", when))
		return "refused";
	blank = strchr(rule, ' ');
	blank = blank != NULL ? strchr(blank + 1, ' ') : NULL;
	return blank != NULL ? blank + 1 : "none";
}

static void
test_conditions(void)
{
	static const struct {
		struct filter_when when;
		const char *wanted;
	} cases[] = {
		{ { 0, { { 1, FILTER_EQUAL, 2 } } }, "none" },
		{ { 1, { { 2, FILTER_EQUAL, 7 } } }, "2 EQ 7 0" },
		{ { 1, { { 0, FILTER_OTHER, 7 } } }, "0 NE 7 0" },
		{ { 1, { { 1, FILTER_NO_BIT, 6 } } }, "1 MASKED_EQ 6 0" },
		{ { 1, { { 1, FILTER_ALL_BITS, 6 } } }, "1 MASKED_EQ 6 6" },
		{ { 1, { { 1, FILTER_LOW_4_BITS, 2 } } }, "1 MASKED_EQ 15 2" },
		{ { 3, { { 0, FILTER_EQUAL, 1 }, { 1, FILTER_OTHER, 2 },
		           { 2, FILTER_NO_BIT, 3 } } },
		    "0 EQ 1 0 1 NE 2 0 2 MASKED_EQ 3 0" },
	};
	size_t i;

	f = tested_new(0);
	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(conditions(&cases[i].when), cases[i].wanted,
		    tap_with("the conditions of a call are libseccomp's",
		        cases[i].wanted));
}

/* Has the last rule this action, for this call, and no condition? */
static bool
is_rule(uint32_t action, const char *call)
{
	char wanted[60];

	snprintf(wanted, sizeof(wanted), "%08" PRIx32 " %d", action,
	    seccomp_syscall_resolve_name(call));
	return strcmp(rule, wanted) == 0;
}

static void
test_rules(void)
{
	f = tested_new(0);
	ok(tested_allow(f, "getpid", &always) &&
	        is_rule(SCMP_ACT_ALLOW, "getpid"),
	    "a call is allowed");
	ok(tested_refuse(f, "getppid", EACCES, &always) &&
	        is_rule(SCMP_ACT_ERRNO(EACCES), "getppid"),
	    "a call fails with its error");
	rules = 0;
	ok(tested_end(f, "getuid") && rules == 0,
	    "a deadly call needs no rule where all others are deadly");
	ok(tested_allow(f, "no such call", &always) && rules == 0,
	    "a call that the machine does not have needs no rule");

	f = tested_new(EACCES);
	ok(tested_end(f, "getuid") && is_rule(SCMP_ACT_TRAP, "getuid"),
	    "a call of a lenient filter ends the process");
	rules = 0;
	ok(tested_refuse(f, "getppid", EACCES, &always) && rules == 0,
	    "a call that fails as all others do needs no rule");
	ok(tested_refuse(f, "getppid", EPERM, &always) && rules == 1,
	    "a call that fails in another way has a rule");
}

/* libseccomp's answer to a rule, and to the filter as a whole. */
static void
test_failure(void)
{
	f = tested_new(0);
	its_error = -EEXIST;
	errno = 0;
	ok(!tested_allow(f, "getpid", &always) && errno == EEXIST,
	    "a rule that libseccomp refuses has its error");
	rules = 0;
	ok(!tested_end(f, "getuid") && rules == 1,
	    "a rule is made where the usual action is not known");
	errno = 0;
	ok(!tested_load(f) && errno == EEXIST,
	    "a filter that the kernel refuses has its error");
	its_error = 1;
	ok(!tested_allow(f, "getpid", &always) && !tested_load(f),
	    "any answer but 0 is a failure");
	its_error = 0;
	ok(tested_load(f), "a filter is loaded");
}

static void
test_support(void)
{
	ok(tested_is_supported(), "a kernel with filters has them");
	mode = 2;
	ok(tested_is_supported(), "a kernel that has loaded one has them");
	api = 3;
	ok(tested_is_supported(), "a newer kernel has filters");
	api = 1;
	ok(!tested_is_supported(),
	    "a kernel without filters of all threads has none");
	api = 2;
	mode = -1;
	ok(!tested_is_supported(), "a kernel without seccomp has no filters");
}

static void
test_names(void)
{
	char name[FILTER_NAME_BYTES];

	tested_call_name(seccomp_syscall_resolve_name("socket"), name);
	is(name, "socket", "a call has its name");
	tested_call_name(99999, name);
	is(name, "number_99999", "a call without a name has its number");
}

int
main(void)
{
	test_new();
	test_conditions();
	test_rules();
	test_failure();
	test_support();
	test_names();
	return done();
}
