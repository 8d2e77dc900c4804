//go:build cgo

/* -std=c11 keeps the compiler from fusing products with sums; clang wants to be told. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#include "samples.h"
#include "vectors.h"

static const double full = 1 << 23;

#ifdef WIDER
__attribute__((target("avx2")))
static long decode_eights(const unsigned char *raw, long n, double *x)
{
	const __m256d scale = _mm256_set1_pd(1 / full);
	long i = 0;
	for (; i + 10 <= n; i += 8) {
		__m256i v = eight24(raw + 3 * i);
		_mm256_storeu_pd(x + i, _mm256_mul_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(v)), scale));
		_mm256_storeu_pd(x + i + 4, _mm256_mul_pd(_mm256_cvtepi32_pd(_mm256_extracti128_si256(v, 1)), scale));
	}
	return i;
}

/* Four at a time; writes 4 bytes too many, which the next ones write over. */
__attribute__((target("avx2")))
static long encode_fours(const double *x, long n, unsigned char *raw)
{
	const __m256d low = _mm256_set1_pd(-full), high = _mm256_set1_pd(full - 1);
	const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
	long i = 0;
	for (; i + 6 <= n; i += 4) {
		__m256d v = _mm256_mul_pd(_mm256_loadu_pd(x + i), _mm256_set1_pd(full));
		v = _mm256_and_pd(v, _mm256_cmp_pd(v, v, _CMP_ORD_Q));
		v = _mm256_min_pd(_mm256_max_pd(v, low), high);
		_mm_storeu_si128((__m128i *)(raw + 3 * i), _mm_shuffle_epi8(_mm256_cvtpd_epi32(v), three));
	}
	return i;
}
#endif

void jk_decode24(const unsigned char *raw, long n, double *x)
{
	long i = 0;
#ifdef WIDER
	if (__builtin_cpu_supports("avx2"))
		i = decode_eights(raw, n, x);
#endif
	for (; i < n; i++)
		x[i] = sample24(raw + 3 * i) * (1 / full);
}

void jk_encode24(const double *x, long n, unsigned char *raw)
{
	long i = 0;
#ifdef WIDER
	if (__builtin_cpu_supports("avx2"))
		i = encode_fours(x, n, raw);
#endif
	for (; i < n; i++) {
		double v = x[i] * full;
		v = v != v ? 0 : v < -full ? -full : v > full - 1 ? full - 1 : v;
		v += 0x1.8p52; /* rounds to even */
		v -= 0x1.8p52;
		uint32_t s = (uint32_t)(int32_t)v;
		raw[3 * i] = (unsigned char)s;
		raw[3 * i + 1] = (unsigned char)(s >> 8);
		raw[3 * i + 2] = (unsigned char)(s >> 16);
	}
}

void jk_sums24(const unsigned char *raw, int64_t start, int channels, int lag, struct jk_sums *sums, int count)
{
	for (int k = 0; k < count; k++) {
		struct jk_sums *s = sums + k;
		const unsigned char *p = raw + 3 * ((s->at - start) * channels + k % channels);
		int n = (int)s->n;
		double x[16], sum = 0, squares = 0, hiss = 0;
		for (int i = 0; i < n; i++)
			x[i] = sample24(p + 3L * i * channels) * (1 / full);
		for (int i = 0; i < n; i++) {
			sum += x[i];
			squares += x[i] * x[i];
		}
		for (int i = lag; i < n; i++)
			hiss += (x[i] - x[i - lag]) * (x[i] - x[i - lag]);
		s->x = sum, s->squares = squares;
		s->hiss = n > lag ? hiss * (s->n / (n - lag)) : 0;
	}
}
