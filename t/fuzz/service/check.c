/*
 * Assertions about every reply.
 */
#include "check.h"

#include "http/header.h"
#include "db/user.h"
#include "hash.h"
#include "http/json.h"
#include "sign.h"
#include "lib/text.h"

#define DOCUMENT_BYTES 24576 /* a larger reply is the document */

/* --- who got what --- */

/* Does this body, or what it is when it is decoded, hold these bytes? */
static bool
body_holds(const struct req *r, const char *text)
{
	char *body = exactly(r->ctx->arena, r->body, r->body_len);
	size_t n = r->body_len, len = strlen(text);

	if (memmem(body, n, text, len) != NULL)
		return true;
	n = text_percent_decode(body, n, true);
	return memmem(body, n, text, len) != NULL;
}

/* Does it come as it is, unless it is escaped? */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e || strchr("\\\"/", *s) != NULL)
			return false;
	return true;
}

/* A text between two others, the first of which ends in a quote. */
static const char *
between(struct arena *a, const struct buf *b, const char *before, char after)
{
	const char *p = strstr(b->s, before);

	assert(p != NULL);
	p += strlen(before);
	assert(strchr(p, after) != NULL);
	return arena_strndup(a, p, (size_t)(strchr(p, after) - p));
}

/* Who sent this knows the password of the account that was asked for. */
static void
check_password(const struct req *r)
{
	const struct account *u = world_happened.asked;

	if (world_happened.before.id != 0)
		u = &world_happened.before;
	assert(u != NULL && u->active && world_has_hashed(u));
	/* bcrypt counts no more than a part of it */
	if (is_plain(u->password) && strlen(u->password) <= 72)
		assert(body_holds(r, u->password));
}

/* A token was given, for the right password of an account that may log in. */
static void
check_login(const struct req *r)
{
	struct arena *a = r->ctx->arena;
	const char *token =
	    between(a, &r->reply.body, "{\"access_token\":\"", '"');
	const struct token_clock clock = { .now_s = world_now_s(),
		.life_s = 1800 };
	struct token_claims claims;

	assert(is_signed(a, token));
	if (token_check(fuzz_keyring(), token, &clock, a, &claims) != ERR_OK)
		abort();
	assert(world_account(claims.sub) == world_happened.asked);
	check_password(r);
	assert(body_holds(r, claims.sub) && r->method == METHOD_POST);
	assert(claims.uid == world_happened.asked->id);
	assert(claims.epoch == world_happened.asked->epoch);
}

/* A password was chosen, and is not one of those that are refused. */
static void
check_choice(const struct req *r)
{
	const struct account *u = world_happened.asked;

	assert(u != NULL && u->password != NULL);
	assert((int64_t)text_chars(u->password) >=
	       r->ctx->app->conf->password_min_chars);
	assert(strcasecmp(u->password, CHECK_COMMON) != 0);
	assert(strcasecmp(u->password, u->username) != 0);
	assert((int64_t)text_chars(u->username) <=
	       r->ctx->app->conf->username_max_chars);
}

/* Wrong guesses are few, however they are sent. */
static void
check_guess(void)
{
	struct account *u = world_happened.asked;

	if (u != NULL && world_happened.hashes > 0)
		assert(++u->guesses <= 2 * WORLD_GUESSES_MAX);
}

/* These claims are of the account's epoch, which the request may have raised.
 */
static void
check_epoch(struct arena *a, struct json claims)
{
	const struct account *u = world_happened.asked;
	struct json uid, jti, iat, epoch;
	struct buf text;
	int64_t said = 0;

	if (world_happened.before.id != 0)
		u = &world_happened.before;
	if (json_get(claims, "uid", &uid) && json_get(claims, "jti", &jti) &&
	    json_get(claims, "iat", &iat) && json_get(claims, "ep", &epoch)) {
		buf_init(&text, a);
		json_write(&text, epoch, NULL);
		said = strtoll(text.s, NULL, 10);
	}
	assert(said == u->epoch);
}

/* Somebody was let in by a token: it is ours, and of now. */
static void
check_token(const struct req *r)
{
	struct arena *a = r->ctx->arena;
	const char *dot, *token = header_bearer(r->authorization);
	struct json_error why;
	struct json claims, sub, exp, uid;
	struct buf text;
	size_t n;

	assert(token != NULL && is_signed(a, token));
	dot = strchr(token, '.');
	buf_init(&text, a);
	base64url_decode(&text, dot + 1, strlen(dot + 1));
	/* claims end for libjwt where a C string does */
	n = text.len > 0 ? strlen(text.s) : 0;
	if (json_parse(a, text.s, n, &claims, &why) != ERR_OK)
		abort();
	assert(json_get(claims, "sub", &sub) && json_kind(sub) == JSON_TEXT);
	if (!json_get(claims, "exp", &exp))
		abort();
	buf_init(&text, a);
	json_write(&text, exp, NULL);
	assert(strtoll(text.s, NULL, 10) >
	       r->ctx->now_s - r->ctx->app->conf->token_leeway_s);
	if (r->user == NULL)
		return;
	assert(strcmp(r->user->username, json_text(sub, &n)) == 0);
	assert(world_happened.asked != NULL && world_happened.asked->active);
	if (json_get(claims, "uid", &uid)) {
		buf_init(&text, a);
		json_write(&text, uid, NULL);
		assert(strtoll(text.s, NULL, 10) == world_happened.asked->id);
	}
	check_epoch(a, claims);
}

