/*
 * The command `key`: the keys that sign tokens.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "cmd/key.h"
#include "cmd/operator.h"
#include "crypto/key_dir.h"
#include "lib/log.h"

#define TIME_BYTES 32
#define MARGIN_S 60 /* by which clocks of instances may differ */

/* The settings, the directory, and the time. */
struct work {
	const struct conf *conf;
	struct key_dir dir;
	int64_t now_s;
};

static const char *
time_text(int64_t s, char out[TIME_BYTES])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_BYTES, "%" PRId64, s);
	return out;
}

/* --- the list --- */

/* The line of a key: its state, and when that changes. */
static void
print_key(const struct key *k, enum key_state state)
{
	static const char *const words[] = { [KEY_NEXT] = "next",
		[KEY_ACTIVE] = "active",
		[KEY_RETIRING] = "retiring",
		[KEY_EXPIRED] = "expired" };
	char text[TIME_BYTES];

	printf("%s\t%s\t%s", k->kid, jws_alg_name[k->alg], words[state]);
	if (state == KEY_NEXT && k->from_s != KEY_NEVER)
		printf(", signs from %s", time_text(k->from_s, text));
	if (state != KEY_EXPIRED && k->until_s != KEY_NEVER)
		printf(", verifies until %s", time_text(k->until_s, text));
	if (state == KEY_RETIRING && k->until_s == KEY_NEVER)
		printf(", verifies until key_file is \"\"");
	printf("\n");
}

/* As the workers read them. */
static int
list(struct work *w, char *const *arguments)
{
	struct app *app = app_open(w->conf, NEED_KEYS, 0);
	const struct keyring *ring;
	size_t i;

	(void)arguments;
	if (app == NULL)
		return EXIT_FAILURE;
	ring = app->keyring;
	for (i = 0; i < ring->count; i++)
		print_key(
		    &ring->keys[i], key_state(ring, &ring->keys[i], w->now_s));
	app_close(app);
	return EXIT_SUCCESS;
}

/* --- changes --- */

/* Remove the keys of which no token is left, with their files. */
static bool
remove_expired(struct work *w)
{
	struct key_entry *e = w->dir.entries;

	while (e < w->dir.entries + w->dir.count) {
		if (e->until_s > w->now_s)
			e++;
		else if (!key_dir_remove(&w->dir, e))
			return false;
	}
	return true;
}

/* Can tokens be signed without a further key? */
static bool
is_signed_without(const struct work *w)
{
	const struct key_entry *e;

	if (w->conf->key_file[0] != '\0')
		return true;
	for (e = w->dir.entries; e < w->dir.entries + w->dir.count; e++)
		if (e->from_s != KEY_NEVER)
			return true;
	return false;
}

/*
 * When a key may sign: those who keep the published keys have asked again by
 * then, the second that has begun aside. At once, where nobody could sign
 * otherwise.
 */
static int64_t
earliest(const struct work *w)
{
	return is_signed_without(w) ? w->now_s + 1 + w->conf->jwks_max_age_s
	                            : w->now_s;
}

/* Other secrets would end with key_file, once its tokens have expired. */
static bool
has_own_secret(const struct conf *conf)
{
	if (conf->secret_file[0] != '\0')
		return true;
	log_say("session cookies, refresh tokens and device cookies still "
	        "depend on key_file: give them a secret first: cp -p %s "
	        "DIRECTORY/secret, set secret_file to that, and reload",
	    conf->key_file);
	return false;
}

static bool
choose_alg(const char *name, enum jws_alg *out)
{
	*out = JWS_ES256;
	if (name == NULL)
		return true;
	for (; *out < JWS_ALGS; (*out)++)
		if (strcmp(jws_alg_name[*out], name) == 0)
			return true;
	fprintf(stderr,
	    "latchkey: no such algorithm: %s; ES256, EdDSA or "
	    "RS256\n",
	    name);
	return false;
}

