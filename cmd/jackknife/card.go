package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "card",
		Short: "The controls of the sound card: the commands below",
		Long: `Read and set the controls of the sound card: levels, routes, the monitor mixer,
clocks. Without -c CARD it is the first card of the Envy24 family (a Delta
1010LT and its relatives), or else the first card.`,
		Example: `  jackknife card list
  jackknife card show
  jackknife card set 'DAC Volume' 0dB`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			f := &failure{code: exitUsage, err: fmt.Errorf("unknown command %q for card", args[0]), hint: "see jackknife card --help"}
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				f.hint = "did you mean card " + strings.Join(near, ", ") + "?"
			}
			return f
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(
		cardClockCommand(s),
		cardDiffCommand(s),
		cardDoctorCommand(s),
		cardGetCommand(s),
		cardLevelsCommand(s),
		cardListCommand(s),
		cardLoadCommand(s),
		cardMetersCommand(s),
		cardMIDICommand(s),
		cardMixerCommand(s),
		cardProfileCommand(s),
		cardResyncCommand(s),
		cardRouteCommand(s),
		cardSaveCommand(s),
		cardSceneCommand(s),
		cardSetCommand(s),
		cardShowCommand(s),
		cardSPDIFCommand(s),
		cardWatchCommand(s),
	)
	return c
}

// levelArguments lets levels such as -6dB stand among a card command's
// arguments, where they would be taken for flags: their sign becomes U+2212,
// which alsa takes for a minus too.
func levelArguments(args []string) []string {
	if len(args) == 0 || args[0] != "card" {
		return args
	}
	args = slices.Clone(args)
	for i, a := range args {
		if len(a) > 1 && a[0] == '-' && (strings.IndexByte("0123456789.", a[1]) >= 0 || strings.HasPrefix(a, "-inf")) {
			args[i] = "\u2212" + a[1:]
		}
	}
	return args
}

// cardFlag gives a command the flag that chooses the card.
func cardFlag(c *cobra.Command, card *string) {
	c.Flags().StringVarP(card, "card", "c", "", "`CARD` by its number, its id, or as a control device such as hw:M1010LT")
	c.RegisterFlagCompletionFunc("card", func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		cards, _ := alsa.Cards()
		var ids []cobra.Completion
		for _, card := range cards {
			ids = append(ids, cobra.CompletionWithDesc(card.ID, card.Name))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	})
}

// openCard opens a card, which its caller closes, and reads its elements.
func openCard(name string) (*alsa.Ctl, []*alsa.Element, error) {
	ctl, err := alsa.Open(name)
	if err != nil {
		return nil, nil, cardFailure(err)
	}
	elements, err := ctl.Elements()
	if err != nil {
		ctl.Close()
		return nil, nil, cardFailure(fmt.Errorf("card %s: %w", ctl.Card.ID, err))
	}
	return ctl, elements, nil
}

// onCard is a command's work on the card of that name, which is open for it.
func onCard(name *string, work func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		ctl, elements, err := openCard(*name)
		if err != nil {
			return err
		}
		defer ctl.Close()
		return work(c, ctl, elements, args)
	}
}

// completing completes words that the card of that name knows.
func completing(name *string, words func(elements []*alsa.Element, args []string) []cobra.Completion) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctl, elements, err := openCard(*name)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer ctl.Close()
		return words(elements, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// elementNames are completions of the elements' names.
func elementNames(elements []*alsa.Element, args []string) []cobra.Completion {
	var names []cobra.Completion
	for _, e := range elements {
		names = append(names, cobra.CompletionWithDesc(e.String(), valueText(e)))
	}
	return names
}

// cardFailure gives what went wrong with a card its exit code and hint.
func cardFailure(err error) error {
	switch {
	case errors.Is(err, alsa.ErrNoLibrary):
		return &failure{code: exitNoServer, err: err, hint: "install libasound2-dev (or your distribution's ALSA development package) and a C compiler, then build it with make build"}
	case errors.Is(err, alsa.ErrGone):
		return &failure{code: exitNoServer, err: err, hint: "was it unplugged, or its driver unloaded? jackknife card list shows the cards"}
	case errors.Is(err, alsa.ErrNoCard):
		cards, _ := alsa.Cards()
		if len(cards) == 0 {
			return &failure{code: exitNoServer, err: errors.New("no sound card"), hint: "is its driver loaded (for a Delta 1010LT: modprobe snd-ice1712), and your user in the group audio?"}
		}
		var ids []string
		for _, c := range cards {
			ids = append(ids, c.ID)
		}
		return &failure{code: exitNoServer, err: err, hint: "the cards are " + strings.Join(ids, ", ")}
	}
	return err
}

// findElements returns the elements that the names mean, each once; all of them
// without names.
func findElements(elements []*alsa.Element, names []string) ([]*alsa.Element, error) {
	if len(names) == 0 {
		return elements, nil
	}
	var found []*alsa.Element
	for _, name := range names {
		match, err := alsa.Find(elements, name)
		if errors.Is(err, alsa.ErrNotFound) {
			return nil, &failure{code: exitNoMatch, err: err, hint: elementHint(elements, name)}
		}
		if err != nil {
			return nil, usagef("%w", err)
		}
		for _, e := range match {
			if !slices.Contains(found, e) {
				found = append(found, e)
			}
		}
	}
	return found, nil
}

// pick returns those of a card's parts that spec means (see alsa.Select).
func pick[T any](parts []T, name func(T) string, spec string) ([]T, error) {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = name(p)
	}
	at, err := alsa.Select(names, spec)
	if err != nil {
		return nil, &failure{code: exitNoMatch, err: err}
	}
	picked := make([]T, len(at))
	for i, n := range at {
		picked[i] = parts[n]
	}
	return picked, nil
}

