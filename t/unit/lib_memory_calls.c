/*
 * lib/memory.c: which calls of the allocator it passes on, what it wipes, and
 * what it notes. The allocator is this file's, which keeps what is freed; so it
 * is tested where a sanitizer has its own, too. (That the real one is met is in
 * lib_memory.c.)
 */
#include "base.h"

#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define memory_begin tested_begin
#define memory_lacked tested_lacked
#define memory_err tested_err
#define memory_wipe_freed tested_wipe_freed
#define memory_wipe_stack tested_wipe_stack
#include "lib/memory.h"
#undef MEMORY_ABSENT

static void *
real_malloc(size_t n)
{
	return malloc(n);
}

static void
real_free(void *p)
{
	free(p);
}

#define malloc tested_malloc
#define calloc tested_calloc
#define realloc tested_realloc
#define free tested_free
#define dlsym dlsym_of_ours
#define mallopt mallopt_of_ours
#define malloc_usable_size size_of_ours
#define explicit_bzero wipe_of_ours

void *tested_malloc(size_t n);
void *tested_calloc(size_t n, size_t size);
void *tested_realloc(void *p, size_t n);
void tested_free(void *p);
static void *dlsym_of_ours(void *handle, const char *name);
static int mallopt_of_ours(int what, int value);
static size_t size_of_ours(void *p);
static void wipe_of_ours(void *p, size_t n);

#include "lib/memory.c" /* NOLINT(bugprone-suspicious-include) */

#define LIMIT 262144 /* a block of so many bytes is not wiped */

/* --- an allocator that keeps all --- */

static struct {
	char *p;
	size_t bytes;
	bool is_freed;
} blocks[100];
static size_t count;
static int allocated, reallocated, freed; /* calls */
static bool is_empty;                     /* it has no memory */

static size_t
number_of(const void *p)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (blocks[i].p == p && !blocks[i].is_freed)
			return i;
	abort(); /* of a block that is none */
}

/* Of as many bytes as are wanted, which a sanitizer watches. */
static void *
malloc_of_ours(size_t n)
{
	allocated++;
	if (is_empty || count == ARRAY_LEN(blocks))
		return NULL;
	blocks[count].bytes = n;
	blocks[count].is_freed = false;
	blocks[count].p = real_malloc(n + 1);
	if (blocks[count].p == NULL)
		abort();
	memset(blocks[count].p, '-', n + 1);
	return blocks[count++].p;
}

static void *
calloc_of_ours(size_t n, size_t size)
{
	void *p = malloc_of_ours(n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

static void
free_of_ours(void *p)
{
	freed++;
	if (p != NULL)
		blocks[number_of(p)].is_freed = true;
}

static void *
realloc_of_ours(void *p, size_t n)
{
	size_t had = p != NULL ? size_of_ours(p) : 0;
	void *q = n > 0 ? malloc_of_ours(n) : NULL;

	reallocated++;
	if (q != NULL && p != NULL)
		memcpy(q, p, n < had ? n : had);
	if (p != NULL && (q != NULL || n == 0))
		free_of_ours(p);
	return q;
}

static size_t
size_of_ours(void *p)
{
	return blocks[number_of(p)].bytes;
}

static void
release_all(void)
{
	while (count > 0)
		real_free(blocks[--count].p);
	allocated = reallocated = freed = 0;
}

/* --- the system's --- */

static int asked;          /* how often for a function */
static const char *absent; /* the function that is not found */

/* As in the C library it may allocate and free for itself. */
static void *
/* cppcheck-suppress constParameter ; its type */
dlsym_of_ours(void *handle, const char *name)
{
	static const struct {
		const char *name;
		void *function;
	} functions[] = {
		{ "malloc", (void *)(uintptr_t)malloc_of_ours },
		{ "calloc", (void *)(uintptr_t)calloc_of_ours },
		{ "realloc", (void *)(uintptr_t)realloc_of_ours },
		{ "free", (void *)(uintptr_t)free_of_ours },
	};
	static char its_own[8];
	size_t i;

	asked++;
	if (handle != RTLD_NEXT)
		abort();
	if (next.calloc == NULL && tested_calloc(1, 8) != NULL)
		abort();
	if (next.free == NULL)
		tested_free(its_own);
	if (absent != NULL && strcmp(absent, name) == 0)
		return NULL;
	for (i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].function;
	return NULL;
}

static int option, threshold;

static int
mallopt_of_ours(int what, int value)
{
	option = what;
	threshold = value;
	return 1;
}

static size_t wiped; /* bytes, by the last call that wipes */
static int wipes;

static void
wipe_of_ours(void *p, size_t n)
{
	wiped = n;
	wipes++;
	memset(p, 0, n);
}

/* --- the functions that are passed on to --- */

/* As a process begins. */
static void
begin(bool wipe)
{
	release_all();
	memset(&next, 0, sizeof(next));
	lacked = is_empty = wiping = false;
	if (wipe)
		find_next(); /* a process does so before it wipes */
	wiping = wipe;
	asked = wipes = 0;
	wiped = 0;
}

static void
test_found(void)
{
	void *p;

	begin(false);
	p = tested_malloc(5);
	ok(p != NULL && allocated == 1 && asked == 4,
	    "malloc() may be the first call of a process");
	tested_free(p);
	tested_free(tested_calloc(2, 2));
	tested_free(tested_realloc(NULL, 5));
	ok(asked == 4 && freed == 3, "each function is looked for once");

	begin(false);
	p = tested_calloc(2, 3);
	ok(p != NULL && allocated == 1 && blocks[0].bytes == 6 && asked == 4,
	    "calloc() may be the first call of a process");

	begin(false);
	p = tested_realloc(NULL, 7);
	ok(p != NULL && reallocated == 1 && blocks[0].bytes == 7 && asked == 4,
	    "realloc() may be the first call of a process");

	begin(false);
	tested_free(NULL);
	ok(freed == 1 && asked == 4,
	    "free() may be the first call of a process");
	ok(!tested_lacked(), "a search for the functions notes nothing");
}

static void
test_absent(void)
{
	static const char *const names[] = { "malloc", "calloc", "realloc",
		"free" };
	size_t i;
	pid_t pid;
	int status = 0;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		begin(false);
		absent = names[i];
		if ((pid = fork()) == 0) {
			find_next();
			_exit(0);
		}
		ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		        WTERMSIG(status) == SIGABRT,
		    tap_with("a process ends without a function of the "
		             "allocator",
		        names[i]));
	}
	absent = NULL;
}

