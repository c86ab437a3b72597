/*
 * FastCGI record framing, verified before libfcgi reads, which would wait for
 * missing bytes and trusts what it reads.
 */
#ifndef LATCHKEY_HTTP_FCGI_RECORD_H
#define LATCHKEY_HTTP_FCGI_RECORD_H

#include "base.h"

enum fcgi_record_state {
	FCGI_RECORD_PART,  /* good as far as it has come */
	FCGI_RECORD_WHOLE, /* all of a request is there */
	FCGI_RECORD_WRONG  /* no web server sends this */
};

/*
 * Is a request there in these n bytes, such as a web server sends to a
 * responder: its begin, its parameters to their end, its body to its end, all
 * of one number, and the parameters' lengths true? Nothing else may come in
 * between: neither other requests nor management records. bytes: scratch
 * afterwards. *len: of the request, if it is whole; more may follow it.
 * Source: FastCGI Specification 1.0, sections 3 to 6.
 */
enum fcgi_record_state fcgi_record_request(
    unsigned char *bytes, size_t n, size_t *len) MUST_CHECK;

#endif
