/*
 * role.c: what follows from the table of process kinds.
 */
#include "base.h"

#include "role.h"
#include "tap.h"

#define CHECK ROLE_BIT(ROLE_CHECK)
#define API ROLE_BIT(ROLE_API)
#define LOGIN ROLE_BIT(ROLE_LOGIN)

int
main(void)
{
	is_int(role_needs(CHECK), NEED_KEYS | NEED_PROOFS,
	    "checks need no database, no key to sign with, and of secrets that of browsers' cookies alone");
	ok((role_needs(API) & NEED_SIGNING) != 0,
	    "the api lane signs the tokens of renewed sessions");
	ok((role_needs(API) & NEED_HASHING) == 0,
	    "the api lane hashes no passwords");
	is_int(role_needs(CHECK | LOGIN), NEED_ALL,
	    "a process of several roles needs what any of them does");
	is_int(role_needs(0), 0, "a process of no role needs nothing");
	is_int(role_lanes(), CHECK | API | LOGIN, "three roles have a socket");
	ok(role_is_low(LOGIN) && !role_is_low(API),
	    "logins have a lower priority than the other lanes");
	ok(!role_is_low(role_lanes()),
	    "a single socket for all lanes has the usual priority");
	is(roles[ROLE_SINGLE].name, "login",
	    "workers of a single socket are shown as login");
	is_int(roles[ROLE_SINGLE].needs, role_needs(role_lanes()),
	    "workers of a single socket need what all lanes do");
	return done();
}
