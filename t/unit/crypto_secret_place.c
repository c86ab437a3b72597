/*
 * crypto/secret.c: where a file that holds a secret may be, whose it may be,
 * and what is said where it may not. The files are this file's; of real ones
 * and of what is in them is crypto_secret.c.
 */
#include "base.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define secret_load tested_load
#define secret_read tested_read
#define geteuid euid_of_ours
#define open(path, flags) open_of_ours(path, flags)
#define fstat(fd, st) fstat_of_ours(fd, st)
#define stat(path, st) stat_of_ours(path, st)
#define realpath(path, out) realpath_of_ours(path, out)
#define read(fd, to, n) read_of_ours(fd, to, n)
#define close(fd) close_of_ours(fd)

static uid_t euid_of_ours(void);
static int open_of_ours(const char *path, int flags);
static int fstat_of_ours(int fd, struct stat *out);
static int stat_of_ours(const char *path, struct stat *out);
static char *realpath_of_ours(const char *path, char *out);
static ssize_t read_of_ours(int fd, void *to, size_t n);
static int close_of_ours(int fd);

#include "crypto/secret.c" /* NOLINT(bugprone-suspicious-include) */

#undef geteuid
#undef open
#undef fstat
#undef stat
#undef realpath
#undef read
#undef close

#include "said.h"
#include "tap.h"

#define FD 77
#define LONGEST 4096 /* a path and its NUL, as the kernel has it */
#define KEY "0123456789abcdef0123456789abcdef"

/* --- one file, in two folders: of its name, and where a link leads --- */

struct entry {
	uid_t owner;
	mode_t mode;
	int error; /* 0: it is there */
};

static const struct entry good_file = { 0, S_IFREG | 0640, 0 };
static const struct entry good_folder = { 0, S_IFDIR | 0755, 0 };

static uid_t euid;
static struct entry file, folder, real_folder;
static const char *real_path; /* NULL: there is none */
static int open_error, read_error, opened, closed;
static char folders[2 * LONGEST + 10]; /* that were asked for */
static const char *content;
static size_t content_bytes; /* that are still to be read */

static void
begin(void)
{
	euid = 5;
	file = good_file;
	folder = real_folder = good_folder;
	real_path = "/real/key";
	open_error = read_error = opened = closed = 0;
	folders[0] = '\0';
	content = KEY;
	content_bytes = 32;
}

static uid_t
euid_of_ours(void)
{
	return euid;
}

static int
open_of_ours(const char *path, int flags)
{
	if (*path == '\0' || flags != (O_RDONLY | O_CLOEXEC | O_NONBLOCK))
		abort();
	errno = open_error;
	opened += open_error == 0;
	return open_error == 0 ? FD : -1;
}

static int
tell(const struct entry *e, struct stat *out)
{
	memset(out, 0, sizeof(*out));
	out->st_uid = e->owner;
	out->st_mode = e->mode;
	errno = e->error;
	return e->error == 0 ? 0 : -1;
}

static int
fstat_of_ours(int fd, struct stat *out)
{
	return fd == FD ? tell(&file, out) : -1;
}

static int
stat_of_ours(const char *path, struct stat *out)
{
	size_t n = strlen(folders);

	snprintf(folders + n, sizeof(folders) - n, "%s;", path);
	return tell(strcmp(path, "/real") == 0 ? &real_folder : &folder, out);
}

static char *
realpath_of_ours(const char *path, char *out)
{
	errno = ELOOP;
	if (real_path == NULL || *path == '\0')
		return NULL;
	snprintf(out, LONGEST, "%s", real_path);
	return out;
}

static ssize_t
read_of_ours(int fd, void *to, size_t n)
{
	if (fd != FD)
		abort();
	errno = read_error;
	if (read_error != 0)
		return -1;
	n = n < content_bytes ? n : content_bytes;
	memcpy(to, content, n);
	content += n;
	content_bytes -= n;
	return (ssize_t)n;
}

static int
close_of_ours(int fd)
{
	closed += fd == FD;
	return 0;
}

/* --- what is loaded --- */

