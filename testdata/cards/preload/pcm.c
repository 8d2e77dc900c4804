/* pcm.c: the PCM of a simulated Delta 1010LT, as a plug-in of libasound: 12
 * channels in, 10 out, S32_LE, at the pace of the machine's clock.
 *
 * What it records is a staircase: in frame i, counted from the start of the
 * stream, channel c holds the 24 bit number i * 16 + c, so that a frame that is
 * lost or out of place shows. What is played goes to $SNDCARD_DIR/played, and
 * its peaks to the card's meters. The card's clock follows the stream in the
 * driver's ways: without an event, locked or external at the default rate only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <alsa/pcm_ioplug.h>
#include "card.h"

#define IN 12
#define OUT 10
#define FRAME(io) ((io)->channels * 4)

static const unsigned rates[] = { 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000 };
#define RATES (sizeof rates / sizeof rates[0])

struct stream {
	snd_pcm_ioplug_t io;
	struct card *card;
	size_t size;
	int number;
	int file;  /* the card's */
	int timer; /* what libasound polls */
	int out;   /* what is played goes here, or -1 */
	struct timespec start;
	uint64_t moved;  /* frames since the start */
	uint64_t frames; /* frames since the stream was opened */
};

static struct element *element(struct card *c, const char *name)
{
	for (int i = 0; i < c->elements; i++)
		if (!strcmp(c->e[i].name, name))
			return &c->e[i];
	return NULL;
}

static int64_t value(struct card *c, const char *name)
{
	struct element *e = element(c, name);
	return e ? e->value[0] : 0;
}

static void set(struct card *c, const char *name, int64_t v)
{
	struct element *e = element(c, name);
	if (e)
		e->value[0] = v;
}

/* The peak of samples as the chip shows it: the top bits of the highest. */
static int64_t peak(const int32_t *p, unsigned stride, snd_pcm_uframes_t n)
{
	int64_t top = 0;
	for (snd_pcm_uframes_t i = 0; i < n; i++) {
		int64_t v = p[i * stride] < 0 ? -(int64_t)p[i * stride] : p[i * stride];
		if (v > top)
			top = v;
	}
	return top >> 23 > 255 ? 255 : top >> 23;
}

/* n frames from offset, in one piece of the buffer. */
static void move(struct stream *s, snd_pcm_uframes_t offset, snd_pcm_uframes_t n)
{
	const snd_pcm_channel_area_t *area = snd_pcm_ioplug_mmap_areas(&s->io);
	unsigned c, channels = s->io.channels;
	int32_t *p = (int32_t *)((char *)area->addr + area->first / 8) + offset * channels;
	struct element *meters = element(s->card, "Multi Track Peak");

	if (s->io.stream == SND_PCM_STREAM_CAPTURE)
		for (snd_pcm_uframes_t i = 0; i < n; i++)
			for (c = 0; c < channels; c++)
				p[i * channels + c] = (int32_t)((uint32_t)((s->frames + i) * 16 + c) << 8);
	else if (s->out >= 0 && write(s->out, p, n * FRAME(&s->io)) < 0)
		SNDERR("played: %s", strerror(errno));
	s->frames += n;
	for (c = 0; meters && c < OUT; c++) {
		int64_t top = peak(p + c, channels, n), *m = &meters->value[c + (s->io.stream == SND_PCM_STREAM_CAPTURE ? 10 : 0)];
		if (top > *m)
			*m = top;
	}
}

