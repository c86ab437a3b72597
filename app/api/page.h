/*
 * HTML pages as replies: language, values, headers, and errors.
 */
#ifndef LATCHKEY_API_PAGE_H
#define LATCHKEY_API_PAGE_H

#include "html/pages.h"
#include "http/req.h"
#include "svc/password.h"

#define PAGE_VALUES_MAX 48
#define PAGE_LISTS_MAX 2
#define PAGE_TYPED_MAX_BYTES 32768 /* of a value, as it is on the page */

#define PAGE_LANGUAGE_COOKIE "__Host-latchkey-language"

/* A page that is being made. Its memory is the request's. */
struct page {
	struct req *r;
	const struct sentences *language;
	struct template_value values[PAGE_VALUES_MAX];
	struct template_list lists[PAGE_LISTS_MAX];
	struct template_scope scope;
	bool has_secret_address; /* a token is in the query */
};

/*
 * Begin a page in the language of the request: what the query asks for, which a
 * cookie keeps, or the cookie, or Accept-Language. here: the path by which it
 * is asked for again, without the first slash: "account".
 */
void page_begin(struct req *r, struct page *p, const char *here);

/* Give a value a text; NULL: none. */
void page_set(struct page *p, const char *name, const char *text);

/*
 * The same with what somebody typed, to be shown in the form again. More than a
 * reply holds is dropped: it was refused for its length.
 */
void page_set_typed(struct page *p, const char *name, const char *text);

/* The same with a sentence, as it is with the values so far. */
void page_say(struct page *p, const char *name, const char *key);

/* Give a number as a value. */
void page_set_number(struct page *p, const char *name, int64_t n);

/* Add a list. */
void page_add_list(struct page *p, const char *name,
    const struct template_scope *rows, size_t count);

/*
 * Make the page of this template the reply. title: the key of its title.
 */
void page_send(struct page *p, int status, const char *name, const char *title);

/*
 * A page of a title, a text and perhaps a button, by the beginning of their
 * keys: busy_title, busy_text. button: the key of its label, NULL: none;
 * target: its path.
 */
void page_send_message(struct page *p, int status, const char *keys,
    const char *button, const char *target);

/*
 * Send the browser on with 303: to a path of Latchkey's, "login?out=1", to
 * which a next (NULL: none) is added.
 */
void page_go(struct req *r, const char *path, const char *next);

/* The same to an address of this host as it is. */
void page_go_to(struct req *r, const char *address);

/*
 * The account that the browser is logged in as, by its cookie, on a row for
 * anyone; r->claims are the cookie's. A cookie that was old is renewed.
 * ERR_UNAUTH: it is not. ERR_BUSY: the database does not answer.
 */
enum err page_user(struct req *r, struct user *out) MUST_CHECK;

/*
 * The gate of all pages, since they show or take secrets: refuse a connection
 * that is not encrypted, unless it does not leave the machine. False: refused
 * with 403, by a page.
 */
bool page_gate(struct req *r) MUST_CHECK;

/*
 * Does a request come from this host's own pages, or their redirects? One that
 * comes from elsewhere may have been made up, so that what its address says to
 * have been done has not. True of a browser that does not say.
 */
bool page_is_from_here(const struct req *r) MUST_CHECK;

/* A field of the query, or NULL; a query that cannot be read has none. */
const char *page_query(struct req *r, const char *name);

/* The key of the sentence about a problem of a chosen password. */
const char *page_password_key(enum password_problem why);

/*
 * Make an error that is not a page one: a page for a browser, or the way to the
 * log-in page where somebody has to log in. A client that takes no HTML gets
 * what it was.
 */
void page_settle(struct req *r);

#endif