/* Is it loaded, and nothing said? Else see said_text. */
static bool
loads(const char *path)
{
	static struct secret k;
	bool good;

	listen_to_stderr();
	good = tested_load("key_file", path, &k);
	said();
	if (good != (said_text[0] == '\0') || opened != closed)
		abort();
	return good;
}

/* It is refused, with these words. */
static bool
refuses(const char *path, const char *words)
{
	return !loads(path) && strstr(said_text, words) != NULL;
}

static const struct {
	const char *name;
	uid_t euid, owner;
	bool good;
} owners[] = {
	{ "root's, for a user", 5, 0, true },
	{ "the user's own", 5, 5, true },
	{ "another user's, for a user", 5, 6, false },
	{ "user 1's, for a user", 5, 1, false },
	{ "a user's, for root", 0, 6, true },
	{ "root's, for root", 0, 0, true },
	{ "another user's, for user 1", 1, 6, false },
};

static void
test_owners(void)
{
	char words[80];
	size_t i;

	for (i = 0; i < ARRAY_LEN(owners); i++) {
		begin();
		euid = owners[i].euid;
		file.owner = owners[i].owner;
		snprintf(words, sizeof(words),
		    "key_file /f/key: belongs to user %u, who could change it",
		    (unsigned)file.owner);
		ok(owners[i].good ? loads("/f/key") : refuses("/f/key", words),
		    tap_with(
		        "a key file is taken by its owner", owners[i].name));
		begin();
		euid = owners[i].euid;
		folder.owner = owners[i].owner;
		snprintf(words, sizeof(words),
		    "its folder /f belongs to user %u, who could replace the "
		    "file",
		    (unsigned)folder.owner);
		ok(owners[i].good ? loads("/f/key") : refuses("/f/key", words),
		    tap_with("a key file is taken by its folder's owner",
		        owners[i].name));
	}
}

static void
test_modes(void)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool good;
	} folders_of[] = {
		{ "0755", 0755, true },
		{ "0700", 0700, true },
		{ "0775", 0775, false },
		{ "0757", 0757, false },
		{ "0720", 0720, false },
		{ "0702", 0702, false },
		{ "01777", 01777, true },
		{ "01770", 01770, true },
		{ "06755", 06755, true },
		{ "06777", 06777, false },
	}, files[] = {
		{ "0600", 0600, true },
		{ "0640", 0640, true },
		{ "0750", 0750, true },
		{ "0620", 0620, false },
		{ "0604", 0604, false },
		{ "0602", 0602, false },
		{ "0601", 0601, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(folders_of); i++) {
		begin();
		folder.mode = S_IFDIR | folders_of[i].mode;
		ok(folders_of[i].good
		        ? loads("/f/key")
		        : refuses(
		              "/f/key", "its folder /f is writable by others"),
		    tap_with("a key file is taken by its folder's mode",
		        folders_of[i].name));
	}
	for (i = 0; i < ARRAY_LEN(files); i++) {
		begin();
		file.mode = S_IFREG | files[i].mode;
		ok(files[i].good ? loads("/f/key")
		                 : refuses("/f/key",
		                       "key_file /f/key: must be a file that "
		                       "others cannot read"),
		    tap_with("a key file is taken by its mode", files[i].name));
	}
	begin();
	file.mode = S_IFIFO | 0600;
	ok(refuses("/f/key", "key_file /f/key: must be a regular file"),
	    "what is no regular file is refused");
	begin();
	file.error = EIO;
	ok(refuses("/f/key", "must be a regular file"),
	    "a file of which nothing is known is refused");
}

