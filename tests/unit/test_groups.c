// SPDX-License-Identifier: GPL-2.0
/* ctl/groups.c and ctl/nl_group.c: by what is grouped, what is asked, what comes. */
#include <errno.h>
#include <sys/socket.h>

#include <netlink/msg.h>

#include "groups.h"
#include "peer.h"
#include "spec.h"
#include "test.h"

static char err[512];

/* Keys, as they are typed */

static void keys_are(const char *text, uint32_t keys)
{
	struct tws_group_by by;

	strcpy(err, "no error");
	if (group_by_parse(text, &by, err, sizeof(err)) || by.keys != keys)
		fail_msg("'%s': keys 0x%x, not 0x%x: %s", text, by.keys, keys, err);
	assert_int_equal(by.local_len, 128);
	assert_int_equal(by.local_len4, 32);
	assert_int_equal(by.remote_len, 128);
	assert_int_equal(by.remote_len4, 32);
}

/* A key is a bit, in the order of the spec, under its name there, but for dev. */
static void every_key(void **state)
{
	static const char backwards[] = "verdict,substate,mark,dev,remote-port,"
		"remote,local-port,local,family,netns";
	struct tws_group_by by;
	struct spec_set spec;
	size_t i;

	(void)state;
	spec_enum("group-key", &spec);
	assert_int_equal(spec.n, N_GROUP_KEYS);
	for (i = 0; i < spec.n; i++) {
		if (!strcmp(spec.name[i], "ifindex"))
			strcpy(spec.name[i], "dev");
		keys_are(spec.name[i], 1U << i);
		assert_int_equal(group_keys[i].bit, 1U << i);
	}
	keys_are(backwards, (1U << N_GROUP_KEYS) - 1);
	/* as they were asked for */
	assert_int_equal(group_by_parse(backwards, &by, err, sizeof(err)), 0);
	assert_int_equal(by.n, N_GROUP_KEYS);
	for (i = 0; i < N_GROUP_KEYS; i++)
		assert_int_equal(by.order[i], N_GROUP_KEYS - 1 - i);
}

static void aliases(void **state)
{
	(void)state;
	keys_are("src", TWSCOPE_GROUP_KEY_LOCAL);
	keys_are("sport", TWSCOPE_GROUP_KEY_LOCAL_PORT);
	keys_are("dst", TWSCOPE_GROUP_KEY_REMOTE);
	keys_are("dport", TWSCOPE_GROUP_KEY_REMOTE_PORT);
	keys_are("fwmark", TWSCOPE_GROUP_KEY_MARK);
	keys_are("state", TWSCOPE_GROUP_KEY_SUBSTATE);
	keys_are("dst,dport", TWSCOPE_GROUP_KEY_REMOTE |
			      TWSCOPE_GROUP_KEY_REMOTE_PORT);
}

static void prefixes(void **state)
{
	static const struct {
		const char *text;
		int local4, local6, remote4, remote6;
	} cases[] = {
		{ "remote/24", 32, 128, 24, 128 },
		{ "remote/24/64", 32, 128, 24, 64 },
		{ "remote/0/0", 32, 128, 0, 0 },
		{ "remote/32/128", 32, 128, 32, 128 },
		{ "remote/024/0064", 32, 128, 24, 64 },
		{ "dst/8,src/16/48", 16, 48, 8, 128 },
		{ "local/1/2,remote/3/4,dport", 1, 2, 3, 4 },
	};
	struct tws_group_by by;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(err, "no error");
		if (group_by_parse(cases[i].text, &by, err, sizeof(err)))
			fail_msg("'%s': %s", cases[i].text, err);
		assert_int_equal(by.local_len4, cases[i].local4);
		assert_int_equal(by.local_len, cases[i].local6);
		assert_int_equal(by.remote_len4, cases[i].remote4);
		assert_int_equal(by.remote_len, cases[i].remote6);
	}
}

#define WHICH \
	"expected netns, family, local, local-port, remote, remote-port, dev, mark, substate or verdict, not "
#define LENGTHS \
	"expected a prefix length after '/': 0 to 32 for IPv4, and if for IPv6 as well, a second one from 0 to 128, such as /24/64, not "
#define NO_LENGTH "only local and remote have a prefix length, not "

