#ifndef JACKKNIFE_BANDS_H
#define JACKKNIFE_BANDS_H

/* The analyser's inner loops; bands.go has the same arithmetic, operation by
 * operation, so that both give the same bits. Called from any thread; they
 * touch only what they are given. */

enum { jk_lanes = 16 }; /* bands, with room to spare */

struct jk_tables {
	int hop, rows;          /* rows: 32 samples each, the window takes up so many */
	const float *window;    /* 512, zeros at the end */
	const float *twiddle;   /* 256 cosines, 256 sines: of -2 pi row column / 256 */
	const float *split;     /* 129 cosines, 129 sines: of -2 pi k / 512 */
	const int *bin;         /* first bin of every band, and the end */
	const float *gain;      /* of every band */
	int bands;
};

/* d has (n-1)*hop + 512 samples. Writes n times jk_lanes powers, by vectors of
 * 16, 8 or 4 floats; returns 0 if this processor has no such vectors. */
int jk_measure(const struct jk_tables *t, int width, const float *d, int n, float *single);

/* single has n+8 looks of jk_lanes; writes n of each, in dB, and n powers. */
void jk_smooth(const float *single, int n, float *fast, float *slow, float *power);

/* Differences of neighbouring samples of one channel: raw points at the sample
 * before the first one, stride is in bytes, bytes a sample is 2 or 3. */
void jk_differences(const unsigned char *raw, int bytes, int stride, int n, float *d);

#endif
