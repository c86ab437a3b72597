/*
 * stats/shm.c: sections that processes share, which of them may be written, and
 * how long the file is held. (What becomes of broken files is in
 * stats_metrics.c.)
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define shm_create tested_create
#define shm_is_possible tested_is_possible
#define shm_file tested_file
#define shm_load tested_load
#define shm_is_served tested_is_served
#define shm_reserve tested_reserve
#define shm_read_only tested_read_only
#define shm_hide tested_hide
#define shm_hide_all tested_hide_all
#define shm_leave tested_leave
#define shm_digest_text tested_digest_text
#define shm_digest_number tested_digest_number
#define fchmod fchmod_of_ours
#define ftruncate ftruncate_of_ours
#define fallocate fallocate_of_ours
#define memfd_create memfd_of_ours
#define mmap(at, n, prot, flags, fd, from) \
	(does_fail("mmap") ? MAP_FAILED : (mmap)(at, n, prot, flags, fd, from))
#define rename rename_of_ours
#define lstat lstat_of_ours
#define fcntl(fd, ...) (does_fail("fcntl") ? -1 : (fcntl)(fd, __VA_ARGS__))

static int fchmod_of_ours(int fd, mode_t mode);
static int ftruncate_of_ours(int fd, off_t n);
static int fallocate_of_ours(int fd, int mode, off_t from, off_t n);
static int memfd_of_ours(const char *name, unsigned flags);
static bool does_fail(const char *name);
static int rename_of_ours(const char *from, const char *to);
static int lstat_of_ours(const char *path, struct stat *st);

#include "stats/shm.c" /* NOLINT(bugprone-suspicious-include) */

#undef fchmod
#undef ftruncate
#undef fallocate
#undef memfd_create
#undef mmap
#undef rename
#undef lstat
#undef fcntl

#include "fail.h"
#include "said.h"
#include "tap.h"

/* --- the system's, which may fail --- */

static int its_error = ENOSPC;

static bool
does_fail(const char *name)
{
	bool it_does = fails(name);

	if (it_does)
		errno = its_error;
	return it_does;
}

static int
fchmod_of_ours(int fd, mode_t mode)
{
	return does_fail("fchmod") ? -1 : fchmod(fd, mode);
}

static int
ftruncate_of_ours(int fd, off_t n)
{
	return does_fail("ftruncate") ? -1 : ftruncate(fd, n);
}

static int
fallocate_of_ours(int fd, int mode, off_t from, off_t n)
{
	return does_fail("fallocate") ? -1 : fallocate(fd, mode, from, n);
}

static int
memfd_of_ours(const char *name, unsigned flags)
{
	return does_fail("memfd_create") ? -1 : memfd_create(name, flags);
}

static int
rename_of_ours(const char *from, const char *to)
{
	return does_fail("rename") ? -1 : rename(from, to);
}

/* The file of this name goes just before. */
static int
lstat_of_ours(const char *path, struct stat *st)
{
	if (fails("lstat"))
		unlink(path);
	return lstat(path, st);
}

#define PAGE_BYTES 4096

static char folder[] = "/tmp/latchkey-shm-XXXXXX";
static char file[64];

/* Two sections beside the file, one of them a byte longer than a page. */
static char *in_file, *small, *large;
static uint64_t digest;

static uint64_t
layout_of_ours(void)
{
	return digest;
}

static void
use_file(void *memory)
{
	in_file = memory;
	in_file[0] = 'f';
}

static void
use_small(void *memory)
{
	small = memory;
}

static void
use_large(void *memory)
{
	large = memory;
}

static const struct shm_section file_section = { "file", (size_t)3 * PAGE_BYTES,
	PAGE_BYTES, layout_of_ours, use_file };
static const struct shm_section small_section = { "small", 1, 0, NULL,
	use_small };
static const struct shm_section large_section = { "large", PAGE_BYTES + 1, 0,
	NULL, use_large };

