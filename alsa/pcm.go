//go:build cgo

package alsa

/*
#include <alsa/asoundlib.h>

struct limits {
	unsigned min_channels, max_channels;
	snd_pcm_uframes_t min_block, max_block, max_buffer;
};

// limits_of asks a PCM; of the n rates those that it has not become 0.
static int limits_of(const char *name, int stream, unsigned *rates, int n, struct limits *l)
{
	snd_pcm_hw_params_t *p;
	snd_pcm_t *pcm;
	int err, dir = 0;

	if ((err = snd_pcm_open(&pcm, name, stream, SND_PCM_NONBLOCK)) < 0)
		return err;
	snd_pcm_hw_params_alloca(&p);
	if ((err = snd_pcm_hw_params_any(pcm, p)) >= 0) {
		snd_pcm_hw_params_get_channels_min(p, &l->min_channels);
		snd_pcm_hw_params_get_channels_max(p, &l->max_channels);
		snd_pcm_hw_params_get_period_size_min(p, &l->min_block, &dir);
		snd_pcm_hw_params_get_period_size_max(p, &l->max_block, &dir);
		snd_pcm_hw_params_get_buffer_size_max(p, &l->max_buffer);
		for (int i = 0; i < n; i++)
			if (snd_pcm_hw_params_test_rate(pcm, p, rates[i], 0))
				rates[i] = 0;
	}
	snd_pcm_close(pcm);
	return err;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"
)

// StreamLimits is what the card's first PCM can do; nil for a direction that it
// has not. A card in use is not asked: the error is syscall.EBUSY. An Envy24 is
// never asked, since closing its PCM may change its rate: its limits are known.
func StreamLimits(card Card) (capture, playback *Limits, err error) {
	if card.Driver == ICE1712 {
		capture, playback = envy24Limits()
		return capture, playback, nil
	}
	hush()
	if capture, err = streamLimits(card, C.SND_PCM_STREAM_CAPTURE); err == nil {
		playback, err = streamLimits(card, C.SND_PCM_STREAM_PLAYBACK)
	}
	return capture, playback, err
}

func streamLimits(card Card, stream C.int) (*Limits, error) {
	name := C.CString(fmt.Sprintf("hw:%d,0", card.Number))
	defer C.free(unsafe.Pointer(name))
	var found C.struct_limits
	rates := make([]C.uint, len(standardRates))
	for i, r := range standardRates {
		rates[i] = C.uint(r)
	}
	if r := C.limits_of(name, stream, &rates[0], C.int(len(rates)), &found); r < 0 {
		err := failed(r)
		if errors.Is(err, syscall.ENOENT) {
			return nil, nil
		}
		return nil, fmt.Errorf("card %s: its PCM: %w", card.ID, err)
	}
	l := &Limits{MinChannels: int(found.min_channels), MaxChannels: int(found.max_channels),
		MinBlock: int(found.min_block), MaxBlock: int(found.max_block), MaxBuffer: int(found.max_buffer)}
	for _, rate := range rates {
		if rate != 0 {
			l.RatesHz = append(l.RatesHz, int(rate))
		}
	}
	return l, nil
}
