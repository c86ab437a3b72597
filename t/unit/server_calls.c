/*
 * server/calls.c: what becomes of a system call in each process, by the rules
 * of its filter. A list takes the place of libseccomp, which takes no two rules
 * that differ on the same call; how the kernel keeps to them is in
 * lib_filter.c and t/160-confine.t.
 */
#include "base.h"

#define calls_confine tested_confine
#define calls_confine_supervisor tested_confine_supervisor
#define filter_new new_of_ours
#define filter_allow allow_of_ours
#define filter_refuse refuse_of_ours
#define filter_end end_of_ours
#define filter_load load_of_ours
#define filter_free free_of_ours
#define metrics_call_refused refused_of_ours
#define raise raise_of_ours
#include "server/calls.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdlib.h>
#include <sys/syscall.h>

#include "said.h"
#include "tap.h"

#define DEADLY (-1)
#define DIFFERENT (-2) /* two rules, two results */
#define RULES_MAX 4000

static struct filter {
	int usual, n;
	struct rule {
		const char *call;
		int result; /* 0: it is made; an errno; DEADLY */
		struct filter_when when;
	} rules[RULES_MAX];
} filter;

static int turn, open_filters, refused_call, raised;
static bool loaded;

/* Is it the turn of the step that fails? */
static bool
may_go_on(void)
{
	return --turn != 0;
}

struct filter *
new_of_ours(int error)
{
	if (!may_go_on())
		return NULL;
	open_filters++;
	filter.n = 0;
	filter.usual = error != 0 ? error : DEADLY;
	return &filter;
}

static bool
add_rule(struct filter *f, const char *call, int result,
    const struct filter_when *when)
{
	if (!may_go_on())
		return false;
	if (f->n == RULES_MAX || loaded)
		abort();
	f->rules[f->n++] = (struct rule){ call, result, *when };
	return true;
}

bool
allow_of_ours(
    struct filter *f, const char *call, const struct filter_when *when)
{
	return add_rule(f, call, 0, when);
}

bool
refuse_of_ours(struct filter *f, const char *call, int error,
    const struct filter_when *when)
{
	return add_rule(f, call, error, when);
}

bool
end_of_ours(struct filter *f, const char *call)
{
	static const struct filter_when always = { .count = 0 };

	return add_rule(f, call, DEADLY, &always);
}

bool
/* cppcheck-suppress constParameter */
load_of_ours(struct filter *f)
{
	loaded = may_go_on() && f == &filter;
	return loaded;
}

void
/* cppcheck-suppress constParameter */
free_of_ours(struct filter *f)
{
	open_filters -= f != NULL;
}

void
refused_of_ours(int call)
{
	refused_call = call;
}

int
raise_of_ours(int number)
{
	raised = number;
	return 0;
}

/* --- a call --- */

struct call {
	const char *name;
	uint64_t arg[6];
};

static bool
holds(const struct filter_arg *a, const struct call *c)
{
	uint64_t v;

	if (a->number >= ARRAY_LEN(c->arg))
		abort();
	v = c->arg[a->number];
	switch (a->how) {
	case FILTER_EQUAL:
		return v == a->value;
	case FILTER_OTHER:
		return v != a->value;
	case FILTER_NO_BIT:
		return (v & a->value) == 0;
	case FILTER_ALL_BITS:
		return (v & a->value) == a->value;
	case FILTER_LOW_4_BITS:
		return (v & 15) == a->value;
	}
	abort();
}

static bool
applies(const struct rule *r, const struct call *c)
{
	unsigned i;

	if (strcmp(r->call, c->name) != 0)
		return false;
	if (r->when.count > FILTER_ARGS)
		abort();
	for (i = 0; i < r->when.count; i++)
		if (!holds(&r->when.arg[i], c))
			return false;
	return true;
}

/* What becomes of it: 0: it is made; an errno; DEADLY. */
static int
result_of(const struct call *c)
{
	bool found = false;
	int result = filter.usual, i;

	for (i = 0; i < filter.n; i++) {
		if (!applies(&filter.rules[i], c))
			continue;
		if (found && filter.rules[i].result != result)
			return DIFFERENT;
		found = true;
		result = filter.rules[i].result;
	}
	return result;
}

/* --- processes --- */

static const struct db_ways beside = { .has_unix = true },
                            away = { .has_tcp = true }, nowhere;

static const struct process {
	const char *name;
	unsigned by;
	const struct db_ways *ways;
} processes[] = {
	{ "check", C, &nowhere },
	{ "api", A, &beside },
	{ "login", L, &away },
	{ "keeper", K, &beside },
	{ "names", N, &nowhere },
	{ "supervisor", S, NULL },
};

