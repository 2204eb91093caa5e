// SPDX-License-Identifier: GPL-2.0
/*
 * The names of network namespaces, which have none of their own: those of
 * "ip netns", else of whoever's processes live there.
 */
#define _GNU_SOURCE	/* reallocarray() */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "netns.h"
#include "text.h"

/*
 * Numbers that the kernel gives out to nobody else: the initial network
 * namespace has one from 6.18 on, the initial pid namespace always had.
 */
#define INIT_NET_INODE 0xeffffff9U
#define INIT_PID_INODE 0xeffffffcU

/* a process in a hundred hierarchies; and what docker says of a container */
#define CGROUP_SIZE 16384
#define DOCKER_SIZE (1 << 20)

struct netns_names {
	/* 0 where it cannot be told */
	uint32_t initial;
	uint32_t own;
	size_t n;
	size_t room;
	struct netns_label *label;
};

/* The namespace that a link such as /proc/1/ns/net leads to; 0 for none. */
static uint32_t inode_of(const char *proc, const char *pid, const char *type)
{
	char path[PATH_MAX], link[64], *end;
	size_t len = strlen(type);
	unsigned long inode;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s/ns/%s", proc, pid, type);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return 0;
	link[n] = '\0';
	if (strncmp(link, type, len) || strncmp(link + len, ":[", 2))
		return 0;
	inode = strtoul(link + len + 2, &end, 10);
	return *end == ']' && inode <= UINT32_MAX ? (uint32_t)inode : 0;
}

