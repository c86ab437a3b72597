/*
 * The command `client`: programs that ask for tokens.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "cmd/client.h"
#include "cmd/operator.h"
#include "lib/buf.h"
#include "svc/client.h"
#include "svc/schema.h"

#define DEFAULT_GRANTS "client_credentials"

/* The arguments behind an action, parsed. */
struct order {
	struct client client; /* its id, and what a new one has */
	bool at_once;         /* a rotation */
};

/* A text that is safe on a terminal; NULL: "-". */
static const char *
visible(struct ctx *c, const char *text)
{
	struct buf b;

	if (text == NULL || *text == '\0')
		return "-";
	buf_init(&b, c->arena);
	buf_add_visible(&b, text);
	return b.s;
}

/* Id, name, state and grants, separated by tabs. */
static void
print_line(struct ctx *c, const struct client *client)
{
	printf("%s\t%s\t%s\t%s\n", client->id, visible(c, client->name),
	    client->is_enabled ? "enabled" : "disabled", client->grants);
}

/* The one time that a secret is shown. */
static void
print_secret(const char *secret)
{
	printf("secret\t%s\n", secret);
	fprintf(stderr,
	    "latchkey: give the client its secret now: it is not stored, and "
	    "not shown again\n");
}

static enum err
add(struct ctx *c, const struct order *order)
{
	static const char *const text[] = {
		[CLIENT_BAD_ID] = "an id has 1 to 64 letters, digits, dots, "
		                  "hyphens and underscores",
		[CLIENT_BAD_NAME] = "a name has 1 to 256 bytes of UTF-8",
		[CLIENT_BAD_GRANT] =
		    "grants are client_credentials, password and "
		    "refresh_token, with a blank between two",
		[CLIENT_BAD_SCOPE] =
		    "scopes are words without quotes and backslashes, with a "
		    "blank between two, and at most 512 bytes; offline_access "
		    "comes with the grant refresh_token",
		[CLIENT_BAD_AUDIENCE] =
		    "an audience has 1 to 256 bytes of UTF-8",
	};
	enum client_problem why;
	const char *secret;
	enum err e = client_add(c, &order->client, &why, &secret);

	operator_note("client add", 0, order->client.id, e);
	if (e == ERR_OK) {
		printf("%s\n", order->client.id);
		print_secret(secret);
	}
	if (e == ERR_CONFLICT)
		fprintf(stderr,
		    "latchkey: the id is a client's or an account's name "
		    "already, or was an account's until lately: %s\n",
		    order->client.id);
	if (e != ERR_INVALID || why == CLIENT_GOOD)
		return e == ERR_CONFLICT ? ERR_DENIED : e;
	fprintf(stderr, "latchkey: %s\n", text[why]);
	return ERR_DENIED;
}

static enum err
list(struct ctx *c, const struct order *order)
{
	const struct client *all;
	size_t i, n;
	enum err e = client_list(c, &all, &n);

	(void)order;
	for (i = 0; e == ERR_OK && i < n; i++)
		print_line(c, &all[i]);
	return e;
}

static enum err
show(struct ctx *c, const struct order *order)
{
	struct client found;
	enum err e = client_show(c, order->client.id, &found);

	if (e != ERR_OK)
		return e;
	print_line(c, &found);
	printf("scopes: %s\n", visible(c, found.scopes));
	printf("audience: %s\n", visible(c, found.audience));
	if (found.created_at != NULL)
		printf("added %s\n", found.created_at);
	if (found.old_until != NULL)
		printf("the secret before counts until %s\n", found.old_until);
	return ERR_OK;
}

static enum err
set_enabled(struct ctx *c, const struct order *order, bool on)
{
	enum err e = client_enable(c, order->client.id, on);

	operator_note(
	    on ? "client enable" : "client disable", 0, order->client.id, e);
	if (e == ERR_DENIED)
		fprintf(stderr,
		    "latchkey: %s is built in: what it may do, "
		    "/token lets everybody do\n",
		    CLIENT_FIRST_PARTY);
	return e == ERR_OK ? show(c, order) : e;
}

static enum err
disable(struct ctx *c, const struct order *order)
{
	return set_enabled(c, order, false);
}

static enum err
enable(struct ctx *c, const struct order *order)
{
	return set_enabled(c, order, true);
}

