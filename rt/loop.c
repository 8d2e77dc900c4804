/*
 * The rules of the audio thread, which runs process(), on_sync() and what they call:
 *
 *  1. It touches struct loop and the port buffers, nothing else.
 *  2. It may use memcpy, memset, C11 atomics, jack_port_get_buffer,
 *     jack_last_frame_time, jack_get_cycle_times and jack_transport_query. No
 *     allocation, no lock, no system call, no log, no Go.
 *  3. It waits for nobody and wakes nobody: the other side polls.
 *  4. What does not fit in the ring is lost whole and counted; the count travels
 *     with the next record.
 *  5. It takes no signals: JACK's threads are made with all of them blocked, or
 *     Go's signal handler could run here.
 */
#define _GNU_SOURCE
#include "loop.h"
#include "ring.h"

#include <errno.h>
#include <jack/jack.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HELD, ROLLING, STOPPED };

struct loop {
	/* Fixed while active. */
	jack_client_t *client;
	jack_port_t  **in, **out;
	uint32_t       ins, outs;
	struct ring    rec;  /* records; the audio thread writes */
	struct ring    play; /* frames; the audio thread reads */
	int            follows; /* JACK's transport, playing does */

	/* Audio thread only. */
	int      ended; /* the last record is written */
	uint64_t at;    /* following: the transport's frame at which the ring's first is to be heard */

	/* Stored by the audio thread, loaded by others. */
	_Alignas(CACHE_LINE) _Atomic uint64_t lost;
	_Atomic uint64_t peak; /* bytes */
	_Atomic uint64_t played, dry, after;
	_Atomic uint64_t wanted; /* following: the frame to go on with */
	_Atomic uint32_t asked;

	/* Stored by others, loaded by the audio thread. */
	_Alignas(CACHE_LINE) _Atomic int state;
	_Atomic int      last;
	_Atomic int      seeking;
	_Atomic uint64_t target;
	_Atomic uint32_t xruns;

#ifdef LOOP_TIMED
	_Atomic uint64_t timed;
	uint32_t nsec[TIMED_CYCLES];
#endif

	/* Between JACK's notification thread and the rest. */
	_Atomic int gone;
	char        why[128];
};

/* ---- audio thread ------------------------------------------------------ */

