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
	is_int(role_needs(CHECK), NEED_KEYS,
	    "role: token checks need no database, and nothing to sign with");
	ok((role_needs(API) & NEED_HASHING) == 0,
	    "role: the api lane hashes no passwords");
	is_int(role_needs(CHECK | LOGIN), NEED_ALL,
	    "role: a process of several needs what any of them does");
	is_int(role_needs(0), 0, "role: one of none needs nothing");
	is_int(role_lanes(), CHECK | API | LOGIN, "role: three have a socket");
	ok(role_is_low(LOGIN) && !role_is_low(API),
	    "role: logins give way to the other lanes");
	ok(!role_is_low(role_lanes()),
	    "role: on a single socket for all lanes nothing gives way");
	is(roles[ROLE_SINGLE].name, "login",
	    "role: workers of a single socket are shown as login");
	is_int(roles[ROLE_SINGLE].needs, role_needs(role_lanes()),
	    "role: which needs all that they do");
	return done();
}
