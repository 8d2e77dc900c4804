/*
 * loop: the audio thread's side of recording and playing, and the doors to it.
 *
 * Threads: the audio thread is JACK's and runs only what loop.c marks so. All
 * functions below are called from ordinary threads: set-up and tear-down while
 * the loop is not active, "Reader only" from the one goroutine that records,
 * "Writer only" from the one that plays, the rest from anywhere.
 */
#ifndef JACKKNIFE_LOOP_H
#define JACKKNIFE_LOOP_H

#include <stdint.h>

/*
 * record heads what one cycle recorded: then follow, channel by channel,
 * frames float32 samples each. Planar, because one memcpy a port costs the audio
 * thread a third of what interleaving does (0.10 against 0.34 us for 12 channels
 * of 64 frames); interleaving is the reader's work. Records begin on RECORD_ALIGN.
 * A record without frames is the last one: the loop was stopped.
 */
#define RECORD_ALIGN 64
struct record {
	uint64_t lost;   /* frames that found the ring full before this record */
	uint64_t usec;   /* start of the cycle, microseconds on JACK's clock */
	uint32_t time;   /* jack_last_frame_time of the first frame, modulo 2^32 */
	uint32_t frames; /* frames a channel that follow; 0 ends the take */
	uint32_t xruns;  /* xruns the server has told of so far, modulo 2^32 */
	uint32_t rolling; /* 1 while JACK's transport rolls, else 0 */
};

struct loop;

/*
 * loop_open connects a client to the server, never starting one. On failure it
 * returns NULL and *status holds jack_status_t.
 */
struct loop *loop_open(const char *client, uint32_t *status);

const char *loop_client(struct loop *l); /* the name that the server gave; owned by the loop */
uint32_t loop_rate(struct loop *l);      /* Hz */
uint32_t loop_block(struct loop *l);     /* frames a cycle, now */

/* Ports, before loop_activate. They return the full name, owned by the loop, or NULL. */
const char *loop_input(struct loop *l, const char *name);
const char *loop_output(struct loop *l, const char *name);

/* loop_rings makes the rings for the ports there are, seconds long, before
 * loop_activate. Returns 0, or an errno. */
int loop_rings(struct loop *l, double seconds);

/* loop_follow has playing follow JACK's transport, before loop_activate: frame n
 * of what is played is heard when the transport is at frame n and rolls, and the
 * transport waits for the ring where it begins to roll or is moved. */
void loop_follow(struct loop *l);

/* loop_activate joins the graph; nothing is recorded or played yet. Returns 0 on success. */
int loop_activate(struct loop *l);

void loop_roll(struct loop *l); /* recording and playing begin, in the same cycle */
void loop_stop(struct loop *l); /* both end with the next cycle; a recording gets its last record */

/* Why the server is gone, or NULL while it is there. */
const char *loop_gone(struct loop *l);
uint32_t loop_xruns(struct loop *l);

/* Recording. Reader only, except loop_peak. */
const void *loop_recorded(struct loop *l, uint64_t *bytes); /* whole records, in one piece */
void loop_release(struct loop *l, uint64_t bytes);
uint64_t loop_lost(struct loop *l); /* frames lost since the last record; exact once the server is gone */
uint64_t loop_peak(struct loop *l); /* bytes; the fullest the ring has been */

/* Playing: interleaved float32 frames. Writer only, except the counts. */
void *loop_space(struct loop *l, uint64_t *bytes);
void loop_supply(struct loop *l, uint64_t bytes);
void loop_last(struct loop *l);       /* nothing follows what was supplied */
/* Following. The audio thread asks for frames from another place on: loop_asked
 * counts how often, and says which. loop_seek throws away what is in the ring,
 * which then begins with that frame; supply nothing until loop_seeking is 0. */
uint32_t loop_asked(struct loop *l, uint64_t *frame);
void loop_seek(struct loop *l, uint64_t frame);
int  loop_seeking(struct loop *l);

uint64_t loop_played(struct loop *l); /* frames that left the ring */
uint64_t loop_dry(struct loop *l);    /* frames of silence played because the ring was empty */
uint64_t loop_after(struct loop *l);  /* frames of silence played after the last frame */
uint32_t loop_latency(struct loop *l); /* frames from an output port to the ear, the longest way */

/* The latency range of a channel's port, frames: of an input, from where its
 * sound was caught; of an output, to where it is heard. From anywhere. */
void loop_latency_range(struct loop *l, int input, uint32_t channel, uint32_t *least, uint32_t *most);

#ifdef LOOP_TIMED
/* How many nanoseconds each cycle took while rolling; owned by the loop. */
enum { TIMED_CYCLES = 1 << 20 };
uint64_t loop_timed(struct loop *l, const uint32_t **nsec);
#endif

/* loop_close leaves the graph and closes the client. It can block for seconds
 * in a stopped or dying server; afterwards loop_free gives the memory back. */
void loop_close(struct loop *l);
void loop_free(struct loop *l);

#endif
