/*
 * HTML pages as replies.
 */
#include "base.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/page.h"
#include "html/language.h"
#include "http/header.h"
#include "http/next.h"
#include "http/reply.h"
#include "svc/browser.h"

#define LANGUAGE_LIFE_S 31536000
#define TYPE "text/html; charset=utf-8"

/*
 * Nothing runs but the file of the program's own, nothing is embedded, no form
 * goes elsewhere. Source: W3C, Content Security Policy Level 3.
 */
#define POLICY                                                     \
	"default-src 'none'; style-src 'self'; img-src 'self'; "   \
	"script-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

/* --- language --- */

const char *
page_query(struct req *r, const char *name)
{
	const struct form_field *f;
	struct form form;

	if (form_parse_query(r->ctx->arena, r->query, &form) != ERR_OK)
		return NULL;
	f = form_get(&form, name);
	return f != NULL ? f->value : NULL;
}

static const struct sentences *
choose_language(struct req *r)
{
	const struct pages *pages = r->ctx->app->pages;
	const char *asked = page_query(r, "lang"), *kept;
	size_t i = language_find(pages->languages, pages->count, asked);

	if (i < pages->count)
		return pages->languages[i];
	kept = header_cookie(r->cookie, PAGE_LANGUAGE_COOKIE, r->ctx->arena);
	i = language_find(pages->languages, pages->count, kept);
	if (i == pages->count)
		i = language_choose(
		    pages->languages, pages->count, r->accept_language);
	return pages->languages[i];
}

/* A language that was asked for by the switch is kept. */
static void
keep_language(struct page *p)
{
	const char *asked = page_query(p->r, "lang");

	if (asked != NULL && strcasecmp(asked, p->language->tag) == 0)
		header_set_lax_cookie(p->r, PAGE_LANGUAGE_COOKIE,
		    p->language->tag, LANGUAGE_LIFE_S);
}

/* The switch: all languages by their own names. */
static void
add_languages(struct page *p)
{
	const struct pages *pages = p->r->ctx->app->pages;
	struct arena *a = p->r->ctx->arena;
	struct template_scope *rows =
	    arena_alloc(a, pages->count * sizeof(*rows));
	struct template_value *v;
	size_t i;

	if (pages->count < 2)
		return;
	for (i = 0; i < pages->count; i++) {
		v = arena_alloc(a, 3 * sizeof(*v));
		v[0] =
		    (struct template_value){ "tag", pages->languages[i]->tag };
		v[1] = (struct template_value){ "name",
			sentences_find(pages->languages[i], "language_name") };
		v[2] = (struct template_value){ "current",
			pages->languages[i] == p->language ? "yes" : NULL };
		rows[i] =
		    (struct template_scope){ .values = v, .value_count = 3 };
	}
	page_add_list(p, "languages", rows, pages->count);
}

/* --- a page --- */

/* The path below which Latchkey is, with a slash at its end. */
static const char *
root_of(const struct req *r)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	buf_addf(&b, "%s/", r->prefix != NULL ? r->prefix : "");
	return b.s;
}

void
page_begin(struct req *r, struct page *p, const char *here)
{
	const struct conf *conf = r->ctx->app->conf;
	struct buf b;

	*p = (struct page){ .r = r, .language = choose_language(r) };
	p->scope.values = p->values;
	p->scope.lists = p->lists;
	buf_init(&b, r->ctx->arena);
	buf_addf(&b, "%s%s", root_of(r), here);
	page_set(p, "root", root_of(r));
	page_set(p, "here", b.s);
	page_set(p, "lang", p->language->tag);
	page_set(p, "product", conf->product_name);
	page_set(p, "version", r->ctx->app->pages->version);
	page_set_number(p, "password_min", conf->password_min_chars);
	add_languages(p);
}

void
page_set(struct page *p, const char *name, const char *text)
{
	size_t i = 0;

	while (i < p->scope.value_count && strcmp(p->values[i].name, name) != 0)
		i++;
	assert(i < PAGE_VALUES_MAX);
	p->values[i] = (struct template_value){ name, text };
	if (i == p->scope.value_count)
		p->scope.value_count++;
}

