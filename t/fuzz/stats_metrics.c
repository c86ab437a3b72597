/*
 * Fuzz target of the shared memory of workers, as a dead one might leave it:
 * stats/metrics.c adds it up, and the output of stats/prometheus.c is
 * well-formed. cmd/status.c prints it too. The input is a list of patches to a
 * good file: three bytes for the place, one for the number of bytes that
 * follow.
 */
#include "file.h"

#include <fcntl.h>

#include "lib/buf.h"
#include "stats/metrics.h"
#include "stats/prometheus.h"
#include "route.h"
#include "cmd/status.h"
#include "svc/formats.h"

static struct {
	char *bytes; /* of a good file */
	size_t size;
	int fd; /* of the one that is patched; locked, as if it were served */
	char path[32];
} good;

/* Once: have such a file made, and take it as a pattern. */
static void
begin(void)
{
	static const struct shm_section *const sections[] = { &metrics_section,
		NULL };
	char folder[] = "/tmp/latchkey-fuzz-XXXXXX", file[64];
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/status", folder);
	route_name_rows();
	formats_name_rows();
	if (!shm_create(file, sections, -1))
		abort();
	metrics_use(ROLE_API, 0);
	metrics_use(ROLE_LOGIN, 63);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	good.size = (size_t)lseek(fd, 0, SEEK_END);
	good.bytes = malloc(good.size);
	if (good.bytes == NULL ||
	    pread(fd, good.bytes, good.size, 0) != (ssize_t)good.size)
		abort();
	close(fd);
	unlink(file);
	rmdir(folder);
	good.fd = file_of(good.bytes, good.size, good.path);
	if (fcntl(good.fd, F_OFD_SETLK, &whole) != 0)
		abort();
}

/* Put the patches in, or take them out. */
static void
patch(const uint8_t *p, size_t left, bool in)
{
	size_t at, n;

	for (; left > 4; p += 4 + n, left -= 4 + n) {
		at = ((size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2]) %
		     (good.size - 256);
		n = p[3] < left - 4 ? p[3] : left - 4;
		if (pwrite(good.fd, in ? (const char *)p + 4 : good.bytes + at,
		        n, (off_t)at) != (ssize_t)n)
			abort();
	}
}

/* Lines of a name, perhaps labels, and a number; or comments. */
static void
check(const char *page)
{
	const char *line, *end, *p;

	for (line = page; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert(end != NULL && end > line);
		for (p = line; p < end; p++)
			assert(*p >= 0x20 && *p < 0x7f);
		if (strncmp(line, "# HELP ", 7) == 0 ||
		    strncmp(line, "# TYPE ", 7) == 0)
			continue;
		p = line + strspn(line, "abcdefghijklmnopqrstuvwxyz_");
		assert(p > line && (*p == ' ' || *p == '{'));
		if (*p == '{')
			p = memchr(p, '}', (size_t)(end - p));
		assert(p != NULL);
		p += *p == '}';
		assert(*p == ' ');
		p++;
		assert(strspn(p, "-0123456789.") == (size_t)(end - p));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct metrics_figures f;
	struct conf conf = { .status_file = good.path };
	struct arena a;
	struct buf b;
	size_t i;

	if (good.bytes == NULL)
		begin();
	silence(&stderr);
	silence(&stdout);
	patch(data, size, true);
	/* which loads it */
	if (status_print(&conf) == EXIT_SUCCESS) {
		metrics_read(&f);
		assert(f.workers <= ARRAY_LEN(f.worker));
		for (i = 0; i < f.workers; i++)
			assert(f.worker[i].database <= DATABASE_CONNECTED);
		arena_init(&a);
		buf_init(&b, &a);
		prometheus_write(&b);
		check(b.s);
		arena_free(&a);
	}
	patch(data, size, false);
	return 0;
}
