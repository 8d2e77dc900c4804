package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/editor/picture"
	"jackknife/wav"
)

func pausesCommand(s *streams) *cobra.Command {
	var o editor.DetectOptions
	var asJSON, labels, explain, force bool
	var breaths, png, svg string
	c := &cobra.Command{
		Use:   "pauses TAKE",
		Short: "List the pauses of a spoken take",
		Long: `List the pauses of a spoken take: number, start, end, length and level. A pause
is quiet compared with the take's own room tone, which is learned from the take
and followed as it drifts; there is no threshold to set. The numbers are those of
the rules of jackknife edit, which call the quiet before the first phrase the head
and that after the last one the tail.

Start and end are where the phrases on either side end and begin to be heard.
Edits keep a pad on both sides untouched; --json has both, in frames. A breath
between two phrases is kept like a phrase; with --breaths pause the pause goes on
through it. Clicks of less than 60 ms never end a pause. Exit 4 if the take has
no pause.

--explain shows what the take was judged by. --png and --svg draw it: waveform,
pauses, level, room tone, speech, and how far above the tone a phrase begins and
goes on, on the mean of the bands; each band has a threshold of its own.`,
		Example: `  jackknife pauses take.wav
  jackknife pauses take.wav --min 1s --json
  jackknife pauses take.wav --labels > take.txt   # Audacity: File, Import, Labels
  jackknife pauses take.wav --breaths pause
  jackknife pauses take.wav --explain --png pauses.png`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.Min <= 0 {
				return usagef("--min %v: a pause lasts longer than that", o.Min)
			}
			if asJSON && labels {
				return usagef("--json and --labels: choose one")
			}
			var err error
			if o.Breaths, err = parseBreaths(breaths); err != nil {
				return err
			}
			for _, name := range []string{png, svg} {
				if err := vacant(name, args[0], force); err != nil {
					return err
				}
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			var found []editor.Pause
			d, err := editor.Detect(c.Context(), take, o, func(p editor.Pause) error {
				found = append(found, p)
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			s.warn(takeTitle(args[0]), heard(d))
			if explain && !asJSON {
				writeExplanation(s.err, d)
			}
			for form, name := range map[string]string{".png": png, ".svg": svg} {
				if name == "" {
					continue
				}
				if !strings.EqualFold(filepath.Ext(name), form) {
					return usagef("%s: a name that ends in %s, please", shown(name), form)
				}
				if err := writePicture(name, 1600, []picture.Track{explained(args[0], take, d, found)}, nil, force); err != nil {
					return err
				}
			}
			switch {
			case asJSON:
				err = writePausesJSON(s.out, d, found)
			case labels:
				for i, name := range pauseNames(d, found) {
					if _, err := strconv.Atoi(name); err == nil {
						name = "pause " + name
					}
					fmt.Fprintf(s.out, "%s\t%s\t%s\n", seconds(found[i].Heard.Start, d.RateHz), seconds(found[i].Heard.End, d.RateHz), name)
				}
			default:
				writePauses(s.out, d, found)
			}
			if err == nil && d.Frames == 0 {
				return &failure{code: exitNoMatch, err: fmt.Errorf("%s: holds no frames, so no pause", shown(args[0]))}
			}
			if err == nil && len(found) == 0 {
				return &failure{code: exitNoMatch, err: fmt.Errorf("%s: no pause of %v or more", args[0], o.Min), hint: "--min 0.2s finds shorter ones"}
			}
			return err
		},
	}
	f := c.Flags()
	f.DurationVar(&o.Min, "min", 300*time.Millisecond, "shortest pause")
	breathsFlag(c, &breaths)
	f.BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	f.BoolVar(&labels, "labels", false, "print an Audacity label track")
	f.StringVar(&png, "png", "", "draw the take, its level and its pauses into a PNG `file`")
	f.StringVar(&svg, "svg", "", "the same as an SVG `file`")
	f.BoolVarP(&force, "force", "f", false, "replace existing pictures")
	f.BoolVar(&explain, "explain", false, "show room tone, speech level and thresholds on standard error")
	return c
}

// breathsFlag adds --breaths to a command that finds pauses.
func breathsFlag(c *cobra.Command, breaths *string) {
	c.Flags().StringVar(breaths, "breaths", "keep", "`keep|pause`: a breath is kept like a phrase, or the pause goes on through it")
	c.RegisterFlagCompletionFunc("breaths", cobra.FixedCompletions([]string{"keep", "pause"}, cobra.ShellCompDirectiveNoFileComp))
}

func parseBreaths(word string) (editor.Breaths, error) {
	b, err := editor.ParseBreaths(word)
	if err != nil {
		err = usagef("--%w", err)
	}
	return b, err
}

// pauseNames is what rules call the pauses: those between phrases are numbered.
func pauseNames(d editor.Detection, found []editor.Pause) []string {
	names := make([]string, len(found))
	n := 0
	for i, p := range found {
		switch head, tail := p.Start == 0, p.End == d.Frames; {
		case head && tail:
			names[i] = "all"
		case head:
			names[i] = "head"
		case tail:
			names[i] = "tail"
		default:
			n++
			names[i] = strconv.Itoa(n)
		}
	}
	return names
}

func writePauses(w io.Writer, d editor.Detection, found []editor.Pause) {
	if len(found) == 0 {
		return
	}
	fmt.Fprintf(w, "%5s  %-12s %-12s %9s %9s\n", "#", "start", "end", "length", "level")
	names := pauseNames(d, found)
	for i, p := range found {
		fmt.Fprintf(w, "%5s  %-12s %-12s %7.3f s %4.0f dBFS\n", names[i], clock(p.Heard.Start, d.RateHz), clock(p.Heard.End, d.RateHz),
			float64(p.Heard.Len())/float64(d.RateHz), p.LevelDB)
	}
}

func writePausesJSON(w io.Writer, d editor.Detection, found []editor.Pause) error {
	type span struct {
		Start int64 `json:"start"`
		End   int64 `json:"end"`
	}
	type pause struct {
		span
		Editable span    `json:"editable"`
		At       int64   `json:"at"`
		LevelDB  float64 `json:"level_db"`
		Tone     []span  `json:"tone"`
	}
	type band struct {
		LowHz    float64 `json:"low_hz"`
		HighHz   float64 `json:"high_hz"`
		ToneDB   float64 `json:"tone_db"`
		ActiveDB float64 `json:"active_db"`
		CoreDB   float64 `json:"core_db"`
	}
	out := struct {
		RateHz   int      `json:"rate_hz"`
		Frames   int64    `json:"frames"`
		Phrases  int      `json:"phrases"`
		FloorDB  *float64 `json:"floor_db"`
		SpeechDB *float64 `json:"speech_db"`
		Bands    []band   `json:"bands"`
		Pauses   []pause  `json:"pauses"`
	}{d.RateHz, d.Frames, d.Phrases, known(d.FloorDB), known(d.SpeechDB), []band{}, []pause{}}
	for _, b := range d.Bands {
		out.Bands = append(out.Bands, band(b))
	}
	for _, p := range found {
		tone := []span{}
		for _, t := range p.Tone {
			tone = append(tone, span(t))
		}
		out.Pauses = append(out.Pauses, pause{span(p.Heard), span(p.Span), p.At, p.LevelDB, tone})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// known is nil for a level of nothing: JSON has no infinity.
func known(db float64) *float64 {
	if math.IsInf(db, 0) {
		return nil
	}
	return &db
}

func writeExplanation(w io.Writer, d editor.Detection) {
	fmt.Fprintf(w, "room tone %.1f dBFS, speech %.1f dBFS, %.1f dB between them; %d phrases\n", d.FloorDB, d.SpeechDB, d.SNRDB(), d.Phrases)
	fmt.Fprintf(w, "%13s %9s %9s %9s\n", "band", "tone", "active", "core")
	for _, b := range d.Bands {
		fmt.Fprintf(w, "%5.0f-%5.0f Hz %6.1f dB %6.1f dB %6.1f dB\n", b.LowHz, b.HighHz, b.ToneDB, b.ActiveDB, b.CoreDB)
	}
}

// explained is the take with what it was judged by.
func explained(name string, take *wav.Reader, d editor.Detection, found []editor.Pause) picture.Track {
	t := picture.Track{Title: filepath.Base(name), Take: take}
	for _, p := range found {
		t.Marks = append(t.Marks, picture.Mark{Span: p.Heard, Kind: picture.Pause})
	}
	if math.IsInf(d.FloorDB, 0) {
		return t
	}
	t.Lines = []picture.Line{{Name: "room tone", DB: d.FloorDB}}
	if n := float64(len(d.Bands)); n > 0 {
		var active, core float64
		for _, b := range d.Bands {
			active += (b.ActiveDB - b.ToneDB) / n
			core += (b.CoreDB - b.ToneDB) / n
		}
		t.Lines = append(t.Lines, picture.Line{Name: "a phrase goes on above", DB: d.FloorDB + active}, picture.Line{Name: "one begins above", DB: d.FloorDB + core})
	}
	if !math.IsInf(d.SpeechDB, 0) {
		t.Lines = append(t.Lines, picture.Line{Name: "speech", DB: d.SpeechDB})
	}
	return t
}

// clock writes a frame as h:mm:ss.mmm.
func clock(frame int64, rateHz int) string {
	ms := (frame*1000 + int64(rateHz)/2) / int64(rateHz)
	return fmt.Sprintf("%d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

// seconds writes a frame as seconds, exact to the frame at any rate.
func seconds(frame int64, rateHz int) string {
	return fmt.Sprintf("%.9f", float64(frame)/float64(rateHz))
}
