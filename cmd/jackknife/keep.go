package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// retryLater is when a change that the server refused is tried again: a client
// that has told of a port may not be active yet.
const retryLater = 200 * time.Millisecond

// settleLimit bounds the wait for a graph to settle in which something happens
// without end.
const settleLimit = time.Second

// keeping holds a patch.
type keeping struct {
	*streams
	reading
	name            string // NAME|FILE of the patch
	explain, learn  bool
	dryRun, unit    bool
	touched         map[jackgraph.Connection]bool // by others, since the last lesson
	ours            map[jackgraph.Change]bool     // asked for, and not told of yet
	keeper          *jackgraph.Keeper
	changed, failed time.Time // when something happened, or was refused; zero: long since
	unsettled       time.Time // the first that happened since the graph was settled
	unanswered      bool      // the server hangs, and that is said
}

func keepCommand(s *streams) *cobra.Command {
	k := &keeping{streams: s}
	c := &cobra.Command{
		Use:   "keep NAME|FILE",
		Short: "Hold a patch: connect ports as they appear",
		Long: `Watch the server and hold a patch (see jackknife patch --help): connect what it
wants when the ports appear, cut what it forbids, keep the ports of => alone. It
waits for the server, and for it to come back, until Ctrl-C.

A connection that you cut by hand stays cut until one of its ports appears anew.
Groups that pair in order are judged when no more ports come; all other rules at
once. What another program undoes is done five times, then no more until the
port appears anew.

The file is read again on SIGHUP, and what was given up is tried again; a file with
a mistake changes nothing. --learn writes into it what you connect by hand
meanwhile, and takes out what you cut where a line writes it out. --explain says
for each rule what it is about now, and -n what would be done, and they end.

--unit prints a unit for systemd: jackknife tells it when it is ready.`,
		Example: `  jackknife keep studio
  jackknife keep --explain studio
  jackknife keep --learn ./live.patch
  jackknife keep --unit studio > ~/.config/systemd/user/jackknife.service`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			k.name = args[0]
			return k.run(c.Context())
		},
		ValidArgsFunction: completePatches,
	}
	f := c.Flags()
	f.BoolVar(&k.explain, "explain", false, "say what each rule is about, and end")
	f.BoolVarP(&k.dryRun, "dry-run", "n", false, "say what would be done, and end")
	f.BoolVar(&k.learn, "learn", false, "write what is patched by hand into the file")
	f.BoolVar(&k.unit, "unit", false, "print a unit for systemd, and end")
	f.StringArrayVarP(&k.vars, "define", "D", nil, "`NAME=TEXT`: a variable, whatever the file says")
	serverFlag(c)
	return c
}

func (k *keeping) run(ctx context.Context) error {
	switch {
	case k.name == "-" && (k.learn || k.unit):
		return usagef("--learn and --unit need a file")
	case k.learn && len(k.vars) > 0:
		return usagef("--learn goes with no -D")
	}
	patch, err := k.read(k.streams, k.name)
	if err != nil {
		return err
	}
	switch {
	case k.unit:
		return k.printUnit()
	case k.explain, k.dryRun:
		return k.once(patch)
	}
	// HUP reads the file again here; elsewhere it ends a command.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	for started := false; ; started = true {
		server, waited, err := openWatch(ctx, k.err)
		if err != nil {
			return ended(err)
		}
		if waited || started {
			fmt.Fprintln(k.err, "jackknife: the server has started")
		}
		k.keeper, k.unanswered = jackgraph.NewKeeper(patch), false
		k.touched, k.ours = make(map[jackgraph.Connection]bool), make(map[jackgraph.Change]bool)
		k.act(server, true)
		k.changed = time.Now()
		k.unsettled = k.changed
		if !started {
			notifySystemd("READY=1")
		}
		err = k.hold(ctx, server, hup, &patch)
		server.Close()
		if !errors.Is(err, jackgraph.ErrNoServer) {
			return ended(err)
		}
		fmt.Fprintln(k.err, "jackknife: the server has stopped")
	}
}

