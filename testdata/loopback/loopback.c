#include "loopback.h"

#include <jack/jack.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANNELS = 16, MAX_TAPS = 128, SIZE = 1 << 18 };

struct loopback {
	jack_client_t *out, *in; /* what is played comes to out, what is recorded leaves in */
	jack_port_t *played[MAX_CHANNELS], *recorded[MAX_CHANNELS];
	int channels, taps;
	uint32_t frames, playback, capture, seed;
	float tap[MAX_TAPS], gain, noise;
	float ring[MAX_CHANNELS][SIZE]; /* by JACK's clock, which both clients share */
};

/* Both clients run in the same cycle on a synchronous server; the ring is read
 * further back than a cycle, so they do not meet. */
static int take(jack_nframes_t n, void *arg)
{
	struct loopback *l = arg;
	const uint32_t now = jack_last_frame_time(l->out);
	for (int c = 0; c < l->channels; c++) {
		const float *from = jack_port_get_buffer(l->played[c], n);
		for (uint32_t i = 0; i < n; i++)
			l->ring[c][(now + i) % SIZE] = from[i];
	}
	return 0;
}

static int give(jack_nframes_t n, void *arg)
{
	struct loopback *l = arg;
	const uint32_t now = jack_last_frame_time(l->in);
	for (int c = 0; c < l->channels; c++) {
		float *to = jack_port_get_buffer(l->recorded[c], n);
		for (uint32_t i = 0; i < n; i++) {
			const uint32_t at = now + i - l->frames + (uint32_t)l->taps / 2;
			float v = 0;
			for (int k = 0; k < l->taps; k++)
				v += l->tap[k] * l->ring[c][(at - (uint32_t)k) % SIZE];
			l->seed = l->seed * 1664525 + 1013904223;
			to[i] = l->gain * v + l->noise * ((float)l->seed / 2147483648.0f - 1);
		}
	}
	return 0;
}

static void latency(jack_latency_callback_mode_t mode, void *arg)
{
	struct loopback *l = arg;
	jack_latency_range_t range;
	for (int c = 0; c < l->channels; c++) {
		if (mode == JackPlaybackLatency && l->played[c]) {
			range.min = range.max = l->playback;
			jack_port_set_latency_range(l->played[c], mode, &range);
		}
		if (mode == JackCaptureLatency && l->recorded[c]) {
			range.min = range.max = l->capture;
			jack_port_set_latency_range(l->recorded[c], mode, &range);
		}
	}
}

static jack_client_t *client(struct loopback *l, const char *name, const char *suffix, const char *port, unsigned long flags,
                             jack_port_t **ports, JackProcessCallback process)
{
	char full[80];
	snprintf(full, sizeof full, "%s-%s", name, suffix);
	jack_client_t *c = jack_client_open(full, JackNoStartServer | JackUseExactName, NULL);
	if (!c)
		return NULL;
	for (int i = 0; i < l->channels; i++) {
		snprintf(full, sizeof full, "%s_%d", port, i + 1);
		ports[i] = jack_port_register(c, full, JACK_DEFAULT_AUDIO_TYPE, flags | JackPortIsTerminal | JackPortIsPhysical, 0);
	}
	jack_set_process_callback(c, process, l);
	jack_set_latency_callback(c, latency, l);
	return c;
}

struct loopback *loopback_open(const char *name, int channels, uint32_t frames, const float *taps, int n,
                               double gain, double noise, uint32_t playback, uint32_t capture)
{
	struct loopback *l = calloc(1, sizeof *l);
	if (!l || channels > MAX_CHANNELS || n > MAX_TAPS)
		return NULL;
	l->channels = channels;
	l->frames = frames;
	l->taps = n;
	memcpy(l->tap, taps, (size_t)n * sizeof *taps);
	l->gain = (float)gain;
	l->noise = (float)noise;
	l->playback = playback;
	l->capture = capture;
	sigset_t all, before; /* Go's handlers must not run on JACK's threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	l->out = client(l, name, "out", "playback", JackPortIsInput, l->played, take);
	l->in = client(l, name, "in", "capture", JackPortIsOutput, l->recorded, give);
	const int ok = l->out && l->in && jack_activate(l->out) == 0 && jack_activate(l->in) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ok)
		return l;
	loopback_close(l);
	return NULL;
}

void loopback_close(struct loopback *l)
{
	sigset_t before; /* which JACK2 changes when the last client goes */
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	if (l->out)
		jack_client_close(l->out);
	if (l->in)
		jack_client_close(l->in);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(l);
}
