/*
 * Shared memory: the status file, and memory that no process can open.
 *
 * Sections behind the first are one memfd, sealed so that a mapping which is
 * made read-only later can never be made writable again: what a role only reads
 * it cannot write, even when it is taken over.
 */
#include "base.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "stats/shm.h"

#define NAME_BYTES 4104 /* of the longest status_file and ".new" or ".try" */
#define HEAD_BYTES 4096 /* of the file, before its section */
#define LAYOUT_BYTES                                                        \
	64             /* of that; a process that reads another layout must \
	                * not guess at it */
#define MAGIC_BYTES 16 /* "latchkey status ", of any version */
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3 */
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16 /* Linux 5.1 */
#endif

/* The supervisor's state; workers close the descriptors. */
static struct {
	const struct shm_section *const *sections;
	char *file, *hidden; /* where the file and the others are mapped */
	int file_fd, hidden_fd;
	pid_t owner;
} shm = { .file_fd = -1, .hidden_fd = -1 };

static bool
complain(const char *file, const char *what)
{
	log_say("status_file: %s: %s", file, what);
	return false;
}

/* --- layout --- */

static uint64_t
digest_bytes(uint64_t digest, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n-- > 0)
		digest = (digest ^ *p++) * FNV_PRIME;
	return digest;
}

uint64_t
shm_digest_text(uint64_t digest, const char *s)
{
	return digest_bytes(digest, s, strlen(s) + 1);
}

uint64_t
shm_digest_number(uint64_t digest, int64_t n)
{
	return digest_bytes(digest, &n, sizeof(n));
}

/* How a file of this section begins: no other version's begins alike. */
static void
make_layout(const struct shm_section *section, char out[LAYOUT_BYTES])
{
	uint64_t digest = shm_digest_text(FNV_START, section->name);

	digest = shm_digest_number(digest, (int64_t)section->bytes);
	digest = shm_digest_number(digest, (int64_t)section->layout());
	memset(out, 0, LAYOUT_BYTES);
	snprintf(out, LAYOUT_BYTES, "latchkey status %s %016" PRIx64,
	    LATCHKEY_VERSION, digest);
}

/* --- the file --- */

/*
 * A lock of the open file, not of the process (fcntl(2)): it lasts until no
 * process has this descriptor or the memory mapped by it, and can be asked
 * about without being taken.
 */
static bool
lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

static bool
is_locked(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

/* Is fd still the file of this name? */
static bool
is_at(const char *file, int fd)
{
	struct stat by_fd, by_name;

	return fstat(fd, &by_fd) == 0 && lstat(file, &by_name) == 0 &&
	       by_fd.st_ino == by_name.st_ino && by_fd.st_dev == by_name.st_dev;
}

/* A file that is empty, or begins as ours do: no other is replaced. */
static bool
is_ours(int fd, off_t size)
{
	char head[LAYOUT_BYTES];

	return size == 0 ||
	       (pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	           memcmp(head, "latchkey status ", MAGIC_BYTES) == 0);
}

/*
 * The right to replace a file: a lock on the file of its name. The process
 * that replaces it locks the new one first, so of several that start at once
 * one has the right, and the others meet either lock. The descriptor, or -1.
 */
static int
lock_name(const char *file)
{
	struct stat st;
	int fd;

	for (;;) {
		fd = open(file,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0640);
		if (fd < 0 || fstat(fd, &st) != 0) {
			complain(file, strerror(errno));
		} else if (!S_ISREG(st.st_mode) || !is_ours(fd, st.st_size)) {
			complain(
			    file, "exists but is not a latchkey status file");
		} else if (!lock(fd)) {
			complain(file, errno == EAGAIN || errno == EACCES
			                   ? "in use by another latchkey"
			                   : strerror(errno));
		} else if (is_at(file, fd)) {
			return fd;
		} else {
			close(fd);
			continue;
		}
		if (fd >= 0)
			close(fd);
		return -1;
	}
}

/*
 * A new file of this name, locked, with room for section; all of it a hole but
 * the part that the supervisor writes. -1: errno has the reason.
 */
static int
make_file(const char *name, const struct shm_section *section)
{
	int fd, error;

	/* left by one that died here; the name is ours by the lock */
	unlink(name);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	if (fchmod(fd, 0640) == 0 && lock(fd) &&
	    ftruncate(fd, (off_t)(HEAD_BYTES + section->bytes)) == 0 &&
	    (fallocate(fd, 0, 0, (off_t)(HEAD_BYTES + section->begin_bytes)) ==
	            0 ||
	        errno == EOPNOTSUPP))
		return fd;
	error = errno;
	close(fd);
	unlink(name);
	errno = error;
	return -1;
}

static char *
map(int fd, size_t bytes)
{
	void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return m != MAP_FAILED ? m : NULL;
}

/* Map a whole new file, and let its owner begin. False: see errno. */
static bool
fill_file(int fd, const struct shm_section *section)
{
	char *m = map(fd, HEAD_BYTES + section->bytes);

	if (m == NULL)
		return false;
	make_layout(section, m);
	shm.file = m + HEAD_BYTES;
	section->use(shm.file);
	return true;
}

static bool
create_file(const char *file, const struct shm_section *section, int before)
{
	char name[NAME_BYTES];
	bool good = false;
	int old, fd;

	old = is_at(file, before) ? before : lock_name(file);
	if (old < 0)
		return false;
	snprintf(name, sizeof(name), "%s.new", file);
	fd = make_file(name, section);
	if (fd < 0 || !fill_file(fd, section))
		complain(name, strerror(errno));
	else if (rename(name, file) != 0)
		complain(file, strerror(errno));
	else
		good = true;
	if (good) {
		shm.file_fd = fd;
	} else if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	if (old != before)
		close(old);
	return good;
}

bool
shm_is_possible(const char *file, const struct shm_section *section)
{
	char name[NAME_BYTES];
	int fd;

	snprintf(name, sizeof(name), "%s.try", file);
	fd = make_file(name, section);
	if (fd < 0)
		return complain(name, strerror(errno));
	close(fd);
	unlink(name);
	return true;
}

/* --- the other sections --- */

/* A section's bytes in whole pages. */
static size_t
pages(const struct shm_section *section)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (section->bytes + page - 1) / page * page;
}

