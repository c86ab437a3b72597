/*
 * Tests of http/fcgi_record.c: a request as nginx sends it, at each length, and
 * each way to corrupt it. The figures are those of the FastCGI specification.
 */
#include "base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "http/fcgi_record.h"
#include "tap.h"

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, DATA = 8, GET_VALUES = 9 };

static unsigned char sent[140000];
static size_t length;

static void
add(int type, int id, const void *body, size_t n)
{
	unsigned char *p = sent + length;

	memset(p, 0, 8);
	p[0] = 1;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(n >> 8);
	p[5] = (unsigned char)n;
	if (n > 0)
		memcpy(p + 8, body, n);
	length += 8 + n;
}

static void
add_padding(size_t n)
{
	size_t record = length;

	add(PARAMS, 1, "\1\0A", 3);
	sent[record + 6] = (unsigned char)n;
	memset(sent + length, 0xff, n);
	length += n;
}

static void
begin(int role)
{
	unsigned char body[8] = { 0, (unsigned char)role, 1 };

	length = 0;
	add(BEGIN, 1, body, sizeof(body));
}

static void
end(void)
{
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, "", 0);
}

static unsigned char content[2 * sizeof(sent)];
#define ROOM ((size_t)128 * 1024) /* of content is said to be there */
static struct fcgi_record request;

/* The state of the first n bytes, taken step by step: P, W, ! or L. */
static char
verdict_in_steps(size_t n, size_t step, size_t *len)
{
	enum fcgi_record_state found = FCGI_RECORD_PART;
	size_t taken = 0;

	*len = 0;
	fcgi_record_begin(&request, content, ROOM);
	while (found == FCGI_RECORD_PART && *len < n) {
		found = fcgi_record_take(&request, sent + *len,
		    n - *len < step ? n - *len : step, &taken);
		*len += taken;
	}
	return "PW!L"[found];
}

/* The same in place, as of what is in the socket; in steps it is no other. */
static char
verdict(size_t n, size_t *len)
{
	size_t in_steps;
	char found, other;

	memcpy(content, sent, n);
	fcgi_record_begin(&request, content, ROOM);
	found = "PW!L"[fcgi_record_take(&request, content, n, len)];
	other = verdict_in_steps(n, 7, &in_steps);
	return other == found && (found == '!' || in_steps == *len) ? found
	                                                            : '?';
}

static void
is_verdict(char wanted, const char *title)
{
	size_t len;

	ok(verdict(length, &len) == wanted, title);
}

static void
test_whole(void)
{
	size_t i, len = 0, parts = 0;

	begin(1);
	add(PARAMS, 1, "\4\5NAMEvalue", 11);
	add_padding(5);
	add_padding(255);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, "body", 4);
	add(STDIN, 1, "body", 4);
	add(STDIN, 1, "", 0);
	for (i = 0; i < length; i++)
		parts += verdict(i, &len) == 'P';
	ok(parts == length, "a request is partial until its last byte");
	ok(verdict(length, &len) == 'W' && len == length,
	    "a request is whole with its last byte");
	memcpy(sent + length, sent, 40);
	ok(verdict(length + 40, &len) == 'W' && len == length,
	    "bytes behind a request do not belong to it");
	begin(1);
	end();
	is_verdict('W', "a request without a parameter or a body is whole");
}

