"""A new process kind: what a copy of app/ needs for one without a socket, which does nothing.

    new_role.py APP
"""
import sys


def insert(file, before, text):
    with open(file) as f:
        head, mark, tail = f.read().partition(before)
    assert mark, before
    with open(file, "w") as f:
        f.write(head + text + mark + tail)


insert(sys.argv[1] + "/role.h", "	ROW(LOGIN,", """\
	ROW(WARDEN, "warden", INNER, NEED_DATABASE, USUAL, LOGGED, FIXED, 2, watch) \\
""")
insert(sys.argv[1] + "/server/worker.c", "/*\n * The run function of each role", """\
static bool
watch(const struct worker_setup *w, int64_t hash_us)
{
	notify_ready(w, hash_us);
	while (w->app->db != NULL)
		poll(NULL, 0, -1);
	return true;
}

""")
with open(sys.argv[1] + "/server/calls.c") as f:
    text = f.read()
assert "K = ROLE_BIT(ROLE_KEEPER)," in text
with open(sys.argv[1] + "/server/calls.c", "w") as f:
    f.write(text.replace("K = ROLE_BIT(ROLE_KEEPER),", "K = ROLE_BIT(ROLE_KEEPER) | ROLE_BIT(ROLE_WARDEN),"))
