//go:build cgo

package alsa

/*
#cgo pkg-config: alsa
#include <alsa/asoundlib.h>
#include <fcntl.h>

static void discard(const char *file, int line, const char *function, int err, const char *fmt, ...) {}

static void silence(void) { snd_lib_error_set_handler(discard); }

static int open_folder(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
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
		first := cards[0]
		for _, driver := range []string{ICE1724, ICE1712} { // the latter before the former
			if i := slices.IndexFunc(cards, func(c Card) bool { return c.Driver == driver }); i >= 0 {
				first = cards[i]
			}
		}
		name = strconv.Itoa(first.Number)
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

// UseOf looks who uses the card.
func UseOf(card Card) Use {
	return readUse(folder("/dev/snd"), folder(fmt.Sprintf("/proc/asound/card%d", card.Number)), card.Number)
}

// folder is where the C library, and with it libasound, finds a folder: a test
// can give it cards of its own.
func folder(path string) string {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	fd := C.open_folder(name)
	if fd < 0 {
		return path
	}
	defer unix.Close(int(fd))
	if at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", int(fd))); err == nil {
		return at
	}
	return path
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
