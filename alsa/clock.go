package alsa

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Clock is what an Envy24 card goes by: its crystal at one of its rates, or a
// signal from outside. Elements that the card has not are nil.
type Clock struct {
	Rate    *Element // the rate, or the external clock
	Default *Element // the rate when idle, when locked, and by external clock
	Locking *Element // only the default rate may be used
	Reset   *Element // back to the default rate when idle

	wordSync   *Element // external is the word clock, not S/PDIF
	wordStatus *Element
	receiver   *Element // error status of the S/PDIF receiver
}

// Sources of the clock.
const (
	Internal  = "internal"
	SPDIF     = "spdif"
	WordClock = "word"
)

// NewClock finds the clock among the elements; Rate is nil when the card has
// none of this kind.
func NewClock(elements []*Element) Clock {
	one := func(iface Iface, name string) *Element {
		for _, e := range elements {
			if e.Name == name && e.Iface == iface && e.Value != nil {
				return e
			}
		}
		return nil
	}
	return Clock{
		Rate:       one(IfaceMixer, clockName),
		Default:    one(IfaceMixer, clockName+" Default"),
		Locking:    one(IfaceMixer, "Multi Track Rate Locking"),
		Reset:      one(IfaceMixer, "Multi Track Rate Reset"),
		wordSync:   one(IfaceMixer, "Word Clock Sync"),
		wordStatus: one(IfaceMixer, "Word Clock Status"),
		receiver:   one(IfacePCM, "IEC958 CS8427 Error Status"),
	}
}

// isRate reports whether an item of the clock is a rate.
func isRate(item string) bool {
	_, err := strconv.Atoi(item)
	return err == nil
}

// item is the item that the element has now.
func item(e *Element) string { return e.channel(e.Value[0]) }

// Source is where the clock comes from.
func (c Clock) Source() string {
	switch {
	case isRate(item(c.Rate)):
		return Internal
	case c.wordSync != nil && c.wordSync.Value[0] != 0:
		return WordClock
	}
	return SPDIF
}

// RateHz is the rate of the card by its own crystal, or the one that programs
// can use by an external clock. It is read from the chip; 0 if unknown.
func (c Clock) RateHz() int {
	rate, err := strconv.Atoi(item(c.Rate))
	if err != nil && c.Default != nil {
		rate, _ = strconv.Atoi(item(c.Default))
	}
	return rate
}

// Rates lists the rates of the crystal.
func (c Clock) Rates() []string {
	return slices.DeleteFunc(slices.Clone(c.Rate.Items), func(s string) bool { return !isRate(s) })
}

// Lock is whether the card follows its external clock.
type Lock uint8

const (
	LockUnknown Lock = iota // or of no interest: on the crystal
	Locked
	Unlocked
)

// Lock tells whether the external clock is there. Only a card with a CS8427
// receiver tells it reliably; its "Word Clock Status" on means no lock.
func (c Clock) Lock() Lock {
	if c.Source() == Internal || c.receiver == nil {
		return LockUnknown
	}
	const pllUnlocked = 0x10
	if c.receiver.Value[0]&pllUnlocked != 0 || c.wordStatus != nil && c.wordStatus.Value[0] != 0 {
		return Unlocked
	}
	return Locked
}

// Receiver words what the S/PDIF receiver complains of; false when the card has
// none or it looks elsewhere: on the crystal it says nothing of the input.
func (c Clock) Receiver() (errors []string, ok bool) {
	if c.Source() != SPDIF || c.receiver == nil {
		return nil, false
	}
	return ReceiverErrors(c.receiver.Value[0]), true
}

// To is what must change for the clock to come from source, at a rate where it
// is not 0: the crystal's, or what the external clock will have; it becomes the
// default too. The order matters: the default rate before the source, since programs can open the
// card only at the default rate by an external clock.
func (c Clock) To(source string, rateHz int) ([]Change, error) {
	var changes []Change
	set := func(e *Element, word string) error {
		v, err := e.Parse(e.Value, word)
		if err == nil && !slices.Equal(v, e.Value) {
			changes = append(changes, Change{e, e.Value, v})
		}
		return err
	}
	rate := strconv.Itoa(rateHz)
	if rateHz != 0 && !slices.Contains(c.Rate.Items, rate) {
		return nil, fmt.Errorf("rate %s: the card has %s", rate, strings.Join(c.Rates(), ", "))
	}
	if source == Internal {
		if rateHz == 0 {
			rate = strconv.Itoa(c.RateHz())
		}
		if c.wordSync != nil && isRate(rate) {
			if err := set(c.wordSync, "off"); err != nil {
				return nil, err
			}
		}
		if err := set(c.Rate, rate); err != nil || rateHz == 0 || c.Default == nil {
			return changes, err
		}
		return changes, set(c.Default, rate)
	}
	external := slices.IndexFunc(c.Rate.Items, func(s string) bool { return !isRate(s) })
	if external < 0 {
		return nil, fmt.Errorf("clock: the card has no external one")
	}
	if source == WordClock && c.wordSync == nil {
		return nil, fmt.Errorf("clock: the card has no word clock")
	}
	if rateHz != 0 && c.Default != nil {
		if err := set(c.Default, rate); err != nil {
			return nil, err
		}
	}
	if source == SPDIF && c.wordSync != nil {
		if err := set(c.wordSync, "off"); err != nil {
			return nil, err
		}
	}
	if err := set(c.Rate, c.Rate.Items[external]); err != nil {
		return nil, err
	}
	if source == WordClock {
		return changes, set(c.wordSync, "on")
	}
	return changes, nil
}
