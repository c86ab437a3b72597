/*
 * Handover from a supervisor to the program that takes its place by exec: a
 * text in sealed memory that names descriptors and worker processes.
 *
 * Lines of words, since the two programs may be of different versions:
 *	latchkey-handover 1
 *	from PID		of the supervisor
 *	single			one socket for all lanes
 *	confined		with a filter that lasts through the exec
 *	socket LANE FD ADDRESS	by the setting that it was made by
 *	status FD PATH		of the status file, which holds its lock
 *	worker ROLE NUMBER PID KILL_MS
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"
#include "server/handover.h"

/* No setting's name, so that an older program refuses to start with it. */
#define VARIABLE "LATCHKEY_HANDOVER"
#define HEAD "latchkey-handover 1"
#define TEXT_BYTES 65536 /* of all workers that there can be, and sockets */
#define FD_MAX 1048576

/* Of the program before this one: its addresses are used on. */
static char text[TEXT_BYTES];
static int text_fd = -1; /* for the program after this one */

/* --- leaving --- */

static void
set_cloexec(const struct handover *h, bool on)
{
	enum role lane;

	fcntl(h->status_fd, F_SETFD, on ? FD_CLOEXEC : 0);
	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (h->listeners.fd[lane] >= 0)
			fcntl(h->listeners.fd[lane], F_SETFD,
			    on ? FD_CLOEXEC : 0);
}

/* False: see errno. */
static bool
write_text(int fd, const struct handover *h)
{
	const struct listeners *l = &h->listeners;
	bool good =
	    dprintf(fd, HEAD "\nfrom %d\n%s%sstatus %d %s\n", (int)h->from,
	        l->single ? "single\n" : "", h->confined ? "confined\n" : "",
	        h->status_fd, h->status_file) > 0;
	const struct pool_former *w;
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane)
			good &=
			    dprintf(fd, "socket %s %d %s\n", roles[lane].name,
			        l->fd[lane], l->address[lane]) > 0;
	for (w = h->worker; w < h->worker + h->workers; w++)
		good &= dprintf(fd, "worker %s %u %d %" PRId64 "\n",
		            roles[w->role].name, w->number, (int)w->pid,
		            w->kill_ms) > 0;
	return good && fcntl(fd, F_ADD_SEALS,
	                   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
	                       F_SEAL_WRITE) == 0;
}

bool
handover_leave(const struct handover *h)
{
	char number[TEXT_I64_BYTES];

	text_fd = memfd_create("latchkey-handover", MFD_ALLOW_SEALING);
	if (text_fd < 0 || !write_text(text_fd, h) ||
	    setenv(VARIABLE, text_of_i64(text_fd, number), 1) != 0) {
		handover_withdraw(h);
		return false;
	}
	set_cloexec(h, false);
	return true;
}

void
handover_withdraw(const struct handover *h)
{
	int error = errno;

	set_cloexec(h, true);
	unsetenv(VARIABLE);
	if (text_fd >= 0)
		close(text_fd);
	text_fd = -1;
	errno = error;
}

/* --- taking --- */

/* The next word of a line, which ends there; "" at its end. */
static char *
next_word(char **line)
{
	char *word = *line, *end = word + strcspn(word, " ");

	*line = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool
next_number(char **line, int64_t min, int64_t max, int64_t *out)
{
	return text_to_i64(next_word(line), min, max, out);
}

static bool
next_role(char **line, enum role *out)
{
	const char *name = next_word(line);

	for (*out = 0; *out < ROLE_COUNT; ++*out)
		if (strcmp(roles[*out].name, name) == 0)
			return true;
	return false;
}

/* A descriptor that is open, and no longer so after an exec. */
static bool
next_fd(char **line, int *out)
{
	int64_t fd;

	if (!next_number(line, 0, FD_MAX, &fd) ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	*out = (int)fd;
	return true;
}

static bool
take_socket(char *line, struct listeners *l)
{
	enum role lane;

	if (!next_role(&line, &lane) || !roles[lane].is_lane ||
	    !next_fd(&line, &l->fd[lane]))
		return false;
	l->address[lane] = line;
	return true;
}

static bool
take_status(char *line, struct handover *h)
{
	if (!next_fd(&line, &h->status_fd))
		return false;
	h->status_file = *line != '\0' ? line : NULL;
	return true;
}

static bool
take_worker(char *line, struct handover *h)
{
	struct pool_former *w = &h->worker[h->workers];
	int64_t number, pid;

	if (h->workers == POOL_FORMER_MAX || !next_role(&line, &w->role) ||
	    !next_number(&line, 0, CONF_WORKERS_MAX - 1, &number) ||
	    !next_number(&line, 2, INT32_MAX, &pid) ||
	    !next_number(&line, 0, INT64_MAX, &w->kill_ms))
		return false;
	w->number = (unsigned)number;
	w->pid = (pid_t)pid;
	h->workers++;
	return true;
}

static bool
take_line(char *line, struct handover *h)
{
	const char *kind = next_word(&line);
	int64_t pid;

	if (strcmp(kind, "from") == 0 && next_number(&line, 2, INT32_MAX, &pid))
		h->from = (pid_t)pid;
	else if (strcmp(kind, "single") == 0)
		h->listeners.single = true;
	else if (strcmp(kind, "confined") == 0)
		h->confined = true;
	else if (strcmp(kind, "status") == 0)
		return take_status(line, h);
	else if (strcmp(kind, "socket") == 0)
		return take_socket(line, &h->listeners);
	else
		return strcmp(kind, "worker") == 0 && take_worker(line, h);
	return true;
}

/* Has it all that is needed? */
static bool
is_complete(const struct handover *h)
{
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane && h->listeners.fd[lane] < 0)
			return false;
	return h->status_fd >= 0 &&
	       (h->from == getpid() || h->from == getppid());
}

static bool
parse(struct handover *h)
{
	char *line = text, *end;

	if (strncmp(text, HEAD "\n", strlen(HEAD "\n")) != 0)
		return false;
	for (line += strlen(HEAD "\n"); *line != '\0'; line = end + 1) {
		if ((end = strchr(line, '\n')) == NULL)
			return false;
		*end = '\0';
		if (!take_line(line, h))
			return false;
	}
	return is_complete(h);
}

/* The text; nothing but a supervisor makes memory that is sealed like this. */
static bool
read_text(const char *number)
{
	int64_t fd;
	ssize_t n;
	int seals;

	if (!text_to_i64(number, STDERR_FILENO + 1, FD_MAX, &fd) ||
	    (seals = fcntl((int)fd, F_GET_SEALS)) < 0 ||
	    (seals & F_SEAL_WRITE) == 0)
		return false;
	n = pread((int)fd, text, sizeof(text) - 1, 0);
	close((int)fd);
	if (n <= 0 || (size_t)n == sizeof(text) - 1)
		return false;
	text[n] = '\0';
	return true;
}

enum handover_kind
handover_take(struct handover *out)
{
	const char *number = getenv(VARIABLE);
	enum role role;

	if (number == NULL)
		return HANDOVER_NONE;
	*out = (struct handover){ .status_fd = -1 };
	for (role = 0; role < ROLE_COUNT; role++)
		out->listeners.fd[role] = -1;
	if (!read_text(number) || !parse(out)) {
		log_say("this program cannot take over from the one that "
		        "runs, which has other sockets or processes; it takes "
		        "a restart (%s)",
		    VARIABLE);
		return HANDOVER_WRONG;
	}
	unsetenv(VARIABLE);
	return out->from == getpid() ? HANDOVER_REAL : HANDOVER_TRIAL;
}
