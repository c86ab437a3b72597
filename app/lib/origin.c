/*
 * Origin of a request: the site whose page sent it, as the browser says.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "lib/origin.h"

/* The length of "http://" or "https://" at the beginning; 0: neither. */
static size_t
scheme_len(const char *s)
{
	if (strncmp(s, "https://", 8) == 0)
		return 8;
	return strncmp(s, "http://", 7) == 0 ? 7 : 0;
}

/* The length of a host and port without the port that its scheme implies. */
static size_t
without_default_port(const char *scheme, const char *host, size_t n)
{
	const char *port = scheme[4] == 's' ? ":443" : ":80";
	size_t len = strlen(port);

	return n > len && memcmp(host + n - len, port, len) == 0 ? n - len : n;
}

/*
 * Does an Origin name the host and port that Host does? "null" never does. A
 * page that came without encryption is another origin, where it is known that
 * this request came with it.
 */
static bool
is_host(const struct origin_headers *h)
{
	const char *origin = h->origin, *host = h->host;
	size_t skip = scheme_len(origin), n, m;

	if (skip == 0 || host == NULL || (h->is_https && origin[4] != 's'))
		return false;
	n = without_default_port(origin, origin + skip, strlen(origin + skip));
	m = without_default_port(origin, host, strlen(host));
	return n > 0 && n == m && strncasecmp(origin + skip, host, n) == 0;
}

bool
origin_is_listed(const char *list, const char *origin)
{
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (n == strlen(origin) && memcmp(list, origin, n) == 0)
			return true;
	}
	return false;
}

bool
origin_is_accepted(
    enum origin rule, const struct origin_headers *h, const char *allowed)
{
	const char *site = h->sec_fetch_site;

	if (rule == ORIGIN_ANY || (rule != ORIGIN_OWN && h->origin != NULL &&
	                              origin_is_listed(allowed, h->origin)))
		return true;
	if (rule == ORIGIN_NOT_CROSS_SITE)
		/* a header that was sent twice may come joined */
		return site == NULL || strstr(site, "cross-site") == NULL;
	if (site != NULL)
		return strcmp(site, "same-origin") == 0 ||
		       strcmp(site, "none") == 0;
	if (h->origin != NULL)
		return is_host(h);
	return rule != ORIGIN_OWN;
}

/* n characters: a scheme, a host in small letters, perhaps a port. */
static bool
is_origin(const char *s, size_t n)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyz0123456789-._[]:";
	size_t skip = scheme_len(s);

	return skip > 0 && n > skip && n <= ORIGIN_MAX_BYTES &&
	       strspn(s + skip, host) == n - skip && s[skip] != ':' &&
	       s[n - 1] != ':' && without_default_port(s, s, n) == n;
}

bool
origin_list_is_good(const char *list)
{
	size_t n;

	if (*list == '\0')
		return true;
	for (;; list += n + 1) {
		n = strcspn(list, " ");
		if (!is_origin(list, n))
			return false;
		if (list[n] == '\0')
			return true;
	}
}
