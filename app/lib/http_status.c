/*
 * The HTTP statuses that are sent, and counted.
 */
#include "base.h"

#include "lib/http_status.h"

const struct http_status http_status[HTTP_STATUSES] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 204, "No Content" },
	{ 303, "See Other" },
	{ 307, "Temporary Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Request Entity Too Large" },
	{ 414, "Request-URI Too Long" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Entity" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 0, NULL },
};

size_t
http_status_row(int code)
{
	size_t i = 0;

	while (i < HTTP_STATUSES - 1 && http_status[i].code != code)
		i++;
	return i;
}
