/*
 * Tests of crypto/hashmem.c: hashes equal those of mkpasswd(1), whatever the
 * memory held before; and no other mapping is touched.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/hashmem.h"
#include "crypto/pwformat.h"
#include "crypto/pwhash.h"
#include "tap.h"

#define MIB ((size_t)1 << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

/* clang-format off */
static const struct known {
	const char *password, *hash;
} known[] = {
	{ "wonderland 5", "$y$j9T$EHSMujJVOdk7M/ExfDSdM0$fqujsxV4jV2v3aNeIanbJauMB/TGA7w177dfaX7H5j3" },
	{ "wonderland 1", "$y$j75$5KN8Aidzp/eysn5JnJ.Nr0$hF2Ugv9pSO4Xa9dwsLd6XRZKn4Go7kAyV1B6DbVhsf/" },
	{ "wonderland 7", "$y$jBT$bVtMT3LlMqh/3/AXD5m9r.$rKQzAoWTbAeyor6H454HzBppnVFAHmsDlVCH1UMVu7D" },
	{ "wonderland 2", "$y$j85$16nmTnUpCzc1h3CFPEt8M1$ml7lhMGmH4K6XNwagh2QN.x0xrTbfJxFdJkDmLZ08i3" },
	{ "wonderland 6", "$y$jAT$r1OTYpdO0jYI8x7CLPBQj1$zbbV1psFUGLD/RWf0ZdMGnGS32q0E8sUNOG5qfD0Ej." },
	{ "wonderland 3", "$y$j7T$RNIeQ4OIyVZaeLcGHA0Tu0$upNi6Y438D3p0KIzvMNKxIHX7fsLNTmwNZA0s7fyDp1" },
	{ "wonderland 4", "$y$j8T$Mjp4uap6VpgKGb0OjuIIu/$o6ak46ACZZAomteVP41OqjxkrhnpjuXO2XDZ87lKsM." },
	{ "wonderland",   "$2b$05$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6" },
};
/* clang-format on */

static bool
check(const struct known *k, const char *password)
{
	bool matches = false;

	return pwformat_check(&(const struct pwformat_policy){ 1, 1024, false },
	           password, k->hash, &matches) == ERR_OK &&
	       matches;
}

/* Are all hashes right, one after the other? */
static bool
all_right(void)
{
	bool right = true;
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		right = right && check(&known[i], known[i].password) &&
		        !check(&known[i], "wonderlanD") &&
		        check(&known[i], known[i].password);
	return right;
}

