#ifndef COUNTER_H
#define COUNTER_H
#include <stdint.h>

struct counter;
struct counter *counter_open(const char *name, int channels); /* NULL on failure; active on return */
const char *counter_port(struct counter *s, int channel);
uint64_t counter_frames(struct counter *s); /* played so far */

/* turn is a cycle at which JACK's clock stood otherwise to the count than in the cycle before. */
struct turn {
	uint64_t at;    /* the count */
	int32_t  ahead; /* by how much more the clock had run since the first cycle */
	uint32_t block; /* frames of the cycle */
};
uint32_t counter_turns(struct counter *s, const struct turn **turns); /* so far; owned by the source */
void counter_close(struct counter *s);

int counter_connect(const char *from, const char *to); /* 0, or JACK's error */
int counter_set_block(uint32_t frames);
#endif
