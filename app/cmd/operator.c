/*
 * Operators' acts on accounts and schema, recorded in the system's log.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/operator.h"

#define NAME_BYTES 65 /* of a user of the system */

/* A name that cannot begin another field or line; NULL or empty: "-". */
static void
copy_name(char out[NAME_BYTES], const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "abcdefghijklmnopqrstuvwxyz0123456789._@+-";
	size_t n;

	if (name == NULL || *name == '\0')
		name = "-";
	for (n = 0; n < NAME_BYTES - 1 && name[n] != '\0'; n++)
		out[n] = (char)(strchr(plain, name[n]) != NULL ? name[n] : '?');
	out[n] = '\0';
}

void
operator_note(
    const char *act, int64_t account, const char *object, enum err result)
{
	char login[NAME_BYTES], sudo_user[NAME_BYTES], name[NAME_BYTES];
	char found[256] = "";

	if (result != ERR_OK && result != ERR_BUSY && result != ERR_INTERNAL)
		return;
	if (getlogin_r(found, sizeof(found)) != 0)
		found[0] = '\0';
	copy_name(login, found);
	copy_name(sudo_user, getenv("SUDO_USER"));
	copy_name(name, object);
	openlog("latchkey", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE,
	    "operator uid=%u login=%s sudo_user=%s act=\"%s\" "
	    "account=%" PRId64 "%s%s result=%s",
	    (unsigned)getuid(), login, sudo_user, act, account,
	    object != NULL ? " object=" : "", object != NULL ? name : "",
	    result == ERR_OK ? "done" : "unknown");
	closelog();
}