func stripName(s alsa.Strip) string   { return s.Name }
func outputName(o alsa.Output) string { return o.Name }
func levelName(l alsa.Level) string   { return l.Name }

// lacking: the card has not what a command of the Envy24 family is about.
func lacking(ctl *alsa.Ctl, what string) error {
	return &failure{code: exitNoMatch, err: fmt.Errorf("card %s: it has no %s", ctl.Card.ID, what), hint: "jackknife card show lists what it has"}
}

// table writes lines of cells, divided by tabs, in columns and all at once.
func table(out io.Writer, write func(w io.Writer)) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	write(w)
	w.Flush()
	_, err := out.Write(b.Bytes())
	return err
}

// elementHint helps with a name that no element has.
func elementHint(elements []*alsa.Element, name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), ",")
	var near []string
	for _, e := range elements {
		if strings.Contains(strings.ToLower(e.Name), name) && !slices.Contains(near, e.Name) {
			near = append(near, e.Name)
		}
	}
	switch {
	case name != "" && slices.ContainsFunc(near, func(n string) bool { return strings.EqualFold(n, name) }):
		return "jackknife card get '" + near[0] + "' lists those of this name"
	case name != "" && len(near) > 0 && len(near) <= 4:
		return "did you mean " + strings.Join(near, ", ") + "?"
	}
	return "jackknife card show lists the names"
}

// valueText words what is known of an element's value.
func valueText(e *alsa.Element) string {
	switch {
	case e.Value != nil:
		return e.Text(e.Value)
	case alsa.ClearsOnRead(e.ID):
		return "(reading clears it)"
	}
	return "(cannot be read)"
}

// elementJSON is an element as --json shows it.
type elementJSON struct {
	Name      string    `json:"name"` // as commands take it
	Iface     string    `json:"iface"`
	Device    int       `json:"device"`
	Subdevice int       `json:"subdevice"`
	Element   string    `json:"element"`
	Index     int       `json:"index"`
	Type      string    `json:"type"`
	Channels  int       `json:"channels"`
	Min       int64     `json:"min"`
	Max       int64     `json:"max"`
	Items     []string  `json:"items"`
	MinDB     *float64  `json:"min_db"`
	MaxDB     *float64  `json:"max_db"`
	Access    []string  `json:"access"`
	Values    []int64   `json:"values"`
	Levels    []float64 `json:"levels_db"`
	Text      string    `json:"text"`
}

// silence is what stands for it in JSON, which has no infinity.
const silence = -999

func jsonLevel(db float64) float64 {
	if math.IsInf(db, -1) {
		return silence
	}
	return math.Round(db*100) / 100
}