/* The exit status of a process of its own that does this, or minus a signal. */
static int
in_child(int (*work)(void))
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		abort();
	if (pid == 0) {
		/* a sanitizer would report it and exit */
		signal(SIGSEGV, SIG_DFL);
		_exit(work());
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Says nothing of it. */
static int
try_file(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	return shm_is_possible(file, &file_section);
}

static void
test_trial(void)
{
	char beside[80];
	struct stat st;

	snprintf(beside, sizeof(beside), "%s.try", file);
	is_int(in_child(try_file), 1, "the file of the memory can be made");
	ok(stat(file, &st) != 0 && stat(beside, &st) != 0,
	    "the trial of a file leaves none behind");
	if (mkdir(beside, 0700) != 0)
		abort();
	is_int(in_child(try_file), 0,
	    "the trial of a file fails where none can be made");
	rmdir(beside);
}

/* FNV-1a; Python: for b in bytes: h = (h ^ b) * 0x100000001b3 % 2**64 */
static void
test_digest(void)
{
	const uint64_t start = UINT64_C(0xcbf29ce484222325);

	ok(shm_digest_text(start, "") == UINT64_C(0xaf63bd4c8601b7df),
	    "the digest of an empty text");
	ok(shm_digest_text(start, "foobar") == UINT64_C(0x34531ca7168b8f38),
	    "the digest of a text");
	ok(shm_digest_number(start, INT64_C(0x0072616265666f66)) !=
	        shm_digest_number(start, INT64_C(0x0072616265666f6f)),
	    "the digest of a number has all of its bytes");
}

/* Descriptors of this process. */
static int
descriptors(void)
{
	int fd, n = 0;

	for (fd = 3; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static const struct shm_section *const all_sections[] = { &file_section,
	&small_section, &large_section, NULL };

static const struct shm_section *const file_alone[] = { &file_section, NULL };

/* What is said when the memory cannot be made, or "made". */
static char reason[2000];

static void
create_and_listen(void)
{
	bool good;

	listen_to_stderr();
	good = shm_create(file, all_sections, -1);
	snprintf(reason, sizeof(reason), "%s", good ? "made" : said());
}

static const struct failure {
	const char *call;
	int turn, error;
	const char *reason; /* "made": it is no failure */
} failures[] = {
	{ "fchmod", 1, ENOSPC, "status.new: No space" },
	{ "ftruncate", 1, ENOSPC, "shared memory: No space" },
	{ "ftruncate", 2, ENOSPC, "status.new: No space" },
	{ "fallocate", 1, ENOSPC, "status.new: No space" },
	{ "fallocate", 1, EOPNOTSUPP, "made" },
	{ "memfd_create", 1, ENOSPC, "shared memory: No space" },
	{ "memfd_create", 1, EINVAL, "made" },
	{ "memfd_create", 2, EINVAL, "made" }, /* there is no second */
	{ "mmap", 1, ENOMEM, "shared memory: Cannot allocate" },
	{ "mmap", 2, ENOMEM, "status.new: Cannot allocate" },
	{ "rename", 1, EACCES, "status: Permission denied" },
};
static const struct failure *failure;

/* 0: what a failure leaves is nothing, and the next try goes through. */
static int
fail_and_repeat(void)
{
	char beside[80];
	struct stat st;
	int before = descriptors();

	snprintf(beside, sizeof(beside), "%s.new", file);
	its_error = failure->error;
	fail_at(failure->call, failure->turn);
	create_and_listen();
	if (strstr(reason, failure->reason) == NULL)
		return 1;
	if (strcmp(failure->reason, "made") == 0)
		return stat(file, &st) != 0 || st.st_size == 0;
	if (stat(beside, &st) == 0)
		return 2;
	/* what other sections have stays for the next try */
	if (descriptors() > before + 1)
		return 3;
	fail_at(NULL, 0);
	create_and_listen();
	return strcmp(reason, "made") == 0 ? 0 : 4;
}

/* The new file has no place: what was made of it is left as it is. */
static int
fail_to_create(void)
{
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	umask(0);
	return shm_create(file, all_sections, -1);
}

static int
meet_another(void)
{
	create_and_listen();
	return strstr(reason, "status: in use by another latchkey") == NULL;
}

/* With a descriptor of which the file has another name. */
static int
meet_another_before(void)
{
	int before = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	bool good;

	listen_to_stderr();
	good = before < 0 || shm_create(file, all_sections, before);
	return strstr(said(), "in use by another latchkey") == NULL || good;
}

static int
meet_stranger(void)
{
	int before = descriptors();

	create_and_listen();
	return strstr(reason, "status: exists but is not a latchkey") == NULL ||
	       descriptors() > before + 1;
}

/* The file is replaced between its lock and the look at its name. */
static int
meet_change(void)
{
	int before = descriptors();

	fail_at("lstat", 1);
	return shm_create(file, file_alone, -1) && failed() &&
	       descriptors() == before + 1;
}

static int
meet_nowhere(void)
{
	snprintf(file, sizeof(file), "%s/none/status", folder);
	create_and_listen();
	return strstr(reason, "none/status: No such file") == NULL;
}

static void
test_failure(void)
{
	char beside[80];
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_LEN(failures); i++) {
		failure = &failures[i];
		is_int(in_child(fail_and_repeat), 0,
		    tap_with("a call that fails leaves nothing behind",
		        failures[i].call));
		unlink(file);
	}
	snprintf(beside, sizeof(beside), "%s.new", file);
	if (mkdir(beside, 0700) != 0)
		abort();
	is_int(in_child(fail_to_create), 0,
	    "the memory is not made where its file cannot be");
	ok(stat(file, &st) == 0 && st.st_size == 0 &&
	        st.st_mode == (S_IFREG | 0640),
	    "a file that only holds the name is for the group to read");
	rmdir(beside);
	is_int(in_child(meet_change), 1,
	    "a file that is replaced while it is locked is closed");
	is_int(in_child(meet_nowhere), 0,
	    "a file in a folder that is not there is said to be so");
	fd = open(file, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, "mine", 4) != 4)
		abort();
	close(fd);
	is_int(in_child(meet_stranger), 0,
	    "another program's file is not replaced");
	ok(stat(file, &st) == 0 && st.st_size == 4,
	    "another program's file is left as it is");
	unlink(file);
}

/* --- with standard input closed: descriptors have the number 0 --- */

static bool
is_closed(int fd)
{
	return fcntl(fd, F_GETFD) == -1;
}

/* A kernel without the seal that is the newest. */
static int
seal_less(void)
{
	const int size = F_SEAL_SHRINK | F_SEAL_GROW;

	fail_at("fcntl", 1);
	return shm_create(file, all_sections, -1) && failed() &&
	       (fcntl(shm.hidden_fd, F_GET_SEALS) &
	           (size | F_SEAL_FUTURE_WRITE)) == size;
}

/* From now on, the next descriptor is 0. */
static void
close_input(void)
{
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	close(STDIN_FILENO);
	errno = EINVAL; /* of a call long before */
}

/* A worker closes both. */
static int
leave_both(void)
{
	int fd = shm.file_fd, hidden = shm.hidden_fd;

	shm_leave();
	return (fd < 0 || is_closed(fd)) && (hidden < 0 || is_closed(hidden)) &&
	       shm.file_fd == -1 && shm.hidden_fd == -1;
}

static int
hidden_0(void)
{
	close_input();
	return shm_create(file, all_sections, -1) && shm.hidden_fd == 0 &&
	       small != NULL && in_child(leave_both) == 1;
}

/* The file of the name, which goes when the new one has its place. */
static int
name_0(void)
{
	close_input();
	return shm_create(file, file_alone, -1) && shm.file_fd > 0 &&
	       is_closed(0);
}

static int
stranger_0(void)
{
	snprintf(file, sizeof(file), "%s/stranger", folder);
	close_input();
	return !shm_create(file, file_alone, -1) && is_closed(0);
}

static int
file_0(void)
{
	int before = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	close_input();
	if (before < 3 || !shm_create(file, file_alone, before) ||
	    shm.file_fd != 0 || !is_closed(before) || in_child(leave_both) != 1)
		return 0;
	fail_at("fallocate", 1);
	return !shm_reserve(in_file, PAGE_BYTES) && failed();
}

static int
failed_file_0(void)
{
	int before = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	char beside[80];
	struct stat st;

	snprintf(beside, sizeof(beside), "%s.new", file);
	close_input();
	fail_at("rename", 1);
	return before >= 3 && !shm_create(file, file_alone, before) &&
	       failed() && is_closed(0) && !is_closed(before) &&
	       stat(beside, &st) != 0;
}

static int
trial_0(void)
{
	close_input();
	return shm_is_possible(file, &file_section) && is_closed(0);
}

static int
load_0(void)
{
	static char bytes[3 * PAGE_BYTES];

	close_input();
	errno = ENOENT;
	return shm_load(file, &file_section, bytes) && is_closed(0);
}

static int
served_0(void)
{
	close_input();
	return shm_is_served(file) && is_closed(0);
}

static void
test_first_descriptor(void)
{
	char stranger[80];
	int fd;

	snprintf(stranger, sizeof(stranger), "%s/stranger", folder);
	fd = open(stranger, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, "mine", 4) != 4)
		abort();
	close(fd);
	is_int(in_child(seal_less), 1,
	    "memory without a name keeps its size on an older kernel");
	unlink(file);
	is_int(in_child(stranger_0), 1,
	    "another program's file is closed where it is descriptor 0");
	unlink(stranger);
	is_int(
	    in_child(hidden_0), 1, "memory without a name may be descriptor 0");
	unlink(file);
	is_int(in_child(name_0), 1,
	    "the file that is replaced may be descriptor 0");
	unlink(file);
	is_int(in_child(file_0), 1, "the new file may be descriptor 0");
	unlink(file);
	is_int(in_child(failed_file_0), 1,
	    "a new file without a place is closed where it is descriptor 0");
	unlink(file);
	is_int(in_child(trial_0), 1, "the trial of a file may be descriptor 0");
}