static int
make(struct work *w, char *const *arguments)
{
	const struct key_entry *e;
	enum jws_alg alg;
	int64_t from_s;

	if (!choose_alg(arguments[0], &alg) || !has_own_secret(w->conf) ||
	    !remove_expired(w))
		return EXIT_FAILURE;
	from_s = is_signed_without(w) ? KEY_NEVER : w->now_s;
	if (!key_dir_add(&w->dir, alg, w->now_s, from_s, &e))
		return EXIT_FAILURE;
	operator_note("key new", 0, e->kid, ERR_OK);
	printf("%s\t%s\t%s\n", e->kid, jws_alg_name[alg],
	    from_s == KEY_NEVER ? "next" : "active");
	fprintf(stderr, "latchkey: reload the service, which publishes it%s\n",
	    from_s == KEY_NEVER ? "; then: latchkey key activate" : "");
	return EXIT_SUCCESS;
}

/* The entry of this kid, or a message. */
static struct key_entry *
find(struct work *w, const char *kid)
{
	struct key_entry *e = key_dir_find(&w->dir, kid);

	if (e == NULL)
		fprintf(stderr, "latchkey: no such key in key_dir: %s\n", kid);
	return e;
}

/* The next key: that of the kid, or the oldest. */
static struct key_entry *
find_next(struct work *w, const char *kid)
{
	struct key_entry *end = w->dir.entries + w->dir.count;
	struct key_entry *e = kid != NULL ? find(w, kid) : w->dir.entries;

	if (e == NULL)
		return NULL;
	if (kid != NULL && e->from_s != KEY_NEVER) {
		fprintf(stderr, "latchkey: it has been activated: %s\n", kid);
		return NULL;
	}
	while (kid == NULL && e < end && e->from_s != KEY_NEVER)
		e++;
	if (e < end)
		return e;
	fprintf(stderr, "latchkey: no key is next; make one with: latchkey "
	                "key new, and reload\n");
	return NULL;
}

/* When the last token has expired of a key that signs until from_s. */
static int64_t
end_of_tokens(const struct work *w, int64_t from_s)
{
	return from_s + w->conf->access_token_minutes * 60 +
	       w->conf->token_leeway_s + MARGIN_S;
}

/*
 * Keys that signed before from_s verify until their last token has expired. One
 * that was to sign from then on, or later, is next again: its tokens would not
 * be accepted.
 */
static void
retire_others(struct work *w, const struct key_entry *but, int64_t from_s)
{
	struct key_entry *e;

	for (e = w->dir.entries; e < w->dir.entries + w->dir.count; e++) {
		if (e == but || e->from_s == KEY_NEVER)
			continue;
		if (e->from_s >= from_s) {
			e->from_s = e->until_s = KEY_NEVER;
			fprintf(
			    stderr, "latchkey: is next again: %s\n", e->kid);
		} else if (e->until_s == KEY_NEVER) {
			e->until_s = end_of_tokens(w, from_s);
		}
	}
}

static int
activate(struct work *w, char *const *arguments)
{
	struct key_entry *e;
	char text[TIME_BYTES];

	if (!remove_expired(w) || (e = find_next(w, arguments[0])) == NULL)
		return EXIT_FAILURE;
	e->from_s = earliest(w);
	retire_others(w, e, e->from_s);
	if (!key_dir_save(&w->dir))
		return EXIT_FAILURE;
	operator_note("key activate", 0, e->kid, ERR_OK);
	printf("%s\t%s\tsigns from %s\n", e->kid, jws_alg_name[e->alg],
	    time_text(e->from_s, text));
	fprintf(stderr, "latchkey: reload the service before that time\n");
	return EXIT_SUCCESS;
}

/* Does it sign now, as the workers see it, with key_file's key beside it? */
static bool
is_active(const struct work *w, const struct key_entry *of)
{
	static struct keyring times;
	const struct key_entry *e;
	struct key *k = times.keys, *its = NULL;

	if (w->conf->key_file[0] != '\0')
		*k++ = (struct key){ .from_s = 0, .until_s = KEY_NEVER };
	for (e = w->dir.entries; e < w->dir.entries + w->dir.count; e++, k++) {
		*k = (struct key){ .from_s = e->from_s, .until_s = e->until_s };
		if (e == of)
			its = k;
	}
	times.count = (size_t)(k - times.keys);
	return keyring_active(&times, w->now_s) == its;
}

