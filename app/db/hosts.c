/*
 * Hosts of a connection string: their order, and the time for each.
 */
#include "base.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "db/hosts.h"

/* A list that is cut into its words. */
struct words {
	const char *word[DB_HOSTS_MAX];
	unsigned count;
};

/* Copy a list behind what h->text has, and cut it. False: it does not fit. */
static bool
cut(struct db_hosts *h, size_t *used, const char *list, struct words *out)
{
	size_t n = list != NULL ? strlen(list) : 0;
	char *s = h->text + *used;

	out->count = 0;
	if (n == 0)
		return true;
	if (*used + n + 1 > sizeof(h->text))
		return false;
	memcpy(s, list, n + 1);
	*used += n + 1;
	for (;;) {
		if (out->count == DB_HOSTS_MAX)
			return false;
		out->word[out->count++] = s;
		if ((s = strchr(s, ',')) == NULL)
			return true;
		*s++ = '\0';
	}
}

/* NULL: not given. */
static const char *
word_at(const struct words *w, unsigned i)
{
	return i < w->count && w->word[i][0] != '\0' ? w->word[i] : NULL;
}

/* Each list has a word for each host, or is missing; one port may serve all. */
static bool
fit(unsigned count, const struct words *names, const struct words *addresses,
    const struct words *ports)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (word_at(names, i) == NULL && word_at(addresses, i) == NULL)
			return false;
	return count > 0 && (names->count == 0 || names->count == count) &&
	       (addresses->count == 0 || addresses->count == count) &&
	       (ports->count <= 1 || ports->count == count);
}

bool
db_hosts_read(struct db_hosts *h, const char *names, const char *addresses,
    const char *ports)
{
	struct words name, address, port;
	size_t used = 0;
	unsigned i;

	*h = (struct db_hosts){ .count = 1 };
	if (!cut(h, &used, names, &name) ||
	    !cut(h, &used, addresses, &address) || !cut(h, &used, ports, &port))
		return false;
	i = address.count > 0 ? address.count : name.count;
	if (!fit(i, &name, &address, &port))
		return true;
	h->count = i;
	for (i = 0; i < h->count; i++)
		h->host[i] = (struct db_host){
			.name = word_at(&name, i),
			.address = word_at(&address, i),
			.port = word_at(&port, port.count == 1 ? 0 : i),
		};
	return true;
}

struct db_host *
db_hosts_at(struct db_hosts *h, unsigned tried)
{
	return &h->host[(h->turn + tried) % h->count];
}

int64_t
db_hosts_share(const struct db_hosts *h, unsigned untried, int64_t left_ms)
{
	if (left_ms < 0 || h->patient)
		return left_ms;
	return left_ms / untried;
}

void
db_hosts_reached(struct db_hosts *h, unsigned tried)
{
	h->turn = (h->turn + tried) % h->count;
	h->patient = false;
}

void
db_hosts_silent(struct db_hosts *h, unsigned tried)
{
	h->turn = (h->turn + tried + 1) % h->count;
	h->patient = true;
}

void
db_hosts_leave(struct db_hosts *h)
{
	h->turn = (h->turn + 1) % h->count;
}

bool
db_host_needs_lookup(const struct db_host *host)
{
	unsigned char address[sizeof(struct in_addr)];

	/* a folder, or an abstract socket; IPv6 has a colon in it */
	return host->address == NULL && host->name != NULL &&
	       host->name[0] != '/' && host->name[0] != '@' &&
	       strchr(host->name, ':') == NULL &&
	       inet_pton(AF_INET, host->name, address) != 1;
}
