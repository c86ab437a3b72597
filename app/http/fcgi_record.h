/*
 * FastCGI record framing, verified before libfcgi reads, which would wait for
 * missing bytes and trusts what it reads.
 */
#ifndef LATCHKEY_HTTP_FCGI_RECORD_H
#define LATCHKEY_HTTP_FCGI_RECORD_H

#include "base.h"

enum fcgi_record_state {
	FCGI_RECORD_PART,  /* good as far as it has come */
	FCGI_RECORD_WHOLE, /* all of a request is present */
	FCGI_RECORD_WRONG, /* no web server sends this */
	FCGI_RECORD_LARGE  /* all parameters are there, and the body is larger
	                      than any that is read, or is said to be */
};

/*
 * A request as it comes, in pieces of any length. Its content is gathered in
 * to: the parameters, and behind them the body.
 */
struct fcgi_record {
	unsigned char *to;
	size_t room;            /* bytes of to */
	size_t params, body;    /* bytes that have come */
	size_t body_max;        /* of body: what is more is dropped */
	unsigned id;            /* its number */
	int due;                /* type of the next record */
	size_t head_len;        /* bytes of the head that have come */
	size_t left, padding;   /* bytes of the record that have not come */
	unsigned char head[8];  /* of the record */
	unsigned char begun[8]; /* the content of the first record */
};

/* Begin to read a request whose content is at most room bytes. */
void fcgi_record_begin(struct fcgi_record *r, unsigned char *to, size_t room);

/*
 * Read on: these n bytes come next. Is it a request such as a web server sends
 * to a responder: its begin, its parameters to their end, its body to its end,
 * all of one number, and the parameters' lengths true? Nothing else may come in
 * between: neither other requests nor management records. Not to be called
 * again after another state than FCGI_RECORD_PART.
 * bytes: may be where r->to is, as content is shorter than its records.
 * *taken: how many of them belong to the request, if it is whole.
 * Source: FastCGI Specification 1.0, sections 3 to 6.
 */
enum fcgi_record_state fcgi_record_take(struct fcgi_record *r,
    const unsigned char *bytes, size_t n, size_t *taken) MUST_CHECK;

/*
 * Write the request that has come to a file, as records; with an empty body
 * unless with_body. False: not all of it.
 */
bool fcgi_record_write(
    const struct fcgi_record *r, bool with_body, int fd) MUST_CHECK;

#endif
