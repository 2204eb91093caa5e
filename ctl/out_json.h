/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the JSON writer share. */
#ifndef TWCTL_OUT_JSON_H
#define TWCTL_OUT_JSON_H

#include <jansson.h>

#include "out.h"

/* Each takes its value over; without memory they end the program. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_int(json_t *object, const char *key, uint64_t v);
void json_put_string(json_t *object, const char *key, const char *s);
/* Which one it is, and where that is known what it is called, and by whom. */
void json_put_netns(const struct out *o, json_t *object, uint32_t inode);
void json_put_hist(json_t *object, const char *key, const struct tws_hist *h);
void json_put_address(json_t *object, const char *key, uint16_t family,
		      const uint8_t *addr);
/* @name, or the number @v where that has no name here. */
void json_put_name(json_t *object, const char *key, const char *name,
		   uint32_t v);
/* The key is @name with "_" for "-". */
void json_put_count(json_t *object, const char *name, uint64_t v);
void json_put_verdicts(json_t *object, const char *key,
		       const uint32_t v[TWSCOPE_N_VERDICTS]);

json_t *json_sysctls(const struct tws_sysctls *s);
json_t *json_of_summary(const struct out *o, const struct tws_summary *s);

/* Writes what goes before a row of an array. */
void json_begin_row(struct out *o);
/* Writes @object out and frees it. */
void json_emit(struct out *o, json_t *object);

/* out_json_list.c */
json_t *json_of_bucket(const struct tws_bucket *b);
void json_bucket(struct out *o, const struct tws_bucket *b);

/* out_json_verdict.c */
void json_whatif(struct out *o, const struct tws_summary *s,
		 const struct tws_policy *policy);
void json_explanation(struct out *o, const struct explanation *e);
void json_ports(struct out *o, const struct port_report *r);

/* out_json_group.c */
void json_groups(struct out *o, const struct group_report *r);
void json_pressure(struct out *o, const struct pressure_report *r);

/* out_json_observe.c */
json_t *json_of_hooks(const struct hooks *h);
void json_observe(struct out *o, const struct observe_report *r);
void json_stats(struct out *o, const struct tws_stats *s);
void json_rates(struct out *o, const struct tws_stats *s, uint64_t now_ns);
void json_event(struct out *o, const struct tws_event *e);
void json_lost(struct out *o, uint64_t n);

/* out_json_diff.c */
void json_diff(struct out *o, const struct diff *d);

/* out_json_doctor.c */
void json_doctor(struct out *o, const struct doctor_report *r);

#endif /* TWCTL_OUT_JSON_H */
