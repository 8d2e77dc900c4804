package jackd

import (
	"bufio"
	"cmp"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Xruns is what a log says of deadlines that were missed.
type Xruns struct {
	Count   int       // blocks that came late, or were lost
	Last    time.Time // zero: never
	Clients []Late    // those at fault, worst first
}

// Late is a client that had not done its work when the block was due.
type Late struct {
	Client string
	Count  int
	Last   time.Time
}

// What jackd says of xruns (JackEngine.cpp, JackTimedDriver.cpp, alsa_driver.c).
// Clients are named in asynchronous mode, and in synchronous mode when they hang.
var (
	lateClient = regexp.MustCompile(`JackEngine::XRun: client (?:= (.*) was not finished, state = |(.*) finished after current callback)`)
	lateServer = []string{"JackTimedDriver::Process XRun", "xrun of at least", "ProcessGraphAsyncMaster: Process error", "ProcessGraphSync: Process error", "SuspendRefNum error"}
)

// together is how near two lines are that tell of the same xrun.
const together = 2 * time.Millisecond

// ReadXruns reads a log of Run, or of jackdbus, from the lines at or after since.
func ReadXruns(log io.Reader, since time.Time) Xruns {
	var x Xruns
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		at, text, ok := cutStamp(lines.Text())
		if !ok || at.Before(since) {
			continue
		}
		m := lateClient.FindStringSubmatch(text)
		if m == nil && !slices.ContainsFunc(lateServer, func(s string) bool { return strings.Contains(text, s) }) {
			continue
		}
		if at.Sub(x.Last) > together {
			x.Count++
		}
		x.Last = at
		if m != nil {
			x.blame(m[1]+m[2], at)
		}
	}
	slices.SortStableFunc(x.Clients, func(a, b Late) int { return cmp.Compare(b.Count, a.Count) })
	return x
}

// busLayout begins each line of jackdbus's log.
const busLayout = "Mon Jan _2 15:04:05 2006: "

// cutStamp takes the time off a line.
func cutStamp(line string) (at time.Time, text string, ok bool) {
	for _, layout := range []string{stampLayout, busLayout} {
		if len(line) < len(layout) {
			continue
		}
		at, err := time.ParseInLocation(layout, line[:len(layout)], time.Local)
		if err == nil {
			return at, line[len(layout):], true
		}
	}
	return time.Time{}, "", false
}

func (x *Xruns) blame(client string, at time.Time) {
	for i := range x.Clients {
		if l := &x.Clients[i]; l.Client == client {
			l.Count++
			l.Last = at
			return
		}
	}
	x.Clients = append(x.Clients, Late{client, 1, at})
}
