#ifndef COUNTER_H
#define COUNTER_H
#include <stdint.h>

struct counter;
struct counter *counter_open(const char *name, int channels); /* NULL on failure; active on return */
const char *counter_port(struct counter *s, int channel);
uint64_t counter_frames(struct counter *s); /* played so far */
uint64_t counter_skipped(struct counter *s); /* by which JACK's clock has run ahead of these */
void counter_close(struct counter *s);

int counter_connect(const char *from, const char *to); /* 0, or JACK's error */
int counter_set_block(uint32_t frames);
#endif