/* --- what is noted --- */

static void
test_noted(void)
{
	void *p, *q;

	begin(false);
	p = tested_malloc(16);
	is_int(tested_err(ERR_UNAUTH), ERR_UNAUTH,
	    "with memory an error is what it is");
	is_int(tested_err(ERR_OK), ERR_OK, "with memory no error is none");

	is_empty = true;
	ok(tested_malloc(1) == NULL && tested_lacked(),
	    "malloc() without memory is noted");
	is_int(tested_err(ERR_UNAUTH), ERR_BUSY,
	    "without memory an error is ERR_BUSY");
	is_int(tested_err(ERR_OK), ERR_OK, "without memory a success is one");
	tested_begin();
	ok(!tested_lacked(), "a request begins with nothing noted");
	ok(tested_calloc(1, 1) == NULL && tested_lacked(),
	    "calloc() without memory is noted");
	tested_begin();
	ok(tested_realloc(p, 17) == NULL && tested_lacked(),
	    "realloc() without memory is noted");
	tested_begin();
	ok(tested_realloc(NULL, 1) == NULL && tested_lacked(),
	    "realloc() of no block and without memory is noted");
	is_int(freed, 0, "a block that cannot grow stays");
	wiping = true;
	tested_begin();
	ok(tested_realloc(p, 17) == NULL && tested_lacked() && freed == 0,
	    "a block that cannot grow stays where blocks are wiped, too");
	tested_begin();
	q = tested_realloc(p, 0);
	ok(q == NULL && !tested_lacked() && freed == 1,
	    "a block of which no bytes are kept notes nothing");
	wiping = false;
	is_empty = false;
	p = tested_malloc(16);
	q = tested_realloc(p, 0);
	ok(q == NULL && !tested_lacked() && freed == 2,
	    "realloc() to no bytes notes nothing where nothing is wiped");
	tested_free(tested_realloc(tested_malloc(1), 2));
	tested_free(tested_calloc(1, 1));
	ok(!tested_lacked(), "what is allocated notes nothing");
}

/* --- what is wiped --- */

/* A block full of a mark. */
static char *
marked(size_t n)
{
	char *p = tested_malloc(n);

	if (p == NULL)
		abort();
	return memset(p, 'x', n);
}

/* Are these bytes all of this value? */
static bool
all_are(const char *p, size_t n, char value)
{
	while (n > 0 && p[n - 1] == value)
		n--;
	return n == 0;
}