static void
test_sections(void)
{
	static const struct shm_section *const sections[] = { &file_section,
		&small_section, &large_section, NULL };
	struct stat st;
	char link[80];

	snprintf(link, sizeof(link), "%s.link", file);
	umask(077);
	ok(shm_read_only(&small_section),
	    "all sections may be made read-only before the memory is made");
	ok(shm_hide(&small_section),
	    "all sections may be hidden before the memory is made");
	ok(shm_create(file, sections, -1), "the memory is made");
	ok(stat(file, &st) == 0 && st.st_mode == (S_IFREG | 0640),
	    "the file is for the group to read, whatever the umask");
	ok(in_file != NULL && small != NULL && large != NULL,
	    "each owner has its section");
	ok((uintptr_t)small % PAGE_BYTES == 0 &&
	        (uintptr_t)large % PAGE_BYTES == 0 && large != small,
	    "each section has pages of its own");
	if (large == NULL)
		abort();
	is_int(large[PAGE_BYTES], 0, "a section is zeroed to its last byte");
	is_int(in_child(meet_another), 0,
	    "the file of a service that runs is not replaced");
	is_int(in_child(meet_another_before), 0,
	    "a descriptor of another file gives no right to replace one");
	ok(symlink(file, link) == 0 && !shm_is_served(link),
	    "a link to the file of a service is not served");
	unlink(link);
	ok(shm_is_served(file), "the file of a service that runs is served");
	ok(!shm_is_served(folder), "a folder is not served");
	is_int(in_child(load_0), 1, "a file that is read may be descriptor 0");
	is_int(in_child(served_0), 1,
	    "a file that is asked about may be descriptor 0");
}

