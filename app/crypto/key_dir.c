/*
 * Directory of key pairs.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/key_dir.h"
#include "lib/log.h"
#include "lib/text.h"

#define LIST "keys"
#define HEAD                                                                   \
	"# Keys of tokens, kept by latchkey key: kid, algorithm, and seconds " \
	"since 1970\n# at which each was made, signs from, and verifies until.\n"
#define PATH_BYTES 4352 /* of the longest setting, and a name behind it */
#define NAME_BYTES 64
#define FIELDS 5

/* --- the list --- */

static bool
read_alg(const char *name, enum jws_alg *out)
{
	/* no secret is in a list of pairs */
	for (*out = JWS_ES256; *out < JWS_ALGS; (*out)++)
		if (strcmp(jws_alg_name[*out], name) == 0)
			return true;
	return false;
}

/* A time, or "-" for one that does not come. */
static bool
read_time(const char *text, int64_t *out)
{
	*out = KEY_NEVER;
	return strcmp(text, "-") == 0 || text_to_i64(text, 0, KEY_NEVER, out);
}

/* Can it be a thumbprint? It is part of the name of a file. */
static bool
is_kid(const char *text)
{
	return strlen(text) == JWS_THUMBPRINT_BYTES - 1 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                    "abcdefghijklmnopqrstuvwxyz0123456789-_") ==
	           JWS_THUMBPRINT_BYTES - 1;
}

/* One line, which is cut up. */
static bool
read_entry(char *line, struct key_entry *out)
{
	char *field[FIELDS];
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, " ");
		if ((*line == ' ') != (i < FIELDS - 1))
			return false;
		*line++ = '\0';
	}
	snprintf(out->kid, sizeof(out->kid), "%.*s", JWS_THUMBPRINT_BYTES - 1,
	    field[0]);
	return is_kid(field[0]) && read_alg(field[1], &out->alg) &&
	       read_time(field[2], &out->made_s) &&
	       read_time(field[3], &out->from_s) &&
	       read_time(field[4], &out->until_s);
}

/* The lines of a list; returns the number of the one that is wrong, or 0. */
static int
read_lines(char *text, struct key_dir *out)
{
	int number = 1;
	char *end;

	for (; *text != '\0'; text = end + 1, number++) {
		end = strchr(text, '\n');
		if (end == NULL)
			return number; /* cut short */
		*end = '\0';
		if (*text == '#' || *text == '\0')
			continue;
		if (out->count == KEY_DIR_MAX ||
		    !read_entry(text, &out->entries[out->count++]))
			return number;
	}
	return 0;
}

static void
path_of(const struct key_dir *dir, const char *name, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s/%s", dir->path, name);
}

static void
name_of(const struct key_entry *entry, char out[NAME_BYTES])
{
	snprintf(
	    out, NAME_BYTES, "%.*s.pem", JWS_THUMBPRINT_BYTES - 1, entry->kid);
}

/* Say that a file of the directory cannot be had. */
static bool
complain(const struct key_dir *dir, const char *name)
{
	log_say("key_dir %s: %s: %s%s", dir->path, name, strerror(errno),
	    errno == EACCES || errno == EPERM
	        ? "; run this as the directory's owner"
	        : "");
	return false;
}

static bool
read_list(struct key_dir *dir)
{
	struct secret_file file;
	char path[PATH_BYTES];
	int wrong;

	dir->count = 0;
	path_of(dir, LIST, path);
	if (access(path, F_OK) != 0 && errno == ENOENT &&
	    access(dir->path, X_OK) == 0)
		return true;
	if (!secret_read("key_dir", path, &file))
		return false;
	if (strlen(file.text) != file.len)
		wrong = 1;
	else
		wrong = read_lines(file.text, dir);
	if (wrong == 0)
		return true;
	log_say("key_dir %s, line %d: is not what latchkey key writes; copy "
	        "the directory again",
	    path, wrong);
	return false;
}

bool
key_dir_load(const char *path, struct keyring *ring)
{
	struct key_dir dir = { .path = path, .fd = -1 };
	char name[NAME_BYTES], file_path[PATH_BYTES];
	struct secret_file file;
	struct key_entry *e;
	struct key_pair pair;
	bool good = read_list(&dir);

	for (e = dir.entries; good && e < dir.entries + dir.count; e++) {
		name_of(e, name);
		path_of(&dir, name, file_path);
		good = secret_read("key_dir", file_path, &file);
		if (!good)
			break;
		pair = (struct key_pair){ e->alg, e->from_s, e->until_s, e->kid,
			file.text };
		good = keyring_add_pair(ring, &pair);
		if (!good)
			log_say("key_dir %s: is not the %s key of its name; "
			        "copy the directory again",
			    file_path, jws_alg_name[e->alg]);
		explicit_bzero(&file, sizeof(file));
	}
	return good;
}

