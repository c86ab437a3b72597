/*
 * Tests of lib/origin.c: pages from which a request is accepted.
 */
#include "base.h"

#include "lib/origin.h"
#include "tap.h"

static bool
accepted(enum origin rule, const char *site, const char *origin,
    const char *host, const char *allowed)
{
	const struct origin_headers h = { site, origin, host, false };

	return origin_is_accepted(rule, &h, allowed);
}

/* clang-format off */
static const struct {
	const char *site, *origin, *host;
	bool not_cross_site, same; /* is it accepted under this rule? */
	const char *what;
} requests[] = {
	{ NULL, NULL, NULL, true, true, "no browser" },
	{ NULL, NULL, "a.org", true, true, "no browser, with a Host" },
	{ "same-origin", "https://a.org", "a.org", true, true, "a page of this host" },
	{ "none", NULL, "a.org", true, true, "an address that was typed" },
	{ "same-site", "https://b.a.org", "a.org", true, false, "a page of another host of this site" },
	{ "cross-site", "https://evil.org", "a.org", false, false, "a page of another site" },
	{ "cross-site", "https://a.org", "a.org", false, false, "a page of another site, whatever Origin says" },
	{ "cross-site", NULL, NULL, false, false, "a page of another site without Origin" },
	{ "same-origin", "https://evil.org", "a.org", true, true, "a page of this host, by Sec-Fetch-Site" },
	{ "", NULL, NULL, true, false, "an empty Sec-Fetch-Site" },
	{ "cross-site, cross-site", NULL, NULL, false, false, "a page of another site, which says so twice" },
	{ "Cross-Site", NULL, NULL, true, false, "a Sec-Fetch-Site that no browser writes" },
	{ NULL, "https://a.org", "a.org", true, true, "an old browser, of this host" },
	{ NULL, "http://a.org", "a.org", true, true, "an old browser, without TLS" },
	{ NULL, "https://a.org", "A.ORG", true, true, "an old browser, in capitals" },
	{ NULL, "https://a.org", "a.org:443", true, true, "an old browser, with the port that is implied" },
	{ NULL, "http://a.org", "a.org:80", true, true, "an old browser, with the port of HTTP" },
	{ NULL, "http://a.org:8000", "a.org:8000", true, true, "an old browser, with any port" },
	{ NULL, "http://[::1]:8000", "[::1]:8000", true, true, "an old browser, with an address" },
	{ NULL, "https://a.org", "a.org:80", true, false, "an old browser, of another port" },
	{ NULL, "http://a.org", "a.org:443", true, false, "an old browser, of the other scheme's port" },
	{ NULL, "http://a.org:8001", "a.org:8000", true, false, "an old browser, of another server" },
	{ NULL, "https://evil.org", "a.org", true, false, "an old browser, of another host" },
	{ NULL, "https://a.org.evil.org", "a.org", true, false, "an old browser, of a host that begins alike" },
	{ NULL, "https://evila.org", "a.org", true, false, "an old browser, of a host that ends alike" },
	{ NULL, "https://a.org/", "a.org", true, false, "an old browser, of a text that is not an origin" },
	{ NULL, "null", "a.org", true, false, "an old browser, of a page without an origin" },
	{ NULL, "null", "null", true, false, "an old browser, of a page without an origin to the host null" },
	{ NULL, "https://a.org", NULL, true, false, "an old browser, of a host without Host" },
	{ NULL, "", "", true, false, "an old browser, of an empty origin" },
	{ NULL, "https://", "", true, false, "an old browser, of an origin without a host" },
	{ NULL, "ftp://a.org", "a.org", true, false, "an old browser, of another scheme" },
	{ NULL, "https://:443", ":443", true, true, "an old browser, of a port without a host" },
	{ NULL, "https://:443", "", true, false, "an old browser, of a port, to an empty host" },
	{ NULL, "http://a", "a", true, true, "an old browser, of a host of one letter" },
};
/* clang-format on */

/* Is each request accepted as it is to be under that rule? */
static void
test_rule(enum origin rule, const char *title)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(requests); i++) {
		bool wanted =
		    rule == ORIGIN_ANY ||
		    (rule == ORIGIN_SAME ? requests[i].same
		                         : requests[i].not_cross_site);

		is_int(accepted(rule, requests[i].site, requests[i].origin,
		           requests[i].host, ""),
		    wanted, tap_with(title, requests[i].what));
	}
}