static void
test_params(void)
{
	static const unsigned char value[65000];

	begin(1);
	add(PARAMS, 1, "\4\5NA", 4);
	add(PARAMS, 1, "MEval", 5);
	add(PARAMS, 1, "ue", 2);
	end();
	is_verdict('W', "a parameter may go on in the next record");
	begin(1);
	add(PARAMS, 1, "\200\0\0\4\200\0", 6);
	add(PARAMS, 1, "\375\350NAME", 6);
	add(PARAMS, 1, value, sizeof(value));
	end();
	is_verdict('W', "a parameter may have lengths of four bytes");
	begin(1);
	add(PARAMS, 1, "\4\5NAMEvalu", 10);
	end();
	is_verdict(
	    '!', "a parameter whose value is shorter than its length is wrong");
	begin(1);
	add(PARAMS, 1, "\4\0NAM", 5);
	end();
	is_verdict(
	    '!', "a parameter whose name is shorter than its length is wrong");
	begin(1);
	add(PARAMS, 1, "\4", 1);
	end();
	is_verdict('!', "a parameter of one length alone is wrong");
	begin(1);
	add(PARAMS, 1, "\200\0\0", 3);
	end();
	is_verdict('!', "a parameter whose length breaks off is wrong");
	begin(1);
	add(PARAMS, 1, "\377\377\377\377\377\377\377\377NAME", 12);
	end();
	is_verdict('!',
	    "a parameter of the largest lengths, whose sum is beyond an int, is wrong");
}

/* Each byte of a length counts, where one byte ends and four begin as well. */
static void
test_lengths(void)
{
	static unsigned char value[60000];
	static const struct {
		size_t n;
		const char *length;
	} values[] = {
		{ 127, "\177" },
		{ 127, "\200\0\0\177" },
		{ 128, "\200\0\0\200" },
		{ 255, "\200\0\0\377" },
		{ 256, "\200\0\1\0" },
		{ 511, "\200\0\1\377" },
		{ 60000, "\200\0\352\140" },
		{ 65536, "\200\1\0\0" },
		{ 65793, "\200\1\1\1" },
	};
	size_t i, n, left, wrong = 0;
	int more;

	memset(value, 0xff, sizeof(value));
	for (i = 0; i < ARRAY_LEN(values); i++)
		for (more = -1; more <= 1; more++) {
			unsigned char lengths[5] = { 0 };

			n = values[i].length[0] == '\177' ? 1 : 4;
			memcpy(lengths + 1, values[i].length, n);
			begin(1);
			add(PARAMS, 1, lengths, 1 + n);
			left = values[i].n + (size_t)more;
			if (left > sizeof(value)) {
				add(PARAMS, 1, value, sizeof(value));
				left -= sizeof(value);
			}
			/* what is left over is a length that is too long */
			add(PARAMS, 1, value, left);
			end();
			wrong += verdict(length, &n) != (more == 0 ? 'W' : '!');
		}
	is_int((long long)wrong, 0,
	    "a value one byte shorter or longer than its length is wrong");
	begin(1);
	add(PARAMS, 1, "\0\0\0", 3);
	end();
	is_verdict('!', "a length alone behind a parameter is wrong");
	begin(1);
	add(PARAMS, 1, "\0\200\0\0\0", 5);
	end();
	is_verdict('W', "a length of four bytes may be 0");
	begin(1);
	add(PARAMS, 1, "\0\201\0\0\0", 5);
	end();
	is_verdict('!', "a length of four bytes beyond the request is wrong");
}

/* Parameters of n bytes, split between two records before byte i. */
static char
verdict_separated(const char *params, size_t n, size_t i)
{
	begin(1);
	add(PARAMS, 1, params, i);
	add(PARAMS, 1, params + i, n - i);
	end();
	return verdict(length, &n);
}

/*
 * Lengths whose sum is INT_MAX or passes it, or passes 32 bits: an int holds
 * less than nothing then, which is no more than there is. Wherever a record
 * ends within them.
 */
