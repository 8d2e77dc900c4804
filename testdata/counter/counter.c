#include "counter.h"

#include <jack/jack.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CHANNELS = 64, MAX_TURNS = 1 << 16 };

struct counter {
	jack_client_t *client;
	jack_port_t *port[MAX_CHANNELS];
	int channels;
	uint32_t first; /* JACK's clock at the first frame */
	uint32_t block; /* of the cycle before; 0: none was */
	struct turn turn[MAX_TURNS];
	_Atomic uint32_t turns;
	_Atomic uint64_t frames;
};

static int process(jack_nframes_t n, void *arg)
{
	struct counter *s = arg;
	const uint64_t at = atomic_load_explicit(&s->frames, memory_order_relaxed);
	for (int c = 0; c < s->channels; c++) {
		float *out = jack_port_get_buffer(s->port[c], n);
		for (jack_nframes_t i = 0; i < n; i++) {
			const int32_t v = (int32_t)((at + i + ((uint64_t)c << 19)) & 0x7fffff);
			out[i] = (float)(v - (1 << 22)) / (float)(1 << 22);
		}
	}
	const uint32_t now = jack_last_frame_time(s->client);
	if (s->block == 0)
		s->first = now;
	const int32_t ahead = (int32_t)(now - s->first - (uint32_t)at);
	const uint32_t turns = atomic_load_explicit(&s->turns, memory_order_relaxed);
	const struct turn *last = turns ? &s->turn[turns - 1] : NULL;
	if ((!last || last->ahead != ahead || s->block != n) && turns < MAX_TURNS) {
		s->turn[turns] = (struct turn){.at = at, .ahead = ahead, .block = n};
		atomic_store_explicit(&s->turns, turns + 1, memory_order_release);
	}
	s->block = n;
	atomic_store_explicit(&s->frames, at + n, memory_order_release);
	return 0;
}

static void mute(const char *message)
{
	(void)message;
}

/* leave closes a client and keeps the thread's signal mask, which JACK2 changes when
 * the last client goes. */
static void leave(jack_client_t *client)
{
	sigset_t before;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	jack_client_close(client);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct counter *counter_open(const char *name, int channels)
{
	struct counter *s = calloc(1, sizeof *s);
	if (!s || channels > MAX_CHANNELS)
		return NULL;
	s->channels = channels;
	jack_set_error_function(mute);
	jack_set_info_function(mute);
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->client = jack_client_open(name, JackNoStartServer, NULL);
	int ok = s->client != NULL;
	for (int c = 0; ok && c < channels; c++) {
		char port[16];
		snprintf(port, sizeof port, "out_%d", c + 1);
		s->port[c] = jack_port_register(s->client, port, JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
		ok = s->port[c] != NULL;
	}
	ok = ok && jack_set_process_callback(s->client, process, s) == 0 && jack_activate(s->client) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ok)
		return s;
	if (s->client)
		leave(s->client);
	free(s);
	return NULL;
}

const char *counter_port(struct counter *s, int channel)
{
	return jack_port_name(s->port[channel]);
}

uint64_t counter_frames(struct counter *s)
{
	return atomic_load_explicit(&s->frames, memory_order_acquire);
}

uint32_t counter_turns(struct counter *s, const struct turn **turns)
{
	*turns = s->turn;
	return atomic_load_explicit(&s->turns, memory_order_acquire);
}

void counter_close(struct counter *s)
{
	leave(s->client);
	free(s);
}

int counter_connect(const char *from, const char *to)
{
	jack_client_t *c = jack_client_open("connect", JackNoStartServer, NULL);
	if (!c)
		return -1;
	int e = jack_connect(c, from, to);
	leave(c);
	return e;
}

int counter_set_block(uint32_t frames)
{
	jack_client_t *c = jack_client_open("setblock", JackNoStartServer, NULL);
	if (!c)
		return -1;
	int e = jack_set_buffer_size(c, frames);
	leave(c);
	return e;
}