static int
write_all(void)
{
	shm_leave();
	small[0] = 's';
	large[PAGE_BYTES] = 'l';
	return 0;
}

static int
look_on(void)
{
	if (!shm_read_only(&small_section))
		return 1;
	shm_leave();
	small[0] = 0;
	return 0;
}

/* As a process that is taken over would. */
static int
allow_itself(void)
{
	if (!shm_read_only(&small_section))
		return 1;
	shm_leave();
	return mprotect(small, PAGE_BYTES, PROT_READ | PROT_WRITE) == -1 &&
	               errno == EACCES
	           ? 0
	           : 2;
}

static int
write_beside(void)
{
	if (!shm_read_only(&large_section))
		return 1;
	small[0]++;
	return large[PAGE_BYTES] != 'l' || small[0] != 't';
}

/* What others write later is seen in a section that is only read. */
static int
see_news(void)
{
	if (!shm_read_only(&small_section))
		return 1;
	large[0] = 1;
	while (small[0] != 'u')
		usleep(1000);
	return 0;
}

static int
hide_all(void)
{
	shm_leave();
	return shm_hide_all() && small[0] == 0 && large[PAGE_BYTES] == 0 &&
	       in_file[0] == 0 && in_file[2 * (size_t)PAGE_BYTES] == 0;
}

/* A log whose count of lost lines was in a section, and is hidden now. */
static int
log_hidden(void)
{
	log_share((struct log_state *)(void *)large);
	dup2(open("/dev/full", O_WRONLY), STDERR_FILENO);
	log_say("lost");
	shm_leave();
	if (!shm_hide_all())
		return 1;
	log_share(NULL);
	log_say("lost as well");
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	log_say("written");
	return log_take_lost() != 1;
}

static void
test_read_only(void)
{
	pid_t pid;
	int status;

	is_int(in_child(write_all), 0, "a worker writes its sections");
	ok(small[0] == 's' && large[PAGE_BYTES] == 'l',
	    "other processes see what a worker writes");
	is_int(in_child(look_on), -SIGSEGV,
	    "a process that only reads a section cannot write it");
	is_int(small[0], 's',
	    "a write to a section that is only read changes nothing");
	is_int(in_child(allow_itself), 0,
	    "a process cannot make its section writable again");
	in_file[2 * (size_t)PAGE_BYTES] = 'g';
	is_int(in_child(hide_all), 1,
	    "a process that hides all sections sees nothing of them");
	ok(small[0] == 's' && large[PAGE_BYTES] == 'l' && in_file[0] == 'f',
	    "to hide sections changes nothing for other processes");
	is_int(in_child(log_hidden), 0,
	    "a process that hides all sections counts its lost lines itself");
	memset(large, 0, sizeof(struct log_state));
	is_int(in_child(write_beside), 0,
	    "a process that only reads a section writes the one beside");
	if ((pid = fork()) == 0)
		_exit(see_news());
	while (*(volatile char *)large == 0)
		usleep(1000);
	small[0] = 'u';
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	        WEXITSTATUS(status) == 0,
	    "a process that only reads sees what others write later");
}

