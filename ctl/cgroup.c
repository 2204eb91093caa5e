// SPDX-License-Identifier: GPL-2.0
/*
 * A cgroup's path has a component for each who manages: the deepest that is a
 * container is the one that a process lives in. A unit is told only where there
 * is no container, since a container may run units of its own.
 */
#define _GNU_SOURCE	/* memrchr() */
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "types.h"

#define ID_DIGITS 64
/* what "docker ps" shows of an id, and two groups of a pod's uid */
#define SHORT_ID 12
#define SHORT_UID 13
#define UID_DIGITS 32

/* Bytes of somebody else's text. */
struct span {
	const char *s;
	size_t len;
};

/* How far a path is read. */
struct walk {
	struct span before;
	bool in_kubepods;
	bool after_pod;
};

static const struct {
	const char *prefix;
	enum cgroup_kind kind;
} runtimes[] = {
	{ "docker", CGROUP_DOCKER },
	{ "libpod", CGROUP_PODMAN },
	{ "libpod-payload", CGROUP_PODMAN },
	{ "crio", CGROUP_CRIO },
	{ "cri-containerd", CGROUP_CONTAINERD },
	{ "containerd", CGROUP_CONTAINERD },
	{ "nerdctl", CGROUP_CONTAINERD },
};

static bool is(struct span a, const char *word)
{
	return a.len == strlen(word) && !memcmp(a.s, word, a.len);
}

static bool begins(struct span a, const char *word)
{
	return a.len >= strlen(word) && !memcmp(a.s, word, strlen(word));
}

static bool cut_start(struct span *a, const char *word)
{
	if (!begins(*a, word))
		return false;
	a->s += strlen(word);
	a->len -= strlen(word);
	return true;
}

