// Package alsa knows the controls of a sound card in the words of its user:
// levels in dB, routes by name, the monitor mixer's strips. Elements are named
// by interface, name and index, never by the number the kernel gives them,
// which differs between kernels.
//
// This part is pure Go; reaching the cards (ctl.go, cards.go) needs libasound.
package alsa

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Iface is the part of a card that an element belongs to, as the kernel
// numbers them (include/uapi/sound/asound.h).
type Iface uint8

const (
	IfaceCard Iface = iota
	IfaceHWDep
	IfaceMixer
	IfacePCM
	IfaceRawMIDI
	IfaceTimer
	IfaceSequencer
)

var ifaceNames = [...]string{"CARD", "HWDEP", "MIXER", "PCM", "RAWMIDI", "TIMER", "SEQUENCER"}

func (i Iface) String() string {
	if int(i) < len(ifaceNames) {
		return ifaceNames[i]
	}
	return fmt.Sprintf("IFACE%d", uint8(i))
}

// ParseIface reads an interface's name in either case.
func ParseIface(s string) (Iface, error) {
	if i := slices.Index(ifaceNames[:], strings.ToUpper(s)); i >= 0 {
		return Iface(i), nil
	}
	return 0, fmt.Errorf("interface %q: want one of %s", s, strings.ToLower(strings.Join(ifaceNames[:], " ")))
}

// ID names an element. Device and Subdevice are 0 nearly everywhere.
type ID struct {
	Iface             Iface
	Device, Subdevice int
	Name              string
	Index             int
}

// String is the name as Find takes it: "DAC Volume,3", and with its interface
// when that is not the mixer: "pcm:Multi Track Peak", "pcm.3:ELD".
func (id ID) String() string {
	var b strings.Builder
	if id.Iface != IfaceMixer || id.Device != 0 || id.Subdevice != 0 {
		b.WriteString(strings.ToLower(id.Iface.String()))
		if id.Device != 0 || id.Subdevice != 0 {
			fmt.Fprintf(&b, ".%d", id.Device)
		}
		if id.Subdevice != 0 {
			fmt.Fprintf(&b, ".%d", id.Subdevice)
		}
		b.WriteByte(':')
	}
	b.WriteString(id.Name)
	if id.Index != 0 {
		fmt.Fprintf(&b, ",%d", id.Index)
	}
	return b.String()
}

// Compare orders elements for showing: interface, device, name, index.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Iface, other.Iface), cmp.Compare(id.Device, other.Device),
		cmp.Compare(id.Subdevice, other.Subdevice), cmp.Compare(id.Name, other.Name), cmp.Compare(id.Index, other.Index))
}

// Type is the kind of an element's values.
type Type uint8

const (
	Boolean Type = iota + 1
	Integer
	Enumerated
	Bytes
	IEC958
	Integer64
)

var typeNames = [...]string{"NONE", "BOOLEAN", "INTEGER", "ENUMERATED", "BYTES", "IEC958", "INTEGER64"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("TYPE%d", uint8(t))
}

// Access says what may be done with an element.
type Access struct {
	Read, Write bool
	Volatile    bool // changes by itself, without an event
	Inactive    bool // has no effect at the moment
	Locked      bool // another program holds it
	User        bool // made by a program, not by the driver
}

// Value holds the values of an element: one a channel, 0 or 1 for Boolean, the
// item's number for Enumerated. IEC958 has 176: 24 status bytes, 147 of
// subcode, one of padding, four of the subframe (struct snd_aes_iec958).
type Value []int64

// IEC958Len is the length of an IEC958 value.
const IEC958Len = 24 + 147 + 1 + 4

// Element is one control of a card.
type Element struct {
	ID
	Number         int // the kernel's, for alsactl's files; it names nothing
	Type           Type
	Count          int // channels
	Min, Max, Step int64
	Limit          int64 // the highest value the hardware documents, where the driver's Max is beyond it; or 0
	Items          []string
	Scale          Scale
	Access         Access
	Value          Value // as last read; nil when it was not

	alone string // the shortest name that means this element alone; see Refine
}

// String is the element's name as Find takes it for this element alone.
func (e *Element) String() string {
	if e.alone != "" {
		return e.alone
	}
	return e.ID.String()
}

