package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes, the same for every command.
const (
	exitDone     = 0 // done, or already so
	exitFailed   = 1
	exitUsage    = 2
	exitNoServer = 3 // no server, or no card
	exitNoMatch  = 4 // nothing matched
	exitPartly   = 5 // some did not apply
	exitWithGaps = 6 // recorded, with gaps
)

const version = "0.1.0"

// streams are what a command may read and write: results go to out,
// everything else to err.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer

	// running is set when a command's own work begins: an error before that
	// is a mistake on the command line.
	running bool
}

// failure is an error with the exit code it ends the program with and, where
// it helps, a hint: the command or the name that mends it.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usagef words a mistake on the command line.
func usagef(format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// run is the program: it never exits and touches no global, so that tests can
// call it. It returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	code, err := execute(ctx, args, &streams{in: in, out: out, err: errw})
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return code // the reader has gone, as head does: no word to anyone
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(errw, "jackknife: error: %s\n", strings.TrimSuffix(line, "\n"))
	}
	var f *failure
	if errors.As(err, &f) && f.hint != "" {
		fmt.Fprintf(errw, "jackknife: hint: %s\n", f.hint)
	}
	return code
}

// execute carries out a command and returns its exit code and why it is not 0.
func execute(ctx context.Context, args []string, s *streams) (int, error) {
	root := newRoot(s, called(args))
	root.SetArgs(levelArguments(args))
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone, nil
	}
	code := exitFailed
	var f *failure
	switch {
	case errors.As(err, &f):
	case !s.running: // cobra's own words about the arguments
		err = &failure{code: exitUsage, err: err, hint: "see " + c.CommandPath() + " --help"}
	default:
		err = openFailure(err) // the server may have been lost anywhere
	}
	if errors.As(err, &f) {
		code = f.code
	}
	return code, err
}

// called is the command that the arguments name, if no other has to be there for it;
// else "".
func called(args []string) string {
	if len(args) == 0 || args[0] == "completion" || args[0] == "man" {
		return ""
	}
	return args[0]
}

// newRoot is the command table; help, man page, completion and the README's
// table are made from it. Where only names a command, the others are left out:
// making them all takes longer than listing the ports of a server.
func newRoot(s *streams, only string) *cobra.Command {
	root := &cobra.Command{
		Use:     "jackknife",
		Short:   "Patch, record and edit voice takes on JACK",
		Version: version,
		Long: `jackknife patches JACK audio from the command line, records takes without
losing a frame, and edits voice takes in batch.

Results go to standard output, everything else to standard error.
Exit codes: 0 done or already so, 1 failed, 2 usage, 3 no server or card,
4 nothing matched, 5 some did not apply, 6 recorded with gaps.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			f := &failure{code: exitUsage, err: fmt.Errorf("unknown command %q", args[0]), hint: "see jackknife --help"}
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				f.hint = "did you mean " + strings.Join(near, ", ") + "?"
			}
			return f
		},
		RunE:             func(c *cobra.Command, args []string) error { return c.Help() },
		PersistentPreRun: func(c *cobra.Command, args []string) { s.running = true },
	}
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &failure{code: exitUsage, err: err, hint: "see " + c.CommandPath() + " --help"}
	})
	// One line a command; each is built in the file of its name.
	type entry struct {
		name  string
		build func(*streams) *cobra.Command
	}
	type group struct {
		title   string
		entries []entry
	}
	table := []group{
		{"Edit a take:", []entry{
			{"pauses", pausesCommand},
			{"marks", marksCommand},
			{"mistakes", mistakesCommand},
			{"inspect", inspectCommand},
			{"comp", compCommand},
			{"edit", editCommand},
			{"plan", planCommand},
			{"apply", applyCommand},
			{"undo", undoCommand},
			{"diff", diffCommand},
			{"map", mapCommand},
			{"labels", labelsCommand},
			{"check", checkCommand},
			{"draw", drawCommand},
			{"deliver", deliverCommand},
			{"compare", compareCommand},
			{"info", infoCommand},
			{"recover", recoverCommand},
		}},
		{"Record and play:", []entry{
			{"record", recordCommand},
			{"take", takeCommand},
			{"play", playCommand},
			{"devices", devicesCommand},
			{"transport", transportCommand},
		}},
		{"Patch:", []entry{
			{"ports", portsCommand},
			{"connect", connectCommand},
			{"disconnect", disconnectCommand},
			{"patch", patchCommand},
			{"patchbay", patchbayCommand},
			{"keep", keepCommand},
			{"watch", watchCommand},
			{"midi", midiCommand},
			{"server", serverCommand},
			{"buffer", bufferCommand},
			{"names", namesCommand},
		}},
		{"A whole evening:", []entry{
			{"session", sessionCommand},
			{"nsm", nsmCommand},
		}},
		{"The sound card:", []entry{
			{"card", cardCommand},
		}},
		{"More:", []entry{
			{"doctor", doctorCommand},
			{"latency", latencyCommand},
			{"completion", completionCommand},
			{"man", manCommand},
		}},
	}
	of := func(e entry) bool { return e.name == only }
	alone := slices.ContainsFunc(table, func(g group) bool { return slices.ContainsFunc(g.entries, of) })
	for _, g := range table {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, e := range g.entries {
			if !alone || of(e) {
				c := e.build(s)
				c.GroupID = g.title
				root.AddCommand(c)
			}
		}
	}
	root.SetHelpCommandGroupID("More:")
	return root
}

// terminal reports whether a person is watching w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
