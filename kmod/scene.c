// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel really does with buckets: what the hooks see, understood.
 *
 * Handlers run inside the kernel's functions, some under their locks, and on
 * the path of every connection. They count, write to the recorder and fire a
 * tracepoint; they neither take a lock nor wait nor allocate.
 *
 * A return probe costs ten times an entry hook, and a connect() may ask at
 * thousands of ports. So what a function returned is seen by what its caller
 * does next: who was given a bucket by tcp_twsk_unique() ends it, and so does
 * who was given a SYN or an answer to send by tcp_timewait_state_process(), or
 * the latter starts its timer anew. All of it lies within one section without
 * softirqs, thus on one processor, which keeps what happened last, and to which
 * bucket. On PREEMPT_RT such sections can be preempted, but a lock that each
 * processor has makes them wait for each other; without it nothing is watched.
 * Only SOCK_DESTROY can be moved to another one in between. What can't be
 * predicted is asked by a return probe, though: where the rules are not known, a
 * refusal has no consequence to be seen by.
 *
 * inet_twsk_kill() is called by the timer and by inet_twsk_deschedule_put(),
 * and by nothing else but a copy of the latter that the compiler may have made
 * for a namespace's end.
 */

#include <linux/bottom_half.h>
#include <linux/cgroup.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "bucket.h"
#include "clock.h"
#include "compat/timewait.h"
#include "counters.h"
#include "event.h"
#include "hooks.h"
#include "netns.h"
#include "recorder.h"
#include "scene.h"
#include "settings.h"
#include "twsk.h"
#include "verdict.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * struct scene - what happened last on a processor
 * @tw:		to which bucket; only to be compared
 * @when:	jiffies then
 * @net:	its namespace; only to be compared
 * @cause:	enum twscope_cause if it ends now
 * @decision:	enum twscope_decision that was counted, or of a segment
 * @substate:	of the bucket, before a segment
 * @verdict:	enum twscope_verdict, of a connect()
 * @tcp_tw_reuse: sysctl, as the verdict was given
 * @tcp_tw_reuse_delay: likewise
 * @connects:	a connect() asks for it
 * @undecided:	what the connect() is told is to be seen yet
 * @awaited:	what a segment leads to is to be seen yet
 * @leaves:	it is being taken from its timer
 */
struct scene {
	const struct inet_timewait_sock	*tw;
	const struct net		*net;
	unsigned long			when;
	u8				cause;
	u8				decision;
	u8				substate;
	u8				verdict;
	u8				tcp_tw_reuse;
	u32				tcp_tw_reuse_delay;
	bool				connects;
	bool				undecided;
	bool				awaited;
	bool				leaves;
};

static DEFINE_PER_CPU(struct scene, scenes);

/*
 * The hooks go on one after the other, maybe in the middle of what would be
 * seen only by half. So a processor looks from a moment on in which nothing is
 * going on there.
 */
static DEFINE_PER_CPU(bool, looks);
static DEFINE_PER_CPU(struct work_struct, look_works);

#define LOOK_PATIENCE	(2 * HZ)

/**
 * struct abortion - SOCK_DESTROY may end a bucket now
 * @who: asks for it; only to be compared, as is the other
 * @tw: the bucket
 */
struct abortion {
	const struct task_struct	*who;
	const void			*tw;
};

/* By task, as it may be moved to another processor before the end. */
#define ABORTION_BITS	5
static struct abortion abortions[1 << ABORTION_BITS];

/*
 * The memory of a bucket may be another one's by now, but not so soon. A virtual
 * processor may stand still for a while in the middle of a section.
 */
#define SCENE_LASTS	HZ

static struct scene *scene_of(const struct inet_timewait_sock *tw)
{
	struct scene *s = this_cpu_ptr(&scenes);

	return s->tw == tw && jiffies - s->when <= SCENE_LASTS ? s : NULL;
}

/*
 * What is watched runs in a process or in a softirq. Where a breakpoint has called
 * us all else that there is to ask says NMI.
 */
