#ifndef LOOPBACK_H
#define LOOPBACK_H
#include <stdint.h>

struct loopback;

/* loopback_open makes both clients and activates them; NULL on failure. The
 * taps, of which there are an even number, stand around frame `frames`. */
struct loopback *loopback_open(const char *name, int channels, uint32_t frames, const float *taps, int n,
                               double gain, double noise, uint32_t playback, uint32_t capture);
void loopback_close(struct loopback *l);

#endif