void
page_set_typed(struct page *p, const char *name, const char *text)
{
	page_set(p, name,
	    template_value_bytes(text) <= PAGE_TYPED_MAX_BYTES ? text : NULL);
}

void
page_set_number(struct page *p, const char *name, int64_t n)
{
	struct buf b;

	buf_init(&b, p->r->ctx->arena);
	buf_addf(&b, "%" PRId64, n);
	page_set(p, name, b.s);
}

void
page_say(struct page *p, const char *name, const char *key)
{
	page_set(p, name,
	    pages_sentence(p->language, key, &p->scope, p->r->ctx->arena));
}

void
page_add_list(struct page *p, const char *name,
    const struct template_scope *rows, size_t count)
{
	assert(p->scope.list_count < PAGE_LISTS_MAX);
	p->lists[p->scope.list_count++] =
	    (struct template_list){ name, rows, count };
}

void
page_send(struct page *p, int status, const char *name, const char *title)
{
	struct req *r = p->r;
	struct buf *b = reply_begin(r, status, TYPE);

	page_say(p, "title", title);
	pages_write(p->language, name, &p->scope, b);
	reply_header(r, "Content-Language", p->language->tag);
	reply_header(r, "Content-Security-Policy", POLICY);
	reply_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	/* the origin alone, where the address is a secret: with less a browser
	 * would not say from which page a form comes */
	reply_header(r, "Referrer-Policy",
	    p->has_secret_address ? "strict-origin" : "same-origin");
	keep_language(p);
}

/* "busy" and "_title" as one key. */
static const char *
key_of(struct arena *a, const char *beginning, const char *end)
{
	struct buf b;

	buf_init(&b, a);
	buf_addf(&b, "%s%s", beginning, end);
	return b.s;
}

void
page_send_message(struct page *p, int status, const char *keys,
    const char *button, const char *target)
{
	struct arena *a = p->r->ctx->arena;

	page_say(p, "text", key_of(a, keys, "_text"));
	page_set(p, "button", NULL);
	if (button != NULL)
		page_say(p, "button", button);
	page_set(p, "target", target != NULL ? target : "/");
	page_send(p, status, "message", key_of(a, keys, "_title"));
}

/* --- ways on --- */

void
page_go_to(struct req *r, const char *address)
{
	reply_begin(r, 303, NULL);
	reply_header(r, "Location", next_of(address));
}

void
page_go(struct req *r, const char *path, const char *next)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	buf_addf(&b, "%s%s", root_of(r), path);
	if (next != NULL) {
		buf_addf(&b, "%cnext=", strchr(path, '?') != NULL ? '&' : '?');
		buf_add_percent(&b, next_of(next));
	}
	reply_begin(r, 303, NULL);
	reply_header(r, "Location", b.s);
}

enum err
page_user(struct req *r, struct user *out)
{
	const char *cookie = header_session(r);
	struct browser_cookie new = { .value = NULL };
	enum err e;

	if (cookie == NULL)
		return ERR_UNAUTH;
	e = browser_user(r->ctx, cookie, &r->claims, out, &new);
	if (e == ERR_OK && new.value != NULL)
		header_set_session(r, new.value, new.max_age_s);
	return e;
}

const char *
page_password_key(enum password_problem why)
{
	static const char *const keys[] = {
		[PASSWORD_GOOD] = "password_empty",
		[PASSWORD_TOO_SHORT] = "password_short",
		[PASSWORD_TOO_LONG] = "password_long",
		[PASSWORD_COMMON] = "password_common",
		[PASSWORD_IS_NAME] = "password_is_name",
		[PASSWORD_NOT_UTF8] = "password_unreadable",
	};

	return keys[why];
}

/* --- connections --- */

/* Does this host never leave the machine, whatever its port? */
static bool
is_loopback(const char *host)
{
	size_t n;

	if (host == NULL)
		return false;
	if (strncmp(host, "[::1]", 5) == 0)
		return host[5] == '\0' || host[5] == ':';
	n = strcspn(host, ":");
	if (n >= 4 && strncmp(host, "127.", 4) == 0)
		return strspn(host, "0123456789.") == n;
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	       (n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0);
}

/*
 * A browser sends Sec-Fetch-Site to addresses that it takes for safe alone, so
 * it knows of encryption that ends before this web server. Source: W3C, Fetch
 * Metadata Request Headers, section 3.
 */
