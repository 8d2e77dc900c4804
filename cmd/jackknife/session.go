package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/jackgraph"
	"jackknife/session"
)

func sessionCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "session",
		Short: "An evening's recording as one file: the commands below",
		Long: `A session file says which server, card and patch an evening's recording wants,
what is recorded, and what becomes of the takes. up brings the machine into that
state and down puts back what was there, also after a crash; record, edit and
deliver go on from there, and run does all of it.

Everything a session does is a plain command of jackknife; plan shows them. Every
step can be taken again: what is done already is left alone.

FILE is session.yaml where it is not named. The session keeps its journal and its
log of takes in NAME.session beside it. A name such as $HOME or ${book} stands for
a variable of vars:, of --define, or of the environment; $$ is a dollar sign.`,
		Example: `  jackknife session new > evening.yaml
  jackknife session check evening.yaml
  jackknife session plan evening.yaml
  jackknife session run evening.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("unknown command %q for session; see jackknife session --help", args[0])
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.AddCommand(
		sessionCheckCommand(s),
		sessionDeliverCommand(s),
		sessionDownCommand(s),
		sessionEditCommand(s),
		sessionNewCommand(s),
		sessionPlanCommand(s),
		sessionPunchCommand(s),
		sessionRecordCommand(s),
		sessionRunCommand(s),
		sessionSchemaCommand(s),
		sessionStatusCommand(s),
		sessionTakesCommand(s),
		sessionUpCommand(s),
		sessionWatchCommand(s),
	)
	return c
}

// sessionFlags are what every session command is told.
type sessionFlags struct {
	profile string
	vars    map[string]string
	log     string
	dryRun  bool
}

func (f *sessionFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.profile, "profile", "", "what is different on this machine, as the file says under profiles")
	c.Flags().StringToStringVarP(&f.vars, "define", "D", nil, "`NAME=TEXT`: a variable, whatever the file says")
	c.Flags().StringVar(&f.log, "log-format", "text", "text or json: how what happens is told on standard error")
	c.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	c.ValidArgsFunction = func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// dry gives a command the flag that has it only tell what it would do.
func (f *sessionFlags) dry(c *cobra.Command) {
	c.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "tell the commands that would be carried out")
}

// file reads the session file of a command line.
func (f *sessionFlags) file(args []string) (*session.File, error) {
	name := "session.yaml"
	if len(args) > 0 {
		name = args[0]
	}
	file, err := session.Read(name, session.Options{
		Profile: f.profile, Vars: f.vars, Env: os.LookupEnv,
		Open: func(name string) ([]byte, error) {
			b, err := os.ReadFile(name)
			if err != nil {
				err = fmt.Errorf("%s: %w", shown(name), cause(err))
			}
			return b, err
		},
		Check: session.Check{Patch: checkPatch, Selector: checkSelector, PauseRule: checkPauseRule, Level: checkLevel},
	})
	if errors.Is(err, os.ErrNotExist) && len(args) == 0 {
		return nil, &failure{code: exitUsage, err: err, hint: "name the session file, or write one: jackknife session new > session.yaml"}
	}
	return file, err
}

func checkPatch(lines []string) error {
	_, err := jackgraph.ParsePatch(strings.NewReader(strings.Join(lines, "\n")+"\n"), "line", nil)
	if err == nil {
		return nil
	}
	what := strings.TrimPrefix(err.Error(), fmt.Sprintf("line:%d: ", len(lines))) // the place is that of the session file
	return errors.New(what)
}

func checkSelector(text string) error {
	_, err := jackgraph.Parse(text)
	return err
}

func checkPauseRule(text string) error {
	_, err := editor.ParseRules(text)
	return err
}

func checkLevel(text string) error {
	_, err := parseLevel(text)
	return err
}

// open takes hold of a session.
func (f *sessionFlags) open(s *streams, args []string) (*session.Session, error) {
	file, err := f.file(args)
	if err != nil {
		return nil, err
	}
	m, err := f.machine(s, file)
	if err != nil {
		return nil, err
	}
	open, err := session.Open(file, m)
	if errors.Is(err, session.ErrBusy) {
		return nil, &failure{code: exitFailed, err: err, hint: "jackknife session status shows how far it is; jackknife take stop --name " + file.Client() + " ends a take"}
	}
	if err != nil {
		return nil, err
	}
	open.Dry = f.dryRun
	return open, nil
}

// machine is what a session is carried out with: this program itself.
func (f *sessionFlags) machine(s *streams, file *session.File) (session.Machine, error) {
	tell, err := f.teller(s, file.Name)
	if err != nil {
		return session.Machine{}, err
	}
	journal, err := journalFile()
	if err != nil {
		return session.Machine{}, err
	}
	return session.Machine{
		Do: func(ctx context.Context, args []string) session.Outcome { return doCommand(ctx, s, args) },
		Run: func(ctx context.Context, h session.Hook, env []string) error {
			words := h.Words
			if h.Shell != "" {
				words = []string{"sh", "-c", h.Shell}
			}
			if len(words) == 0 {
				return nil
			}
			cmd := exec.CommandContext(ctx, words[0], words[1:]...)
			cmd.Env = append(os.Environ(), env...)
			cmd.Dir = file.Path(".")
			cmd.Stdout, cmd.Stderr = s.err, s.err
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
			}
			return nil
		},
		Tell:   tell,
		Now:    time.Now,
		Claims: filepath.Dir(journal),
	}, nil
}

// doCommand carries out a command of jackknife in a process of its own: what
// happens there, to libjack for one, does not end the session. When the session
// is killed the process is told to end, too: a take is finished then.
func doCommand(ctx context.Context, s *streams, args []string) session.Outcome {
	// The signal comes when the thread that began the process ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0] = "jackknife"
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if args[0] == "record" {
		cmd.Stderr = s.err // meters
	}
	o := session.Outcome{Err: cmd.Run(), Out: out.Bytes()}
	var exit *exec.ExitError
	if !errors.As(o.Err, &exit) {
		return o
	}
	o.Code = exit.ExitCode()
	f := &failure{code: o.Code}
	var lines []string
	for line := range strings.Lines(said.String()) {
		line = strings.TrimSuffix(line, "\n")
		if what, ok := strings.CutPrefix(line, "jackknife: error: "); ok {
			lines = append(lines, what)
		} else if hint, ok := strings.CutPrefix(line, "jackknife: hint: "); ok {
			f.hint = hint
		}
	}
	switch {
	case o.Code < 0:
		f.code, f.err = exitFailed, fmt.Errorf("jackknife %s: %w", shellWords(args), o.Err)
	case len(lines) == 0:
		f.err = fmt.Errorf("jackknife %s: exit code %d", args[0], o.Code)
	default:
		f.err = errors.New(strings.Join(lines, "\n"))
	}
	o.Err = f
	return o
}

// teller tells what happens on standard error, for people or as JSON.
func (f *sessionFlags) teller(s *streams, name string) (func(what string, about ...any), error) {
	switch f.log {
	case "json":
		log := slog.New(slog.NewJSONHandler(s.err, nil)).With("session", name)
		return log.Info, nil
	case "text":
	default:
		return nil, usagef("--log-format %q: want text or json", f.log)
	}
	return func(what string, about ...any) {
		if words, ok := about[len(about)-1].([]string); ok && what == "would" {
			command := "jackknife "
			if about[0] == "hook" {
				command = "hook: "
			}
			fmt.Fprintln(s.out, command+shellWords(words))
			return
		}
		var line strings.Builder
		line.WriteString(what)
		var changes []string
		for i := 0; i+1 < len(about); i += 2 {
			switch v := about[i+1].(type) {
			case []string:
				if about[i] == "changes" {
					changes = v
					continue
				}
				fmt.Fprintf(&line, ", %s", strings.Join(v, " "))
			case string:
				fmt.Fprintf(&line, ", %s", v)
			default:
				fmt.Fprintf(&line, ", %s %v", about[i], v)
			}
		}
		fmt.Fprintf(s.err, "%s: %s\n", name, line.String())
		for _, c := range changes {
			fmt.Fprintf(s.err, "   %s\n", c)
		}
	}, nil
}

// sessionFailure gives an error of a session its exit code.
func sessionFailure(err error) error {
	var partial *session.Partial
	var held *session.Held
	var f *failure
	switch {
	case errors.As(err, &partial):
		return &failure{code: exitPartly, err: err, hint: "the rest is done; run it again when the ports are there, or keep it with jackknife keep"}
	case errors.As(err, &held):
		return &failure{code: exitFailed, err: err, hint: "jackknife session down " + held.File}
	case errors.As(err, &f):
		return &failure{code: f.code, err: err, hint: f.hint}
	}
	return err
}

// oneFile is the argument of most session commands.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("want one session file")
	}
	return nil
}

func sessionSchemaCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of session files",
		Long: `Print the JSON schema of session files, with which an editor completes and checks
