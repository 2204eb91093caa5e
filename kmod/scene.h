/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_SCENE_H
#define TWSCOPE_SCENE_H

/* scene.c */
int twscope_scene_watch(const char **why);

#endif /* TWSCOPE_SCENE_H */
