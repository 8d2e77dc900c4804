//go:build cgo

/* -std=c11 keeps the compiler from fusing products with sums; clang wants to be told. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#include "tone.h"
#include "vectors.h"

/* Below this there is only digital silence. */
static const float dead = -125;

EVERYWHERE
void jk_stands(const float *looks, int n, const float *mean, int cell, const float *over, unsigned char *what)
{
	for (int i = 0; i < n; i++, looks += jk_lanes) {
		const float *m = mean + i / cell * jk_lanes;
		int out = 0, sounds = 0;
#pragma GCC unroll 1 /* or it is no loop when vectors are made of loops */
		for (int b = 0; b < jk_lanes; b++) {
			out |= looks[b] > m[b] + over[b];
			sounds |= looks[b] > dead;
		}
		what[i] = out | sounds << 1;
	}
}

EVERYWHERE
void jk_sum(const float *looks, const unsigned char *clean, int n, int cell, float *restrict sums)
{
	for (int i = 0; i < n; i++, looks += jk_lanes) {
		float *s = sums + i / cell * jk_lanes;
		if (clean[i])
#pragma GCC unroll 1
			for (int b = 0; b < jk_lanes; b++)
				s[b] += looks[b];
	}
}

/* How many sigmas above the tone, held between -2 and 5. */
static inline float sigmas(float above, float centre, float scale)
{
	float z = (above - centre) * scale;
	z = z > 5 ? 5 : z;
	return z < -2 ? -2 : z;
}

static inline float sum(float z[jk_lanes])
{
	for (int h = jk_lanes / 2; h > 0; h /= 2)
		for (int b = 0; b < h; b++)
			z[b] += z[b + h];
	return z[0];
}

static inline int voiced(const float *look, const float *mean, const float *core)
{
	float low = dead, high[jk_lanes];
	for (int b = 0; b < 3; b++)
		if (look[b] - mean[b] > core[b] && look[b] > low)
			low = look[b];
	for (int b = 0; b < jk_lanes; b++)
		high[b] = b >= 3 && look[b] > dead ? look[b] : dead;
	for (int h = jk_lanes / 2; h > 0; h /= 2)
		for (int b = 0; b < h; b++)
			high[b] = high[b] > high[b + h] ? high[b] : high[b + h];
	return low > high[0] - 10;
}

EVERYWHERE
void jk_judge(const float *f, const float *s, int n, const float *mean, int cell,
	      const struct jk_limits *fast, const struct jk_limits *slow, unsigned char *is)
{
	for (int i = 0; i < n; i++, f += jk_lanes, s += jk_lanes) {
		const float *m = mean + i / cell * jk_lanes;
		float zf[jk_lanes], zs[jk_lanes];
		int active = 0, core = 0, sounds = 0, odd = 0, slowly = 0;
		for (int b = 0; b < jk_lanes; b++) {
			float d = f[b] - m[b], e = s[b] - m[b], c = e - slow->centre[b];
			active |= d > fast->active[b];
			core |= d > fast->core[b];
			sounds |= f[b] > dead;
			slowly |= e > slow->active[b];
			odd |= (c > slow->odd[b]) | (-c > slow->odd[b]);
			zf[b] = sigmas(d, fast->centre[b], fast->scale[b]);
			zs[b] = sigmas(e, slow->centre[b], slow->scale[b]);
		}
		if (!sounds)
			odd = 1;
		else if (!active)
			active = slowly || sum(zf) > fast->all || sum(zs) > slow->all;
		if (active)
			is[i] |= jk_look_active | jk_look_odd;
		else if (odd)
			is[i] |= jk_look_odd;
		if (core) {
			is[i] |= jk_look_core;
			if (voiced(f, m, fast->core))
				is[i] |= jk_look_voiced;
		}
	}
}