/* Where the card is by the clock; all frames up to there are moved. */
static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	struct timespec now;
	uint64_t due, n;
	snd_pcm_uframes_t room;
	int late = 0;

	if (s->card->gone)
		return -ENODEV;
	if (io->state != SND_PCM_STATE_RUNNING && io->state != SND_PCM_STATE_DRAINING)
		return s->moved % io->buffer_size;
	clock_gettime(CLOCK_MONOTONIC, &now);
	due = (uint64_t)(((now.tv_sec - s->start.tv_sec) + (now.tv_nsec - s->start.tv_nsec) / 1e9) * io->rate);
	n = due > s->moved ? due - s->moved : 0;
	if (io->stream == SND_PCM_STREAM_PLAYBACK)
		room = snd_pcm_ioplug_hw_avail(io, io->hw_ptr, io->appl_ptr);
	else
		room = io->buffer_size - snd_pcm_ioplug_avail(io, io->hw_ptr, io->appl_ptr);
	if (n > room) {
		late = io->state == SND_PCM_STATE_RUNNING;
		if (late && io->stream == SND_PCM_STREAM_CAPTURE)
			return -EPIPE;
		n = room; /* what was there was played before the card ran dry */
	}
	while (n > 0) {
		snd_pcm_uframes_t offset = s->moved % io->buffer_size, piece = io->buffer_size - offset;
		if (piece > n)
			piece = n;
		move(s, offset, piece);
		s->moved += piece;
		n -= piece;
	}
	return late ? -EPIPE : (snd_pcm_sframes_t)(s->moved % io->buffer_size);
}

static int tick(struct stream *s, long ns)
{
	struct itimerspec t = { { ns / 1000000000, ns % 1000000000 }, { ns / 1000000000, ns % 1000000000 } };
	return timerfd_settime(s->timer, 0, &t, NULL) < 0 ? -errno : 0;
}

static int start(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	if (s->card->gone)
		return -ENODEV;
	s->moved = 0;
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	return tick(s, (long)(1e9 * io->period_size / io->rate));
}

/* Not running: whoever polls is woken, since a playback stream can be filled. */
static int stop(snd_pcm_ioplug_t *io) { return tick(io->private_data, 1000000); }

static int prepare(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	if (s->card->gone)
		return -ENODEV;
	s->moved = 0;
	return stop(io);
}

static int poll_revents(snd_pcm_ioplug_t *io, struct pollfd *p, unsigned n, unsigned short *revents)
{
	struct stream *s = io->private_data;
	unsigned short ready = io->stream == SND_PCM_STREAM_PLAYBACK ? POLLOUT : POLLIN;
	snd_pcm_uframes_t least = 1;
	snd_pcm_sw_params_t *sw;
	snd_pcm_sframes_t avail;
	uint64_t ticks;

	*revents = 0;
	if (n < 1 || !(p[0].revents & POLLIN))
		return 0;
	snd_pcm_sw_params_alloca(&sw);
	if (snd_pcm_sw_params_current(io->pcm, sw) >= 0)
		snd_pcm_sw_params_get_avail_min(sw, &least);
	avail = snd_pcm_avail_update(io->pcm);
	if (avail < 0)
		*revents = ready | POLLERR;
	else if ((snd_pcm_uframes_t)avail >= least)
		*revents = ready;
	if (!*revents) /* else it stays readable until there is room no more */
		while (read(s->timer, &ticks, sizeof ticks) > 0)
			;
	return 0;
}

/* What the kernel shows of a stream under /proc/asound. */
static void show(struct stream *s, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/proc/asound/card%d/pcm0%c/sub0/%s", getenv("SNDCARD_DIR"), s->number,
		 s->io.stream == SND_PCM_STREAM_PLAYBACK ? 'p' : 'c', name);
	if (!(f = fopen(path, "w")))
		return;
	fputs(text, f);
	fclose(f);
}

static int hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	struct stream *s = io->private_data;
	char text[512];
	(void)params;
	snprintf(text, sizeof text, "access: MMAP_INTERLEAVED\nformat: S32_LE\nsubformat: STD\nchannels: %u\n"
		 "rate: %u (%u/1)\nperiod_size: %lu\nbuffer_size: %lu\n",
		 io->channels, io->rate, io->rate, io->period_size, io->buffer_size);
	show(s, "hw_params", text);
	snprintf(text, sizeof text, "state: PREPARED\nowner_pid   : %d\n", getpid());
	show(s, "status", text);
	flock(s->file, LOCK_EX);
	if (value(s->card, "Multi Track Internal Clock") < (int64_t)RATES)
		for (unsigned i = 0; i < RATES; i++)
			if (rates[i] == io->rate)
				set(s->card, "Multi Track Internal Clock", i);
	flock(s->file, LOCK_UN);
	return 0;
}

