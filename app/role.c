/*
 * Process kinds.
 */
#include "base.h"

#include "role.h"

enum { LANE = true, INNER = false };
enum { LOW = true, USUAL = false };
enum { LOGGED = true, COUNTED = false };
enum { EACH_CPU = true, FIXED = false };

#define ROW(id, name, socket, needs, priority, requests, per, least, run) \
	[ROLE_##id] = { name, least, needs, socket, priority, requests, per },
const struct role_row roles[ROLE_COUNT] = { ROLE_TABLE(ROW) };

unsigned
role_lanes(void)
{
	unsigned i, lanes = 0;

	for (i = 0; i < ROLE_COUNT; i++)
		if (roles[i].is_lane)
			lanes |= ROLE_BIT(i);
	return lanes;
}

unsigned
role_needs(unsigned served)
{
	unsigned i, needs = 0;

	for (i = 0; i < ROLE_COUNT; i++)
		if ((served & ROLE_BIT(i)) != 0)
			needs |= roles[i].needs;
	return needs;
}

bool
role_is_low(unsigned served)
{
	unsigned i;

	for (i = 0; i < ROLE_COUNT; i++)
		if ((served & ROLE_BIT(i)) != 0 && !roles[i].is_low)
			return false;
	return true;
}
