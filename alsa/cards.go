//go:build cgo

package alsa

/*
#cgo pkg-config: alsa
#include <alsa/asoundlib.h>

static void discard(const char *file, int line, const char *function, int err, const char *fmt, ...) {}

static void silence(void) { snd_lib_error_set_handler(discard); }
*/
import "C"

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// hush keeps libasound from printing what it also returns.
func hush() { C.silence() }

// Cards lists the sound cards of the machine in the order of their numbers.
// A card that cannot be opened stands in the list with its number only, and
// its error among the errors joined in err.
func Cards() (cards []Card, err error) {
	hush()
	for n := C.int(-1); ; {
		if r := C.snd_card_next(&n); r < 0 {
			return cards, errors.Join(err, fmt.Errorf("list the sound cards: %w", failed(r)))
		}
		if n < 0 {
			return cards, err
		}
		ctl, openErr := openControl(fmt.Sprintf("hw:%d", int(n)))
		if openErr != nil {
			cards, err = append(cards, Card{Number: int(n)}), errors.Join(err, openErr)
			continue
		}
		cards = append(cards, ctl.Card)
		ctl.Close()
	}
}

// Open opens a card by number, by id, or by the name of a control device of
// libasound's configuration ("hw:M1010LT", "default"). The empty name means
// the first card of the Envy24 family, or the first card. Without that card
// the error is ErrNoCard.
func Open(name string) (*Ctl, error) {
	hush()
	if name == "" {
		cards, err := Cards()
		if len(cards) == 0 {
			return nil, errors.Join(ErrNoCard, err)
		}
		name = strconv.Itoa(cards[0].Number)
		for _, c := range cards {
			if c.Driver == ICE1712 {
				name = strconv.Itoa(c.Number)
				break
			}
		}
	}
	if strings.Contains(name, ":") {
		return openControl(name)
	}
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	if n := C.snd_card_get_index(c); n >= 0 {
		return openControl(fmt.Sprintf("hw:%d", int(n)))
	}
	ctl, err := openControl(name)
	if err != nil {
		return nil, fmt.Errorf("card %s: %w", name, ErrNoCard)
	}
	return ctl, nil
}

// failed words an error code of libasound.
func failed(r C.int) error {
	if r > -4096 {
		switch e := syscall.Errno(-r); e {
		case syscall.ENODEV, syscall.ENXIO, syscall.EBADFD:
			return ErrGone
		default:
			return e
		}
	}
	return errors.New(C.GoString(C.snd_strerror(r)))
}
