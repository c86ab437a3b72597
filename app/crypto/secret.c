/*
 * Files that hold a secret: their permissions, and what is good as a key.
 */
#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "lib/log.h"

#define PATH_BYTES 4096 /* of the longest path, as the kernel has it */

#define PUBLISHED(where)             \
	"key is published in " where \
	", so anybody can forge tokens with it" MAKE
#define MAKE "; make one with: openssl rand -hex 32"
#define ALONE "; the file has to hold the key alone, as the application has it"

/* Keys that documents print, and that programs are then run with. */
static const struct {
	const char *key;
	const char *fault;
} published[] = {
	{ "1184cf8c81a173ab236d500cd2a98cf37cf2ad32d33052a523107d892dfad6a3",
	    PUBLISHED("the FastAPI tutorial") },
	{ "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
	    PUBLISHED("FastAPI's documentation") },
	{ "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
	    PUBLISHED("Flask's documentation") },
	{ "a-string-secret-at-least-256-bits-long", PUBLISHED("jwt.io") },
};

/* --- the file --- */

/* May this user be trusted with it? Root checks on behalf of another. */
static bool
is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid() || geteuid() == 0;
}

/* The folder of the file at path, which has been opened, so it is not longer.
 */
static bool
folder_is_safe(const char *setting, const char *path)
{
	char folder[PATH_BYTES] = ".";
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;
	struct stat st;

	if (slash == path)
		n = 1; /* the root */
	if (n > 0 && n < sizeof(folder)) {
		memcpy(folder, path, n);
		folder[n] = '\0';
	}
	if (stat(folder, &st) != 0) {
		log_say(
		    "%s %s: %s: %s", setting, path, folder, strerror(errno));
		return false;
	}
	if (!is_ours(st.st_uid)) {
		log_say("%s %s: its folder %s belongs to user %u, who could "
		        "replace the file; do: chown root %s",
		    setting, path, folder, (unsigned)st.st_uid, folder);
		return false;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
	    (st.st_mode & S_ISVTX) != 0)
		return true;
	log_say("%s %s: its folder %s is writable by others, who could "
	        "replace the file; do: chmod go-w %s",
	    setting, path, folder, folder);
	return false;
}

static bool
file_is_safe(const char *setting, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_say("%s %s: must be a regular file", setting, path);
		return false;
	}
	if ((st.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
		log_say("%s %s: must be a file that others cannot read and the "
		        "group cannot write; do: chmod g-w,o= %s",
		    setting, path, path);
		return false;
	}
	if (is_ours(st.st_uid))
		return true;
	log_say("%s %s: belongs to user %u, who could change it; do: "
	        "chown root %s",
	    setting, path, (unsigned)st.st_uid, path);
	return false;
}

static bool
is_safe(const char *setting, const char *path, int fd)
{
	char real[PATH_BYTES];

	if (!file_is_safe(setting, path, fd) || !folder_is_safe(setting, path))
		return false;
	/* it may be a link, as orchestrators place secrets */
	if (realpath(path, real) != NULL)
		return folder_is_safe(setting, real);
	log_say("%s %s: %s", setting, path, strerror(errno));
	return false;
}

/* --- the content --- */

/*
 * Why, if it is published; NULL: it is not. Also in quotes, or with NULs,
 * blanks or ends of lines around it. Compared as it is: no copy or hash of a
 * secret is left behind in OpenSSL's memory, which each worker inherits.
 */
static const char *
find_published(const struct secret *s)
{
	static const char around[] = "\"' \t\r\n";
	size_t from = 0, end = s->len, i;

	while (from < end && strchr(around, s->bytes[from]) != NULL)
		from++;
	while (end > from && strchr(around, s->bytes[end - 1]) != NULL)
		end--;
	for (i = 0; i < ARRAY_LEN(published); i++)
		if (end - from == strlen(published[i].key) &&
		    memcmp(s->bytes + from, published[i].key, end - from) == 0)
			return published[i].fault;
	return NULL;
}

/* A single repeated byte, as in a placeholder for a key. */
static bool
is_one_byte(const struct secret *s)
{
	return memcmp(s->bytes, s->bytes + 1, s->len - 1) == 0;
}

/* Are these n bytes text throughout? 32 random ones are that once in 10^13. */
static bool
is_text(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] == '\0' || p[i] > '~' ||
		    (p[i] < ' ' && strchr("\t\r\n", p[i]) == NULL))
			return false;
	return true;
}

/*
 * Is it text with a byte order mark in front, or typographic quotation marks
 * around it, as editors and word processors have them?
 */
static bool
is_edited(const struct secret *s)
{
	static const char *const marks[] = { "\xef\xbb\xbf", "\xe2\x80\x9c",
		"\xe2\x80\x98", "\xe2\x80\x9e", "\xc2\xab" };
	size_t i, n, end = s->len;

	while (end > 0 && s->bytes[end - 1] > '~')
		end--;
	for (i = 0; i < ARRAY_LEN(marks); i++) {
		n = strlen(marks[i]);
		if (memcmp(s->bytes, marks[i], n) == 0)
			return end > n && is_text(s->bytes + n, end - n);
	}
	return false;
}

/* Is it UTF-16, as a redirection of PowerShell writes? */
static bool
is_utf16(const struct secret *s)
{
	bool little = s->bytes[0] == 0xff && s->bytes[1] == 0xfe;
	size_t i;

	if (!little && !(s->bytes[0] == 0xfe && s->bytes[1] == 0xff))
		return false;
	for (i = 2; i + 1 < s->len; i += 2)
		if (s->bytes[little ? i + 1 : i] != '\0')
			return false;
	return true;
}