/* Where a section begins behind the first; of the end: how long they are. */
static size_t
offset_of(const struct shm_section *section)
{
	const struct shm_section *const *p = shm.sections + 1;
	size_t n = 0;

	assert(shm.sections != NULL);
	for (; *p != NULL && *p != section; p++)
		n += pages(*p);
	return n;
}

/* Anonymous memory; -1: see errno. */
static int
make_hidden(size_t bytes)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("latchkey", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("latchkey", flags);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
		return -1;
	return fd;
}

static bool
create_hidden(void)
{
	const struct shm_section *const *p = shm.sections + 1;
	size_t bytes = offset_of(NULL);

	if (bytes == 0 || shm.hidden != NULL)
		return true;
	shm.hidden_fd = make_hidden(bytes);
	if (shm.hidden_fd < 0 ||
	    (shm.hidden = map(shm.hidden_fd, bytes)) == NULL) {
		log_say("shared memory: %s", strerror(errno));
		return false;
	}
	/* without the last one, which is newer, a mapping is read-only until
	 * its process changes that */
	if (fcntl(shm.hidden_fd, F_ADD_SEALS,
	        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) != 0)
		fcntl(shm.hidden_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	for (; *p != NULL; p++)
		(*p)->use(shm.hidden + offset_of(*p));
	return true;
}

bool
shm_create(
    const char *file, const struct shm_section *const *sections, int before)
{
	shm.sections = sections;
	shm.owner = getpid();
	if (!create_hidden() || !create_file(file, sections[0], before))
		return false;
	if (before >= 0)
		close(before);
	return true;
}

int
shm_file(void)
{
	return shm.file_fd;
}

/* --- workers --- */

bool
shm_reserve(const void *at, size_t bytes)
{
	off_t offset;

	if (shm.file_fd < 0)
		return true;
	offset = HEAD_BYTES + ((const char *)at - shm.file);
	return fallocate(shm.file_fd, 0, offset, (off_t)bytes) == 0 ||
	       errno == EOPNOTSUPP;
}

bool
shm_read_only(const struct shm_section *section)
{
	size_t offset;

	if (shm.hidden == NULL)
		return true;
	offset = offset_of(section);
	assert(offset < offset_of(NULL));
	return mmap(shm.hidden + offset, pages(section), PROT_READ,
	           MAP_SHARED | MAP_FIXED, shm.hidden_fd,
	           (off_t)offset) != MAP_FAILED;
}

/* Zeros of this process alone in the place of memory. */
static bool
hide(char *at, size_t bytes)
{
	return at == NULL || bytes == 0 ||
	       mmap(at, bytes, PROT_READ,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	           0) != MAP_FAILED;
}

bool
shm_hide(const struct shm_section *section)
{
	size_t offset;

	if (shm.hidden == NULL)
		return true;
	offset = offset_of(section);
	assert(offset < offset_of(NULL));
	return hide(shm.hidden + offset, pages(section));
}

bool
shm_hide_all(void)
{
	return hide(shm.hidden, shm.hidden != NULL ? offset_of(NULL) : 0) &&
	       (shm.file == NULL || hide(shm.file - HEAD_BYTES,
	                                HEAD_BYTES + shm.sections[0]->bytes));
}

void
shm_leave(void)
{
	if (shm.owner == getpid())
		return;
	if (shm.file_fd >= 0)
		close(shm.file_fd);
	if (shm.hidden_fd >= 0)
		close(shm.hidden_fd);
	shm.file_fd = shm.hidden_fd = -1;
}

/* --- other processes --- */

/* Read all of it: a process that maps a file dies when that is cut short. */
static bool
read_whole(int fd, const struct shm_section *section, char *out)
{
	char head[LAYOUT_BYTES], layout[LAYOUT_BYTES];
	size_t got = 0;
	ssize_t n;

	make_layout(section, layout);
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, layout, sizeof(head)) != 0)
		return false;
	while (got < section->bytes) {
		n = pread(fd, out + got, section->bytes - got,
		    (off_t)(HEAD_BYTES + got));
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

bool
shm_load(const char *file, const struct shm_section *section, void *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool good = false;

	if (fd < 0 && errno == ENOENT)
		return complain(file, "no such file: latchkey is not running");
	if (fd < 0)
		return complain(file, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		complain(file, "not a regular file");
	else if (!is_locked(fd))
		complain(file, "latchkey is not running (any more)");
	else if (st.st_size != (off_t)(HEAD_BYTES + section->bytes) ||
	         !read_whole(fd, section, out))
		complain(file, "made by another version of latchkey");
	else
		good = true;
	close(fd);
	return good;
}

bool
shm_is_served(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool served = fd >= 0 && is_locked(fd);

	if (fd >= 0)
		close(fd);
	return served;
}