static void
test_free(void)
{
	char *p, *q;

	begin(false);
	p = marked(100);
	tested_free(p);
	ok(freed == 1 && wipes == 0 && all_are(p, 100, 'x'),
	    "a block is freed as it is where nothing is to be wiped");
	begin(true);
	p = marked(100);
	tested_free(p);
	ok(freed == 1 && all_are(p, 100, '\0') && wiped == 100,
	    "a block is wiped to its end when it is freed");
	p = marked(LIMIT - 1);
	tested_free(p);
	ok(freed == 2 && all_are(p, LIMIT - 1, '\0'),
	    "a block below 256 KiB is wiped when it is freed");
	q = marked(LIMIT);
	tested_free(q);
	ok(freed == 3 && all_are(q, LIMIT, 'x'),
	    "a block of 256 KiB is given back as it is");
	wipes = 0;
	tested_free(NULL);
	ok(freed == 4 && wipes == 0, "of no block nothing is wiped");
}

/* A block of 'had' bytes is made one of n. */
static void
resize(size_t had, size_t n, char **from, char **to)
{
	begin(true);
	*from = marked(had);
	allocated = 0;
	*to = tested_realloc(*from, n);
}

static void
test_shorter(void)
{
	char *p, *q;

	resize(96, 96, &p, &q);
	ok(q == p && allocated == 0 && all_are(q, 96, 'x'),
	    "a block that keeps its size stays where it is");
	resize(96, 95, &p, &q);
	ok(q == p && all_are(q, 95, 'x') && q[95] == '\0' && wiped == 1,
	    "a block that loses a byte is wiped of that");
	resize(96, 48, &p, &q);
	ok(q == p && all_are(q, 48, 'x') && all_are(q + 48, 48, '\0') &&
	        q[96] == '-',
	    "a block that becomes half as large stays, and is wiped behind");
	resize(96, 47, &p, &q);
	ok(q != p && q != NULL && blocks[1].bytes == 47 &&
	        all_are(q, 47, 'x') && q[47] == '-',
	    "a block that becomes less than half as large is another");
	ok(freed == 1 && all_are(p, 96, '\0'),
	    "a block that became smaller elsewhere is wiped and freed");
	resize(96, 1, &p, &q);
	ok(q != p && q != NULL && q[0] == 'x' && all_are(p, 96, '\0'),
	    "a block that becomes one byte is another");
	resize(96, 0, &p, &q);
	ok(q == NULL && allocated == 0 && freed == 1 && all_are(p, 96, '\0'),
	    "a block of which no bytes are kept is wiped and freed");
}

static void
test_longer(void)
{
	char *p, *q;

	resize(96, 97, &p, &q);
	ok(q != p && q != NULL && blocks[1].bytes == 97 &&
	        all_are(q, 96, 'x') && q[96] == '-',
	    "a block that grows by a byte is another, with what was in it");
	ok(freed == 1 && reallocated == 0 && all_are(p, 96, '\0'),
	    "a block that has grown elsewhere is wiped and freed");
	resize(LIMIT - 1, LIMIT, &p, &q);
	ok(q != NULL && reallocated == 0 && all_are(p, LIMIT - 1, '\0') &&
	        all_are(q, LIMIT - 1, 'x'),
	    "a block below 256 KiB is wiped when it grows");
	resize(LIMIT, LIMIT + 1, &p, &q);
	ok(q != NULL && reallocated == 1 && wipes == 0,
	    "a block of 256 KiB grows as the allocator has it");
	begin(true);
	q = tested_realloc(NULL, 9);
	ok(q != NULL && reallocated == 1 && blocks[0].bytes == 9,
	    "realloc() of no block is passed on where blocks are wiped");
	begin(false);
	p = marked(96);
	q = tested_realloc(p, 97);
	ok(q != NULL && reallocated == 1 && wipes == 0,
	    "realloc() is passed on where nothing is to be wiped");
}

static void
test_stack(void)
{
	begin(false);
	tested_wipe_stack();
	is_int(wipes, 0, "the stack stays where nothing is to be wiped");
	tested_wipe_freed();
	ok(wiping && option == M_MMAP_THRESHOLD && threshold == LIMIT,
	    "blocks of 256 KiB are mapped alone, whatever was freed");
	tested_wipe_stack();
	ok(wipes == 1 && wiped == 65536, "64 KiB of the stack are wiped");
}

int
main(void)
{
	test_found();
	test_absent();
	test_noted();
	test_free();
	test_shorter();
	test_longer();
	test_stack();
	release_all();
	return done();
}
