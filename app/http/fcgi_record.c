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
#include <unistd.h>

#include "http/fcgi_record.h"
#include "http/req.h"
#include "lib/text.h"

#define VERSION 1
#define RESPONDER 1
#define HEAD_BYTES 8
#define BEGIN_BYTES 8 /* of the body of a record that begins a request */
#define LENGTH_NAME "CONTENT_LENGTH"

/* Types of records, in the order in which they come. */
enum { BEGIN = 1, PARAMS = 4, STDIN = 5, END };

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
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

/*
 * The length of the body, of a parameter's value; -1: it is none. One that is
 * longer than any number has other errors, in http/fcgi.c.
 */
static int64_t
length_of(const unsigned char *value, size_t n)
{
	char text[64];
	int64_t length;

	if (n >= sizeof(text))
		return -1;
	memcpy(text, value, n);
	text[n] = '\0';
	return text_to_i64(text, 0, INT64_MAX, &length) ? length : -1;
}

/*
 * All parameters have come: are their lengths true, and how long is the body
 * said to be? The last one counts, as in http/cgi.c.
 */
static enum fcgi_record_state
check_params(struct fcgi_record *r)
{
	const unsigned char *p = r->to, *end = p + r->params;
	int64_t length = -1;
	size_t name, value;

	while (p < end) {
		if (!read_length(&p, end, &name) ||
		    !read_length(&p, end, &value) ||
		    name + value > (size_t)(end - p))
			return FCGI_RECORD_WRONG;
		if (name == sizeof(LENGTH_NAME) - 1 &&
		    memcmp(p, LENGTH_NAME, name) == 0)
			length = length_of(p + name, value);
		p += name + value;
	}
	if (length > REQ_BODY_MAX_BYTES)
		return FCGI_RECORD_LARGE;
	r->body_max = length < 0 ? SIZE_MAX : (size_t)length;
	return FCGI_RECORD_PART;
}

/* The head of a record has come. */
static enum fcgi_record_state
read_head(struct fcgi_record *r)
{
	const unsigned char *p = r->head;
	unsigned id = (unsigned)p[2] << 8 | p[3];

	r->left = (size_t)p[4] << 8 | p[5];
	r->padding = p[6];
	if (p[0] != VERSION || p[1] != r->due || id == 0 ||
	    (r->due != BEGIN && id != r->id))
		return FCGI_RECORD_WRONG;
	r->id = id;
	if (r->due == BEGIN)
		return r->left == BEGIN_BYTES && r->padding == 0
		           ? FCGI_RECORD_PART
		           : FCGI_RECORD_WRONG;
	if (r->left > 0)
		return FCGI_RECORD_PART;
	if (r->padding != 0)
		return FCGI_RECORD_WRONG;
	r->head_len = 0;
	if (r->due == PARAMS) {
		r->due = STDIN;
		return check_params(r);
	}
	r->due = END;
	return FCGI_RECORD_WHOLE;
}

/* Content has come: n bytes, no more than the record has. */
static enum fcgi_record_state
read_content(struct fcgi_record *r, const unsigned char *p, size_t n)
{
	r->left -= n;
	if (r->due == BEGIN) {
		memcpy(r->begun + BEGIN_BYTES - r->left - n, p, n);
		if (r->left > 0)
			return FCGI_RECORD_PART;
		r->due = PARAMS;
		return r->begun[0] == 0 && r->begun[1] == RESPONDER
		           ? FCGI_RECORD_PART
		           : FCGI_RECORD_WRONG;
	}
	if (r->due == STDIN)
		n = min(n, r->body_max - r->body);
	if (n > r->room - r->params - r->body)
		return r->due == PARAMS ? FCGI_RECORD_WRONG : FCGI_RECORD_LARGE;
	/* one after the other: a pair may go on in the next */
	memmove(r->to + r->params + r->body, p, n);
	*(r->due == PARAMS ? &r->params : &r->body) += n;
	return r->body > REQ_BODY_MAX_BYTES ? FCGI_RECORD_LARGE
	                                    : FCGI_RECORD_PART;
}

void
fcgi_record_begin(struct fcgi_record *r, unsigned char *to, size_t room)
{
	r->to = to;
	r->room = room;
	r->params = r->body = 0;
	r->due = BEGIN;
	r->head_len = 0;
}

enum fcgi_record_state
fcgi_record_take(
    struct fcgi_record *r, const unsigned char *bytes, size_t n, size_t *taken)
{
	enum fcgi_record_state found = FCGI_RECORD_PART;
	size_t at = 0, part;

	while (found == FCGI_RECORD_PART && at < n) {
		if (r->head_len < HEAD_BYTES) {
			part = min(HEAD_BYTES - r->head_len, n - at);
			memcpy(r->head + r->head_len, bytes + at, part);
			r->head_len += part;
			if (r->head_len == HEAD_BYTES)
				found = read_head(r);
		} else if (r->left > 0) {
			part = min(r->left, n - at);
			found = read_content(r, bytes + at, part);
		} else {
			part = min(r->padding, n - at);
			r->padding -= part;
		}
		at += part;
		if (r->head_len == HEAD_BYTES && r->left + r->padding == 0)
			r->head_len = 0;
	}
	*taken = at;
	return found;
}

/* Write one record, without padding. */
static bool
write_record(const struct fcgi_record *r, int fd, int type,
    const unsigned char *content, size_t n)
{
	const unsigned char head[HEAD_BYTES] = {
		VERSION,
		(unsigned char)type,
		(unsigned char)(r->id >> 8),
		(unsigned char)r->id,
		(unsigned char)(n >> 8),
		(unsigned char)n,
	};

	return write(fd, head, sizeof(head)) == sizeof(head) &&
	       write(fd, content, n) == (ssize_t)n;
}

/* Write the records of a stream and the empty one at its end. */
static bool
write_stream(const struct fcgi_record *r, int fd, int type,
    const unsigned char *content, size_t n)
{
	size_t len;

	for (; n > 0; content += len, n -= len) {
		len = min(n, UINT16_MAX);
		if (!write_record(r, fd, type, content, len))
			return false;
	}
	return write_record(r, fd, type, content, 0);
}

bool
fcgi_record_write(const struct fcgi_record *r, bool with_body, int fd)
{
	return write_record(r, fd, BEGIN, r->begun, sizeof(r->begun)) &&
	       write_stream(r, fd, PARAMS, r->to, r->params) &&
	       write_stream(
	           r, fd, STDIN, r->to + r->params, with_body ? r->body : 0);
}
