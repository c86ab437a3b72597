/*
 * Tests of lib/blocklist.c: listed passwords, false positives, time of a
 * lookup, and invalid files.
 */
#include "base.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/blocklist.h"
#include "lib/log.h"
#include "tap.h"

#define LISTED 50000
#define OTHERS 500000

static struct arena arena;
static char folder[] = "/tmp/blocklist.XXXXXX", path[64];

static bool
has(const struct blocklist *b, const char *text)
{
	bool found = false;
	enum err e = blocklist_has(b, &arena, text, &found);

	arena_reset(&arena);
	return e == ERR_OK && found;
}

static uint64_t
make(const char *text)
{
	FILE *from = tmpfile();
	uint64_t n;

	if (from == NULL)
		abort();
	fputs(text, from);
	rewind(from);
	n = blocklist_make(from, path);
	fclose(from);
	return n;
}

/* "word0" and so on, a line each, into a list. */
static uint64_t
make_words(int n)
{
	FILE *from = tmpfile();
	uint64_t made;
	int i;

	if (from == NULL)
		abort();
	for (i = 0; i < n; i++)
		fprintf(from, "word%d\n", i);
	rewind(from);
	made = blocklist_make(from, path);
	fclose(from);
	return made;
}

/* Of n words from here on, how many are found; *us: for each, on average. */
static int
count(const struct blocklist *b, int first, int n, double *us)
{
	struct timespec begin, end;
	int i, found = 0;
	char word[32];

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = first; i < first + n; i++) {
		snprintf(word, sizeof(word), "word%d", i);
		found += has(b, word);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	*us = ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	          (double)(end.tv_nsec - begin.tv_nsec)) /
	      1e3 / n;
	return found;
}

static void
test_rate(void)
{
	struct blocklist b;
	double us_found, us_other;
	int wrong;

	is_int((long long)make_words(LISTED), LISTED,
	    "a list of all words is made");
	ok(blocklist_open(path, &b), "a list is opened");
	is_int(count(&b, 0, LISTED, &us_found), LISTED,
	    "each word of a list is found");
	wrong = count(&b, LISTED, OTHERS, &us_other);
	ok(wrong <= OTHERS / 10000,
	    "fewer than 1 in 10,000 of other words are found");
	printf("# %d of %d; a look takes %.1f us if it is, %.1f us if not\n",
	    wrong, OTHERS, us_found, us_other);
	ok(lseek(b.file, 0, SEEK_END) <= LISTED * 20 / 8 + 32,
	    "a word takes 20 bits");
	blocklist_close(&b);
}

static void
test_forms(void)
{
	struct blocklist b;

	is_int((long long)make("Sunshine\n\ncre\xcc\x80me\nlast"), 3,
	    "the last line of a list may lack its newline, and empty lines are skipped");
	ok(blocklist_open(path, &b), "a list made of lines is opened");
	ok(has(&b, "sunshine") && has(&b, "SUNSHINE"),
	    "words are found in any case");
	ok(has(&b, "cr\xc3\xa8me") && has(&b, "CRE\xcc\x80ME"),
	    "words are found however their accents were typed");
	ok(has(&b, "last") && !has(&b, "las") && !has(&b, ""),
	    "a part of a word is not found");
	blocklist_close(&b);
	is_int((long long)make(""), 0, "no list is made of nothing");
	ok(blocklist_open(path, &b),
	    "a list that could not be replaced is opened");
	ok(has(&b, "last"), "a list that could not be replaced is as it was");

	ok(truncate(path, 33) == 0, "a list is cut while it is in use");
	log_set_level(LOG_LEVEL_ERROR);
	{
		bool found = true;

		ok(blocklist_has(&b, &arena, "last", &found) == ERR_BUSY &&
		        !found,
		    "a list that was cut while in use is ERR_BUSY, and no signal");
	}
	blocklist_close(&b);
	ok(blocklist_open("", &b) && !has(&b, "last"),
	    "no path is an empty list");
	blocklist_close(&b);
}

/* A file that differs from a good one in a byte. */
static void
refuses(size_t offset, int byte, const char *title)
{
	struct blocklist b;
	FILE *f;

	if (make("one\ntwo\n") != 2 || (f = fopen(path, "r+")) == NULL)
		abort();
	fseek(f, (long)offset, SEEK_SET);
	fputc(byte, f);
	fclose(f);
	ok(!blocklist_open(path, &b) && b.file == -1, title);
}

static void
test_broken(void)
{
	struct blocklist b;
	off_t size;

	make("one\ntwo\n");
	for (size = 37; size >= 0; size--)
		if (size != 37 && truncate(path, size) == 0 &&
		    blocklist_open(path, &b))
			break;
	is_int(size, -1, "a list that is cut anywhere is refused");
	refuses(0, 'L', "a file of another kind is refused");
	refuses(7, '2', "a list of another version is refused");
	refuses(37, 'x', "a list that is too long is refused");
	refuses(16, 41, "a list with a part of a byte is refused");
	refuses(23, 255, "a list of more words than there can be is refused");
	refuses(24, 0, "a list of no hash functions is refused");
	refuses(24, 65, "a list of too many hash functions is refused");
	ok(!blocklist_open(folder, &b), "a folder is refused as a list");
	ok(!blocklist_open("/dev/null", &b), "a device is refused as a list");
	unlink(path);
	ok(!blocklist_open(path, &b), "a list that does not exist is refused");
	is_int((long long)make("x"), 1, "a list of one word is made");
}

int
main(void)
{
	arena_init(&arena);
	/* what it says is tested where people read it */
	if (mkdtemp(folder) == NULL ||
	    freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/list", folder);
	test_rate();
	test_forms();
	test_broken();
	unlink(path);
	rmdir(folder);
	arena_free(&arena);
	return done();
}
