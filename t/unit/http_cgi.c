/*
 * Tests of http/cgi.c: which parameters are read, and which of two counts.
 */
#include "base.h"

#include "http/cgi.h"
#include "tap.h"

static struct cgi
read_all(const char *const *environment)
{
	struct cgi found;

	cgi_read((char *const *)(uintptr_t)environment, &found);
	return found;
}

static void
test_names(void)
{
	static const char *const environment[] = { "REQUEST_URI=/a=b",
		"REQUEST_URI_=/x", "REQUEST_UR=/x", "request_uri=/x",
		"HTTP_X=y", "NOTHING", "", "=x", "CONTENT_LENGTH=", NULL };
	static const char *const none[] = { NULL };
	struct cgi found = read_all(environment);

	is(found.value[CGI_REQUEST_URI], "/a=b", "a parameter is read");
	is(found.value[CGI_CONTENT_LENGTH], "", "an empty parameter is read");
	ok(found.value[CGI_REQUEST_METHOD] == NULL,
	    "a parameter that was not sent is NULL");
	is_int(found.doubled, 0, "no parameter came twice");
	found = read_all(none);
	ok(found.value[CGI_REQUEST_URI] == NULL,
	    "no parameters are read from an empty list");
	is(cgi_name(CGI_HTTP_SEC_FETCH_SITE), "HTTP_SEC_FETCH_SITE",
	    "each parameter has its name");
}

static void
test_twice(void)
{
	static const char *const environment[] = { "REQUEST_URI=/first",
		"HTTP_COOKIE=first", "REMOTE_ADDR=same", "REQUEST_URI=/second",
		"HTTP_COOKIE=second", "REMOTE_ADDR=same", "REQUEST_URI=/last",
		"HTTP_COOKIE=last", "CONTENT_LENGTH=1",
		"CONTENT_LENGTH=", "HTTP_HOST=", "HTTP_HOST=x", NULL };
	struct cgi found = read_all(environment);

	is(found.value[CGI_REQUEST_URI], "/last",
	    "of a parameter that comes again the last counts");
	is(found.value[CGI_CONTENT_LENGTH], "",
	    "of a parameter that comes again an empty last one counts");
	is(found.value[CGI_HTTP_COOKIE], "first",
	    "of a header that comes again the first counts");
	is(found.value[CGI_HTTP_HOST], "",
	    "of a header that comes again an empty first one counts");
	is_int(found.doubled,
	    1 << CGI_REQUEST_URI | 1 << CGI_HTTP_COOKIE |
	        1 << CGI_CONTENT_LENGTH | 1 << CGI_HTTP_HOST,
	    "parameters that come again with another value are reported");
}

int
main(void)
{
	test_names();
	test_twice();
	return done();
}