static void
test_sums(void)
{
	static const char good[] = "\4\200\0\0\4NAMEabcd\200\0\0\1\1xy";
	static const char *const sums[] = {
		"\4\4NAMEabcd\377\377\377\377\0xy", /* INT_MAX */
		"\4\4NAMEabcd\0\377\377\377\377xy",
		"\4\4NAMEabcd\377\377\377\377\1xy", /* and 1 */
		"\4\4NAMEabcd\1\377\377\377\377xy",
		"\4\4NAMEabcd\4\377\377\377\374xy",
		"\4\4NAMEabcd\300\0\0\0\300\0\0\0xy",
		"\4\4NAMEabcd\377\377\377\377\377\377\377\377xy",
	};
	static const size_t lengths[] = { 17, 17, 17, 17, 17, 20, 20 };
	size_t i, k, wrong = 0;

	for (i = 1; i < sizeof(good) - 1; i++)
		wrong += verdict_separated(good, sizeof(good) - 1, i) != 'W';
	is_int((long long)wrong, 0,
	    "parameters may be cut between records at each byte");
	for (k = 0; k < ARRAY_LEN(sums); k++)
		for (i = 1; i < lengths[k]; i++)
			wrong +=
			    verdict_separated(sums[k], lengths[k], i) != '!';
	is_int((long long)wrong, 0,
	    "lengths whose sum passes INT_MAX are wrong, cut at each byte");
}

/* Both bytes of a request's number count. */
static void
test_numbers(void)
{
	static const int others[] = { 1, 0x100, 0x201, 0x102 };
	size_t i;

	length = 0;
	add(BEGIN, 0x101, "\0\1\0\0\0\0\0\0", 8);
	add(PARAMS, 0x101, "", 0);
	add(STDIN, 0x101, "", 0);
	is_verdict('W', "a request may have a number of two bytes");
	for (i = 0; i < ARRAY_LEN(others); i++) {
		length = 0;
		add(BEGIN, 0x101, "\0\1\0\0\0\0\0\0", 8);
		add(PARAMS, others[i], "", 0);
		is_verdict('!', "a record of another number is wrong");
	}
	length = 0;
	add(BEGIN, 0x100, "\0\1\0\0\0\0\0\0", 8);
	add(PARAMS, 0x100, "", 0);
	add(STDIN, 0x100, "", 0);
	is_verdict(
	    'W', "a request whose number has 0 as its second byte is whole");
}

static void
test_wrong(void)
{
	begin(2);
	end();
	is_verdict('!', "a request for an authorizer is wrong");
	begin(3);
	end();
	is_verdict('!', "a request for a filter is wrong");
	begin(1);
	sent[8] = 1;
	is_verdict('!', "a request for an unknown role is wrong");
	begin(1);
	sent[3] = 0;
	is_verdict('!', "a request of number 0 is wrong");
	begin(1);
	sent[0] = 2;
	is_verdict('!', "a record of version 2 is wrong");
	length = 0;
	add(BEGIN, 1, "\0\1\0\0\0\0\0\0\0", 9);
	is_verdict('!', "a begin of other than eight bytes is wrong");
	begin(1);
	add(STDIN, 1, "", 0);
	is_verdict('!', "a body before the end of the parameters is wrong");
	begin(1);
	add(ABORT, 1, "", 0);
	is_verdict('!', "an abort is wrong");
	begin(1);
	add(PARAMS, 1, "", 0);
	sent[length - 2] = 1;
	sent[length++] = 0;
	is_verdict('!', "padding behind an empty record is wrong");
	begin(1);
	sent[6] = 8;
	memset(sent + length, 0, 8);
	length += 8;
	end();
	is_verdict('!',
	    "padding behind a begin, which libfcgi takes for a head, is wrong");
	begin(1);
	add(PARAMS, 2, "", 0);
	is_verdict('!', "a record of another request is wrong");
	begin(1);
	add(BEGIN, 2, "\0\1\0\0\0\0\0\0", 8);
	is_verdict('!', "a second begin is wrong");
	begin(1);
	add(GET_VALUES, 0, "", 0);
	is_verdict('!', "a management record is wrong");
	begin(1);
	add(PARAMS, 1, "", 0);
	add(DATA, 1, "", 0);
	is_verdict('!', "data for a filter is wrong");
	length = 0;
	add(GET_VALUES, 0, "", 0);
	is_verdict('!', "a management record before the begin is wrong");
}