static void wrong_keys(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", WHICH "''" },
		{ ",", WHICH "''" },
		{ "remote,", WHICH "''" },
		{ "remote,,local", WHICH "''" },
		{ "remote, local", WHICH "' local'" },
		{ "Remote", WHICH "'Remote'" },
		{ "remotes", WHICH "'remotes'" },
		{ "remot", WHICH "'remot'" },
		{ "ifindex", WHICH "'ifindex'" },
		{ "/24", WHICH "'/24'" },
		{ "nothing/24,remote", WHICH "'nothing/24'" },
		{ "remote,remote", "'remote' is there twice" },
		{ "sport,remote,local-port", "'local-port' is there twice" },
		{ "remote/24,dst/16", "'remote' is there twice" },
		{ "remote/", LENGTHS "''" },
		{ "remote//", LENGTHS "'/'" },
		{ "remote/33", LENGTHS "'33'" },
		{ "remote/24/", LENGTHS "'24/'" },
		{ "remote/24/129", LENGTHS "'24/129'" },
		{ "remote//64", LENGTHS "'/64'" },
		{ "remote/-1", LENGTHS "'-1'" },
		{ "remote/+1", LENGTHS "'+1'" },
		{ "remote/ 1", LENGTHS "' 1'" },
		{ "remote/24/64/8", LENGTHS "'24/64/8'" },
		{ "local/x,remote", LENGTHS "'x'" },
		{ "local/4294967296", LENGTHS "'4294967296'" },
		{ "local/24/18446744073709551616", LENGTHS "'24/18446744073709551616'" },
		{ "dport/8", NO_LENGTH "'dport/8'" },
		{ "remote,netns/1,x", NO_LENGTH "'netns/1'" },
		{ "0123456789012345678901234567890123456789more",
		  WHICH "'0123456789012345678901234567890123456789'" },
	};
	struct tws_group_by by;
	char small[8];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		strcpy(err, "no error");
		if (group_by_parse(cases[i].text, &by, err, sizeof(err)) != -1 ||
		    strcmp(err, cases[i].says))
			fail_msg("'%s': %s", cases[i].text, err);
	}
	assert_int_equal(group_by_parse("x", &by, small, sizeof(small)), -1);
	assert_string_equal(small, "expecte");
}

/* Replies */

static int parse(const struct msg *m, struct tws_group *g)
{
	strcpy(err, "no error");
	return twnl_parse_group(m->buf, m->len, g, err, sizeof(err));
}

static void good_totals(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_group g;

	(void)state;
	msg_group_totals(m, 3);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.kind, GROUP_TOTALS);
	assert_int_equal(g.count, 3000);
	assert_true(g.has_in_use);
	assert_int_equal(g.in_use, 30);
	assert_int_equal(g.groups, 3);
	assert_int_equal(g.walk_us, 1234);
	/* where verdict or substate is a key */
	m = msg_fresh();
	m->without = TWSCOPE_A_GROUP_TOTAL_IN_USE;
	msg_group_totals(m, 3);
	assert_int_equal(parse(m, &g), 0);
	assert_false(g.has_in_use);
	assert_int_equal(g.in_use, 0);
}

static void counts_are(const struct tws_group *g)
{
	assert_int_equal(g->count, 1000);
	assert_int_equal(g->verdicts[TWSCOPE_VERDICT_REUSABLE], 600);
	assert_int_equal(g->verdicts[TWSCOPE_VERDICT_TOO_YOUNG], 400);
	assert_int_equal(g->n_closes, 60);
	assert_int_equal(g->closes[0], 20);
	assert_int_equal(g->closes[59], 79);
	assert_int_equal(g->earliest_ms, 700);
	assert_int_equal(g->latest_ms, 59300);
	assert_true(g->has_in_use);
	assert_int_equal(g->in_use, 10);
	assert_int_equal(g->in_use_searched, 7);
	assert_true(g->has_bind_blocked_ports);
	assert_int_equal(g->bind_blocked_ports, 30);
}

