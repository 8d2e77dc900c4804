package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// retryEvery is how often a server that has stopped is looked for again.
const retryEvery = 200 * time.Millisecond

// watching prints what happens on a server.
type watching struct {
	*streams
	forever, asJSON, times bool
}

func watchCommand(s *streams) *cobra.Command {
	w := &watching{streams: s}
	c := &cobra.Command{
		Use:   "watch",
		Short: "Print what happens on the JACK server",
		Long: `Print clients, ports and connections as they come and go, renames, metadata,
changes of block size and rate, xruns and freewheeling, a line each:

  client-added ardour                 client-removed ardour
  port-added ardour:in_1              port-removed ardour:in_1
  connected FROM -> TO                disconnected FROM -> TO
  port-renamed OLD -> NEW             metadata PORT KEY: VALUE
  block 256, rate 48000 (frames)      xrun 2 (so many at once)
  freewheel on|off                    server-stopped, server-started

Ports that are gone stand there by name too. After each burst the graph is read
again, and what the server did not tell is printed late rather than never.

--json prints an object a line: time (RFC 3339), event (the first word above)
and name, from, to, key or value where the event has them.

Ends with exit code 3 when the server stops. With --forever it waits for the
server to come back, and for the first one too, and tells what is different
then. Ctrl-C ends it.`,
		Example: `  jackknife watch
  jackknife watch --json --forever | jq -r 'select(.event == "xrun") | .time'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			err := w.run(c.Context())
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := c.Flags()
	f.BoolVar(&w.forever, "forever", false, "wait for the server to come (back)")
	f.BoolVar(&w.asJSON, "json", false, "print JSON, an object a line")
	f.BoolVarP(&w.times, "times", "t", false, "begin each line with the time of day")
	serverFlag(c)
	return c
}

func (w *watching) run(ctx context.Context) error {
	var known jackgraph.Graph
	for first := true; ; first = false {
		var waiting io.Writer
		if w.forever {
			waiting = w.err
		}
		server, waited, err := openWatch(ctx, waiting)
		if err != nil {
			return err
		}
		if waited || !first {
			err = w.print(jackgraph.Event{Kind: jackgraph.ServerStarted})
		}
		if err == nil && !first {
			err = w.print(jackgraph.Events(known, server.Graph())...)
		}
		for err == nil {
			var events []jackgraph.Event
			if events, err = server.Next(ctx); err == nil {
				err = w.print(events...)
			}
		}
		known = server.Graph()
		server.Close()
		switch {
		case !errors.Is(err, jackgraph.ErrNoServer):
			return err
		case !w.forever:
			return &failure{code: exitNoServer, err: errors.New("the server has stopped"), hint: "--forever waits for it to come back"}
		}
	}
}

func (w *watching) print(events ...jackgraph.Event) error {
	now := time.Now()
	for _, e := range events {
		line := e.String()
		switch {
		case w.asJSON:
			b, err := json.Marshal(struct {
				Time string `json:"time"`
				jackgraph.Event
			}{now.Format("2006-01-02T15:04:05.000Z07:00"), e})
			if err != nil {
				return err
			}
			line = string(b)
		case w.times:
			line = now.Format("15:04:05.000 ") + line
		}
		if _, err := fmt.Fprintln(w.out, line); err != nil {
			return err
		}
	}
	return nil
}

// openWatch joins the server to hear what happens there. If there is none it
// waits for one to start, and says so to waiting; nil: it does not wait.
func openWatch(ctx context.Context, waiting io.Writer) (w *jackgraph.Watch, waited bool, err error) {
	for {
		w, err = jackgraph.OpenWatch(fmt.Sprint("jackknife-", os.Getpid()))
		if err == nil || waiting == nil || errors.Is(err, jackgraph.ErrNoLibrary) {
			return w, waited, openFailure(err)
		}
		if !waited {
			fmt.Fprintln(waiting, "jackknife: waiting for a server")
		}
		waited = true
		select {
		case <-ctx.Done():
			return nil, waited, ctx.Err()
		case <-time.After(retryEvery):
		}
	}
}