static bool by_process(void)
{
	return !in_serving_softirq();
}

static void set_who(struct twscope_event *ev)
{
	ev->pid = 0;
	if (!by_process())
		return;
	ev->pid = task_tgid_nr(current);
	memcpy(ev->comm, current->comm, sizeof(ev->comm));
}

static u64 cgroup_of(const struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	return cgroup_id(sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data));
#else
	return 0;
#endif
}

static void fill_event(struct twscope_event *ev,
		       const struct inet_timewait_sock *tw, u8 type, u8 reason)
{
	twscope_twsk_event(tw, ev);
	ev->type = type;
	ev->reason = reason;
	ev->cgroup_id = 0;
	set_who(ev);
}

static struct twscope_event *begin_event(const struct inet_timewait_sock *tw,
					 u8 type, u8 reason)
{
	struct twscope_event *ev = twscope_recorder_begin();

	fill_event(ev, tw, type, reason);
	return ev;
}

static void on_alloc(const struct sock *sk,
		     const struct inet_timewait_death_row *dr)
{
	const struct net *net = sock_net(sk);

	if (dr == &net->ipv4.tcp_death_row)
		twscope_counters_asked(net);
}

static void on_hashdance(const struct inet_timewait_sock *tw,
			 const struct sock *sk)
{
	struct twscope_cpu_counts __percpu *counts;
	struct twscope_event *ev;
	unsigned long flags;

	if (!twscope_twsk_is_tcp(tw))
		return;
	counts = twscope_counters_of(twsk_net(tw));
	if (tw->tw_substate == TCP_FIN_WAIT2)
		this_cpu_inc(counts->c.created_fin_wait2);
	else
		this_cpu_inc(counts->c.created_time_wait);

	/* From 6.12 on a process comes here with softirqs on. */
	local_irq_save(flags);
	ev = begin_event(tw, TWSCOPE_EVENT_TYPE_CREATED, 0);
	ev->cgroup_id = cgroup_of(sk);
	trace_twscope_created(ev);
	twscope_recorder_end(ev);
	local_irq_restore(flags);
}

static void note_decision(const struct inet_timewait_sock *tw, u8 decision)
{
	struct twscope_event *ev;

	this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.decisions[decision]);
	ev = begin_event(tw, TWSCOPE_EVENT_TYPE_DECISION, decision);
	trace_twscope_decision(ev);
	twscope_recorder_end(ev);
}

static void note_segment_mismatch(const struct inet_timewait_sock *tw)
{
	this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.segment_mismatch);
}

/* Such a segment is asked about whether to answer it, and counted then. */
static bool is_answered(u8 decision)
{
	return decision == TWSCOPE_DECISION_PAWS_REJECT ||
	       decision == TWSCOPE_DECISION_CHALLENGE_ACK ||
	       decision == TWSCOPE_DECISION_OLD_DUPLICATE;
}

/* Such a segment makes the kernel call one of the functions that are watched. */
static bool is_seen(u8 decision)
{
	return is_answered(decision) || decision == TWSCOPE_DECISION_FIN ||
	       decision == TWSCOPE_DECISION_ACK ||
	       decision == TWSCOPE_DECISION_RST ||
	       decision == TWSCOPE_DECISION_RESET;
}

static u8 cause_by(u8 decision)
{
	switch (decision) {
	case TWSCOPE_DECISION_SYN_SEQUENCE:
	case TWSCOPE_DECISION_SYN_TIMESTAMP:
		return TWSCOPE_CAUSE_PASSIVE_SYN;
	case TWSCOPE_DECISION_RST:
		return TWSCOPE_CAUSE_RST;
	case TWSCOPE_DECISION_RESET:
		return TWSCOPE_CAUSE_FIN_WAIT2_DATA;
	}
	return TWSCOPE_CAUSE_OTHER;
}

