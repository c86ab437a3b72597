/*
 * Fuzz target of lib/blocklist.c: a file of passwords may contain anything, and
 * be truncated while in use. From a list of lines that begins with L a file is
 * made, in which each of them is found.
 */
#include "file.h"

#include "lib/blocklist.h"
#include "lib/log.h"
#include "lib/text.h"

static char path_made[] = "/dev/shm/latchkey-fuzz-XXXXXX";

static void
remove_made(void)
{
	unlink(path_made);
}

/* Lines are found, all but the empty ones. */
static void
make(const char *lines, size_t n)
{
	struct blocklist b;
	struct arena a;
	const char *end, *line, *text;
	bool found;
	char path[32];
	int fd = file_of(lines, n, path);
	FILE *from = fopen(path, "re");

	assert(from != NULL);
	arena_init(&a);
	if (blocklist_make(from, path_made) > 0) {
		if (!blocklist_open(path_made, &b))
			abort();
		for (line = lines; line < lines + n; line = end + 1) {
			end = memchr(line, '\n', (size_t)(lines + n - line));
			if (end == NULL)
				end = lines + n;
			text = arena_strndup(&a, line, (size_t)(end - line));
			if (*text == '\0' ||
			    strlen(text) != (size_t)(end - line))
				continue;
			if (blocklist_has(&b, &a, text, &found) != ERR_OK)
				abort();
			assert(found);
		}
		blocklist_close(&b);
	}
	fclose(from);
	close(fd);
	arena_free(&a);
}

static void
use(const void *bytes, size_t n)
{
	static const char *const texts[] = { "", "password",
		"\xc3\xa9t\xc3\xa9", "correct horse battery staple" };
	struct blocklist b;
	struct arena a;
	bool found;
	size_t i;
	enum err e;
	char path[32];
	int fd = file_of(bytes, n, path);

	arena_init(&a);
	if (blocklist_open(path, &b)) {
		assert(b.probes > 0 && b.bits > 0 && b.bits / 8 + 32 == n);
		for (i = 0; i < ARRAY_LEN(texts); i++)
			if (blocklist_has(&b, &a, texts[i], &found) != ERR_OK)
				abort();
		if (ftruncate(fd, 32) != 0)
			abort();
		e = blocklist_has(&b, &a, texts[1], &found);
		assert(e == ERR_BUSY && !found);
		blocklist_close(&b);
	}
	close(fd);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun) {
		log_set_level(LOG_LEVEL_ERROR);
		close(mkstemp(path_made));
		atexit(remove_made);
		begun = true;
	}
	silence(&stderr);
	if (size > 0 && data[0] == 'L')
		make((const char *)data + 1, size - 1);
	else
		use(data, size);
	return 0;
}