static bool cut_end(struct span *a, const char *word)
{
	size_t n = strlen(word);

	if (a->len < n || memcmp(a->s + a->len - n, word, n))
		return false;
	a->len -= n;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_id(struct span a)
{
	size_t i;

	for (i = 0; i < a.len && is_hex(a.s[i]); i++)
		;
	return i == a.len && a.len == ID_DIGITS;
}

static void set(struct cgroup_owner *owner, enum cgroup_kind kind,
		struct span id)
{
	size_t n = id.len < sizeof(owner->id) ? id.len : sizeof(owner->id) - 1;

	owner->kind = kind;
	memcpy(owner->id, id.s, n);
	owner->id[n] = '\0';
}

/* 8f6a1b2c-1d2e-...; systemd has "_" for "-"; that of a static pod has neither */
static bool is_uid(struct span a)
{
	size_t i, digits = 0;

	for (i = 0; i < a.len; i++) {
		if (is_hex(a.s[i]))
			digits++;
		else if (a.s[i] != '-' && a.s[i] != '_')
			return false;
	}
	return digits == UID_DIGITS && a.len <= UID_DIGITS + 4;
}

/* podUID, or kubepods-burstable-podUID.slice, which :RUNTIME:ID may follow */
static bool take_pod(struct span c, struct cgroup_owner *owner)
{
	const char *colon = memchr(c.s, ':', c.len);
	char *dash;
	size_t i;

	if (colon)
		c.len = (size_t)(colon - c.s);
	cut_end(&c, ".slice");
	for (i = 0; i + 3 < c.len; i++) {
		struct span uid = { c.s + i + 3, c.len - i - 3 };

		if (memcmp(c.s + i, "pod", 3) || !is_uid(uid))
			continue;
		set(owner, CGROUP_POD, uid);
		while ((dash = strchr(owner->id, '_')))
			*dash = '-';
		return true;
	}
	return false;
}

/* The prefix before @id and a "-" or ":" in @c; false where there is none. */
static bool runtime_of(struct span c, struct span *id, struct span *prefix)
{
	const char *colon;

	if (c.len < ID_DIGITS + 2)
		return false;
	id->s = c.s + c.len - ID_DIGITS;
	id->len = ID_DIGITS;
	prefix->s = c.s;
	prefix->len = c.len - ID_DIGITS - 1;
	if (!is_id(*id) || (id->s[-1] != '-' && id->s[-1] != ':'))
		return false;
	/* SLICE:RUNTIME:ID, of a runtime that was told systemd's form */
	colon = memrchr(prefix->s, ':', prefix->len);
	if (colon) {
		prefix->len -= (size_t)(colon + 1 - prefix->s);
		prefix->s = colon + 1;
	}
	return true;
}

static bool take_container(const struct walk *w, struct span c,
			   struct cgroup_owner *owner)
{
	struct span id, prefix;
	size_t i;

	cut_end(&c, ".scope");
	if (is_id(c)) {
		set(owner, is(w->before, "docker") ? CGROUP_DOCKER :
						     CGROUP_CONTAINER, c);
		return true;
	}
	if (!runtime_of(c, &id, &prefix))
		return false;
	for (i = 0; i < ARRAY_SIZE(runtimes); i++) {
		if (!is(prefix, runtimes[i].prefix))
			continue;
		set(owner, runtimes[i].kind, id);
		return true;
	}
	return false;
}

static bool take_lxc(const struct walk *w, struct span c,
		     struct cgroup_owner *owner)
{
	if (!is(w->before, "lxc") && !is(w->before, "lxc.payload") &&
	    !cut_start(&c, "lxc.payload."))
		return false;
	if (c.len)
		set(owner, CGROUP_LXC, c);
	return c.len;
}

/* systemd writes "-" of a machine's name as \x2d */
static void unescape(char *s)
{
	char *at;

	while ((at = strstr(s, "\\x2d"))) {
		*at = '-';
		memmove(at + 1, at + 4, strlen(at + 4) + 1);
	}
}

static bool take_nspawn(const struct walk *w, struct span c,
			struct cgroup_owner *owner)
{
	bool machine = is(w->before, "machine.slice") &&
		       cut_start(&c, "machine-") && cut_end(&c, ".scope");
	bool service = !machine && cut_start(&c, "systemd-nspawn@") &&
		       cut_end(&c, ".service");

	/* libvirt registers its virtual machines there; they are no containers */
	if (!(machine || service) || !c.len || begins(c, "qemu"))
		return false;
	set(owner, CGROUP_NSPAWN, c);
	unescape(owner->id);
	return true;
}

static void take(struct walk *w, struct span c, struct cgroup_owner *owner)
{
	bool after_pod = w->after_pod;
	struct span unit = c;

	w->after_pod = false;
	if (begins(c, "kubepods"))
		w->in_kubepods = true;
	if (w->in_kubepods && take_pod(c, owner)) {
		w->after_pod = true;
		return;
	}
	/* the containers of a pod share its network namespace */
	if (after_pod && owner->kind == CGROUP_POD)
		return;
	if (take_container(w, c, owner) || take_lxc(w, c, owner) ||
	    take_nspawn(w, c, owner))
		return;
	if (owner->kind <= CGROUP_UNIT && cut_end(&unit, ".service") && unit.len)
		set(owner, CGROUP_UNIT, c);
}

static void read_path(struct span path, struct cgroup_owner *owner)
{
	struct walk w = { 0 };
	const char *slash;
	struct span c;

	memset(owner, 0, sizeof(*owner));
	/* what the kernel adds when the directory is gone */
	cut_end(&path, " (deleted)");
	while (path.len) {
		slash = memchr(path.s, '/', path.len);
		c.s = path.s;
		c.len = slash ? (size_t)(slash - path.s) : path.len;
		if (c.len) {
			take(&w, c, owner);
			w.before = c;
		}
		if (!slash)
			return;
		path.len -= c.len + 1;
		path.s = slash + 1;
	}
}

/* HIERARCHY:CONTROLLERS:PATH */
static bool path_of(struct span line, struct span *path)
{
	const char *colon = memchr(line.s, ':', line.len);
	const char *end = line.s + line.len;

	if (colon)
		colon = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	if (!colon || colon + 1 == end || colon[1] != '/')
		return false;
	path->s = colon + 1;
	path->len = (size_t)(end - path->s);
	return true;
}

bool cgroup_parse(const char *text, size_t len, struct cgroup_owner *owner)
{
	const char *end = text + len, *nl;
	struct cgroup_owner found;
	struct span line, path;

	memset(owner, 0, sizeof(*owner));
	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (!nl)
			nl = end;
		line.s = text;
		line.len = (size_t)(nl - text);
		if (!path_of(line, &path))
			continue;
		read_path(path, &found);
		if (found.kind > owner->kind)
			*owner = found;
	}
	return owner->kind != CGROUP_NONE;
}

const char *cgroup_kind_name(enum cgroup_kind kind)
{
	static const char *const names[N_CGROUP_KINDS] = {
		"", "unit", "nspawn", "lxc", "container", "crio", "containerd",
		"podman", "docker", "pod",
	};

	return names[kind];
}

char *cgroup_name(char *buf, size_t size, const struct cgroup_owner *owner)
{
	int room = CGROUP_NAME;

	if (owner->kind == CGROUP_UNIT) {
		snprintf(buf, size, "%s", owner->id);
		return buf;
	}
	if (owner->kind == CGROUP_POD)
		room = SHORT_UID;
	else if (owner->kind >= CGROUP_CONTAINER)
		room = SHORT_ID;
	snprintf(buf, size, "%s:%.*s", cgroup_kind_name(owner->kind), room,
		 owner->id);
	return buf;
}
