/*
 * Resources of a process, opened at its start. All of it is one block: struct
 * app, which others read, and behind it what its members lead to.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "crypto/mac.h"
#include "crypto/key.h"
#include "crypto/key_dir.h"
#include "crypto/token_cache.h"
#include "db/ratelimit.h"
#include "html/pages.h"
#include "lib/blocklist.h"
#include "lib/log.h"
#include "svc/client.h"
#include "svc/decoy.h"
#include "svc/formats.h"
#include "svc/network.h"
#include "svc/session.h"
#include "svc/share.h"

#define NEED_MACS (NEED_SECRETS | NEED_PROOFS)

struct opened {
	struct app app; /* first, so that one leads to the other */
	struct keyring keyring;
	struct secret secret;
	struct secrets secrets;
	struct blocklist blocklist;
	struct pages pages;
	struct token_cache tokens;
	struct decoy_range decoys;
	struct formats_watch formats;
	struct network_memory networks;
	struct ratelimit_memory ratelimit;
	struct client_memory clients;
	struct share share;
};

/* Is there a key that signs, now or at some time? */
static bool
has_signer(const struct keyring *ring)
{
	if (ring->count > 0 &&
	    keyring_active(ring, KEY_NEVER - 1)->from_s != KEY_NEVER)
		return true;
	log_say("no key signs tokens: set key_file, or key_dir and make one "
	        "with: latchkey key new");
	return false;
}

static bool
open_keys(struct opened *o)
{
	const struct conf *conf = o->app.conf;
	struct keyring *ring = &o->keyring;

	if ((conf->key_file[0] != '\0' &&
	        !keyring_load(conf->key_file, ring)) ||
	    (conf->key_dir[0] != '\0' && !key_dir_load(conf->key_dir, ring)) ||
	    !has_signer(ring))
		return false;
	ring->issuer = conf->token_issuer;
	ring->audience = conf->token_audience;
	o->app.keyring = ring;
	return true;
}

/* Private halves are parsed where tokens are signed, and nowhere else. */
static bool
unlock_keys(struct opened *o)
{
	const char *kid;

	if (keyring_unlock(&o->keyring, &kid))
		return true;
	log_say("key_dir %s/%s.pem: its private key is broken or another's; "
	        "copy the directory again",
	    o->app.conf->key_dir, kid);
	return false;
}

static void
wipe_keys(struct opened *o)
{
	keyring_clear(&o->keyring);
	o->app.keyring = NULL;
}

static bool
load_secret(struct opened *o)
{
	return mac_secret_load(o->app.conf, &o->secret);
}

/* From the secret, which is wiped. */
static bool
derive_secrets(struct opened *o, unsigned needs)
{
	unsigned purposes = (needs & NEED_SECRETS) != 0
	                        ? PURPOSE_ALL
	                        : PURPOSE_BIT(PURPOSE_PROOF);

	if (!mac_derive(&o->secret, purposes, &o->secrets))
		return false;
	o->app.secrets = &o->secrets;
	return true;
}

static void
wipe_secrets(struct opened *o)
{
	explicit_bzero(&o->secret, sizeof(o->secret));
	mac_forget(&o->secrets);
	o->app.secrets = NULL;
}

static bool
open_blocklist(struct opened *o)
{
	if (!blocklist_open(o->app.conf->password_blocklist, &o->blocklist))
		return false;
	o->app.blocklist = &o->blocklist;
	return true;
}

static void
close_blocklist(struct opened *o)
{
	if (o->app.blocklist != NULL)
		blocklist_close(&o->blocklist);
	o->app.blocklist = NULL;
}

static bool
read_pages(struct opened *o)
{
	o->app.pages = &o->pages;
	return pages_open(o->app.conf->pages_dir, &o->pages);
}

static void
forget_pages(struct opened *o)
{
	if (o->app.pages != NULL)
		pages_close(&o->pages);
	o->app.pages = NULL;
}

static bool
open_database(struct opened *o, unsigned used_by)
{
	const struct conf *conf = o->app.conf;
	int64_t timeout_ms = (role_needs(used_by) & NEED_HASHING) != 0
	                         ? share_database_ms(conf)
	                         : conf->db_timeout_ms;

	o->app.db = db_new(conf->database, timeout_ms, used_by);
	return o->app.db != NULL;
}

static void
close_database(struct opened *o)
{
	db_free(o->app.db);
	o->app.db = NULL;
}

struct app *
app_open(const struct conf *conf, unsigned needs, unsigned used_by)
{
	struct opened *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->app = (struct app){
		.conf = conf,
		.needs = needs,
		.tokens = &o->tokens,
		.decoys = &o->decoys,
		.formats = &o->formats,
		.networks = &o->networks,
		.ratelimit = &o->ratelimit,
		.clients = &o->clients,
		.share = &o->share,
	};
	if (((needs & NEED_KEYS) == 0 || open_keys(o)) &&
	    ((needs & NEED_SIGNING) == 0 || unlock_keys(o)) &&
	    ((needs & (NEED_MACS | NEED_SECRET_FILE)) == 0 || load_secret(o)) &&
	    ((needs & NEED_MACS) == 0 || derive_secrets(o, needs)) &&
	    ((needs & NEED_DATABASE) == 0 || open_database(o, used_by)) &&
	    ((needs & NEED_HASHING) == 0 || open_blocklist(o)) &&
	    ((needs & NEED_PAGES) == 0 || read_pages(o)))
		return &o->app;
	app_close(&o->app);
	return NULL;
}

bool
app_narrow(struct app *app, unsigned needs, unsigned used_by)
{
	struct opened *o = (struct opened *)app;

	if ((needs & NEED_KEYS) == 0)
		wipe_keys(o);
	else if ((needs & NEED_SIGNING) == 0)
		keyring_lock(&o->keyring);
	else if (!unlock_keys(o))
		return false;
	if ((needs & NEED_MACS) == 0)
		wipe_secrets(o);
	else if (!derive_secrets(o, needs))
		return false;
	if ((needs & NEED_HASHING) == 0)
		close_blocklist(o);
	if ((needs & NEED_PAGES) == 0)
		forget_pages(o);
	close_database(o);
	app->needs = needs;
	if ((needs & NEED_DATABASE) == 0)
		return true;
	if (!open_database(o, used_by))
		return false;
	/* of the keeper, too, which may be the first to connect */
	db_token_life(app->db, session_life_s(app->conf));
	return true;
}

void
app_close(struct app *app)
{
	struct opened *o = (struct opened *)app;

	if (o == NULL)
		return;
	close_database(o);
	close_blocklist(o);
	forget_pages(o);
	wipe_keys(o);
	wipe_secrets(o);
	free(o);
}