/*
 * Something else happens here: so a connect() was refused. Its namespace @net is
 * NULL when it is gone.
 */
static void settle_connect(const struct net *net, const struct scene *s,
			   struct twscope_cpu_counts __percpu *counts)
{
	struct twscope_policy policy = {};

	this_cpu_inc(counts->c.decisions[s->decision]);
	if (s->verdict != TWSCOPE_VERDICT_REUSABLE)
		return;
	if (net)
		twscope_settings_policy_now(net, &policy);
	if (net && policy.tcp_tw_reuse == s->tcp_tw_reuse &&
	    policy.tcp_tw_reuse_delay == s->tcp_tw_reuse_delay)
		this_cpu_inc(counts->c.verdict_mismatch);
	else
		this_cpu_inc(counts->c.verdict_boundary);
}

/* The last one's namespace may be gone by now, if it is not @net. */
static void settle(struct scene *s, const struct net *net)
{
	struct twscope_cpu_counts __percpu *counts;

	rcu_read_lock();
	if (s->net != net)
		net = twscope_netns_is_listed(s->net) ? s->net : NULL;
	counts = net ? twscope_counters_of(net) : twscope_counters_late();
	if (s->undecided)
		settle_connect(net, s, counts);
	else
		this_cpu_inc(counts->c.segment_mismatch);
	rcu_read_unlock();
	s->undecided = false;
	s->awaited = false;
}

/* Something happens here, in @net. */
static void settle_last(const struct net *net)
{
	struct scene *s = this_cpu_ptr(&scenes);

	if (s->undecided || s->awaited)
		settle(s, net);
}

static void on_segment(const struct inet_timewait_sock *tw,
		       const struct sk_buff *skb, const struct tcphdr *th)
{
	struct twscope_segment segment;
	struct twscope_policy policy;
	struct twscope_clock now;
	struct twscope_bucket b;
	u8 decision;

	twscope_clock_read(&now);
	twscope_twsk_snapshot_segment(tw, &now, &b);
	twscope_twsk_segment(tw, skb, th, &segment);
	twscope_settings_policy_now(twsk_net(tw), &policy);
	decision = twscope_judge_segment(&b, &policy, &segment);

	this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.segments);
	settle_last(twsk_net(tw));
	*this_cpu_ptr(&scenes) = (struct scene) {
		.tw = tw,
		.net = twsk_net(tw),
		.when = jiffies,
		.cause = cause_by(decision),
		.decision = decision,
		.substate = b.substate,
		.awaited = is_seen(decision),
	};
	if (!is_answered(decision))
		note_decision(tw, decision);
}

/* A timer that is moved: of creation, where it passes here, no more is asked. */
static void on_schedule(const struct inet_timewait_sock *tw, bool rearm)
{
	struct scene *scene;

	if (!rearm || !twscope_twsk_is_tcp(tw))
		return;
	scene = scene_of(tw);
	if (scene && !is_answered(scene->decision))
		scene->awaited = false;
	if (!scene || scene->substate != TCP_FIN_WAIT2)
		this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.restarted);
	else if (scene->decision != TWSCOPE_DECISION_FIN &&
		 scene->decision != TWSCOPE_DECISION_UNKNOWN)
		note_segment_mismatch(tw);
}

/* What a connect() that may be @bound to the port of a bucket will be told. */
static u8 predict(const struct inet_timewait_sock *tw, bool bound,
		  struct twscope_policy *policy)
{
	struct twscope_judgement j;
	struct twscope_clock now;
	struct twscope_bucket b;

	twscope_clock_read(&now);
	twscope_twsk_snapshot_reuse(tw, &now, &b);
	twscope_settings_policy_now(twsk_net(tw), policy);
	if (bound)
		return twscope_judge_bound(&b, policy);
	twscope_judge(&b, policy, TWSCOPE_SEARCH_ASKS, &j);
	return j.verdict;
}

