package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/jackgraph/jackd"
)

// defaultPreset is the preset that is meant where none is named.
const defaultPreset = "default"

// pipewireLimit bounds what is asked of PipeWire through its program.
const pipewireLimit = 5 * time.Second

func serverSettingsCommand(s *streams) *cobra.Command {
	var remove, dryRun bool
	c := &cobra.Command{
		Use:   "settings [PRESET] [KEY=VALUE...]",
		Short: "Show or change what a server is started with",
		Long: `Show the presets for jackknife server start, one of them, or make or change one: a
line NAME: KEY=VALUE... each in the file jackknife/servers in the user's
configuration folder (~/.config, or XDG_CONFIG_HOME), which may be edited as well.
With settings and without a name it is about the preset "default".

  driver=alsa|dummy   the card, or none (for tests)
  device=hw:ID        the card (jackknife card list has the ids); without: the only one
  rate=48000          frames per second
  block=1024          frames per block
  periods=2           blocks in the card's buffer (USB: 3)
  inputs=N, outputs=N channels; all, or 0 for none
  priority=70         of the audio thread; no: not realtime; without: jackd's own 10
  sync=yes|no         yes: what a slow program delays is late, and not lost between programs
  midi=seq|raw        MIDI ports of the card as well
  ports=2048          at most so many
  dbus=yes            started through jackdbus in the session, where its programs look

KEY= goes back to what it is without. An Envy24 such as the Delta 1010LT always has
12 inputs and 10 outputs and takes blocks up to 2048 with periods=2.

Under PipeWire, block=N and rate=N tell it a quantum and a rate for all programs
until it ends or is told otherwise; block= and rate= leave them to PipeWire again.`,
		Example: `  jackknife server settings
  jackknife server settings studio device=hw:M1010LT block=256 priority=70
  jackknife server settings studio block=128 periods=
  jackknife server settings --delete studio
  pw-jack jackknife server settings block=256`,
		RunE: func(c *cobra.Command, args []string) error {
			if jackgraph.OnPipeWire() {
				if remove {
					return usagef("--delete: the presets are jackd's; PipeWire takes block= and rate= to go back to its own choice")
				}
				return pipewireSettings(c.Context(), s, args, dryRun)
			}
			return changeSettings(s, args, remove, dryRun)
		},
		ValidArgsFunction: completeSettings,
	}
	c.Flags().BoolVar(&remove, "delete", false, "delete the preset")
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "print the preset instead of saving it, or what PipeWire would be told")
	serverFlag(c)
	return c
}

// presetsFile is where the presets are.
func presetsFile() (string, error) {
	config, err := os.UserConfigDir()
	return filepath.Join(config, "jackknife", "servers"), err
}

func readPresets() (p jackd.Presets, file string, err error) {
	if file, err = presetsFile(); err != nil {
		return p, file, err
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return p, file, err
	}
	p, err = jackd.ParsePresets(string(text), file)
	return p, file, err
}

// splitSettings takes the name of a preset off the words that follow it.
func splitSettings(args []string) (name string, words []string) {
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		return args[0], args[1:]
	}
	return "", args
}

// chosenSettings are those that the words of a command mean: of the preset that
// is named, else those that the server had, else of the preset for that, changed
// by the words.
func chosenSettings(args []string, had *jackd.Settings) (jackd.Settings, error) {
	presets, _, err := readPresets()
	if err != nil {
		return jackd.Settings{}, err
	}
	name, words := splitSettings(args)
	settings, ok := presets.Settings(name)
	switch {
	case name != "" && !ok:
		return settings, noPreset(name, presets)
	case name == "" && had != nil:
		settings = *had
	case name == "":
		settings, _ = presets.Settings(defaultPreset)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "driver=") && words[0] != "driver="+settings.Driver {
		settings.Device, settings.MIDI = "", "" // they are of the other driver
	}
	settings, err = settings.Set(words)
	if err != nil {
		return settings, &failure{code: exitUsage, err: err, hint: "see jackknife server settings --help"}
	}
	return settings, nil
}

func noPreset(name string, presets jackd.Presets) error {
	f := &failure{code: exitNoMatch, err: fmt.Errorf("no preset %q", name), hint: "jackknife server settings " + name + " KEY=VALUE... makes one"}
	if names := presets.Names(); len(names) > 0 {
		f.hint = "there are " + strings.Join(names, ", ")
	}
	return f
}

