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
	const struct origin_headers h = { site, origin, host };

	return origin_is_accepted(rule, &h, allowed);
}

/* clang-format off */
static const struct {
	const char *site, *origin, *host;
	bool not_cross_site, same; /* is it accepted under this rule? */
	const char *what;
} requests[] = {
	{ NULL, NULL, NULL, true, true, "no browser's" },
	{ NULL, NULL, "a.org", true, true, "no browser's, with a Host" },
	{ "same-origin", "https://a.org", "a.org", true, true, "this host's" },
	{ "none", NULL, "a.org", true, true, "what somebody typed" },
	{ "same-site", "https://b.a.org", "a.org", true, false, "another host's of this site" },
	{ "cross-site", "https://evil.org", "a.org", false, false, "another site's" },
	{ "cross-site", "https://a.org", "a.org", false, false, "another site's, whatever Origin says" },
	{ "cross-site", NULL, NULL, false, false, "another site's without Origin" },
	{ "same-origin", "https://evil.org", "a.org", true, true, "this host's: Sec-Fetch-Site decides" },
	{ "", NULL, NULL, true, false, "an empty word's" },
	{ "cross-site, cross-site", NULL, NULL, false, false, "another site's, who says it twice" },
	{ "Cross-Site", NULL, NULL, true, false, "one that no browser writes" },
	{ NULL, "https://a.org", "a.org", true, true, "an old browser's of this host" },
	{ NULL, "http://a.org", "a.org", true, true, "one's without TLS" },
	{ NULL, "https://a.org", "A.ORG", true, true, "one's in capitals" },
	{ NULL, "https://a.org", "a.org:443", true, true, "one's with the port that is implied" },
	{ NULL, "http://a.org", "a.org:80", true, true, "and that of HTTP" },
	{ NULL, "http://a.org:8000", "a.org:8000", true, true, "and any" },
	{ NULL, "http://[::1]:8000", "[::1]:8000", true, true, "and an address" },
	{ NULL, "https://a.org", "a.org:80", true, false, "an old browser's of another port" },
	{ NULL, "http://a.org", "a.org:443", true, false, "of the other scheme's" },
	{ NULL, "http://a.org:8001", "a.org:8000", true, false, "of another server" },
	{ NULL, "https://evil.org", "a.org", true, false, "of another host" },
	{ NULL, "https://a.org.evil.org", "a.org", true, false, "of one that begins alike" },
	{ NULL, "https://evila.org", "a.org", true, false, "of one that ends alike" },
	{ NULL, "https://a.org/", "a.org", true, false, "of what is no origin" },
	{ NULL, "null", "a.org", true, false, "of a page without an origin" },
	{ NULL, "null", "null", true, false, "whatever Host says" },
	{ NULL, "https://a.org", NULL, true, false, "of a host that nobody tells" },
	{ NULL, "", "", true, false, "of an empty one" },
	{ NULL, "https://", "", true, false, "of none, to none" },
	{ NULL, "ftp://a.org", "a.org", true, false, "of another scheme" },
};
/* clang-format on */

static void
test_rules(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(requests); i++) {
		ok(accepted(ORIGIN_ANY, requests[i].site, requests[i].origin,
		       requests[i].host, ""),
		    requests[i].what);
		is_int(accepted(ORIGIN_NOT_CROSS_SITE, requests[i].site,
		           requests[i].origin, requests[i].host, ""),
		    requests[i].not_cross_site, requests[i].what);
		is_int(accepted(ORIGIN_SAME, requests[i].site,
		           requests[i].origin, requests[i].host, ""),
		    requests[i].same, requests[i].what);
	}
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
	size_t i;

	ok(accepted(ORIGIN_SAME, "cross-site", "https://a.org", "x", list),
	    "an origin of the list is accepted");
	ok(accepted(ORIGIN_NOT_CROSS_SITE, "cross-site", "http://b.org:3000",
	       "x", list),
	    "and each");
	ok(accepted(ORIGIN_SAME, NULL, "https://a.org", "x", list),
	    "of an old browser, too");
	ok(!accepted(ORIGIN_SAME, "cross-site", "https://a.or", "x", list),
	    "one that is a part of it is not");
	ok(!accepted(ORIGIN_SAME, "cross-site", "http://b.org", "x", list),
	    "nor its host at another port");
	ok(!accepted(ORIGIN_SAME, "cross-site", list, "x", list),
	    "nor all of it");
	ok(!accepted(ORIGIN_SAME, "cross-site", "", "x", list) &&
	        !accepted(ORIGIN_SAME, "cross-site", "", "x", ""),
	    "nor nothing");
	ok(!accepted(ORIGIN_SAME, "cross-site", NULL, "x", list),
	    "nor what does not say");
	for (i = 0; i < ARRAY_LEN(good); i++)
		ok(origin_list_is_good(good[i]), good[i]);
	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!origin_list_is_good(bad[i]), bad[i]);
}

int
main(void)
{
	test_rules();
	test_list();
	return done();
}
