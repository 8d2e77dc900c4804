/*
 * passthrough: the least that a JACK client can do with so many channels, which
 * is to copy its inputs to its outputs, and how long that takes it. Prints the
 * median, the 99.9th percentile and the maximum in nanoseconds when its
 * standard input ends.
 *
 *	passthrough NAME CHANNELS SOURCE
 *
 * SOURCE:out_1 ... are connected to its inputs.
 */
#define _GNU_SOURCE
#include <jack/jack.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CHANNELS = 64, MAX_CYCLES = 1 << 20 };

static jack_port_t *in[MAX_CHANNELS], *out[MAX_CHANNELS];
static int channels;
static uint32_t nsec[MAX_CYCLES];
static _Atomic uint64_t cycles;

static int process(jack_nframes_t n, void *arg)
{
	(void)arg;
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int c = 0; c < channels; c++)
		memcpy(jack_port_get_buffer(out[c], n), jack_port_get_buffer(in[c], n), n * sizeof(float));
	clock_gettime(CLOCK_MONOTONIC, &to);
	const uint64_t k = atomic_load_explicit(&cycles, memory_order_relaxed);
	if (k < MAX_CYCLES) {
		nsec[k] = (uint32_t)((to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec);
		atomic_store_explicit(&cycles, k + 1, memory_order_release);
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	if (argc != 4 || (channels = atoi(argv[2])) < 1 || channels > MAX_CHANNELS) {
		fprintf(stderr, "usage: passthrough NAME CHANNELS SOURCE\n");
		return 2;
	}
	memset(nsec, 0xff, sizeof nsec); /* touched before it is used */
	jack_client_t *client = jack_client_open(argv[1], JackNoStartServer, NULL);
	if (!client)
		return 1;
	for (int c = 0; c < channels; c++) {
		char name[16];
		snprintf(name, sizeof name, "in_%d", c + 1);
		in[c] = jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
		snprintf(name, sizeof name, "out_%d", c + 1);
		out[c] = jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
		if (!in[c] || !out[c])
			return 1;
	}
	jack_set_process_callback(client, process, NULL);
	if (jack_activate(client) != 0)
		return 1;
	for (int c = 0; c < channels; c++) {
		char from[64];
		snprintf(from, sizeof from, "%s:out_%d", argv[3], c + 1);
		if (jack_connect(client, from, jack_port_name(in[c])) != 0)
			return 1;
	}
	atomic_store(&cycles, 0);
	char byte;
	while (read(0, &byte, 1) > 0)
		;
	jack_deactivate(client);
	const uint64_t n = atomic_load(&cycles);
	if (n == 0)
		return 1;
	qsort(nsec, n, sizeof *nsec, ascending);
	printf("%lu %u %u %u\n", (unsigned long)n, nsec[n / 2], nsec[n - 1 - n / 1000], nsec[n - 1]);
	jack_client_close(client);
	return 0;
}
