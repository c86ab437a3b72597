/*
 * Confinement: files, ports and limits, and the order in which a process gives
 * up what it does not need. (Its system calls are in calls.c.)
 */
#include "base.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/filter.h"
#include "lib/landlock.h"
#include "lib/log.h"
#include "lib/resolve.h"
#include "server/calls.h"
#include "server/confine.h"
#include "stats/metrics.h"

/* Kept connections (server/loop.c), and everything else. */
#define FILES_MAX 1024
/* A request in parts is a file in memory. */
#define FILE_BYTES_MAX (UINT64_C(1024) * 1024)

/* Libraries and their data; not all of /usr, where a key may lie in an etc. */
#define SYSTEM_FILES                                              \
	"/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", \
	    "/usr/local/share", "/lib", "/lib64"

/* Files of the system that libpq, OpenSSL and Kerberos read. */
static const char *const db_files[] = { SYSTEM_FILES, "/etc/ssl", "/etc/pki",
	"/etc/crypto-policies", "/etc/ca-certificates", "/etc/ld.so.cache",
	"/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group",
	"/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/gss", "/dev/null",
	"/dev/urandom", "/dev/random" };

/* Those that have the addresses of names. */
static const char *const name_files[] = { SYSTEM_FILES, "/etc/ld.so.cache",
	"/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf",
	"/etc/resolv.conf", "/etc/services", "/etc/passwd", "/etc/localtime",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
	"/run/nscd", "/var/lib/sss", "/dev/null", "/dev/urandom" };

/*
 * And where such files are: the process that waits may not have less than one
 * that looks a name up later, when another file may have taken a file's place.
 */
static const char *const name_folders[] = { SYSTEM_FILES, "/etc", "/run",
	"/var/lib/sss", "/dev/null", "/dev/urandom" };

/* --- files and ports --- */

static bool
read_each(int rules, const char *const *files, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!landlock_read(rules, files[i]))
			return false;
	return true;
}

static bool
add_ways(int rules, const struct db_ways *ways)
{
	unsigned i;

	for (i = 0; i < ways->files; i++)
		if (!landlock_read(rules, ways->file[i]))
			return false;
	for (i = 0; i < ways->ports; i++)
		if (!landlock_connect(rules, ways->port[i]))
			return false;
	return true;
}

/* ways: NULL: it opens no file, and connects to nothing. */
static bool
restrict_opens(const struct db_ways *ways)
{
	int rules;

	if (landlock_version() == 0)
		return true;
	rules = landlock_new(ways != NULL && ways->has_abstract);
	if (rules < 0)
		return false;
	if (ways != NULL && !(read_each(rules, db_files, ARRAY_LEN(db_files)) &&
	                        add_ways(rules, ways)))
		return false;
	return landlock_enforce(rules);
}

/* --- limits --- */

static bool
lower_limit(int which, rlim_t max)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) != 0)
		return false;
	if (limit.rlim_max > max)
		limit.rlim_max = max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit) == 0;
}

static bool
lower_limits(void)
{
	struct stat st;
	bool logs_to_file =
	    fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);

	return lower_limit(RLIMIT_NPROC, 0) &&
	       lower_limit(RLIMIT_NOFILE, FILES_MAX) &&
	       (logs_to_file || lower_limit(RLIMIT_FSIZE, FILE_BYTES_MAX));
}

/* --- all of it --- */

const char *
confine_obstacle(void)
{
	/* cppcheck-suppress unreadVariable */
	const char *preloaded = getenv("LD_PRELOAD");

#ifdef __SANITIZE_ADDRESS__
	return "this is a build with a sanitizer";
#endif
	if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
		return "it runs under valgrind";
	return NULL;
}

static bool
is_on(const struct conf *conf)
{
	return conf->confine && confine_obstacle() == NULL;
}

