package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/jackgraph"
	"jackknife/rt"
)

// playing is what the user asks of play.
type playing struct {
	files  []string
	sync   bool   // together instead of one after the other
	edits  string // plan file; "": as they are
	joins  bool
	start  editor.Duration
	end    *editor.Duration // nil: to the last frame
	loop   bool
	gainDB float64
	to     []jackgraph.Selector
	lanes  []lane // in the place of to
	device string // "": a JACK server
	onto   []int  // channels of the device, in the place of to
	follow bool   // JACK's transport
	roll   bool   // make it roll, and stop it at the end
	client string
	ring   time.Duration
	quiet  bool
	dry    bool
}

// lane is a channel of what is played, and the inputs that hear it.
type lane struct {
	channel int // from 1 on
	to      jackgraph.Selector
}

// parseLanes reads what --map says.
func parseLanes(texts []string) ([]lane, error) {
	var lanes []lane
	for _, text := range texts {
		number, ports, ok := strings.Cut(text, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 1 {
			return nil, usagef("--map %q: want CHANNEL=PORTS, channels counted from 1", text)
		}
		to, err := parseSelectors([]string{ports})
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, lane{n, to[0]})
	}
	return lanes, nil
}

func playCommand(s *streams) *cobra.Command {
	var p playing
	var to, lanes []string
	var start, end string
	c := &cobra.Command{
		Use:   "play TAKE...",
		Short: "Play a take into JACK",
		Long: `Play a take into JACK. --to names the inputs that hear it, channel by channel, in
order; a take of one channel goes to all of them. Without --to it is the card's
first sockets: one a channel, the first two for a take of one channel. --map
CHANNEL=PORTS says it channel by channel; what is not named is not heard.

Several takes are played one after the other, without a gap; with --sync at the
same time, their channels side by side, the shorter ones silent at the end.
--start and --end are times in what is played: 300ms, 2.5s, 1:02.5, 48000f.

--edits plays the take with the edits of a plan, without a file: what is heard
is what jackknife apply would write, sample for sample. --joins plays the three
seconds before and after each edit, one edit after the other, half a second of
silence between them, and says which it is.

The first frame is played when everything is connected, and the command ends
when the last one has left the loop and, as far as the ports know their latency,
the card. The take's rate must be the server's. Ctrl-C stops it. Exit 6 if the
disk was too slow, so that silence was heard within the take.

Samples go out as they are: up to 24 bits, and 32-bit float, are exact. --gain
makes them louder or softer; nothing is clipped before the card.

With --with-transport the take belongs to JACK's transport: what stands at 1:00 in
it is heard when the transport is at 1:00 and rolls, until Ctrl-C. --roll also sets
the transport to --start, has it roll, and stops it at the end.

Where no JACK server runs, --device plays to a sound device, as jackknife devices
lists them, at the take's rate; --to then names its channels: --to 3..4.`,
		Example: `  jackknife play take.wav
  jackknife play take.wav --to 'system:playback_{3..4}'
  jackknife play band.wav --map 1=system:playback_1 --map '4=system:playback_{1..2}'
  jackknife play voice.wav --to ardour:voice/audio_in_1
  jackknife play take.wav --device hw:0,0
  jackknife play take.wav --edits take.edits --joins
  jackknife play voice.wav music.wav --sync --start 1:30 --gain -6
  jackknife play take.wav --with-transport`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which take?")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			p.files = args
			switch {
			case p.edits != "" && len(args) > 1:
				return usagef("--edits: a plan is for one take: %q is one too many", args[1])
			case p.joins && p.edits == "":
				return usagef("--joins: of which plan? Name it with --edits")
			case p.joins && (start != "" || end != "" || p.loop):
				return usagef("--joins: plays them all; --start, --end and --loop do not go with it")
			case (p.follow || p.roll) && (p.joins || p.loop || p.device != ""):
				return usagef("--with-transport, --roll: --joins, --loop and --device do not go with the transport")
			case p.follow && !p.roll && start != "":
				return usagef("--start: the transport says where to begin; --roll sets it")
			case len(lanes) > 0 && (len(to) > 0 || p.device != ""):
				return usagef("--map: says where each channel goes; --to and --device do not go with it")
			case !(math.Abs(p.gainDB) <= maxGainDB):
				return usagef("--gain %v: from -%d to %d dB", p.gainDB, maxGainDB, maxGainDB)
			case p.ring <= 0 || p.ring > maxRing:
				return usagef("--ring %v: more than nothing, at most %v", p.ring, maxRing)
			case p.client == "":
				return usagef("--name: a client needs a name")
			}
			var err error
			if p.lanes, err = parseLanes(lanes); err != nil {
				return err
			}
			if p.device == "" {
				p.to, err = parseSelectors(to)
			} else if len(to) > 0 {
				p.onto, err = parseSockets("--to", strings.Join(to, ","))
			}
			if err != nil {
				return err
			}
			if start != "" {
				if p.start, err = editor.ParseDuration(start); err != nil {
					return usagef("--start %q: %w", start, err)
				}
			}
			if end != "" {
				d, err := editor.ParseDuration(end)
				if err != nil {
					return usagef("--end %q: %w", end, err)
				}
				p.end = &d
			}
			return play(c.Context(), s, p)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&to, "to", nil, "inputs that hear the take, by selector; may be given more than once")
	f.StringArrayVar(&lanes, "map", nil, "`CHANNEL=PORTS`: inputs that hear a channel; may be given more than once")
	f.BoolVar(&p.sync, "sync", false, "play the takes at the same time, not one after the other")
	f.StringVar(&p.edits, "edits", "", "play the take with the edits of this plan (- reads standard input)")
	f.BoolVar(&p.joins, "joins", false, "play the surroundings of each edit only")
	f.StringVar(&start, "start", "", "`time` to begin at")
	f.StringVar(&end, "end", "", "`time` to end at")
	f.BoolVar(&p.loop, "loop", false, "begin again at the end, until Ctrl-C")
	f.BoolVar(&p.follow, "with-transport", false, "play when JACK's transport rolls, from where it is")
	f.BoolVar(&p.roll, "roll", false, "play with JACK's transport, and make it roll")
	f.Float64Var(&p.gainDB, "gain", 0, "change of level in `dB`")
	f.StringVar(&p.client, "name", "jackknife-play", "name of the JACK client")
	f.DurationVar(&p.ring, "ring", rt.DefaultRing, "audio that is read ahead")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no summary")
	f.BoolVarP(&p.dry, "dry-run", "n", false, "show what would be connected")
	deviceFlag(c, &p.device)
	serverFlag(c)
	c.RegisterFlagCompletionFunc("to", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Input)
	})
	return c
}

