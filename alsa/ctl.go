//go:build cgo

package alsa

/*
#include <alsa/asoundlib.h>
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ctl is an open card. It belongs to one goroutine at a time.
type Ctl struct {
	Card Card

	handle *C.snd_ctl_t
	id     *C.snd_ctl_elem_id_t
	info   *C.snd_ctl_elem_info_t
	value  *C.snd_ctl_elem_value_t
	event  *C.snd_ctl_event_t
}

func openControl(name string) (*Ctl, error) {
	c := new(Ctl)
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	if r := C.snd_ctl_open(&c.handle, s, C.SND_CTL_NONBLOCK); r < 0 {
		err := failed(r)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, ErrGone) {
			err = ErrNoCard
		}
		return nil, fmt.Errorf("card %s: %w", name, err)
	}
	C.snd_ctl_elem_id_malloc(&c.id)
	C.snd_ctl_elem_info_malloc(&c.info)
	C.snd_ctl_elem_value_malloc(&c.value)
	C.snd_ctl_event_malloc(&c.event)
	if err := c.cardInfo(); err != nil {
		c.Close()
		return nil, fmt.Errorf("card %s: %w", name, err)
	}
	return c, nil
}

// Close lets the card go.
func (c *Ctl) Close() error {
	C.snd_ctl_elem_id_free(c.id)
	C.snd_ctl_elem_info_free(c.info)
	C.snd_ctl_elem_value_free(c.value)
	C.snd_ctl_event_free(c.event)
	if r := C.snd_ctl_close(c.handle); r < 0 {
		return failed(r)
	}
	return nil
}

func (c *Ctl) cardInfo() error {
	var info *C.snd_ctl_card_info_t
	C.snd_ctl_card_info_malloc(&info)
	defer C.snd_ctl_card_info_free(info)
	if r := C.snd_ctl_card_info(c.handle, info); r < 0 {
		return failed(r)
	}
	c.Card = Card{
		Number:   int(C.snd_ctl_card_info_get_card(info)),
		ID:       C.GoString(C.snd_ctl_card_info_get_id(info)),
		Driver:   C.GoString(C.snd_ctl_card_info_get_driver(info)),
		Name:     C.GoString(C.snd_ctl_card_info_get_name(info)),
		LongName: C.GoString(C.snd_ctl_card_info_get_longname(info)),
		Mixer:    C.GoString(C.snd_ctl_card_info_get_mixername(info)),
	}
	return nil
}

// Elements lists the elements of the card in the driver's order, with their
// values, but for those that cannot be read or that a read would change: see
// ClearsOnRead. What the hardware documents beyond the driver is added (see
// Refine).
func (c *Ctl) Elements() ([]*Element, error) {
	var list *C.snd_ctl_elem_list_t
	C.snd_ctl_elem_list_malloc(&list)
	defer C.snd_ctl_elem_list_free(list)
	if r := C.snd_ctl_elem_list(c.handle, list); r < 0 {
		return nil, fmt.Errorf("list the elements: %w", failed(r))
	}
	n := C.snd_ctl_elem_list_get_count(list)
	if r := C.snd_ctl_elem_list_alloc_space(list, n); r < 0 {
		return nil, fmt.Errorf("list the elements: %w", failed(r))
	}
	defer C.snd_ctl_elem_list_free_space(list)
	if r := C.snd_ctl_elem_list(c.handle, list); r < 0 {
		return nil, fmt.Errorf("list the elements: %w", failed(r))
	}
	elements := make([]*Element, 0, n)
	for i := range C.snd_ctl_elem_list_get_used(list) {
		e := &Element{ID: ID{
			Iface:     Iface(C.snd_ctl_elem_list_get_interface(list, i)),
			Device:    int(C.snd_ctl_elem_list_get_device(list, i)),
			Subdevice: int(C.snd_ctl_elem_list_get_subdevice(list, i)),
			Name:      C.GoString(C.snd_ctl_elem_list_get_name(list, i)),
			Index:     int(C.snd_ctl_elem_list_get_index(list, i)),
		}, Number: int(C.snd_ctl_elem_list_get_numid(list, i))}
		if err := c.describe(e); err != nil {
			return nil, err
		}
		elements = append(elements, e)
	}
	Refine(c.Card.Driver, elements)
	for _, e := range elements {
		if !e.Access.Read || ClearsOnRead(e.ID) {
			continue
		}
		if err := c.Read(e); errors.Is(err, ErrGone) {
			return nil, err
		}
	}
	return elements, nil
}

func (c *Ctl) setID(id ID) {
	C.snd_ctl_elem_id_clear(c.id)
	C.snd_ctl_elem_id_set_interface(c.id, C.snd_ctl_elem_iface_t(id.Iface))
	C.snd_ctl_elem_id_set_device(c.id, C.uint(id.Device))
	C.snd_ctl_elem_id_set_subdevice(c.id, C.uint(id.Subdevice))
	C.snd_ctl_elem_id_set_index(c.id, C.uint(id.Index))
	name := C.CString(id.Name)
	C.snd_ctl_elem_id_set_name(c.id, name)
	C.free(unsafe.Pointer(name))
}

// describe fills in all of an element but its value.
func (c *Ctl) describe(e *Element) error {
	c.setID(e.ID)
	C.snd_ctl_elem_info_clear(c.info)
	C.snd_ctl_elem_info_set_id(c.info, c.id)
	if r := C.snd_ctl_elem_info(c.handle, c.info); r < 0 {
		return fmt.Errorf("%s: %w", e, failed(r))
	}
	e.Type = Type(C.snd_ctl_elem_info_get_type(c.info))
	e.Count = int(C.snd_ctl_elem_info_get_count(c.info))
	is := func(r C.int) bool { return r != 0 }
	e.Access = Access{
		Read:     is(C.snd_ctl_elem_info_is_readable(c.info)),
		Write:    is(C.snd_ctl_elem_info_is_writable(c.info)),
		Volatile: is(C.snd_ctl_elem_info_is_volatile(c.info)),
		Inactive: is(C.snd_ctl_elem_info_is_inactive(c.info)),
		Locked:   is(C.snd_ctl_elem_info_is_locked(c.info)),
		User:     is(C.snd_ctl_elem_info_is_user(c.info)),
	}
	switch e.Type {
	case Boolean:
		e.Max = 1
	case Integer:
		e.Min = int64(C.snd_ctl_elem_info_get_min(c.info))
		e.Max = int64(C.snd_ctl_elem_info_get_max(c.info))
		e.Step = int64(C.snd_ctl_elem_info_get_step(c.info))
	case Integer64:
		e.Min = int64(C.snd_ctl_elem_info_get_min64(c.info))
		e.Max = int64(C.snd_ctl_elem_info_get_max64(c.info))
		e.Step = int64(C.snd_ctl_elem_info_get_step64(c.info))
	case Enumerated:
		return c.describeItems(e)
	}
	if e.Type == Integer && is(C.snd_ctl_elem_info_is_tlv_readable(c.info)) {
		var words [1024]C.uint
		C.snd_ctl_elem_info_get_id(c.info, c.id)
		if r := C.snd_ctl_elem_tlv_read(c.handle, c.id, &words[0], C.uint(unsafe.Sizeof(words))); r < 0 {
			return nil // the driver has none after all
		}
		n := min(int(words[1])/4+2, len(words))
		scale, err := ParseTLV(unsafe.Slice((*uint32)(unsafe.Pointer(&words[0])), n), e.Min, e.Max)
		if err == nil { // else the driver's mistake: the element has its numbers
			e.Scale = scale
		}
	}
	return nil
}

func (c *Ctl) describeItems(e *Element) error {
	n := C.snd_ctl_elem_info_get_items(c.info)
	e.Items = make([]string, n)
	for i := range n {
		C.snd_ctl_elem_info_set_item(c.info, i)
		if r := C.snd_ctl_elem_info(c.handle, c.info); r < 0 {
			return fmt.Errorf("%s: item %d: %w", e, i, failed(r))
		}
		e.Items[i] = C.GoString(C.snd_ctl_elem_info_get_item_name(c.info))
	}
	return nil
}

// Read reads the element's value into it.
func (c *Ctl) Read(e *Element) error {
	c.setID(e.ID)
	C.snd_ctl_elem_value_clear(c.value)
	C.snd_ctl_elem_value_set_id(c.value, c.id)
	if r := C.snd_ctl_elem_read(c.handle, c.value); r < 0 {
		return fmt.Errorf("%s: %w", e, failed(r))
	}
	v := make(Value, e.Len())
	if e.Type == IEC958 {
		var aes C.snd_aes_iec958_t
		C.snd_ctl_elem_value_get_iec958(c.value, &aes)
		for i, b := range unsafe.Slice((*byte)(unsafe.Pointer(&aes)), IEC958Len) {
			v[i] = int64(b)
		}
	} else {
		for i := range v {
			n := C.uint(i)
			switch e.Type {
			case Boolean:
				v[i] = int64(C.snd_ctl_elem_value_get_boolean(c.value, n))
			case Integer:
				v[i] = int64(C.snd_ctl_elem_value_get_integer(c.value, n))
			case Enumerated:
				v[i] = int64(C.snd_ctl_elem_value_get_enumerated(c.value, n))
			case Bytes:
				v[i] = int64(C.snd_ctl_elem_value_get_byte(c.value, n))
			case Integer64:
				v[i] = int64(C.snd_ctl_elem_value_get_integer64(c.value, n))
			}
		}
	}
	e.Value = v
	return nil
}

// Write sets the element, reads it back into e, and returns ErrIgnored when
// the card kept something else. A value outside the range is not sent.
func (c *Ctl) Write(e *Element, v Value) error {
	if err := e.Check(v); err != nil {
		return err
	}
	if !e.Access.Write {
		return fmt.Errorf("%s: it can only be read", e)
	}
	c.setID(e.ID)
	C.snd_ctl_elem_value_clear(c.value)
	C.snd_ctl_elem_value_set_id(c.value, c.id)
	if e.Type == IEC958 {
		var aes C.snd_aes_iec958_t
		for i, b := range v {
			unsafe.Slice((*byte)(unsafe.Pointer(&aes)), IEC958Len)[i] = byte(b)
		}
		C.snd_ctl_elem_value_set_iec958(c.value, &aes)
	} else {
		for i, x := range v {
			n := C.uint(i)
			switch e.Type {
			case Boolean:
				C.snd_ctl_elem_value_set_boolean(c.value, n, C.long(x))
			case Integer:
				C.snd_ctl_elem_value_set_integer(c.value, n, C.long(x))
			case Enumerated:
				C.snd_ctl_elem_value_set_enumerated(c.value, n, C.uint(x))
			case Bytes:
				C.snd_ctl_elem_value_set_byte(c.value, n, C.uchar(x))
			case Integer64:
				C.snd_ctl_elem_value_set_integer64(c.value, n, C.longlong(x))
			}
		}
	}
	if r := C.snd_ctl_elem_write(c.handle, c.value); r < 0 {
		err := failed(r)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EBUSY) {
			err = errors.New("another program has locked it")
		}
		return fmt.Errorf("%s: %w", e, err)
	}
	if !e.Access.Read || echoes(e.ID) {
		e.Value = v
		return nil
	}
	if err := c.Read(e); err != nil {
		return err
	}
	if !slices.Equal(e.Value, v) {
		return fmt.Errorf("%s: %w: it stays at %s", e, ErrIgnored, e.Text(e.Value))
	}
	return nil
}

// Apply makes the changes and looks afterwards at every element: what the
// driver dragged along is put right where a change names it, and told
// otherwise. What is held (Change.Hold) is not among what was done. When the card goes away in the middle Apply stops there.
func (c *Ctl) Apply(elements []*Element, changes []Change) Applied {
	before := make(map[*Element]Value, len(elements))
	for _, e := range elements {
		before[e] = e.Value
	}
	wanted := make(map[*Element]Value, len(changes))
	failures := make(map[*Element]error)
	for _, change := range changes {
		wanted[change.Element] = change.To
	}
	var a Applied
	for pass := range 2 {
		for _, change := range changes {
			e := change.Element
			if pass > 0 { // the writes before it may have dragged it along
				if err := c.Read(e); err == nil && slices.Equal(e.Value, change.To) {
					continue
				}
			}
			failures[e] = c.Write(e, change.To)
			if errors.Is(failures[e], ErrGone) {
				a.Failed = append(a.Failed, failures[e])
				return a
			}
		}
		for _, e := range elements {
			if !e.Access.Read || e.Access.Volatile || echoes(e.ID) {
				continue
			}
			if err := c.Read(e); errors.Is(err, ErrGone) {
				a.Failed = append(a.Failed, err)
				return a
			}
		}
	}
	for _, change := range changes {
		err := failures[change.Element]
		if err == nil && !slices.Equal(change.Element.Value, change.To) {
			err = fmt.Errorf("%s: %w: it stays at %s", change.Element, ErrIgnored, change.Element.Text(change.Element.Value))
		}
		if err != nil {
			a.Failed = append(a.Failed, err)
			continue
		}
		if !change.Hold() {
			a.Done = append(a.Done, change)
		}
	}
	for _, e := range elements {
		if _, asked := wanted[e]; !asked && before[e] != nil && !slices.Equal(before[e], e.Value) && !echoes(e.ID) {
			a.Along = append(a.Along, Change{e, before[e], e.Value})
		}
	}
	return a
}

// Watch calls changed for every element that gets another value, until ctx
// ends or the card goes away (ErrGone). The card's events tell of most; what
// it changes without an event is looked at every interval.
func (c *Ctl) Watch(ctx context.Context, elements []*Element, interval time.Duration, changed func(Change)) error {
	if r := C.snd_ctl_subscribe_events(c.handle, 1); r < 0 {
		return fmt.Errorf("wait for events: %w", failed(r))
	}
	defer C.snd_ctl_subscribe_events(c.handle, 0)
	wakeRead, wake, err := wakePipe(ctx)
	if err != nil {
		return err
	}
	defer wake()
	var descriptor C.struct_pollfd
	if n := C.snd_ctl_poll_descriptors(c.handle, &descriptor, 1); n != 1 {
		return fmt.Errorf("wait for events: %d descriptors, want 1", n)
	}
	poll := []unix.PollFd{{Fd: int32(descriptor.fd), Events: unix.POLLIN}, {Fd: wakeRead, Events: unix.POLLIN}}
	byID := make(map[ID]*Element, len(elements))
	for _, e := range elements {
		byID[e.ID] = e
	}
	look := func(e *Element) error {
		before := e.Value
		if err := c.Read(e); errors.Is(err, ErrGone) {
			return err
		}
		if !slices.Equal(before, e.Value) {
			changed(Change{e, before, e.Value})
		}
		return nil
	}
	next := time.Now().Add(interval)
	for {
		n, err := unix.Poll(poll, max(0, int(time.Until(next).Milliseconds())+1))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for events: %w", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if n > 0 && poll[0].Revents != 0 {
			if err := c.takeEvents(byID, look); err != nil {
				return err
			}
		}
		if time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(interval)
		for _, e := range elements {
			if (e.Access.Volatile || silent(e.ID)) && e.Access.Read && !ClearsOnRead(e.ID) {
				if err := look(e); err != nil {
					return err
				}
			}
		}
	}
}

// wakePipe is a descriptor that becomes readable when ctx ends; release lets go
// of it.
func wakePipe(ctx context.Context) (fd int32, release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	stop := context.AfterFunc(ctx, func() { w.Close() })
	return int32(r.Fd()), func() {
		if stop() {
			w.Close()
		}
		r.Close()
	}, nil
}

// takeEvents reads every event that is there and looks at its element.
func (c *Ctl) takeEvents(byID map[ID]*Element, look func(*Element) error) error {
	for {
		r := C.snd_ctl_read(c.handle, c.event)
		if r == 0 || r == -C.EAGAIN {
			return nil
		}
		if r < 0 {
			return failed(r)
		}
		if C.snd_ctl_event_get_type(c.event) != C.SND_CTL_EVENT_ELEM {
			continue
		}
		id := ID{
			Iface:     Iface(C.snd_ctl_event_elem_get_interface(c.event)),
			Device:    int(C.snd_ctl_event_elem_get_device(c.event)),
			Subdevice: int(C.snd_ctl_event_elem_get_subdevice(c.event)),
			Name:      C.GoString(C.snd_ctl_event_elem_get_name(c.event)),
			Index:     int(C.snd_ctl_event_elem_get_index(c.event)),
		}
		mask := C.snd_ctl_event_elem_get_mask(c.event)
		e := byID[id]
		if e == nil || mask == C.SND_CTL_EVENT_MASK_REMOVE || !e.Access.Read || ClearsOnRead(id) {
			continue
		}
		if err := look(e); err != nil {
			return err
		}
	}
}
