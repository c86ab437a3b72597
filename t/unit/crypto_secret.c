/*
 * crypto/secret.c: which files are secret enough and which secrets good; and
 * that it leaves no copy behind and no descriptor open.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "keys.h"
#include "said.h"
#include "tap.h"

/* --- what fails, in the place of the system's --- */

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/*
 * FORTIFY_SOURCE has other names for these, and the compilers know too much of
 * the usual ones to let them be defined.
 */
ssize_t read_plain(int fd, void *to, size_t n) __asm__("read");
ssize_t read_checked(int fd, void *to, size_t n, size_t size) __asm__(
    "__read_chk");
void wipe(void *p, size_t n) __asm__("explicit_bzero");
void wipe_checked(void *p, size_t n, size_t size) __asm__(
    "__explicit_bzero_chk");

static bool by_bytes;  /* read() gives one at a time */
static bool inherited; /* a file was read that a new program would get */

ssize_t
read_plain(int fd, void *to, size_t n)
{
	if (fails("read")) {
		errno = EIO;
		return -1;
	}
	inherited |= (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
	return REAL(read)(fd, to, by_bytes && n > 1 ? 1 : n);
}

ssize_t
read_checked(int fd, void *to, size_t n, size_t size)
{
	return n <= size ? read_plain(fd, to, n) : -1;
}

int
fstat(int fd, struct stat *st)
{
	return fails("fstat") ? -1 : REAL(fstat)(fd, st);
}

/* Whether this text was in what was wiped. */
static char secret[64];
static bool secret_wiped;

void
wipe(void *p, size_t n)
{
	secret_wiped |=
	    secret[0] != '\0' && memmem(p, n, secret, strlen(secret)) != NULL;
	REAL(explicit_bzero)(p, n);
}

void
wipe_checked(void *p, size_t n, size_t size)
{
	wipe(p, n < size ? n : size);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static int
open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- the file --- */

/* Load a key of n bytes; what is said is kept. */
static bool
load(const char *bytes, size_t n, struct secret *out)
{
	char path[] = "/tmp/latchkey-key-XXXXXX";
	int fd = mkstemp(path);
	bool good = fd >= 0 && write(fd, bytes, n) == (ssize_t)n;

	close(fd);
	listen_to_stderr();
	good = good && secret_load("key_file", path, out);
	said();
	unlink(path);
	return good;
}

static bool
is_zero(const struct secret *k)
{
	return is_zeroed(k, sizeof(*k));
}

static void
test_reading(void)
{
	static struct secret k;
	static char longest[SECRET_MAX_BYTES], longer[5000];
	int files = open_files();

	inherited = false;
	memset(longest, 'L', sizeof(longest));
	longest[0] = 'F';
	by_bytes = true;
	ok(load("secret/0123456789abcdef0123456789", 33, &k) && k.len == 33 &&
	        memcmp(k.bytes, "secret/0123456789abcdef0123456789", 33) == 0,
	    "a key is read that comes byte by byte");
	memset(longer, 'L', sizeof(longer));
	ok(!load(longer, sizeof(longer), &k),
	    "a key file that does not end is given up");
	by_bytes = false;
	ok(load(longest, sizeof(longest), &k) && k.len == sizeof(longest) &&
	        memcmp(k.bytes, longest, sizeof(longest)) == 0,
	    "a key of the largest size is read to its end");
	ok(load("secret/0123456789abcdef0123456789\n", 34, &k),
	    "a newline at the end is not part of a key");
	is(said_text, "", "nothing is said of a good key");
	strcpy(secret, "secret/");
	secret_wiped = false;
	ok(!load("secret/", 7, &k) && is_zero(&k) && secret_wiped,
	    "a bad key does not stay in memory");
	secret[0] = '\0';
	ok(strstr(said_text, "key_file /tmp/latchkey-key-") &&
	        strstr(said_text, "shorter than 32 bytes"),
	    "the message names the file of a bad key, and what is wrong");
	ok(!load("", 0, &k), "an empty file holds no key");
	fail_at("read", 1);
	ok(!load(longest, 40, &k) && failed() && k.len == 0,
	    "a key file that cannot be read holds no key");
	ok(strstr(said_text, strerror(EIO)) != NULL,
	    "the message says why a key file cannot be read");
	fail_at("read", 2);
	ok(!load(longest, 40, &k) && failed(),
	    "a key file that fails in the middle holds no key");
	fail_at("fstat", 1);
	ok(!load(longest, 40, &k) && failed(),
	    "a key file whose mode cannot be read holds no key");
	ok(!inherited,
	    "a program that is started does not inherit the key file");
	is_int(open_files(), files, "a key file is closed after each outcome");
}

static void
test_no_file(void)
{
	char path[] = "/tmp/latchkey-key-XXXXXX";
	struct secret k = { .len = 5 };
	int copy, fd;
	bool good;

	listen_to_stderr();
	ok(!secret_load("key_file", "/nonexistent/key", &k) && k.len == 0,
	    "without a file there is no key");
	ok(strstr(said(), "no such file; make a key with") != NULL,
	    "the message of a missing key file says how to make one");
	listen_to_stderr();
	ok(!secret_load("key_file", "/dev/null/key", &k),
	    "no key is in a file below something that is not a folder");
	ok(strstr(said(), strerror(ENOTDIR)) != NULL &&
	        strstr(said_text, "make a key") == NULL,
	    "the message does not say to make a key where none can be made");
	/* as when standard input is closed */
	fd = mkstemp(path);
	good = write(fd, KEY_TEXT, 32) == 32;
	close(fd);
	copy = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	ok(good && secret_load("key_file", path, &k),
	    "a file may have the number 0");
	dup2(copy, STDIN_FILENO);
	close(copy);
	unlink(path);
}

/* A FIFO that nobody writes to would be waited for without end. */
static void
test_fifo(void)
{
	char path[] = "/tmp/latchkey-fifo-XXXXXX";
	int files = open_files();
	struct secret k;

	if (mkdtemp(path) == NULL || rmdir(path) != 0 ||
	    mkfifo(path, 0600) != 0)
		abort();
	alarm(10); /* ends this test */
	listen_to_stderr();
	ok(!secret_load("secret_file", path, &k), "a FIFO is no secret");
	ok(strstr(said(), "must be a regular file") != NULL,
	    "the message says that it must be a regular file");
	ok(strncmp(said_text, "latchkey: secret_file /tmp/", 27) == 0,
	    "the message begins with the setting");
	alarm(0);
	unlink(path);
	is_int(open_files(), files, "a FIFO is closed again");
}

/* --- what is in it --- */

/* A key of n bytes in a file of this mode. */
static bool
loads(const char *bytes, size_t n, mode_t mode, struct secret *out)
{
	char path[] = "/tmp/latchkey-key-XXXXXX";
	int fd = mkstemp(path);
	bool good = fd >= 0 && write(fd, bytes, n) == (ssize_t)n &&
	            fchmod(fd, mode) == 0;

	close(fd);
	good = good && secret_load("key_file", path, out);
	unlink(path);
	return good;
}

/* Bytes that are not all the same. */
static void
fill(char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		bytes[i] = "0123456789abcdef"[i % 16];
}

static void
test_modes(void)
{
	static const char published[] = "1184cf8c81a173ab236d500cd2a98cf3"
	                                "7cf2ad32d33052a523107d892dfad6a3";
	char bytes[SECRET_MAX_BYTES + 2];
	struct secret k;

	fill(bytes, sizeof(bytes));
	ok(loads(bytes, 32, 0600, &k) && k.len == 32, "32 bytes are a key");
	ok(!loads(bytes, 31, 0600, &k), "31 bytes are not a key");
	ok(loads(bytes, 4096, 0400, &k) && k.len == 4096,
	    "4096 bytes are a key");
	ok(!loads(bytes, 4097, 0600, &k), "4097 bytes are not a key");
	bytes[32] = '\n';
	ok(loads(bytes, 33, 0600, &k) && k.len == 32,
	    "a newline at the end is not part of a key of 32 bytes");
	bytes[31] = '\n';
	ok(!loads(bytes, 33, 0600, &k),
	    "a text with two newlines at the end is refused");
	bytes[0] = '\x80';
	ok(loads(bytes, 33, 0600, &k) && k.len == 32,
	    "of bytes that are not text only one newline at the end is left out");
	ok(!loads(bytes, 32, 0600, &k), "31 bytes and a newline are not a key");
	fill(bytes, 32);
	ok(loads(bytes, 32, 0640, &k), "the group may read a key file");
	ok(loads(bytes, 32, 0440, &k), "a key file need not be writable");
	ok(!loads(bytes, 32, 0620, &k),
	    "a key file that the group may write is refused");
	ok(!loads(bytes, 32, 0660, &k),
	    "a key file that the group may read and write is refused");
	ok(!loads(bytes, 32, 0604, &k),
	    "a key file that others may read is refused");
	ok(!loads(bytes, 32, 0602, &k),
	    "a key file that others may write is refused");
	ok(!loads(bytes, 32, 0601, &k),
	    "a key file that others may execute is refused");
	snprintf(bytes, sizeof(bytes), "%*s\t", 40, "");
	ok(!loads(bytes, 41, 0600, &k), "blanks alone are not a key");
	memset(bytes, 'k', 64);
	ok(!loads(bytes, 64, 0600, &k),
	    "a key of one byte 64 times is refused");
	memset(bytes, '\0', 32);
	ok(!loads(bytes, 32, 0600, &k),
	    "a key of one byte is refused whichever it is");
	bytes[31] = 'k';
	ok(loads(bytes, 32, 0600, &k),
	    "a key with a second byte value is accepted");
	ok(!loads(published, 64, 0600, &k), "a published key is refused");
	snprintf(bytes, sizeof(bytes), "%s\r\n", published);
	ok(!loads(bytes, 66, 0600, &k),
	    "the published key with a line end is refused");
	snprintf(bytes, sizeof(bytes), " \"%s\"\n\n", published);
	ok(!loads(bytes, 69, 0600, &k),
	    "the published key in quotes is refused");
	snprintf(bytes, sizeof(bytes), "%sx", published);
	ok(loads(bytes, 65, 0600, &k),
	    "another key than the published one is accepted");
	ok(!secret_load("key_file", "/nonexistent/key", &k),
	    "a key file that does not exist is refused");
	ok(!secret_load("key_file", "/tmp", &k),
	    "a folder is refused as a key file");
}

/*
 * A key as other programs have it in their files: those take off what is around
 * it, so that their tokens would be others.
 */
static void
test_faults(void)
{
#define HEX "5f0e2c6d9b8a7f6e5d4c3b2a19080706f5e4d3c2b1a0918273645546372819ab"
	static const struct {
		const char *text; /* NULL behind the last */
		const char *said; /* NULL: it is good */
	} faults[] = {
		{ HEX, NULL },
		{ HEX "\n", NULL },
		{ "_-" HEX "==", NULL },
		{ "a:" HEX, NULL },
		{ "b" HEX, NULL },
		{ "\"" HEX, NULL },
		{ HEX ";", NULL },
		{ "\xef\xbb" HEX, NULL },
		{ "\xef\xbb\xbf" HEX "\x01", NULL },
		{ "\xef\xbb\xbf" HEX "\n", "has a byte order mark, or" },
		{ "\xe2\x80\x9c" HEX "\xe2\x80\x9d",
		    "has a byte order mark, or" },
		{ "\xc2\xab" HEX "\xc2\xbb\n", "has a byte order mark, or" },
		{ "'" HEX "'", "has quotation marks" },
		{ "b'" HEX "'", "has quotation marks" },
		{ "b\"" HEX "\"\n", "has quotation marks" },
		{ "\"" HEX "\",", "has quotation marks" },
		{ "\"" HEX "\";\n", "has quotation marks" },
		{ "export SECRET_KEY=" HEX, "has a name in front" },
		{ "export  KEY = " HEX, "has a name in front" },
		{ "settings.SECRET_KEY = '" HEX "'", "has a name in front" },
		{ "SECRET-KEY=" HEX, "has a name in front" },
		{ "key := " HEX, "has a name in front" },
		{ "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
		    "published in FastAPI's documentation" },
		{ "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e8",
		    NULL },
		{ "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
		    "published in Flask's documentation" },
		{ "a-string-secret-at-least-256-bits-long",
		    "published in jwt.io" },
		{ "a-string-secret-at-least-256-bits-long2", NULL },
		{ NULL, NULL },
	};
	static const char utf16[][2] = { { '\xff', '\xfe' },
		{ '\xfe', '\xff' } };
	struct secret k;
	char wide[2 + 2 * 64] = { 0 };
	size_t i, j;

	for (i = 0; faults[i].text != NULL; i++) {
		bool good = load(faults[i].text, strlen(faults[i].text), &k);

		if (faults[i].said == NULL)
			ok(good, tap_with("a key is good", faults[i].text));
		else
			ok(!good && strstr(said_text, faults[i].said) != NULL,
			    tap_with("a file that is no key alone is refused",
			        faults[i].text));
	}
	for (i = 0; i < 2; i++) {
		memcpy(wide, utf16[i], 2);
		for (j = 0; j < 64; j++) {
			wide[2 + 2 * j + i] = HEX[j];
			wide[2 + 2 * j + !i] = '\0';
		}
		ok(!load(wide, sizeof(wide), &k) &&
		        strstr(said_text, "is UTF-16") != NULL,
		    "a key in UTF-16 is refused");
		wide[sizeof(wide) - 1] = wide[sizeof(wide) - 2] = 'x';
		ok(load(wide, sizeof(wide), &k),
		    "random bytes that begin as UTF-16 does are a key");
	}
}

int
main(void)
{
	test_reading();
	test_no_file();
	test_fifo();
	test_faults();
	fclose(stderr); /* what follows is told there */
	test_modes();
	return done();
}