// ended is nil where a command was told to end.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// hold keeps the patch until the server or the context ends.
func (k *keeping) hold(ctx context.Context, server *jackgraph.Watch, hup <-chan os.Signal, patch *jackgraph.Patch) error {
	for {
		var next context.Context
		var cancel context.CancelFunc
		if due, ok := k.due(); ok {
			next, cancel = context.WithDeadline(ctx, due)
		} else {
			next, cancel = context.WithCancel(ctx)
		}
		reload := make(chan bool, 1)
		watching := make(chan struct{})
		go func() {
			defer close(watching)
			select {
			case <-hup:
				reload <- true
				cancel()
			case <-next.Done():
			}
		}()
		events, err := server.Next(next)
		cancel()
		<-watching
		select {
		case <-reload:
			k.reload(server, patch)
		default:
		}
		if err != nil && (ctx.Err() != nil || errors.Is(err, jackgraph.ErrNoServer)) {
			return errors.Join(err, ctx.Err())
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			return err
		}
		if k.note(events) {
			k.changed = time.Now()
			if k.unsettled.IsZero() {
				k.unsettled = k.changed
			}
			k.act(server, false)
		}
		if due, ok := k.due(); ok && !time.Now().Before(due) {
			k.changed, k.unsettled, k.failed = time.Time{}, time.Time{}, time.Time{}
			clear(k.ours)
			k.act(server, true)
			if k.learn {
				k.lesson(server, patch)
			}
		}
	}
}

// due is when the graph counts as settled, or a change is tried again.
func (k *keeping) due() (time.Time, bool) {
	switch {
	case !k.changed.IsZero():
		quiet, limit := k.changed.Add(settle), k.unsettled.Add(settleLimit)
		if limit.Before(quiet) {
			return limit, true
		}
		return quiet, true
	case !k.failed.IsZero():
		return k.failed.Add(retryLater), true
	}
	return time.Time{}, false
}

// note takes events in and reports whether the rules shall be looked at.
func (k *keeping) note(events []jackgraph.Event) (look bool) {
	for _, e := range events {
		c := jackgraph.Connection{From: e.From, To: e.To}
		switch e.Kind {
		case jackgraph.Connected, jackgraph.Disconnected:
			do := jackgraph.Change{Action: jackgraph.Connect, Connection: c}
			if e.Kind == jackgraph.Disconnected {
				do.Action = jackgraph.Disconnect
			}
			if k.ours[do] {
				fmt.Fprintln(k.out, e)
			} else if k.learn {
				k.touched[c] = true
			}
			delete(k.ours, do)
		}
		look = k.keeper.Note(e) || look
	}
	return look
}

// act does what the patch asks for now. What came of it the server tells: JACK2
// may have done what it refused when a port goes meanwhile.
func (k *keeping) act(server *jackgraph.Watch, settled bool) {
	for _, c := range k.keeper.Changes(server.Graph(), settled) {
		k.ours[c] = true
		err := server.Do(c)
		if err != nil {
			k.failed = time.Now()
		}
		if hangs := errors.Is(err, jackgraph.ErrNoAnswer); hangs != k.unanswered {
			k.unanswered = hangs
			fmt.Fprintln(k.err, map[bool]string{true: "jackknife: the server does not answer", false: "jackknife: the server answers again"}[hangs])
		}
		if k.unanswered {
			return // it may do this when it wakes, the rest is tried later
		}
		last := k.keeper.Tried(c)
		switch {
		case last && err != nil:
			fmt.Fprintf(k.err, "jackknife: %s: %s\n", c, err)
		case last:
			fmt.Fprintf(k.err, "jackknife: %s: another program undoes it; not again until a port appears anew\n", c)
		}
	}
}

// reload reads the patch again; with a mistake in it the old one stays.
func (k *keeping) reload(server *jackgraph.Watch, patch *jackgraph.Patch) {
	if k.name == "-" {
		fmt.Fprintln(k.err, "jackknife: standard input is not read again")
		return
	}
	p, err := k.read(k.streams, k.name)
	if err != nil {
		fmt.Fprintf(k.err, "jackknife: error: %s; nothing has changed\n", err)
		return
	}
	*patch = p
	k.keeper.Replace(p)
	k.act(server, true)
	fmt.Fprintf(k.err, "jackknife: read %s again\n", k.name)
}

