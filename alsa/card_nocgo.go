//go:build !cgo

package alsa

import (
	"context"
	"time"
)

// Ctl is an open card: never here, in a binary that was built without
// libasound.
type Ctl struct{ Card Card }

func Cards() ([]Card, error) { return nil, ErrNoLibrary }

func StreamLimits(card Card) (capture, playback *Limits, err error) { return nil, nil, ErrNoLibrary }

func UseOf(card Card) Use { return Use{} }

func Open(name string) (*Ctl, error) { return nil, ErrNoLibrary }

func (c *Ctl) Close() error                                 { return ErrNoLibrary }
func (c *Ctl) Elements() ([]*Element, error)                { return nil, ErrNoLibrary }
func (c *Ctl) Read(e *Element) error                        { return ErrNoLibrary }
func (c *Ctl) Write(e *Element, v Value) error              { return ErrNoLibrary }
func (c *Ctl) Apply(e []*Element, changes []Change) Applied { return Applied{} }
func (c *Ctl) Watch(ctx context.Context, e []*Element, interval time.Duration, changed func(Change)) error {
	return ErrNoLibrary
}

// MIDIPort is a port at the ALSA sequencer: never here either.
type MIDIPort struct{}

func OpenMIDI(client, port string) (*MIDIPort, error) { return nil, ErrNoLibrary }

func (m *MIDIPort) Close()                     {}
func (m *MIDIPort) Client() int                { return 0 }
func (m *MIDIPort) Send(c ControlChange) error { return ErrNoLibrary }
func (m *MIDIPort) Listen(ctx context.Context, moved func(ControlChange), joined func()) error {
	return ErrNoLibrary
}

// Sequencer is a client of the kernel's MIDI sequencer: nor this.
type Sequencer struct{}

func OpenSequencer(client string) (*Sequencer, error) { return nil, ErrNoLibrary }

func (s *Sequencer) Close() error                         { return ErrNoLibrary }
func (s *Sequencer) Ports() []SeqPort                     { return nil }
func (s *Sequencer) Connect(from, to SeqAddress) error    { return ErrNoLibrary }
func (s *Sequencer) Disconnect(from, to SeqAddress) error { return ErrNoLibrary }