them: a first line "# yaml-language-server: $schema=session.schema.json" is
understood by many.`,
		Example: `  jackknife session schema > session.schema.json`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			_, err := s.out.Write(session.Schema)
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func sessionCheckCommand(s *streams) *cobra.Command {
	var f sessionFlags
	c := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a session file",
		Long: `Check a session file, with all that it includes, and tell every mistake with line
and column. It needs no server and no card, and changes nothing.`,
		Example: `  jackknife session check evening.yaml
  jackknife session check evening.yaml --profile laptop`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			file, err := f.file(args)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.err, "session %s: in order\n", file.Name)
			return nil
		},
	}
	f.add(c)
	return c
}

func sessionPlanCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan [FILE]",
		Short: "Show what session up would change",
		Long: `Show what session up would change on this machine, step by step, and the command
that does it. Nothing is changed. A step that builds on another (the patch of a
server that does not run) can only tell when that is taken.

--json prints an array of step, command (words), changes, absent, error.`,
		Example: `  jackknife session plan evening.yaml`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			steps, err := open.Plan(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(s.out, steps)
			}
			printSteps(s.out, steps)
			return nil
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printSteps(w io.Writer, steps []session.Step) {
	nothing := true
	for _, st := range steps {
		if len(st.Changes) == 0 && len(st.Absent) == 0 && st.Error == "" {
			continue
		}
		nothing = false
		fmt.Fprint(w, st.Name)
		if len(st.Changes)+len(st.Absent) > 0 {
			fmt.Fprintf(w, ": jackknife %s", shellWords(st.Command))
		}
		fmt.Fprintln(w)
		for _, line := range st.Changes {
			fmt.Fprintf(w, "   %s\n", line)
		}
		for _, line := range st.Absent {
			fmt.Fprintf(w, "   absent: %s\n", line)
		}
		if st.Error != "" {
			fmt.Fprintf(w, "   cannot tell: %s\n", st.Error)
		}
	}
	if nothing {
		fmt.Fprintln(w, "nothing to do")
	}
}

func sessionUpCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "up [FILE]",
		Short: "Bring the machine into the state a session wants",
		Long: `Start the server if it is needed, set the card, name the ports, patch. What is so