/* What cannot be kept, asked for by whoever: a mapping, or errno. */
static void
test_others(bool keep)
{
	static const size_t n = 4 * MIB;
	char *fixed, *p;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	hashmem_keep(keep);
	hashmem_begin();
	p = mmap(NULL, 64, PROT_READ, MAP_PRIVATE, fd, 0);
	ok(p != MAP_FAILED && memcmp(p, "\177ELF", 4) == 0 &&
	        munmap(p, 64) == 0,
	    "mmap maps a file");
	p = mmap(NULL, 64, PROT_READ, MAP_PRIVATE, fd, 4096);
	ok(p != MAP_FAILED && memcmp(p, "\177ELF", 4) != 0 &&
	        munmap(p, 64) == 0,
	    "mmap with an offset maps the file from there");
	close(fd);
	p = mmap(NULL, n, PROT_NONE, ANONYMOUS, -1, 0);
	fixed = mmap(p + MIB, 2 * MIB, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	ok(p != MAP_FAILED && fixed == p + MIB,
	    "mmap maps at an address that is given");
	ok(munmap(p, n) == 0 && msync(p, n, MS_ASYNC) != 0 && errno == ENOMEM,
	    "munmap frees the memory at a given address");
	p = mmap(NULL, n, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(p != MAP_FAILED && munmap(p, MIB) == 0 &&
	        munmap(p + MIB, n - MIB) == 0 && msync(p, n, MS_ASYNC) != 0,
	    "munmap unmaps shared memory in parts");
	errno = 0;
	ok(mmap(NULL, 0, RW, ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL,
	    "mmap of no bytes fails");
	ok(mmap(NULL, n, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED &&
	        errno == EBADF,
	    "mmap of a file that is not open fails");
	ok(mmap(NULL, SIZE_MAX / 2, RW, ANONYMOUS, -1, 0) == MAP_FAILED &&
	        errno == ENOMEM,
	    "mmap of more than there can be fails");
	ok(munmap(p + 1, n) == -1 && errno == EINVAL,
	    "munmap of an address that is not a page's fails");
	hashmem_end();
	hashmem_keep(false);
}

#ifndef HASHMEM_ABSENT
static bool
is_mapped(char *p, size_t n)
{
	return msync(p, n, MS_ASYNC) == 0;
}

/* As yescrypt gets its memory. */
static char *
get(size_t n)
{
	return mmap(NULL, n, RW, ANONYMOUS, -1, 0);
}

static void
test_kept(void)
{
	uint64_t begun = hashmem_matches();
	char *p;
	size_t i;

	hashmem_keep(true);
	ok(check(&known[0], known[0].password) && hashmem_matches() == begun,
	    "the first hash gets its memory");
	for (i = 0; i < 10; i++)
		(void)check(&known[0], "wonderland");
	is_int((long long)(hashmem_matches() - begun), 10,
	    "each of ten more hashes finds the memory kept");
	begun = hashmem_matches();
	ok(all_right(), "hashes of all sizes come out the same");
	/* all but bcrypt, and the first of cost 7 */
	is_int((long long)(hashmem_matches() - begun), 3 * 7 - 1,
	    "kept memory serves for smaller hashes");
	hashmem_release();
	begun = hashmem_matches();
	ok(all_right(), "hashes come out the same after a release");
	is_int((long long)(hashmem_matches() - begun), 3 * 7 - 2,
	    "a release unmaps the kept memory");
	hashmem_begin();
	p = get(80 * MIB);
	memset(p, 0xff, 80 * MIB);
	munmap(p, 80 * MIB);
	hashmem_end();
	begun = hashmem_matches();
	ok(all_right() && hashmem_matches() == begun + 21,
	    "bytes left in kept memory have no effect on a hash");
	hashmem_keep(false);
	begun = hashmem_matches();
	ok(all_right() && hashmem_matches() == begun,
	    "plain memory is never kept");
}

static void
test_sizes(void)
{
	uint64_t begun;
	char *p, *q;

	hashmem_keep(true);
	p = get(3 * MIB);
	munmap(p, 3 * MIB);
	ok(!is_mapped(p, MIB), "memory mapped outside of a hash is not kept");

	hashmem_begin();
	begun = hashmem_matches();
	p = get(3 * MIB + 100);
	ok((uintptr_t)p % (2 * MIB) == 0,
	    "kept memory begins with a huge page");
	q = get(3 * MIB + 100);
	ok(q != p && munmap(q, 3 * MIB + 100) == 0 && !is_mapped(q, MIB),
	    "a second mapping while the kept memory is in use is not kept");
	p[3 * MIB + 99] = 'x';
	ok(munmap(p, 3 * MIB + 100) == 0 && is_mapped(p, 3 * MIB + 100) &&
	        p[3 * MIB + 99] == 'x',
	    "kept memory that was given back stays mapped, with its bytes");
	q = get(MIB);
	ok(q == p && munmap(q, MIB) == 0 && hashmem_matches() == begun + 1,
	    "kept memory is used for a smaller hash");
	q = get(MIB - 1);
	ok(q != p && munmap(q, MIB - 1) == 0,
	    "kept memory is not used for less than any hash takes");
	q = get(5 * MIB);
	ok(hashmem_matches() == begun + 1 && munmap(q, 5 * MIB) == 0 &&
	        is_mapped(q, 5 * MIB),
	    "a larger hash replaces the kept memory");
	hashmem_end();
	ok(is_mapped(q, 5 * MIB), "kept memory outlives its hash");
	hashmem_release();
	ok(!is_mapped(q, MIB) && !is_mapped(q + 4 * MIB, MIB),
	    "a release unmaps the memory of the larger hash");
	hashmem_release();
	ok(check(&known[0], known[0].password),
	    "a second release does no harm");
	hashmem_keep(false);
}

/* A libxcrypt that we do not know: it gives back in parts, or not at all. */
static void
test_unknown_ways(void)
{
	uint64_t begun;
	char *p, *q;

	hashmem_keep(true);
	hashmem_begin();
	p = get(4 * MIB);
	ok(munmap(p, MIB) == 0 && !is_mapped(p, MIB),
	    "kept memory that is given back in part is unmapped");
	hashmem_end();
	p[2 * MIB] = 'x';
	ok(p[2 * MIB] == 'x' && munmap(p + MIB, 3 * MIB) == 0,
	    "the rest of memory given back in part stays");
	begun = hashmem_matches();
	ok(all_right() && hashmem_matches() == begun,
	    "no memory is kept after one was given back in part");
	hashmem_keep(true);
	hashmem_begin();
	q = get(4 * MIB);
	hashmem_end();
	hashmem_release();
	ok(is_mapped(q, 4 * MIB),
	    "a release does not unmap memory that was not given back");
	munmap(q, 4 * MIB);
	hashmem_keep(false);
}

/* The line of VmFlags that smaps has for the mapping at p; see proc(5). */
static void
flags_of(const char *p, char *flags, size_t n)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char want[32];
	bool inside = false;

	snprintf(want, sizeof(want), "%lx-", (unsigned long)(uintptr_t)p);
	flags[0] = '\0';
	while (f != NULL && fgets(flags, (int)n, f) != NULL) {
		if (strncmp(flags, want, strlen(want)) == 0)
			inside = true;
		if (inside && strncmp(flags, "VmFlags:", 8) == 0)
			break;
	}
	if (f != NULL)
		fclose(f);
}

static void
test_forks(void)
{
	char flags[256], *p;
	uint64_t begun;
	int status = -1;
	pid_t child;

	hashmem_keep(true);
	hashmem_begin();
	p = get(4 * MIB);
	memset(p, 'x', 4 * MIB);
	munmap(p, 4 * MIB);
	hashmem_end();
	flags_of(p, flags, sizeof(flags));
	ok(strstr(flags, " dd") != NULL,
	    "a core file does not have the kept memory");
	ok(strstr(flags, " hg") != NULL ||
	        access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0,
	    "the kept memory is asked for on huge pages");
	begun = hashmem_matches();
	child = fork();
	if (child == 0)
		_exit(p[0] == '\0' && p[4 * MIB - 1] == '\0' && all_right() &&
		              hashmem_matches() > begun
		          ? 0
		          : 1);
	ok(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	    "a forked child finds no kept memory, and keeps its own");
	ok(p[0] == 'x' && hashmem_matches() == begun && all_right(),
	    "a parent keeps its memory while its child hashes");
	hashmem_keep(false);
}

/* What is being wiped: all of it is write-protected to begin with. */
static struct {
	char *p;
	size_t page, pages, written, dirty;
} wiped;

/* A page is written to for the first time. At the last, look at the others. */
static void
on_write(int signal_number, siginfo_t *info, void *context)
{
	size_t offset = (size_t)((char *)info->si_addr - wiped.p), i;

	(void)signal_number;
	(void)context;
	if (offset >= wiped.pages * wiped.page)
		_exit(1);
	mprotect(wiped.p + offset / wiped.page * wiped.page, wiped.page, RW);
	if (++wiped.written < wiped.pages)
		return;
	for (i = 0; i < wiped.pages; i++)
		wiped.dirty +=
		    memchr(wiped.p + i * wiped.page, 'x', wiped.page) != NULL;
}

static void
test_wipe(void)
{
	struct sigaction act = { .sa_sigaction = on_write,
		.sa_flags = SA_SIGINFO },
	                 before;
	size_t n = 2 * MIB;

	wiped.page = (size_t)sysconf(_SC_PAGESIZE);
	wiped.pages = n / wiped.page;
	hashmem_keep(true);
	hashmem_begin();
	wiped.p = get(n);
	memset(wiped.p, 'x', n);
	munmap(wiped.p, n);
	hashmem_end();
	mprotect(wiped.p, n, PROT_READ);
	sigaction(SIGSEGV, &act, &before);
	hashmem_release();
	sigaction(SIGSEGV, &before, NULL);
	is_int((long long)wiped.written, (long long)wiped.pages,
	    "a release writes to every page of the kept memory");
	/* the last is being written to, and the processor may be ahead */
	ok(wiped.dirty <= 4, "a release leaves no byte of the kept memory");
	hashmem_keep(false);
}
#endif

int
main(void)
{
	ok(all_right(),
	    "with hash_memory = plain hashes are as another tool's");
	is_int((long long)hashmem_matches(), 0,
	    "with hash_memory = plain no hash finds memory kept");
	test_others(false);
	test_others(true);
#ifndef HASHMEM_ABSENT
	test_kept();
	test_sizes();
	test_unknown_ways();
	test_forks();
	test_wipe();
#else
	hashmem_keep(true);
	ok(all_right() && hashmem_matches() == 0,
	    "hashes are as another tool's where memory cannot be kept");
#endif
	return done();
}
