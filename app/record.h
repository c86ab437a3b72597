/*
 * FastCGI's records, looked at before libfcgi gets them: it would wait for what
 * has not come, and believes what it reads.
 */
#ifndef LATCHKEY_RECORD_H
#define LATCHKEY_RECORD_H

#include "base.h"

enum record_request {
	RECORD_PART,  /* good as far as it has come */
	RECORD_WHOLE, /* all of a request is there */
	RECORD_WRONG  /* no web server sends this */
};

/*
 * Is a request there in these n bytes, such as a web server sends to a
 * responder: its begin, its parameters to their end, its body to its end, all
 * of one number, and the parameters' lengths true? Nothing else may stand
 * between: neither other requests nor management records. bytes: scratch
 * afterwards. *len: of the request, if it is whole; more may lie behind it.
 * Source: FastCGI Specification 1.0, sections 3 to 6.
 */
enum record_request record_request(
    unsigned char *bytes, size_t n, size_t *len) MUST_CHECK;

#endif
