/*
 * Mutations that libFuzzer would seldom find: of a parameter or the body of a
 * request, with lengths made right again, of the claims of a token that is then
 * signed, of the order of requests.
 */
#include "pieces.h"

#include <stdio.h>

#include "base.h"
#include "lib/buf.h"
#include "sign.h"
#include "svc/device.h"
#include "world.h"

#define PAIRS_MAX 48
#define PIECES_MAX 64
#define HEAD_BYTES 8
#define GROWTH 512 /* of one text, at most */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned seed);

enum { BEGIN = 1, PARAMS = 4, STDIN = 5 };

/* A text that is in the arena, or nowhere: NULL. */
struct text {
	const char *s;
	size_t n;
};

struct pair {
	struct text name, value;
};

struct request {
	unsigned char begin[16]; /* the record */
	struct pair pair[PAIRS_MAX];
	int pairs;
	struct text body;
};

static struct arena arena;
static unsigned chance;

/* Any number below n. */
static unsigned
any(unsigned n)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return chance % n;
}

static struct text
text(const char *s)
{
	return (struct text){ s, strlen(s) };
}

static struct text
mutated(struct text t)
{
	char *s = arena_alloc(&arena, t.n + GROWTH);

	if (t.n > 0)
		memcpy(s, t.s, t.n);
	return (struct text){ s,
		LLVMFuzzerMutate((uint8_t *)s, t.n, t.n + GROWTH) };
}

/* --- reading and writing a request --- */

static size_t
read_length(const uint8_t **p)
{
	size_t n = **p;

	if (n < 0x80) {
		++*p;
		return n;
	}
	n = (n & 0x7f) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 |
	    (*p)[3];
	*p += 4;
	return n;
}

/* The contents of the records of a type that follow, joined. */
static struct buf
read_stream(const uint8_t **p, const uint8_t *end, int type)
{
	struct buf b;
	size_t len;

	buf_init(&b, &arena);
	while (end - *p >= HEAD_BYTES && (*p)[1] == type) {
		len = (size_t)(*p)[4] << 8 | (*p)[5];
		buf_add(&b, *p + HEAD_BYTES, len);
		*p += HEAD_BYTES + len + (*p)[6];
	}
	return b;
}

/* False: it is none, and stays as it is. */
static bool
read_request(const struct piece *piece, struct request *out)
{
	unsigned char *copy = arena_alloc(&arena, piece->len);
	const uint8_t *p = piece->bytes, *end;
	struct buf params, body;
	size_t len, name, value;

	memcpy(copy, p, piece->len);
	if (!piece_is_whole(copy, piece->len, &len))
		return false;
	memset(out, 0, sizeof(*out));
	memcpy(out->begin, p, sizeof(out->begin));
	end = p + len;
	p += sizeof(out->begin) + p[6];
	params = read_stream(&p, end, PARAMS);
	body = read_stream(&p, end, STDIN);
	out->body = (struct text){ body.s, body.len };
	p = (const uint8_t *)params.s;
	while (p < (const uint8_t *)params.s + params.len) {
		if (out->pairs == PAIRS_MAX)
			return false;
		name = read_length(&p);
		value = read_length(&p);
		out->pair[out->pairs++] =
		    (struct pair){ { (const char *)p, name },
			    { (const char *)p + name, value } };
		p += name + value;
	}
	return true;
}

