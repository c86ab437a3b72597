/*
 * Fake database: db/db.c's functions, on a few accounts in memory. The files of
 * db/ above it are the real ones.
 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/db.h"
#include "db/schema.h"
#include "db/ratelimit.h"
#include "hash.h"
#include "crypto/pwhash.h"
#include "lib/text.h"

#define ACCOUNTS_MAX 12
#define COLUMNS_MAX 8
#define ROWS_MAX                                                    \
	10 /* of the throttle: two buckets of each of five subjects \
	    */
#define TAKEN_MAX 1024
#define US 1000000

/* Some rows, or none. */
struct result {
	int count;
	const char *cell[ROWS_MAX][COLUMNS_MAX];
};

static struct {
	enum mood mood;
	struct account account[ACCOUNTS_MAX];
	int accounts;
	int64_t empty_at_us[DB_RATELIMIT_BUCKETS];
	unsigned taken[TAKEN_MAX]; /* of them, that are not 0 */
	int takes;
} tables;

/* --- accounts --- */

static struct account *
add_account(const char *username, const char *fullname, const char *hash)
{
	struct account *u = &tables.account[tables.accounts++];

	assert(tables.accounts <= ACCOUNTS_MAX);
	*u = (struct account){
		.id = tables.accounts,
		.username = keep(username),
		.fullname = keep(fullname),
		.hash = keep(hash),
		.active = true,
	};
	return u;
}

static struct account *
add_with_password(const char *username, const char *fullname,
    const char *password, const char *setting)
{
	char hash[HASH_BYTES];
	struct account *u;

	if (!hash_make(password, setting, hash))
		abort();
	u = add_account(username, fullname, hash);
	u->password = password;
	return u;
}

void
world_begin(void)
{
	time_begins();
	tables.mood = MOOD_GOOD;
	tables.accounts = 0;
	while (tables.takes > 0)
		tables.empty_at_us[tables.taken[--tables.takes]] = 0;
	add_with_password("ada", "Ada Lovelace", "correct horse battery",
	    "$y$j75$abcdefghijklmnop");
	add_with_password(
	    "bob", NULL, "bob's own password", "$2b$04$abcdefghijklmnopqrstuv");
	add_with_password(
	    "eve", NULL, "once allowed to", "$y$j75$ponmlkjihgfedcba")
	    ->active = false;
	add_account("nobody", NULL, NULL);
	add_account("odd", "",
	    "$2b$04$not base64 at all, but sixty characters "
	    "long, as they are");
	add_with_password("C\xc3\xa9sar\r\n\x1b[2J", "\xf0\x9f\x94\x91 <&>",
	    "p\xc3\xa4ssw\xc3\xb6rter", "$y$j75$abcdefghijklmnop");
}

struct account *
world_account(const char *username)
{
	int i;

	for (i = 0; i < tables.accounts; i++)
		if (strcmp(tables.account[i].username, username) == 0)
			return &tables.account[i];
	return NULL;
}

static struct account *
account_of(const char *id)
{
	int64_t n;

	if (!text_to_i64(id, 1, INT64_MAX, &n) || n > tables.accounts)
		return NULL;
	return &tables.account[n - 1];
}

void
world_mood(enum mood mood)
{
	tables.mood = mood;
}

void
world_wait(int64_t s)
{
	int i;

	time_goes_on(s);
	for (i = 0; s > 0 && i < tables.accounts; i++)
		tables.account[i].guesses = 0;
}

/* The password of a hash that was just made. */
static void
set_hash(struct account *u, const char *hash)
{
	int i;

	world_happened.before = *u;
	u->hash = keep(hash);
	u->password = NULL;
	for (i = 0; i < world_happened.hashes; i++)
		if (strcmp(world_happened.made[i], hash) == 0)
			u->password = world_happened.hashed[i];
	assert(u->password != NULL);
}

/* --- statements --- */

static const char *
keep_number(int64_t n)
{
	char s[24];

	snprintf(s, sizeof(s), "%" PRId64, n);
	return keep(s);
}

static void
user_by_name(const char *const *params, struct result *out)
{
	struct account *u = world_account(params[0]);

	world_happened.asked = u;
	if (u == NULL)
		return;
	*out = (struct result){ 1,
		{ { keep_number(u->id), u->username, u->fullname, u->hash,
		    u->active ? "t" : "f", keep_number(u->epoch) } } };
}

/* And the hash of the first account from a number on. */
static void
user_at_login(const char *const *params, struct result *out)
{
	const struct account *u, *end = tables.account + tables.accounts;
	int64_t first;

	if (!text_to_i64(params[1], 0, INT64_MAX, &first))
		abort();
	user_by_name(params, out);
	out->cell[0][2] = NULL; /* which is of no use at a login */
	if (out->count == 0)
		out->cell[0][5] = "0";
	out->count = 1;
	for (u = tables.account; u < end; u++)
		if (u->id >= first && u->hash != NULL) {
			out->cell[0][7] = u->hash;
			return;
		}
}

