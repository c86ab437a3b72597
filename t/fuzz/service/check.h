/*
 * Assertions about every reply, whatever was asked.
 */
#ifndef LATCHKEY_FUZZ_CHECK_H
#define LATCHKEY_FUZZ_CHECK_H

#include "http/req.h"

#define CHECK_COMMON "password1" /* which nobody may choose */

/* Of a reply as it was built: nobody got what was not theirs. */
void check_reply(const struct req *r);

/*
 * Of what was sent in answer to a request of this method (METHOD_OTHER: perhaps
 * not known): FastCGI's records around a reply in CGI's form.
 */
void check_sent(const unsigned char *bytes, size_t n, enum method method);

#endif