static void
add_length(struct buf *b, size_t n)
{
	const unsigned char wide[] = { (unsigned char)(n >> 24 | 0x80),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	if (n < 0x80)
		buf_add(b, wide + 3, 1);
	else
		buf_add(b, wide, 4);
}

static void
add_stream(struct buf *b, const unsigned char *begin, int type, struct text t)
{
	unsigned char head[HEAD_BYTES] = { 1, (unsigned char)type, begin[2],
		begin[3] };
	size_t n;

	do {
		n = t.n < 65535 ? t.n : 65535;
		head[4] = (unsigned char)(n >> 8);
		head[5] = (unsigned char)n;
		buf_add(b, head, sizeof(head));
		buf_add(b, t.s, n);
		t.s += n;
		t.n -= n;
	} while (n > 0);
}

static struct text
write_request(const struct request *r)
{
	struct buf params, b;
	int i;

	buf_init(&params, &arena);
	for (i = 0; i < r->pairs; i++) {
		add_length(&params, r->pair[i].name.n);
		add_length(&params, r->pair[i].value.n);
		buf_add(&params, r->pair[i].name.s, r->pair[i].name.n);
		buf_add(&params, r->pair[i].value.s, r->pair[i].value.n);
	}
	buf_init(&b, &arena);
	buf_add(&b, r->begin, sizeof(r->begin));
	((unsigned char *)b.s)[6] = 0; /* padding, which was left out */
	add_stream(&b, r->begin, PARAMS, (struct text){ params.s, params.len });
	add_stream(&b, r->begin, STDIN, r->body);
	return (struct text){ b.s, b.len };
}

/* --- changing a request --- */

static struct text *
param(struct request *r, const char *name)
{
	int i;

	for (i = 0; i < r->pairs; i++)
		if (r->pair[i].name.n == strlen(name) &&
		    memcmp(r->pair[i].name.s, name, strlen(name)) == 0)
			return &r->pair[i].value;
	return NULL;
}

static void
set_param(struct request *r, const char *name, struct text value)
{
	struct text *old = param(r, name);

	if (old != NULL)
		*old = value;
	else if (r->pairs < PAIRS_MAX)
		r->pair[r->pairs++] = (struct pair){ text(name), value };
}

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=B"
#define PART(name, value)                                     \
	"--B\r\nContent-Disposition: form-data; name=\"" name \
	"\"\r\n\r\n" value "\r\n"

/* Requests to begin with. */
static const struct {
	const char *method, *uri, *type, *body;
} sample[] = {
	{ "GET", "/", "", "" },
	{ "POST", "/token", FORM,
	    "username=ada&password=correct+horse%20battery" },
	{ "POST", "/token", FORM,
	    "grant_type=password&username=bob&password=bob's own password" },
	{ "POST", "/token", FORM, "username=ada&password=wrong" },
	{ "POST", "/token", FORM, "username=eve&password=once allowed to" },
	{ "POST", "/token", FORM, "username=odd&password=x" },
	{ "POST", "/token", FORM, "username=nobody&password=x" },
	{ "POST", "/token", FORM,
	    "username=C%C3%A9sar%0D%0A%1B[2J&password=p%C3%A4ssw%C3%B6rter" },
	{ "POST", "/token", FORM,
	    "username=C%C3%A9sar%0D%0A%1B[2J&password=pa%CC%88sswo%CC%88rter" },
	{ "POST", "/token", PARTS,
	    PART("username", "ada") PART("password", "correct horse battery")
	        PART("scope", "") "--B--\r\n" },
	{ "POST", "/users/add_user/", JSON,
	    "{\"username\":\"new\",\"password\":\"long enough\"}" },
	{ "POST", "/users/add_user/", JSON,
	    "{\"username\":\"n\xc3\xa9w\",\"fullname\":\"Somebody "
	    "\\u00e9\",\"password\":\"pass\\ud83d\\ude00 word\"}" },
	{ "POST", "/users/add_user/", JSON,
	    "{\"username\":\"new\",\"password\":\"PassWord1\"}" },
	{ "POST", "/users/add_user/", JSON,
	    "{\"username\":\"N\u00e9wcomer\",\"password\":"
	    "\"ne\\u0301wcomer\"}" },
	{ "POST", "/token", FORM, "username=new&password=long+enough" },
	{ "POST", "/users/add_user/", JSON,
	    "{\"username\":\"ada\",\"password\":\"long enough\"}" },
	{ "GET", "/users/me", "", "" },
	{ "PATCH", "/users/me", JSON, "{\"fullname\":\"Another\"}" },
	{ "PATCH", "/users/me", JSON, "{\"fullname\":null}" },
	{ "POST", "/users/me/password", JSON,
	    "{\"current\":\"correct horse battery\",\"new\":\"another one "
	    "of them\"}" },
	{ "POST", "/users/me/password", JSON,
	    "{\"current\":\"wrong\",\"new\":\"another one of them\"}" },
	{ "POST", "/token", FORM, "username=ada&password=another+one+of+them" },
	{ "GET", "/check", "", "" },
	{ "HEAD", "/docs", "", "" },
	{ "GET", "/openapi.json", "", "" },
	{ "GET", "/redoc", "", "" },
	{ "GET", "/docs/oauth2-redirect", "", "" },
	{ "GET", "/healthz", "", "" },
	{ "GET", "/readyz", "", "" },
	{ "GET", "/metrics", "", "" },
	{ "POST", "/token/?next=%2f\r\n", FORM, "" },
	{ "OPTIONS", "/users/me", "", "" },
};

static void
set_sample(struct request *r)
{
	unsigned i = any(ARRAY_LEN(sample));

	set_param(r, "REQUEST_METHOD", text(sample[i].method));
	set_param(r, "REQUEST_URI", text(sample[i].uri));
	set_param(r, "CONTENT_TYPE", text(sample[i].type));
	r->body = text(sample[i].body);
}

/* A value that a parameter of this name may have. */
static void
set_value(struct request *r)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{ "REQUEST_METHOD", "GET" },
		{ "REQUEST_METHOD", "POST" },
		{ "REQUEST_METHOD", "HEAD" },
		{ "REQUEST_METHOD", "PATCH" },
		{ "REQUEST_METHOD", "PUT" },
		{ "CONTENT_TYPE", JSON },
		{ "CONTENT_TYPE", "APPLICATION/X+json ; charset=utf-8" },
		{ "CONTENT_TYPE", FORM },
		{ "CONTENT_TYPE", FORM "; charset=utf-8" },
		{ "CONTENT_TYPE", PARTS },
		{ "CONTENT_TYPE", "text/plain" },
		{ "CONTENT_LENGTH", "" },
		{ "CONTENT_LENGTH", "65536" },
		{ "CONTENT_LENGTH", "65537" },
		{ "CONTENT_LENGTH", "9223372036854775807" },
		{ "CONTENT_LENGTH", "-1" },
		{ "REMOTE_ADDR", "127.0.0.1" },
		{ "REMOTE_ADDR", "::ffff:10.0.0.1" },
		{ "REMOTE_ADDR", "2001:db8::1" },
		{ "REMOTE_ADDR", "unix:" },
		{ "REQUEST_MSEC", "1790000000.000" },
		{ "REQUEST_MSEC", "1789999990.000" },
		{ "REQUEST_ID", "0123456789abcdef0123456789abcdef" },
		{ "HTTP_COOKIE", "a=b; __Host-latchkey-device=" },
		{ "HTTP_AUTHORIZATION", "Basic YTpi" },
		{ "HTTP_AUTHORIZATION", "Bearer" },
	};
	unsigned i = any(ARRAY_LEN(values));

	set_param(r, values[i].name, text(values[i].value));
}

