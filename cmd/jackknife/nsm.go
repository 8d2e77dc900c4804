package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/session/nsm"
)

// nsmProgram is the name under which the program serves a session manager,
// which starts it without arguments.
const nsmProgram = "jackknife-nsm"

func nsmCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "nsm",
		Short: "Keep the patch and the card for a session manager (NSM, RaySession)",
		Long: `Serve a session manager: New Session Manager, Non Session Manager or RaySession.
In its session stand what is plugged into what and how the card is set; when the
session is opened both come back, and connections are made as their programs
appear. Those of programs that are absent when the session is saved are kept.

The manager starts programs without arguments: add ` + nsmProgram + ` to the session, which
make install puts beside jackknife. It is this command.`,
		Example: `  jackknife nsm                          # in a program that sets NSM_URL
  ln -s jackknife /usr/local/bin/` + nsmProgram,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			at := os.Getenv(nsm.URLVariable)
			if at == "" {
				return &failure{code: exitFailed, err: errors.New(nsm.URLVariable + " is not set: no session manager started this"),
					hint: "add " + nsmProgram + " to a session; without a manager there are jackknife keep and jackknife session"}
			}
			client, err := nsm.Dial(at, "jackknife", nsmProgram)
			if err != nil {
				return err
			}
			h := &managed{s: s, client: client}
			defer h.close()
			return client.Run(c.Context(), h)
		},
	}
}

// managed is this program's part of a manager's session.
type managed struct {
	s      *streams
	client *nsm.Client
	folder string

	dirty   atomic.Bool // as the manager was told
	stop    context.CancelFunc
	running sync.WaitGroup
}

func (m *managed) patch() string { return filepath.Join(m.folder, "connections.patch") }
func (m *managed) card() string  { return filepath.Join(m.folder, "card.state") }

// Open brings back what the session's folder has, and holds it from now on.
func (m *managed) Open(ctx context.Context, path, name, id string) error {
	m.close()
	m.folder = path
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	m.client.Progress(0)
	if _, err := os.Stat(m.card()); err == nil {
		if o := doCommand(ctx, m.s, []string{"card", "load", m.card()}); o.Err != nil && o.Code != exitNoServer {
			return o.Err
		}
	}
	m.client.Progress(0.5)
	if _, err := os.Stat(m.patch()); errors.Is(err, os.ErrNotExist) {
		if err := m.Save(ctx); err != nil {
			return err
		}
	}
	m.client.Progress(1)
	ctx, m.stop = context.WithCancel(ctx)
	m.running.Go(func() {
		if o := doCommand(ctx, m.s, []string{"keep", m.patch()}); o.Err != nil && ctx.Err() == nil {
			m.client.Message(2, o.Err.Error())
		}
	})
	m.running.Go(func() { m.watch(ctx) })
	return nil
}

// Save writes down what is plugged into what now, and how the card is set.
func (m *managed) Save(ctx context.Context) error {
	patch := []string{"patch", "save", "--update", m.patch()}
	if _, err := os.Stat(m.patch()); errors.Is(err, os.ErrNotExist) {
		patch = []string{"patch", "save", m.patch()}
	}
	card := []string{"card", "save", "--output", m.card(), "--force"}
	for _, args := range [][]string{patch, card} {
		if o := doCommand(ctx, m.s, args); o.Err != nil && o.Code != exitNoServer {
			return o.Err
		}
	}
	m.dirty.Store(false)
	return m.client.Dirty(false)
}

func (m *managed) close() {
	if m.stop != nil {
		m.stop()
		m.running.Wait()
	}
}

// watch tells the manager when the patch begins or ends to differ from the saved
// one.
func (m *managed) watch(ctx context.Context) {
	for ctx.Err() == nil {
		server, _, err := openWatch(ctx, io.Discard)
		if err != nil {
			return
		}
		m.compare(ctx) // what happened before it was watched
		for {
			events, err := server.Next(ctx)
			if err != nil {
				break // the server has ended: wait for the next
			}
			if slices.ContainsFunc(events, func(e jackgraph.Event) bool {
				return e.Kind == jackgraph.Connected || e.Kind == jackgraph.Disconnected
			}) {
				m.compare(ctx)
			}
		}
		server.Close()
	}
}

func (m *managed) compare(ctx context.Context) {
	o := doCommand(ctx, m.s, []string{"patch", "diff", m.patch(), "--json"}) // exit 1: it differs
	if is, err := differs(o.Out); err == nil && m.dirty.Swap(is) != is {
		m.client.Dirty(is)
	}
}

// differs reads from patch diff whether there is more than absent programs.
func differs(out []byte) (bool, error) {
	var lines []struct{ State string }
	if err := json.Unmarshal(out, &lines); err != nil {
		return false, fmt.Errorf("patch diff: %w", err)
	}
	for _, l := range lines {
		if l.State != "absent" {
			return true, nil
		}
	}
	return false, nil
}