static void
test_folders(void)
{
	static const struct {
		const char *path, *folders;
	} cases[] = {
		{ "/f/key", "/f;/real;" },
		{ "/f/g/key", "/f/g;/real;" },
		{ "f/key", "f;/real;" },
		{ "key", ".;/real;" },
		{ "/key", "/;/real;" },
		{ "./key", ".;/real;" },
	};
	static char path[LONGEST + 10];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		ok(loads(cases[i].path) &&
		        strcmp(folders, cases[i].folders) == 0,
		    tap_with(
		        "both folders of a file are looked at", cases[i].path));
	}
	memset(path, 'f', sizeof(path));
	memcpy(path + LONGEST - 1, "/key", 5);
	begin();
	ok(loads(path) && strlen(folders) == LONGEST - 1 + 7,
	    "the longest folder is looked at");
	memset(path, 'f', sizeof(path));
	memcpy(path + LONGEST, "/key", 5);
	begin();
	ok(loads(path) && strcmp(folders, ".;/real;") == 0,
	    "a path that is longer than the kernel's is not copied");
	begin();
	folder.error = EACCES;
	ok(refuses("/f/key", "key_file /f/key: /f: Permission denied"),
	    "a folder of which nothing is known is refused");
	begin();
	real_folder.mode |= S_IWOTH;
	ok(refuses("/f/key", "its folder /real is writable by others"),
	    "the folder that a link leads to is looked at");
	begin();
	real_folder.owner = 6;
	ok(refuses("/f/key", "its folder /real belongs to user 6"),
	    "the folder that a link leads to has to be the user's");
	begin();
	real_path = NULL;
	ok(refuses("/f/key", strerror(ELOOP)),
	    "a link that leads nowhere is refused");
}

static void
test_open(void)
{
	struct secret_file text;

	begin();
	open_error = ENOENT;
	ok(refuses("/f/key", "make a key with"),
	    "the message of a missing key says how to make one");
	open_error = EACCES;
	ok(refuses("/f/key", "chgrp latchkey FILE"),
	    "the message of a key that is not to be read says what to do");
	open_error = EIO;
	ok(refuses("/f/key", strerror(EIO)),
	    "the message of a key that cannot be opened says why");
	listen_to_stderr();
	open_error = ENOENT;
	ok(!tested_read("key_dir", "/f/key", &text) &&
	        strstr(said(), "copy the directory") != NULL,
	    "the message of a missing key_dir says where to have it from");
	open_error = EACCES;
	listen_to_stderr();
	ok(!tested_read("key_dir", "/f/key", &text) &&
	        strstr(said(), "copy the directory") == NULL,
	    "the message of a key_dir that is there says something else");
	is_int(closed, 0, "what was not opened is not closed");
}

/* --- files of other kinds --- */

static void
test_text(void)
{
	static char long_text[sizeof(((struct secret_file *)0)->text)];
	struct secret_file text;
	bool good;

	begin();
	memset(&text, 'x', sizeof(text));
	ok(tested_read("key_dir", "/f/key", &text) && text.len == 32 &&
	        strcmp(text.text, KEY) == 0,
	    "a text is read, and ends with a NUL");
	begin();
	content_bytes = 0;
	ok(tested_read("key_dir", "/f/key", &text) && text.len == 0 &&
	        text.text[0] == '\0',
	    "an empty text is read");
	begin();
	memset(long_text, 'x', sizeof(long_text));
	content = long_text;
	content_bytes = sizeof(long_text) - 1;
	ok(tested_read("key_dir", "/f/key", &text) &&
	        text.len == sizeof(long_text) - 1 &&
	        strlen(text.text) == text.len,
	    "the longest text is read");
	begin();
	content = long_text;
	content_bytes = sizeof(long_text);
	listen_to_stderr();
	good = tested_read("key_dir", "/f/key", &text);
	ok(!good && is_zeroed(&text, sizeof(text)) && closed == 1 &&
	        strstr(said(), "key_dir /f/key: is too long") != NULL,
	    "a longer text is refused, and wiped");
	begin();
	read_error = EIO;
	listen_to_stderr();
	memset(&text, 'x', sizeof(text));
	good = tested_read("key_dir", "/f/key", &text);
	ok(!good && is_zeroed(&text, sizeof(text)) && closed == 1 &&
	        strstr(said(), strerror(EIO)) != NULL,
	    "a text that cannot be read is refused, and wiped");
	begin();
	file.mode |= S_IROTH;
	listen_to_stderr();
	good = tested_read("key_dir", "/f/key", &text);
	ok(!good && closed == 1 && strstr(said(), "must be a file that"),
	    "a text that others can read is refused");
}

