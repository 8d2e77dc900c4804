package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardProfileCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "profile",
		Short: "Settings of the card under names: the commands below",
		Long: `Keep settings of the card under names. A profile is a file NAME.state, as card
save writes it, in the folder jackknife/profiles of the user's configuration
(~/.config, or XDG_CONFIG_HOME).`,
		Example: `  jackknife card profile save booth
  jackknife card profile load booth -n`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &failure{code: exitUsage, err: fmt.Errorf("unknown command %q for card profile", args[0]), hint: "see jackknife card profile --help"}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.AddCommand(
		profileDeleteCommand(s),
		profileImportCommand(s),
		profileListCommand(s),
		profileLoadCommand(s),
		profileRenameCommand(s),
		profileSaveCommand(s),
	)
	return c
}

const profileSuffix = ".state"

// profileFolder is where the profiles are.
func profileFolder() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("profiles: %w", err)
	}
	return filepath.Join(dir, "jackknife", "profiles"), nil
}

// profileFile is the file of a profile.
func profileFile(name string) (string, error) {
	if name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\x00\n") {
		return "", usagef("%q is no name for a profile", name)
	}
	dir, err := profileFolder()
	return filepath.Join(dir, name+profileSuffix), err
}

// existingProfile is the file of a profile that is there.
func existingProfile(name string) (string, error) {
	file, err := profileFile(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		f := &failure{code: exitNoMatch, err: fmt.Errorf("%s: no such profile", name), hint: "there are none yet"}
		if names, _ := profileNames(); len(names) > 0 {
			f.hint = "the profiles are " + strings.Join(names, ", ")
		}
		return "", f
	}
	return file, nil
}

// profileNames lists the profiles in alphabetical order.
func profileNames() ([]string, error) {
	dir, err := profileFolder()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), profileSuffix); ok && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

func completeProfiles(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := profileNames()
	return names, cobra.ShellCompDirectiveNoFileComp
}

// writeProfile keeps a state under a name, which is free unless replace is set.
func writeProfile(name string, state alsa.State, replace bool) error {
	file, err := profileFile(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil && !replace {
		return &failure{code: exitFailed, err: fmt.Errorf("profile %s: exists already", name), hint: "-f replaces it"}
	}
	var b bytes.Buffer
	if _, err := state.WriteTo(&b); err != nil {
		return err
	}
	return writeFile(file, b.Bytes(), replace)
}

func profileListCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the profiles",
		Long: `List the profiles: name, card, number of settings. --json prints an array of
objects with name, card, settings and file.`,
		Example: `  jackknife card profile list`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			names, err := profileNames()
			if err != nil {
				return err
			}
			type profile struct {
				Name     string `json:"name"`
				Card     string `json:"card"`
				Settings int    `json:"settings"`
				File     string `json:"file"`
			}
			list := []profile{}
			var broken []error
			for _, name := range names {
				file, err := profileFile(name)
				if err != nil {
					return err
				}
				state, err := readState(s, file, "", alsa.Card{})
				if err != nil {
					broken = append(broken, err)
					continue
				}
				list = append(list, profile{name, state.Card, len(state.Controls), file})
			}
			if asJSON {
				if err := writeJSON(s.out, list); err != nil {
					return err
				}
			} else {
				for _, p := range list {
					fmt.Fprintf(s.out, "%s  %s  %d settings\n", p.Name, p.Card, p.Settings)
				}
			}
			return partly(s, broken, len(names), "profiles cannot be read")
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func profileSaveCommand(s *streams) *cobra.Command {
	var card string
	var force bool
	c := &cobra.Command{
		Use:   "save NAME [ELEMENT...]",
		Short: "Keep the settings of the card under a name",
		Long: `Keep the settings of the card, or of the elements named (see card get --help),
under a name.`,
		Example: `  jackknife card profile save booth
  jackknife card profile save mix 'Multi Playback Volume' 'Multi Playback Switch'`,
		Args: cobra.MinimumNArgs(1),
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			elements, err := findElements(elements, args[1:])
			if err != nil {
				return err
			}
			return writeProfile(args[0], alsa.Save(ctl.Card.ID, elements), force)
		}),
	}
	cardFlag(c, &card)
	c.Flags().BoolVarP(&force, "force", "f", false, "replace a profile of this name")
	return c
}

