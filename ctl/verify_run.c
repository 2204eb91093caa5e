// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "verify_run.h"

/* Buckets that wait for their moment at a time. */
#define MAX_WAITING	64
/* Trials are prepared so long before their moment. */
#define LEAD_NS		(8 * VERIFY_NS_PER_MS)
/* Making a bucket may take so long. */
#define MAKE_NS		(10 * VERIFY_NS_PER_MS)
/* A wait that is longer is not waited for. */
#define MAX_WAIT_MS	2000
/* How long before a wait's end connect() must still fail, at the least. */
#define BEFORE_MS	5
/* A bucket that ends in less is left alone. */
#define MIN_REMAINING_MS 2000

enum phase {
	/* the server closes */
	PHASE_CLOSE,
	/* the trial */
	PHASE_TRY,
	/* what was too young is tried again, before and after its wait */
	PHASE_NOT_BEFORE,
	PHASE_IN_TIME,
};

struct trial {
	bool used;
	enum phase phase;
	/* when the phase begins */
	int64_t due;
	uint16_t port;
	/* descriptors, or -1 */
	int server, third, third_server;
	/* told the wait */
	struct verify_look said;
	struct verify_scenario scenario;
};

struct run {
	const struct verify_plan *plan;
	struct twnl *nl;
	struct verify_net *net;
	struct verify_report *report;
	uint32_t slack_ms;
	/* of the next scenario */
	uint64_t number;
	uint16_t port;
	unsigned int n_waiting;
	struct trial trial[MAX_WAITING];
	char *err;
	size_t size;
};

static int64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * VERIFY_NS_PER_S + ts.tv_nsec;
}

static int64_t now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/*
 * The time as connect() sees it. The clock of seconds moves on with a tick, and in
 * a virtual machine that has to wait for its processor a tick may come late by any
 * time.
 */
static int64_t kernels_now(const struct run *r)
{
	return read_clock(r->report->rules == TWSCOPE_RULES_ENTRY_DELAY ?
			  CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE);
}

