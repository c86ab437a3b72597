/*
 * The command `check`: verification of settings, key and database.
 */
#include "base.h"

#include <grp.h>
#include <inttypes.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "cmd/check.h"
#include "cmd/formats.h"
#include "cmd/place.h"
#include "cmd/session.h"
#include "crypto/key.h"
#include "crypto/revoked.h"
#include "db/exposure.h"
#include "db/schema.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "route.h"
#include "server/limits.h"
#include "stats/metrics.h"
#include "svc/client.h"
#include "svc/formats.h"
#include "svc/schema.h"

#define CLOCK_APART_S 2
#define COUNTING_MS 10000 /* a reload waits for it */
#define LISTEN_BYTES 108  /* a Unix socket's path, as conf.c bounds it */

/* Report why the database is not ready. */
static void
complain(struct ctx *c, enum err e)
{
	const char *lacking;

	if (e == ERR_DENIED && db_schema_lacking(c, &lacking) == ERR_OK &&
	    lacking != NULL)
		log_say("database: the role lacks %s; as the database's "
		        "owner run: latchkey migrate ROLE",
		    lacking);
	else if (e == ERR_CONFLICT)
		return; /* find_obstacle() has said it */
	else if (e == ERR_NOTFOUND)
		log_say("database: no schema, or the role may not use it; as "
		        "the database's owner run: latchkey migrate ROLE");
	else
		log_say("database unavailable (see above)");
}

/* An attacker in a worker has the privileges of its role. */
static enum err
warn_of_role(struct ctx *c)
{
	const char *excess;
	enum err e;

	if ((e = db_schema_excess(c, &excess)) == ERR_OK && excess != NULL)
		log_say("warning: the database role %s, which the workers do "
		        "not need; latchkey(8), migrate, says how another role "
		        "owns the tables",
		    excess);
	return e;
}

/* The present connection, and the library that made it. */
static void
warn_of_connection(const struct db *db)
{
	const char *exposure = db_exposure(db);
	int oldest, version = db_exposure_library(&oldest);

	if (exposure != NULL)
		log_say("warning: hashes cross the network to the database "
		        "%s; add sslmode=verify-full to the setting database",
		    exposure);
	if (version < oldest)
		log_say(
		    "warning: libpq %d.%d has known vulnerabilities; %d.%d or later fixes them",
		    version / 10000, version % 10000, oldest / 10000,
		    oldest % 10000);
}

/*
 * Limits count by the database's clock, tokens by this machine's. A second may
 * pass between the two.
 */
static enum err
warn_of_clock(struct ctx *c)
{
	int64_t theirs_s, ahead_s;
	enum err e;

	if ((e = db_schema_clock(c, &theirs_s)) != ERR_OK)
		return e;
	ahead_s = (int64_t)time(NULL) - theirs_s;
	if (ahead_s > CLOCK_APART_S || ahead_s < -CLOCK_APART_S)
		log_say("warning: this machine's clock is %" PRId64
		        " seconds %s the database's; tokens count by one, "
		        "limits by the other: have both set by NTP",
		    ahead_s > 0 ? ahead_s : -ahead_s,
		    ahead_s > 0 ? "ahead of" : "behind");
	return ERR_OK;
}

/* Will a token of this client say by whom it is, and for whom? */
static bool
is_named_in_full(const struct conf *conf, const struct client *client)
{
	return *conf->token_issuer != '\0' &&
	       (*conf->token_audience != '\0' || client->audience != NULL);
}