func newElementJSON(e *alsa.Element) elementJSON {
	low, high := e.Range()
	j := elementJSON{Name: e.String(), Iface: strings.ToLower(e.Iface.String()), Device: e.Device, Subdevice: e.Subdevice,
		Element: e.Name, Index: e.Index, Type: strings.ToLower(e.Type.String()), Channels: e.Count, Min: low, Max: high,
		Items: orEmpty(e.Items), Access: accessWords(e.Access), Values: orEmpty(e.Value), Levels: []float64{}}
	if e.Value != nil {
		j.Text = e.Text(e.Value)
	}
	if !e.Scale.None() {
		lowest, highest := jsonLevel(e.Scale.DB(low)), jsonLevel(e.Scale.DB(high))
		j.MinDB, j.MaxDB = &lowest, &highest
		for _, v := range e.Value {
			j.Levels = append(j.Levels, jsonLevel(e.Scale.DB(v)))
		}
	}
	return j
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func accessWords(a alsa.Access) []string {
	words := []string{}
	for _, w := range []struct {
		is   bool
		word string
	}{{a.Read, "read"}, {a.Write, "write"}, {a.Volatile, "volatile"}, {a.Inactive, "inactive"}, {a.Locked, "locked"}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return words
}

func writeElementsJSON(w io.Writer, elements []*alsa.Element) error {
	list := make([]elementJSON, len(elements))
	for i, e := range elements {
		list[i] = newElementJSON(e)
	}
	return writeJSON(w, list)
}

// changeJSON is a change as --json shows it.
type changeJSON struct {
	Name   string  `json:"name"`
	From   string  `json:"from"`
	To     string  `json:"to"`
	Values []int64 `json:"values"`
	Result string  `json:"result"` // planned, done, failed, along
}

func newChangeJSON(c alsa.Change, result string) changeJSON {
	j := changeJSON{Name: c.Element.String(), To: c.Element.Text(c.To), Values: c.To, Result: result}
	if c.From != nil {
		j.From = c.Element.Text(c.From)
	}
	return j
}

// changing holds the flags of the commands that change a card.
type changing struct {
	card   string
	dry    bool
	asJSON bool

	// words are the changes in the command's own terms; what it has none for is
	// left to alsa.
	words wording
}

// wording is how a command words the changes of elements: "in1 level: BEFORE ->
// AFTER".
type wording map[*alsa.Element]func(alsa.Change) string

// name gives an element its name and the text of its values.
func (w wording) name(e *alsa.Element, name string, text func(alsa.Value) string) {
	w[e] = func(c alsa.Change) string { return fmt.Sprintf("%s: %s -> %s", name, text(c.From), text(c.To)) }
}

func changeFlags(c *cobra.Command, f *changing) {
	cardFlag(c, &f.card)
	c.Flags().BoolVarP(&f.dry, "dry-run", "n", false, "show what would change, change nothing")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print an array of changes: name, from, to, values, result (planned, done, failed, along)")
}

// change makes the changes, shows them, and tells what the driver did besides.
// problems are what stood in the way before anything was changed.
func (f changing) change(s *streams, ctl *alsa.Ctl, elements []*alsa.Element, changes []alsa.Change, problems []error) error {
	list := []changeJSON{}
	show := func(c alsa.Change, result string) {
		list = append(list, newChangeJSON(c, result))
		if f.asJSON {
			return
		}
		text := c.String()
		if own := f.words[c.Element]; own != nil {
			text = own(c)
		}
		if result == "along" {
			text += " (the driver changed it along)"
		}
		fmt.Fprintln(s.out, text)
	}
	failed := problems
	real := slices.DeleteFunc(slices.Clone(changes), alsa.Change.Hold)
	wanted := len(real) + len(problems)
	if f.dry {
		for _, c := range real {
			show(c, "planned")
		}
	} else if len(real) > 0 {
		applied := ctl.Apply(elements, changes)
		for _, c := range applied.Done {
			show(c, "done")
		}
		for _, c := range applied.Along {
			show(c, "along")
		}
		failed = append(failed, applied.Failed...)
	}
	if f.asJSON {
		if err := writeJSON(s.out, list); err != nil {
			return err
		}
	}
	return partly(s, failed, wanted, "settings did not apply")
}

// partly words failures among so many: one of one as the error itself, several
// a line each, and then how many of them what happened to.
func partly(s *streams, failed []error, wanted int, what string) error {
	switch {
	case len(failed) == 0:
		return nil
	case slices.ContainsFunc(failed, func(err error) bool { return errors.Is(err, alsa.ErrGone) }):
		return cardFailure(failed[len(failed)-1])
	case wanted == 1:
		return failed[0]
	}
	for _, err := range failed {
		fmt.Fprintf(s.err, "jackknife: %s\n", err)
	}
	code := exitPartly
	if len(failed) == wanted {
		code = exitFailed
	}
	return &failure{code: code, err: fmt.Errorf("%d of %d %s", len(failed), wanted, what)}
}
