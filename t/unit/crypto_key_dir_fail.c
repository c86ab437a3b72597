/*
 * crypto/key_dir.c when a call fails it: what is said, what stays as it was,
 * and what is closed and removed again.
 */
#include "base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/jws.h"
#include "fail.h"

#define key_dir_load tested_load
#define key_dir_open tested_open
#define key_dir_close tested_close
#define key_dir_add tested_add
#define key_dir_find tested_find
#define key_dir_save tested_save
#define key_dir_remove tested_remove
#define flock(fd, how) (does_fail("flock") ? -1 : (flock)(fd, how))
#define fstat(fd, st) (does_fail("fstat") ? -1 : (fstat)(fd, st))
#define fchown(fd, u, g) (does_fail("fchown") ? -1 : (fchown)(fd, u, g))
#define fchmod(fd, mode) (does_fail("fchmod") ? -1 : (fchmod)(fd, mode))
#define fsync(fd) (does_fail("fsync") ? -1 : (fsync)(fd))
#define renameat(a, from, b, to) \
	(does_fail("renameat") ? -1 : (renameat)(a, from, b, to))
#define unlinkat(fd, name, how) \
	(does_fail("unlinkat") ? -1 : (unlinkat)(fd, name, how))
#define write(fd, p, n) write_of_ours(fd, p, n)
#define close(fd) close_of_ours(fd)
#define jws_key_new(alg) (fails("new") ? NULL : (jws_key_new)(alg))
#define jws_key_write(key, out) (!fails("pem") && (jws_key_write)(key, out))
#define jws_thumbprint(key, out) \
	(!fails("thumbprint") && (jws_thumbprint)(key, out))
#define explicit_bzero wipe_of_ours

static bool does_fail(const char *name);
static ssize_t write_of_ours(int fd, const void *p, size_t n);
static int close_of_ours(int fd);
static void wipe_of_ours(void *p, size_t n);

#include "crypto/key_dir.c" /* NOLINT(bugprone-suspicious-include) */

#undef write
#undef close
#undef fchmod

#include "said.h"
#include "tap.h"

#define KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

static int its_error = EIO;

static bool
does_fail(const char *name)
{
	bool it_does = fails(name);

	if (it_does)
		errno = its_error;
	return it_does;
}

static bool by_bytes;     /* write() takes one at a time */
static bool is_kept_open; /* by exec, of what was written last */

