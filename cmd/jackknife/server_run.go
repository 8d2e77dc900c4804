package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/alsa"
	"jackknife/jackgraph"
	"jackknife/jackgraph/jackd"
)

// startLimit is how long a server may take until it can be used.
const startLimit = 20 * time.Second

func serverCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "server",
		Short: "The JACK server: start, stop, how it does, its settings, its log",
		Long: `Start and stop jackd, look how it does, and keep settings for it under names.
Nothing else in jackknife ever starts a server.

PipeWire is no server to start or stop here: it belongs to the desktop session.
status shows how it does, and settings sets its block (quantum) and rate.`,
		Example: `  jackknife server settings studio device=hw:M1010LT block=256 priority=70
  jackknife server start studio
  jackknife server status
  jackknife server log --follow
  jackknife server stop`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("unknown command %q for server; see jackknife server --help", args[0])
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.AddCommand(
		serverLogCommand(s),
		serverRestartCommand(s),
		serverRunCommand(s),
		serverSettingsCommand(s),
		serverStartCommand(s),
		serverStatusCommand(s),
		serverStopCommand(s),
		serverSweepCommand(s),
	)
	return c
}

// serverName is the name of the server that libjack chooses.
func serverName() string {
	if name := os.Getenv("JACK_DEFAULT_SERVER"); name != "" {
		return name
	}
	return "default"
}

// serverPlace is where the state and logs of servers are.
func serverPlace() (jackd.Place, error) {
	journal, err := journalFile()
	return jackd.Place(filepath.Dir(journal)), err
}

// onlyJackd refuses what cannot be done to PipeWire.
func onlyJackd(do string) error {
	if !jackgraph.OnPipeWire() {
		return nil
	}
	return &failure{code: exitFailed, err: fmt.Errorf("PipeWire belongs to the desktop session: it is not ours to %s", do),
		hint: "systemctl --user " + do + " pipewire; without pw-jack before it, jackknife server is about jackd"}
}

func serverStartCommand(s *streams) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "start [PRESET] [KEY=VALUE...]",
		Short: "Start jackd",
		Long: `Start jackd with the settings of a preset (see jackknife server settings), and
with others for this once. Without a name it is the preset "default", and without
one of that name ` + jackd.Default.String() + ` and what else jackknife
server settings --help says. Where no device is named it is the only card, or the
only Envy24 among several; what the card cannot do is refused before it is tried.

It runs on when the terminal is closed, and what it says goes to a log (jackknife
server log). It ends with jackknife server stop. Where a server of that name runs
already nothing is done.`,
		Example: `  jackknife server start
  jackknife server start studio
  jackknife server start studio block=128
  jackknife server start -n driver=dummy rate=44100
  jackknife server start -s second driver=dummy`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := onlyJackd("start"); err != nil {
				return err
			}
			settings, err := chosenSettings(args, nil)
			if err != nil {
				return err
			}
			if pid := jackd.Running(serverName()); pid != 0 && len(args) == 0 {
				runsAlready(s, serverName(), pid)
				return nil
			}
			return startJackd(c.Context(), s, serverName(), settings, dryRun)
		},
		ValidArgsFunction: completeSettings,
	}
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "print the command line of jackd and start nothing")
	serverFlag(c)
	return c
}

func serverStopCommand(s *streams) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "stop",
		Short: "Stop the server that was started here",
		Long: `Stop the server that jackknife server start or run started. One that another
program started is left alone without --force. Where none runs nothing is done.`,
		Example: `  jackknife server stop
  jackknife server stop -s second`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := onlyJackd("stop"); err != nil {
				return err
			}
			return stopJackd(c.Context(), s, serverName(), force)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&force, "force", false, "stop it whoever started it")
	serverFlag(c)
	return c
}

func serverRestartCommand(s *streams) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "restart [PRESET] [KEY=VALUE...]",
		Short: "Stop the server and start it again",
		Long: `Stop the server and start it again: with the settings it had, those of a preset, or
some of them changed. All programs lose their connection to it; what was plugged
into what comes back with jackknife keep, or patch save before and patch load
after. Where no server runs one is started.`,
		Example: `  jackknife server restart
  jackknife server restart rate=96000
  jackknife patch save before && jackknife server restart block=128 && jackknife patch load before --wait 30s`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := onlyJackd("restart"); err != nil {
				return err
			}
			place, err := serverPlace()
			if err != nil {
				return err
			}
			var had *jackd.Settings
			if state, ok := place.State(serverName()); ok {
				had = &state.Settings
			}
			settings, err := chosenSettings(args, had)
			if err != nil {
				return err
			}
			// What cannot start is not worth the stop.
			if settings, err = fitting(settings); err != nil {
				return err
			}
			if err := stopJackd(c.Context(), s, serverName(), force); err != nil {
				return err
			}
			return startJackd(c.Context(), s, serverName(), settings, false)
		},
		ValidArgsFunction: completeSettings,
	}
	c.Flags().BoolVar(&force, "force", false, "stop the old one whoever started it")
	serverFlag(c)
	return c
}

func serverRunCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "run [PRESET] [KEY=VALUE...]",
		Short: "Run jackd in the foreground",
		Long: `Run jackd like jackknife server start, but here and until Ctrl-C. What it says
comes to standard output, the time before each line. For a unit of systemd, and for
looking why a server does not start.`,
		Example: `  jackknife server run studio
  systemd-run --user --unit jack jackknife server run studio`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := onlyJackd("start"); err != nil {
				return err
			}
			settings, err := chosenSettings(args, nil)
			if err == nil {
				settings, err = fitting(settings)
			}
			if err != nil {
				return err
			}
			place, err := serverPlace()
			if err != nil {
				return err
			}
			makeRoom(c.Context(), s)
			return jackdFailure(place.Run(c.Context(), serverName(), settings, s.out))
		},
		ValidArgsFunction: completeSettings,
	}
	serverFlag(c)
	return c
}

// startJackd starts jackd under a name, unless one of that name runs. It says
// what it did.
func startJackd(ctx context.Context, s *streams, name string, settings jackd.Settings, dryRun bool) error {
	place, err := serverPlace()
	if err != nil {
		return err
	}
	settings, err = fitting(settings)
	if pid := jackd.Running(name); pid != 0 {
		state, ours := place.State(name)
		if ours && state.Settings != settings {
			return &failure{code: exitFailed, err: fmt.Errorf("server %s runs with other settings: %s", name, state.Settings), hint: "jackknife server restart starts it anew"}
		}
		runsAlready(s, name, pid)
		return nil
	}
	if err != nil {
		return err
	}
	if dryRun {
		_, err := fmt.Fprintln(s.out, shellWords(settings.Args(name)))
		return err
	}
	if !settings.DBus {
		if _, err := exec.LookPath("jackd"); err != nil {
			return jackdFailure(fmt.Errorf("jackd: %w", jackd.ErrNoProgram))
		}
	}
	makeRoom(ctx, s)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if settings.DBus {
		err := jackd.StartOnBus(ctx, name, settings)
		if err == nil && jackd.Running(name) == 0 {
			err = errors.New("jackdbus started, and there is no server")
		}
		if err == nil {
			fmt.Fprintf(s.err, "jackknife: server %s started by jackdbus: %s\n", name, settings)
		}
		return jackdFailure(err)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	command := append([]string{program, "server", "run", "-s", name}, settings.Words()...)
	err = place.Start(ctx, name, command)
	var locked *jackd.LockError
	if errors.As(err, &locked) && len(locked.Users) == 0 { // they ended meanwhile
		makeRoom(ctx, s)
		err = place.Start(ctx, name, command)
	}
	if err != nil {
		return jackdFailure(err)
	}
	fmt.Fprintf(s.err, "jackknife: server %s started: %s\n", name, settings)
	return nil
}

func runsAlready(s *streams, name string, pid int) {
	fmt.Fprintf(s.err, "jackknife: server %s runs already (%s)\n", name, serverProcess(pid))
}

// stopJackd stops the server of a name, if it is ours to stop.
func stopJackd(ctx context.Context, s *streams, name string, force bool) error {
	place, err := serverPlace()
	if err != nil {
		return err
	}
	pid := jackd.Running(name)
	state, ours := place.State(name)
	switch program := jackd.Program(pid); {
	case pid == 0:
		fmt.Fprintf(s.err, "jackknife: no server %s runs\n", name)
		return nil
	case ours:
		err = jackd.Stop(ctx, name, state.Keeper)
	case program == "jackdbus":
		err = jackd.StopOnBus(ctx)
	case !force:
		return &failure{code: exitFailed, err: fmt.Errorf("server %s was not started by jackknife (%s)", name, serverProcess(pid)), hint: "--force stops it all the same"}
	default:
		err = jackd.Stop(ctx, name, pid)
	}
	if err == nil {
		fmt.Fprintf(s.err, "jackknife: server %s stopped\n", name)
	}
	return jackdFailure(err)
}

// serverProcess words which process a server is.
func serverProcess(pid int) string {
	return fmt.Sprintf("%s, process %d", jackd.Program(pid), pid)
}

// jackdFailure says what to do about a server that does not start or stop.
func jackdFailure(err error) error {
	var said *jackd.StartError
	var locked *jackd.LockError
	switch {
	case errors.As(err, &locked):
		return &failure{code: exitFailed, err: err, hint: endUsers(locked.Store)}
	case errors.As(err, &said) && strings.Contains(said.Said, "Too many servers"):
		return &failure{code: exitFailed, err: err, hint: fullHint()}
	case errors.Is(err, jackd.ErrNoProgram):
		return &failure{code: exitFailed, err: err, hint: "install the package jackd2 (Fedora: jack-audio-connection-kit, Arch: jack2)"}
	case errors.Is(err, jackd.ErrRunning):
		return &failure{code: exitFailed, err: err, hint: "jackknife server stop, or another name with -s"}
	case errors.As(err, &said) && (strings.Contains(said.Said, "busy") || strings.Contains(said.Said, "already in use")):
		return &failure{code: exitFailed, err: err, hint: "another program has the card: jackknife card doctor says which"}
	case errors.As(err, &said):
		return &failure{code: exitFailed, err: err, hint: "jackknife server log has all it said"}
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the server is not there after %v", startLimit)
	}
	return err
}

// shellWords writes words so that a shell reads them back.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if strings.ContainsAny(w, " '\"$&|<>;*?()[]{}\\`!#~") {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// fitting completes the settings by the card that is there, and refuses what it
// cannot do. A card that is in use is not asked.
func fitting(settings jackd.Settings) (jackd.Settings, error) {
	if settings.Driver != "alsa" {
		return settings, nil
	}
	cards, err := alsa.Cards()
	if errors.Is(err, alsa.ErrNoLibrary) {
		return settings, nil
	}
	if settings.Device == "" {
		card, err := onlyCard(cards)
		if err != nil {
			return settings, err
		}
		settings.Device = "hw:" + card.ID
	}
	card, ok := cardOf(settings.Device, cards)
	switch kind, _, _ := strings.Cut(settings.Device, ":"); {
	case ok:
	case kind == "hw", kind == "plughw":
		return settings, &failure{code: exitNoServer, err: fmt.Errorf("device=%s: no such card", settings.Device), hint: "jackknife card list lists the cards; driver=dummy starts a server without one"}
	default:
		return settings, nil // a PCM of the user's own making
	}
	capture, playback, err := alsa.StreamLimits(card)
	if err != nil {
		return settings, nil // jackd will say
	}
	for _, side := range []struct {
		limits   *alsa.Limits
		channels int
		key      string
	}{{capture, settings.Inputs, "inputs"}, {playback, settings.Outputs, "outputs"}} {
		switch {
		case side.channels == 0:
			continue
		case side.limits == nil && side.channels == jackd.All:
			continue
		case side.limits == nil:
			return settings, usagef("%s=%d: the card %s has none", side.key, side.channels, card.ID)
		}
		if err := side.limits.Check(max(0, side.channels), settings.RateHz, settings.Block, settings.Periods); err != nil {
			return settings, &failure{code: exitUsage, err: fmt.Errorf("%s (%s): %w", card.ID, side.key, err), hint: "change it: KEY=VALUE; see jackknife server settings --help"}
		}
	}
	return settings, nil
}

// onlyCard is the card to use where none is named.
func onlyCard(cards []alsa.Card) (alsa.Card, error) {
	var envy []alsa.Card
	var ids []string
	for _, card := range cards {
		ids = append(ids, "device=hw:"+card.ID)
		if card.Driver == alsa.ICE1712 {
			envy = append(envy, card)
		}
	}
	switch {
	case len(cards) == 0:
		return alsa.Card{}, &failure{code: exitNoServer, err: errors.New("there is no sound card"), hint: "driver=dummy starts a server without one"}
	case len(cards) == 1:
		return cards[0], nil
	case len(envy) == 1:
		return envy[0], nil
	}
	return alsa.Card{}, usagef("which card? %s", strings.Join(ids, " or "))
}

// cardOf is the card of a PCM's name: hw:M1010LT, hw:0, plughw:CARD=M1010LT,DEV=0.
func cardOf(device string, cards []alsa.Card) (alsa.Card, bool) {
	_, name, _ := strings.Cut(device, ":")
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "CARD="), ",")
	for _, card := range cards {
		if name == card.ID || name == fmt.Sprint(card.Number) {
			return card, true
		}
	}
	return alsa.Card{}, false
}
