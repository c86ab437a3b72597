/*
 * FastCGI record framing, verified before libfcgi reads.
 *
 * libfcgi 2.4.2 has defects that only this hides: repeated names in
 * FCGI_GET_VALUES overflow a buffer on its stack, an unknown management record
 * leaks, lengths whose sum exceeds an int become a huge allocation, an empty
 * record of another request's number makes it drop the content of the next
 * one, and padding after an empty record, or after the one that begins a
 * request, is read as the next head. So the grammar here is that of web
 * servers, and no wider.
 */
#include "base.h"

#include <string.h>

#include "http/fcgi_record.h"

#define VERSION 1
#define RESPONDER 1
#define HEAD_BYTES 8
#define BEGIN_BYTES 8 /* of the body of a record that begins a request */

/* Types of records, in the order in which they come. */
enum { BEGIN = 1, PARAMS = 4, STDIN = 5, END };

struct record {
	int type;
	unsigned id;
	size_t len, padding; /* of what follows the head */
};

static struct record
read_head(const unsigned char *p)
{
	return (struct record){
		.type = p[0] == VERSION ? p[1] : 0,
		.id = (unsigned)p[2] << 8 | p[3],
		.len = (size_t)p[4] << 8 | p[5],
		.padding = p[6],
	};
}

/* A length of a parameter, of one byte or four; goes on behind it. */
static bool
read_length(const unsigned char **p, const unsigned char *end, size_t *out)
{
	const unsigned char *b = *p;
	size_t n = b < end && *b >= 0x80 ? 4 : 1;

	if ((size_t)(end - b) < n)
		return false;
	*out = n == 1 ? b[0]
	              : (size_t)(b[0] & 0x7f) << 24 | (size_t)b[1] << 16 |
	                    (size_t)b[2] << 8 | b[3];
	*p = b + n;
	return true;
}

static bool
params_are_good(const unsigned char *p, const unsigned char *end)
{
	size_t name, value;

	while (p < end) {
		if (!read_length(&p, end, &name) ||
		    !read_length(&p, end, &value) ||
		    name + value > (size_t)(end - p))
			return false;
		p += name + value;
	}
	return true;
}

/* The record that begins a request; its body is there. */
static bool
begins_well(const struct record *r, const unsigned char *body)
{
	return r->id != 0 && r->len == BEGIN_BYTES && r->padding == 0 &&
	       body[0] == 0 && body[1] == RESPONDER;
}

enum fcgi_record_state
fcgi_record_request(unsigned char *bytes, size_t n, size_t *len)
{
	size_t at = 0, params = 0;
	int due = BEGIN;
	unsigned id = 0;

	while (due != END) {
		const unsigned char *body;
		struct record r;

		if (n - at < HEAD_BYTES)
			return FCGI_RECORD_PART;
		r = read_head(bytes + at);
		body = bytes + at + HEAD_BYTES;
		if (r.type != due || (due != BEGIN && r.id != id))
			return FCGI_RECORD_WRONG;
		if (n - at - HEAD_BYTES < r.len + r.padding)
			return FCGI_RECORD_PART;
		at += HEAD_BYTES + r.len + r.padding;
		if (due == BEGIN) {
			if (!begins_well(&r, body))
				return FCGI_RECORD_WRONG;
			id = r.id;
			due = PARAMS;
		} else if (r.len == 0) {
			if (r.padding != 0)
				return FCGI_RECORD_WRONG;
			due = due == PARAMS ? STDIN : END;
		} else if (due == PARAMS) {
			/* one after the other: a pair may go on in the next */
			memmove(bytes + params, body, r.len);
			params += r.len;
		}
	}
	*len = at;
	return params_are_good(bytes, bytes + params) ? FCGI_RECORD_WHOLE
	                                              : FCGI_RECORD_WRONG;
}