static ssize_t
write_of_ours(int fd, const void *p, size_t n)
{
	if (does_fail("write"))
		return -1;
	if (fails("written")) {
		errno = its_error;
		return 0;
	}
	is_kept_open = (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
	return write(fd, p, by_bytes && n > 1 ? 1 : n);
}

static int
close_of_ours(int fd)
{
	int result = close(fd);

	return does_fail("close") ? -1 : result;
}

static size_t wiped;

static void
wipe_of_ours(void *p, size_t n)
{
	memset(p, 0, n);
	wiped = n;
}

static char folder[] = "/tmp/key_dir.XXXXXX", list[64];

static int
open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* The list, until the next call. */
static const char *
content(void)
{
	static char text[8192];
	int fd = open(list, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
set_list(const char *text)
{
	int fd = open(list, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		abort();
	close(fd);
}

static bool
has_temporary(const char *name)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/.%s.new", folder, name);
	return lstat(path, &st) == 0;
}

static struct key_dir dir;

static bool
saves(void)
{
	bool good;

	listen_to_stderr();
	good = tested_save(&dir);
	said();
	return good;
}

static void
test_save(void)
{
	static const struct {
		const char *call;
		int turn;
		bool is_replaced; /* before it fails */
	} calls[] = {
		{ "fstat", 1, false },
		{ "fchown", 1, false },
		{ "fchmod", 1, false },
		{ "write", 1, false },
		{ "written", 1, false },
		{ "fsync", 1, false },
		{ "close", 1, false },
		{ "renameat", 1, false },
		{ "fsync", 2, true },
	};
	int files;
	size_t i;

	set_list("# before\n");
	if (!tested_open(folder, &dir))
		abort();
	files = open_files();
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		set_list("# before\n");
		fail_at(calls[i].call, calls[i].turn);
		ok(!saves() && failed(),
		    tap_with("a list is not saved when a call fails",
		        calls[i].call));
		ok((strcmp(content(), "# before\n") != 0) ==
		        calls[i].is_replaced,
		    tap_with("a list stays as it was when a call fails",
		        calls[i].call));
		ok(strstr(said_text, "keys: Input/output error") != NULL &&
		        strstr(said_text, "owner") == NULL,
		    tap_with("a call that fails is told", calls[i].call));
		ok(!has_temporary("keys") && open_files() == files,
		    tap_with("a call that fails leaves nothing behind",
		        calls[i].call));
	}
	its_error = EACCES;
	fail_at("renameat", 1);
	ok(!saves() && strstr(said_text, "; run this as the directory's owner"),
	    "a right that is missing is told with a remedy");
	its_error = EPERM;
	fail_at("fchown", 1);
	ok(!saves() && strstr(said_text, "; run this as the directory's owner"),
	    "an owner that cannot be set is told with a remedy");
	its_error = EIO;
	failed();
	by_bytes = true;
	ok(saves() && strcmp(content(), HEAD) == 0,
	    "a list is written to its end, byte by byte");
	by_bytes = false;
	tested_close(&dir);
}

/* In the place of the file that is written first stands a link. */
static void
test_link(void)
{
	char beside[64], target[64];
	struct stat st;

	snprintf(beside, sizeof(beside), "%s/.keys.new", folder);
	snprintf(target, sizeof(target), "%s/target", folder);
	set_list("# before\n");
	if (symlink(target, beside) != 0 || !tested_open(folder, &dir))
		abort();
	ok(!saves() && strstr(said_text, strerror(ELOOP)) != NULL,
	    "a list is not written through a link");
	ok(stat(target, &st) != 0 && strcmp(content(), "# before\n") == 0,
	    "a link in the place of a new list leaves all as it is");
	unlink(target);
	unlink(beside);
	is_kept_open = true;
	ok(saves() && !is_kept_open,
	    "a list that is written is closed where a program begins");
	tested_close(&dir);
}

static void
test_open(void)
{
	int files = open_files();

	set_list("");
	fail_at("flock", 1);
	ok(!tested_open(folder, &dir) && failed() && dir.fd == -1,
	    "a directory that cannot be locked is not opened");
	set_list("x\n");
	listen_to_stderr();
	ok(!tested_open(folder, &dir) && dir.fd == -1,
	    "a directory with a wrong list is not opened");
	ok(strstr(said(), "keys, line 1: is not what latchkey key writes"),
	    "a wrong list is told with its line");
	is_int(open_files(), files, "a directory that is refused is closed");
	tested_close(&dir);
	set_list("# a\n\n" KID " ES256 1 2 3\nx\n");
	listen_to_stderr();
	ok(!tested_open(folder, &dir) && strstr(said(), ", line 4:"),
	    "comments, empty lines and keys are counted as lines");
	listen_to_stderr();
	ok(!tested_open("/nonexistent", &dir) &&
	        strstr(said(), "make it with: install -d"),
	    "a directory that is not there is told with a remedy");
	listen_to_stderr();
	ok(!tested_open("/dev/null", &dir) &&
	        strstr(said(), strerror(ENOTDIR)) &&
	        strstr(said_text, "make it") == NULL,
	    "a directory that is none is told as that");
}

static void
test_count(void)
{
	char text[(KEY_DIR_MAX + 1) * 80] = "", number[24];
	size_t i, n = 0;

	for (i = 0; i < KEY_DIR_MAX; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, KID " ES256 1 2 3\n");
	set_list(text);
	ok(tested_open(folder, &dir) && dir.count == KEY_DIR_MAX,
	    "a list may be full");
	tested_close(&dir);
	snprintf(text + n, sizeof(text) - n, KID " ES256 1 2 3\n");
	set_list(text);
	snprintf(number, sizeof(number), ", line %d:", KEY_DIR_MAX + 1);
	listen_to_stderr();
	ok(!tested_open(folder, &dir) && strstr(said(), number),
	    "a list with a key too many is told with its line");
	set_list(KID " ES256 7 - 9\n");
	ok(tested_open(folder, &dir) && dir.count == 1 &&
	        dir.entries[0].made_s == 7 &&
	        dir.entries[0].from_s == KEY_NEVER &&
	        dir.entries[0].until_s == 9 &&
	        dir.entries[0].alg == JWS_ES256 && saves() &&
	        strcmp(content(), HEAD KID " ES256 7 - 9\n") == 0,
	    "a list is written as it was read");
	tested_close(&dir);
}

static void
test_add(void)
{
	static const char *const calls[] = { "new", "pem", "thumbprint",
		"write" };
	const struct key_entry *made = NULL;
	char path[160];
	struct stat st;
	size_t i;

	set_list("");
	if (!tested_open(folder, &dir))
		abort();
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		fail_at(calls[i], 1);
		wiped = 0;
		listen_to_stderr();
		ok(!tested_add(&dir, JWS_ES256, 1, 2, &made) && failed() &&
		        dir.count == 0 && content()[0] == '\0',
		    tap_with("no key is added when a call fails", calls[i]));
		said();
		is_int((long long)wiped, JWS_PEM_BYTES,
		    tap_with("a key that was made is wiped", calls[i]));
	}
	fail_at("write", 2);
	listen_to_stderr();
	ok(!tested_add(&dir, JWS_ES256, 1, 2, &made) && failed(),
	    "a key is not added when the list is not written");
	said();
	tested_close(&dir);
	set_list("");
	if (chmod(folder, 0750) != 0 || !tested_open(folder, &dir))
		abort();
	ok(tested_add(&dir, JWS_EDDSA, 1, 2, &made) && dir.count == 1 &&
	        made == dir.entries && made->alg == JWS_EDDSA &&
	        made->made_s == 1 && made->from_s == 2 &&
	        made->until_s == KEY_NEVER,
	    "a key that is added is an entry");
	snprintf(path, sizeof(path), "%s/%s.pem", folder, dir.entries[0].kid);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640,
	    "a key is read by the group that can read its directory");
	tested_close(&dir);
}