static void
add_length(const char *said)
{
	char pair[128];
	int n = snprintf(pair, sizeof(pair), "\16%cCONTENT_LENGTH%s",
	    (char)strlen(said), said);

	add(PARAMS, 1, pair, (size_t)n);
}

#define ZEROS_14 "00000000000000"
#define DIGITS_63 ZEROS_14 ZEROS_14 ZEROS_14 ZEROS_14 "0065537"

/* A body of so many bytes, which a parameter tells or not. */
static char
verdict_body(const char *said, size_t n)
{
	static const unsigned char body[65535];
	size_t len, part;

	begin(1);
	if (said != NULL)
		add_length(said);
	add(PARAMS, 1, "", 0);
	for (; n > 0; n -= part) {
		part = n < sizeof(body) ? n : sizeof(body);
		add(STDIN, 1, body, part);
	}
	add(STDIN, 1, "", 0);
	return verdict(length, &len);
}

static void
test_large(void)
{
	size_t len;

	ok(verdict_body("65536", 65536) == 'W', "a body of 64 KiB is read");
	ok(verdict_body(NULL, 65536) == 'W',
	    "a body of 64 KiB without its length is read");
	is_int((long long)request.body, 65536,
	    "a body without its length is counted");
	ok(verdict_body(NULL, 65537) == 'L',
	    "a body of 64 KiB and a byte is too large");
	ok(verdict_body("65537", 0) == 'L',
	    "a length of 64 KiB and a byte is too large");
	ok(verdict_body("9223372036854775807", 0) == 'L',
	    "a length of 2^63 - 1 is too large");
	ok(verdict_body("9223372036854775808", 0) == 'W' &&
	        verdict_body("-1", 0) == 'W' && verdict_body("x", 0) == 'W' &&
	        verdict_body("65537 ", 0) == 'W',
	    "what is no length is answered as such");
	ok(verdict_body(DIGITS_63, 0) == 'L', "a length may have 63 digits");
	ok(verdict_body("0" DIGITS_63, 0) == 'W' &&
	        verdict_body("00" DIGITS_63, 0) == 'W',
	    "what has more digits is no length");
	begin(1);
	add_length("65537");
	add(PARAMS, 1, "", 0);
	ok(verdict(length, &len) == 'L' && len == length,
	    "before any of it has come");
	begin(1);
	add_length("65537");
	add_length("4");
	add(PARAMS, 1, "", 0);
	is_verdict('P', "of two lengths the last counts");
	begin(1);
	add_length("4");
	add_length("65537");
	add(PARAMS, 1, "", 0);
	is_verdict('L', "however large");
}

/* Each byte of a request in a piece of its own, and its content afterwards. */
static void
test_pieces(void)
{
	static const char params[] = "\4\5NAMEvalue\1\0A\1\0A";
	size_t len, step, good = 0;

	begin(1);
	add(PARAMS, 1, "\4\5NAMEvalue", 11);
	add_padding(5);
	add_padding(255);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, "bo", 2);
	add(STDIN, 1, "dy", 2);
	add(STDIN, 1, "", 0);
	for (step = 1; step < length; step++)
		good += verdict_in_steps(length, step, &len) == 'W' &&
		        len == length && request.params == 17 &&
		        request.body == 4 && memcmp(content, params, 17) == 0 &&
		        memcmp(content + 17, "body", 4) == 0;
	is_int((long long)good, (long long)length - 1,
	    "in pieces of any length its content is gathered");
}

/* The content of a file, read to its end. */
static size_t
read_all(int fd, unsigned char *to, size_t n)
{
	return lseek(fd, 0, SEEK_SET) == 0 ? (size_t)read(fd, to, n) : 0;
}

