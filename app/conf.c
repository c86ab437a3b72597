/*
 * The configuration: a table of keys, read from a file by libConfuse and from
 * the environment. A mistake stops the start, with file and line.
 */
#include "base.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <confuse.h>

#include "conf.h"
#include "lib/log.h"
#include "lib/origin.h"
#include "lib/text.h"

/* AUTO: a number or "auto"; UNTIL: true, false, or the last day of it */
enum type { TEXT, NUMBER, AUTO, SWITCH, ORIGINS, UNTIL };

const char *const lane_name[LANE_COUNT] = { "check", "api", "login" };

struct key {
	const char *name;
	enum type type;
	size_t offset; /* in struct conf */
	const char *initial;
	int64_t min, max; /* of a number; bytes of a text */
	const char *unit; /* of a switch: the words for on and off */
};

/* clang-format off */
#define AT(field) offsetof(struct conf, field)
static const struct key keys[] = {
	{ "database",             TEXT,   AT(database),             "dbname=latchkey", 1, 4096, "libpq connection string" },
	{ "key_file",             TEXT,   AT(key_file),             SYSCONFDIR "/latchkey/key", 1, 4096, "path" },
	{ "listen_check",         TEXT,   AT(listen[LANE_CHECK]),   "/run/latchkey/check.sock", 1, 107, "path or address:port" },
	{ "listen_api",           TEXT,   AT(listen[LANE_API]),     "/run/latchkey/api.sock", 1, 107, "path or address:port" },
	{ "listen_login",         TEXT,   AT(listen[LANE_LOGIN]),   "/run/latchkey/login.sock", 1, 107, "path or address:port" },
	{ "workers_check",        AUTO,   AT(workers[LANE_CHECK]),  "auto", 1, CONF_WORKERS_MAX, "processes" },
	{ "workers_api",          AUTO,   AT(workers[LANE_API]),    "auto", 1, CONF_WORKERS_MAX, "processes" },
	{ "workers_login",        AUTO,   AT(workers[LANE_LOGIN]),  "auto", 1, CONF_WORKERS_MAX, "processes" },
	{ "login_backlog",        AUTO,   AT(login_backlog),        "auto", 1, 65535, "connections" },
	{ "login_wait_ms",        NUMBER, AT(login_wait_ms),        "4000", 100, 60000, "milliseconds" },
	{ "drain_ms",             NUMBER, AT(drain_ms),             "1500", 0, 10000, "milliseconds" },
	{ "greeting",             TEXT,   AT(greeting),             "Hello, FastAPI!", 0, 1024, "text" },
	{ "cors_origins",         ORIGINS, AT(cors_origins),        "", 0, 4096, "origins" },
	{ "access_token_minutes", NUMBER, AT(access_token_minutes), "30", 1, 525600, "minutes" },
	{ "token_leeway_s",       NUMBER, AT(token_leeway_s),       "5", 0, 300, "seconds" },
	{ "accept_plain_tokens",  UNTIL,  AT(plain_until_s),        "true", 0, 0, "true, false or YYYY-MM-DD" },
	{ "hash_cost",            NUMBER, AT(hash_cost),            "5", 1, 11, "yescrypt cost" },
	{ "hash_upgrade",         SWITCH, AT(hash_upgrade),         "true", 0, 1, "true or false" },
	{ "hash_memory",          SWITCH, AT(hash_memory_kept),     "keep", 0, 1, "keep or plain" },
	{ "hash_memory_max_mib",  NUMBER, AT(hash_memory_max_mib),  "16", 1, 1024, "MiB" },
	{ "username_max_chars",   NUMBER, AT(username_max_chars),   "255", 1, 640, "characters" },
	{ "fullname_max_chars",   NUMBER, AT(fullname_max_chars),   "255", 1, 16384, "characters" },
	{ "password_min_chars",   NUMBER, AT(password_min_chars),   "8", 0, 127, "characters" },
	{ "password_blocklist",   TEXT,   AT(password_blocklist),   PREFIX "/share/latchkey/passwords", 0, 4096, "path" },
	{ "login_failures_per_name_hour", NUMBER, AT(login_failures_per_name), "100", 2, 1000000, "failures" },
	{ "login_failures_per_address_hour", NUMBER, AT(login_failures_per_address), "200", 2, 1000000, "failures" },
	{ "login_failures_per_client_hour", NUMBER, AT(login_failures_per_client), "20", 2, 1000000, "failures" },
	{ "login_failures_per_service_hour", NUMBER, AT(login_failures_per_service), "10000", 0, 10000000, "failures" },
	{ "signups_per_address_hour", NUMBER, AT(signups_per_address), "300", 2, 1000000, "sign-ups" },
	{ "db_timeout_ms",        NUMBER, AT(db_timeout_ms),        "1500", 50, 60000, "milliseconds" },
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

/*
 * Put the text of a value where the key's field is. where: "file:line" or the
 * variable's name, for the message.
 */
static bool
set(struct conf *c, const struct key *k, const char *where, const char *value)
{
	void *field = (char *)c + k->offset;
	size_t len = strlen(value);
	char *copy;

	switch (k->type) {
	case ORIGINS:
		if (!origin_list_is_good(value)) {
			log_say("%s: %s must be origins such as "
			        "https://app.example.org, each without a path "
			        "and separated by a blank, not \"%s\"",
			    where, k->name, value);
			return false;
		}
		/* fallthrough */
	case TEXT:
		if (len < (size_t)k->min || len > (size_t)k->max ||
		    !text_is_utf8(value, len)) {
			log_say("%s: %s must be UTF-8 of %" PRId64
			        " to %" PRId64 " bytes",
			    where, k->name, k->min, k->max);
			return false;
		}
		if ((copy = strdup(value)) == NULL)
			abort();
		free(*(char **)field);
		*(char **)field = copy;
		return true;
	case AUTO:
		if (strcmp(value, "auto") == 0) {
			*(int64_t *)field = CONF_AUTO;
			return true;
		}
		/* fallthrough */
	case NUMBER:
		if (text_to_i64(value, k->min, k->max, field))
			return true;
		log_say("%s: %s must be %sa whole number from %" PRId64
		        " to %" PRId64 " (%s), not \"%s\"",
		    where, k->name, k->type == AUTO ? "auto or " : "", k->min,
		    k->max, k->unit, value);
		return false;
	default:
		if (k->type == UNTIL ? set_until(value, field)
		                     : set_switch(k, value, field))
			return true;
		log_say("%s: %s must be %s, not \"%s\"", where, k->name,
		    k->unit, value);
		return false;
	}
}

/*
 * libConfuse's callbacks carry no argument of ours, so what they work on while
 * a file is read stands here.
 */
static struct {
	const char *file;
	struct conf *conf;
	bool seen[ARRAY_LEN(keys)];
	bool failed;
} reading;

static void PRINTF_LIKE(2, 0)
    on_error(cfg_t *cfg, const char *fmt, va_list args)
{
	char what[1024];

	reading.failed = true;
	vsnprintf(what, sizeof(what), fmt, args);
	log_say("%s:%d: %s", reading.file, cfg->line, what);
}

/* Every value is taken as text here and understood by set(). */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	char where[4200];
	size_t i;

	*(const char **)result = "";
	snprintf(where, sizeof(where), "%s:%d", reading.file, cfg->line);
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, opt->name) == 0)
			break;
	assert(i < ARRAY_LEN(keys)); /* libConfuse knows no other */
	if (reading.seen[i]) {
		log_say("%s: %s is set a second time", where, opt->name);
		reading.failed = true;
		return 1;
	}
	reading.seen[i] = true;
	if (set(reading.conf, &keys[i], where, value))
		return 0;
	reading.failed = true;
	return 1;
}