/* Up to @size - 1 bytes and a NUL; -1 where it cannot be read. */
static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (len + 1 < size &&
	       (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	buf[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

static ssize_t read_of_process(const char *proc, uint32_t pid,
			       const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%u/%s", proc, pid, file);
	return read_file(path, buf, size);
}

/* Where the label of @inode is, or would be: they are in order. */
static size_t place_of(const struct netns_names *names, uint32_t inode)
{
	size_t low = 0, high = names->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (names->label[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct netns_label *netns_find(const struct netns_names *names,
				     uint32_t inode)
{
	size_t i = names ? place_of(names, inode) : 0;

	if (!names || i == names->n || names->label[i].inode != inode)
		return NULL;
	return names->label[i].name[0] ? &names->label[i] : NULL;
}

/* That of @inode, an empty one where there was none; NULL without memory. */
static struct netns_label *label_of(struct netns_names *names, uint32_t inode)
{
	size_t i = place_of(names, inode), room = 2 * names->room + 16;
	struct netns_label *more;

	if (i < names->n && names->label[i].inode == inode)
		return &names->label[i];
	if (names->n == names->room) {
		more = reallocarray(names->label, room, sizeof(*more));
		if (!more)
			return NULL;
		names->label = more;
		names->room = room;
	}
	memmove(&names->label[i + 1], &names->label[i],
		(names->n - i) * sizeof(*names->label));
	names->n++;
	memset(&names->label[i], 0, sizeof(*names->label));
	names->label[i].inode = inode;
	return &names->label[i];
}

static void add_name(struct netns_names *names, uint32_t inode,
		     enum netns_kind kind, const char *name)
{
	struct netns_label *l = inode ? label_of(names, inode) : NULL;

	if (!l || l->name[0])
		return;
	l->kind = kind;
	text_harmless(l->name, sizeof(l->name), name);
}

/* It goes by that name wherever its number is known, also where process 1 is not in it. */
static void add_initial(struct netns_names *names)
{
	struct netns_label *l;

	add_name(names, INIT_NET_INODE, NETNS_INITIAL, "init");
	add_name(names, names->initial, NETNS_INITIAL, "init");
	l = names->initial ? label_of(names, names->initial) : NULL;
	if (l)
		l->pid = 1;
}

static void add_those_of_ip(struct netns_names *names, const char *path)
{
	DIR *dir = opendir(path);
	struct stat self, st;
	struct dirent *d;

	if (!dir)
		return;
	while (!stat("/proc/self/ns/net", &self) && (d = readdir(dir))) {
		/* a file that nothing is mounted on is on another device */
		if (d->d_name[0] != '.' &&
		    !fstatat(dirfd(dir), d->d_name, &st, 0) &&
		    st.st_dev == self.st_dev)
			add_name(names, (uint32_t)st.st_ino, NETNS_NAMED,
				 d->d_name);
	}
	closedir(dir);
}

/* Process 1 of a container is in another pid namespace than the first one. */
static uint32_t find_initial(const char *proc)
{
	if (inode_of(proc, "1", "pid") == INIT_PID_INODE)
		return inode_of(proc, "1", "net");
	return 0;
}

/* A namespace's process is that with the lowest number: often its first. */
static void note_process(struct netns_names *names, const char *proc,
			 const char *name)
{
	uint32_t inode = inode_of(proc, name, "net");
	unsigned long pid = strtoul(name, NULL, 10);
	struct netns_label *l = inode ? label_of(names, inode) : NULL;

	if (!l || pid > INT_MAX)
		return;
	if (!l->pid || pid < l->pid)
		l->pid = (uint32_t)pid;
}

static void find_processes(struct netns_names *names, const char *proc)
{
	DIR *dir = opendir(proc);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			note_process(names, proc, d->d_name);
	if (dir)
		closedir(dir);
}

/* What people named it, "/web", which no runtime but docker leaves in a file. */
static bool docker_name(const char *docker, const char *id, char *name,
			size_t size)
{
	char path[PATH_MAX], *text = malloc(DOCKER_SIZE);
	const char *s = NULL;
	json_t *j = NULL;
	ssize_t n = -1;
	bool named;

	snprintf(path, sizeof(path), "%s/containers/%s/config.v2.json", docker,
		 id);
	if (text)
		n = read_file(path, text, DOCKER_SIZE);
	if (n > 0)
		j = json_loadb(text, (size_t)n, 0, NULL);
	free(text);
	s = json_string_value(json_object_get(j, "Name"));
	if (s && *s == '/')
		s++;
	named = s && *s;
	if (named)
		snprintf(name, size, "docker:%s", s);
	json_decref(j);
	return named;
}

static void name_by_cgroup(const struct netns_places *places,
			   struct netns_label *l, struct cgroup_owner *owner)
{
	char name[CGROUP_NAME + 32];

	if (owner->kind != CGROUP_DOCKER ||
	    !docker_name(places->docker, owner->id, name, sizeof(name)))
		cgroup_name(name, sizeof(name), owner);
	l->kind = NETNS_CGROUP;
	l->owner.kind = owner->kind;
	text_harmless(l->owner.id, sizeof(l->owner.id), owner->id);
	text_harmless(l->name, sizeof(l->name), name);
}

static void name_by_process(struct netns_label *l, char *comm)
{
	char name[64];

	comm[strcspn(comm, "\n")] = '\0';
	snprintf(name, sizeof(name), "pid %u (%.32s)", l->pid, comm);
	l->kind = NETNS_PROCESS;
	text_harmless(l->name, sizeof(l->name), name);
}

/* Whoever vanishes meanwhile leaves its namespace without a name. */
static void name_by_owner(const struct netns_places *places,
			  struct netns_label *l)
{
	char text[CGROUP_SIZE], comm[64], pid[16];
	struct cgroup_owner owner = { 0 };
	ssize_t n, m;

	n = read_of_process(places->proc, l->pid, "cgroup", text, sizeof(text));
	m = read_of_process(places->proc, l->pid, "comm", comm, sizeof(comm));
	snprintf(pid, sizeof(pid), "%u", l->pid);
	/* the number may be another's by now */
	if (inode_of(places->proc, pid, "net") != l->inode)
		return;
	if (n > 0 && cgroup_parse(text, (size_t)n, &owner))
		name_by_cgroup(places, l, &owner);
	else if (m > 0)
		name_by_process(l, comm);
}

struct netns_names *netns_names_load_from(const struct netns_places *places,
					  enum netns_wanted wanted)
{
	struct netns_names *names = calloc(1, sizeof(*names));
	size_t i;

	if (!names)
		return NULL;
	names->initial = find_initial(places->proc);
	names->own = inode_of(places->proc, "self", "net");
	add_those_of_ip(names, places->netns);
	add_initial(names);
	if (wanted == NETNS_CHEAP ||
	    (wanted == NETNS_OWN && netns_find(names, names->own)))
		return names;
	find_processes(names, places->proc);
	for (i = 0; i < names->n; i++)
		if (!names->label[i].name[0])
			name_by_owner(places, &names->label[i]);
	return names;
}

struct netns_names *netns_names_load(enum netns_wanted wanted)
{
	static const struct netns_places places = {
		.proc = "/proc",
		.netns = NETNS_DIR,
		.docker = "/var/lib/docker",
	};

	return netns_names_load_from(&places, wanted);
}

void netns_names_reload(struct netns_names *names, enum netns_wanted wanted)
{
	struct netns_names *loaded = netns_names_load(wanted), old = *names;

	if (!loaded)
		return;
	*names = *loaded;
	*loaded = old;
	netns_names_free(loaded);
}

void netns_names_free(struct netns_names *names)
{
	if (!names)
		return;
	free(names->label);
	free(names);
}

const char *netns_name(const struct netns_names *names, uint32_t inode)
{
	const struct netns_label *l = netns_find(names, inode);

	return l ? l->name : NULL;
}

const char *netns_kind_name(const struct netns_label *label)
{
	switch (label->kind) {
	case NETNS_INITIAL:
		return "initial";
	case NETNS_NAMED:
		return "named";
	case NETNS_CGROUP:
		return cgroup_kind_name(label->owner.kind);
	case NETNS_PROCESS:
		break;
	}
	return "process";
}

bool netns_is_initial(const struct netns_names *names, uint32_t inode)
{
	return inode == INIT_NET_INODE ||
	       (names && names->initial && inode == names->initial);
}

bool netns_is_own(const struct netns_names *names, uint32_t inode)
{
	return names && names->own && inode == names->own;
}