/* --- changes --- */

bool
key_dir_open(const char *path, struct key_dir *out)
{
	*out = (struct key_dir){ .path = path };
	out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->fd < 0) {
		log_say("key_dir %s: %s%s", path, strerror(errno),
		    errno == ENOENT ? "; make it with: install -d -g latchkey "
		                      "-m 750 DIRECTORY"
		                    : "");
		return false;
	}
	if (flock(out->fd, LOCK_EX) == 0 && read_list(out))
		return true;
	key_dir_close(out);
	return false;
}

void
key_dir_close(struct key_dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}

/* Owner, group and the group's right to read are the directory's. */
static bool
adopt(const struct key_dir *dir, int fd)
{
	struct stat st;

	return fstat(dir->fd, &st) == 0 &&
	       fchown(fd, st.st_uid, st.st_gid) == 0 &&
	       fchmod(fd, 0600 | (st.st_mode & S_IRGRP)) == 0;
}

static bool
write_all(int fd, const char *text, size_t n)
{
	ssize_t wrote;

	for (; n > 0; text += wrote, n -= (size_t)wrote)
		if ((wrote = write(fd, text, n)) <= 0)
			return false;
	return true;
}

/* Put a file in its place at once, or leave all as it is. */
static bool
write_file(const struct key_dir *dir, const char *name, const char *text)
{
	char temporary[NAME_BYTES + 8];
	bool good;
	int fd;

	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	fd = openat(dir->fd, temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain(dir, name);
	good = adopt(dir, fd) && write_all(fd, text, strlen(text)) &&
	       fsync(fd) == 0;
	good = close(fd) == 0 && good &&
	       renameat(dir->fd, temporary, dir->fd, name) == 0 &&
	       fsync(dir->fd) == 0;
	if (good)
		return true;
	complain(dir, name);
	unlinkat(dir->fd, temporary, 0);
	return false;
}

static void
write_time(char *out, size_t size, int64_t s)
{
	if (s == KEY_NEVER)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%" PRId64, s);
}

bool
key_dir_save(struct key_dir *dir)
{
	char text[sizeof(HEAD) + (size_t)KEY_DIR_MAX * 160] = HEAD;
	char made[24], from[24], until[24];
	const struct key_entry *e;
	size_t n = strlen(text);

	for (e = dir->entries; e < dir->entries + dir->count; e++) {
		write_time(made, sizeof(made), e->made_s);
		write_time(from, sizeof(from), e->from_s);
		write_time(until, sizeof(until), e->until_s);
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s %s %s %s %s\n", e->kid, jws_alg_name[e->alg], made,
		    from, until);
	}
	return write_file(dir, LIST, text);
}

/* The file of a new pair. It counts when the list names it. */
static bool
write_pair(struct key_dir *dir, struct key_entry *e)
{
	struct jws_key *key = jws_key_new(e->alg);
	char pem[JWS_PEM_BYTES], name[NAME_BYTES];
	bool good = key != NULL && jws_key_write(key, pem) &&
	            jws_thumbprint(key, e->kid);

	jws_key_free(key);
	if (good) {
		name_of(e, name);
		good = write_file(dir, name, pem);
	}
	explicit_bzero(pem, sizeof(pem));
	return good;
}

bool
key_dir_add(struct key_dir *dir, enum jws_alg alg, int64_t now_s,
    int64_t from_s, const struct key_entry **out)
{
	struct key_entry *e = &dir->entries[dir->count];

	if (dir->count == KEY_DIR_MAX) {
		log_say("key_dir %s: %d keys are the most; latchkey key list "
		        "says which can be retired",
		    dir->path, KEY_DIR_MAX);
		return false;
	}
	*e = (struct key_entry){ .alg = alg,
		.made_s = now_s,
		.from_s = from_s,
		.until_s = KEY_NEVER };
	if (!write_pair(dir, e))
		return false;
	dir->count++;
	*out = e;
	return key_dir_save(dir);
}

struct key_entry *
key_dir_find(struct key_dir *dir, const char *kid)
{
	struct key_entry *e;

	for (e = dir->entries; e < dir->entries + dir->count; e++)
		if (strcmp(e->kid, kid) == 0)
			return e;
	return NULL;
}

bool
key_dir_remove(struct key_dir *dir, const struct key_entry *entry)
{
	size_t i = (size_t)(entry - dir->entries);
	char name[NAME_BYTES];

	name_of(entry, name);
	dir->count--;
	memmove(&dir->entries[i], &dir->entries[i + 1],
	    (dir->count - i) * sizeof(*entry));
	if (!key_dir_save(dir))
		return false;
	if (unlinkat(dir->fd, name, 0) != 0 && errno != ENOENT)
		return complain(dir, name);
	return true;
}
