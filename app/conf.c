/*
 * The configuration: a table of keys, read from a file and from the
 * environment. A mistake stops the start, with file and line.
 */
#include "base.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "lib/conf_file.h"
#include "lib/log.h"
#include "lib/origin.h"
#include "lib/pattern.h"
#include "lib/text.h"

/*
 * AUTO: a number or "auto"; UNTIL: true, false, or the last day of it; CHOICE:
 * one of several words; PARTY:
 * a name of one word, in ASCII that JSON needs not escape
 */
enum type {
	TEXT,
	NUMBER,
	AUTO,
	SWITCH,
	ORIGINS,
	UNTIL,
	PARTY,
	PATTERN,
	CHOICE,
	SITE
};

struct key {
	const char *name;
	enum type type;
	size_t offset; /* in struct conf */
	const char *initial;
	int64_t min, max; /* of a number; bytes of a text */
	const char *unit; /* of a switch or choice: its words, by their order */
};

/* clang-format off */
#define AT(field) offsetof(struct conf, field)
/* Settings of each lane; a role without a socket has none. */
#define WORKERS(id, name, socket, ...) WORKERS_##socket(id, name)
#define WORKERS_INNER(id, name)
#define WORKERS_LANE(id, name) \
	{ "workers_" name,        AUTO,   AT(workers[ROLE_##id]),   "auto", 1, CONF_WORKERS_MAX, "processes" },
#define LISTEN(id, name, socket, ...) LISTEN_##socket(id, name)
#define LISTEN_LANE(id, name) \
	{ "listen_" name,         TEXT,   AT(listen[ROLE_##id]),    "/run/latchkey/" name ".sock", 1, 107, "path or address:port" },
#define LISTEN_INNER(id, name)
static const struct key keys[] = {
	{ "database",             TEXT,   AT(database),             "dbname=latchkey", 1, 4096, "libpq connection string" },
	{ "key_file",             TEXT,   AT(key_file),             SYSCONFDIR "/latchkey/key", 0, 4096, "path" },
	{ "key_dir",              TEXT,   AT(key_dir),              "", 0, 4096, "path" },
	{ "jwks_max_age_s",       NUMBER, AT(jwks_max_age_s),       "300", 1, 86400, "seconds" },
	{ "secret_file",          TEXT,   AT(secret_file),          "", 0, 4096, "path" },
	ROLE_TABLE(LISTEN)
	ROLE_TABLE(WORKERS)
	{ "login_backlog",        AUTO,   AT(login_backlog),        "auto", 1, 65535, "connections" },
	{ "login_wait_ms",        NUMBER, AT(login_wait_ms),        "4000", 100, 60000, "milliseconds" },
	{ "drain_ms",             NUMBER, AT(drain_ms),             "1500", 0, 10000, "milliseconds" },
	{ "greeting",             TEXT,   AT(greeting),             "Hello, FastAPI!", 0, 1024, "text" },
	{ "cors_origins",         ORIGINS, AT(cors_origins),        "", 0, 4096, "origins" },
	{ "product_name",         TEXT,   AT(product_name),         "Latchkey", 1, 64, "text" },
	{ "pages_dir",            TEXT,   AT(pages_dir),            "", 0, 4096, "path" },
	{ "signup",               CHOICE, AT(signup),               "open", 0, 2, "open, invite or closed" },
	{ "site_url",             SITE,   AT(site_url),             "http://127.0.0.1:8000", 0, 255, "URL" },
	{ "access_token_minutes", NUMBER, AT(access_token_minutes), "30", 1, 525600, "minutes" },
	{ "token_issuer",         PARTY,  AT(token_issuer),         "", 0, 255, "name" },
	{ "token_audience",       PARTY,  AT(token_audience),       "", 0, 255, "name" },
	{ "token_leeway_s",       NUMBER, AT(token_leeway_s),       "5", 0, 300, "seconds" },
	{ "accept_plain_tokens",  UNTIL,  AT(plain_until_s),        "true", 0, 0, "true, false or YYYY-MM-DD" },
	{ "session_days",         NUMBER, AT(session_days),         "90", 1, 3650, "days" },
	{ "session_idle_minutes", NUMBER, AT(session_idle_minutes), "20160", 2, 5256000, "minutes" },
	{ "session_proof_minutes", NUMBER, AT(session_proof_minutes), "60", 1, 1440, "minutes" },
	{ "refresh_grace_s",      NUMBER, AT(refresh_grace_s),      "10", 0, 300, "seconds" },
	{ "refresh_tokens",       SWITCH, AT(refresh_tokens_asked), "asked", 0, 1, "asked or always" },
	{ "revocation_stale",     SWITCH, AT(revocation_stale_accepted), "accept", 0, 1, "accept or refuse" },
	{ "hash_cost",            NUMBER, AT(hash_cost),            "5", 1, 11, "yescrypt cost" },
	{ "hash_upgrade",         SWITCH, AT(hash_upgrade),         "true", 0, 1, "true or false" },
	{ "hash_memory",          SWITCH, AT(hash_memory_kept),     "keep", 0, 1, "keep or plain" },
	{ "hash_memory_max_mib",  NUMBER, AT(hash_memory_max_mib),  "16", 1, 1024, "MiB" },
	{ "weak_hashes",          SWITCH, AT(weak_hashes),          "false", 0, 1, "true or false" },
	{ "username_min_chars",   NUMBER, AT(username_min_chars),   "1", 0, 64, "characters" },
	{ "username_max_chars",   NUMBER, AT(username_max_chars),   "255", 1, 640, "characters" },
	{ "username_pattern",     PATTERN, AT(username_pattern),    "", 0, PATTERN_MAX_BYTES, "regular expression" },
	{ "fullname_max_chars",   NUMBER, AT(fullname_max_chars),   "255", 1, 16384, "characters" },
	{ "password_min_chars",   NUMBER, AT(password_min_chars),   "8", 0, 127, "characters" },
	{ "password_blocklist",   TEXT,   AT(password_blocklist),   PREFIX "/share/latchkey/passwords", 0, 4096, "path" },
	{ "login_failures_per_name_hour", NUMBER, AT(login_failures_per_name), "100", 2, 1000000, "failures" },
	{ "login_failures_per_address_hour", NUMBER, AT(login_failures_per_address), "200", 2, 1000000, "failures" },
	{ "login_failures_per_client_hour", NUMBER, AT(login_failures_per_client), "20", 2, 1000000, "failures" },
	{ "login_failures_per_service_hour", NUMBER, AT(login_failures_per_service), "10000", 0, 10000000, "failures" },
	{ "signups_per_address_hour", NUMBER, AT(signups_per_address), "300", 2, 1000000, "sign-ups" },
	{ "db_timeout_ms",        NUMBER, AT(db_timeout_ms),        "1500", 50, 60000, "milliseconds" },
	{ "confine",              SWITCH, AT(confine),              "on", 0, 1, "on or off" },
	{ "status_file",          TEXT,   AT(status_file),          "/run/latchkey/status", 1, 4096, "path" },
};
#undef AT
/* clang-format on */

/* A switch's value: the first of its two words, or the second. */
static bool
set_switch(const struct key *k, const char *value, bool *out)
{
	size_t first = strcspn(k->unit, " ");

	*out = strlen(value) == first && strncmp(value, k->unit, first) == 0;
	return *out || strcmp(value, strrchr(k->unit, ' ') + 1) == 0;
}

/* A choice's value: one of its words, by its number. */
static bool
set_choice(const struct key *k, const char *value, int64_t *out)
{
	const char *p = k->unit;
	size_t n;
	int64_t i;

	for (i = 0; i <= k->max; i++) {
		n = strcspn(p, ", ");
		if (strlen(value) == n && strncmp(value, p, n) == 0) {
			*out = i;
			return true;
		}
		p += n + strspn(p + n, ", ");
		if (strncmp(p, "or ", 3) == 0)
			p += 3;
	}
	return false;
}

/* The end of a day, YYYY-MM-DD, in UTC. */
static bool
end_of_day(const char *value, int64_t *out)
{
	struct tm day = { 0 };
	char again[32];
	const char *end = strptime(value, "%Y-%m-%d", &day);

	if (end == NULL || *end != '\0')
		return false;
	/* timegm() makes the 2nd of March of the 30th of February */
	*out = (int64_t)timegm(&day) + 86400;
	return strftime(again, sizeof(again), "%Y-%m-%d", &day) > 0 &&
	       strcmp(again, value) == 0;
}

/* Until when it holds: always, never, or to the end of a day. */
static bool
set_until(const char *value, int64_t *out)
{
	if (strcmp(value, "true") == 0)
		*out = INT64_MAX;
	else if (strcmp(value, "false") == 0)
		*out = 0;
	else
		return end_of_day(value, out);
	return true;
}

static bool
set_text(
    const struct key *k, const char *where, const char *value, char **field)
{
	size_t len = strlen(value);
	char *copy;

	if (len < (size_t)k->min || len > (size_t)k->max ||
	    !text_is_utf8(value, len)) {
		log_say("%s: %s must be UTF-8 of %" PRId64 " to %" PRId64
		        " bytes",
		    where, k->name, k->min, k->max);
		return false;
	}
	if ((copy = strdup(value)) == NULL)
		abort();
	free(*field);
	*field = copy;
	return true;
}

static bool
set_origins(
    const struct key *k, const char *where, const char *value, char **field)
{
	if (origin_list_is_good(value))
		return set_text(k, where, value, field);
	log_say("%s: %s must be origins such as https://app.example.org, each "
	        "without a path and separated by a blank, not \"%s\"",
	    where, k->name, value);
	return false;
}

static bool
set_party(
    const struct key *k, const char *where, const char *value, char **field)
{
	const char *p = value;

	while (*p > ' ' && *p <= '~' && *p != '"' && *p != '\\')
		p++;
	if (*p == '\0')
		return set_text(k, where, value, field);
	log_say("%s: %s must be a name such as https://login.example.org, "
	        "without blanks, quotes and backslashes, not \"%s\"",
	    where, k->name, value);
	return false;
}

/* An address up to the path, and perhaps a path without a slash at its end. */
static bool
set_site(
    const struct key *k, const char *where, const char *value, char **field)
{
	size_t n = strlen(value), host = strcspn(value, ":") + 3;

	if ((strncmp(value, "https://", 8) == 0 ||
	        strncmp(value, "http://", 7) == 0) &&
	    host < n && value[host] != '/' && value[n - 1] != '/' &&
	    strcspn(value, "?#\"\\<> ") == n)
		return set_text(k, where, value, field);
	log_say("%s: %s must be an address such as https://login.example.org, "
	        "without a slash at its end, not \"%s\"",
	    where, k->name, value);
	return false;
}

static bool
set_pattern(
    const struct key *k, const char *where, const char *value, char **field)
{
	const char *problem = pattern_problem(value);

	if (problem == NULL)
		return set_text(k, where, value, field);
	log_say("%s: %s must be an extended regular expression, as regex(7) "
	        "has it, not \"%s\": %s",
	    where, k->name, value, problem);
	return false;
}

static bool
set_number(
    const struct key *k, const char *where, const char *value, int64_t *field)
{
	if (k->type == AUTO && strcmp(value, "auto") == 0) {
		*field = CONF_AUTO;
		return true;
	}
	if (text_to_i64(value, k->min, k->max, field))
		return true;
	log_say("%s: %s must be %sa whole number from %" PRId64 " to %" PRId64
	        " (%s), not \"%s\"",
	    where, k->name, k->type == AUTO ? "auto or " : "", k->min, k->max,
	    k->unit, value);
	return false;
}

/*
 * Put the text of a value where the key's field is. where: "file:line" or the
 * variable's name, for the message.
 */
static bool
set(struct conf *c, const struct key *k, const char *where, const char *value)
{
	void *field = (char *)c + k->offset;

	switch (k->type) {
	case ORIGINS:
		return set_origins(k, where, value, field);
	case PARTY:
		return set_party(k, where, value, field);
	case PATTERN:
		return set_pattern(k, where, value, field);
	case SITE:
		return set_site(k, where, value, field);
	case TEXT:
		return set_text(k, where, value, field);
	case AUTO:
	case NUMBER:
		return set_number(k, where, value, field);
	default:
		if (k->type == UNTIL    ? set_until(value, field)
		    : k->type == CHOICE ? set_choice(k, value, field)
		                        : set_switch(k, value, field))
			return true;
		log_say("%s: %s must be %s, not \"%s\"", where, k->name,
		    k->unit, value);
		return false;
	}
}

/* The key of this name, or NULL. */
static const struct key *
key_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* A file as far as it is read. */
struct reading {
	struct conf *conf;
	bool seen[ARRAY_LEN(keys)];
};

/* A setting of a file. */
static bool
set_once(void *arg, const char *where, const char *name, const char *value)
{
	struct reading *r = arg;
	const struct key *k = key_by_name(name);

	if (k == NULL) {
		log_say("%s: no such key: %s; latchkey settings lists them",
		    where, name);
		return false;
	}
	if (r->seen[k - keys]) {
		log_say("%s: %s is set a second time", where, name);
		return false;
	}
	r->seen[k - keys] = true;
	return set(r->conf, k, where, value);
}

static bool
read_file(struct conf *c, const char *file)
{
	struct reading r = { .conf = c };

	return conf_file_read(file, set_once, &r);
}

/* Is it this key in capitals? name: of n bytes. */
static bool
is_in_capitals(const struct key *k, const char *name, size_t n)
{
	size_t i;

	if (strlen(k->name) != n)
		return false;
	for (i = 0; i < n; i++)
		if (toupper((unsigned char)k->name[i]) != name[i])
			return false;
	return true;
}

/* A variable of the environment, "LATCHKEY_<KEY>=value", or another one. */
static bool
read_variable(struct conf *c, const char *variable)
{
	static const char prefix[] = "LATCHKEY_";
	const char *name, *value = strchr(variable, '=');
	char where[80];
	size_t i;

	if (strncmp(variable, prefix, strlen(prefix)) != 0 || value == NULL)
		return true;
	name = variable + strlen(prefix);
	snprintf(
	    where, sizeof(where), "%.*s", (int)(value - variable), variable);
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (is_in_capitals(&keys[i], name, (size_t)(value - name)))
			return set(c, &keys[i], where, value + 1);
	log_say("%s: no such key (in the environment); latchkey settings "
	        "lists them",
	    where);
	return false;
}

static bool
read_environment(struct conf *c)
{
	char **variable;

	for (variable = environ; *variable != NULL; variable++)
		if (!read_variable(c, *variable))
			return false;
	return true;
}

static bool
hash_fits(const struct conf *c)
{
	int64_t mib = INT64_C(1) << (c->hash_cost - 1); /* crypt(5) */

	if (mib <= c->hash_memory_max_mib)
		return true;
	log_say("hash_cost = %" PRId64 " takes %" PRId64
	        " MiB, and hash_memory_max_mib allows %" PRId64
	        ": set hash_memory_max_mib = %" PRId64 ", or a lower hash_cost",
	    c->hash_cost, mib, c->hash_memory_max_mib, mib);
	return false;
}

/* A session that is in use is renewed before it has been idle for too long. */
static bool
idles_longer(const struct conf *c, const char *key, int64_t minutes)
{
	if (c->session_idle_minutes > minutes)
		return true;
	log_say("session_idle_minutes = %" PRId64
	        " must be more than %s = %" PRId64
	        ": a session in use is renewed as often as that",
	    c->session_idle_minutes, key, minutes);
	return false;
}

/* Are the keys, each of them good by itself, also good together? */
static bool
is_consistent(const struct conf *c)
{
	if (c->username_min_chars > c->username_max_chars) {
		log_say("username_min_chars = %" PRId64
		        " is more than username_max_chars = %" PRId64
		        ": every name would be refused",
		    c->username_min_chars, c->username_max_chars);
		return false;
	}
	return hash_fits(c) &&
	       idles_longer(
	           c, "session_proof_minutes", c->session_proof_minutes) &&
	       idles_longer(c, "access_token_minutes", c->access_token_minutes);
}

bool
conf_load(const char *file, struct conf *out)
{
	size_t i;

	*out = (struct conf){ .file = file };
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (!set(out, &keys[i], "default", keys[i].initial))
			abort();
	if ((file == NULL || read_file(out, file)) && read_environment(out) &&
	    is_consistent(out))
		return true;
	conf_free(out);
	return false;
}

void
conf_free(struct conf *c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].type == TEXT || keys[i].type == ORIGINS ||
		    keys[i].type == PARTY || keys[i].type == PATTERN ||
		    keys[i].type == SITE)
			free(*(char **)((char *)c + keys[i].offset));
	*c = (struct conf){ 0 };
}

void
conf_print_keys(void)
{
	static const char *const type_name[] = { "text", "number", "auto",
		"switch", "text", "until", "text", "text", "switch", "text" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		printf("%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%s\n",
		    keys[i].name, type_name[keys[i].type], keys[i].initial,
		    keys[i].min, keys[i].max, keys[i].unit);
}
