/* The transform of one look, for vectors of W floats. Included by bands.c once
 * for every W. 256 complex points as 16 rows of 16: a transform down the
 * columns, a twist, and a transform along the rows (Bailey's four-step). */

typedef float NAME(v) __attribute__((vector_size(4 * W)));
typedef float NAME(vu) __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int NAME(vi) __attribute__((vector_size(4 * W)));
#define V NAME(v)
#define LOAD(p) ((V)(*(const NAME(vu) *)(p)))
#define STORE(p, x) (*(NAME(vu) *)(p) = (x))

#if W == 4
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#define REVERSE 3, 2, 1, 0
#define LOW1 0, 4, 2, 6
#define HIGH1 1, 5, 3, 7
#define LOW2 0, 1, 4, 5
#define HIGH2 2, 3, 6, 7
#elif W == 8
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#define REVERSE 7, 6, 5, 4, 3, 2, 1, 0
#define LOW1 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH1 1, 9, 3, 11, 5, 13, 7, 15
#define LOW2 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH2 2, 3, 10, 11, 6, 7, 14, 15
#define LOW4 0, 1, 2, 3, 8, 9, 10, 11
#define HIGH4 4, 5, 6, 7, 12, 13, 14, 15
#else
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define REVERSE 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
#define LOW1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define HIGH1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define LOW2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOW4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define HIGH4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOW8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#endif

#define SWAP(x, h, low, high)                                        \
	for (int i = 0; i < W; i++)                                  \
		if (!(i & h)) {                                      \
			V a = x[i], b = x[i + h];                    \
			x[i] = SHUFFLE(NAME(vi), a, b, low);         \
			x[i + h] = SHUFFLE(NAME(vi), a, b, high);    \
		}

static inline __attribute__((always_inline)) void NAME(transpose)(V x[W])
{
	SWAP(x, 1, LOW1, HIGH1)
	SWAP(x, 2, LOW2, HIGH2)
#if W >= 8
	SWAP(x, 4, LOW4, HIGH4)
#endif
#if W >= 16
	SWAP(x, 8, LOW8, HIGH8)
#endif
}

/* One radix-4 butterfly, in place. */
#define FOUR(a, b, c, d)                                             \
	{                                                            \
		V ar = re[a] + re[c], ai = im[a] + im[c];            \
		V br = re[a] - re[c], bi = im[a] - im[c];            \
		V cr = re[b] + re[d], ci = im[b] + im[d];            \
		V dr = im[b] - im[d], di = re[d] - re[b];            \
		re[a] = ar + cr, im[a] = ai + ci;                    \
		re[b] = br + dr, im[b] = bi + di;                    \
		re[c] = ar - cr, im[c] = ai - ci;                    \
		re[d] = br - dr, im[d] = bi - di;                    \
	}
#define TURN(p, c, s)                                                \
	{                                                            \
		V xr = re[p], xi = im[p];                            \
		re[p] = xr * (c) - xi * (s);                         \
		im[p] = xr * (s) + xi * (c);                         \
	}

/* 16 points, in place; bin k is left at 4 (k mod 4) + k / 4. */
static inline __attribute__((always_inline)) void NAME(sixteen)(V re[16], V im[16])
{
	FOUR(0, 4, 8, 12)
	FOUR(1, 5, 9, 13)
	FOUR(2, 6, 10, 14)
	FOUR(3, 7, 11, 15)
	TURN(5, COS1, -SIN1)
	TURN(9, HALF, -HALF)
	TURN(13, SIN1, -COS1)
	TURN(6, HALF, -HALF)
	{ V x = re[10]; re[10] = im[10]; im[10] = -x; }
	TURN(14, -HALF, -HALF)
	TURN(7, SIN1, -COS1)
	TURN(11, -HALF, -HALF)
	TURN(15, -COS1, SIN1)
	FOUR(0, 1, 2, 3)
	FOUR(4, 5, 6, 7)
	FOUR(8, 9, 10, 11)
	FOUR(12, 13, 14, 15)
}

