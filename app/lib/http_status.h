/*
 * HTTP statuses that are sent and counted.
 */
#ifndef LATCHKEY_LIB_HTTP_STATUS_H
#define LATCHKEY_LIB_HTTP_STATUS_H

#include "base.h"

/*
 * One row a status, in ascending order: all that a new one takes.
 * Source: RFC 9110, section 15; RFC 6585.
 */
/* clang-format off */
#define HTTP_STATUS_LIST(ROW) \
	ROW(200, "OK") \
	ROW(201, "Created") \
	ROW(204, "No Content") \
	ROW(303, "See Other") \
	ROW(304, "Not Modified") \
	ROW(307, "Temporary Redirect") \
	ROW(400, "Bad Request") \
	ROW(401, "Unauthorized") \
	ROW(403, "Forbidden") \
	ROW(404, "Not Found") \
	ROW(405, "Method Not Allowed") \
	ROW(409, "Conflict") \
	ROW(413, "Request Entity Too Large") \
	ROW(414, "Request-URI Too Long") \
	ROW(421, "Misdirected Request") \
	ROW(422, "Unprocessable Entity") \
	ROW(429, "Too Many Requests") \
	ROW(500, "Internal Server Error") \
	ROW(503, "Service Unavailable")
/* clang-format on */

#define HTTP_ROW(code, reason) HTTP_ROW_##code,

/* HTTP_ROW_404: what has no row does not compile. */
enum http_row { HTTP_STATUS_LIST(HTTP_ROW) HTTP_ROW_OTHER, HTTP_STATUSES };

struct http_status {
	int code;           /* 0, of the last row: any other */
	const char *reason; /* reason phrase */
	const char *line;   /* the header of CGI: "Status: 200 OK", CR LF */
};

/* The rows, by enum http_row. */
extern const struct http_status http_status[HTTP_STATUSES];

/* The row of this code; the last one if it is not in the table. */
size_t http_status_row(int code);

#endif
