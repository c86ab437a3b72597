/*
 * Tests of svc/password.c: rules of a new password, which hash is compared with
 * which form of it, what a wrong one costs, and the event of each format. The
 * database and the limits are this file's.
 */
#include "base.h"

#define password_judge tested_judge
#define password_event tested_event
#define password_policy tested_policy
#define password_check tested_check
#define password_confirm tested_confirm
#define password_hash tested_hash
#define password_settle tested_settle
#define db_user_by_name by_name_of_ours
#define ratelimit_login login_of_ours
#define ratelimit_refund refund_of_ours
#include "svc/password.c" /* NOLINT(bugprone-suspicious-include) */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "said.h"
#include "tap.h"

/*
 * a with two dots, as one character, which is its NFC, and as two; Python:
 * hashlib.md5(s).hexdigest()
 */
#define MD5_ADA "8c8d357b5e872bbacd45197626bd5759"
#define MD5_ONE "8419b71c87a225a2c70b50486fbee545"
#define MD5_TWO "6b43b4c4c3d9ab1f9abc391d16e118e4"
#define ONE "\xc3\xa4"
#define TWO "a\xcc\x88"

static struct conf conf = {
	.password_min_chars = 8,
	.weak_hashes = true,
	.hash_cost = 1,
	.hash_memory_max_mib = 16,
};
static struct blocklist list = { .file = -1 };
static const struct app app = { .conf = &conf, .blocklist = &list };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena };

/* --- in the place of others --- */

static struct user stored;
static enum err stored_err, limit_err;
static int refunds;

enum err
by_name_of_ours(struct ctx *c, const char *name, struct user *out)
{
	(void)c;
	(void)name;
	*out = stored;
	return stored_err;
}

enum err
login_of_ours(struct ctx *c, const char *username, const char *device_id,
    struct ratelimit_attempt *out)
{
	(void)c;
	(void)username;
	(void)device_id;
	memset(out, 0, sizeof(*out));
	return limit_err;
}

void
refund_of_ours(struct ctx *c, const struct ratelimit_attempt *t)
{
	(void)c;
	(void)t;
	refunds++;
}

/* --- a new password --- */

static enum password_problem
judged(const char *password)
{
	enum password_problem problem = PASSWORD_NOT_UTF8;

	if (tested_judge(&ctx, "Ada Lovelace", password, &problem) != ERR_OK)
		abort();
	return problem;
}

static const char *
repeated(const char *s, size_t n)
{
	static char text[2000];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		memcpy(text + i * strlen(s), s, strlen(s) + 1);
	return text;
}

static void
test_rules(void)
{
	is_int(judged("sevenkl"), PASSWORD_TOO_SHORT,
	    "seven characters are too short");
	is_int(judged("eightklm"), PASSWORD_GOOD, "eight characters are good");
	is_int(judged(repeated(ONE, 7)), PASSWORD_TOO_SHORT,
	    "characters are counted, not bytes");
	is_int(judged(repeated(TWO, 7)), PASSWORD_TOO_SHORT,
	    "characters are counted in NFC");
	is_int(judged(repeated("x", 511)), PASSWORD_GOOD, "511 bytes are good");
	is_int(judged(repeated("x", 512)), PASSWORD_TOO_LONG,
	    "512 bytes are too long");
	is_int(judged(repeated(TWO, 255)), PASSWORD_GOOD,
	    "bytes are counted in NFC");
	is_int(judged("\xff\xff\xff\xff\xff\xff\xff\xff"), PASSWORD_NOT_UTF8,
	    "what is not UTF-8 is refused");
	is_int(judged("ada lovelace"), PASSWORD_GOOD,
	    "without a list the name is a password like others");
}

static void
make_list(void)
{
	char path[] = "/tmp/latchkey-passwords-XXXXXX";
	FILE *from = tmpfile();
	int fd = mkstemp(path);

	if (from == NULL || fd < 0)
		abort();
	close(fd);
	fputs("password1\n", from);
	rewind(from);
	if (blocklist_make(from, path) != 1 || !blocklist_open(path, &list))
		abort();
	fclose(from);
	unlink(path);
}

static void
test_list(void)
{
	const struct blocklist none = list;
	struct blocklist broken;
	enum password_problem problem;
	const char *line;

	make_list();
	is_int(judged("Password1"), PASSWORD_COMMON,
	    "a password of the list is common");
	is_int(judged("LatchKey"), PASSWORD_COMMON,
	    "the name of the program is common");
	is_int(judged("ADA lovelace"), PASSWORD_IS_NAME,
	    "the name of the account is refused, in whatever case");
	is_int(
	    judged("correct horse"), PASSWORD_GOOD, "another password is good");
	is_int(judged("passwor"), PASSWORD_TOO_SHORT,
	    "with a list a short password is refused");
	broken = list;
	list.file = open("/", O_RDONLY | O_CLOEXEC);
	listen_to_stderr();
	ok(tested_judge(&ctx, "ada", "correct horse", &problem) == ERR_BUSY,
	    "a list that cannot be read admits no password");
	line = said();
	ok(strstr(line, "error=read") != NULL,
	    "a list that cannot be read is logged");
	close(list.file);
	blocklist_close(&broken);
	list = none;
}

