/*
 * The HTTP statuses that are sent, and counted.
 */
#ifndef LATCHKEY_LIB_HTTP_STATUS_H
#define LATCHKEY_LIB_HTTP_STATUS_H

#include "base.h"

#define HTTP_STATUSES 19 /* rows of http_status[] */

struct http_status {
	int code;           /* 0, of the last row: any other */
	const char *reason; /* reason phrase */
};

/* One row a status, in ascending order. Source: RFC 9110, section 15. */
extern const struct http_status http_status[HTTP_STATUSES];

/* The row of this code; the last one if it is not sent by us. */
size_t http_status_row(int code);

#endif