static u8 refusal_of(u8 verdict, bool bound)
{
	static const u8 refusals[TWSCOPE_N_VERDICTS] = {
		[TWSCOPE_VERDICT_TOO_YOUNG] = TWSCOPE_DECISION_REFUSE_TOO_YOUNG,
		[TWSCOPE_VERDICT_DISABLED] = TWSCOPE_DECISION_REFUSE_DISABLED,
		[TWSCOPE_VERDICT_NOT_LOOPBACK] = TWSCOPE_DECISION_REFUSE_NOT_LOOPBACK,
		[TWSCOPE_VERDICT_FIN_WAIT2] = TWSCOPE_DECISION_REFUSE_FIN_WAIT2,
		[TWSCOPE_VERDICT_NO_TIMESTAMP] = TWSCOPE_DECISION_REFUSE_NO_TIMESTAMP,
	};

	if (!bound)
		return refusals[verdict] ?: TWSCOPE_DECISION_REFUSE_OTHER;
	return verdict == TWSCOPE_VERDICT_NO_TIMESTAMP ?
	       TWSCOPE_DECISION_BOUND_REFUSE_NO_TIMESTAMP :
	       TWSCOPE_DECISION_BOUND_REFUSE_OTHER;
}

/* A decision that the recorder has counted with the last one. */
static noinline void trace_alone(const struct inet_timewait_sock *tw, u8 decision)
{
	struct twscope_event ev;

	fill_event(&ev, tw, TWSCOPE_EVENT_TYPE_DECISION, decision);
	trace_twscope_decision(&ev);
}

static void note_refusal(const struct sock *sk,
			 const struct inet_timewait_sock *tw, u8 decision)
{
	struct twscope_event *ev;

	this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.decisions[decision]);
	if (twscope_recorder_again(sk, decision)) {
		if (trace_twscope_decision_enabled())
			trace_alone(tw, decision);
		return;
	}
	ev = begin_event(tw, TWSCOPE_EVENT_TYPE_DECISION, decision);
	trace_twscope_decision(ev);
	twscope_recorder_end_of(ev, sk);
}

/* Called under the lock of the bucket's chain. */
static void on_unique(const struct sock *sk, const struct sock *sktw,
		      bool searches)
{
	const struct inet_timewait_sock *tw = inet_twsk(sktw);
	struct scene *scene = this_cpu_ptr(&scenes);
	struct twscope_policy policy;
	u8 verdict, decision;

	/* One that has no reference yet is refused, whatever it says. */
	verdict = predict(tw, !searches, &policy);
	if (!refcount_read(&tw->tw_refcnt))
		verdict = TWSCOPE_VERDICT_UNKNOWN;
	decision = refusal_of(verdict, !searches);

	settle_last(twsk_net(tw));
	*scene = (struct scene) {
		.tw = tw,
		.net = twsk_net(tw),
		.when = jiffies,
		.cause = searches ? TWSCOPE_CAUSE_ACTIVE_REUSE :
				    TWSCOPE_CAUSE_BOUND_REUSE,
		.decision = decision,
		.verdict = verdict,
		.tcp_tw_reuse = policy.tcp_tw_reuse,
		.tcp_tw_reuse_delay = policy.tcp_tw_reuse_delay,
		.connects = true,
		.undecided = verdict == TWSCOPE_VERDICT_REUSABLE ||
			     verdict == TWSCOPE_VERDICT_UNKNOWN,
	};
	if (!scene->undecided)
		note_refusal(sk, tw, decision);
}

/*
 * A connect() was given a bucket. Between the prediction and the kernel's look
 * the clock may have ticked, or a sysctl have changed: then the prediction made
 * now is right, and what was counted is taken back.
 */
