//go:build cgo

/* -std=c11 keeps the compiler from fusing products with sums; clang wants to be told. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#include "bands.h"
#include "vectors.h"

#include <string.h>

#define COS1 0.9238795325112867f /* cos pi/8 */
#define SIN1 0.3826834323650898f /* sin pi/8 */
#define HALF 0.7071067811865476f /* sqrt 1/2 */

#ifdef __clang__
#define SHUFFLE(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif

#define W 4
#define NAME(x) x##_4
#include "bands_kernel.h"
#undef W
#undef NAME

#ifdef WIDER
#pragma GCC push_options
#pragma GCC target("avx2")
#define W 8
#define NAME(x) x##_8
#include "bands_kernel.h"
#undef W
#undef NAME
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,prefer-vector-width=512")
#define W 16
#define NAME(x) x##_16
#include "bands_kernel.h"
#undef W
#undef NAME
#pragma GCC pop_options
#endif

int jk_measure(const struct jk_tables *t, int width, const float *d, int n, float *single)
{
	switch (width) {
#ifdef WIDER
	case 16:
		if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
		    !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512bw"))
			return 0;
		measure_16(t, d, n, single);
		return 1;
	case 8:
		if (!__builtin_cpu_supports("avx2"))
			return 0;
		measure_8(t, d, n, single);
		return 1;
#endif
	case 4:
		measure_4(t, d, n, single);
		return 1;
	}
	return 0;
}

static inline float decibels(float power)
{
	int32_t b;
	memcpy(&b, &power, 4);
	int32_t f = (b & 0x7fffff) | 0x3f800000;
	float m;
	memcpy(&m, &f, 4);
	m -= 1;
	float log2 = m * (1.4426157f + m * (-0.7170639f + m * (0.4422742f + m * (-0.2277126f + m * 0.0599456f))));
	return 3.0103f * ((float)((b >> 23) - 127) + log2);
}

EVERYWHERE
void jk_smooth(const float *single, int n, float *restrict fast, float *restrict slow, float *restrict power)
{
	for (int i = 0; i < n; i++, single += jk_lanes, fast += jk_lanes, slow += jk_lanes) {
		const float *s = single;
		float mid[jk_lanes];
		for (int b = 0; b < jk_lanes; b++) {
			float three = s[3 * jk_lanes + b] + s[4 * jk_lanes + b] + s[5 * jk_lanes + b];
			float outer = (s[b] + s[8 * jk_lanes + b]) + (s[jk_lanes + b] + s[7 * jk_lanes + b]) +
				      (s[2 * jk_lanes + b] + s[6 * jk_lanes + b]);
			mid[b] = s[4 * jk_lanes + b];
			fast[b] = decibels(three * (1.0f / 3) + 1e-14f);
			slow[b] = decibels((three + outer) * (1.0f / 9) + 1e-14f);
		}
		for (int h = jk_lanes / 2; h > 0; h /= 2)
			for (int b = 0; b < h; b++)
				mid[b] += mid[b + h];
		power[i] = mid[0];
	}
}

#ifdef WIDER
__attribute__((target("avx2")))
static int differences24(const unsigned char *raw, int n, float *d)
{
	int i = 0;
	for (; i + 10 <= n; i += 8) {
		__m256i x = _mm256_sub_epi32(eight24(raw + 3 * (long)i + 3), eight24(raw + 3 * (long)i));
		_mm256_storeu_ps(d + i, _mm256_mul_ps(_mm256_cvtepi32_ps(x), _mm256_set1_ps(1.0f / (1 << 23))));
	}
	return i;
}
#endif

EVERYWHERE
static void differences16(const unsigned char *raw, int stride, int n, float *restrict d)
{
	for (int i = 0; i < n; i++) {
		int16_t x, y;
		memcpy(&x, raw + (long)i * stride, 2);
		memcpy(&y, raw + (long)(i + 1) * stride, 2);
		d[i] = (float)(y - x) * (1.0f / (1 << 15));
	}
}

/* What is not a number, or no sound, is silence. */
static inline float sample_float(const unsigned char *p)
{
	float x;
	memcpy(&x, p, 4);
	return x > -1e6f && x < 1e6f ? x : 0;
}

EVERYWHERE
static void differences_float(const unsigned char *raw, int stride, int n, float *restrict d)
{
	for (int i = 0; i < n; i++)
		d[i] = sample_float(raw + (long)(i + 1) * stride) - sample_float(raw + (long)i * stride);
}

void jk_differences(const unsigned char *raw, int bytes, int stride, int n, float *d)
{
	if (bytes == 2) {
		differences16(raw, stride, n, d);
		return;
	}
	if (bytes == 4) {
		differences_float(raw, stride, n, d);
		return;
	}
	int i = 0;
#ifdef WIDER
	if (stride == 3 && __builtin_cpu_supports("avx2"))
		i = differences24(raw, n, d);
#endif
	int32_t last = sample24(raw + (long)i * stride);
	for (; i < n; i++) {
		int32_t x = sample24(raw + (long)(i + 1) * stride);
		d[i] = (float)(x - last) * (1.0f / (1 << 23));
		last = x;
	}
}