static void good_group(void **state)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 };
	struct msg *m = msg_fresh();
	struct tws_group g;

	(void)state;
	msg_group(m, 1);
	msg_u32(m, TWSCOPE_A_GROUP_NETNS, 4026531840);
	msg_u32(m, TWSCOPE_A_GROUP_FAMILY, AF_INET6);
	msg_put(m, TWSCOPE_A_GROUP_LOCAL, v6, 16);
	msg_u32(m, TWSCOPE_A_GROUP_LOCAL_PORT, 65535);
	msg_u32(m, TWSCOPE_A_GROUP_IFINDEX, 3);
	msg_u32(m, TWSCOPE_A_GROUP_MARK, 0x2a);
	msg_u32(m, TWSCOPE_A_GROUP_SUBSTATE, TWSCOPE_SUBSTATE_FIN_WAIT2);
	msg_u32(m, TWSCOPE_A_GROUP_VERDICT, TWSCOPE_VERDICT_FIN_WAIT2);
	msg_u32(m, TWSCOPE_A_GROUP_LOCAL_PORTS, 999);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.kind, GROUP_ONE);
	counts_are(&g);
	assert_int_equal(g.netns, 4026531840);
	assert_int_equal(g.family, AF_INET6);
	assert_int_equal(g.local_family, AF_INET6);
	assert_memory_equal(g.local, v6, 16);
	assert_int_equal(g.local_port, 65535);
	assert_int_equal(g.remote_family, AF_INET);
	assert_memory_equal(g.remote, ((uint8_t[]){ 198, 51, 100, 1 }), 4);
	assert_int_equal(g.remote_port, 443);
	assert_int_equal(g.ifindex, 3);
	assert_int_equal(g.mark, 0x2a);
	assert_int_equal(g.substate, TWSCOPE_SUBSTATE_FIN_WAIT2);
	assert_int_equal(g.verdict, TWSCOPE_VERDICT_FIN_WAIT2);
	assert_false(g.has_whatif);
	assert_true(g.has_local_ports);
	assert_int_equal(g.local_ports, 999);
}

/* Nothing of the group before is left in what has no keys. */
static void sums(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_group g;

	(void)state;
	memset(&g, 0xff, sizeof(g));
	msg_group_sum(m, TWSCOPE_A_GROUP_REST, 4);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.kind, GROUP_REST);
	assert_int_equal(g.groups, 4);
	assert_int_equal(g.local_family | g.remote_family | g.family, 0);
	assert_false(g.has_local_ports);
	counts_are(&g);
	m = msg_fresh();
	msg_group_sum(m, TWSCOPE_A_GROUP_OTHER, 0);
	msg_group_whatif(m);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.kind, GROUP_OTHER);
	assert_true(g.has_whatif);
	assert_int_equal(g.whatif[TWSCOPE_VERDICT_REUSABLE], 1000);
	counts_are(&g);
}

static void bare_group(void **state)
{
	static const int optional[] = {
		TWSCOPE_A_GROUP_REMOTE, TWSCOPE_A_GROUP_REMOTE_PORT,
		TWSCOPE_A_GROUP_EARLIEST_MS, TWSCOPE_A_GROUP_LATEST_MS,
		TWSCOPE_A_GROUP_IN_USE, TWSCOPE_A_GROUP_IN_USE_SEARCHED,
		TWSCOPE_A_GROUP_BIND_BLOCKED_PORTS,
	};
	static const struct { int attr; const char *name; } needed[] = {
		{ TWSCOPE_A_GROUP_COUNT, "count" },
		{ TWSCOPE_A_GROUP_VERDICTS, "verdicts" },
		{ TWSCOPE_A_GROUP_CLOSES_HIST, "closes-hist" },
	};
	struct tws_group g;
	struct msg *m;
	char want[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(optional); i++) {
		m = msg_fresh();
		m->without = optional[i];
		msg_group(m, 1);
		assert_int_equal(parse(m, &g), 0);
	}
	assert_true(g.has_in_use);
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		m = msg_fresh();
		m->without = needed[i].attr;
		msg_group(m, 1);
		assert_int_equal(parse(m, &g), -1);
		snprintf(want, sizeof(want), "group-get reply is wrong: attribute %s is missing",
			 needed[i].name);
		if (!strstr(err, want))
			fail_msg("%s", err);
	}
}

