/* The transform of looks side by side, for vectors of W floats: one look in
 * every lane. Included by bands.c once for every W. 256 complex points as 16
 * rows of 16: a transform down the columns, a twist, and a transform along the
 * rows (Bailey's four-step). */

typedef float NAME(v) __attribute__((vector_size(4 * W)));
typedef float NAME(vu) __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int NAME(vi) __attribute__((vector_size(4 * W)));
#define V NAME(v)
#define LOAD(p) ((V)(*(const NAME(vu) *)(p)))
#define STORE(p, x) (*(NAME(vu) *)(p) = (x))

#if W == 4
#define LOW1 0, 4, 2, 6
#define HIGH1 1, 5, 3, 7
#define LOW2 0, 1, 4, 5
#define HIGH2 2, 3, 6, 7
#elif W == 8
#define LOW1 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH1 1, 9, 3, 11, 5, 13, 7, 15
#define LOW2 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH2 2, 3, 10, 11, 6, 7, 14, 15
#define LOW4 0, 1, 2, 3, 8, 9, 10, 11
#define HIGH4 4, 5, 6, 7, 12, 13, 14, 15
#else
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

/* The windows of W looks that begin at d, hop apart, side by side: even samples are
 * the real parts, odd ones the imaginary. */
static inline __attribute__((always_inline)) void NAME(gather)(const struct jk_tables *t, const float *const d[W], V *re, V *im)
{
	for (int i = 0; i < 32 * t->rows; i += W) {
		V x[W];
		for (int k = 0; k < W; k++)
			x[k] = LOAD(d[k] + i);
		NAME(transpose)(x);
		for (int k = 0; k < W; k += 2) {
			re[(i + k) / 2] = x[k] * t->window[i + k];
			im[(i + k) / 2] = x[k + 1] * t->window[i + k + 1];
		}
	}
	for (int i = 16 * t->rows; i < 256; i++)
		re[i] = im[i] = (V){0};
}

/* 256 points, in place; bin k is left at 16 (k mod 16) + k / 16. */
static void NAME(transform)(const struct jk_tables *t, V *zr, V *zi)
{
	V re[16], im[16];
	for (int c = 0; c < 16; c++) {
		for (int r = 0; r < 16; r++)
			re[r] = zr[16 * r + c], im[r] = zi[16 * r + c];
		NAME(sixteen)(re, im);
		for (int k = 0; k < 16; k++) {
			int p = 4 * (k % 4) + k / 4;
			float cs = t->twiddle[16 * k + c], sn = t->twiddle[256 + 16 * k + c];
			zr[16 * k + c] = re[p] * cs - im[p] * sn;
			zi[16 * k + c] = re[p] * sn + im[p] * cs;
		}
	}
	for (int k = 0; k < 16; k++) {
		for (int c = 0; c < 16; c++)
			re[c] = zr[16 * k + c], im[c] = zi[16 * k + c];
		NAME(sixteen)(re, im);
		for (int j = 0; j < 16; j++) {
			int p = 4 * (j % 4) + j / 4;
			zr[16 * k + j] = re[p], zi[16 * k + j] = im[p];
		}
	}
}

#define AT(k) (16 * ((k) & 15) + (k) / 16)

/* Four times the power of W looks in every bin of the bands. */
static void NAME(powers)(const struct jk_tables *t, const V *zr, const V *zi, V *power)
{
	int end = t->bin[t->bands];
	for (int k = t->bin[0]; k <= 128; k++) {
		V ar = zr[AT(k)], ai = zi[AT(k)], br = zr[AT(256 - k)], bi = zi[AT(256 - k)];
		V er = ar + br, ei = ai - bi, or = ai + bi, oi = br - ar;
		V tr = or * t->split[k] - oi * t->split[129 + k], ti = oi * t->split[k] + or * t->split[129 + k];
		V xr = er + tr, xi = ei + ti;
		power[k] = xr * xr + xi * xi;
		if (256 - k < end) {
			xr = er - tr, xi = ei - ti;
			power[256 - k] = xr * xr + xi * xi;
		}
	}
}

static void NAME(measure)(const struct jk_tables *t, const float *d, int n, float *single)
{
	V re[256], im[256], power[256];
	for (int i = 0; i < n; i += W) {
		int m = n - i < W ? n - i : W;
		const float *looks[W];
		for (int k = 0; k < W; k++)
			looks[k] = d + (long)(i + (k < m ? k : 0)) * t->hop;
		NAME(gather)(t, looks, re, im);
		NAME(transform)(t, re, im);
		NAME(powers)(t, re, im, power);
		V out[jk_lanes] = {0};
		for (int b = 0; b < t->bands; b++) {
			for (int k = t->bin[b]; k < t->bin[b + 1]; k++)
				out[b] += power[k];
			out[b] *= t->gain[b];
		}
		for (int b = 0; b < jk_lanes; b += W) {
			NAME(transpose)(out + b);
			for (int k = 0; k < m; k++)
				STORE(single + (long)jk_lanes * (i + k) + b, out[b + k]);
		}
	}
}

#undef AT
#undef V
#undef LOAD
#undef STORE
#undef SWAP
#undef FOUR
#undef TURN
#undef LOW1
#undef HIGH1
#undef LOW2
#undef HIGH2
#undef LOW4
#undef HIGH4
#undef LOW8
#undef HIGH8