static bool
is_safe(const struct origin_headers *from)
{
	return from->is_https || from->sec_fetch_site != NULL ||
	       is_loopback(from->host);
}

/* Its path as it is asked for, up to a form's own: "account/name" is "account".
 */
static const char *
here_of(const struct req *r)
{
	size_t n = strcspn(r->uri + 1, "/?");

	return arena_strndup(r->ctx->arena, r->uri + 1, n);
}

bool
page_gate(struct req *r)
{
	struct page p;

	if (is_safe(&r->from))
		return true;
	page_begin(r, &p, here_of(r));
	p.has_secret_address = true; /* it may have a token */
	page_send_message(&p, 403, "plain", NULL, NULL);
	return false;
}

bool
page_is_from_here(const struct req *r)
{
	const char *site = r->from.sec_fetch_site;

	return site == NULL || strcmp(site, "same-origin") == 0;
}

/* --- errors --- */

/* clang-format off */
static const struct {
	int status;
	bool again; /* the same page may work */
	const char *keys;
} errors[] = {
	{ 400, true,  "invalid" },
	{ 403, true,  "foreign" },
	{ 404, false, "missing" },
	{ 405, true,  "method" },
	{ 413, true,  "large" },
	{ 422, true,  "invalid" },
	{ 429, true,  "limit" },
	{ 503, true,  "busy" },
	{ 500, false, "broken" }, /* and any other */
};
/* clang-format on */

static bool
takes_html(const struct req *r)
{
	const char *accept = r->guarded.accept;

	return accept == NULL || strstr(accept, "text/html") != NULL ||
	       strstr(accept, "*/*") != NULL;
}

/* How long to wait, in words. */
static void
say_wait(struct page *p, int64_t s)
{
	page_set_number(p, "n", s < 120 ? s : (s - 1) / 60 + 1);
	page_say(p, "wait",
	    s == 1    ? "wait_second"
	    : s < 120 ? "wait_seconds"
	              : "wait_minutes");
}

/* Where one was going, by the form, or by the query of its page; NULL: neither
 * says so, or the form has not been read. */
static const char *
asked_next(struct req *r)
{
	const struct form_field *f =
	    r->body_kind == BODY_FORM ? form_get(&r->form, "next") : NULL;

	return f != NULL ? f->value : page_query(r, "next");
}

/*
 * Where the button of an error leads: to the same page once more, as it was
 * asked for if that was good, or with where one was going.
 */
static const char *
again_of(struct req *r, int status, const char *here)
{
	const char *next = asked_next(r);
	struct buf b;

	buf_init(&b, r->ctx->arena);
	if (r->method != METHOD_POST && status >= 429)
		buf_addf(
		    &b, "%s%s", r->prefix != NULL ? r->prefix : "", r->uri);
	else {
		buf_adds(&b, here);
		if (next != NULL) {
			buf_adds(&b, "?next=");
			buf_add_percent(&b, next_of(next));
		}
	}
	return b.s;
}

static void
send_error(struct req *r)
{
	const struct buf headers = r->reply.headers;
	int status = r->reply.status;
	struct page p;
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(errors) && errors[i].status != status)
		i++;
	page_begin(r, &p, here_of(r));
	p.has_secret_address = true; /* it may have a token */
	say_wait(&p, r->ctx->retry_after_s);
	page_send_message(&p, status, errors[i].keys,
	    errors[i].again ? "try_again" : NULL,
	    again_of(r, status, p.values[1].text /* here */));
	/* Retry-After, Allow */
	buf_add(&r->reply.headers, headers.s, headers.len);
}

void
page_settle(struct req *r)
{
	bool is_page =
	    r->reply.type != NULL && strcmp(r->reply.type, TYPE) == 0;

	/* 421 is for the web server, and a lane without pages gets none of
	 * these */
	if (is_page || r->reply.status < 400 || r->reply.status == 421 ||
	    r->ctx->app->pages == NULL || !takes_html(r))
		return;
	if (r->reply.status == 401)
		page_go(
		    r, "login", r->method == METHOD_POST ? root_of(r) : r->uri);
	else
		send_error(r);
}
