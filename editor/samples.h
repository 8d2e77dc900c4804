#ifndef JACKKNIFE_SAMPLES_H
#define JACKKNIFE_SAMPLES_H

#include <stdint.h>

/* Samples of 3 bytes, little-endian, and numbers, full scale 1: what
 * wav.Decode, wav.Encode and sumsGo of piece.go do, with the same bits. Called
 * from any thread; they touch only what they are given. */

void jk_decode24(const unsigned char *raw, long n, double *x);
void jk_encode24(const double *x, long n, unsigned char *raw);

/* Looks at room tone, of every channel in turn; struct sums of piece.go is the
 * same. at and n (frames, at most 16) are given, the others are found: lag is
 * how far apart frames are whose difference is hiss. raw begins at start. */
struct jk_sums {
	int64_t at;
	double x, squares, hiss, n;
};

void jk_sums24(const unsigned char *raw, int64_t start, int channels, int lag, struct jk_sums *sums, int count);

#endif
