/*
 * CPU priority of workers: hashing below everything else on the machine.
 *
 * nice(2) only weighs the processes of a session against each other, if Linux
 * gives each session an equal share of the CPUs, as Debian's does; and nginx
 * and PostgreSQL have other sessions. So the supervisor's session as a whole
 * has the low priority, login workers stay in it, and the others leave. Without
 * that, 64 clients that log in make the p99 of token checks at full speed 70
 * times what it is alone; with it, 1.4 times (make bench ONLY=latency). Source:
 * sched(7), "The autogroup feature".
 *
 * Low is nice 5: a third of the weight of each other session. At 10, a ninth,
 * a flood of cheap requests, which nginx and the other lanes answer, left
 * logins so little that they took five seconds and more beside a dozen busy
 * processes; at 5 they take 0.7, and checks beside a flood of logins no longer
 * (make floods).
 */
#ifndef LATCHKEY_SERVER_SCHED_H
#define LATCHKEY_SERVER_SCHED_H

/*
 * In the supervisor: lower the session, if it is its own. (One that was typed
 * at a shell shares the terminal's.) To be called while a core file is still
 * allowed: later the file that it takes is root's.
 */
void sched_lower_session(void);

/* In a new process whose requests must not wait for hashing: leave it. */
void sched_usual(void);

/* In one that hashes: stay in it, with a lower priority there, too. */
void sched_low(void);

#endif
