#ifndef JACKKNIFE_VECTORS_H
#define JACKKNIFE_VECTORS_H

#include <stdint.h>

/* WIDER: vectors wider than any processor has can be asked for, one by one.
 * Of a function marked EVERYWHERE there is one for every kind of vectors; the
 * processor takes its own. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDER 1
#define EVERYWHERE __attribute__((target_clones("avx512f", "avx2", "default")))
#include <immintrin.h>

/* Eight neighbouring samples of 3 bytes; reads 28 bytes. */
static inline __attribute__((always_inline, target("avx2"))) __m256i eight24(const unsigned char *p)
{
	const __m256i high = _mm256_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
					      -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11);
	__m256i x = _mm256_loadu2_m128i((const __m128i *)(p + 12), (const __m128i *)p);
	return _mm256_srai_epi32(_mm256_shuffle_epi8(x, high), 8);
}
#else
#define EVERYWHERE
#endif

static inline int32_t sample24(const unsigned char *p)
{
	return (int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24) >> 8;
}

#endif
