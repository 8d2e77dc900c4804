package main

import (
	"bytes"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardSaveCommand(s *streams) *cobra.Command {
	var card, out string
	var force bool
	c := &cobra.Command{
		Use:   "save [NAME...]",
		Short: "Save the settings of the card, or some of them",
		Long: `Save the settings of the card, or of the elements named (see card get --help), as
a text that card load reads, and alsactl restore too. It goes to standard output
or, with -o, to a file.`,
		Example: `  jackknife card save -o studio.state
  jackknife card save 'Multi Playback Volume' 'Multi Playback Switch' -o mix.state
  jackknife card save -o studio.state && sudo alsactl -f studio.state restore M1010LT`,
		PreRunE: func(c *cobra.Command, args []string) error { return vacant(out, "", force) },
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			elements, err := findElements(elements, args)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if _, err := alsa.Save(ctl.Card.ID, elements).WriteTo(&b); err != nil {
				return err
			}
			if out != "" {
				return writeFile(out, b.Bytes(), force)
			}
			_, err = s.out.Write(b.Bytes())
			return err
		}),
		ValidArgsFunction: completing(&card, elementNames),
	}
	cardFlag(c, &card)
	c.Flags().StringVarP(&out, "output", "o", "", "`file` to write")
	c.Flags().BoolVarP(&force, "force", "f", false, "replace the file if it exists")
	return c
}
