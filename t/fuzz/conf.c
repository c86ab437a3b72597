/*
 * Fuzz target of conf.c and lib/conf_file.c: any file is refused, or gives
 * settings within their limits.
 */
#include "file.h"

#include "conf.h"
#include "lib/text.h"

static void
check_text(const char *s, size_t min, size_t max)
{
	assert(s != NULL && strlen(s) >= min && strlen(s) <= max);
	assert(text_is_utf8(s, strlen(s)));
}

static void
check(const struct conf *c)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++) {
		if (roles[i].is_lane)
			check_text(c->listen[i], 1, 107);
		assert(c->workers[i] >= 0 && c->workers[i] <= CONF_WORKERS_MAX);
	}
	check_text(c->database, 1, 4096);
	check_text(c->key_file, 1, 4096);
	check_text(c->secret_file, 0, 4096);
	check_text(c->greeting, 0, 1024);
	check_text(c->password_blocklist, 0, 4096);
	check_text(c->status_file, 1, 4096);
	assert(c->hash_cost >= 1 && c->hash_cost <= 11);
	assert(INT64_C(1) << (c->hash_cost - 1) <= c->hash_memory_max_mib);
	assert(c->hash_memory_max_mib <= 1024);
	assert(c->username_max_chars >= 1 && c->username_max_chars <= 640);
	assert(c->password_min_chars >= 0 && c->password_min_chars <= 127);
	assert(c->login_failures_per_name >= 2);
	assert(c->login_failures_per_address >= 2);
	assert(c->login_failures_per_client >= 2);
	assert(c->signups_per_address >= 2);
	assert(c->access_token_minutes >= 1 && c->db_timeout_ms >= 50);
	assert(c->token_leeway_s >= 0 && c->token_leeway_s <= 300);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	struct conf c;
	int fd = file_of(data, size, path);

	silence(&stderr);
	if (conf_load(path, &c)) {
		check(&c);
		conf_free(&c);
	}
	close(fd);
	return 0;
}
