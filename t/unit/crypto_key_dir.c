/*
 * crypto/key_dir.c: what is written is read again, and lists that nobody wrote.
 */
#include "base.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/key_dir.h"
#include "tap.h"

#define KID "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

static char folder[] = "/tmp/key_dir.XXXXXX", list[64];

static void
write_list(const char *text, size_t n)
{
	int fd = open(list, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		abort();
	close(fd);
}

/* Is this list read, and how many keys does it have? -1: it is refused. */
static int
count_of(const char *text, size_t n)
{
	struct key_dir dir;
	int count;

	write_list(text, n);
	if (!key_dir_open(folder, &dir))
		return -1;
	count = (int)dir.count;
	key_dir_close(&dir);
	return count;
}

static void
test_lists(void)
{
	static const struct {
		const char *text;
		int count;
	} cases[] = {
		{ "", 0 },
		{ "# nothing\n\n", 0 },
		{ KID " ES256 1 2 3\n", 1 },
		{ KID " EdDSA 1 - -\n", 1 },
		{ KID " RS256 0 9223372036854775807 -\n", 1 },
		{ KID " ES256 1 2 3", -1 },
		{ KID " ES256 1 2\n", -1 },
		{ KID " ES256 1 2 \n", -1 },
		{ KID " ES256 1 2 3 4\n", -1 },
		{ KID "  ES256 1 2 3\n", -1 },
		{ KID " HS256 1 2 3\n", -1 },
		{ KID " es256 1 2 3\n", -1 },
		{ KID " none 1 2 3\n", -1 },
		{ KID " ES256 -1 2 3\n", -1 },
		{ KID " ES256 1 9223372036854775808 3\n", -1 },
		{ KID " ES256 1 2 3.5\n", -1 },
		{ KID "a ES256 1 2 3\n", -1 },
		{ "../../../../../../../../../../../etc/passwd ES256 1 2 3\n",
		    -1 },
		{ " ES256 1 2 3\n", -1 },
		{ "\n" KID "\n", -1 },
	};
	char number[24];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(number, sizeof(number), "%zu", i);
		is_int(count_of(cases[i].text, strlen(cases[i].text)),
		    cases[i].count,
		    tap_with("a list is read, or refused", number));
	}
	is_int(count_of(KID " ES256 1 2 3\n\0x", 58), -1,
	    "a list with a NUL is refused");
}

static void
test_changes(void)
{
	const struct key_entry *made;
	struct key_dir dir;
	struct stat st;
	char kid[JWS_THUMBPRINT_BYTES], path[160];
	struct keyring *ring = calloc(1, sizeof(*ring));
	size_t i;

	unlink(list);
	ok(key_dir_open(folder, &dir) && dir.count == 0,
	    "a directory without a list has no keys");
	for (i = 0; i < KEY_DIR_MAX; i++)
		if (!key_dir_add(
		        &dir, JWS_ES256, 10, i == 0 ? 20 : KEY_NEVER, &made))
			abort();
	ok(!key_dir_add(&dir, JWS_ES256, 10, KEY_NEVER, &made),
	    "a full directory takes no further key");
	snprintf(kid, sizeof(kid), "%s", dir.entries[0].kid);
	key_dir_close(&dir);
	ok(key_dir_load(folder, ring) && ring->count == KEY_DIR_MAX &&
	        strcmp(ring->keys[0].kid, kid) == 0 &&
	        ring->keys[0].from_s == 20 && ring->keys[1].from_s == KEY_NEVER,
	    "a full directory is read again with its times");
	keyring_clear(ring);
	snprintf(path, sizeof(path), "%s/%s.pem", folder, kid);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "in a directory that its owner alone reads, so is a key");
	ok(key_dir_open(folder, &dir) && key_dir_find(&dir, kid) != NULL &&
	        key_dir_remove(&dir, key_dir_find(&dir, kid)) &&
	        key_dir_find(&dir, kid) == NULL && access(path, F_OK) != 0,
	    "a key that is removed leaves no file");
	while (dir.count > 0)
		if (!key_dir_remove(&dir, dir.entries))
			abort();
	unlink(list);
	if (mkdir(list, 0700) != 0)
		abort();
	snprintf(
	    path, sizeof(path), "%s/.%s.new", folder, strrchr(list, '/') + 1);
	ok(!key_dir_save(&dir) && access(path, F_OK) != 0,
	    "a list of keys that cannot be put in its place is a failure, and "
	    "leaves no file");
	rmdir(list);
	key_dir_close(&dir);
	is_int(dir.fd, -1, "a directory that is closed has no descriptor");
	free(ring);
}

int
main(void)
{
	struct key_dir dir;

	if (freopen("/dev/null", "w", stderr) ==
	        NULL || /* what fails is told */
	    mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(list, sizeof(list), "%s/keys", folder);
	test_lists();
	test_changes();
	unlink(list);
	rmdir(folder);
	ok(!key_dir_open(folder, &dir) && dir.fd < 0,
	    "a directory that does not exist is not opened");
	return done();
}