static void wrong_lengths(void **state)
{
	static const struct {
		int attr, bytes;
		const char *says;
	} cases[] = {
		{ TWSCOPE_A_GROUP_COUNT, 3, "count has 3 bytes" },
		{ TWSCOPE_A_GROUP_COUNT, 8, "count has 8 bytes" },
		{ TWSCOPE_A_GROUP_REMOTE, 5, "remote has 5 bytes" },
		{ TWSCOPE_A_GROUP_REMOTE, 0, "remote has 0 bytes" },
		{ TWSCOPE_A_GROUP_REMOTE_PORT, 2, "remote-port has 2 bytes" },
		{ TWSCOPE_A_GROUP_VERDICTS, 4, "verdicts has 4 bytes" },
		{ TWSCOPE_A_GROUP_CLOSES_HIST, 10, "closes-hist has 10 bytes" },
		{ TWSCOPE_A_GROUP_IN_USE, 0, "in-use has 0 bytes" },
		{ TWSCOPE_A_GROUP_EARLIEST_MS, 5, "earliest-ms has 5 bytes" },
	};
	struct tws_group g;
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m = msg_fresh();
		m->resize = cases[i].attr;
		m->resize_to = cases[i].bytes;
		msg_group(m, 1);
		if (parse(m, &g) != -1 || !strstr(err, cases[i].says))
			fail_msg("'%s': '%s'", cases[i].says, err);
	}
}

static void wrong_values(void **state)
{
	struct msg *m = msg_fresh();
	struct tws_group g;

	(void)state;
	msg_group(m, 1);
	msg_u32(m, TWSCOPE_A_GROUP_FAMILY, AF_UNIX);
	assert_int_equal(parse(m, &g), -1);
	assert_non_null(strstr(err, "family 1 is unknown"));
	m = msg_fresh();
	msg_group(m, 1);
	msg_u32(m, TWSCOPE_A_GROUP_LOCAL_PORT, 65536);
	assert_int_equal(parse(m, &g), -1);
	assert_non_null(strstr(err, "group-get reply is wrong: attribute local-port is 65536"));
}

/* Of a newer module: more verdicts are unknown ones, more seconds are left out. */
static void of_another_module(void **state)
{
	uint32_t verdicts[TWSCOPE_N_VERDICTS + 2] = { 1, [TWSCOPE_N_VERDICTS] = 20, 300 };
	uint32_t closes[TWSCOPE_CLOSES_SLOTS + 5];
	struct msg *m = msg_fresh();
	struct tws_group g;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(closes); i++)
		closes[i] = (uint32_t)i + 1;
	msg_u32(m, TWSCOPE_A_GROUP_COUNT, 321);
	msg_put(m, TWSCOPE_A_GROUP_VERDICTS, verdicts, sizeof(verdicts));
	msg_put(m, TWSCOPE_A_GROUP_CLOSES_HIST, closes, sizeof(closes));
	msg_u32(m, TWSCOPE_A_GROUP_MAX + 1, 1);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.verdicts[TWSCOPE_VERDICT_UNKNOWN], 321);
	assert_int_equal(g.n_closes, TWSCOPE_CLOSES_SLOTS);
	assert_int_equal(g.closes[TWSCOPE_CLOSES_SLOTS - 1], TWSCOPE_CLOSES_SLOTS);
	m = msg_fresh();
	msg_u32(m, TWSCOPE_A_GROUP_COUNT, 1);
	msg_put(m, TWSCOPE_A_GROUP_VERDICTS, verdicts, 4 * TWSCOPE_N_VERDICTS);
	msg_put(m, TWSCOPE_A_GROUP_CLOSES_HIST, closes, 12);
	assert_int_equal(parse(m, &g), 0);
	assert_int_equal(g.n_closes, 3);
	assert_int_equal(g.closes[2], 3);
	assert_int_equal(g.closes[3], 0);
	assert_false(g.has_in_use);
}