// lesson writes what others connected and cut into the file.
func (k *keeping) lesson(server *jackgraph.Watch, patch *jackgraph.Patch) {
	touched := k.touched
	k.touched = make(map[jackgraph.Connection]bool)
	file, err := patchFile(k.name)
	var old []byte
	if err == nil {
		old, err = os.ReadFile(file)
	}
	var text string
	if err == nil {
		text, err = jackgraph.Update(string(old), file, server.Graph(), func(c jackgraph.Connection) bool { return touched[c] })
	}
	if err == nil && text != string(old) {
		if err = writeFile(file, []byte(text), true); err == nil {
			*patch, err = k.read(k.streams, k.name)
			k.keeper.Replace(*patch)
		}
	}
	if err != nil {
		fmt.Fprintf(k.err, "jackknife: not learned: %s\n", err)
	}
}

// once says what the patch is about in the graph as it is.
func (k *keeping) once(patch jackgraph.Patch) error {
	server, err := visitServer()
	if err != nil {
		return err
	}
	g := server.Snapshot()
	server.Close()
	if k.dryRun {
		for _, c := range jackgraph.NewKeeper(patch).Changes(g, true) {
			fmt.Fprintf(k.out, "would %s\n", c)
		}
		return nil
	}
	where := ""
	for _, e := range patch.Explain(g) {
		if e.Rule.Where() != where {
			where = e.Rule.Where()
			fmt.Fprintf(k.out, "%s: %s\n", where, e.Rule)
		}
		fmt.Fprintf(k.out, "   %s\n", k.because(g, e))
	}
	return nil
}

// because words an explanation.
func (k *keeping) because(g jackgraph.Graph, e jackgraph.Explanation) string {
	about := ""
	if e.Connection != (jackgraph.Connection{}) {
		about = e.Connection.String() + ": "
	}
	apart := e.Rule.Op == jackgraph.Apart
	switch {
	case e.Err == nil && apart:
		return about + "is cut when keep runs"
	case e.Err == nil:
		return about + "is connected when keep runs"
	case errors.Is(e.Err, jackgraph.ErrAlready) && about == "":
		return "there is nothing to cut"
	case errors.Is(e.Err, jackgraph.ErrAlready) && apart:
		return about + "is not connected"
	case errors.Is(e.Err, jackgraph.ErrAlready):
		return about + "is connected"
	}
	said := about + e.Err.Error()
	from, to := e.Rule.Sides()
	for _, name := range []string{from, to} {
		if near := g.Near(name, 1); (errors.Is(e.Err, jackgraph.ErrNoMatch) || errors.Is(e.Err, jackgraph.ErrNoPort)) && strings.Contains(e.Err.Error(), name) && len(near) > 0 {
			said += "; there is " + near[0]
		}
	}
	return said
}

func (k *keeping) printUnit() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	name := k.name
	if file, err := patchFile(name); err == nil && file == name {
		if name, err = filepath.Abs(name); err != nil {
			return err
		}
	}
	words := []string{program, "keep"}
	if k.learn {
		words = append(words, "--learn")
	}
	if server := os.Getenv("JACK_DEFAULT_SERVER"); server != "" { // -s sets it, systemd does not
		words = append(words, "-s", server)
	}
	for _, v := range k.vars {
		words = append(words, "-D", v)
	}
	words = append(words, name)
	for i := range words {
		words[i] = unitQuote(words[i])
	}
	_, err = fmt.Fprintf(k.out, `[Unit]
Description=jackknife holds the patch %s

[Service]
Type=notify
ExecStart=%s
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure

[Install]
WantedBy=default.target
`, strings.ReplaceAll(k.name, "%", "%%"), strings.Join(words, " "))
	return err
}

// unitQuote writes a word of a unit's command line (systemd.service(5)).
func unitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(s) + `"`
}

// notifySystemd tells the manager that started this program (sd_notify(3)).
func notifySystemd(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if c, err := net.Dial("unixgram", socket); err == nil {
		c.Write([]byte(state))
		c.Close()
	}
}