/* The first place from p on that is no blank. */
static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/*
 * Does it begin as a line of a program or of an environment file does, NAME =
 * VALUE or NAME: VALUE? A key in base64 may end in '=', with nothing behind.
 */
static bool
is_named(const char *p, const char *end)
{
	if (end - p > 7 && memcmp(p, "export ", 7) == 0)
		p = skip_blanks(p + 7, end);
	if (p == end || isalpha((unsigned char)*p) == 0)
		return false;
	while (p < end && (isalnum((unsigned char)*p) != 0 || *p == '_' ||
	                      *p == '.' || *p == '-'))
		p++;
	p = skip_blanks(p, end);
	if (p + 1 >= end ||
	    (*p != '=' && (*p != ':' || strchr("= ", p[1]) == NULL)))
		return false;
	while (p < end && strchr("=: ", *p) != NULL)
		p++;
	return p < end;
}

/* Is it in quotation marks, as the bytes b"..." or with what ends a value? */
static bool
is_quoted(const char *p, const char *end)
{
	if (*p == 'b')
		p++;
	if (end[-1] == ',' || end[-1] == ';')
		end--;
	return end - p > 1 && *p == end[-1] && strchr("\"'`", *p) != NULL;
}

/*
 * Why a text is not the key itself: programs that read the same file mostly
 * take off what is around it, and then their tokens are others.
 */
static const char *
find_fault_of_text(const struct secret *s)
{
	const char *p = (const char *)s->bytes, *end = p + s->len;

	if (memchr(p, '\r', s->len) != NULL)
		return "has line ends of Windows (CR LF)" ALONE;
	if (memchr(p, '\n', s->len) != NULL)
		return "has several lines" ALONE;
	if (strchr(" \t", *p) != NULL || strchr(" \t", end[-1]) != NULL)
		return "has blanks around the key" ALONE;
	if (is_quoted(p, end))
		return "has quotation marks around the key" ALONE;
	if (*p == '{')
		return "is JSON" ALONE;
	return is_named(p, end) ? "has a name in front of the key" ALONE : NULL;
}

/* Why it is unsuitable as a key, or NULL. */
static const char *
find_fault(const struct secret *s)
{
	const char *fault;

	if (s->len < SECRET_MIN_BYTES)
		return "key is shorter than 32 bytes" MAKE;
	if (s->len > SECRET_MAX_BYTES)
		return "key is longer than 4096 bytes" MAKE;
	if (is_one_byte(s))
		return "key is a single repeated byte, which can be guessed" MAKE;
	if ((fault = find_published(s)) != NULL)
		return fault;
	if (is_utf16(s))
		return "is UTF-16" ALONE;
	if (is_edited(s))
		return "has a byte order mark, or an editor's quotation marks, "
		       "around the key" ALONE;
	return is_text(s->bytes, s->len) ? find_fault_of_text(s) : NULL;
}

/* Read the file that is open as fd, and close it. Returns errno. */
static int
read_all(int fd, void *out, size_t size, size_t *n)
{
	ssize_t got;

	*n = 0;
	while ((got = read(fd, (char *)out + *n, size - *n)) > 0)
		*n += (size_t)got;
	if (got == 0)
		errno = 0;
	got = errno;
	close(fd);
	return (int)got;
}

/* Open the file, if it is safe. */
static int
open_safe(const char *setting, const char *path)
{
	/* opening a FIFO would block */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		log_say("%s %s: %s", setting, path,
		    errno == ENOENT && strcmp(setting, "key_dir") == 0
		        ? "no such file; copy the directory from where "
		          "latchkey key was run"
		    : errno == ENOENT
		        ? "no such file; make a key with: (umask 027; "
		          "openssl rand -hex 32 >FILE), and give it to the "
		          "workers' group"
		    : errno == EACCES
		        ? "this user cannot read it; as root do: chgrp "
		          "latchkey FILE; chmod 640 FILE"
		        : strerror(errno));
		return -1;
	}
	if (is_safe(setting, path, fd))
		return fd;
	close(fd);
	return -1;
}

bool
secret_read(const char *setting, const char *path, struct secret_file *out)
{
	int fd = open_safe(setting, path), error;

	if (fd < 0)
		return false;
	error = read_all(fd, out->text, sizeof(out->text), &out->len);
	if (error == 0 && out->len < sizeof(out->text)) {
		out->text[out->len] = '\0';
		return true;
	}
	log_say("%s %s: %s", setting, path,
	    error != 0 ? strerror(error) : "is too long");
	explicit_bzero(out, sizeof(*out));
	return false;
}

bool
secret_load(const char *setting, const char *path, struct secret *out)
{
	int fd = open_safe(setting, path), error = 0;
	const char *fault = NULL;

	if (fd >= 0)
		error = read_all(fd, out->bytes, sizeof(out->bytes), &out->len);
	if (fd >= 0 && out->len > 0 && out->bytes[out->len - 1] == '\n')
		out->len--;
	if (error != 0)
		log_say("%s %s: %s", setting, path, strerror(error));
	else if (fd >= 0 && (fault = find_fault(out)) != NULL)
		log_say("%s %s: %s", setting, path, fault);
	if (fd >= 0 && error == 0 && fault == NULL)
		return true;
	explicit_bzero(out, sizeof(*out));
	return false;
}