/* Every attribute of an answer that the spec has is read: a change of it shows. */
static void spec_is_read(void **state)
{
	static const char *const asked[] = {
		"filter", "all_netns", "policy", "keys", "local_prefix_len_ipv4",
		"local_prefix_len_ipv6", "remote_prefix_len_ipv4",
		"remote_prefix_len_ipv6", "sort", "limit", "count_ports",
	};
	struct tws_group g, empty;
	struct spec_set spec;
	struct msg *m;
	size_t i, first = ARRAY_SIZE(asked);

	(void)state;
	spec_read("group", &spec);
	for (i = 0; i < first; i++)
		assert_string_equal(spec.name[i], asked[i]);
	m = msg_fresh();
	msg_group(m, 1);
	assert_int_equal(parse(m, &empty), 0);
	for (i = first; i < spec.n; i++) {
		m = msg_fresh();
		m->without = (int)i + 1;
		msg_group(m, 1);
		m->without = 0;
		if (strstr(spec.name[i], "verdicts"))
			msg_put(m, (int)i + 1, (uint32_t[TWSCOPE_N_VERDICTS]){ 7 },
				4 * TWSCOPE_N_VERDICTS);
		else if (!strcmp(spec.name[i], "local") || !strcmp(spec.name[i], "remote"))
			msg_put(m, (int)i + 1, (uint8_t[]){ 9, 9, 9, 9 }, 4);
		else if (!strcmp(spec.name[i], "rest") || !strcmp(spec.name[i], "other"))
			msg_put(m, (int)i + 1, "", 0);
		else if (!strcmp(spec.name[i], "family"))
			msg_u32(m, (int)i + 1, AF_INET6);
		else
			msg_u32(m, (int)i + 1, 9);
		if (!strcmp(spec.name[i], "walk_us") || !strcmp(spec.name[i], "total_in_use"))
			msg_u32(m, TWSCOPE_A_GROUP_TOTAL, 8);
		if (parse(m, &g) || !memcmp(&g, &empty, sizeof(g)))
			fail_msg("%s is not read: %s", spec.name[i], err);
	}
}

/* Requests */

static void request_is(const struct tws_group_query *q, const char *want)
{
	struct nl_msg *msg = nlmsg_alloc_size(16384);
	int len;

	assert_int_equal(twnl_put_group(msg, q), 0);
	len = nlmsg_datalen(nlmsg_hdr(msg));
	assert_string_equal(shown(msg), want);
	/* a message that is too small */
	msg = nlmsg_alloc_size((size_t)(NLMSG_HDRLEN + len - 4));
	assert_int_equal(twnl_put_group(msg, q), -1);
	nlmsg_free(msg);
}

static void requests(void **state)
{
	const struct tws_policy reuse = { .has_tcp_tw_reuse = true, .tcp_tw_reuse = 1 };
	struct tws_filter f = compiled("family inet6");
	struct tws_group_query q = { 0 };
	struct tws_group_by by;

	(void)state;
	q.by = &by;
	assert_int_equal(group_by_parse("remote,dport", &by, err, sizeof(err)), 0);
	/* 4 keys, 5 to 8 lengths: local IPv4 and IPv6, remote likewise; 9 sort, 10 limit */
	request_is(&q, "4(30000000) 5(20000000) 6(80000000) 7(20000000) 8(80000000) "
		       "9(00000000) 10(00000000)");
	assert_int_equal(group_by_parse("verdict,local/1/2,remote/3/4", &by, err,
					sizeof(err)), 0);
	q = (struct tws_group_query){
		.by = &by, .filter = &f, .policy = &reuse, .limit = 20,
		.sort = TWSCOPE_GROUP_SORT_HELD, .count_ports = true, .all_netns = true,
	};
	request_is(&q, "1{1{2(0a000000)}} 2() 3{1(01000000)} 4(14020000) 5(01000000) "
		       "6(02000000) 7(03000000) 8(04000000) 9(02000000) 10(14000000) 11()");
}

/* Exchanges */

static void say_groups(unsigned int seq, unsigned int n, bool rest, bool other)
{
	struct msg *m = msg_fresh();
	unsigned int i;
	size_t at;

	at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_GROUP_GET);
	msg_group_totals(m, n);
	msg_end(m, at);
	for (i = 0; i < n; i++) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_GROUP_GET);
		msg_group(m, i);
		msg_end(m, at);
	}
	if (rest) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_GROUP_GET);
		msg_group_sum(m, TWSCOPE_A_GROUP_REST, 5);
		msg_end(m, at);
	}
	if (other) {
		at = msg_genl(m, FAMILY, NLM_F_MULTI, seq, TWSCOPE_CMD_GROUP_GET);
		msg_group_sum(m, TWSCOPE_A_GROUP_OTHER, 0);
		msg_end(m, at);
	}
	peer_say(m);
	m = msg_fresh();
	msg_done(m, seq, 0, NULL);
	peer_say(m);
}