static bool
is_at(const struct req *r, const char *path)
{
	size_t n = strcspn(r->uri, "?");
	char *s = exactly(r->ctx->arena, r->uri, n);

	n = text_percent_decode(s, n, false);
	return n == strlen(path) && memcmp(s, path, n) == 0;
}

void
check_reply(const struct req *r)
{
	int status = r->reply.status;

	assert(status != 500 || world_happened.broken);
	assert(status >= 200 && status < 600 && !r->reply.broken);
	if (is_at(r, "/token") && status == 200)
		check_login(r);
	else
		assert(r->reply.body.len == 0 ||
		       strstr(r->reply.body.s, "access_token\":\"") == NULL ||
		       is_at(r, "/users/me") ||
		       is_at(r, "/users/me/password") ||
		       is_at(r, "/users/add_user/"));
	if (is_at(r, "/users/me/password") && status == 200)
		check_password(r);
	if ((is_at(r, "/users/me/password") || is_at(r, "/users/add_user/")) &&
	    status == 200)
		check_choice(r);
	if (is_at(r, "/token") && status == 401)
		check_guess();
	if (is_at(r, "/users/me/password") && status == 400 &&
	    world_happened.hashes > 0)
		check_guess();
	if (status == 200 && (is_at(r, "/users/me") || is_at(r, "/check") ||
	                         is_at(r, "/users/me/password")))
		check_token(r);
}

/* --- its form --- */

/* The reply out of its records: stdout's, an empty one, the end. */
static void
join_records(const unsigned char *p, size_t n, struct buf *out)
{
	enum { END_REQUEST = 3, STDOUT = 6 };
	size_t len;
	bool ended = false;

	for (; n > 0; p += len, n -= len) {
		assert(n >= 8 && p[0] == 1 && !ended);
		len = (size_t)p[4] << 8 | p[5];
		assert(n >= 8 + len + p[6]);
		if (p[1] == STDOUT) {
			buf_add(out, p + 8, len);
		} else {
			assert(p[1] == END_REQUEST && len == 8);
			assert(memcmp(p + 8, "\0\0\0\0\0", 5) == 0);
			ended = true;
		}
		len += (size_t)8 + p[6];
	}
	assert(ended);
}

/* What the headers say. */
struct head {
	int status;
	size_t length;
	bool json, retry, authenticate, allow, location;
};

/* A number, and nothing else up to there. */
static size_t
read_number(const char *p, const char *end)
{
	size_t n = 0;

	assert(p < end && end - p < 10);
	for (; p < end; p++) {
		assert(*p >= '0' && *p <= '9');
		n = n * 10 + (size_t)(*p - '0');
	}
	return n;
}

/* One header. Returns what is behind it. */
static const char *
read_header(const char *line, struct head *h)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyz"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";
	const char *p, *value, *end = strstr(line, "\r\n");
	size_t n = strspn(line, token);

	assert(end != NULL && n > 0 && line[n] == ':' && line[n + 1] == ' ');
	value = line + n + 2;
	for (p = value; p < end; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
#define IS(name) (n == strlen(name) && strncmp(line, name, n) == 0)
	if (IS("Status")) {
		assert(h->status == 0 && value[3] == ' ');
		h->status = (int)read_number(value, value + 3);
	} else if (IS("Content-Length")) {
		assert(h->length == SIZE_MAX);
		h->length = read_number(value, end);
	}
	h->json |=
	    IS("Content-Type") && strncmp(value, "application/json\r", 17) == 0;
	h->retry |= IS("Retry-After");
	h->authenticate |= IS("WWW-Authenticate");
	h->allow |= IS("Allow");
	h->location |= IS("Location");
#undef IS
	return end + 2;
}

void
check_sent(const unsigned char *bytes, size_t n, enum method method)
{
	struct head h = { .length = SIZE_MAX };
	struct json_error why;
	struct arena a;
	const char *p;
	struct buf b;
	struct json v;

	arena_init(&a);
	buf_init(&b, &a);
	join_records(bytes, n, &b);
	assert(strncmp(b.s, "Status: ", 8) == 0);
	for (p = b.s; strncmp(p, "\r\n", 2) != 0;)
		p = read_header(p, &h);
	p += 2;
	n = b.len - (size_t)(p - b.s);
	assert(n == (method == METHOD_HEAD ? 0 : h.length) ||
	       (n == 0 && method == METHOD_OTHER));
	assert(text_is_utf8(p, n));
	/* openapi.json has more values than a request may have */
	if (h.json && n > 0 && n <= DOCUMENT_BYTES &&
	    json_parse(&a, p, n, &v, &why) != ERR_OK)
		abort();
	assert(h.authenticate == (h.status == 401));
	assert(h.retry == (h.status == 429 || h.status == 503));
	assert(h.allow == (h.status == 405));
	assert(h.location == (h.status == 307));
	arena_free(&a);
}