/* One stream more or less is open on the card. */
static void opened(struct stream *s, int change)
{
	flock(s->file, LOCK_EX);
	s->card->running += change;
	if (s->card->running == 0 && value(s->card, "Multi Track Rate Reset") &&
	    value(s->card, "Multi Track Internal Clock") < (int64_t)RATES)
		set(s->card, "Multi Track Internal Clock", value(s->card, "Multi Track Internal Clock Default"));
	flock(s->file, LOCK_UN);
}

static void release(struct stream *s)
{
	if (s->out >= 0)
		close(s->out);
	if (s->timer >= 0)
		close(s->timer);
	if (s->card)
		munmap(s->card, s->size);
	if (s->file >= 0)
		close(s->file);
	free(s);
}

static int close_stream(snd_pcm_ioplug_t *io)
{
	show(io->private_data, "hw_params", "closed\n");
	show(io->private_data, "status", "closed\n");
	opened(io->private_data, -1);
	release(io->private_data);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = start, .stop = stop, .pointer = pointer, .prepare = prepare,
	.poll_revents = poll_revents, .hw_params = hw_params, .close = close_stream,
};

/* Maps the card of that number or id. */
static int map(struct stream *s, const char *dir, const char *which)
{
	for (int n = 0; n < 8; n++) {
		char path[PATH_MAX], number[16];
		struct stat st;
		snprintf(path, sizeof path, "%s/card%d", dir, n);
		snprintf(number, sizeof number, "%d", n);
		s->file = open(path, O_RDWR | O_CLOEXEC);
		if (s->file < 0)
			return -ENODEV;
		if (fstat(s->file, &st) < 0)
			return -errno;
		s->size = st.st_size;
		s->card = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->file, 0);
		if (s->card == MAP_FAILED) {
			s->card = NULL;
			return -errno;
		}
		s->number = n;
		if (!s->card->gone && s->card->pcm[0] && (!strcmp(which, number) || !strcmp(which, s->card->id)))
			return 0;
		munmap(s->card, s->size);
		s->card = NULL;
		close(s->file);
		s->file = -1;
	}
	return -ENODEV;
}

SND_PCM_PLUGIN_DEFINE_FUNC(sndcard)
{
	static const unsigned access[] = { SND_PCM_ACCESS_MMAP_INTERLEAVED, SND_PCM_ACCESS_RW_INTERLEAVED };
	static const unsigned format[] = { SND_PCM_FORMAT_S32_LE };
	const char *dir = getenv("SNDCARD_DIR"), *which = "0";
	char path[PATH_MAX];
	snd_config_iterator_t i, next;
	unsigned channels = stream == SND_PCM_STREAM_PLAYBACK ? OUT : IN;
	struct stream *s;
	int err;

	(void)root;
	snd_config_for_each(i, next, conf) {
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;
		if (snd_config_get_id(n, &id) >= 0 && !strcmp(id, "card"))
			snd_config_get_string(n, &which);
	}
	if (!dir || !(s = calloc(1, sizeof *s)))
		return dir ? -ENOMEM : -ENODEV;
	s->out = s->timer = s->file = -1;
	if ((err = map(s, dir, which)) < 0)
		goto fail;
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	snprintf(path, sizeof path, "%s/played", dir);
	if (stream == SND_PCM_STREAM_PLAYBACK)
		s->out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	s->io.version = SND_PCM_IOPLUG_VERSION;
	s->io.name = s->card->pcm;
	s->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC;
	s->io.mmap_rw = 1;
	s->io.poll_fd = s->timer;
	s->io.poll_events = POLLIN;
	s->io.callback = &callbacks;
	s->io.private_data = s;
	if ((err = snd_pcm_ioplug_create(&s->io, name, stream, mode)) < 0)
		goto fail;
	snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
	snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
	snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels);
	if (value(s->card, "Multi Track Rate Locking") || value(s->card, "Multi Track Internal Clock") >= (int64_t)RATES)
		snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_RATE, 1, &rates[value(s->card, "Multi Track Internal Clock Default") % RATES]);
	else
		snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_RATE, RATES, rates);
	snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 96, 131040);
	snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 192, 262144);
	snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
	opened(s, 1);
	*pcmp = s->io.pcm;
	return 0;
fail:
	release(s);
	return err;
}
SND_PCM_PLUGIN_SYMBOL(sndcard);
