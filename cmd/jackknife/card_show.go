package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardShowCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [NAME...]",
		Short: "Show the elements of the card and their values",
		Long: `Show every element of the card, or those named, by interface and name: the value,
in dB where the driver gives a scale, and what it may be. "card get --help" says
how elements are named.

The peak meters are not read, since reading clears them for whoever else looks.

--json prints an array of objects with name (as commands take it), iface,
device, subdevice, element, index, type, channels, min, max, items, min_db,
max_db, access, values, levels_db and text. Silence is -999 dB.`,
		Example: `  jackknife card show
  jackknife card show -c M1010LT 'DAC Volume' 'ADC Volume'
  jackknife card show --json | jq -r '.[] | select(.type == "enumerated") | .name'`,
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			elements, err := findElements(elements, args)
			if err != nil {
				return err
			}
			slices.SortStableFunc(elements, func(a, b *alsa.Element) int { return a.ID.Compare(b.ID) })
			if asJSON {
				return writeElementsJSON(s.out, elements)
			}
			return writeElements(s.out, ctl.Card, elements)
		}),
		ValidArgsFunction: completing(&card, elementNames),
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func writeElements(out io.Writer, card alsa.Card, elements []*alsa.Element) error {
	return table(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s (%s)\n", card.ID, card.LongName, card.Driver)
		var iface alsa.Iface
		for i, e := range elements {
			if i == 0 || e.Iface != iface {
				iface = e.Iface
				fmt.Fprintf(w, "\n%s\n", strings.ToLower(iface.String()))
			}
			name := strings.TrimPrefix(e.String(), strings.ToLower(iface.String())+":")
			fmt.Fprintf(w, "  %s\t%s\t%s\n", name, valueText(e), elementRange(e))
		}
	})
}

// elementRange words what an element may be set to, and what else is to be known
// of it.
func elementRange(e *alsa.Element) string {
	var words []string
	low, high := e.Range()
	switch {
	case e.Type == alsa.Enumerated && len(e.Items) > 5:
		words = append(words, fmt.Sprintf("%s | %s ... %s (%d)", e.Items[0], e.Items[1], e.Items[len(e.Items)-1], len(e.Items)))
	case e.Type == alsa.Enumerated:
		words = append(words, strings.Join(e.Items, " | "))
	case e.Type == alsa.Boolean:
		words = append(words, "off | on")
	case !e.Scale.None():
		bottom, _ := e.Scale.Ends()
		text := alsa.FormatDB(bottom) + " to " + alsa.FormatDB(e.Scale.DB(high))
		if alsa.FormatDB(e.Scale.DB(low)) == "mute" {
			text = "mute, " + text
		}
		words = append(words, text)
	case e.Type == alsa.Integer || e.Type == alsa.Integer64:
		words = append(words, fmt.Sprintf("%d to %d", low, high))
	default:
		words = append(words, fmt.Sprintf("%d bytes", max(e.Count, map[alsa.Type]int{alsa.IEC958: 24}[e.Type])))
	}
	for _, w := range []struct {
		is   bool
		word string
	}{{!e.Access.Write, "read-only"}, {e.Access.Inactive, "inactive"}, {e.Access.Locked, "locked by another program"}} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, "; ")
}
