package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/jackgraph/jackd"
)

// serverStatus is how a server does, as --json prints it.
type serverStatus struct {
	Server    string        `json:"server"`  // empty under PipeWire
	Backend   string        `json:"backend"` // jackd2 or pipewire
	Version   string        `json:"version"`
	PID       int           `json:"pid"` // 0: not known
	StartedBy string        `json:"started_by"`
	Since     string        `json:"since"`
	Settings  string        `json:"settings"`
	Rate      int           `json:"rate"`
	Block     int           `json:"block"`
	Realtime  bool          `json:"realtime"`
	Load      float64       `json:"load"`
	Latency   statusLatency `json:"latency"`
	Clients   []string      `json:"clients"`
	Xruns     *statusXruns  `json:"xruns"` // null: not known
}

// statusLatency is in frames, from the card's inputs and to its outputs.
type statusLatency struct {
	Capture  int `json:"capture"`
	Playback int `json:"playback"`
}

type statusXruns struct {
	Count   int          `json:"count"`
	Last    string       `json:"last"`
	Clients []statusLate `json:"clients"`
}

type statusLate struct {
	Client string `json:"client"`
	Count  int    `json:"count"`
	Last   string `json:"last"`
}

func serverStatusCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show how the server does",
		Long: `Show the server that runs: who started it and with what, rate and block, the
latency of the card, the load (percent of the time of a block that all programs
take), and the xruns in its log: how many, when the last was, and which programs
were late. Times of xruns are known of a server that jackknife or jackdbus
started; of others, and of PipeWire, jackknife watch tells them as they happen.

In synchronous mode (sync=yes) jackd counts an xrun but names a program only when
it hangs.

--json prints an object with server, backend ("jackd2" or "pipewire"), version, pid,
started_by, since, settings, rate, block, realtime, load, latency (capture,
playback: frames), clients (names), and xruns: null, or count, last and clients
(client, count, last).

Exit 3 if no server runs.`,
		Example: `  jackknife server status
  jackknife server status --json | jq .load`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			status, err := readStatus(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(s.out, status)
			}
			printStatus(s, status)
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	serverFlag(c)
	return c
}

// readStatus asks the server, the system and the log.
func readStatus(ctx context.Context) (serverStatus, error) {
	server, err := visitServer()
	if err != nil {
		return serverStatus{}, err
	}
	defer server.Close()
	ports := server.Snapshot().Ports
	status := serverStatus{Backend: "jackd2", Version: jackgraph.Version(), Clients: append([]string{}, server.Clients(ports)...)}
	for _, p := range ports {
		if p.Physical && p.Type == jackgraph.Audio {
			status.Latency.Capture = max(status.Latency.Capture, p.Capture.Max)
			status.Latency.Playback = max(status.Latency.Playback, p.Playback.Max)
		}
	}
	e := server.Engine()
	status.Rate, status.Block, status.Load, status.Realtime = e.RateHz, e.Block, e.Load, e.Realtime
	if jackgraph.OnPipeWire() {
		status.Backend, status.StartedBy = "pipewire", "the session"
		ctx, cancel := context.WithTimeout(ctx, pipewireLimit)
		defer cancel()
		if q, err := jackgraph.ReadQuantum(ctx); err == nil {
			status.Settings = quantumLine(q)
			status.Block, status.Rate = cmp.Or(q.ForcedBlock, status.Block), cmp.Or(q.ForcedRateHz, status.Rate)
		}
		return status, nil
	}
	status.Server = serverName()
	return status, status.process()
}

// process adds what the system and the log know of a jackd.
func (status *serverStatus) process() error {
	place, err := serverPlace()
	if err != nil {
		return err
	}
	status.PID = jackd.Running(status.Server)
	status.StartedBy = "another program"
	log, since := "", time.Time{}
	if state, ours := place.State(status.Server); ours {
		status.StartedBy, status.Since, status.Settings = "jackknife", state.Since.Format(time.RFC3339), state.Settings.String()
		log, since = place.Log(status.Server), state.Since
	} else if jackd.Program(status.PID) == "jackdbus" {
		status.StartedBy = "jackdbus"
		log = busLog()
	} else if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", status.PID)); err == nil {
		status.Settings = shellWords(strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"))
	}
	if log == "" {
		return nil
	}
	f, err := os.Open(log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	x := jackd.ReadXruns(f, since)
	status.Xruns = &statusXruns{Count: x.Count, Last: stampTime(x.Last), Clients: []statusLate{}}
	for _, l := range x.Clients {
		status.Xruns.Clients = append(status.Xruns.Clients, statusLate{l.Client, l.Count, stampTime(l.Last)})
	}
	return nil
}

// busLog is where jackdbus writes what happens.
func busLog() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".log", "jack", "jackdbus.log")
}

func stampTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

func printStatus(s *streams, status serverStatus) {
	line := func(word, format string, args ...any) {
		fmt.Fprintf(s.out, "%-9s %s\n", word, fmt.Sprintf(format, args...))
	}
	ms := func(frames int) string { return fmt.Sprintf("%.1f ms", 1000*float64(frames)/float64(status.Rate)) }
	switch status.Backend {
	case "pipewire":
		line("server", "PipeWire (JACK %s)", status.Version)
	default:
		line("server", "%s, jackd2 %s, process %d, started by %s%s", status.Server, status.Version, status.PID, status.StartedBy, sinceWords(status.Since))
	}
	if status.Settings != "" {
		line("settings", "%s", status.Settings)
	}
	line("rate", "%d", status.Rate)
	line("block", "%d (%s)%s", status.Block, ms(status.Block), map[bool]string{true: ", realtime", false: ", not realtime"}[status.Realtime])
	line("latency", "%s in (%d frames), %s out (%d frames)", ms(status.Latency.Capture), status.Latency.Capture, ms(status.Latency.Playback), status.Latency.Playback)
	line("load", "%.1f %%", status.Load)
	line("clients", "%s", strings.Join(status.Clients, ", "))
	switch x := status.Xruns; {
	case x == nil:
		line("xruns", "not known; jackknife watch tells them as they happen")
	case x.Count == 0:
		line("xruns", "none")
	default:
		line("xruns", "%d, the last at %s", x.Count, timeWords(x.Last))
		for _, l := range x.Clients {
			line("", "%s was late %d times, at last %s", l.Client, l.Count, timeWords(l.Last))
		}
	}
}

// sinceWords words when something began.
func sinceWords(stamp string) string {
	if stamp == "" {
		return ""
	}
	return " " + timeWords(stamp)
}

// timeWords is a time of today as such, any other with its date.
func timeWords(stamp string) string {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return stamp
	}
	t = t.Local()
	if now := time.Now(); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format(time.DateTime)
}
