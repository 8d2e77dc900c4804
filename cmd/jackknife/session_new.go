package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

func sessionNewCommand(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "new [FILE.yaml] [OUTPUT...]",
		Short: "Write a session file from the machine as it is",
		Long: `Write a session file, with comments, from the machine as it is: its server, its
card, what is plugged into what, and a track for each OUTPUT that is named by a
selector; without any, for the first input socket of the card. It asks nothing;
what is not there is left out or stands in a comment. A FILE that is there is left
as it is; without one the text is printed.`,
		Example: `  jackknife session new evening.yaml
  jackknife session new --name evening system:capture_1 system:capture_3 > evening.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			var file string
			if len(args) > 0 {
				if ext := filepath.Ext(args[0]); ext == ".yaml" || ext == ".yml" {
					file, args = args[0], args[1:]
					if !c.Flags().Changed("name") {
						name = strings.TrimSuffix(filepath.Base(file), ext)
					}
				}
			}
			text, err := newSession(c.Context(), s, name, args)
			if err != nil {
				return err
			}
			if file != "" {
				return writeFile(file, text, false)
			}
			_, err = s.out.Write(text)
			return err
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completePorts(toComplete, "out")
		},
	}
	c.Flags().StringVar(&name, "name", "session", "name of the session (default the FILE's)")
	return c
}

// newSession asks the plain commands what there is.
func newSession(ctx context.Context, s *streams, name string, outputs []string) ([]byte, error) {
	ask := func(into any, args ...string) error {
		var out bytes.Buffer
		if _, err := execute(ctx, args, &streams{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}}); err != nil {
			return err
		}
		if text, ok := into.(*string); ok {
			*text = out.String()
			return nil
		}
		return json.Unmarshal(out.Bytes(), into)
	}
	quoted := func(text string) string {
		b, err := yaml.Marshal(text)
		if err != nil {
			return fmt.Sprintf("%q", text)
		}
		return strings.TrimSuffix(strings.ReplaceAll(string(b), "$", "$$"), "\n")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# A session of jackknife: jackknife session check|plan|up|record|edit|deliver|down|run FILE
# jackknife session schema > session.schema.json gives an editor its words.
name: %s

`, quoted(name))

	var status serverStatus
	switch err := ask(&status, "server", "status", "--json"); {
	case err == nil:
		fmt.Fprintf(&b, "server:\n  start: if-needed   # or never\n  rate: %d\n  block: %d\n", status.Rate, status.Block)
		for _, word := range strings.Fields(status.Settings) {
			if key, value, ok := strings.Cut(word, "="); ok && (key == "driver" || key == "device" || key == "periods") {
				fmt.Fprintf(&b, "  %s: %s\n", key, quoted(value))
			}
		}
	default:
		b.WriteString("# No server runs now. To have one started:\n# server: {driver: alsa, device: \"hw:M1010LT\", rate: 48000, block: 256}\n")
	}

	var cards []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if ask(&cards, "card", "list", "--json") == nil && len(cards) > 0 {
		b.WriteString("\n# The card can be set from a profile (jackknife card profile save), a scene, or by name:\n")
		for _, card := range cards {
			fmt.Fprintf(&b, "# card: {card: %s, scene: voice-monitor, set: {\"DAC Volume\": 0dB}}   # %s\n", quoted(card.ID), card.Name)
		}
	}

	var patch string
	var lines []string
	if ask(&patch, "patch", "save", "-") == nil {
		for line := range strings.Lines(patch) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, "  - "+quoted(line)+"\n")
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(&b, "\npatch:\n%s", strings.Join(lines, ""))
	} else {
		b.WriteString("\n# patch:\n#   - system:capture_1 -> system:playback_1\n")
	}

	tracks, err := newTracks(ask, outputs)
	if err != nil {
		return nil, err
	}
	b.WriteString("\ntracks:\n")
	for i, port := range tracks {
		track := "voice"
		if len(tracks) > 1 {
			track = fmt.Sprintf("voice%d", i+1)
		}
		fmt.Fprintf(&b, "  - {name: %s, from: %s}\n", track, quoted(port))
	}
	b.WriteString(`
record:
  bits: 24
  # on-signal: -40dB       # begin when somebody speaks
  # pre-roll: 2s           # and with what was before
  # until-silence: 20s     # end when nobody has for so long

edit:
  pauses: [x1.5]           # see jackknife edit --help
  # breaths: keep          # or pause
  # mistakes: cut-marks    # cut what three claps or take mark say

deliver:
  - {as: flac, title: "{session} {number}"}
  # - {as: listening-device, title: "{session} {number}", artist: "", chapters: phrases}

# hooks:
#   after-record:
#     - [notify-send, a take is done]

# profiles:                # what is different on another machine: --profile laptop
#   laptop:
#     server: {driver: dummy}
#     card: null
`)
	return []byte(b.String()), nil
}

// newTracks are the outputs that are named, or the card's first input socket.
func newTracks(ask func(into any, args ...string) error, outputs []string) ([]string, error) {
	if len(outputs) > 0 {
		if _, err := parseSelectors(outputs); err != nil {
			return nil, err
		}
		return outputs, nil
	}
	var ports []struct {
		Name string `json:"name"`
	}
	err := ask(&ports, "ports", "--json", "type=audio dir=out phys=yes")
	var f *failure
	if err != nil && !errors.As(err, &f) {
		return nil, err
	}
	if len(ports) == 0 {
		return []string{"system:capture_1"}, nil
	}
	return []string{ports[0].Name}, nil
}