static void note_reuse(const struct inet_timewait_sock *tw, struct scene *scene)
{
	struct twscope_cpu_counts __percpu *counts = twscope_counters_of(twsk_net(tw));
	bool bound = scene->cause == TWSCOPE_CAUSE_BOUND_REUSE;
	struct twscope_policy policy;

	if (!scene->undecided) {
		this_cpu_dec(counts->c.decisions[scene->decision]);
		if (predict(tw, bound, &policy) == TWSCOPE_VERDICT_REUSABLE)
			this_cpu_inc(counts->c.verdict_boundary);
		else
			this_cpu_inc(counts->c.verdict_mismatch);
	}
	scene->undecided = false;
	note_decision(tw, bound ? TWSCOPE_DECISION_BOUND_REUSE :
				  TWSCOPE_DECISION_REUSE);
}

static void on_abort(const struct sock *sk)
{
	struct abortion *a = &abortions[hash_ptr(current, ABORTION_BITS)];

	if (inet_sk_state_load(sk) != TCP_TIME_WAIT)
		return;
	WRITE_ONCE(a->who, current);
	WRITE_ONCE(a->tw, inet_twsk(sk));
}

/* Not every kernel ends it then, so a trace of an earlier try may be left. */
static bool is_aborted(const struct inet_timewait_sock *tw)
{
	struct abortion *a = &abortions[hash_ptr(current, ABORTION_BITS)];

	if (!by_process() || READ_ONCE(a->tw) != tw || READ_ONCE(a->who) != current)
		return false;
	WRITE_ONCE(a->tw, NULL);
	return true;
}

/* Nobody can connect() in a namespace that ends. */
static bool is_purged(const struct inet_timewait_sock *tw)
{
	return by_process() && !check_net(twsk_net(tw));
}

static void on_deschedule(const struct inet_timewait_sock *tw)
{
	struct scene *here = this_cpu_ptr(&scenes);
	struct scene *scene = scene_of(tw);

	if (!twscope_twsk_is_tcp(tw))
		return;
	if (is_aborted(tw)) {
		settle_last(twsk_net(tw));
		*here = (struct scene) { .cause = TWSCOPE_CAUSE_SOCK_DESTROY };
	} else if (is_purged(tw)) {
		settle_last(twsk_net(tw));
		*here = (struct scene) { .cause = TWSCOPE_CAUSE_NETNS_EXIT };
	} else if (scene && scene->connects && by_process()) {
		note_reuse(tw, scene);
	} else if (!scene || scene->connects ||
		   scene->cause == TWSCOPE_CAUSE_OTHER) {
		settle_last(twsk_net(tw));
		*here = (struct scene) { .cause = TWSCOPE_CAUSE_OTHER };
	}
	here->tw = tw;
	here->when = jiffies;
	here->awaited = false;
	here->leaves = true;
}

/* In an end that is nobody's but the timer's or the namespace's. */
static u8 cause_without(const struct inet_timewait_sock *tw)
{
	return is_purged(tw) ? TWSCOPE_CAUSE_NETNS_EXIT : TWSCOPE_CAUSE_TIMER;
}

static void on_kill(const struct inet_timewait_sock *tw)
{
	struct scene *scene = scene_of(tw);
	struct twscope_event *ev;
	u8 cause;

	if (!twscope_twsk_is_tcp(tw))
		return;
	cause = scene && scene->leaves ? scene->cause : cause_without(tw);
	if (scene)
		scene->tw = NULL;
	this_cpu_inc(twscope_counters_of(twsk_net(tw))->c.ended[cause]);

	ev = begin_event(tw, TWSCOPE_EVENT_TYPE_ENDED, cause);
	trace_twscope_ended(ev);
	twscope_recorder_end(ev);
}

/* Preemption is on in some of the functions, and the tracer leaves it so. */
static __always_inline void on_entry(unsigned long where,
				     struct TWSCOPE_REGS *regs)
{
	const void *first = (const void *)twscope_compat_arg(regs, 0);
	enum twscope_hook hook;

