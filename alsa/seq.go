package alsa

import "fmt"

// SeqPort is a port of a client of ALSA's sequencer.
type SeqPort struct {
	Address  SeqAddress
	Client   string // names are not unique
	Name     string
	Out, In  bool         // others may read from it, write to it
	Physical bool         // a socket of a device
	To       []SeqAddress // who reads from it
}

// SeqAddress tells a port from all others as long as it is there. Clients get
// other numbers when they come again.
type SeqAddress struct{ Client, Port int }

// String returns the address as aconnect writes it: 20:0.
func (a SeqAddress) String() string { return fmt.Sprintf("%d:%d", a.Client, a.Port) }
