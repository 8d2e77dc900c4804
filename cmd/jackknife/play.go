package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/rt"
	"jackknife/wav"
)

// playing is what the user asks of play.
type playing struct {
	file   string
	to     []jackgraph.Selector
	client string
	ring   time.Duration
	quiet  bool
	dry    bool
}

func playCommand(s *streams) *cobra.Command {
	var p playing
	var to []string
	c := &cobra.Command{
		Use:   "play TAKE",
		Short: "Play a take into JACK",
		Long: `Play a take into JACK. --to names the inputs that hear it, channel by channel, in
order; a take of one channel goes to all of them. Without --to it is the card's
first sockets: one a channel, the first two for a take of one channel.

The first frame is played when everything is connected, and the command ends
when the last one has left the loop and, as far as the ports know their latency,
the card. The take's rate must be the server's. Ctrl-C stops it. Exit 6 if the
disk was too slow, so that silence was heard within the take.

Samples go out as they are: up to 24 bits, and 32-bit float, are exact.`,
		Example: `  jackknife play take.wav
  jackknife play take.wav --to 'system:playback_{3..4}'
  jackknife play voice.wav --to ardour:voice/audio_in_1`,
		Args: oneTake,
		RunE: func(c *cobra.Command, args []string) error {
			p.file = args[0]
			switch {
			case p.ring <= 0 || p.ring > maxRing:
				return usagef("--ring %v: more than nothing, at most %v", p.ring, maxRing)
			case p.client == "":
				return usagef("--name: a client needs a name")
			}
			var err error
			if p.to, err = parseSelectors(to); err != nil {
				return err
			}
			return play(c.Context(), s, p)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&to, "to", nil, "inputs that hear the take, by selector; may be given more than once")
	f.StringVar(&p.client, "name", "jackknife-play", "name of the JACK client")
	f.DurationVar(&p.ring, "ring", rt.DefaultRing, "audio that is read ahead")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no summary")
	f.BoolVarP(&p.dry, "dry-run", "n", false, "show what would be connected")
	serverFlag(c)
	c.RegisterFlagCompletionFunc("to", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Input)
	})
	return c
}

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
		found, err := facing(g, sel, side)
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

// facing returns the ports that a selector names as one side of connections:
// those that Pair would join to a port of ours on the other side.
func facing(g jackgraph.Graph, sel jackgraph.Selector, side jackgraph.Direction) ([]string, error) {
	ours := jackgraph.Port{Name: "jackknife:take", Type: jackgraph.Audio, Dir: jackgraph.Input}
	if side == jackgraph.Input {
		ours.Dir = jackgraph.Output
	}
	g.Ports = append(slices.Clip(g.Ports), ours)
	us, err := jackgraph.Parse(ours.Name)
	if err != nil {
		return nil, err
	}
	from, to := sel, us
	if side == jackgraph.Input {
		from, to = us, sel
	}
	pairs, err := g.Pair(from, to)
	var names []string
	for _, c := range pairs {
		if side == jackgraph.Input {
			names = append(names, c.To)
		} else {
			names = append(names, c.From)
		}
	}
	return names, err
}

// samples reads a take as interleaved float32 little-endian frames.
type samples struct {
	take  *wav.Reader
	frame int64  // next
	raw   []byte // frames of the file
	f32   []float32
}

func newSamples(take *wav.Reader) *samples {
	const n = 4096 // frames at a time
	f := take.Format()
	return &samples{take: take, raw: make([]byte, n*f.FrameBytes()), f32: make([]float32, n*f.Channels)}
}

// Read fills p with as many whole frames as there are, and as fit.
func (s *samples) Read(p []byte) (int, error) {
	f := s.take.Format()
	want := min(len(p)/(4*f.Channels), len(s.raw)/f.FrameBytes())
	if want == 0 {
		return 0, io.ErrShortBuffer
	}
	n, err := s.take.ReadFrames(s.raw[:want*f.FrameBytes()], s.frame)
	s.frame += int64(n)
	values := s.f32[:n*f.Channels]
	wav.Decode(values, s.raw[:n*f.FrameBytes()], f)
	for i, v := range values {
		binary.LittleEndian.PutUint32(p[4*i:], math.Float32bits(v))
	}
	return 4 * len(values), err
}