/* --- a stored hash --- */

#define A43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A53 A43 "AAAAAAAAAA"
#define A22 "AAAAAAAAAAAAAAAAAAAAAA"

static void
test_events(void)
{
	static const struct {
		const char *hash;
		enum event event;
	} cases[] = {
		{ "$y$j9T$uoSOH62xfGKDMcCeB0gkr0$" A43, EVENT_HASH_YESCRYPT },
		{ "$2b$05$" A53, EVENT_HASH_BCRYPT },
		{ "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$" A43,
		    EVENT_HASH_ARGON2 },
		{ "$scrypt$ln=4,r=8,p=1$c2FsdA$" A43, EVENT_HASH_SCRYPT },
		{ "pbkdf2_sha256$1000$salt$" A43 "=", EVENT_HASH_PBKDF2 },
		{ "$P$6AAAAAAAA" A22, EVENT_HASH_PHPASS },
		{ "{SSHA}Yv5pjxiwBRwrB4K7cNvqNBWm8+2uq8CE", EVENT_HASH_LDAP },
		{ MD5_ADA, EVENT_HASH_DIGEST },
		{ MD5_ADA ":salt", EVENT_HASH_DIGEST },
		{ "$1$salt$" A22, EVENT_HASH_UNIX },
		{ "3eYgctuy2DEEM", EVENT_HASH_UNIX },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is_int(tested_event(cases[i].hash), cases[i].event,
		    tap_with("a format has its event", cases[i].hash));
}

/* Whether it matches, and 10 if it is stale. */
static int
checked(const char *password, const char *hash, const char *decoy)
{
	const struct user u = { .password_hash = hash };
	struct password_result out;

	if (tested_check(&ctx, password, &u, decoy, &out) != ERR_OK)
		abort();
	return out.matches + 10 * out.stale;
}

static void
test_check(void)
{
	char hash[PASSWORD_HASH_BYTES];

	is_int(checked("ada", MD5_ADA, NULL), 11,
	    "a weak hash matches its password, and is to be made again");
	is_int(checked("eve", MD5_ADA, NULL), 0,
	    "a weak hash matches no other password");
	is_int(checked("eve", NULL, MD5_ADA), 0,
	    "an account without a hash has no password");
	is_int(checked("ada", NULL, MD5_ADA), 0,
	    "the password of the decoy opens nothing");
	is_int(checked("ada", "!", MD5_ADA), 0,
	    "the password of the decoy opens no locked account");
	is_int(checked(ONE, MD5_ONE, NULL), 11, "a password's NFC matches");
	is_int(checked(TWO, MD5_ONE, NULL), 11,
	    "a password matches as its NFC, however it was sent");
	is_int(checked(TWO, MD5_TWO, NULL), 11,
	    "a password matches as it was sent");
	is_int(checked(ONE, MD5_TWO, NULL), 0,
	    "a password in NFC matches no other form");
	ok(tested_hash(&ctx, TWO, hash) == ERR_OK, "a password is hashed");
	is_int(checked(ONE, hash, NULL), 1, "of a password its NFC is hashed");
	is_int(checked(TWO, hash, NULL), 1,
	    "a hash made today of the NFC is not stale");
	conf.hash_cost = 2;
	is_int(checked(ONE, hash, NULL), 11,
	    "a hash weaker than the setting is stale");
	is_int(checked("x", hash, NULL), 0,
	    "of a wrong password nothing is stale");
	conf.hash_cost = 1;
}

/* --- who is logged in already --- */

static void
test_confirm(void)
{
	const struct user u = { .username = "ada", .password_hash = MD5_ADA };

	refunds = 0;
	ok(tested_confirm(&ctx, &u, "", "ada") == ERR_OK && refunds == 1,
	    "the right password is refunded");
	ok(tested_confirm(&ctx, &u, "", "eve") == ERR_DENIED && refunds == 1,
	    "a wrong password is denied, and counts");
	limit_err = ERR_LIMIT;
	ok(tested_confirm(&ctx, &u, "", "ada") == ERR_LIMIT && refunds == 1,
	    "after too many attempts the right password is refused, too");
	limit_err = ERR_OK;
}

static void
test_settle(void)
{
	struct user out = { .id = 0 };

	stored = (struct user){ .id = 7, .password_hash = "hash" };
	ok(tested_settle(&ctx, "ada", "hash", &out) == ERR_OK && out.id == 7,
	    "an equal hash shows that it was stored");
	out.id = 0;
	ok(tested_settle(&ctx, "ada", "hasi", &out) == ERR_CONFLICT &&
	        out.id == 0,
	    "another hash shows that it was not");
	stored.password_hash = NULL;
	ok(tested_settle(&ctx, "ada", "hash", &out) == ERR_CONFLICT,
	    "no hash shows that it was not");
	stored_err = ERR_NOTFOUND;
	ok(tested_settle(&ctx, "ada", "hash", &out) == ERR_BUSY,
	    "without the account nobody knows");
}

int
main(void)
{
	arena_init(&arena);
	test_rules();
	test_list();
	test_events();
	test_check();
	test_confirm();
	test_settle();
	arena_free(&arena);
	return done();
}