const maxGainDB = 120

// route pairs the outputs of a take with the inputs that shall hear it.
func route(file string, outputs, inputs []string) ([]jackgraph.Connection, error) {
	if len(inputs) == 0 {
		return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: the server has no card to play it to", file), hint: "name the inputs with --to"}
	}
	if len(outputs) != len(inputs) && len(outputs) != 1 {
		return nil, &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: %s and %s do not pair", file, plural(len(outputs), "channel"), plural(len(inputs), "port")),
			hint: fmt.Sprintf("name %d ports with --to, for instance --to 'system:playback_{1..%d}'", len(outputs), len(outputs)),
		}
	}
	pairs := make([]jackgraph.Connection, len(inputs))
	for i, in := range inputs {
		pairs[i] = jackgraph.Connection{From: outputs[i%len(outputs)], To: in}
	}
	return pairs, nil
}

// sockets are the card's first inputs for so many channels.
func sockets(g jackgraph.Graph, channels int) []string {
	want := max(channels, 2)
	var names []string
	for _, p := range g.Ports {
		if p.Physical && p.Dir == jackgraph.Input && p.Type == jackgraph.Audio && len(names) < want {
			names = append(names, p.Name)
		}
	}
	return names
}

// choose returns the full names of the ports on one side that selectors name,
// in order. Names that are written out must be there.
func choose(g jackgraph.Graph, selectors []jackgraph.Selector, side jackgraph.Direction) ([]string, error) {
	var names []string
	for _, sel := range selectors {
		found, err := g.Facing(sel, side, jackgraph.Audio)
		if err != nil {
			if errors.Is(err, jackgraph.ErrNoPort) || errors.Is(err, jackgraph.ErrNoMatch) {
				err = &failure{code: exitNoMatch, err: err, hint: nameHint(g, sel.String())}
			}
			return nil, err
		}
		for _, name := range found {
			p, ok := g.Port(name)
			switch {
			case !ok:
				return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", name, jackgraph.ErrNoPort), hint: nameHint(g, name)}
			case p.Dir != side:
				return nil, fmt.Errorf("%s: is an %sput, not an %sput", name, p.Dir, side)
			case p.Type != jackgraph.Audio:
				return nil, fmt.Errorf("%s: carries %s, not audio", name, p.Type)
			}
		}
		names = append(names, found...)
	}
	return names, nil
}