already is left alone; before anything changes, the journal has how it is put back.
One session is up at a time.

Exit 5 if ports of the patch are absent; the rest is done. --json prints an array
of the steps taken, as session plan does; empty changes: it was so already.`,
		Example: `  jackknife session up evening.yaml
  jackknife session up evening.yaml --profile laptop`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			var steps []session.Step
			if f.dryRun {
				steps, err = open.Plan(c.Context())
			} else {
				steps, err = open.Up(c.Context())
			}
			switch {
			case asJSON:
				return errors.Join(writeJSON(s.out, append([]session.Step{}, steps...)), sessionFailure(err))
			case f.dryRun && err == nil:
				printSteps(s.out, steps)
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the steps as JSON")
	c.Flags().BoolVarP(&f.dryRun, "dry-run", "n", false, "show what would change, as session plan does")
	return c
}

func sessionDownCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "down [FILE]",
		Short: "Put back what session up changed",
		Long: `Put back what the session changed, the last first: patch, names, card, and the
server if the session started it. The journal knows what that was, also when the
program that changed it was killed. What others have changed since stays; what is
gone meanwhile is no error.

--json prints an array of what was put back: step, commands (each an array of
words).`,
		Example: `  jackknife session down evening.yaml`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			if !f.dryRun {
				if err := open.Mend(c.Context()); err != nil {
					return sessionFailure(err)
				}
			}
			if asJSON && f.dryRun { // these are told as one array
				open.Tell = func(string, ...any) {}
			}
			undone, err := open.Down(c.Context())
			if asJSON {
				return errors.Join(writeJSON(s.out, undone), sessionFailure(err))
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	f.dry(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print what was put back as JSON")
	return c
}

func sessionRecordCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "record [FILE]",
		Short: "Record the next take of a session",
		Long: `Record the next take of a session as its file says, and enter it into the log of