	preempt_disable_notrace();
	if (unlikely(!this_cpu_read(looks)))
		goto out;
	if (twscope_hook_is(TWSCOPE_HOOK_UNIQUE, where)) {
		hook = TWSCOPE_HOOK_UNIQUE;
		on_unique(first, (const void *)twscope_compat_arg(regs, 1),
			  twscope_compat_arg(regs, 2));
	} else if (twscope_hook_is(TWSCOPE_HOOK_CONNECT, where)) {
		hook = TWSCOPE_HOOK_CONNECT;
		/* What is refused from now on is refused to another one. */
		twscope_recorder_others();
	} else if (twscope_hook_is(TWSCOPE_HOOK_ALLOC, where)) {
		hook = TWSCOPE_HOOK_ALLOC;
		on_alloc(first, (const void *)twscope_compat_arg(regs, 1));
	} else if (twscope_hook_is(TWSCOPE_HOOK_SCHEDULE, where)) {
		hook = TWSCOPE_HOOK_SCHEDULE;
		on_schedule(first, twscope_compat_arg(regs, 2) & 1);
	} else if (twscope_hook_is(TWSCOPE_HOOK_HASHDANCE, where)) {
		hook = TWSCOPE_HOOK_HASHDANCE;
		on_hashdance(first, (const void *)twscope_compat_arg(regs, 1));
	} else if (twscope_hook_is(TWSCOPE_HOOK_KILL, where)) {
		hook = TWSCOPE_HOOK_KILL;
		on_kill(first);
	} else if (twscope_hook_is(TWSCOPE_HOOK_SEGMENT, where)) {
		hook = TWSCOPE_HOOK_SEGMENT;
		on_segment(first, (const void *)twscope_compat_arg(regs, 1),
			   (const void *)twscope_compat_arg(regs, 2));
	} else if (twscope_hook_is(TWSCOPE_HOOK_DESCHEDULE, where)) {
		hook = TWSCOPE_HOOK_DESCHEDULE;
		on_deschedule(first);
	} else {
		hook = TWSCOPE_HOOK_ABORT;
		on_abort(first);
	}
	this_cpu_inc(twscope_hook_hits[hook]);
out:
	preempt_enable_notrace();
}

TWSCOPE_DEFINE_ENTRY(entry, on_entry)

/**
 * struct answer_call - a call of tcp_oow_rate_limited()
 * @tw: the bucket that wants to answer
 */
struct answer_call {
	const struct inet_timewait_sock *tw;
};

/* Full sockets ask, too. */
static int answer_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct answer_call *call = (struct answer_call *)ri->data;
	const u32 *stamp = (const void *)regs_get_kernel_argument(regs, 3);
	const struct inet_timewait_sock *tw = this_cpu_read(scenes.tw);

	if (!tw || stamp != twscope_twsk_answer_stamp(tw) || !scene_of(tw))
		return 1;
	this_cpu_inc(twscope_hook_hits[TWSCOPE_HOOK_ANSWER]);
	call->tw = tw;
	return 0;
}

static int answer_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct answer_call *call = (const struct answer_call *)ri->data;
	bool limited = regs_return_value(regs) & 1;
	u8 decision = this_cpu_read(scenes.decision);

	this_cpu_write(scenes.awaited, false);
	if (!limited)
		this_cpu_inc(twscope_counters_of(twsk_net(call->tw))->c.answered);
	if (decision == TWSCOPE_DECISION_UNKNOWN)
		return 0;
	if (!is_answered(decision))
		note_segment_mismatch(call->tw);
	else
		note_decision(call->tw, limited ? TWSCOPE_DECISION_RATE_LIMITED :
						  decision);
	return 0;
}

/**
 * struct told_call - a call of tcp_twsk_unique() whose outcome is not known
 * @sk: asks
 * @tw: for this one
 */
struct told_call {
	const struct sock		*sk;
	const struct inet_timewait_sock	*tw;
};

