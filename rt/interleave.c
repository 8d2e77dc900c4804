#include "interleave.h"

typedef uint32_t four __attribute__((vector_size(16)));
typedef uint32_t loose __attribute__((vector_size(16), aligned(4), may_alias));

#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (four){__VA_ARGS__})
#endif

enum { LINE = 64 / sizeof(uint32_t) };

/* Four frames of four channels, whose samples stand frames apart. */
static inline void square(uint32_t *to, const uint32_t *from, long channels, long frames)
{
	four a = *(const loose *)from, b = *(const loose *)(from + frames);
	four c = *(const loose *)(from + 2 * frames), d = *(const loose *)(from + 3 * frames);
	four ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
	*(loose *)to = SHUFFLE(ab, cd, 0, 1, 4, 5);
	*(loose *)(to + channels) = SHUFFLE(ab, cd, 2, 3, 6, 7);
	ab = SHUFFLE(a, b, 2, 6, 3, 7), cd = SHUFFLE(c, d, 2, 6, 3, 7);
	*(loose *)(to + 2 * channels) = SHUFFLE(ab, cd, 0, 1, 4, 5);
	*(loose *)(to + 3 * channels) = SHUFFLE(ab, cd, 2, 3, 6, 7);
}

void interleave(uint32_t *to, const uint32_t *planar, long channels, long frames, long at, long n)
{
	const long wide = channels / 4 * 4, whole = n / 4 * 4; /* what squares cover */
	const uint32_t *from = planar + at;
	for (long i = 0; i < whole; i += 4) {
		if (i % LINE == 0)
			for (long c = 0; c < wide; c++)
				__builtin_prefetch(from + c * frames + i + 2 * LINE);
		for (long c = 0; c < wide; c += 4)
			square(to + i * channels + c, from + c * frames + i, channels, frames);
	}
	for (long c = 0; c < channels; c++)
		for (long i = c < wide ? whole : 0; i < n; i++)
			to[i * channels + c] = from[c * frames + i];
}