/* --- what is around a key --- */

static struct secret
secret_with(const char *bytes, size_t n)
{
	struct secret s;

	memset(&s, 0xee, sizeof(s));
	s.len = n;
	memcpy(s.bytes, bytes, n);
	return s;
}

static bool
is_published(const char *bytes, size_t n)
{
	const struct secret s = secret_with(bytes, n);

	return find_published(&s) != NULL;
}

static bool
is_published_text(const char *text)
{
	return is_published(text, strlen(text));
}

#define FLASK "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"

static void
test_published(void)
{
	static const char *const around[] = { FLASK, "\"" FLASK "\"",
		"'" FLASK "'", " " FLASK, FLASK " ", "\t" FLASK "\t",
		"\r" FLASK "\r\n", "\n" FLASK "\n\n", "  " FLASK "  " };
	static const char nuls[] = "\0" FLASK "\0";
	size_t i;

	for (i = 0; i < ARRAY_LEN(around); i++)
		ok(is_published_text(around[i]),
		    tap_with("a published key is found", around[i]));
	for (i = 0; i < ARRAY_LEN(published); i++)
		ok(is_published_text(published[i].key),
		    tap_with("each published key is found", published[i].key));
	ok(is_published(nuls, sizeof(nuls)),
	    "a published key between NULs is found");
	ok(!is_published_text("x" FLASK) && !is_published_text(FLASK "x"),
	    "a longer key than a published one is another");
	ok(!is_published(FLASK, 63) && !is_published(&FLASK[1], 63),
	    "a shorter key than a published one is another");
	ok(!is_published_text("  \"' \t\r\n"), "blanks are not published");
	ok(!is_published("", 0), "no bytes are not published");
}

/* --- what a text looks like --- */

static bool
named(const char *text)
{
	return is_named(text, text + strlen(text));
}

static bool
quoted(const char *text)
{
	return is_quoted(text, text + strlen(text));
}