static void
user_hashes(const char *const *params, struct result *out)
{
	const struct account *u, *end = tables.account + tables.accounts;
	int64_t first;

	if (!text_to_i64(params[0], 0, INT64_MAX, &first))
		abort();
	for (u = tables.account; u < end && out->count < ROWS_MAX; u++)
		if (u->id >= first && u->hash != NULL)
			out->cell[out->count++][0] = u->hash;
}

static void
user_range(struct result *out)
{
	*out = (struct result){ 1, { { "1", keep_number(tables.accounts) } } };
}

static void
user_insert(const char *const *params, struct result *out)
{
	struct account *u;

	if (world_account(params[0]) != NULL || tables.accounts == ACCOUNTS_MAX)
		return;
	u = add_account(params[0], params[1], params[2]);
	set_hash(u, params[2]);
	user_by_name(params, out);
}

static void
user_replace_hash(const char *const *params, struct result *out)
{
	struct account *u = account_of(params[0]);

	if (u == NULL || u->hash == NULL || strcmp(u->hash, params[1]) != 0)
		return;
	set_hash(u, params[2]);
	*out = (struct result){ 1, { { "1" } } };
}

/* NULL: it is done. An empty text: there is no such account. */
static void
user_delete(const char *const *params, struct result *out)
{
	struct account *u = account_of(params[0]);
	bool good = u != NULL && u->hash != NULL && params[1] != NULL &&
	            strcmp(u->hash, params[1]) == 0;

	*out = (struct result){ 1, { { good ? NULL : "" } } };
	if (!good)
		return;
	u->username = keep("\x01 deleted \x01");
	u->active = false;
	u->epoch++;
}

/* By its owner: the service has no other way. */
static void
profile_change_password(const char *const *params, struct result *out)
{
	assert(strcmp(params[3], "owner") == 0);
	user_replace_hash(params, out);
	if (out->count == 1)
		account_of(params[0])->epoch++;
}

static void
user_set_fullname(const char *const *params, struct result *out)
{
	struct account *u = account_of(params[0]);

	if (u == NULL)
		return;
	u->fullname = keep(params[1]);
	*out = (struct result){ 1, { { "1" } } };
}

/* The next number of an array such as {1,2}; false: that was all. */
static bool
next_number(const char **array, int64_t *out)
{
	char number[24];
	size_t n;

	assert(**array == '{' || **array == ',' || **array == '}');
	if (*(*array)++ == '}')
		return false;
	n = strcspn(*array, ",}");
	assert(n < sizeof(number));
	memcpy(number, *array, n);
	number[n] = '\0';
	*array += n;
	if (!text_to_i64(number, INT64_MIN, INT64_MAX, out))
		abort();
	return true;
}

static int64_t
empty_at_us(int64_t bucket)
{
	int64_t now_us = world_now_s() * US;

	return tables.empty_at_us[bucket] > now_us ? tables.empty_at_us[bucket]
	                                           : now_us;
}

static void
fill(int64_t bucket, int64_t cost_us)
{
	if (tables.empty_at_us[bucket] == 0) {
		assert(tables.takes < TAKEN_MAX);
		tables.taken[tables.takes++] = (unsigned)bucket;
	}
	tables.empty_at_us[bucket] = empty_at_us(bucket) + cost_us;
}

/* The statements of the throttle: so much into each of these buckets, or what
 * would be there then. */
static void
throttle(const char *const *params, bool writes, struct result *out)
{
	const char *buckets = params[0], *amounts = params[1];
	int64_t bucket, last = -1, us;

	while (next_number(&buckets, &bucket)) {
		if (out->count == ROWS_MAX || !next_number(&amounts, &us))
			abort();
		assert(bucket > last && bucket < DB_RATELIMIT_BUCKETS);
		assert(us != 0 && us <= DB_RATELIMIT_FULL_US &&
		       us >= -DB_RATELIMIT_FULL_US);
		out->cell[out->count][0] = keep_number(bucket);
		out->cell[out->count++][1] =
		    keep_number(empty_at_us(bucket) + us - world_now_s() * US);
		if (writes)
			fill(bucket, us);
		last = bucket;
	}
	assert(out->count > 0);
}

