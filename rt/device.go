package rt

import (
	"errors"
	"math"
	"time"
)

// DefaultLatency is how much audio a device's own buffer holds, so that a busy
// machine has so long to fetch or to bring it.
const DefaultLatency = 500 * time.Millisecond

// ErrNoDevice says that there is no device of a name.
var ErrNoDevice = errors.New("no such device")

// ErrDeviceGone says that a device stopped while it was recording or playing.
var ErrDeviceGone = errors.New("the device has stopped")

// Device is a sound device as PortAudio lists it, for a machine without a JACK
// server.
type Device struct {
	Name           string
	API            string // ALSA and others, never JACK
	Inputs         int    // channels at the most
	Outputs        int
	RateHz         int           // its own, where it is not asked for another
	InputLatency   time.Duration // the lowest that it suggests
	OutputLatency  time.Duration
	DefaultInput   bool
	DefaultOutput  bool
	portAudioIndex int
}

// DeviceConfig is what a stream is opened with.
type DeviceConfig struct {
	Device   string // as FindDevice takes it
	Channels int    // the first ones of the device
	RateHz   int    // 0: the device's own
	Latency  time.Duration
	Ring     time.Duration // audio that waits in memory; 0: DefaultRing
}

// pace holds the frames that a device moved against the machine's clock. A
// device tells that frames were lost, but not how many: the clock says that, to
// a few milliseconds.
type pace struct {
	rateHz float64
	lags   [2]float64 // least lag in the second before and in this one, frames
	since  float64    // seconds; when this one began
	first  float64    // least lag in the first second
	runs   float64    // seconds from the first look to the second before
	from   float64    // seconds; the first look
}

func newPace(rateHz int) *pace { return &pace{rateHz: float64(rateHz), from: -1} }

func (p *pace) lag(at time.Duration, moved int64) float64 {
	return at.Seconds()*p.rateHz - float64(moved)
}

// see looks at how many frames were moved at a time. A device counts in steps,
// so only the least lag of a second means something.
func (p *pace) see(at time.Duration, moved int64) {
	lag, now := p.lag(at, moved), at.Seconds()
	if p.from < 0 {
		p.from, p.since = now, now
		p.first, p.lags = lag, [2]float64{lag, lag}
	}
	if now-p.since >= 1 {
		p.runs, p.since = p.since-p.from, now
		p.lags = [2]float64{p.lags[1], lag}
	}
	p.lags[1] = min(p.lags[1], lag)
	if now-p.from < 1 {
		p.first = min(p.first, lag)
	}
}

// missing is how many frames were lost up to a time at which the device had
// just begun anew.
func (p *pace) missing(at time.Duration, moved int64) int64 {
	if p.from < 0 {
		return 0
	}
	return max(0, int64(math.Round(p.lag(at, moved)-min(p.lags[0], p.lags[1]))))
}

// rate is how many frames a second the device moves by the machine's clock; 0
// until that can be told.
func (p *pace) rate() float64 {
	if p.runs < 1 {
		return 0
	}
	return p.rateHz - (p.lags[0]-p.first)/p.runs
}
