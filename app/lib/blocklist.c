/*
 * List of common passwords.
 *
 * The file is read in place, a byte for each probe, and not mapped: it then
 * takes no memory, and truncating it while it is in use causes an error and not
 * a signal.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/blocklist.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/text.h"
#include "lib/unicode.h"

/*
 * The head of the file: magic, then 64-bit numbers, the lowest byte first:
 * entries, bits, probes. The filter's bits/8 bytes follow.
 */
#define MAGIC "latchbl1" /* the last character is the version */
#define HEAD_BYTES 32
#define BITS_PER_ENTRY 20
#define PROBES 14 /* log(2) times that: fewest false answers, 1 in 15,000 */
#define PROBES_MAX 64
#define REFILL 4096 /* lines between two resets of the arena */

/* Where the bits of a text are: start, start + step, ... */
struct place {
	uint64_t start, step;
};

/* Every bit of the result depends on every bit of x (Fibonacci hashing). */
static uint64_t
stir(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xd1342543de82ef95);
	return x ^ x >> 32;
}

static struct place
place_of(struct arena *a, const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (text = unicode_fold(a, text); *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (struct place){ stir(h), stir(~h) | 1 };
}

static uint64_t
get_number(const unsigned char *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void
put_number(unsigned char *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++, v >>= 8)
		p[i] = (unsigned char)v;
}

/* The file's defect, or NULL. */
static const char *
read_head(struct blocklist *b)
{
	unsigned char head[HEAD_BYTES];
	struct stat st;
	uint64_t probes;

	if (fstat(b->file, &st) != 0 || !S_ISREG(st.st_mode))
		return "is not a regular file";
	if (pread(b->file, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, MAGIC, sizeof(MAGIC) - 2) != 0)
		return "is not a list of passwords";
	if (head[sizeof(MAGIC) - 2] != MAGIC[sizeof(MAGIC) - 2])
		return "was made by another version of Latchkey";
	b->bits = get_number(head + 16);
	probes = get_number(head + 24);
	if (b->bits == 0 || b->bits % 8 != 0 || probes == 0 ||
	    probes > PROBES_MAX ||
	    b->bits / 8 != (uint64_t)st.st_size - HEAD_BYTES)
		return "is incomplete";
	b->probes = (unsigned)probes;
	return NULL;
}

bool
blocklist_open(const char *path, struct blocklist *out)
{
	const char *wrong;

	*out = (struct blocklist){ .file = -1 };
	if (*path == '\0')
		return true;
	out->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	wrong = out->file < 0 ? strerror(errno) : read_head(out);
	if (wrong == NULL)
		return true;
	log_say("password_blocklist: %s %s%s; get the list again with: make "
	        "web && make install; make one of your own with: latchkey "
	        "blocklist FILE; or set password_blocklist = \"\" to do "
	        "without",
	    path, out->file < 0 ? "cannot be opened: " : "", wrong);
	blocklist_close(out);
	return false;
}

void
blocklist_close(struct blocklist *b)
{
	if (b->file >= 0)
		close(b->file);
	b->file = -1;
}

enum err
blocklist_has(
    const struct blocklist *b, struct arena *a, const char *text, bool *found)
{
	struct place p;
	unsigned i;

	*found = false;
	if (b->file < 0)
		return ERR_OK;
	p = place_of(a, text);
	for (i = 0; i < b->probes; i++, p.start += p.step) {
		uint64_t bit = p.start % b->bits;
		unsigned char byte;

		if (pread(b->file, &byte, 1, (off_t)(HEAD_BYTES + bit / 8)) !=
		    1)
			return ERR_BUSY;
		if ((byte >> bit % 8 & 1) == 0)
			return ERR_OK;
	}
	*found = true;
	return ERR_OK;
}

/* All input, with NULs for line ends. Returns the number of non-empty lines. */
static uint64_t
read_lines(FILE *from, struct buf *out)
{
	uint64_t lines = 0;
	char piece[4096];
	size_t n, i;

	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		buf_add(out, piece, n);
	if (out->len > 0 && out->s[out->len - 1] != '\n')
		buf_adds(out, "\n");
	for (i = 0; i < out->len; i++)
		if (out->s[i] == '\n') {
			out->s[i] = '\0';
			lines += i > 0 && out->s[i - 1] != '\0';
		}
	return lines;
}

static void
fill(unsigned char *filter, uint64_t bits, const struct buf *lines)
{
	struct arena scratch;
	uint64_t done = 0;
	const char *line;

	arena_init(&scratch);
	for (line = lines->s; line < lines->s + lines->len;
	     line += strlen(line) + 1) {
		struct place p = place_of(&scratch, line);
		unsigned i, probes = *line != '\0' ? PROBES : 0;

		for (i = 0; i < probes; i++, p.start += p.step)
			filter[p.start % bits / 8] |=
			    (unsigned char)(1u << p.start % bits % 8);
		if (++done % REFILL == 0)
			arena_reset(&scratch);
	}
	arena_free(&scratch);
}

/* It gets its name only when it is complete and on the disk. */
static bool
write_file(
    struct arena *a, const char *path, const unsigned char *bytes, size_t n)
{
	struct buf fresh;
	FILE *f;
	bool good;

	buf_init(&fresh, a);
	buf_addf(&fresh, "%s.new", path);
	if ((f = fopen(fresh.s, "we")) == NULL)
		return false;
	good = fwrite(bytes, 1, n, f) == n && fflush(f) == 0 &&
	       fsync(fileno(f)) == 0;
	good = fclose(f) == 0 && good && rename(fresh.s, path) == 0;
	if (!good)
		unlink(fresh.s);
	return good;
}

uint64_t
blocklist_make(FILE *from, const char *path)
{
	unsigned char *bytes;
	uint64_t entries, bits;
	struct arena arena;
	struct buf lines;

	arena_init(&arena);
	buf_init(&lines, &arena);
	entries = read_lines(from, &lines);
	bits = (entries * BITS_PER_ENTRY + 7) / 8 * 8;
	bytes = arena_alloc(&arena, HEAD_BYTES + bits / 8);
	memcpy(bytes, MAGIC, sizeof(MAGIC) - 1);
	put_number(bytes + 8, entries);
	put_number(bytes + 16, bits);
	put_number(bytes + 24, PROBES);
	if (entries == 0 || ferror(from) != 0) {
		log_say("no passwords on standard input");
		entries = 0;
	} else {
		fill(bytes + HEAD_BYTES, bits, &lines);
		if (!write_file(&arena, path, bytes, HEAD_BYTES + bits / 8)) {
			log_say("%s: %s", path, strerror(errno));
			entries = 0;
		}
	}
	arena_free(&arena);
	return entries;
}