/* Source: RFC 9068, section 2.2. */
static enum err
warn_of_clients(struct ctx *c)
{
	const struct client *clients;
	size_t i, n;
	enum err e;

	if ((e = client_list(c, &clients, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		if (clients[i].number != 0 && clients[i].is_enabled &&
		    !is_named_in_full(c->app->conf, &clients[i])) {
			log_say("warning: tokens of clients lack the claim "
			        "iss or aud, which RFC 9068 wants: set "
			        "token_issuer and token_audience");
			break;
		}
	return ERR_OK;
}

/* Does every statement fit the schema? Preparing them shows it. */
static enum err
check_statements(struct ctx *c)
{
	enum err e;

	if ((e = schema_ready(c)) != ERR_OK ||
	    (e = warn_of_role(c)) != ERR_OK ||
	    (e = warn_of_clock(c)) != ERR_OK ||
	    (e = warn_of_clients(c)) != ERR_OK)
		return e;
	warn_of_connection(c->app->db);
	return ERR_OK;
}

/* Run a part of the check with a connection that prepares the statements of
 * used_by. */
static bool
check_with(
    const struct conf *conf, unsigned used_by, enum err (*part)(struct ctx *c))
{
	struct app *app = app_open(conf, NEED_DATABASE, used_by);
	struct arena arena;
	struct ctx c;
	enum err e;

	if (app == NULL)
		return false;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	if ((e = part(&c)) != ERR_OK)
		complain(&c, e);
	arena_free(&arena);
	app_close(app);
	return e == ERR_OK;
}

/* --- obstacles to the use of a database that is complete --- */

/* Each with what to do. */
static void
complain_of_obstacle(enum schema_obstacle obstacle, const char *remedy)
{
	static const char *const text[SCHEMA_OBSTACLES] = {
		[SCHEMA_SHARED] =
		    "database: a pooler gives our sessions to others, too; "
		    "each connection needs its own session: set PgBouncer's "
		    "pool_mode = session, or connect past the pooler",
		[SCHEMA_READ_ONLY] =
		    "database: read-only, and a login has to be counted; name "
		    "all hosts and the one to write to "
		    "(host=db1,db2 target_session_attrs=read-write), or ALTER "
		    "ROLE or DATABASE ... RESET default_transaction_read_only",
	};

	if (obstacle == SCHEMA_HIDDEN)
		log_say("database: row level security hides rows; let the role "
		        "see all of them, without a RESTRICTIVE policy: %s",
		    remedy);
	else
		log_say("%s", text[obstacle]);
}

/*
 * Another connection begins while one is open. Where a pooler shares sessions
 * between transactions it gets the same session, or the first gets another one
 * for its next statement; in a busy pool perhaps not at once.
 */
static enum err
find_obstacle(struct ctx *c)
{
	enum schema_obstacle obstacle = SCHEMA_NO_OBSTACLE;
	struct app *other;
	struct ctx beside;
	const char *remedy;
	enum err e = ERR_OK;
	int tries = 4;

	while (e == ERR_OK && obstacle == SCHEMA_NO_OBSTACLE && tries-- > 0) {
		other = app_open(c->app->conf, NEED_DATABASE, 0);
		if (other == NULL)
			return ERR_BUSY;
		ctx_init(&beside, other, c->arena);
		if ((e = schema_ready(&beside)) == ERR_OK)
			e = schema_obstacle(c, &obstacle, &remedy);
		app_close(other);
	}
	if (e == ERR_OK && obstacle != SCHEMA_NO_OBSTACLE) {
		complain_of_obstacle(obstacle, remedy);
		return ERR_CONFLICT;
	}
	return e;
}

/* Without its schema nothing can be prepared: report that first. */
static enum err
check_schema(struct ctx *c)
{
	enum err e;

	if ((e = schema_ready(c)) == ERR_OK)
		e = find_obstacle(c);
	return e;
}

static bool
check_database(const struct conf *conf)
{
	return check_with(conf, 0, check_schema) &&
	       check_with(conf, DB_ALL, check_statements);
}

/* Can that be opened which needs no database? Says why not. */
static bool
can_open(const struct conf *conf, unsigned needs)
{
	struct app *app = app_open(conf, needs, 0);

	app_close(app);
	return app != NULL;
}

/* --- others who can pose as nginx --- */

/* Everybody on the machine may connect to this socket. */
static bool
is_open_to_all(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       (st.st_mode & S_IWOTH) != 0;
}

/*
 * The group that may connect to this socket. A future one gets the group of its
 * directory if that is setgid. False: none, or it cannot be read.
 */
static bool
group_of(const char *path, gid_t *out)
{
	char folder[LISTEN_BYTES];
	struct stat st;

	if (lstat(path, &st) == 0) {
		*out = st.st_gid;
		return S_ISSOCK(st.st_mode) && (st.st_mode & S_IWGRP) != 0;
	}
	snprintf(folder, sizeof(folder), "%s", path);
	if (stat(dirname(folder), &st) != 0)
		return false;
	*out = (st.st_mode & S_ISGID) != 0 ? st.st_gid : getegid();
	return true;
}

static bool
is_member(const struct group *group, const struct passwd *user)
{
	char **name;

	if (user->pw_gid == group->gr_gid)
		return true;
	for (name = group->gr_mem; *name != NULL; name++)
		if (strcmp(*name, user->pw_name) == 0)
			return true;
	return false;
}

/*
 * The members of a group into out, separated by commas, except root and the
 * user of this process, which is the workers'. Returns their number.
 */
static int
list_members(const struct group *group, struct buf *out)
{
	const struct passwd *user;
	int n = 0;

	setpwent();
	while ((user = getpwent()) != NULL)
		if (user->pw_uid != 0 && user->pw_uid != geteuid() &&
		    is_member(group, user))
			buf_addf(
			    out, "%s%s", n++ == 0 ? "" : ", ", user->pw_name);
	endpwent();
	return n;
}

/* Debian runs more than nginx as www-data: PHP-FPM, Apache, applications. */
static void
warn_of_group(gid_t gid)
{
	const struct group *group = getgrgid(gid);
	struct arena arena;
	struct buf members;
	int n;

	if (group == NULL)
		return;
	arena_init(&arena);
	buf_init(&members, &arena);
	n = list_members(group, &members);
	if (n > 1 || strstr(members.s, "www-data") != NULL)
		log_say("warning: the group %s of the sockets has the "
		        "members: %s. Each can pose as nginx and name any "
		        "client's address: it should have one member, a user "
		        "that only nginx runs as",
		    group->gr_name, members.s);
	arena_free(&arena);
}

/* Sockets of the settings; those that systemd makes have the same paths. */
static void
warn_of_sockets(const struct conf *conf)
{
	gid_t gid, told = (gid_t)-1;
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++) {
		if (!roles[lane].is_lane)
			continue;
		if (conf->listen[lane][0] != '/')
			log_say("warning: listen_%s = %s: FastCGI over TCP is "
			        "not encrypted, and anybody who reaches the "
			        "port can pose as nginx",
			    roles[lane].name, conf->listen[lane]);
		else if (is_open_to_all(conf->listen[lane]))
			log_say("warning: everybody on this machine may "
			        "connect to %s and pose as nginx; do: "
			        "chmod o= %s",
			    conf->listen[lane], conf->listen[lane]);
		else if (group_of(conf->listen[lane], &gid) && gid != told)
			warn_of_group(told = gid);
	}
}

/* The values with which gateways and applications are configured. */
static void
print_tokens(const struct conf *conf)
{
	struct app *app = app_open(conf, NEED_KEYS, 0);

	if (app == NULL)
		return;
	printf("tokens: kid %s",
	    keyring_active(app->keyring, (int64_t)time(NULL))->kid);
	if (*conf->token_issuer != '\0')
		printf(", issuer (iss) %s", conf->token_issuer);
	if (*conf->token_audience != '\0')
		printf(", audience (aud) %s", conf->token_audience);
	printf("\n");
	app_close(app);
}

/* A service that runs may be behind with what has ended. */
static void
warn_of_revocation(const struct conf *conf)
{
	struct metrics_figures f;
	int64_t age_ms;

	if (!shm_is_served(conf->status_file))
		return;
	route_name_rows();
	formats_name_rows();
	if (!metrics_load(conf->status_file))
		return;
	metrics_read(&f);
	age_ms = clock_ms() - f.revoked_heard_ms;
	if (f.revoked_heard_ms != 0 && age_ms <= REVOKED_STALE_MS)
		return;
	log_say("warning: the service that runs has not read for %" PRId64
	        " s which sessions have ended, and may take tokens of those: "
	        "see revocations_behind in its log",
	    age_ms / 1000);
}

/* Things that none of this can see. */
static void
print_unseen(const char *unseen)
{
	printf("not looked at: what the systemd unit allows; nginx and what it "
	       "passes on%s%s\n",
	    unseen != NULL ? "; " : "", unseen != NULL ? unseen : "");
}

int
check(const struct conf *conf)
{
	bool key_good = can_open(conf, NEED_KEYS | NEED_SIGNING | NEED_SECRETS);
	bool files_good = can_open(conf, NEED_HASHING | NEED_PAGES);
	bool database_good = check_database(conf), places_good;
	struct arena arena;
	const char *unseen;

	arena_init(&arena);
	places_good = place_check(conf, &arena, &unseen);
	if (key_good && files_good && database_good && places_good) {
		warn_of_sockets(conf);
		printf("settings, key, database and schema are good\n");
		print_tokens(conf);
		limits_print(conf);
		session_report(conf);
		formats_report(conf, COUNTING_MS);
		warn_of_revocation(conf);
		print_unseen(unseen);
	}
	arena_free(&arena);
	return key_good && files_good && database_good && places_good
	           ? EXIT_SUCCESS
	           : EXIT_FAILURE;
}