static void NAME(look)(const struct jk_tables *t, const float *d, float *power)
{
	float real[256] __attribute__((aligned(64))), imag[256] __attribute__((aligned(64)));
	float zr[256] __attribute__((aligned(64))), zi[256] __attribute__((aligned(64)));
	V re[16], im[16];

	for (int c = 0; c < 16; c += W) {
		for (int r = 0; r < 16; r++) {
			if (r >= t->rows) {
				re[r] = im[r] = (V){0};
				continue;
			}
			const float *p = d + 32 * r + 2 * c, *w = t->window + 32 * r + 2 * c;
			V a = LOAD(p) * LOAD(w), b = LOAD(p + W) * LOAD(w + W);
			re[r] = SHUFFLE(NAME(vi), a, b, EVEN);
			im[r] = SHUFFLE(NAME(vi), a, b, ODD);
		}
		NAME(sixteen)(re, im);
		for (int k = 0; k < 16; k++) {
			int p = 4 * (k % 4) + k / 4;
			V x = re[p], y = im[p];
			V cs = LOAD(t->twiddle + 16 * k + c), sn = LOAD(t->twiddle + 256 + 16 * k + c);
			STORE(real + 16 * k + c, x * cs - y * sn);
			STORE(imag + 16 * k + c, x * sn + y * cs);
		}
	}
	for (int k = 0; k < 16; k += W) {
		for (int c = 0; c < 16; c += W) {
			for (int i = 0; i < W; i++) {
				re[c + i] = LOAD(real + 16 * (k + i) + c);
				im[c + i] = LOAD(imag + 16 * (k + i) + c);
			}
			NAME(transpose)(re + c);
			NAME(transpose)(im + c);
		}
		NAME(sixteen)(re, im);
		for (int j = 0; j < 16; j++) {
			int p = 4 * (j % 4) + j / 4;
			STORE(zr + 16 * j + k, re[p]);
			STORE(zi + 16 * j + k, im[p]);
		}
	}
	for (int k = 1; k <= 128; k += W) {
		V ar = LOAD(zr + k), ai = LOAD(zi + k);
		V br = LOAD(zr + 257 - k - W), bi = LOAD(zi + 257 - k - W);
		br = SHUFFLE(NAME(vi), br, br, REVERSE);
		bi = SHUFFLE(NAME(vi), bi, bi, REVERSE);
		V er = (ar + br) * 0.5f, ei = (ai - bi) * 0.5f;
		V or = (ai + bi) * 0.5f, oi = (br - ar) * 0.5f;
		V cs = LOAD(t->split + k), sn = LOAD(t->split + 129 + k);
		V tr = cs * or - sn * oi, ti = cs * oi + sn * or;
		V both = (er * er + ei * ei) + (or * or + oi * oi);
		V cross = (er * tr + ei * ti) * 2.0f;
		V high = both - cross;
		STORE(power + k, both + cross);
		STORE(power + 257 - k - W, SHUFFLE(NAME(vi), high, high, REVERSE));
	}
}

/* Adds up the bands of W looks side by side, and writes the first n. */
static void NAME(sum)(const struct jk_tables *t, const float power[W][272], int n, float *single)
{
	V x[W], bins[256], out[jk_lanes] = {0};
	int end = t->bin[t->bands];

	for (int k = t->bin[0] & -W; k < end; k += W) {
		for (int i = 0; i < W; i++)
			x[i] = LOAD(power[i] + k);
		NAME(transpose)(x);
		for (int i = 0; i < W; i++)
			bins[k + i] = x[i];
	}
	for (int b = 0; b < t->bands; b++) {
		for (int k = t->bin[b]; k < t->bin[b + 1]; k++)
			out[b] += bins[k];
		out[b] *= t->gain[b];
	}
	for (int b = 0; b < jk_lanes; b += W) {
		NAME(transpose)(out + b);
		for (int i = 0; i < n; i++)
			STORE(single + jk_lanes * i + b, out[b + i]);
	}
}

static void NAME(measure)(const struct jk_tables *t, const float *d, int n, float *single)
{
	float power[W][272] __attribute__((aligned(64))) = {0}; /* of 257 bins */
	for (int i = 0; i < n; i += W) {
		int m = n - i < W ? n - i : W;
		for (int k = 0; k < m; k++)
			NAME(look)(t, d + (long)(i + k) * t->hop, power[k]);
		NAME(sum)(t, power, m, single + (long)i * jk_lanes);
	}
}

#undef V
#undef LOAD
#undef STORE
#undef SWAP
#undef FOUR
#undef TURN
#undef EVEN
#undef ODD
#undef REVERSE
#undef LOW1
#undef HIGH1
#undef LOW2
#undef HIGH2
#undef LOW4
#undef HIGH4
#undef LOW8
#undef HIGH8