static void
test_write(void)
{
	static unsigned char written[sizeof(sent)], value[70000];
	int fd = memfd_create("test", 0);
	size_t n, len;

	memset(value, 'v', sizeof(value));
	begin(1);
	add(PARAMS, 1, "\1\200\1\21\160A", 6); /* 70,000 bytes */
	add(PARAMS, 1, value, 35000);
	add(PARAMS, 1, value, 35000);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, "bo", 2);
	add(STDIN, 1, "dy", 2);
	add(STDIN, 1, "", 0);
	ok(verdict_in_steps(length, 4096, &len) == 'W', "a large request");
	ok(fcgi_record_write(&request, true, fd),
	    "a large request is written as records");
	n = read_all(fd, written, sizeof(written));
	memcpy(sent, written, n);
	ok(verdict_in_steps(n, n, &len) == 'W' && len == n &&
	        request.params == 70006 && request.body == 4 &&
	        content[5] == 'A' && content[70005] == 'v' &&
	        memcmp(content + 70006, "body", 4) == 0,
	    "a request that was written is read as the same");
	ok(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	        fcgi_record_write(&request, false, fd),
	    "a request is written without its body");
	n = read_all(fd, sent, sizeof(sent));
	ok(verdict_in_steps(n, n, &len) == 'W' && len == n &&
	        request.params == 70006 && request.body == 0,
	    "a request that was written without its body has none");
	close(fd);
	ok(!fcgi_record_write(&request, true, fd),
	    "a request is not written to a closed descriptor");
}

/* Does a request of this body fit into a file of so many bytes? */
static bool
fits(size_t bytes, bool with_body)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);
	bool whole;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0)
		abort();
	whole = fcgi_record_write(&request, with_body, fd);
	close(fd);
	return whole;
}

/* The file is full at each byte: a part of a request is none. */
static void
test_full(void)
{
	size_t bytes, len, wrong = 0;

	begin(1);
	add(PARAMS, 1, "\4\5NAMEvalue", 11);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, "body", 4);
	add(STDIN, 1, "", 0);
	ok(verdict(length, &len) == 'W', "a short request");
	for (bytes = 0; bytes < length; bytes++)
		wrong += fits(bytes, true);
	is_int((long long)wrong, 0,
	    "a request that is not written to its end is told not to be");
	ok(fits(length, true), "a request may fill a file to its last byte");
	len = length - 12; /* the body and its head */
	for (bytes = 0; bytes < len; bytes++)
		wrong += fits(bytes, false);
	is_int((long long)wrong, 0,
	    "without its body, too, a request is written whole or not");
	ok(fits(len, false), "a request without its body is that much shorter");
}

/* The content is bounded, however it comes. */
static void
test_room(void)
{
	static const unsigned char zero[65535];
	size_t len;

	begin(1);
	add(PARAMS, 1, zero, 65535);
	add(PARAMS, 1, zero, 65535);
	add(PARAMS, 1, zero, 2);
	is_verdict('P', "parameters may have 128 KiB");
	add(PARAMS, 1, zero, 1);
	is_verdict('!', "parameters may not have 128 KiB and a byte");
	begin(1);
	add(PARAMS, 1, zero, 65535);
	add(PARAMS, 1, "\0", 1);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, zero, 65535);
	add(STDIN, 1, zero, 1);
	ok(verdict(length, &len) == 'P',
	    "parameters and body may have 128 KiB together");
	begin(1);
	add(PARAMS, 1, zero, 65535);
	add(PARAMS, 1, zero, 3);
	add(PARAMS, 1, "", 0);
	add(STDIN, 1, zero, 65535);
	ok(verdict(length, &len) == 'L',
	    "a body that makes more than 128 KiB with its parameters is too large");
}

int
main(void)
{
	test_whole();
	test_params();
	test_lengths();
	test_sums();
	test_numbers();
	test_wrong();
	test_large();
	test_pieces();
	test_write();
	test_full();
	test_room();
	return done();
}
