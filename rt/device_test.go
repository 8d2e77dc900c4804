package rt

import (
	"math"
	"testing"
	"time"
)

// TestPace feeds a device that counts in steps of 1024 frames, runs 80 ppm fast
// and is looked at every 5 ms and sometimes late, and loses frames now and then.
func TestPace(t *testing.T) {
	const rateHz, step, fast = 48000, 1024, 1.00008
	p := newPace(rateHz)
	if got := p.missing(0, 0); got != 0 {
		t.Errorf("before the first look %d frames are missing", got)
	}
	var lost, found int64
	begun := time.Duration(0) // when the device last began
	var before int64          // frames moved until then
	for at := time.Duration(0); at < 5*time.Minute; at += 5 * time.Millisecond {
		if at%(20*time.Second) == 0 {
			at += 40 * time.Millisecond
		}
		moved := before + int64((at-begun).Seconds()*rateHz*fast)/step*step
		if at%(60*time.Second) == 55*time.Second { // nobody looks for a while, the device stops and begins anew
			gap := 700*time.Millisecond + at/200
			at += gap
			truly := int64(gap.Seconds() * rateHz)
			lost += truly
			got := p.missing(at, moved+found)
			if d := got - truly; d < -2*step || d > 2*step {
				t.Errorf("at %v: %d frames missing, told %d", at, truly, got)
			}
			found += got
			begun, before = at, moved
			continue
		}
		p.see(at, moved+found)
	}
	if found < lost-5*step || found > lost+5*step || lost == 0 {
		t.Errorf("told of %d of %d frames", found, lost)
	}
	if got := p.rate(); math.Abs(got-rateHz*fast) > 5 {
		t.Errorf("rate %v, want %v", got, rateHz*fast)
	}
}

// TestPaceOtherRate: a device that runs at another rate than it was asked for is
// told by its rate.
func TestPaceOtherRate(t *testing.T) {
	p := newPace(48000)
	for at := time.Duration(0); at < 10*time.Second; at += 5 * time.Millisecond {
		p.see(at, int64(at.Seconds()*44100))
	}
	if got := p.rate(); math.Abs(got-44100) > 50 {
		t.Errorf("rate %v, want 44100", got)
	}
}
