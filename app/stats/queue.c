/*
 * Queues of listening sockets, by netlink: the kernel answers for a socket of
 * any process, so that a process that shows the figures need not have it open.
 */
#include "base.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stats/queue.h"

#define LISTENING 10 /* TCP_LISTEN of the kernel's states */
#define ANSWER_BYTES 16384

struct answer {
	uint32_t waiting, limit;
	bool found;
};

/*
 * Look for the figures in one message. True: another may follow.
 */
typedef bool look(struct nlmsghdr *m, uint64_t inode, struct answer *out);

static bool
look_unix(struct nlmsghdr *m, uint64_t inode, struct answer *out)
{
	struct unix_diag_msg *u = NLMSG_DATA(m);
	struct rtattr *a = (struct rtattr *)(u + 1);
	int left = (int)m->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*u));
	struct unix_diag_rqlen n;

	for (; RTA_OK(a, left) && u->udiag_ino == inode; a = RTA_NEXT(a, left))
		if (a->rta_type == UNIX_DIAG_RQLEN &&
		    RTA_PAYLOAD(a) >= sizeof(n)) {
			memcpy(&n, RTA_DATA(a), sizeof(n));
			*out = (struct answer){ n.udiag_rqueue, n.udiag_wqueue,
				true };
		}
	return false;
}

static bool
look_tcp(struct nlmsghdr *m, uint64_t inode, struct answer *out)
{
	const struct inet_diag_msg *i = NLMSG_DATA(m);

	if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*i)) || i->idiag_inode != inode)
		return true;
	*out = (struct answer){ i->idiag_rqueue, i->idiag_wqueue, true };
	return false;
}

/* Read what answers a request, until it is found or there is no more. */
static void
read_answers(int fd, look *looks, uint64_t inode, struct answer *out)
{
	_Alignas(struct nlmsghdr) char buffer[ANSWER_BYTES];
	struct nlmsghdr *m;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		for (m = (struct nlmsghdr *)buffer; NLMSG_OK(m, n);
		     m = NLMSG_NEXT(m, n))
			if (m->nlmsg_type == NLMSG_DONE ||
			    m->nlmsg_type == NLMSG_ERROR ||
			    !looks(m, inode, out))
				return;
}

/* Send a request of so many bytes and look through the answers. */
static void
ask(struct nlmsghdr *request, look *looks, uint64_t inode, struct answer *out)
{
	const struct timeval limit = { .tv_sec = 1 };
	int fd =
	    socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	if (send(fd, request, request->nlmsg_len, 0) ==
	    (ssize_t)request->nlmsg_len)
		read_answers(fd, looks, inode, out);
	close(fd);
}

static void
ask_unix(uint64_t inode, struct answer *out)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
		    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_UNIX,
		    .udiag_states = UINT32_MAX,
		    .udiag_ino = (uint32_t)inode,
		    .udiag_show = UDIAG_SHOW_RQLEN,
		    .udiag_cookie = { INET_DIAG_NOCOOKIE,
		        INET_DIAG_NOCOOKIE } },
	};

	ask(&request.head, look_unix, inode, out);
}

/* The kernel finds none by its inode: all that listen are looked through. */
static void
ask_tcp(uint8_t family, uint64_t inode, struct answer *out)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.body = { .sdiag_family = family,
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = 1u << LISTENING },
	};

	ask(&request.head, look_tcp, inode, out);
}

bool
queue_length(uint64_t inode, uint32_t *waiting, uint32_t *limit)
{
	struct answer answer = { .found = false };

	if (inode == 0 || inode > UINT32_MAX)
		return false;
	ask_unix(inode, &answer);
	if (!answer.found)
		ask_tcp(AF_INET, inode, &answer);
	if (!answer.found)
		ask_tcp(AF_INET6, inode, &answer);
	*waiting = answer.waiting;
	*limit = answer.limit;
	return answer.found;
}
