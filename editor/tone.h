#ifndef JACKKNIFE_TONE_H
#define JACKKNIFE_TONE_H

#include "bands.h"

/* The inner loops of the room tone's model and of the judgement; tone.go has
 * the same arithmetic, operation by operation. Looks and means are jk_lanes
 * floats each; mean holds one for every cell of so many looks. Lanes past the
 * bands hold -140 dB and have limits that nothing reaches. Called from any
 * thread; they touch only what they are given. */

enum { jk_look_active = 1, jk_look_core = 2, jk_look_odd = 4, jk_look_voiced = 8 };

struct jk_limits {
	float centre[jk_lanes], scale[jk_lanes];
	float active[jk_lanes], core[jk_lanes];
	float odd[jk_lanes];
	float all;
};

/* For each of n looks: 1 if some band is more than over above the mean, 2 if any sounds at all. */
void jk_stands(const float *looks, int n, const float *mean, int cell, const float *over, unsigned char *what);

/* Adds the looks that are clean to the sum of their cell. */
void jk_sum(const float *looks, const unsigned char *clean, int n, int cell, float *sums);

/* Says what each of n looks is; bits are added to is. */
void jk_judge(const float *fast, const float *slow, int n, const float *mean, int cell,
	      const struct jk_limits *of_fast, const struct jk_limits *of_slow, unsigned char *is);

#endif