func profileLoadCommand(s *streams) *cobra.Command {
	var f changing
	var only []string
	c := &cobra.Command{
		Use:   "load NAME",
		Short: "Set the card as a profile says",
		Long: `Set the card as a profile says, as card load does with a file: what the profile
does not name stays, only what differs is written.

Exit 4 if there is no such profile, 5 if some of it did not apply.`,
		Example: `  jackknife card profile load booth
  jackknife card profile load booth -n --only 'DAC Volume'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := existingProfile(args[0])
			if err != nil {
				return err
			}
			ctl, elements, err := openCard(f.card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			changes, problems, err := stateChanges(s, file, "", only, ctl.Card, elements)
			if err != nil {
				return err
			}
			return f.change(s, ctl, elements, changes, problems)
		},
		ValidArgsFunction: completeProfiles,
	}
	changeFlags(c, &f)
	c.Flags().StringArrayVar(&only, "only", nil, "only the elements of this `NAME`; may be given again")
	return c
}

func profileRenameCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:     "rename NAME NEW",
		Short:   "Give a profile another name",
		Long:    `Give a profile another name, which must be free.`,
		Example: `  jackknife card profile rename booth booth-2025`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			from, err := existingProfile(args[0])
			if err != nil {
				return err
			}
			to, err := profileFile(args[1])
			if err != nil {
				return err
			}
			if err := os.Link(from, to); errors.Is(err, os.ErrExist) {
				return fmt.Errorf("profile %s: exists already", args[1])
			} else if err != nil {
				return err
			}
			return os.Remove(from)
		},
		ValidArgsFunction: completeProfiles,
	}
}

func profileDeleteCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Short:   "Delete a profile",
		Long:    `Delete a profile.`,
		Example: `  jackknife card profile delete booth-2025`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := existingProfile(args[0])
			if err != nil {
				return err
			}
			return os.Remove(file)
		},
		ValidArgsFunction: completeProfiles,
	}
}

func profileImportCommand(s *streams) *cobra.Command {
	var dry, force bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take over the profiles of envy24control or mudita24",
		Long: `Take over the profiles of a profiles.conf of envy24control (in ~/envy24control) or
mudita24 (in ~/.envy24control). Each keeps its name; without one it becomes
profile-NUMBER, and where a profile has several cards their ids are added. A
line is printed for each. The whole file is read before anything is written.

Exit 5 if some profiles exist already; -f replaces them.`,
		Example: `  jackknife card profile import -n ~/.envy24control/profiles.conf
  jackknife card profile import ~/envy24control/profiles.conf`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			profiles, err := alsa.ParseProfiles(file)
			if err != nil {
				return &failure{code: exitFailed, err: fmt.Errorf("%s: %w", shown(args[0]), err), hint: "want a profiles.conf; card load reads what alsactl wrote"}
			}
			var failed []error
			for i, p := range profiles {
				name := importName(profiles, i)
				if !dry {
					if err := writeProfile(name, p.State, force); err != nil {
						failed = append(failed, err)
						continue
					}
				}
				fmt.Fprintf(s.out, "%s  %s  %d settings\n", name, p.State.Card, len(p.State.Controls))
			}
			return partly(s, failed, len(profiles), "profiles were not written")
		},
	}
	c.Flags().BoolVarP(&dry, "dry-run", "n", false, "show the profiles, write nothing")
	c.Flags().BoolVarP(&force, "force", "f", false, "replace profiles of these names")
	return c
}

// importName is the name of a profile of another program, unlike all others.
func importName(profiles []alsa.Profile, i int) string {
	base := func(p alsa.Profile) string {
		name := strings.TrimLeft(strings.Map(func(r rune) rune {
			if r == '/' || r < ' ' {
				return '-'
			}
			return r
		}, p.Name), ".")
		if name == "" {
			return fmt.Sprintf("profile-%d", p.Number)
		}
		return name
	}
	p, name := profiles[i], base(profiles[i])
	for j, other := range profiles {
		if j == i || base(other) != name {
			continue
		}
		if other.Number != p.Number {
			return fmt.Sprintf("%s-%d-%s", name, p.Number, p.State.Card)
		}
		name = name + "-" + p.State.Card
		break
	}
	return name
}
