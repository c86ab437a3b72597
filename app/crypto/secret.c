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

/* The secret_key that the FastAPI tutorial prints. */
static const char published[] = "1184cf8c81a173ab236d500cd2a98cf3"
                                "7cf2ad32d33052a523107d892dfad6a3";

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

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
		log_say("%s %s: must be a regular file that others cannot read "
		        "and the group cannot write; do: chmod g-w,o= %s",
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
 * Also in quotes, or with NULs, blanks or ends of lines around it. Compared as
 * it is: no copy or hash of a secret is left behind in OpenSSL's memory, which
 * each worker inherits.
 */
static bool
is_published(const struct secret *s)
{
	static const char around[] = "\"' \t\r\n";
	size_t from = 0, end = s->len;

	while (from < end && strchr(around, s->bytes[from]) != NULL)
		from++;
	while (end > from && strchr(around, s->bytes[end - 1]) != NULL)
		end--;
	return end - from == sizeof(published) - 1 &&
	       memcmp(s->bytes + from, published, end - from) == 0;
}

/* A single repeated byte, as in a placeholder for a key. */
static bool
is_one_byte(const struct secret *s)
{
	return memcmp(s->bytes, s->bytes + 1, s->len - 1) == 0;
}

/* Is it text throughout? 32 random bytes are that once in 10^13 keys. */
static bool
is_text(const struct secret *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if (s->bytes[i] == '\0' || s->bytes[i] > '~' ||
		    (s->bytes[i] < ' ' &&
		        strchr("\t\r\n", s->bytes[i]) == NULL))
			return false;
	return true;
}

/*
 * Does it begin as a line of a program or of an environment file does, NAME =
 * VALUE or NAME: VALUE? A key in base64 may end in '=', with nothing behind.
 */
static bool
is_named(const char *p, const char *end)
{
	if (p == end || isalpha((unsigned char)*p) == 0)
		return false;
	while (p < end && (isalnum((unsigned char)*p) != 0 || *p == '_'))
		p++;
	while (p < end && *p == ' ')
		p++;
	if (p + 1 >= end || (*p != '=' && (*p != ':' || p[1] != ' ')))
		return false;
	while (p < end && strchr("=: ", *p) != NULL)
		p++;
	return p < end;
}

#define MAKE "; make one with: openssl rand -hex 32"
#define ALONE "; the file has to hold the key alone, as the application has it"

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
	if (*p == end[-1] && strchr("\"'`", *p) != NULL)
		return "has quotation marks around the key" ALONE;
	if (*p == '{')
		return "is JSON" ALONE;
	return is_named(p, end) ? "has a name in front of the key" ALONE : NULL;
}

/* Why it is unsuitable as a key, or NULL. */
static const char *
find_fault(const struct secret *s)
{
	if (s->len < SECRET_MIN_BYTES)
		return "key is shorter than 32 bytes" MAKE;
	if (s->len > SECRET_MAX_BYTES)
		return "key is longer than 4096 bytes" MAKE;
	if (is_one_byte(s))
		return "key is a single repeated byte, which can be guessed" MAKE;
	if (is_published(s))
		return "key is published in the FastAPI tutorial, so "
		       "anybody can forge tokens with it" MAKE;
	return is_text(s) ? find_fault_of_text(s) : NULL;
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