static uint64_t record_bytes(uint64_t channels, uint64_t frames)
{
	uint64_t n = sizeof(struct record) + channels * frames * sizeof(float);
	return (n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

/* record writes one record of n frames, or the last one with n = 0. */
static void record(struct loop *l, jack_nframes_t n)
{
	const uint64_t size = record_bytes(l->ins, n);
	const uint64_t room = ring_room(&l->rec);
	if (room < size) {
		atomic_store_explicit(&l->lost,
		        atomic_load_explicit(&l->lost, memory_order_relaxed) + n, memory_order_relaxed);
		return;
	}

	jack_nframes_t time;
	jack_time_t    usec, next;
	float          period;
	if (jack_get_cycle_times(l->client, &time, &usec, &next, &period) != 0)
		usec = 0;

	struct record *r = ring_space(&l->rec);
	r->lost   = atomic_load_explicit(&l->lost, memory_order_relaxed);
	r->usec   = usec;
	r->time   = jack_last_frame_time(l->client);
	r->frames = n;
	r->xruns  = atomic_load_explicit(&l->xruns, memory_order_relaxed);
	r->rolling = jack_transport_query(l->client, NULL) == JackTransportRolling;

	float *samples = (float *)(r + 1);
	for (uint32_t c = 0; n > 0 && c < l->ins; c++)
		memcpy(samples + (size_t)c * n, jack_port_get_buffer(l->in[c], n), n * sizeof(float));

	atomic_store_explicit(&l->lost, 0, memory_order_relaxed);
	ring_push(&l->rec, size);
	l->ended = n == 0;

	const uint64_t fill = l->rec.size - room + size;
	if (fill > atomic_load_explicit(&l->peak, memory_order_relaxed))
		atomic_store_explicit(&l->peak, fill, memory_order_relaxed);
}

static void silence(struct loop *l, jack_nframes_t n)
{
	for (uint32_t c = 0; c < l->outs; c++)
		memset(jack_port_get_buffer(l->out[c], n), 0, n * sizeof(float));
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
	                      memory_order_release);
}

/* play takes up to n frames out of the ring; what is missing is silence. The
 * first skip frames are silent in any case. */
static jack_nframes_t play(struct loop *l, jack_nframes_t n, jack_nframes_t skip)
{
	const uint64_t frame = l->outs * sizeof(float);
	const int last = atomic_load_explicit(&l->last, memory_order_acquire); /* before the fill */
	const uint64_t have = ring_fill(&l->play) / frame;
	const jack_nframes_t k = have < n - skip ? (jack_nframes_t)have : n - skip;

	const float *from = ring_front(&l->play);
	for (uint32_t c = 0; c < l->outs; c++) {
		float *to = jack_port_get_buffer(l->out[c], n);
		memset(to, 0, skip * sizeof(float));
		to += skip;
		for (jack_nframes_t i = 0; i < k; i++)
			to[i] = from[(size_t)i * l->outs + c];
		memset(to + k, 0, (n - skip - k) * sizeof(float));
	}
	ring_pop(&l->play, k * frame);
	count(&l->played, k);
	count(last ? &l->after : &l->dry, n - skip - k);
	return k;
}

/* ask wants frames from another place on. */
static void ask(struct loop *l, uint64_t frame)
{
	atomic_store_explicit(&l->wanted, frame, memory_order_relaxed);
	atomic_fetch_add_explicit(&l->asked, 1, memory_order_release);
}

/* moved begins anew with what the ring will hold, if that was asked for. */
static int moved(struct loop *l)
{
	if (!atomic_load_explicit(&l->seeking, memory_order_acquire))
		return 0;
	ring_pop(&l->play, ring_fill(&l->play));
	l->at = atomic_load_explicit(&l->target, memory_order_relaxed);
	atomic_store_explicit(&l->seeking, 0, memory_order_release);
	return 1;
}

/* follow plays what belongs to the place where the transport is. Frames that
 * come too late for it are dropped; if it is far away, others are asked for,
 * from a little later on. */
static void follow(struct loop *l, jack_nframes_t n)
{
	jack_position_t pos;
	const int rolls = jack_transport_query(l->client, &pos) == JackTransportRolling;
	if (moved(l) || !rolls) {
		silence(l, n);
		return;
	}
	const uint64_t frame = l->outs * sizeof(float), far = pos.frame_rate;
	if (l->at < pos.frame) {
		const uint64_t have = ring_fill(&l->play) / frame, late = pos.frame - l->at;
		const uint64_t drop = have < late ? have : late;
		ring_pop(&l->play, drop * frame);
		l->at += drop;
	}
	const int last = atomic_load_explicit(&l->last, memory_order_acquire) && ring_fill(&l->play) == 0;
	if ((l->at + far < pos.frame && !last) || l->at > pos.frame + far) {
		ask(l, pos.frame + far / 4);
		silence(l, n);
	} else if (l->at >= pos.frame + n) {
		silence(l, n);
	} else if (l->at >= pos.frame) {
		l->at += play(l, n, (jack_nframes_t)(l->at - pos.frame));
	} else {
		silence(l, n);
		count(last ? &l->after : &l->dry, n);
	}
}

/* on_sync tells the transport, where it begins to roll or is moved, whether the
 * ring is ready for that place. */
static int on_sync(jack_transport_state_t state, jack_position_t *pos, void *arg)
{
	(void)state;
	struct loop *l = arg;
	if (atomic_load_explicit(&l->seeking, memory_order_acquire))
		return 0;
	if (l->at != pos->frame) {
		ask(l, pos->frame);
		return 0;
	}
	return ring_fill(&l->play) >= l->play.size / 4 || atomic_load_explicit(&l->last, memory_order_acquire);
}

static int cycle(struct loop *l, jack_nframes_t n)
{
	const int state = atomic_load_explicit(&l->state, memory_order_acquire);

	if (l->outs > 0) {
		if (state == ROLLING && l->follows)
			follow(l, n);
		else if (state == ROLLING)
			play(l, n, 0);
		else
			silence(l, n);
	}
	if (l->ins > 0) {
		if (state == ROLLING)
			record(l, n);
		else if (state == STOPPED && !l->ended)
			record(l, 0);
	}
	return 0;
}

#ifndef LOOP_TIMED

static int process(jack_nframes_t n, void *arg)
{
	return cycle(arg, n);
}

#else /* for the bench: how long each cycle takes; the clock is read in user space (vdso(7)) */

static int process(jack_nframes_t n, void *arg)
{
	struct loop *l = arg;
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	const int r = cycle(l, n);
	clock_gettime(CLOCK_MONOTONIC, &to);
	const uint64_t k = atomic_load_explicit(&l->timed, memory_order_relaxed);
	if (k < TIMED_CYCLES && atomic_load_explicit(&l->state, memory_order_relaxed) == ROLLING) {
		l->nsec[k] = (uint32_t)((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec);
		atomic_store_explicit(&l->timed, k + 1, memory_order_release);
	}
	return r;
}

uint64_t loop_timed(struct loop *l, const uint32_t **nsec)
{
	*nsec = l->nsec;
	return atomic_load_explicit(&l->timed, memory_order_acquire);
}

#endif

/* ---- JACK's notification thread ---------------------------------------- */

static int on_xrun(void *arg)
{
	struct loop *l = arg;
	atomic_fetch_add_explicit(&l->xruns, 1, memory_order_relaxed);
	return 0;
}

static void on_info_shutdown(jack_status_t code, const char *reason, void *arg)
{
	(void)code;
	struct loop *l = arg;
	if (atomic_load(&l->gone))
		return;
	snprintf(l->why, sizeof l->why, "%s", reason ? reason : "");
	atomic_store(&l->gone, 1);
}

static void on_shutdown(void *arg)
{
	on_info_shutdown(0, "", arg);
}

/* ---- ordinary threads --------------------------------------------------- */

static void mute(const char *message)
{
	(void)message;
}

static sigset_t block_signals(void)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	return before;
}

struct loop *loop_open(const char *client, uint32_t *status)
{
	struct loop *l = aligned_alloc(CACHE_LINE, (sizeof *l + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	if (!l) {
		*status = JackFailure;
		return NULL;
	}
	memset(l, 0, sizeof *l);

	/* libjack prints on stderr whatever it is asked to; the caller words errors. */
	jack_set_error_function(mute);
	jack_set_info_function(mute);

	jack_status_t st = 0;
	sigset_t before = block_signals();
	l->client = jack_client_open(client, JackNoStartServer, &st);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	*status = st;
	if (!l->client) {
		free(l);
		return NULL;
	}
	/* PipeWire calls the plain shutdown callback only, jackd prefers the other. */
	jack_on_shutdown(l->client, on_shutdown, l);
	jack_on_info_shutdown(l->client, on_info_shutdown, l);
	jack_set_xrun_callback(l->client, on_xrun, l);
	jack_set_process_callback(l->client, process, l);
	return l;
}

const char *loop_client(struct loop *l)
{
	return jack_get_client_name(l->client);
}

uint32_t loop_rate(struct loop *l)
{
	return jack_get_sample_rate(l->client);
}

uint32_t loop_block(struct loop *l)
{
	return jack_get_buffer_size(l->client);
}

static const char *add_port(struct loop *l, const char *name, unsigned long flags,
                            jack_port_t ***ports, uint32_t *count)
{
	jack_port_t **more = realloc(*ports, (*count + 1) * sizeof *more);
	if (!more)
		return NULL;
	*ports = more;
	jack_port_t *p = jack_port_register(l->client, name, JACK_DEFAULT_AUDIO_TYPE, flags, 0);
	if (!p)
		return NULL;
	more[(*count)++] = p;
	return jack_port_name(p);
}

const char *loop_input(struct loop *l, const char *name)
{
	return add_port(l, name, JackPortIsInput, &l->in, &l->ins);
}

const char *loop_output(struct loop *l, const char *name)
{
	return add_port(l, name, JackPortIsOutput, &l->out, &l->outs);
}

/* Room for this many blocks at the least, however short the ring is asked to be. */
enum { MIN_BLOCKS = 4 };

int loop_rings(struct loop *l, double seconds)
{
	const uint64_t block = loop_block(l);
	uint64_t blocks = (uint64_t)ceil(seconds * loop_rate(l) / (double)block);
	if (blocks < MIN_BLOCKS)
		blocks = MIN_BLOCKS;
	if (l->ins > 0 && ring_open(&l->rec, blocks * record_bytes(l->ins, block)) != 0)
		return errno;
	if (l->outs > 0 && ring_open(&l->play, blocks * block * l->outs * sizeof(float)) != 0)
		return errno;
	return 0;
}

void loop_follow(struct loop *l)
{
	l->follows = 1;
	jack_set_sync_callback(l->client, on_sync, l);
}

int loop_activate(struct loop *l)
{
	sigset_t before = block_signals();
	int r = jack_activate(l->client);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

void loop_roll(struct loop *l)
{
	atomic_store_explicit(&l->state, ROLLING, memory_order_release);
}

void loop_stop(struct loop *l)
{
	atomic_store_explicit(&l->state, STOPPED, memory_order_release);
}

const char *loop_gone(struct loop *l)
{
	return atomic_load(&l->gone) ? l->why : NULL;
}

uint32_t loop_xruns(struct loop *l)
{
	return atomic_load_explicit(&l->xruns, memory_order_relaxed);
}

const void *loop_recorded(struct loop *l, uint64_t *bytes)
{
	*bytes = ring_fill(&l->rec);
	return ring_front(&l->rec);
}

void loop_release(struct loop *l, uint64_t bytes)
{
	ring_pop(&l->rec, bytes);
}

uint64_t loop_lost(struct loop *l)
{
	return atomic_load_explicit(&l->lost, memory_order_relaxed);
}

uint64_t loop_peak(struct loop *l)
{
	return atomic_load_explicit(&l->peak, memory_order_relaxed);
}

void *loop_space(struct loop *l, uint64_t *bytes)
{
	*bytes = ring_room(&l->play);
	return ring_space(&l->play);
}

void loop_supply(struct loop *l, uint64_t bytes)
{
	ring_push(&l->play, bytes);
}

void loop_last(struct loop *l)
{
	atomic_store_explicit(&l->last, 1, memory_order_release);
}

uint32_t loop_asked(struct loop *l, uint64_t *frame)
{
	const uint32_t n = atomic_load_explicit(&l->asked, memory_order_acquire);
	*frame = atomic_load_explicit(&l->wanted, memory_order_relaxed);
	return n;
}

void loop_seek(struct loop *l, uint64_t frame)
{
	atomic_store_explicit(&l->last, 0, memory_order_relaxed);
	atomic_store_explicit(&l->target, frame, memory_order_relaxed);
	atomic_store_explicit(&l->seeking, 1, memory_order_release);
}

int loop_seeking(struct loop *l)
{
	return atomic_load_explicit(&l->seeking, memory_order_acquire);
}

uint64_t loop_played(struct loop *l)
{
	return atomic_load_explicit(&l->played, memory_order_acquire);
}

uint64_t loop_dry(struct loop *l)
{
	return atomic_load_explicit(&l->dry, memory_order_acquire);
}

uint64_t loop_after(struct loop *l)
{
	return atomic_load_explicit(&l->after, memory_order_acquire);
}

uint32_t loop_latency(struct loop *l)
{
	uint32_t most = 0;
	for (uint32_t c = 0; c < l->outs; c++) {
		jack_latency_range_t range = {0, 0};
		jack_port_get_latency_range(l->out[c], JackPlaybackLatency, &range);
		if (range.max > most)
			most = range.max;
	}
	return most;
}

void loop_latency_range(struct loop *l, int input, uint32_t channel, uint32_t *least, uint32_t *most)
{
	jack_latency_range_t range = {0, 0};
	jack_port_get_latency_range(input ? l->in[channel] : l->out[channel],
	                            input ? JackCaptureLatency : JackPlaybackLatency, &range);
	*least = range.min;
	*most = range.max;
}

/* JACK2 gives the thread that closes the last client of the process the signal mask
 * with which the first was opened (common/JackLibGlobals.h): all blocked. */
void loop_close(struct loop *l)
{
	sigset_t before = block_signals();
	if (!atomic_load(&l->gone)) {
		jack_deactivate(l->client);
		if (strstr(jack_get_version_string(), "PipeWire"))
			usleep(20000); /* as jackgraph's Server.Close has it */
	}
	jack_client_close(l->client);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void loop_free(struct loop *l)
{
	ring_close(&l->rec);
	ring_close(&l->play);
	free(l->in);
	free(l->out);
	free(l);
}
