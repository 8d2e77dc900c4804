package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardSPDIFCommand(s *streams) *cobra.Command {
	var f changing
	c := &cobra.Command{
		Use:   "spdif [KEY=VALUE...]",
		Short: "Show or set what the S/PDIF output says of itself",
		Long: `Show or set the channel status that goes along with the S/PDIF output, by which a
receiver knows what it gets. If there is no sound at its end, look at audio: a
receiver mutes what is marked as no audio.

  mode=consumer|professional    going over starts from the mode's usual bits
  audio=yes|no
  copy=permitted|prohibited     consumer
  emphasis=none|50/15us         (professional also unmarked, j17)
  category=general|cd|pcm|dat   consumer
  generation=original|copy      consumer
  stream=stereo|...             professional

The rate in it is set by the driver. The default status counts from the next
time playback starts; while something plays its own status is set along.

--json prints an object of the keys shown.`,
		Example: `  jackknife card spdif
  jackknife card spdif audio=yes mode=consumer
  jackknife card spdif -n mode=professional emphasis=none`,
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			status, err := alsa.Find(elements, "pcm:IEC958 Playback Default")
			if err != nil || status[0].Type != alsa.IEC958 || status[0].Value == nil {
				return lacking(ctl, "S/PDIF status to set")
			}
			e := status[0]
			if len(args) == 0 {
				return showStatus(s, e.Value, f.asJSON)
			}
			to := e.Value
			for _, a := range args {
				key, value, ok := strings.Cut(a, "=")
				if !ok {
					return usagef("%q: want KEY=VALUE", a)
				}
				if to, err = alsa.SetStatus(to, key, value); err != nil {
					return usagef("%w", err)
				}
			}
			var changes []alsa.Change
			if !slices.Equal(to, e.Value) {
				changes = append(changes, alsa.Change{Element: e, From: e.Value, To: to})
				if stream, err := alsa.Find(elements, "pcm:IEC958 Playback PCM Stream"); err == nil && !stream[0].Access.Inactive {
					changes = append(changes, alsa.Change{Element: stream[0], From: e.Value, To: to})
				}
			}
			f.words = make(wording)
			for _, c := range changes {
				f.words[c.Element] = statusText
			}
			return f.change(s, ctl, elements, changes, nil)
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			var words []cobra.Completion
			if e, err := alsa.Find(elements, "pcm:IEC958 Playback Default"); err == nil && e[0].Value != nil {
				for _, setting := range alsa.Status(e[0].Value) {
					for _, value := range setting.Choices {
						words = append(words, setting.Key+"="+value)
					}
				}
			}
			return words
		}),
	}
	changeFlags(c, &f)
	return c
}

// statusText words a change of a channel status, what differs only.
func statusText(c alsa.Change) string {
	before := make(map[string]string)
	for _, s := range alsa.Status(c.From) {
		before[s.Key] = s.Value
	}
	var parts []string
	for _, s := range alsa.Status(c.To) {
		switch old, said := before[s.Key]; {
		case !said:
			parts = append(parts, s.Key+" "+s.Value)
		case old != s.Value:
			parts = append(parts, fmt.Sprintf("%s %s -> %s", s.Key, old, s.Value))
		}
	}
	if strings.HasSuffix(c.Name, "Stream") {
		return "what plays now: " + strings.Join(parts, ", ")
	}
	return "default: " + strings.Join(parts, ", ")
}

func showStatus(s *streams, v alsa.Value, asJSON bool) error {
	if asJSON {
		m := make(map[string]string)
		for _, setting := range alsa.Status(v) {
			m[setting.Key] = setting.Value
		}
		return writeJSON(s.out, m)
	}
	return table(s.out, func(w io.Writer) {
		for _, setting := range alsa.Status(v) {
			fmt.Fprintf(w, "%s\t%s\n", setting.Key, setting.Value)
		}
	})
}
