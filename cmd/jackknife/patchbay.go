package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func patchbayCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "patchbay",
		Short: "Patch in the terminal, full screen",
		Long: `Fill the terminal with outputs on the left, inputs on the right and lines
between what is connected, as it changes. Choose an output and an input, by keys
or mouse, and enter connects or disconnects them; the chosen name of a client
stands for all its ports. ? shows the keys:

` + patchbayKeys + `

Where there is no room for all lines, those of the chosen port are drawn, o marks
what is connected and a full dot what is connected to it. What is changed here can
be taken back here and by jackknife patch undo. When the server stops the patchbay
waits for it to come back. NO_COLOR=1 leaves the colours out.`,
		Example: `  jackknife patchbay
  jackknife patchbay -s studio`,
		Args:              cobra.NoArgs,
		RunE:              func(c *cobra.Command, args []string) error { return runPatchbay(c.Context(), s) },
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	serverFlag(c)
	return c
}

// runPatchbay shows the patchbay until the user or the context ends it. The
// server belongs to one goroutine, which is waited for.
func runPatchbay(ctx context.Context, s *streams) error {
	in, _ := s.in.(*os.File)
	if in == nil || !terminal(in) || !terminal(s.out) {
		return &failure{code: exitUsage, err: errors.New("patchbay needs a terminal"), hint: "jackknife ports --graph draws what is connected"}
	}
	watch, _, err := openWatch(ctx, nil)
	if err != nil {
		return err
	}
	orders := make(chan order, 16)
	p := newPatchbay(serverTitle())
	p.patches = patchNames
	p.order = func(o order) {
		select {
		case orders <- o:
		default:
			p.say("", errors.New("the server is busy"))
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen := tea.NewProgram(p, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(s.out), tea.WithoutSignalHandler())
	failed := make(chan error, 1)
	go func() {
		failed <- servePatchbay(ctx, watch, orders, screen.Send)
		screen.Quit()
	}()
	_, err = screen.Run()
	interrupted := ctx.Err() != nil
	cancel()
	served := <-failed
	if interrupted || errors.Is(err, tea.ErrProgramKilled) {
		err = nil
	}
	if err == nil && !errors.Is(served, context.Canceled) {
		err = served
	}
	return err
}

// serverTitle names the server that libjack chooses.
func serverTitle() string {
	name := os.Getenv("JACK_DEFAULT_SERVER")
	switch {
	case jackgraph.OnPipeWire():
		return "PipeWire"
	case name == "":
		return "JACK"
	}
	return "JACK server " + name
}

// servePatchbay tells what happens on the server and carries out orders until
// the context ends; it waits for a server that stops to come back.
func servePatchbay(ctx context.Context, watch *jackgraph.Watch, orders <-chan order, tell func(tea.Msg)) error {
	for {
		tell(graphRead(watch.Graph()))
		err := attend(ctx, watch, orders, tell)
		watch.Close()
		if !errors.Is(err, jackgraph.ErrNoServer) {
			return err
		}
		tell(serverStopped{})
		if watch, _, err = openWatch(ctx, io.Discard); err != nil {
			return err
		}
	}
}

// attend serves as long as the server runs.
func attend(ctx context.Context, watch *jackgraph.Watch, orders <-chan order, tell func(tea.Msg)) error {
	for {
		idle, wake := context.WithCancel(ctx)
		received := make(chan *order, 1)
		go func() {
			select {
			case o := <-orders:
				received <- &o
				wake()
			case <-idle.Done():
				received <- nil
			}
		}()
		_, err := watch.Next(idle)
		wake()
		if o := <-received; o != nil {
			word, err := o.carryOut(ctx, watch.Server)
			tell(orderDone{word, err})
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			tell(graphRead(watch.Graph()))
		case !errors.Is(err, context.Canceled):
			return err
		}
	}
}

// carryOut does what was ordered and words the outcome.
func (o order) carryOut(ctx context.Context, server *jackgraph.Server) (word string, err error) {
	var out, notes bytes.Buffer
	s := &streams{out: &out, err: &notes}
	p := &patching{streams: s, name: o.command, server: server}
	switch o.command {
	case "patch undo":
		p.unrecorded = true
		err = withJournal(func(j *journal) (bool, error) { return p.goBack(ctx, &j.Done, &j.Undone, true) })
	case "patch redo":
		p.unrecorded = true
		err = withJournal(func(j *journal) (bool, error) { return p.goBack(ctx, &j.Undone, &j.Done, false) })
	case "patch load":
		var file jackgraph.Patch
		if file, err = new(reading).read(s, o.name); err != nil {
			return "", err
		}
		how := jackgraph.Additive
		if o.exact {
			how = jackgraph.Exact
		}
		err = p.run(ctx, loading(file, how))
	case "patch save":
		every := func(jackgraph.Connection) bool { return true }
		return "saved as " + o.name, savePatch(s, "patch load", o.name, server.Snapshot(), every, o.force, o.update, false)
	case "names":
		if err = server.SetPretty(o.name, o.pretty); o.pretty == "" {
			return o.name + " has no pretty name", err
		}
		return o.name + " is called “" + o.pretty + "”", err
	default:
		err = p.run(ctx, func(jackgraph.Graph) (plan, error) { return plan{changes: o.changes}, nil })
	}
	return summary(out.String(), notes.String()), err
}

// summary makes one line of what patching printed: the line itself, or how
// many of each outcome.
func summary(out, notes string) string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if lines[0] == "" {
		note, _, _ := strings.Cut(strings.TrimPrefix(notes, "jackknife: "), "\n")
		return note
	}
	if len(lines) == 1 {
		return strings.Join(strings.Fields(lines[0]), " ")
	}
	var outcomes []string
	counts := make(map[string]int)
	for _, line := range lines {
		outcome, _, _ := strings.Cut(line, "  ")
		if counts[outcome]++; counts[outcome] == 1 {
			outcomes = append(outcomes, outcome)
		}
	}
	for i, outcome := range outcomes {
		outcomes[i] = fmt.Sprint(counts[outcome], " ", outcome)
	}
	return strings.Join(outcomes, ", ")
}