static void
test_load(void)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	char path[160], other[160];

	if (ring == NULL || !tested_open(folder, &dir))
		abort();
	snprintf(path, sizeof(path), "%s/%s.pem", folder, dir.entries[0].kid);
	snprintf(other, sizeof(other), "%s/%s.pem", folder, KID);
	ok(tested_load(folder, ring) && ring->count == 1,
	    "a directory that is locked is read");
	keyring_clear(ring);
	set_list(KID " EdDSA 1 2 3\n");
	listen_to_stderr();
	ok(!tested_load(folder, ring) && ring->count == 0 &&
	        strstr(said(), "no such file"),
	    "a key without its file is told");
	if (link(path, other) != 0)
		abort();
	listen_to_stderr();
	ok(!tested_load(folder, ring) && ring->count == 0 &&
	        strstr(said(), "is not the EdDSA key of its name"),
	    "a key of another name is told");
	unlink(other);
	keyring_clear(ring);
	free(ring);
}

static void
test_remove(void)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s.pem", folder, dir.entries[0].kid);
	fail_at("unlinkat", 1);
	listen_to_stderr();
	ok(!tested_remove(&dir, dir.entries) && failed() && dir.count == 0 &&
	        strstr(said(), ".pem: Input/output error"),
	    "a file that cannot be removed is told");
	set_list(KID " EdDSA 1 2 3\n");
	tested_close(&dir);
	if (!tested_open(folder, &dir))
		abort();
	fail_at("write", 1);
	listen_to_stderr();
	ok(!tested_remove(&dir, dir.entries) && failed(),
	    "a key is not removed when the list is not written");
	said();
	tested_close(&dir);
	if (!tested_open(folder, &dir))
		abort();
	ok(tested_find(&dir, "none") == NULL &&
	        tested_find(&dir, KID) == dir.entries,
	    "a key is found by its name alone");
	ok(tested_remove(&dir, dir.entries) && dir.count == 0 &&
	        strcmp(content(), HEAD) == 0,
	    "a key without its file is removed");
	tested_close(&dir);
	unlink(path);
}

/* As when standard input is closed. */
static void
test_first_descriptor(void)
{
	int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	close(STDIN_FILENO);
	ok(tested_open(folder, &dir) && dir.fd == 0,
	    "a directory may have the descriptor 0");
	tested_close(&dir);
	ok(fcntl(0, F_GETFD) == -1, "the descriptor 0 is closed");
	if (copy >= 0)
		dup2(copy, STDIN_FILENO);
	if (!tested_open(folder, &dir))
		abort();
	close(STDIN_FILENO);
	ok(saves(), "a file of the directory may have the descriptor 0");
	if (copy >= 0) {
		dup2(copy, STDIN_FILENO);
		close(copy);
	}
	tested_close(&dir);
}

/* With the half of a pair that is there where its list was not written. */
static void
remove_folder(void)
{
	DIR *d = opendir(folder);
	struct dirent *file;

	if (d == NULL)
		abort();
	while ((file = readdir(d)) != NULL)
		(unlinkat)(dirfd(d), file->d_name, 0);
	closedir(d);
	rmdir(folder);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(list, sizeof(list), "%s/keys", folder);
	umask(022);
	test_save();
	test_link();
	test_open();
	test_count();
	test_add();
	test_load();
	test_remove();
	test_first_descriptor();
	remove_folder();
	return done();
}