// nameAlone gives every element the shortest name by which Find finds it and no
// other: with an index 0 or a device where there are others beside it.
func nameAlone(elements []*Element) {
	byName := make(map[string][]*Element)
	for _, e := range elements {
		key := strings.ToLower(e.Name)
		byName[key] = append(byName[key], e)
	}
	for _, e := range elements {
		iface, index := strings.ToLower(e.Iface.String()), fmt.Sprintf("%s,%d", e.Name, e.Index)
		for _, name := range []string{
			e.ID.String(),
			strings.TrimSuffix(e.ID.String(), e.Name) + index,
			iface + ":" + index,
			fmt.Sprintf("%s.%d:%s", iface, e.Device, index),
			fmt.Sprintf("%s.%d.%d:%s", iface, e.Device, e.Subdevice, index),
		} {
			e.alone = name
			if found, err := Find(byName[strings.ToLower(e.Name)], name); err == nil && len(found) == 1 && found[0] == e {
				break
			}
		}
	}
}

// Len is the length of the element's values.
func (e *Element) Len() int {
	if e.Type == IEC958 {
		return IEC958Len
	}
	return e.Count
}

// Check returns an error when v is not a value of the element.
func (e *Element) Check(v Value) error {
	if len(v) != e.Len() {
		return fmt.Errorf("%s: %d values, want %d", e, len(v), e.Len())
	}
	low, high := e.Range()
	for _, n := range v {
		if n < low || n > high {
			return fmt.Errorf("%s: %d is outside %d to %d", e, n, low, high)
		}
	}
	return nil
}

// Range is what one value of the element may be.
func (e *Element) Range() (low, high int64) {
	switch e.Type {
	case Boolean:
		return 0, 1
	case Enumerated:
		return 0, int64(len(e.Items)) - 1
	case Bytes, IEC958:
		return 0, 255
	}
	if e.Limit != 0 {
		return e.Min, e.Limit
	}
	return e.Min, e.Max
}

// ErrNotFound: no element has that name.
var ErrNotFound = errors.New("no such element")

// Find returns the elements that name means: NAME all of that name, NAME,INDEX
// one of them, NAME,FROM-TO several; before NAME may stand the interface and
// the device, "pcm:" or "pcm.3:". Capitals do not matter. The order is that of
// elements. Finding nothing is ErrNotFound.
func Find(elements []*Element, name string) ([]*Element, error) {
	p, err := parsePattern(name)
	if err != nil {
		return nil, err
	}
	var found []*Element
	for _, e := range elements {
		if p.matches(e.ID) {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return found, nil
}

type pattern struct {
	iface             int // -1 any
	device, subdevice int // -1 any
	name              string
	from, to          int
}

func (p pattern) matches(id ID) bool {
	return strings.EqualFold(p.name, id.Name) && p.from <= id.Index && id.Index <= p.to &&
		(p.iface < 0 || p.iface == int(id.Iface)) && (p.device < 0 || p.device == id.Device) &&
		(p.subdevice < 0 || p.subdevice == id.Subdevice)
}

func parsePattern(s string) (pattern, error) {
	const maxIndex = 1<<31 - 1
	p := pattern{iface: -1, device: -1, subdevice: -1, name: s, to: maxIndex}
	if before, after, ok := strings.Cut(p.name, ":"); ok {
		parts := strings.Split(before, ".")
		if i, err := ParseIface(parts[0]); err == nil && len(parts) <= 3 {
			p.iface, p.name = int(i), after
			for n, to := range []*int{&p.device, &p.subdevice} {
				if len(parts) > n+1 {
					d, err := strconv.Atoi(parts[n+1])
					if err != nil || d < 0 {
						return p, fmt.Errorf("%s: %q is no device number", s, parts[n+1])
					}
					*to = d
				}
			}
		}
	}
	if at := strings.LastIndexByte(p.name, ','); at >= 0 {
		from, to, several := strings.Cut(p.name[at+1:], "-")
		a, err := strconv.Atoi(from)
		b := a
		if err == nil && several {
			b, err = strconv.Atoi(to)
		}
		if err != nil || a < 0 || b < a {
			return p, fmt.Errorf("%s: want NAME, NAME,INDEX or NAME,FROM-TO", s)
		}
		p.name, p.from, p.to = p.name[:at], a, b
	}
	if p.name == "" {
		return p, fmt.Errorf("%q names no element", s)
	}
	return p, nil
}
