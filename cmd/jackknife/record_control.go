package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// request is what jackknife take asks of a recorder, as a line of JSON.
type request struct {
	Do     string `json:"do"` // start, stop, mark, status
	Label  string `json:"label,omitempty"`
	answer chan answer
}

// answer is what the recorder says to it, as a line of JSON.
type answer struct {
	State  string    `json:"state"`          // waiting or rolling
	File   string    `json:"file,omitempty"` // the take that rolls, or the last one
	Frames int64     `json:"frames"`         // of that take
	RateHz int       `json:"rate_hz"`
	Gaps   int       `json:"gaps"`
	Xruns  int       `json:"xruns"`
	Marks  int       `json:"marks"`
	Mark   *markJSON `json:"mark,omitempty"` // that was made
	Takes  int       `json:"takes"`          // finished so far
	DiskS  float64   `json:"disk_s"`         // seconds that the disk has room for
	Stuck  string    `json:"stuck,omitempty"`
	Error  string    `json:"error,omitempty"`
}

// answer does what is asked. A stop is answered when the take is finished.
func (d *deck) answer(q request) {
	a := answer{}
	switch q.Do {
	case "start":
		if d.now == nil {
			if err := d.start(); err != nil {
				a.Error = err.Error()
				d.say("error: %s", err)
			}
		}
	case "stop":
		if d.now != nil {
			d.over = true
			d.stops = append(d.stops, q)
			return
		}
	case "mark":
		m, err := d.mark(q.Label)
		if err != nil {
			a.Error = err.Error()
		} else {
			a.Mark = &markJSON{m.Frame, m.Label}
		}
	case "status":
	default:
		a.Error = fmt.Sprintf("%q: no such request", q.Do)
	}
	now := d.status()
	now.Mark, now.Error = a.Mark, a.Error
	q.answer <- now
}

func (d *deck) status() answer {
	a := answer{State: "waiting", RateHz: d.rateHz, Takes: len(d.ended)}
	if room, ok := d.room(); ok {
		a.DiskS = room.Seconds()
	}
	if r := d.now; r != nil {
		report := d.seen.Part(r.first, r.first+r.frames)
		a.State, a.File, a.Frames, a.Marks = "rolling", r.file, r.frames, len(r.marks)
		a.Gaps, a.Xruns = len(report.Gaps), report.XrunCount()
		if r.stuck != nil {
			a.Stuck = r.stuck.Error()
		}
	} else if n := len(d.ended); n > 0 {
		t := d.ended[n-1]
		a.File, a.Frames, a.Marks = t.file, t.report.Frames, len(t.marks)
		a.Gaps, a.Xruns = len(t.report.Gaps), t.report.XrunCount()
	}
	return a
}

// socketFolder is where the sockets of this user's recorders are.
func socketFolder() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "jackknife")
	}
	return filepath.Join(os.TempDir(), fmt.Sprint("jackknife-", os.Getuid()))
}

func socketName(client string) string {
	return filepath.Join(socketFolder(), url.PathEscape(client)+".sock")
}

// control is the socket through which a recorder is asked. Only its user can
// reach it: the folder and the socket are that user's alone.
type control struct {
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	requests chan<- request
	running  sync.WaitGroup
}

// listen opens the socket of a client.
func listen(ctx context.Context, client string, requests chan<- request) (*control, error) {
	folder := socketFolder()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	// Under /tmp somebody else could have made it.
	st, err := os.Lstat(folder)
	if err != nil {
		return nil, err
	}
	if own, ok := st.Sys().(*syscall.Stat_t); !ok || !st.IsDir() || int(own.Uid) != os.Getuid() || st.Mode().Perm() != 0o700 {
		return nil, fmt.Errorf("%s: is not a folder of this user's alone", folder)
	}
	name := socketName(client)
	l, err := net.Listen("unix", name)
	if errors.Is(err, syscall.EADDRINUSE) {
		if c, dialErr := net.Dial("unix", name); dialErr == nil {
			c.Close()
			return nil, fmt.Errorf("%s: another recorder of that name listens there", name)
		}
		if err = os.Remove(name); err == nil { // left by one that was killed
			l, err = net.Listen("unix", name)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(name, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	c := &control{listener: l, requests: requests}
	c.ctx, c.stop = context.WithCancel(ctx)
	c.running.Add(1)
	go c.accept()
	return c, nil
}

// close ends all conversations.
func (c *control) close() {
	c.stop()
	c.listener.Close()
	c.running.Wait()
}

func (c *control) accept() {
	defer c.running.Done()
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.running.Add(1)
		go c.converse(conn)
	}
}

const (
	askWithin = 5 * time.Second // for a request to come through the socket
	maxLabel  = 1 << 10
)

func (c *control) converse(conn net.Conn) {
	defer c.running.Done()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(askWithin))
	line, err := bufio.NewReaderSize(conn, 8*maxLabel).ReadSlice('\n')
	if err != nil {
		return
	}
	q := request{answer: make(chan answer, 1)}
	a := answer{Error: "the recording has ended"}
	if err := json.Unmarshal(line, &q); err != nil {
		a.Error = err.Error()
	} else if len(q.Label) > maxLabel {
		a.Error = fmt.Sprintf("a label of %d bytes: %d at most", len(q.Label), maxLabel)
	} else {
		select {
		case c.requests <- q:
			select {
			case a = <-q.answer:
			case <-c.ctx.Done():
				select { // the end of the recording answers a stop
				case a = <-q.answer:
				default:
				}
			}
		case <-c.ctx.Done():
		}
	}
	conn.SetDeadline(time.Now().Add(askWithin))
	json.NewEncoder(conn).Encode(a)
}