static enum err
rotate_secret(struct ctx *c, const struct order *order)
{
	const char *secret;
	enum err e =
	    client_rotate(c, order->client.id, order->at_once, &secret);

	operator_note("client rotate-secret", 0, order->client.id, e);
	if (e == ERR_OK)
		print_secret(secret);
	if (e == ERR_OK && !order->at_once)
		fprintf(stderr, "latchkey: the secret before counts for a week "
		                "more\n");
	if (e == ERR_DENIED)
		fprintf(
		    stderr, "latchkey: %s has no secret\n", CLIENT_FIRST_PARTY);
	if (e != ERR_CONFLICT)
		return e;
	fprintf(stderr, "latchkey: the secret before the present one counts "
	                "still; with -n both end now, as they should if one "
	                "was stolen\n");
	return ERR_DENIED;
}

static const struct action {
	const char *name;
	const char *options; /* each has a value, but n */
	int min, max;        /* how many words follow */
	enum err (*run)(struct ctx *c, const struct order *order);
} actions[] = {
	{ "add", "gsa", 1, 2, add },
	{ "list", "", 0, 0, list },
	{ "show", "", 1, 1, show },
	{ "disable", "", 1, 1, disable },
	{ "enable", "", 1, 1, enable },
	{ "rotate-secret", "n", 1, 1, rotate_secret },
};

void
client_usage(FILE *out)
{
	fprintf(out,
	    "usage: latchkey client add [-g GRANTS] [-s SCOPES] [-a AUDIENCE] "
	    "ID [NAME]\n"
	    "       latchkey client list\n"
	    "       latchkey client show|disable|enable ID\n"
	    "       latchkey client rotate-secret [-n] ID\n"
	    "GRANTS, of client_credentials (the default), password and "
	    "refresh_token, and SCOPES\nare one argument each, with blanks "
	    "between. A new secret is shown once. The one\nbefore counts for a "
	    "week more; with -n it ends now.\n");
}

/* An option, and its value; false: it is none of this action. */
static bool
read_option(
    const struct action *action, char *const *arguments, struct order *out)
{
	const char *option = arguments[0];

	if (strlen(option) != 2 || strchr(action->options, option[1]) == NULL ||
	    (option[1] != 'n' && arguments[1] == NULL))
		return false;
	switch (option[1]) {
	case 'n':
		out->at_once = true;
		break;
	case 'g':
		out->client.grants = arguments[1];
		break;
	case 's':
		out->client.scopes = arguments[1];
		break;
	default:
		out->client.audience = arguments[1];
	}
	return true;
}

/* Options, id and name; false: they are not as they are used. */
static bool
read_order(
    const struct action *action, char *const *arguments, struct order *out)
{
	int given = 0;

	*out = (struct order){ .client = {
		                   .grants = DEFAULT_GRANTS, .scopes = "" } };
	for (; *arguments != NULL && **arguments == '-'; arguments++) {
		if (!read_option(action, arguments, out))
			return false;
		arguments += (*arguments)[1] != 'n';
	}
	while (arguments[given] != NULL)
		given++;
	if (given < action->min || given > action->max)
		return false;
	out->client.id = arguments[0];
	if (given > 1)
		out->client.name = arguments[1];
	return true;
}

/* The action of these arguments, or NULL after a usage message. */
static const struct action *
find_action(char *const *arguments, struct order *order)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, arguments[0]) == 0 &&
		    read_order(&actions[i], arguments + 1, order))
			return &actions[i];
	client_usage(stderr);
	return NULL;
}

/* Report a failure that the action has not. */
static void
complain(const struct order *order, enum err e)
{
	if (e == ERR_NOTFOUND)
		fprintf(stderr, "latchkey: no such client; latchkey client "
		                "list shows all\n");
	else if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database unavailable (see above)\n");
	else if (e == ERR_INVALID)
		fprintf(stderr,
		    "latchkey: a value violates a database "
		    "constraint: %s\n",
		    order->client.id);
	else if (e != ERR_DENIED)
		fprintf(stderr, "latchkey: internal error (see above)\n");
}

static int
run(const struct action *action, struct ctx *c, const struct order *order)
{
	enum err e = schema_ready(c);

	if (e == ERR_NOTFOUND || e == ERR_DENIED) {
		fprintf(stderr, "latchkey: database not ready; latchkey "
		                "check says why\n");
		return EXIT_FAILURE;
	}
	if (e == ERR_OK)
		e = action->run(c, order);
	if (e != ERR_OK)
		complain(order, e);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
client_command(const struct conf *conf, char *const *arguments)
{
	struct order order;
	const struct action *action = find_action(arguments, &order);
	struct arena arena;
	struct app *app;
	struct ctx c;
	int status;

	if (action == NULL)
		return 2;
	if ((app = app_open(conf, NEED_DATABASE, DB_COMMAND)) == NULL)
		return EXIT_FAILURE;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	c.now_s = (int64_t)time(NULL);
	status = run(action, &c, &order);
	arena_free(&arena);
	app_close(app);
	return status;
}