/* The text of a file, or NULL with a line on standard error. */
static char *
read_text(const char *file)
{
	FILE *f = fopen(file, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t n = -1;

	if (f != NULL) {
		errno = 0;
		n = getdelim(&text, &size, '\0', f);
		fclose(f);
	}
	if (n >= 0 && strlen(text) == (size_t)n)
		return text;
	if (f != NULL && n < 0 && errno == 0) {
		free(text);
		return strdup(""); /* an empty file: the defaults */
	}
	log_say("%s: %s", file, errno != 0 ? strerror(errno) : "holds a NUL");
	free(text);
	return NULL;
}

/* The byte behind a comment that begins at p, or NULL: none begins there. */
static char *
end_of_comment(char *p)
{
	char *end;

	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	if (p[0] != '/' || p[1] != '*')
		return NULL;
	end = strstr(p + 2, "*/");
	return end != NULL ? end + 2 : p + strlen(p);
}

/*
 * Put blanks in the place of comments: libConfuse 3.3 counts three lines for
 * each, and its messages would name the wrong one.
 */
static void
blank_comments(char *p)
{
	char quote = '\0', *end;

	for (; *p != '\0'; p++) {
		if (quote != '\0') {
			if (*p == '\\' && p[1] != '\0')
				p++;
			else if (*p == quote)
				quote = '\0';
		} else if (*p == '"' || *p == '\'') {
			quote = *p;
		} else if ((end = end_of_comment(p)) != NULL) {
			for (; p < end; p++)
				*p = *p == '\n' ? '\n' : ' ';
			p--;
		}
	}
}

static bool
read_file(const char *file, struct conf *c)
{
	cfg_opt_t opts[ARRAY_LEN(keys) + 1];
	char *text = read_text(file);
	cfg_t *cfg;
	size_t i;
	int result;

	if (text == NULL)
		return false;
	blank_comments(text);

	for (i = 0; i < ARRAY_LEN(keys); i++)
		opts[i] = (cfg_opt_t)CFG_PTR_CB(
		    keys[i].name, NULL, CFGF_NODEFAULT, on_value, NULL);
	opts[i] = (cfg_opt_t)CFG_END();
	memset(&reading, 0, sizeof(reading));
	reading.file = file;
	reading.conf = c;
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		abort();
	cfg_set_error_function(cfg, on_error);
	result = cfg_parse_buf(cfg, text);
	cfg_free(cfg);
	free(text);
	return result == CFG_SUCCESS && !reading.failed;
}

static bool
read_environment(struct conf *c)
{
	char variable[64];
	const char *value;
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(keys); i++) {
		snprintf(
		    variable, sizeof(variable), "LATCHKEY_%s", keys[i].name);
		for (j = 0; variable[j] != '\0'; j++)
			variable[j] = (char)toupper((unsigned char)variable[j]);
		value = getenv(variable);
		if (value != NULL && !set(c, &keys[i], variable, value))
			return false;
	}
	return true;
}

/* Keys that are good each by itself, but not together. */
static bool
fit_together(const struct conf *c)
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

bool
conf_load(const char *file, struct conf *out)
{
	size_t i;

	*out = (struct conf){ .file = file };
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (!set(out, &keys[i], "default", keys[i].initial))
			abort();
	if ((file == NULL || read_file(file, out)) && read_environment(out) &&
	    fit_together(out))
		return true;
	conf_free(out);
	return false;
}

void
conf_free(struct conf *c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].type == TEXT || keys[i].type == ORIGINS)
			free(*(char **)((char *)c + keys[i].offset));
	*c = (struct conf){ 0 };
}

void
conf_print_keys(void)
{
	static const char *const type_name[] = { "text", "number", "auto",
		"switch", "text", "until" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		printf("%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%s\n",
		    keys[i].name, type_name[keys[i].type], keys[i].initial,
		    keys[i].min, keys[i].max, keys[i].unit);
}