takes. It ends as the file says, with Ctrl-C, or with jackknife take stop --name
session-NAME. A take over which a recorder died is finished first.

Exit 6 if frames were lost.`,
		Example: `  jackknife session record evening.yaml`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			take, err := open.Record(c.Context())
			if take.Finished && asJSON {
				err = errors.Join(err, writeJSON(s.out, take))
			} else if take.Finished {
				printTakes(s.out, []session.Take{take})
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	f.dry(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print the take as JSON")
	return c
}

func sessionPunchCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var at string
	var to []string
	c := &cobra.Command{
		Use:   "punch [FILE] [NUMBER]",
		Short: "Make the end of a take anew (punch and roll)",
		Long: `Play the seconds of a take before --at, and go on recording from there: jackknife
record --punch, as the next take. The old take, the last one that is kept or that
of the number, is put aside and not touched.`,
		Example: `  jackknife session punch audiobook.yaml --at 12:31.5`,
		RunE: func(c *cobra.Command, args []string) error {
			open, numbers, err := f.openNumbered(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			if len(numbers) > 1 {
				return usagef("punch goes into one take")
			}
			take, err := open.Punch(c.Context(), append(numbers, 0)[0], at, to)
			if take.Finished {
				printTakes(s.out, []session.Take{take})
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	f.dry(c)
	c.Flags().StringVar(&at, "at", "", "`time` of the take to go on from (default its end)")
	c.Flags().StringArrayVar(&to, "to", nil, "inputs that hear the take, by selector (default the card's); may be given more than once")
	return c
}

func sessionEditCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "edit [FILE] [NUMBER...]",
		Short: "Edit the takes of a session",
		Long: `Edit the takes that are kept, or those of the numbers, as the session file says.
What was edited so before is passed over.`,
		Example: `  jackknife session edit evening.yaml
  jackknife session edit evening.yaml 3 4`,
		RunE: func(c *cobra.Command, args []string) error {
			open, numbers, err := f.openNumbered(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			done, err := open.Edit(c.Context(), numbers)
			if asJSON {
				return errors.Join(writeJSON(s.out, append([]session.Edited{}, done...)), sessionFailure(err))
			}
			for _, d := range done {
				for _, file := range d.Edited {
					fmt.Fprintln(s.out, shown(file))
				}
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	f.dry(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of takes, each with the files edited of it")
	return c
}

func sessionDeliverCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "deliver [FILE] [NUMBER...]",
		Short: "Make the files that the listeners of a session get",
		Long: `Make of the edited takes the files that the session delivers (see jackknife deliver).
What was delivered before and has not changed is passed over. Where an encoder is
missing the other forms are delivered all the same; exit 5 then.`,
		Example: `  jackknife session deliver evening.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			open, numbers, err := f.openNumbered(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			files, err := open.Deliver(c.Context(), numbers)
			err = deliveredSome(files, err)
			switch {
			case asJSON:
				return errors.Join(writeJSON(s.out, append([]string{}, files...)), sessionFailure(err))
			case !f.dryRun:
				for _, file := range files {
					fmt.Fprintln(s.out, shown(file))
				}
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	f.dry(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of file names")
	return c
}

// deliveredSome gives the failure of some deliveries its exit code.
func deliveredSome(files []string, err error) error {
	if err == nil || len(files) == 0 || errors.Is(err, context.Canceled) {
		return err
	}
	var f *failure
	hint := ""
	if errors.As(err, &f) {
		hint = f.hint
	}
	return &failure{code: exitPartly, err: err, hint: hint}
}

// openNumbered opens the session of a command line that may name takes, too.
func (f *sessionFlags) openNumbered(s *streams, args []string) (*session.Session, []int, error) {
	numbers, rest, err := takeNumbers(args)
	if err != nil {
		return nil, nil, err
	}
	open, err := f.open(s, rest)
	return open, numbers, err
}

// takeNumbers takes the numbers of takes out of arguments, where a file may
// stand first.
func takeNumbers(args []string) (numbers []int, file []string, err error) {
	for i, arg := range args {
		n, err := strconv.Atoi(arg)
		switch {
		case err == nil && n > 0:
			numbers = append(numbers, n)
		case i == 0:
			file = args[:1]
		default:
			return nil, nil, usagef("%q: want the number of a take", arg)
		}
	}
	return numbers, file, nil
}
