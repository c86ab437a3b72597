/*
 * HTTP statuses that are sent and counted.
 */
#include "base.h"

#include "lib/http_status.h"

#define STATUS(code, reason) \
	{ code, reason, "Status: " #code " " reason "\r\n" },

const struct http_status http_status[HTTP_STATUSES] = {
	HTTP_STATUS_LIST(STATUS){ 0, NULL, NULL },
};

size_t
http_status_row(int code)
{
	size_t i = 0;

	while (i < HTTP_ROW_OTHER && http_status[i].code != code)
		i++;
	return i;
}
