package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardClockCommand(s *streams) *cobra.Command {
	var f changing
	var rate, fallback int
	var lock, reset string
	c := &cobra.Command{
		Use:   "clock [RATE|internal|spdif|word]",
		Short: "Show or set the clock of an Envy24 card",
		Long: `Show or set what clock an Envy24 card goes by:

  RATE, internal   its own crystal, at RATE or at the default rate
  spdif            the signal at the S/PDIF input; only then S/PDIF can be
                   recorded properly
  word             the word clock input (Delta 1010, 1010LT)

By an external clock programs can open the card at the default rate only: give
--rate, the rate of the outside gear. While a program plays or records the card
keeps its crystal rate, and so it does from external to crystal: close it first.

--lock on lets programs use no rate but the default one, for long takes; --reset
on goes back to the default rate whenever no program uses the card. The default
rate, lock and reset are the driver's: all Envy24 cards of the machine share
them. Setting RATE makes it the default too, unless --default says otherwise.

What is shown of an external clock's lock comes from the S/PDIF receiver; with
the word clock it may be wrong. --json prints an object with source, rate,
default, lock, reset, locked (null where unknown) and errors of the receiver.`,
		Example: `  jackknife card clock
  jackknife card clock 48000
  jackknife card clock spdif --rate 44100
  jackknife card clock -n 96000 --lock on --reset off`,
		Args: cobra.MaximumNArgs(1),
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			clock := alsa.NewClock(elements)
			if clock.Rate == nil {
				return lacking(ctl, "clock to choose")
			}
			if len(args) == 0 && rate == 0 && fallback == 0 && lock == "" && reset == "" {
				return showClock(s, clock, f.asJSON)
			}
			var changes []alsa.Change
			if len(args) == 0 && rate != 0 {
				args = []string{strconv.Itoa(rate)}
			}
			if len(args) > 0 {
				to, err := clockTo(clock, args[0], rate)
				if err != nil {
					return err
				}
				changes = to
			}
			for _, more := range []struct {
				e    *alsa.Element
				word string
			}{{clock.Default, number(fallback)}, {clock.Locking, lock}, {clock.Reset, reset}} {
				if more.word == "" {
					continue
				}
				if more.e == nil {
					return lacking(ctl, "such setting of the clock")
				}
				v, err := more.e.Parse(more.e.Value, more.word)
				if err != nil {
					return usagef("%w", err)
				}
				changes = slices.DeleteFunc(changes, func(c alsa.Change) bool { return c.Element == more.e })
				if !slices.Equal(v, more.e.Value) || more.e == clock.Default && len(changes) > 0 {
					changes = append(changes, alsa.Change{Element: more.e, From: more.e.Value, To: v})
				}
			}
			if err := f.change(s, ctl, elements, changes, nil); err != nil || f.dry || clock.Source() == alsa.Internal {
				return err
			}
			for _, e := range elements { // the receiver looks elsewhere now
				if e.Access.Volatile && e.Access.Read && !alsa.ClearsOnRead(e.ID) {
					if err := ctl.Read(e); errors.Is(err, alsa.ErrGone) {
						return cardFailure(err)
					}
				}
			}
			if clock.Lock() == alsa.Unlocked {
				fmt.Fprintf(s.err, "jackknife: the card does not lock to %s: is the signal there?\n", clock.Source())
			}
			return nil
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			clock := alsa.NewClock(elements)
			if len(args) > 0 || clock.Rate == nil {
				return nil
			}
			return append([]cobra.Completion{alsa.Internal, alsa.SPDIF, alsa.WordClock}, clock.Rates()...)
		}),
	}
	changeFlags(c, &f)
	c.Flags().IntVar(&rate, "rate", 0, "`Hz` of the crystal, or of the outside gear")
	c.Flags().IntVar(&fallback, "default", 0, "`Hz` to go back to")
	c.Flags().StringVar(&lock, "lock", "", "`on|off`: programs may use the default rate only")
	c.Flags().StringVar(&reset, "reset", "", "`on|off`: back to the default rate when no program uses the card")
	return c
}

// number is a flag's number as a word; none for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func clockTo(clock alsa.Clock, word string, rate int) ([]alsa.Change, error) {
	source := strings.ToLower(word)
	if hz, err := strconv.Atoi(word); err == nil {
		if rate != 0 && rate != hz {
			return nil, usagef("%d or %d Hz?", hz, rate)
		}
		source, rate = alsa.Internal, hz
	}
	if source != alsa.Internal && source != alsa.SPDIF && source != alsa.WordClock {
		return nil, usagef("%q: want a rate, internal, spdif or word", word)
	}
	changes, err := clock.To(source, rate)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return changes, nil
}

func showClock(s *streams, clock alsa.Clock, asJSON bool) error {
	lock := clock.Lock()
	receiver, looks := clock.Receiver()
	if asJSON {
		j := struct {
			Source  string   `json:"source"`
			RateHz  int      `json:"rate"`
			Default int      `json:"default"`
			Lock    bool     `json:"lock"`
			Reset   bool     `json:"reset"`
			Locked  *bool    `json:"locked"`
			Errors  []string `json:"errors"`
		}{Source: clock.Source(), RateHz: clock.RateHz(), Errors: orEmpty(receiver)}
		if clock.Default != nil {
			j.Default, _ = strconv.Atoi(clock.Default.Text(clock.Default.Value))
		}
		j.Lock = clock.Locking != nil && clock.Locking.Value[0] != 0
		j.Reset = clock.Reset != nil && clock.Reset.Value[0] != 0
		if lock != alsa.LockUnknown {
			locked := lock == alsa.Locked
			j.Locked = &locked
		}
		return writeJSON(s.out, j)
	}
	return table(s.out, func(w io.Writer) {
		fmt.Fprintf(w, "source\t%s\n", clock.Source())
		switch {
		case lock == alsa.Unlocked:
			fmt.Fprintf(w, "signal\tno lock\n")
		case lock == alsa.Locked && looks && len(receiver) > 0:
			fmt.Fprintf(w, "signal\tlocked, %s\n", strings.Join(receiver, ", "))
		case lock == alsa.Locked:
			fmt.Fprintf(w, "signal\tlocked\n")
		case clock.Source() != alsa.Internal:
			fmt.Fprintf(w, "signal\tunknown: this card does not tell\n")
		}
		if rate := clock.RateHz(); rate != 0 { // else it is the outside gear's
			fmt.Fprintf(w, "rate\t%d Hz\n", rate)
		}
		for _, e := range []struct {
			name, unit string
			e          *alsa.Element
		}{{"default", " Hz", clock.Default}, {"lock", "", clock.Locking}, {"reset", "", clock.Reset}} {
			if e.e != nil {
				fmt.Fprintf(w, "%s\t%s%s\n", e.name, e.e.Text(e.e.Value), e.unit)
			}
		}
	})
}