func changeSettings(s *streams, args []string, remove, dryRun bool) error {
	presets, file, err := readPresets()
	if err != nil {
		return err
	}
	name, words := splitSettings(args)
	switch {
	case remove && (name == "" || len(words) > 0):
		return usagef("--delete takes the name of a preset")
	case name == "" && len(words) == 0:
		for _, n := range presets.Names() {
			settings, _ := presets.Settings(n)
			fmt.Fprintf(s.out, "%s: %s\n", n, settings)
		}
		if len(presets.Names()) == 0 {
			fmt.Fprintf(s.err, "jackknife: no presets; without one a server has %s\n", jackd.Default)
		}
		return nil
	case name == "":
		name = defaultPreset
	}
	settings, exists := presets.Settings(name)
	switch {
	case !exists && (remove || len(words) == 0):
		return noPreset(name, presets)
	case remove:
		presets = presets.Delete(name)
	case len(words) > 0:
		if err := jackd.CheckName(name); err != nil {
			return usagef("%w", err)
		}
		if settings, err = settings.Set(words); err != nil {
			return &failure{code: exitUsage, err: err, hint: "see jackknife server settings --help"}
		}
		if _, err := fitting(settings); err != nil && exitOf(err) == exitUsage && settings.Device != "" {
			return err
		}
		presets = presets.Put(name, settings)
	}
	if !remove {
		fmt.Fprintf(s.out, "%s: %s\n", name, settings)
	}
	if dryRun || !remove && len(words) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return writeFile(file, []byte(presets.String()), true)
}

// exitOf is the exit code that an error carries.
func exitOf(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return exitFailed
}

// pipewireSettings shows PipeWire's clock, or tells it a block and a rate once
// all of the words are found right.
func pipewireSettings(ctx context.Context, s *streams, args []string, dryRun bool) error {
	ctx, cancel := context.WithTimeout(ctx, pipewireLimit)
	defer cancel()
	q, err := jackgraph.ReadQuantum(ctx)
	if err != nil {
		return openFailure(err)
	}
	type setting struct {
		tell  func(context.Context, int) error
		value int
	}
	var wanted []setting
	for _, word := range args {
		key, value, ok := strings.Cut(word, "=")
		n, err := strconv.Atoi("0" + value)
		switch {
		case !ok || key != "block" && key != "rate" || err != nil:
			return usagef("%s: PipeWire takes block=N and rate=N; its other settings are in pipewire.conf", word)
		case key == "block" && n != 0 && (n < q.MinBlock || n > q.MaxBlock):
			return usagef("%s: PipeWire's settings allow %d to %d", word, q.MinBlock, q.MaxBlock)
		case key == "rate" && n != 0 && !slices.Contains(q.RatesHz, n):
			return usagef("%s: PipeWire's settings allow %s; see default.clock.allowed-rates in pipewire.conf", word, strings.Trim(fmt.Sprint(q.RatesHz), "[]"))
		}
		if key == "block" {
			wanted = append(wanted, setting{jackgraph.SetQuantum, n})
		} else {
			wanted = append(wanted, setting{jackgraph.SetRate, n})
		}
	}
	if dryRun && len(args) > 0 {
		fmt.Fprintf(s.out, "would tell PipeWire %s\n", strings.Join(args, " "))
		return nil
	}
	for _, w := range wanted {
		if err := w.tell(ctx, w.value); err != nil {
			return err
		}
	}
	if len(args) > 0 {
		if q, err = jackgraph.ReadQuantum(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(s.out, quantumLine(q))
	return nil
}

// quantumLine words what PipeWire's clock was told.
func quantumLine(q jackgraph.Quantum) string {
	said := func(key string, n, own int) string {
		if n == 0 {
			return fmt.Sprintf("%s: PipeWire's choice, %d by default", key, own)
		}
		return fmt.Sprintf("%s: told %d", key, n)
	}
	return said("block", q.ForcedBlock, q.Block) + fmt.Sprintf(" (%d to %d)", q.MinBlock, q.MaxBlock) + "; " + said("rate", q.ForcedRateHz, q.RateHz)
}

// completeSettings completes the names of presets, and keys; PipeWire's are two.
func completeSettings(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if jackgraph.OnPipeWire() {
		return []cobra.Completion{"block=", "rate="}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	var words []cobra.Completion
	if presets, _, err := readPresets(); err == nil && len(args) == 0 {
		for _, name := range presets.Names() {
			settings, _ := presets.Settings(name)
			words = append(words, cobra.CompletionWithDesc(name, settings.String()))
		}
	}
	if len(args) == 0 && toComplete == "" {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
	for _, key := range jackd.Keys() {
		words = append(words, key+"=")
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
