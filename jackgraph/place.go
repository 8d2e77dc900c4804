package jackgraph

// TransportState is what the transport does.
type TransportState string

const (
	Stopped  TransportState = "stopped"
	Starting TransportState = "starting" // it waits for slow clients
	Rolling  TransportState = "rolling"
)

// Transport is where a server's transport is.
type Transport struct {
	State  TransportState
	Frame  int64
	RateHz int
	BBT    *BBT // nil without a client that tells it (a timebase master)
}

// BBT is musical time: bars and beats count from 1, ticks from 0.
type BBT struct {
	Bar, Beat, Tick            int
	BeatsPerBar, BeatType, BPM float64
}