static void
test_named(void)
{
	static const char *const names[] = { "a=b", "a = b", "a  =  b", "a: b",
		"a:=b", "a : b", "Z=b", "z=b", "a1=b", "a_b=c", "a.b=c",
		"a-b=c", "export a=b", "export  a=b", "a==b", "export=b" };
	static const char *const no_names[] = { "", "a",
		"a=", "a==", "a= ", "a:", "a: ", "a:b", "a b", "1a=b", "_a=b",
		"=b", "a/b=c", "a ", "export 1=b", "export ", "export  ",
		"a+=b", "a :b", "a:=" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		ok(named(names[i]), tap_with("a name is in front", names[i]));
	for (i = 0; i < ARRAY_LEN(no_names); i++)
		ok(!named(no_names[i]),
		    tap_with("no name is in front", no_names[i]));
}

static void
test_quoted(void)
{
	static const char *const in_marks[] = { "\"a\"", "'a'", "`a`", "b\"a\"",
		"b'a'", "\"a\",", "\"a\";", "''", "b'a';" };
	static const char *const bare[] = { "a", "\"", "'a", "a'", "'a\"", "aa",
		"ba", "b\"", "'a'.", "c'a'", "b", "'a',,", "ca'" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(in_marks); i++)
		ok(quoted(in_marks[i]),
		    tap_with(
		        "a value in quotation marks is found", in_marks[i]));
	for (i = 0; i < ARRAY_LEN(bare); i++)
		ok(!quoted(bare[i]),
		    tap_with("a value without quotation marks is none of them",
		        bare[i]));
}

static bool
textual(const char *bytes, size_t n)
{
	return is_text((const unsigned char *)bytes, n);
}

static void
test_is_text(void)
{
	unsigned c, bad = 0;
	char byte;

	for (c = 0; c < 256; c++) {
		byte = (char)c;
		bad +=
		    textual(&byte, 1) != ((c >= ' ' && c <= '~') || c == '\t' ||
		                             c == '\n' || c == '\r');
	}
	is_int(bad, 0, "a text has printable ASCII, tabs and line ends");
	ok(textual("ab", 2) && !textual("a\x01", 2) &&
	        !textual("\x01"
	                 "a",
	            2),
	    "each byte of a text is looked at");
	ok(textual("", 0), "no bytes are a text");
}

static bool
edited(const char *bytes)
{
	const struct secret s = secret_with(bytes, strlen(bytes));

	return is_edited(&s);
}

static void
test_edited(void)
{
	static const char *const by_editor[] = { "\xef\xbb\xbfx",
		"\xe2\x80\x9cx\xe2\x80\x9d", "\xe2\x80\x98x\xe2\x80\x99",
		"\xe2\x80\x9ex\xe2\x80\x9c", "\xc2\xabx\xc2\xbb",
		"\xef\xbb\xbfx\x7f" };
	static const char *const others[] = { "x", "\xef\xbb\xbf", "\xc2\xab",
		"\xef\xbb", "\xc2\xab\xc2\xbb", "\xc2\xabx\xc2\xbb\x01",
		"\xef\xbb\xbf\x01x", "\x7f", "x\xef\xbb\xbf" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(by_editor); i++)
		ok(edited(by_editor[i]),
		    tap_with("an editor's marks are found", by_editor[i]));
	for (i = 0; i < ARRAY_LEN(others); i++)
		ok(!edited(others[i]),
		    tap_with("other bytes are no editor's marks", others[i]));
}

static bool
utf16(const char *bytes, size_t n)
{
	const struct secret s = secret_with(bytes, n);

	return is_utf16(&s);
}

static void
test_utf16(void)
{
	ok(utf16("\xff\xfe"
	         "a\0b\0",
	       6) &&
	        utf16("\xfe\xff\0a\0b", 6),
	    "both kinds of UTF-16 are found");
	ok(utf16("\xff\xfe"
	         "a\0b",
	       5),
	    "of UTF-16 a last odd byte does not count");
	ok(!utf16("\xff\xfe"
	          "ab",
	       4) &&
	        !utf16("\xfe\xff"
	               "ab",
	            4),
	    "two bytes that begin as UTF-16 does are not enough");
	ok(!utf16("\xff\xfe"
	          "a\0bc",
	       6) &&
	        !utf16("\xfe\xff\0abc", 6),
	    "each character of UTF-16 is looked at");
	ok(!utf16("\xff\0a\0", 4) &&
	        !utf16("\0\xfe"
	               "a\0",
	            4) &&
	        !utf16("\xfe\0\0a", 4) && !utf16("\0\xff\0a", 4),
	    "one byte of UTF-16's mark is none");
}

static bool
one_byte(const char *bytes, size_t n)
{
	const struct secret s = secret_with(bytes, n);

	return is_one_byte(&s);
}

static void
test_one_byte(void)
{
	ok(one_byte("aaaa", 4), "a single byte is found");
	ok(!one_byte("baaa", 4) && !one_byte("aaab", 4) && !one_byte("aaba", 4),
	    "any other byte makes a difference");
}

static const char *
fault_of(const char *text_of_key)
{
	const struct secret s = secret_with(text_of_key, strlen(text_of_key));
	const char *fault = find_fault_of_text(&s);

	return fault != NULL ? fault : "none";
}

static void
test_faults(void)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "abc", "none" },
		{ "a\rb", "has line ends of Windows" },
		{ "a\r\nb", "has line ends of Windows" },
		{ "a\nb", "has several lines" },
		{ " a", "has blanks around" },
		{ "a ", "has blanks around" },
		{ "\ta", "has blanks around" },
		{ "a\t", "has blanks around" },
		{ "a b", "none" },
		{ "'a'", "has quotation marks" },
		{ "{a", "is JSON" },
		{ "a{", "none" },
		{ "a=b", "has a name" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(strncmp(fault_of(cases[i].text), cases[i].fault,
		       strlen(cases[i].fault)) == 0,
		    tap_with("what is around a key is named", cases[i].text));
}

int
main(void)
{
	test_owners();
	test_modes();
	test_folders();
	test_open();
	test_text();
	test_published();
	test_named();
	test_quoted();
	test_is_text();
	test_edited();
	test_utf16();
	test_one_byte();
	test_faults();
	return done();
}
