/*
 * Exposure of a connection: to a network, and to vulnerabilities of libpq.
 */
#include "base.h"

#include <string.h>

#include <libpq-fe.h>

#include "db/exposure.h"

/* Does the connection leave this machine? */
static bool
leaves_machine(const PGconn *pg)
{
	const char *address = PQhostaddr(pg);

	/* empty: a Unix socket */
	return address != NULL && address[0] != '\0' &&
	       strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0;
}

/* Was the server's certificate verified, and its name compared? */
static bool
is_verified(PGconn *pg)
{
	PQconninfoOption *options = PQconninfo(pg);
	const PQconninfoOption *o = options;
	bool verified;

	while (o != NULL && o->keyword != NULL &&
	       strcmp(o->keyword, "sslmode") != 0)
		o++;
	verified =
	    o != NULL && o->val != NULL && strcmp(o->val, "verify-full") == 0;
	PQconninfoFree(options);
	return verified;
}

const char *
db_exposure_network(void *pg)
{
	if (!leaves_machine(pg) || PQgssEncInUse(pg) == 1)
		return NULL;
	if (PQsslInUse(pg) == 0)
		return "unencrypted";
	return is_verified(pg) ? NULL : "to an unverified server";
}

int
db_exposure_library(int *oldest)
{
	/* Source: CVE-2026-6477; minor versions by their series. */
	static const int good[] = { 140023, 150018, 160014, 170010, 180004 };
	int version = PQlibVersion();
	size_t i;

	*oldest = good[0];
	for (i = 0; i < ARRAY_LEN(good); i++)
		if (version / 10000 >= good[i] / 10000)
			*oldest = good[i];
	return version;
}