/* The filter of a process; its steps, of which the turn-th fails. */
static bool
confine_at(const struct process *p, int which)
{
	turn = which;
	loaded = false;
	return p->by == S ? tested_confine_supervisor(false)
	                  : tested_confine(p->by, p->ways);
}

static void
test_failures(const struct process *p)
{
	int steps, i, wrong = 0;

	ok(confine_at(p, 0) && loaded && open_filters == 0,
	    tap_with("a process gets its filter", p->name));
	steps = -turn;
	for (i = 1; i <= steps; i++)
		wrong += confine_at(p, i) || loaded || open_filters != 0;
	is_int(
	    wrong, 0, tap_with("a filter that lacks a rule is none", p->name));
}

#define NEWNET ((uint64_t)CLONE_NEWNET)

/* For check, api, login, keeper, names and the supervisor. */
static const struct {
	struct call call;
	int results[6];
} cases[] = {
	/* clang-format off */
	{ { "read", { 1, 2, 3 } }, { 0 } },
	{ { "accept4", { 1 } }, { 0, 0, 0, DEADLY, DEADLY, 0 } },
	{ { "execve", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "execveat", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, DEADLY } },
	{ { "ptrace", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, DEADLY } },
	{ { "modify_ldt", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, ENOSYS } },
	{ { "getdents64", { 1 } }, { DEADLY, 0, 0, 0, 0, 0 } },
	{ { "landlock_restrict_self", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, 0, 0 } },
	{ { "seccomp", { 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	/* files */
	{ { "openat", { O_RDWR, O_RDWR, O_CLOEXEC, O_RDWR } }, { EACCES, 0, 0, 0, 0, 0 } },
	{ { "openat", { 0, 0, O_WRONLY, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_RDWR, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_CREAT, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_TRUNC, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_TMPFILE | O_RDWR, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_TMPFILE, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat", { 0, 0, O_DIRECTORY, 0 } }, { EACCES, 0, 0, 0, 0, 0 } },
	{ { "open", { O_RDWR, O_CLOEXEC, O_RDWR } }, { EACCES, 0, 0, 0, 0, 0 } },
	{ { "open", { 0, O_WRONLY, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "open", { 0, O_CREAT, 0 } }, { EACCES, EACCES, EACCES, EACCES, EACCES, 0 } },
	{ { "openat2", { 1 } }, { EACCES, DEADLY, DEADLY, DEADLY, DEADLY, EACCES } },
	{ { "stat", { 1 } }, { EACCES, 0, 0, 0, 0, 0 } },
	/* what libraries try */
	{ { "ioctl", { 1, 2 } }, { ENOTTY, ENOTTY, ENOTTY, ENOTTY, 0, 0 } },
	{ { "prctl", { 1, 2 } }, { EINVAL, EINVAL, EINVAL, EINVAL, 0, 0 } },
	{ { "keyctl", { 1, 2 } }, { DEADLY, ENOSYS, ENOSYS, ENOSYS, ENOSYS, ENOSYS } },
	{ { "add_key", { 1, 2 } }, { DEADLY, ENOSYS, ENOSYS, ENOSYS, ENOSYS, ENOSYS } },
	{ { "request_key", { 1, 2 } }, { DEADLY, ENOSYS, ENOSYS, ENOSYS, ENOSYS, ENOSYS } },
	{ { "clone3", { 1, 2 } }, { DEADLY, DEADLY, DEADLY, DEADLY, ENOSYS, ENOSYS } },
	/* memory */
	{ { "mmap", { 7, 7, PROT_READ | PROT_WRITE, 7 } }, { 0 } },
	{ { "mmap", { 0, 0, PROT_READ | PROT_EXEC, 0 } }, { DEADLY, EACCES, EACCES, EACCES, 0, 0 } },
	{ { "mprotect", { 0, 0, PROT_EXEC, 0 } }, { DEADLY, EACCES, EACCES, EACCES, 0, 0 } },
	{ { "memfd_create", { 7, MFD_CLOEXEC, 7 } }, { 0, 0, 0, DEADLY, DEADLY, 0 } },
	{ { "memfd_create", { MFD_CLOEXEC, MFD_CLOEXEC | MFD_ALLOW_SEALING } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	/* other processes */
	{ { "kill", { 1, SIGTERM } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "tgkill", { 1, 1, SIGTERM } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "prlimit64", { 1, 2, 0, 4 } }, { 0 } },
	{ { "prlimit64", { 0, 0, 7, 0 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "clone", { SIGCHLD, NEWNET } }, { DEADLY, DEADLY, DEADLY, DEADLY, 0, 0 } },
	{ { "clone", { NEWNET | SIGCHLD } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWNS } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWCGROUP } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWUTS } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWIPC } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWUSER } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	{ { "clone", { CLONE_NEWPID } }, { DEADLY, DEADLY, DEADLY, DEADLY, EPERM, EPERM } },
	/* messages */
	{ { "sendto", { 7, 7, 7, MSG_FASTOPEN, 0, 7 } }, { 0 } },
	{ { "sendto", { 0, 0, 0, 0, 7, 0 } }, { DEADLY, DEADLY, DEADLY, DEADLY, 0, 0 } },
	{ { "sendto", { 0, 0, 0, MSG_FASTOPEN, 7, 0 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "sendmsg", { 7, 7, MSG_NOSIGNAL, MSG_FASTOPEN } }, { 0 } },
	{ { "sendmsg", { 7, 7, MSG_FASTOPEN, 0 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "sendmmsg", { 7, 7, MSG_FASTOPEN, 0 } }, { DEADLY, DEADLY, DEADLY, DEADLY, 0, 0 } },
	{ { "sendmmsg", { 7, 7, 0, MSG_FASTOPEN } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	/* descriptors and signals */
	{ { "fcntl", { 7, F_GETFL, 7 } }, { 0 } },
	{ { "fcntl", { F_GETFL, F_SETOWN, 7 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "fcntl", { 7, F_ADD_SEALS, 7 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "rt_sigaction", { SIGSYS, 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	{ { "rt_sigaction", { SIGSYS | (uint64_t)1 << 32, 1 } }, { DEADLY, DEADLY, DEADLY, DEADLY, DEADLY, 0 } },
	/* clang-format on */
};

/* Calls that find and open files, with what they cost a check worker. */
static const struct {
	const char *call;
	int of_check;
} finding[] = {
	{ "stat", EACCES },
	{ "lstat", DEADLY },
	{ "access", EACCES },
	{ "faccessat", EACCES },
	{ "faccessat2", EACCES },
	{ "readlink", EACCES },
	{ "readlinkat", EACCES },
	{ "getdents64", DEADLY },
	{ "connect", DEADLY },
};

static void
test_finding(const struct process *p)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(finding); i++)
		is_int(result_of(&(struct call){ finding[i].call, { 1, 2 } }),
		    p->by == C ? finding[i].of_check : 0,
		    tap_with(p->name, finding[i].call));
}

static void
test_calls(const struct process *p, size_t process)
{
	char title[100];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(title, sizeof(title), "%s, case %u, of process",
		    cases[i].call.name, (unsigned)i);
		is_int(result_of(&cases[i].call), cases[i].results[process],
		    tap_with(title, p->name));
	}
}

/* Its own number alone, in the first argument alone. */
static void
test_own(const struct process *p)
{
	const uint64_t own = (uint64_t)getpid();

	ok(result_of(&(struct call){ "kill", { own, SIGABRT } }) == 0 &&
	        result_of(&(struct call){ "tgkill", { own, own } }) == 0,
	    tap_with("a process may signal itself", p->name));
	ok(p->by == S ||
	        result_of(&(struct call){ "kill", { 1, own } }) == DEADLY,
	    tap_with("a process may signal no other", p->name));
}

static void
test_signals(const struct process *p)
{
	uint64_t number;
	int wrong = 0;

	for (number = 1; number <= 64; number++)
		wrong += number != SIGSYS &&
		         result_of(&(struct call){
		             "rt_sigaction", { number, SIGSYS } }) != 0;
	is_int(wrong, 0,
	    tap_with("all signals but SIGSYS may be handled", p->name));
	is_int(result_of(&(struct call){ "rt_sigaction", { SIGSYS | 64 } }), 0,
	    tap_with("what is SIGSYS but for a bit is not", p->name));
}

static void
test_descriptors(const struct process *p)
{
	static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,
		F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
		F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW };
	uint64_t command;
	int allowed_n = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		allowed_n += result_of(&(struct call){ "fcntl",
		                 { 99, (uint64_t)commands[i], 99 } }) == 0;
	is_int(allowed_n, (long long)ARRAY_LEN(commands),
	    tap_with("a process uses its descriptors", p->name));
	if (p->by == S)
		return;
	allowed_n = 0;
	for (command = 0; command < 1100; command++)
		allowed_n +=
		    result_of(&(struct call){ "fcntl", { 99, command } }) == 0;
	is_int(allowed_n, (long long)ARRAY_LEN(commands),
	    tap_with("a process does nothing else with them", p->name));
}

/* --- sockets --- */

/* One family by its type and protocol, and no other type or protocol. */
static int
expected_of(int type, int protocol, int its_type, int its_protocol)
{
	if ((type & 15) == its_type)
		return protocol == its_protocol ? 0 : EACCES;
	return (type & 15) <= SOCK_PACKET ? EACCES : DEADLY;
}

/* Of what looks names up, and of the supervisor, which makes it. */
static int
expected_known(int family, int protocol, int usual)
{
	if (family >= 46)
		return usual;
	if (family == AF_UNIX || family == AF_NETLINK)
		return 0;
	if (family != AF_INET && family != AF_INET6)
		return EAFNOSUPPORT;
	return protocol == 0 || protocol == IPPROTO_TCP ||
	               protocol == IPPROTO_UDP
	           ? 0
	           : usual;
}

static int
expected_socket(const struct process *p, int family, int type, int protocol)
{
	bool inet = family == AF_INET || family == AF_INET6;

	if (p->by == S || p->by == N)
		return expected_known(
		    family, protocol, p->by == S ? ENOSYS : DEADLY);
	if (p->by == C || family >= 46)
		return DEADLY;
	if ((family == AF_UNIX && p->ways->has_unix) ||
	    (inet && p->ways->has_tcp))
		return expected_of(type, protocol, SOCK_STREAM, 0);
	if (family == AF_NETLINK && p->by == A)
		return expected_of(
		    type, protocol, SOCK_DGRAM, NETLINK_SOCK_DIAG);
	return EACCES;
}

static void
test_sockets(const struct process *p)
{
	static const int protocols[] = { 0, 1, NETLINK_SOCK_DIAG, IPPROTO_TCP,
		IPPROTO_UDP, 262 /* MPTCP */ };
	int family, type, wrong = 0;
	size_t i;

	for (family = 0; family <= 48; family++)
		for (type = 0; type < 32; type++)
			for (i = 0; i < ARRAY_LEN(protocols); i++)
				wrong += result_of(&(struct call){ "socket",
				             { (uint64_t)family, (uint64_t)type,
				                 (uint64_t)protocols[i] } }) !=
				         expected_socket(
				             p, family, type, protocols[i]);
	is_int(wrong, 0,
	    tap_with("sockets are those of the database alone", p->name));
}

/* --- what is refused --- */

static void
test_handler(void)
{
	siginfo_t info = { .si_signo = SIGSYS };
	struct sigaction action;
	const char *line;

	ok(confine_at(&processes[0], 0) &&
	        sigaction(SIGSYS, NULL, &action) == 0 &&
	        action.sa_sigaction == on_refused_call &&
	        ((unsigned)action.sa_flags &
	            (SA_SIGINFO | SA_NODEFER | SA_RESETHAND)) ==
	            (SA_SIGINFO | SA_NODEFER | SA_RESETHAND),
	    "a worker handles SIGSYS, once, and within its handler");
	info.si_syscall = SYS_ptrace;
	on_refused_call(SIGSYS, &info, NULL);
	ok(refused_call == SYS_ptrace && raised == SIGSYS,
	    "a refused call is told, and ends the worker");
	raised = 0;
	ok(confine_at(&processes[5], 0) &&
	        sigaction(SIGSYS, NULL, &action) == 0 &&
	        action.sa_sigaction == on_attack,
	    "the supervisor has a handler of its own");
	listen_to_stderr();
	on_attack(SIGSYS, &info, NULL);
	line = said();
	ok(strstr(line, "event=call_refused lane=supervisor pid=") != NULL &&
	        strstr(line, " call=ptrace\n") != NULL && raised == SIGSYS,
	    "a refused call of the supervisor is logged, and ends it");
	signal(SIGSYS, SIG_DFL);
	filter.n = -1;
	ok(tested_confine_supervisor(true) && filter.n == -1 &&
	        sigaction(SIGSYS, NULL, &action) == 0 &&
	        action.sa_sigaction == on_attack,
	    "a supervisor that inherits its filter makes no second one");
}

static void
test_attacks(void)
{
	size_t i;
	int wrong = 0;

	for (i = 0; i < ARRAY_LEN(attacks); i++)
		wrong += result_of(&(struct call){ attacks[i], { 1, 2, 3 } }) !=
		         DEADLY;
	is_int(wrong, 0, "each attack ends the supervisor");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(processes); i++) {
		const struct process *p = &processes[i];

		test_failures(p);
		if (!confine_at(p, 0))
			abort();
		test_calls(p, i);
		test_finding(p);
		test_own(p);
		test_signals(p);
		test_descriptors(p);
		test_sockets(p);
	}
	test_attacks();
	test_handler();
	return done();
}