/*
 * Where a cookie counts: as of the same host, but a browser has to say it, and
 * no other origin is allowed.
 */
static void
test_own(void)
{
	struct origin_headers h = { NULL, "http://a.org", "a.org", true };
	size_t i;

	for (i = 0; i < ARRAY_LEN(requests); i++)
		is_int(
		    accepted(ORIGIN_OWN, requests[i].site, requests[i].origin,
		        requests[i].host, "https://a.org https://evil.org"),
		    requests[i].same && (requests[i].site != NULL ||
		                            requests[i].origin != NULL),
		    tap_with("an own page", requests[i].what));
	ok(!origin_is_accepted(ORIGIN_OWN, &h, ""),
	    "a page without TLS is no own page of a host with TLS");
	ok(!origin_is_accepted(ORIGIN_SAME, &h, ""),
	    "a page without TLS is not of the same origin with TLS");
	h.origin = "https://a.org";
	ok(origin_is_accepted(ORIGIN_OWN, &h, ""),
	    "a page with TLS is an own page of a host with TLS");
	h.sec_fetch_site = "same-origin";
	h.origin = "null";
	ok(origin_is_accepted(ORIGIN_OWN, &h, ""),
	    "a page that hides its address is an own one by Sec-Fetch-Site");
}

static void
test_list(void)
{
	static const char list[] = "https://a.org http://b.org:3000";
	static const char *const good[] = { "", "https://a.org",
		"http://localhost:3000", "https://a.org http://[::1]:8000" };
	static const char *const bad[] = { " ", "a.org", "https://",
		"https://a.org/", "https://A.org", "https://a.org  http://b",
		" https://a.org", "https://a.org ", "*", "null",
		"https://*.a.org", "https://a.org,https://b.org",
		"https://u@a.org", "https://:8000",
		"https://a.org:", "https://a.org:443", "http://a.org:80",
		"https://a.org\n", "ftp://a.org" };
	char longest[ORIGIN_MAX_BYTES + 2];
	size_t i;

	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	longest[ORIGIN_MAX_BYTES] = '\0';
	ok(origin_list_is_good(longest), "an origin of 267 bytes is good");
	longest[ORIGIN_MAX_BYTES] = 'a';
	longest[ORIGIN_MAX_BYTES + 1] = '\0';
	ok(!origin_list_is_good(longest), "an origin of 268 bytes is refused");
	ok(accepted(ORIGIN_SAME, "cross-site", "https://a.org", "x", list),
	    "an origin of the list is accepted");
	ok(accepted(ORIGIN_NOT_CROSS_SITE, "cross-site", "http://b.org:3000",
	       "x", list),
	    "each origin of the list is accepted");
	ok(accepted(ORIGIN_SAME, NULL, "https://a.org", "x", list),
	    "an origin of the list is accepted from a browser without Sec-Fetch-Site");
	ok(!accepted(ORIGIN_SAME, "cross-site", "https://a.or", "x", list),
	    "a part of an origin of the list is refused");
	ok(!accepted(ORIGIN_SAME, "cross-site", "http://b.org", "x", list),
	    "a host of the list at another port is refused");
	ok(!accepted(ORIGIN_SAME, "cross-site", list, "x", list),
	    "the whole list as an origin is refused");
	ok(!accepted(ORIGIN_SAME, "cross-site", "", "x", list) &&
	        !accepted(ORIGIN_SAME, "cross-site", "", "x", ""),
	    "an empty origin is refused");
	ok(!accepted(ORIGIN_SAME, "cross-site", NULL, "x", list),
	    "a missing origin is refused");
	for (i = 0; i < ARRAY_LEN(good); i++)
		ok(origin_list_is_good(good[i]),
		    tap_with("a list is good", good[i]));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!origin_list_is_good(bad[i]),
		    tap_with("a list is refused", bad[i]));
}

int
main(void)
{
	test_rule(ORIGIN_ANY, "any origin: the request");
	test_rule(ORIGIN_NOT_CROSS_SITE, "not cross-site: the request");
	test_rule(ORIGIN_SAME, "same origin: the request");
	test_own();
	test_list();
	return done();
}
