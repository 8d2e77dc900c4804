#ifndef JACKKNIFE_INTERLEAVE_H
#define JACKKNIFE_INTERLEAVE_H

#include <stdint.h>

/* Copies n frames, from frame at on, out of a planar record of so many frames.
 * Samples are moved as they are. It reads memory that another processor has
 * written, so it fetches ahead. Not for the audio thread. */
void interleave(uint32_t *to, const uint32_t *planar, long channels, long frames, long at, long n);

#endif