/* The key that is to sign next after this one; NULL: none. */
static struct key_entry *
find_successor(struct work *w, const struct key_entry *of)
{
	struct key_entry *e, *next = NULL;

	for (e = w->dir.entries; e < w->dir.entries + w->dir.count; e++)
		if (e != of && e->from_s != KEY_NEVER &&
		    e->from_s >= of->from_s &&
		    (next == NULL || e->from_s < next->from_s))
			next = e;
	return next;
}

/* The key that signs before this one does; NULL: none. */
static struct key_entry *
find_predecessor(struct work *w, const struct key_entry *of)
{
	struct key_entry *e, *last = NULL;

	for (e = w->dir.entries; e < w->dir.entries + w->dir.count; e++)
		if (e != of && e->from_s < of->from_s &&
		    (last == NULL || e->from_s > last->from_s))
			last = e;
	return last;
}

/* Its successor signs at once. False, with a message: it has none. */
static bool
replace_active(struct work *w, const struct key_entry *of)
{
	struct key_entry *successor = find_successor(w, of);

	if (successor == NULL) {
		fprintf(stderr,
		    "latchkey: it signs: %s; first do: latchkey "
		    "key new, and latchkey key activate\n",
		    of->kid);
		return false;
	}
	if (successor->from_s > w->now_s)
		successor->from_s = w->now_s;
	return true;
}

/* One that was to sign does not: the key before it signs on. */
static void
give_back(struct work *w, const struct key_entry *of)
{
	struct key_entry *before = find_predecessor(w, of);
	const struct key_entry *after = find_successor(w, of);
	int64_t until_s =
	    after != NULL ? end_of_tokens(w, after->from_s) : KEY_NEVER;

	if (before != NULL && before->until_s < until_s)
		before->until_s = until_s;
}

/*
 * End a key and its tokens. One that signs has to have a successor, which then
 * signs at once: for a key that has been stolen.
 */
static int
retire(struct work *w, char *const *arguments)
{
	struct key_entry *e;

	if (arguments[0] == NULL) {
		key_usage(stderr);
		return 2;
	}
	if ((e = find(w, arguments[0])) == NULL)
		return EXIT_FAILURE;
	if (e->from_s != KEY_NEVER && is_active(w, e)) {
		if (!replace_active(w, e))
			return EXIT_FAILURE;
	} else if (e->from_s != KEY_NEVER && e->from_s > w->now_s) {
		give_back(w, e);
	}
	if (!key_dir_remove(&w->dir, e))
		return EXIT_FAILURE;
	operator_note("key retire", 0, arguments[0], ERR_OK);
	fprintf(stderr, "latchkey: reload the service, which then refuses its "
	                "tokens\n");
	return EXIT_SUCCESS;
}

/* --- the command --- */

static const struct action {
	const char *name;
	int (*run)(struct work *w, char *const *arguments);
	bool changes; /* the directory */
} actions[] = {
	{ "new", make, true },
	{ "list", list, false },
	{ "activate", activate, true },
	{ "retire", retire, true },
};

void
key_usage(FILE *out)
{
	fprintf(out, "usage: latchkey key new [ES256|EdDSA|RS256]\n"
	             "       latchkey key list\n"
	             "       latchkey key activate [KID]\n"
	             "       latchkey key retire KID\n"
	             "The service takes changes over by a reload (SIGHUP).\n");
}

static bool
open_dir(struct work *w)
{
	if (w->conf->key_dir[0] != '\0')
		return key_dir_open(w->conf->key_dir, &w->dir);
	log_say("no directory for keys: set key_dir, as in key_dir = "
	        "\"/etc/latchkey/keys\"");
	return false;
}

int
key_command(const struct conf *conf, char *const *arguments)
{
	struct work w = {
		.conf = conf, .dir = { .fd = -1 }, .now_s = (int64_t)time(NULL)
	};
	const struct action *a = actions;
	int status = EXIT_FAILURE;

	while (a < actions + ARRAY_LEN(actions) &&
	       strcmp(a->name, arguments[0]) != 0)
		a++;
	if (a == actions + ARRAY_LEN(actions)) {
		key_usage(stderr);
		return 2;
	}
	if (!a->changes || open_dir(&w))
		status = a->run(&w, arguments + 1);
	key_dir_close(&w.dir);
	return status;
}
