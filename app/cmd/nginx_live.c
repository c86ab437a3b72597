/*
 * nginx as it runs on this machine. The only file that runs other programs:
 * nginx itself, and curl, which speaks TLS; both by their arguments, without a
 * shell.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/nginx_live.h"
#include "lib/text.h"

#define GROUPS_MAX 256

enum err
nginx_live_read(int fd, struct buf *out)
{
	char bytes[65536];
	ssize_t n;

	buf_add(out, "", 0);
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_INTERNAL;
		if (out->len + (size_t)n > NGINX_INPUT_MAX_BYTES)
			return ERR_TOOBIG;
		buf_add(out, bytes, (size_t)n);
	}
	return ERR_OK;
}

/* --- programs --- */

/* Start a program with this descriptor as its output, and no input. */
static enum err
start(char *const *words, int out, int errors, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int failed;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ERR_INTERNAL;
	failed =
	    posix_spawn_file_actions_addopen(
	        &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) ||
	    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (failed == 0)
		failed =
		    posix_spawnp(pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed == 0 ? ERR_OK : ERR_NOTFOUND;
}

/* How a program that has been started ended: its exit status, or -1. */
static int
ended(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Run a program, and append what it prints; *status: its exit status. */
static enum err
run(char *const *words, bool with_errors, struct buf *out, int *status)
{
	int ends[2], nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	enum err e = ERR_INTERNAL;
	pid_t pid = -1;

	if (nowhere >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
		e = start(
		    words, ends[1], with_errors ? ends[1] : nowhere, &pid);
		close(ends[1]);
		if (e == ERR_OK) {
			e = nginx_live_read(ends[0], out);
			close(ends[0]); /* a program with more output ends */
			*status = ended(pid);
		} else
			close(ends[0]);
	}
	if (nowhere >= 0)
		close(nowhere);
	return e;
}

enum err
nginx_live_dump(struct buf *out)
{
	/* the last two are where users do not look */
	static const char *const places[] = { "nginx", "/usr/sbin/nginx",
		"/usr/local/sbin/nginx" };
	char name[32], version[] = "-v", dump[] = "-T";
	char *const words[] = { name, version, dump, NULL };
	enum err e = ERR_NOTFOUND;
	int status = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(places) && e == ERR_NOTFOUND; i++) {
		memcpy(name, places[i], strlen(places[i]) + 1);
		e = run(words, true, out, &status);
		if (e == ERR_OK && status == 127)
			e = ERR_NOTFOUND;
	}
	return e == ERR_OK && status != 0 ? ERR_DENIED : e;
}

/* --- questions --- */

/* Where an address of a listen is reached from here, in curl's form. */
static void
add_target(struct buf *b, const char *address)
{
	if (strncmp(address, "*:", 2) == 0)
		buf_addf(b, "::127.0.0.1:%s", address + 2);
	else if (strncmp(address, "[::]:", 5) == 0)
		buf_addf(b, "::[::1]:%s", address + 5);
	else
		buf_addf(b, "::%s", address);
}

int
nginx_live_ask(const char *address, const char *url)
{
	/* -q: not as somebody's .curlrc has it; -k: the name is not DNS's */
	static const char *const fixed[] = { "curl", "-q", "-sgk",
		"--path-as-is", "--noproxy", "*", "--max-time", "10", "-o",
		"/dev/null", "-w", "%{http_code}", "--connect-to" };
	char *words[ARRAY_LEN(fixed) + 3];
	struct buf target, out;
	struct arena a;
	int64_t answer = 0;
	int status;
	size_t i;

	arena_init(&a);
	buf_init(&target, &a);
	buf_init(&out, &a);
	add_target(&target, address);
	for (i = 0; i < ARRAY_LEN(fixed); i++)
		words[i] = arena_strndup(&a, fixed[i], strlen(fixed[i]));
	words[i++] = target.s;
	words[i++] = arena_strndup(&a, url, strlen(url));
	words[i] = NULL;
	if (run(words, false, &out, &status) != ERR_OK || status != 0 ||
	    !text_to_i64(out.s, 100, 999, &answer))
		answer = 0;
	arena_free(&a);
	return (int)answer;
}

/* --- sockets --- */

struct person {
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int n;
};

static bool
find_person(const char *user, struct person *out)
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		return false;
	out->uid = pw->pw_uid;
	out->n = GROUPS_MAX;
	return getgrouplist(user, pw->pw_gid, out->groups, &out->n) >= 0;
}

/* Has somebody this right (1: search, 2: write) by a file's permissions? */
static bool
may(const struct person *p, const struct stat *st, mode_t right)
{
	int i;

	if (p->uid == 0)
		return true;
	if (p->uid == st->st_uid)
		return (st->st_mode & right << 6) != 0;
	for (i = 0; i < p->n; i++)
		if (p->groups[i] == st->st_gid)
			return (st->st_mode & right << 3) != 0;
	return (st->st_mode & right) != 0;
}

static const char *
say(struct arena *a, const char *path, const char *text, const char *user)
{
	struct buf b;

	buf_init(&b, a);
	buf_addf(&b, "%s %s%s", path, text, user);
	return b.s;
}

/* The first folder on the way to a path that somebody may not enter, or NULL.
 */
static const char *
closed_folder(struct arena *a, const struct person *p, const char *path)
{
	const char *slash = path;
	struct stat st;
	char *folder;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		folder = arena_strndup(a, path, (size_t)(slash - path));
		if (stat(folder, &st) != 0 || !may(p, &st, 1))
			return folder;
	}
	return NULL;
}

const char *
nginx_live_socket_problem(struct arena *a, const char *user, const char *path)
{
	const char *folder;
	struct person p;
	struct stat st;

	if (*path != '/' || !find_person(user, &p))
		return NULL;
	if ((folder = closed_folder(a, &p, path)) != NULL)
		return say(a, folder, "may not be entered by ", user);
	if (stat(path, &st) != 0)
		return say(
		    a, path, "is not there: latchkey is not running", "");
	if (!S_ISSOCK(st.st_mode))
		return say(a, path, "is no socket", "");
	return may(&p, &st, 2) ? NULL
	                       : say(a, path, "may not be used by ", user);
}