static struct tws_group_by by_remote(void)
{
	struct tws_group_by by;

	assert_int_equal(group_by_parse("remote,remote-port", &by, err, sizeof(err)), 0);
	return by;
}

static void taken(void **state)
{
	const struct tws_group_by by = by_remote();
	const struct tws_group_query q = { .by = &by };
	struct twnl *nl = peer_attached();
	struct groups g;
	unsigned int n, seq = 2;

	(void)state;
	/* about each power of two, where the room for them grows */
	for (n = 0; n < 18; n++, seq++) {
		say_groups(seq, n, n % 2, n % 3 == 0);
		assert_int_equal(groups_take(nl, &q, &g), 0);
		assert_int_equal(g.totals.groups, n);
		assert_int_equal(g.totals.count, 1000 * n);
		assert_int_equal(g.n, n);
		assert_int_equal(g.has_rest, n % 2);
		assert_int_equal(g.rest.groups, n % 2 ? 5 : 0);
		assert_int_equal(g.has_other, n % 3 == 0);
		assert_int_equal(g.other.count, n % 3 == 0 ? 1000 : 0);
		if (n) {
			assert_int_equal(g.row[0].remote[3], 0);
			assert_int_equal(g.row[n - 1].remote[3], n - 1);
		}
		groups_free(&g);
		assert_null(g.row);
		assert_int_equal(g.n, 0);
	}
	peer_detach(nl);
}

static void not_taken(void **state)
{
	const struct tws_group_by by = by_remote();
	const struct tws_group_query q = { .by = &by };
	struct twnl *nl = peer_attached();
	struct groups g;
	struct msg *m;
	size_t at;

	(void)state;
	/* nothing but an end */
	m = msg_fresh();
	msg_done(m, 2, 0, NULL);
	peer_say(m);
	assert_int_equal(groups_take(nl, &q, &g), -1);
	assert_string_equal(twnl_error(nl), "the module did not answer group-get");
	groups_free(&g);
	/* refused */
	m = msg_fresh();
	msg_done(m, 3, -EPERM, "mark: needs more");
	peer_say(m);
	assert_int_equal(groups_take(nl, &q, &g), -1);
	assert_string_equal(twnl_error(nl), "mark: needs more (Operation not permitted)");
	groups_free(&g);
	/* it fails midway: what came is there to be freed */
	m = msg_fresh();
	at = msg_genl(m, FAMILY, NLM_F_MULTI, 4, TWSCOPE_CMD_GROUP_GET);
	msg_group_totals(m, 2);
	msg_end(m, at);
	at = msg_genl(m, FAMILY, NLM_F_MULTI, 4, TWSCOPE_CMD_GROUP_GET);
	msg_group(m, 0);
	msg_end(m, at);
	msg_done(m, 4, -ENOMEM, NULL);
	peer_say(m);
	assert_int_equal(groups_take(nl, &q, &g), -1);
	assert_int_equal(g.n, 1);
	groups_free(&g);
	/* a group that is wrong */
	m = msg_fresh();
	at = msg_genl(m, FAMILY, NLM_F_MULTI, 5, TWSCOPE_CMD_GROUP_GET);
	msg_u32(m, TWSCOPE_A_GROUP_COUNT, 1);
	msg_end(m, at);
	msg_done(m, 5, 0, NULL);
	peer_say(m);
	assert_int_equal(groups_take(nl, &q, &g), -1);
	assert_non_null(strstr(twnl_error(nl), "attribute verdicts is missing"));
	groups_free(&g);
	peer_detach(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),
		cmocka_unit_test(aliases),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(good_totals),
		cmocka_unit_test(good_group),
		cmocka_unit_test(sums),
		cmocka_unit_test(bare_group),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(of_another_module),
		cmocka_unit_test(spec_is_read),
		cmocka_unit_test(requests),
		cmocka_unit_test(taken),
		cmocka_unit_test(not_taken),
	};

	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