static void
execute(const char *name, const char *const *params, struct result *out)
{
	if (strcmp(name, "user_by_name") == 0)
		user_by_name(params, out);
	else if (strcmp(name, "user_insert") == 0)
		user_insert(params, out);
	else if (strcmp(name, "user_replace_hash") == 0)
		user_replace_hash(params, out);
	else if (strcmp(name, "user_change_password") == 0)
		profile_change_password(params, out);
	else if (strcmp(name, "user_set_fullname") == 0)
		user_set_fullname(params, out);
	else if (strcmp(name, "user_at_login") == 0)
		user_at_login(params, out);
	else if (strcmp(name, "user_hashes") == 0)
		user_hashes(params, out);
	else if (strcmp(name, "user_range") == 0)
		user_range(out);
	else if (strcmp(name, "ratelimit_look") == 0)
		throttle(params, false, out);
	else if (strcmp(name, "ratelimit_reserve") == 0 ||
	         strcmp(name, "ratelimit_refund") == 0)
		throttle(params, true, out);
	else if (strcmp(name, "network_find") == 0) /* known, and seen today */
		*out = (struct result){ 1, { { "t", "t", "t", "t" } } };
	else if (strcmp(name, "schema_version") == 0)
		*out = (struct result){ 1,
			{ { keep_number(db_schema_needed()) } } };
	else if (strcmp(name, "schema_has_table") == 0)
		*out = (struct result){ 1, { { "t", "t" } } };
	else if (strcmp(name, "schema_obstacle") == 0)
		*out = (struct result){ 1, { { "f", "f", NULL } } };
	else if (strcmp(name, "user_keep_name") == 0)
		*out = (struct result){ 1, { { params[0] } } };
	else if (strcmp(name, "user_delete") == 0)
		user_delete(params, out);
	else if (strncmp(name, "client_", 7) == 0)
		*out = (struct result){ 0 };          /* there is none */
	else if (strcmp(name, "session_insert") == 0) /* not one too many */
		*out = (struct result){ 1, { { "f" } } };
	else if (strncmp(name, "session_", 8) == 0 ||
	         strncmp(name, "link_", 5) == 0)
		*out = (struct result){ 0 }; /* none is found again */
	else if (strcmp(name, "schema_lacking") == 0)
		*out = (struct result){ 1, { { NULL } } };
	else
		abort(); /* a new statement has to be added here */
}

enum err
db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out)
{
	struct result *r = arena_alloc(a, sizeof(*r));
	int i;

	(void)db;
	/* what PostgreSQL would refuse never gets so far */
	for (i = 0; i < params.count; i++)
		assert(params.value[i] == NULL ||
		       text_is_utf8(params.value[i], strlen(params.value[i])));
	assert(params.count == db_sql_params(sql->text));
	assert(sql->direct || (sql->used_by & DB_WORKERS) != 0);
	world_happened.broken |= tables.mood == MOOD_BROKEN;
	if (tables.mood == MOOD_AWAY)
		return ERR_BUSY;
	if (tables.mood == MOOD_BROKEN)
		return ERR_INTERNAL;
	if (tables.mood == MOOD_REFUSES && sql->writes)
		return ERR_INVALID;
	execute(sql->name, params.value, r);
	if (tables.mood == MOOD_LOST && sql->writes)
		return ERR_BUSY;
	if (out != NULL)
		*out = (struct db_rows){ r, r->count };
	return ERR_OK;
}

enum err
db_one(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out)
{
	enum err e = db_run(db, a, sql, params, out);

	if (e != ERR_OK || out->count == 1)
		return e;
	return out->count == 0 ? ERR_NOTFOUND : ERR_INTERNAL;
}

/* Done at once: when its answer is read makes no difference here. */
enum err
db_send(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params)
{
	return db_run(db, a, sql, params, NULL);
}

/* No request has one. */
enum err
db_transaction(
    struct db *db, struct arena *a, enum err (*fn)(void *of), void *of)
{
	(void)db;
	(void)a;
	(void)fn;
	(void)of;
	return ERR_INTERNAL;
}

const char *
db_text(const struct db_rows *rows, int row, int column)
{
	const struct result *r = rows->result;

	assert(row < r->count && column < COLUMNS_MAX);
	return r->cell[row][column];
}

int64_t
db_int(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);
	int64_t v = 0;

	if (text == NULL || !text_to_i64(text, INT64_MIN, INT64_MAX, &v))
		abort();
	return v;
}

bool
db_true(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);

	return text != NULL && strcmp(text, "t") == 0;
}

/* For who links them all; a worker's connection is none of its requests'. */
struct db *
db_new(const char *conninfo, int64_t timeout_ms, unsigned used_by)
{
	(void)conninfo;
	(void)timeout_ms;
	(void)used_by;
	return NULL;
}

void
db_free(struct db *db)
{
	(void)db;
}

enum err
db_connect(struct db *db)
{
	(void)db;
	return ERR_OK;
}

enum err
db_script(struct db *db, const char *script)
{
	(void)db;
	(void)script;
	return ERR_INTERNAL;
}

bool
db_is_connected(const struct db *db)
{
	(void)db;
	return tables.mood != MOOD_AWAY;
}

const char *
db_session(const struct db *db)
{
	(void)db;
	return "session";
}

void
db_token_life(struct db *db, int64_t life_s)
{
	(void)db;
	(void)life_s;
}

void
db_limit(struct db *db, int64_t ms, int64_t server_ms)
{
	(void)db;
	(void)ms;
	(void)server_ms;
}

void
db_allow(struct db *db, int64_t ms)
{
	(void)db;
	(void)ms;
}

bool
db_is_in_doubt(const struct db *db)
{
	(void)db;
	return tables.mood == MOOD_LOST;
}

int64_t
db_waited_ms(const struct db *db)
{
	(void)db;
	return 0;
}

void
db_elsewhere(struct db *db)
{
	(void)db;
}

const char *
db_exposure(const struct db *db)
{
	(void)db;
	return NULL;
}

void
db_ways(const struct db *db, struct db_ways *out)
{
	(void)db;
	*out = (struct db_ways){ 0 };
}