/* A part of what may be a token. */
static struct text
part_of(const struct text *token, int which)
{
	const char *p, *end;
	struct buf b;

	buf_init(&b, &arena);
	if (token != NULL && token->n > 7) {
		p = token->s + 7;
		end = token->s + token->n;
		for (; which > 0 && p != NULL; which--)
			if ((p = memchr(p, '.', (size_t)(end - p))) != NULL)
				p++;
		if (p != NULL)
			base64url_decode(&b, p, (size_t)(end - p));
	}
	return (struct text){ b.s, b.len };
}

/* A token of claims that were in the request, or of others. */
static void
set_token(struct request *r)
{
	static const char *const samples[] = {
		"{\"sub\":\"ada\",\"exp\":2000000000}",
		"{\"sub\":\"ada\",\"exp\":2000000000,\"uid\":1}",
		"{\"sub\":\"ada\",\"exp\":2000000000,\"uid\":2}",
		"{\"sub\":\"bob\",\"exp\":1790000900,\"uid\":2,\"nbf\":1790000001}",
		"{\"sub\":\"eve\",\"exp\":2000000000}",
		"{\"sub\":\"C\\u00e9sar\\r\\n\\u001b[2J\",\"exp\":2000000000}",
		"{\"sub\":\"new\",\"exp\":2000000000,\"uid\":7}",
		"{\"sub\":\"\",\"exp\":9223372036854775807}",
	};
	const struct text *old = param(r, "HTTP_AUTHORIZATION");
	struct text header = text("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
	struct text claims = text(samples[any(ARRAY_LEN(samples))]);
	struct buf b;

	if (any(2) == 0 && part_of(old, 1).n > 0)
		claims = mutated(part_of(old, 1));
	if (any(8) == 0)
		header = mutated(any(2) == 0 ? header : part_of(old, 0));
	buf_init(&b, &arena);
	buf_addf(&b, "Bearer %s",
	    sign_token(&arena, header.s, header.n, claims.s, claims.n));
	set_param(r, "HTTP_AUTHORIZATION", (struct text){ b.s, b.len });
}

/* The cookie of a device that has logged in before. */
static void
set_device(struct request *r)
{
	static const char *const names[] = { "ada", "bob", "eve", "new" };
	static const int age_days[] = { 0, 1, 40, 364, 366 };
	const struct device none = { .id = "" };
	const struct app app = { .secrets = fuzz_secrets() };
	struct ctx c = { .app = &app, .arena = &arena };
	const char *proof;
	struct buf b;

	c.now_s = WORLD_BEGINS_S -
	          INT64_C(86400) * age_days[any(ARRAY_LEN(age_days))];
	if (device_make(&c, &none, names[any(ARRAY_LEN(names))], &proof) !=
	    ERR_OK)
		abort();
	buf_init(&b, &arena);
	buf_addf(&b, "__Host-latchkey-device=%s", proof);
	set_param(r, "HTTP_COOKIE", (struct text){ b.s, b.len });
}

static void
change_request(struct request *r)
{
	struct pair *p =
	    r->pairs > 0 ? &r->pair[any((unsigned)r->pairs)] : NULL;
	struct text length;
	char *digits;

	switch (any(10)) {
	case 0:
		set_sample(r);
		break;
	case 1:
		set_value(r);
		break;
	case 2:
		set_token(r);
		break;
	case 3:
		set_device(r);
		break;
	case 4:
		if (p != NULL)
			*p = r->pair[--r->pairs];
		break;
	case 5:
	case 6:
		if (p != NULL)
			p->value = mutated(p->value);
		break;
	default:
		r->body = mutated(r->body);
	}
	if (any(16) == 0)
		return;
	digits = arena_alloc(&arena, 24);
	snprintf(digits, 24, "%zu", r->body.n);
	length = text(digits);
	set_param(r, "CONTENT_LENGTH", length);
}

/* A request to begin with. */
static struct text
new_request(void)
{
	static const unsigned char head[16] = { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1,
		1 };
	struct request r = { .pairs = 0 };

	memcpy(r.begin, head, sizeof(head));
	set_sample(&r);
	if (any(2) == 0)
		set_token(&r);
	if (any(4) == 0)
		set_device(&r);
	change_request(&r);
	return write_request(&r);
}

/* --- changing their order --- */

static int
read_pieces(const uint8_t *data, size_t n, struct piece *out)
{
	struct pieces p = { data, data + n };
	int count = 0;

	while (count < PIECES_MAX && pieces_next(&p, &out[count]))
		count++;
	return count;
}

static void
add_piece(struct buf *b, unsigned how, struct text t)
{
	const unsigned char byte = (unsigned char)how;

	buf_adds(b, CUT);
	buf_add(b, &byte, 1);
	buf_add(b, t.s, t.n);
}

static struct text
bytes_of(const struct piece *p)
{
	return (struct text){ (const char *)p->bytes, p->len };
}

/* One piece, or what it becomes: none, itself, another, two. */
static void
change_piece(struct buf *b, const struct piece *p)
{
	struct request r;
	unsigned how = p->how;

	switch (any(12)) {
	case 0:
		return;
	case 1:
		add_piece(b, how, bytes_of(p));
		add_piece(b, any(256), bytes_of(p));
		return;
	case 2:
		add_piece(b, any(256), bytes_of(p));
		return;
	case 3:
		add_piece(b, 0, bytes_of(p));
		return;
	case 4:
	case 5:
		add_piece(b, how, bytes_of(p));
		add_piece(b, any(3) == 0 ? any(256) : 0, new_request());
		return;
	case 6:
		add_piece(b, how, mutated(bytes_of(p)));
		return;
	default:
		if (read_request(p, &r)) {
			change_request(&r);
			add_piece(b, how, write_request(&r));
		} else {
			add_piece(b, how, mutated(bytes_of(p)));
		}
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	struct piece piece[PIECES_MAX];
	int i, chosen, n;
	struct buf b;

	chance = seed | 1;
	arena_init(&arena);
	buf_init(&b, &arena);
	n = read_pieces(data, size, piece);
	if (n == 0) {
		add_piece(&b, 0, new_request());
	} else {
		chosen = (int)any((unsigned)n);
		for (i = 0; i < n; i++)
			if (i == chosen)
				change_piece(&b, &piece[i]);
			else
				add_piece(
				    &b, piece[i].how, bytes_of(&piece[i]));
	}
	/* libFuzzer's own changes also mix two inputs */
	if (b.len == 0 || b.len > max || any(16) == 0) {
		size = LLVMFuzzerMutate(data, size, max);
	} else {
		memcpy(data, b.s, b.len);
		size = b.len;
	}
	arena_free(&arena);
	return size;
}