static void sleep_until(int64_t then)
{
	const struct timespec ts = {
		.tv_sec = then / VERIFY_NS_PER_S,
		.tv_nsec = then % VERIFY_NS_PER_S,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static int fail(struct run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->err, r->size, fmt, ap);
	va_end(ap);
	return -1;
}

/* The end of a trial, whatever came of it. */
static void finish(struct run *r, struct trial *t)
{
	verify_net_drop(t->server);
	verify_net_drop(t->third);
	verify_net_drop(t->third_server);
	t->used = false;
	r->n_waiting--;
}

static int no_trial(struct run *r, struct trial *t, enum verify_no_trial why,
		    int error)
{
	r->report->no_trial[why]++;
	if (error)
		r->report->last_errno = -error;
	finish(r, t);
	return 0;
}

/* Making a bucket */

static uint16_t next_port(struct run *r)
{
	uint16_t port = r->port;

	r->port = port + 2 <= VERIFY_LAST_PORT ? (uint16_t)(port + 2) :
						 VERIFY_FIRST_PORT;
	return port;
}

static int establish(struct run *r, struct trial *t, int client)
{
	int ret = verify_net_connect(&t->scenario, VERIFY_FIRST, client);

	if (ret)
		return ret;
	t->server = verify_net_accept(r->net, &t->scenario, VERIFY_FIRST, t->port);
	return t->server < 0 ? t->server : 0;
}

/* Another socket at the port. One that was bound only is gone again after it. */
static int join(struct run *r, struct trial *t)
{
	uint8_t joined = t->scenario.choice[VERIFY_JOINED];
	int ret;

	if (joined == JOINED_NONE)
		return 0;
	t->third = verify_net_socket(&t->scenario, VERIFY_THIRD, t->port);
	if (t->third < 0)
		return t->third;
	if (joined == JOINED_WAS_BOUND) {
		close(t->third);
		t->third = -1;
	}
	if (joined != JOINED_CONNECTED)
		return 0;
	ret = verify_net_connect(&t->scenario, VERIFY_THIRD, t->third);
	if (ret)
		return ret;
	t->third_server = verify_net_accept(r->net, &t->scenario, VERIFY_THIRD,
					    t->port);
	return t->third_server < 0 ? t->third_server : 0;
}

static void close_server(struct run *r, struct trial *t)
{
	close(t->server);
	t->server = -1;
	t->phase = PHASE_TRY;
	t->due = verify_moment(&t->scenario, r->report->rules, now());
}

/* The client has closed. */
static int after_close(struct run *r, struct trial *t)
{
	int ret = verify_net_await_fin(t->server);

	if (ret)
		return ret;
	if (t->scenario.choice[VERIFY_CLOSE] == CLOSE_AT_ONCE) {
		close_server(r, t);
		return 0;
	}
	verify_net_acknowledge(t->server);
	if (t->scenario.choice[VERIFY_CLOSE] == CLOSE_LATER) {
		t->phase = PHASE_CLOSE;
		t->due = now() + t->scenario.close_after_ms * VERIFY_NS_PER_MS;
	} else {
		t->phase = PHASE_TRY;
		t->due = verify_moment(&t->scenario, r->report->rules, now());
	}
	return 0;
}

static int make(struct run *r, struct trial *t)
{
	int client, ret;

	ret = verify_net_set(r->net, VERIFY_SYSCTL_TIMESTAMPS,
			     verify_timestamps_first(&t->scenario));
	if (!ret)
		ret = verify_net_narrow(r->net, t->port);
	if (ret)
		return ret;
	client = verify_net_socket(&t->scenario, VERIFY_FIRST, t->port);
	if (client < 0)
		return client;
	ret = establish(r, t, client);
	if (!ret)
		ret = join(r, t);
	close(client);
	return ret ? ret : after_close(r, t);
}

static struct trial *free_place(struct run *r)
{
	struct trial *t = r->trial;

	while (t->used)
		t++;
	return t;
}

static int start(struct run *r)
{
	struct trial *t = free_place(r);
	int ret;

	memset(t, 0, sizeof(*t));
	t->used = true;
	t->port = next_port(r);
	t->server = t->third = t->third_server = -1;
	r->n_waiting++;
	verify_scenario_make(&t->scenario, r->plan->seed, r->number++,
			     &r->net->can);
	ret = make(r, t);
	return ret ? no_trial(r, t, VERIFY_NOT_MADE, ret) : 0;
}

/* Asking */

struct answer {
	unsigned int rows;
	struct tws_bucket bucket;
	int64_t asked_at;
	int64_t answered_at;
};

static int take_row(const struct tws_bucket *b, void *ctx)
{
	struct answer *a = ctx;

	a->rows++;
	a->bucket = *b;
	return 0;
}

static void add_address(struct tws_filter *f, enum tws_term_kind kind,
			const struct verify_address *a)
{
	struct tws_term *t = &f->term[f->n_terms++];
	uint8_t len = a->family == AF_INET ? 4 : 16;

	t->kind = (uint8_t)kind;
	t->addr_len = len;
	t->prefix_len = (uint8_t)(8 * len);
	memcpy(t->addr, a->bytes, len);
}

static void add_port(struct tws_filter *f, enum tws_term_kind kind, uint16_t port)
{
	struct tws_term *t = &f->term[f->n_terms++];

	t->kind = (uint8_t)kind;
	t->port_min = port;
	t->port_max = port;
}

static void only_this(struct tws_filter *f, const struct trial *t)
{
	struct verify_addresses a;

	memset(f, 0, sizeof(*f));
	verify_addresses_of(&t->scenario, &a);
	add_address(f, TERM_LOCAL, &a.local);
	add_address(f, TERM_REMOTE, &a.remote);
	add_port(f, TERM_LOCAL_PORT, t->port);
	add_port(f, TERM_REMOTE_PORT, VERIFY_SERVER_PORT);
	f->n_clauses = 1;
	f->clause_end[0] = f->n_terms;
}

/* What the module says of the bucket of @t, under @policy where it is given. */
static int ask(struct run *r, const struct trial *t,
	       const struct tws_policy *policy, struct answer *a)
{
	struct tws_filter filter;
	const struct tws_bucket_query q = { .filter = &filter, .policy = policy };
	int ret;

	only_this(&filter, t);
	memset(a, 0, sizeof(*a));
	a->asked_at = kernels_now(r);
	ret = twnl_bucket_dump(r->nl, &q, take_row, a);
	a->answered_at = kernels_now(r);
	if (ret)
		return fail(r, "%s", ret < 0 ? twnl_error(r->nl) : "interrupted");
	if (a->rows > 1)
		return fail(r, "trial %llu: the module shows the bucket of port %u %u times",
			    (unsigned long long)t->scenario.number, t->port, a->rows);
	return 0;
}

static struct verify_look look_at(const struct answer *a, uint32_t verdict,
				  uint32_t wait_ms)
{
	return (struct verify_look){
		.found = a->rows,
		.substate = a->bucket.substate,
		/* what a newer module may say is unknown to us */
		.verdict = verdict < TWSCOPE_N_VERDICTS ? verdict :
							  TWSCOPE_VERDICT_UNKNOWN,
		.wait_ms = wait_ms,
		.remaining_ms = a->bucket.remaining_ms,
		.asked_at = a->asked_at,
		.answered_at = a->answered_at,
	};
}

/* The verdict for connect() with a port search. */
static struct verify_look searching(const struct answer *a)
{
	return look_at(a, a->bucket.verdict, a->bucket.wait_ms);
}

static struct verify_look under_policy(const struct answer *a)
{
	return look_at(a, a->bucket.whatif_verdict, a->bucket.whatif_wait_ms);
}

/* The verdict for connect() as the scenario has it. */
static struct verify_look as_tried(const struct trial *t, const struct answer *a)
{
	return verify_is_bound(&t->scenario) ?
	       look_at(a, a->bucket.bound_verdict, 0) : searching(a);
}

/* Telling */

static int tell(struct run *r, const struct trial *t, enum verify_check check,
		const struct verify_look *said, const struct verify_look *then,
		bool got_port, int64_t ended, enum verify_result result)
{
	const struct verify_event e = {
		.scenario = &t->scenario,
		.check = check,
		.said = said,
		.got_port = got_port,
		.result = result,
	};
	const struct verify_failure f = {
		.scenario = t->scenario,
		.check = check,
		.said = *said,
		.then = *then,
		.got_port = got_port,
		.elapsed = ended - said->asked_at,
	};

	if (check == VERIFY_CHECK_CONNECT)
		verify_count(r->report, &t->scenario, said->verdict, got_port,
			     result);
	else
		verify_count_check(r->report, check, got_port, result);
	if (r->plan->tell)
		r->plan->tell(&e, r->plan->ctx);
	if (result == VERIFY_DISAGREE && verify_add_failure(r->report, &f) < 0)
		return fail(r, "out of memory");
	return 0;
}

/* Trying */

static struct tws_policy policy_of(const struct run *r, const struct trial *t)
{
	return (struct tws_policy){
		.has_tcp_tw_reuse = true,
		.tcp_tw_reuse = t->scenario.choice[VERIFY_REUSE],
		.has_tcp_tw_reuse_delay = r->net->can.delay,
		.tcp_tw_reuse_delay = t->scenario.delay_ms,
		.has_tcp_timestamps = true,
		.tcp_timestamps = verify_timestamps_then(&t->scenario),
	};
}

static int cannot_set(struct run *r, int error)
{
	return fail(r, "cannot set sysctls in the private namespace: %s",
		    strerror(-error));
}

/* The port search comes to this port and to no other. */
static int narrow(struct run *r, const struct trial *t)
{
	int ret = verify_net_narrow(r->net, t->port);

	return ret ? cannot_set(r, ret) : 0;
}

static int set_policy(struct run *r, const struct trial *t)
{
	const struct tws_policy p = policy_of(r, t);
	int ret = verify_net_set(r->net, VERIFY_SYSCTL_REUSE, p.tcp_tw_reuse);

	if (!ret && p.has_tcp_tw_reuse_delay)
		ret = verify_net_set(r->net, VERIFY_SYSCTL_DELAY,
				     p.tcp_tw_reuse_delay);
	if (!ret)
		ret = verify_net_set(r->net, VERIFY_SYSCTL_TIMESTAMPS,
				     p.tcp_timestamps);
	return ret ? cannot_set(r, ret) : narrow(r, t);
}

/*
 * What connect() came to: whether it got the port. Any other outcome than a
 * refusal of the port means that it got it, as long as the network works.
 */
struct attempt {
	bool got_port;
	/* an errno that has nothing to do with the port, or 0 */
	int error;
	int64_t began;
	int64_t ended;
};

static struct attempt attempt(struct run *r, const struct trial *t, int fd)
{
	struct attempt a = { .began = kernels_now(r) };
	int ret = verify_net_connect(&t->scenario, VERIFY_SECOND, fd);

	a.ended = kernels_now(r);
	a.got_port = ret != -EADDRNOTAVAIL;
	a.error = ret && a.got_port && ret != -ECONNREFUSED ? ret : 0;
	verify_net_drop(fd);
	verify_net_drop_unaccepted(r->net);
	return a;
}

/* The socket in question; negative where the scenario has ended as no trial. */
static int prepare(struct run *r, struct trial *t)
{
	int fd = verify_net_socket(&t->scenario, VERIFY_SECOND, t->port);

	if (fd == -EADDRINUSE)
		no_trial(r, t, VERIFY_BIND_REFUSED, 0);
	else if (fd < 0)
		no_trial(r, t, VERIFY_OTHER_ERROR, fd);
	return fd;
}

/* Compares what is said of sysctls to come with what is said once they are. */
static int ask_twice(struct run *r, struct trial *t, struct answer *a)
{
	const struct tws_policy p = policy_of(r, t);
	struct verify_look foretold, said;
	enum verify_result result;

	if (t->scenario.check_whatif) {
		if (narrow(r, t) < 0 || ask(r, t, &p, a) < 0)
			return -1;
		foretold = under_policy(a);
	}
	if (set_policy(r, t) < 0 || ask(r, t, NULL, a) < 0)
		return -1;
	if (!t->scenario.check_whatif || !a->rows || !foretold.found)
		return 0;
	said = searching(a);
	result = verify_judge_whatif(&foretold, &said, r->slack_ms);
	return tell(r, t, VERIFY_CHECK_WHATIF, &foretold, &said, false,
		    said.answered_at, result);
}

/* Why the bucket is not the one that the scenario wants; -1 where it is. */
static int unfit(const struct trial *t, const struct verify_look *l)
{
	uint8_t wanted = t->scenario.choice[VERIFY_CLOSE] == CLOSE_NEVER ?
			 TWSCOPE_SUBSTATE_FIN_WAIT2 : TWSCOPE_SUBSTATE_TIME_WAIT;

	if (!l->found || l->remaining_ms < MIN_REMAINING_MS)
		return VERIFY_NO_BUCKET;
	if (l->substate != wanted)
		return VERIFY_OTHER_SUBSTATE;
	return -1;
}

/* The next attempt at a bucket that was too young, or the end. */
static void go_on(struct run *r, struct trial *t, const struct verify_look *l)
{
	uint32_t before_ms = BEFORE_MS + r->slack_ms + t->scenario.before_ms;

	if (!t->scenario.check_wait || !l->found ||
	    l->verdict != TWSCOPE_VERDICT_TOO_YOUNG || l->wait_ms > MAX_WAIT_MS) {
		finish(r, t);
		return;
	}
	t->said = *l;
	t->due = l->answered_at + l->wait_ms * VERIFY_NS_PER_MS;
	t->phase = PHASE_IN_TIME;
	if (l->wait_ms > before_ms + BEFORE_MS) {
		t->due -= before_ms * VERIFY_NS_PER_MS;
		t->phase = PHASE_NOT_BEFORE;
	}
}

static int judge_reason(struct run *r, const struct trial *t,
			const struct verify_look *l)
{
	bool fits = verify_reason_fits(&t->scenario, r->report->rules, l->verdict);

	return tell(r, t, VERIFY_CHECK_REASON, l, l, false, l->answered_at,
		    fits ? VERIFY_AGREE : VERIFY_DISAGREE);
}

static int judge(struct run *r, struct trial *t, const struct verify_look *before,
		 const struct attempt *tried)
{
	struct verify_look after = { .found = false };
	enum verify_result result;
	struct answer a;

	if (judge_reason(r, t, before) < 0)
		return -1;
	if (!tried->got_port) {
		if (ask(r, t, NULL, &a) < 0)
			return -1;
		after = as_tried(t, &a);
	}
	result = verify_judge(before, tried->got_port, &after, tried->ended,
			      r->slack_ms);
	if (tell(r, t, VERIFY_CHECK_CONNECT, before, &after, tried->got_port,
		 tried->ended, result) < 0)
		return -1;
	go_on(r, t, &after);
	return 0;
}

static int try(struct run *r, struct trial *t)
{
	struct verify_look before;
	struct attempt tried;
	struct answer a;
	int fd = prepare(r, t);
	int why;

	if (fd < 0)
		return 0;
	sleep_until(t->due);
	if (ask_twice(r, t, &a) < 0) {
		verify_net_drop(fd);
		return -1;
	}
	before = as_tried(t, &a);
	why = unfit(t, &before);
	if (why >= 0) {
		verify_net_drop(fd);
		return no_trial(r, t, (enum verify_no_trial)why, 0);
	}
	tried = attempt(r, t, fd);
	if (tried.error)
		return no_trial(r, t, VERIFY_OTHER_ERROR, tried.error);
	return judge(r, t, &before, &tried);
}

/* Just before the end of a wait, or at it, without another question. */
static int try_wait(struct run *r, struct trial *t)
{
	enum verify_check check = t->phase == PHASE_IN_TIME ?
				  VERIFY_CHECK_IN_TIME : VERIFY_CHECK_NOT_BEFORE;
	int fd = verify_net_socket(&t->scenario, VERIFY_SECOND, t->port);
	enum verify_result result;
	struct attempt tried;

	if (fd < 0 || set_policy(r, t) < 0) {
		verify_net_drop(fd);
		return fd < 0 ? fail(r, "cannot make a socket: %s", strerror(-fd)) : -1;
	}
	sleep_until(t->due);
	tried = attempt(r, t, fd);
	result = verify_judge_wait(check, &t->said, tried.got_port, tried.began,
				   tried.ended, r->slack_ms);
	if (tell(r, t, check, &t->said, &t->said, tried.got_port, tried.ended,
		 result) < 0)
		return -1;
	if (tried.got_port || check == VERIFY_CHECK_IN_TIME) {
		finish(r, t);
	} else {
		t->phase = PHASE_IN_TIME;
		t->due = t->said.answered_at + t->said.wait_ms * VERIFY_NS_PER_MS;
	}
	return 0;
}

/* The order of events */

static struct trial *next_due(struct run *r)
{
	struct trial *next = NULL;
	unsigned int i;

	for (i = 0; i < MAX_WAITING; i++)
		if (r->trial[i].used && (!next || r->trial[i].due < next->due))
			next = &r->trial[i];
	return next;
}

static int step(struct run *r, struct trial *t)
{
	switch (t->phase) {
	case PHASE_CLOSE:
		sleep_until(t->due);
		close_server(r, t);
		return 0;
	case PHASE_TRY:
		return try(r, t);
	default:
		return try_wait(r, t);
	}
}

/* Whether one more is needed, should all that wait become trials. */
static bool want_more(const struct run *r)
{
	return r->n_waiting < MAX_WAITING &&
	       verify_trials(r->report) + r->n_waiting < r->plan->trials;
}

/* No endless search for trials where there are none. */
static bool hopeless(const struct run *r)
{
	return verify_no_trials(r->report) > 2 * r->plan->trials + 100;
}

static int run_all(struct run *r)
{
	struct trial *t;
	int ret = 0;

	while (!ret) {
		t = next_due(r);
		if (hopeless(r))
			return fail(r, "%u scenarios came to no trial (%u could not be made, %u left no bucket); the last error: %s",
				    verify_no_trials(r->report),
				    r->report->no_trial[VERIFY_NOT_MADE],
				    r->report->no_trial[VERIFY_NO_BUCKET],
				    strerror(r->report->last_errno));
		if (t && t->due - LEAD_NS - MAKE_NS <= now()) {
			sleep_until(t->due - LEAD_NS);
			ret = step(r, t);
		} else if (want_more(r)) {
			ret = start(r);
		} else if (t) {
			sleep_until(t->due - LEAD_NS);
		} else {
			return 0;
		}
	}
	return ret;
}

int verify_run(const struct verify_plan *plan, const struct tws_info *info,
	       struct twnl *nl, struct verify_net *net, struct verify_report *r,
	       char *err, size_t size)
{
	struct run run = {
		.plan = plan,
		.nl = nl,
		.net = net,
		.report = r,
		.slack_ms = verify_slack_ms(info->rules, info->hz),
		.port = VERIFY_FIRST_PORT,
		.err = err,
		.size = size,
	};
	int64_t began = now();
	unsigned int i;
	int ret;

	memset(r, 0, sizeof(*r));
	r->seed = plan->seed;
	r->rules = info->rules;
	ret = run_all(&run);
	r->elapsed = now() - began;
	for (i = 0; i < MAX_WAITING; i++)
		if (run.trial[i].used)
			finish(&run, &run.trial[i]);
	return ret;
}