bool
confine_is_possible(const struct conf *conf)
{
	const char *obstacle = confine_obstacle();

	if (!conf->confine) {
		log_say("confine = off: workers keep all system calls, and all "
		        "files of their user");
	} else if (obstacle != NULL) {
		log_say("workers are not confined: %s", obstacle);
	} else if (!filter_is_supported()) {
		log_say("confine: this kernel has no filter of system calls "
		        "(CONFIG_SECCOMP_FILTER); to serve without, set "
		        "confine = off");
		return false;
	} else if (landlock_version() == 0) {
		log_say("confine: this kernel has no Landlock (Linux 5.13, "
		        "lsm=landlock): workers with a database can read all "
		        "files of their user");
	}
	return true;
}

static bool
complain(const char *what)
{
	log_say("confine: %s: %s; to serve without, set confine = off", what,
	    strerror(errno));
	return false;
}

static struct db_ways *
ways_of(const struct db *db)
{
	static struct db_ways ways;

	ways = (struct db_ways){ .files = 0 };
	if (db != NULL)
		db_ways(db, &ways);
	return &ways;
}

/* Once: there is one process that writes what has ended. */
static void
say_ports(unsigned needs, const struct db_ways *ways)
{
	int version = landlock_version();

	if ((needs & NEED_REVOKING) != 0 && ways->has_tcp && version > 0 &&
	    version < LANDLOCK_TCP)
		log_say("confine: this kernel's Landlock knows no ports (Linux "
		        "6.7 does): workers with a database can connect to "
		        "any by TCP");
}

bool
confine(const struct conf *conf, unsigned served, const struct db *db)
{
	const struct db_ways *ways;

	if (!is_on(conf))
		return true;
	ways = ways_of(db);
	say_ports(role_needs(served), ways);
	if (db != NULL) {
		/* a module by which it finds the user is loaded now, or not */
		(void)getpwuid(geteuid());
		db_ways_keep(ways);
	}
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return complain("no new privileges");
	if (!lower_limits())
		return complain("limits");
	if (!restrict_opens(db != NULL ? ways : NULL))
		return complain("Landlock");
	if (!calls_confine(served, ways))
		return complain("seccomp");
	return true;
}

/* --- the supervisor --- */

/*
 * Not by Landlock: new settings may name any file, an upgrade executes one that
 * does not exist yet, and whom it signals are processes of its user.
 */
bool
confine_supervisor(const struct conf *conf, bool *confined)
{
	if (!is_on(conf)) {
		if (*confined)
			log_say("confine = off: what the supervisor has given "
			        "up stays so until a restart, for workers, "
			        "too");
		return true;
	}
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return complain("no new privileges");
	if (!calls_confine_supervisor(*confined))
		return complain("seccomp");
	*confined = true;
	return true;
}

/* --- names --- */

struct names {
	bool (*forget)(void *of);
	void *of;
};

/* Read these files, and ask a name server by TCP, wherever it is. */
static bool
restrict_names(const char *const *files, size_t n)
{
	int rules;

	if (landlock_version() == 0)
		return true;
	rules = landlock_new(false);
	return rules >= 0 && read_each(rules, files, n) &&
	       landlock_connect(rules, 53) && landlock_enforce(rules);
}

static bool
begin_names(void *of)
{
	const struct names *n = of;

	prctl(PR_SET_NAME, "latchkey-names");
	metrics_apart();
	log_share(NULL); /* it counts lost lines in what is forgotten */
	if (!n->forget(n->of))
		return complain("shared memory");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return complain("no new privileges");
	if (!restrict_names(name_folders, ARRAY_LEN(name_folders)))
		return complain("Landlock");
	return calls_confine(CALLS_NAMES, ways_of(NULL)) || complain("seccomp");
}

/* For each look-up again: files of the system are replaced. */
static bool
narrow_names(void)
{
	return restrict_names(name_files, ARRAY_LEN(name_files));
}

bool
confine_names(const struct conf *conf, const struct db *db,
    bool (*forget)(void *of), void *of)
{
	struct names names = { forget, of };
	struct resolver r = {
		.begin = begin_names, .narrow = narrow_names, .of = &names
	};
	const struct db_ways *ways = ways_of(db);

	if (!is_on(conf) || ways->names == 0)
		return true;
	r.count = ways->names;
	r.names = ways->name;
	return resolver_start(&r) || complain("a process for names");
}