static int told_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct told_call *call = (struct told_call *)ri->data;

	call->sk = (const void *)regs_get_kernel_argument(regs, 0);
	call->tw = inet_twsk((const void *)regs_get_kernel_argument(regs, 1));
	if (twscope_settings_rules() != TWSCOPE_RULES_UNKNOWN &&
	    call->tw->tw_substate != TCP_FIN_WAIT2)
		return 1;
	this_cpu_inc(twscope_hook_hits[TWSCOPE_HOOK_TOLD]);
	return 0;
}

static int told_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct told_call *call = (const struct told_call *)ri->data;
	struct scene *scene = scene_of(call->tw);

	if (regs_return_value(regs) || !scene || !scene->undecided ||
	    scene->verdict != TWSCOPE_VERDICT_UNKNOWN)
		return 0;
	scene->undecided = false;
	note_refusal(call->sk, call->tw, scene->decision);
	return 0;
}

static void set_returns(struct twscope_return_hook *returns)
{
	returns[TWSCOPE_HOOK_ANSWER - TWSCOPE_N_ENTRY_HOOKS] =
		(struct twscope_return_hook) {
			.entry		= answer_entry,
			.ret		= answer_return,
			.data_size	= sizeof(struct answer_call),
		};
	if (!twscope_settings_rules_are_unsure())
		return;
	returns[TWSCOPE_HOOK_TOLD - TWSCOPE_N_ENTRY_HOOKS] =
		(struct twscope_return_hook) {
			.entry		= told_entry,
			.ret		= told_return,
			.data_size	= sizeof(struct told_call),
		};
}

/*
 * Where a work runs, softirqs are not off: nothing that is watched is half done.
 * But on PREEMPT_RT it may have preempted somebody for whom they are; turning
 * them off waits for him there, and costs nothing elsewhere.
 */
static void look_here(struct work_struct *work)
{
	local_bh_disable();
	this_cpu_write(looks, true);
	local_bh_enable();
}

static bool all_look(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (!READ_ONCE(per_cpu(looks, cpu)))
			return false;
	return true;
}

/*
 * A processor may be another's for good, of a thread that never waits. Then
 * there is no network work half done there either.
 */
static void look(void)
{
	unsigned long end;
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		INIT_WORK(per_cpu_ptr(&look_works, cpu), look_here);
		schedule_work_on(cpu, per_cpu_ptr(&look_works, cpu));
	}
	end = jiffies + LOOK_PATIENCE;
	while (!all_look() && time_before(jiffies, end))
		usleep_range(200, 2000);
	for_each_online_cpu(cpu)
		cancel_work_sync(per_cpu_ptr(&look_works, cpu));
	for_each_possible_cpu(cpu)
		WRITE_ONCE(per_cpu(looks, cpu), true);
	cpus_read_unlock();
}

/* What was seen before is over. */
static void forget(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		per_cpu(looks, cpu) = false;
		per_cpu(scenes, cpu) = (struct scene) {};
	}
	memset(abortions, 0, sizeof(abortions));
}

#define SOFTIRQS_MIX \
	"this real-time kernel lets softirqs preempt each other " \
	"(CONFIG_PREEMPT_RT_NEEDS_BH_LOCK is not set): what belongs together " \
	"could not be told"

/**
 * twscope_scene_watch() - put the hooks on, and understand what they see
 * @why: on an error, a text that says what was wrong, or NULL
 *
 * To be called when the counters and the recorder are there; twscope_hooks_off()
 * ends it.
 *
 * Context: process, may sleep: some tenths of a second. Not to be called twice.
 * Return: 0, -EOPNOTSUPP on a kernel where what happens on a processor does not
 * happen one after the other, or an errno of twscope_hooks_on().
 */
int twscope_scene_watch(const char **why)
{
	struct twscope_return_hook returns[TWSCOPE_N_RETURN_HOOKS] = {};
	int err;

	if (twscope_compat_softirqs_mix()) {
		*why = SOFTIRQS_MIX;
		return -EOPNOTSUPP;
	}
	set_returns(returns);
	forget();
	err = twscope_hooks_on(entry, returns, why);
	if (!err)
		look();
	return err;
}