/* The file alone stands in the folder, and no name leads to the rest. */
static int
has_descriptors(void)
{
	char name[64], target[128];
	int fd, n = 0;

	shm_leave();
	for (fd = 3; fd < 64; fd++) {
		ssize_t got;

		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		got = readlink(name, target, sizeof(target) - 1);
		target[got > 0 ? got : 0] = '\0';
		n += strstr(target, "memfd") != NULL ||
		     strstr(target, folder) != NULL;
	}
	return n;
}

static int
load(void)
{
	static char bytes[3 * PAGE_BYTES];
	int out = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	bool good;

	dup2(null, STDERR_FILENO);
	good = shm_load(file, &file_section, bytes);
	dup2(out, STDERR_FILENO);
	return good && bytes[0] == 'f';
}

static int
load_other_layout(void)
{
	digest++;
	return load();
}

/* Without the descriptor nothing can be reserved, and nothing is missed. */
static int
reserve_after(void)
{
	shm_leave();
	return shm_reserve(in_file, PAGE_BYTES);
}

static void
test_file(void)
{
	struct stat before, after;

	is_int(in_child(has_descriptors), 0,
	    "a worker closes all descriptors of the memory");
	is_int(in_child(load), 1,
	    "the file of the memory is read by other processes");
	is_int(in_child(load_other_layout), 0,
	    "a file with another layout is not read");
	stat(file, &before);
	ok(shm_reserve(in_file + PAGE_BYTES, (size_t)2 * PAGE_BYTES),
	    "pages are reserved on the disk");
	stat(file, &after);
	ok(after.st_blocks > before.st_blocks,
	    "reserved pages take blocks of the file");
	is_int(in_child(reserve_after), 1,
	    "a worker that has left the memory reserves its own");
}

static int told[2], end[2];

/* A worker that outlives its supervisor. */
static int
leave_and_wait(void)
{
	char byte;

	close(end[1]);
	shm_leave();
	return write(told[1], "", 1) != 1 || read(end[0], &byte, 1) != 0;
}

static int
serve_and_die(void)
{
	static const struct shm_section *const sections[] = { &file_section,
		&small_section, NULL };
	char byte;
	pid_t pid;

	if (!shm_create(file, sections, -1) || (pid = fork()) < 0)
		return 1;
	if (pid == 0)
		_exit(leave_and_wait());
	return read(told[0], &byte, 1) != 1 || in_child(load) != 1;
}

static void
test_lock(void)
{
	static char bytes[3 * PAGE_BYTES];
	bool good;
	int i;

	snprintf(file, sizeof(file), "%s/second", folder);
	if (pipe(told) != 0 || pipe(end) != 0)
		abort();
	is_int(in_child(serve_and_die), 0,
	    "a supervisor that dies leaves a worker");
	is_int(in_child(load), 1,
	    "the worker of a supervisor that died holds the file");
	close(end[1]);
	for (i = 0; i < 1000 && in_child(load) != 0; i++)
		usleep(10000);
	ok(i < 1000, "the file is free when the last worker has ended");
	ok(!shm_is_served(file), "a file that is free is not served");
	listen_to_stderr();
	good = shm_load(file, &file_section, bytes);
	ok(strstr(said(), "second: latchkey is not running (any more)") !=
	            NULL &&
	        !good,
	    "a file that is free is not read, which is said");
	unlink(file);
	listen_to_stderr();
	good = shm_load(file, &file_section, bytes);
	ok(strstr(said(), "second: no such file") != NULL && !good,
	    "a file that is not there is said to be so");
	listen_to_stderr();
	good = shm_load(folder, &file_section, bytes);
	ok(strstr(said(), "not a regular file") != NULL && !good,
	    "a folder is not read, which is said");
	unlink(file);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/status", folder);
	ok(shm_file() == -1 && shm.hidden_fd == -1,
	    "a process begins without descriptors of the memory");
	test_digest();
	test_trial();
	test_failure();
	test_first_descriptor();
	test_sections();
	test_read_only();
	test_file();
	unlink(file);
	test_lock();
	rmdir(folder);
	return done();
}
