package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

func editCommand(s *streams) *cobra.Command {
	var want wish
	var like shape
	var out, planFile string
	var dry, force, asJSON, sync bool
	var lead string
	many := batch{want: &want, like: &like}
	c := &cobra.Command{
		Use:   "edit TAKE -o FILE | edit TAKE... --out-dir FOLDER",
		Short: "Change the pauses of a take, cut mistakes, write the result",
		Long: `Change the pauses of a take, cut mistakes, and write the result as another file.
The take itself is only read. Every frame that is kept is copied as it is; new
quiet is grown from the take's own room tone. Without --pauses and --cut every
pause becomes half as long again (x1.5).

Rules for --pauses, given once or several times, each working on what the ones
before have made. A pause is what is heard between two phrases; those shorter
than --min are left alone, and none becomes shorter than the pads that protect
the speech around it.
  x1.5            one and a half times as long
  +2s  -300ms     longer, shorter by so much
  +50%phrase      longer by half of the phrase before
  ±8%             longer or shorter by chance, up to so much (or jitter=8%)
  =3s             exactly so long
  min=4s max=1s   at least, at most so long
  head=0.5s       the pause before the first phrase, if there is one
  tail=2s         the pause after the last phrase, if there is one
  total=20:00     all scaled alike, after the other rules, so that the output is
                  exactly so long
Conditions stand before a colon, several with blanks between them:
  1s..3s: =2s     pauses from 1 s up to 3 s; either end may be left out
  #3: +1s         the third pause; #3..5 and #10.. are ranges
  every 4: =6s    the 4th, 8th, 12th ... pause
  after 10:00: x2 pauses that begin there or later; before 10:00 likewise
  phrase 3s..: x2 pauses after a phrase of 3 s or more
  after "breathe in": =6s
                  pauses after a phrase with these words; before "..." likewise
--text FILE says where which words are: subtitles (SRT, WebVTT), the JSON of
whisper, WhisperX or whisper.cpp, CTM, or an Audacity label track. --rules FILE reads
rules from a file, one a line; a # that no digit follows begins a comment.

--cut takes two times of the take and removes exactly the frames between them.
Pauses on both sides of a cut become one, and the rules speak of that one.
Times are 300ms, 2.5s, 1:02.5, 1:00:02.5, 48000f (frames) or 0:01:02+24000 (a
time plus frames).

The output is a file like the take: same container, same samples, and what else
the file holds is carried over; cue points, their regions and loops move with the
audio. FLAC stays FLAC, other coded audio is read through ffmpeg and becomes WAV.
--bits and --container ask for something else; samples that lose bits are
dithered. Tags and cue points do not pass between WAV and FLAC. - as TAKE is
standard input, -o - standard output.

--fill silence makes new quiet digitally silent, for those who want it so.

--cut-marks cuts what the speaker marked with three claps, three snaps or a dog
clicker, or jackknife take mark while it was recorded (jackknife marks lists it), --cut-above 0.95 also lines that were said
again and of which jackknife mistakes is so sure. --clean clicks,breaths covers
those in pauses with room tone (jackknife inspect lists them). With --text,
--cut-text um cuts words wherever the transcript has them, and --keep-lines 3-9
all other lines; the cuts are where the sound has a hole or a pause near the
transcript's times. With these and no --pauses, the pauses stay as they are.

Beside the output its plan is kept, as FILE.edits: jackknife undo brings back the
take by it, jackknife apply makes the output again.

Many takes go to --out-dir, several at a time. A bad one does not stop the others;
what failed is told at the end (exit 5). --resume passes over takes that were
edited with the same rules before; what is remembered of them stands beside the
outputs. --shard 3/16 does the third of sixteen parts, each machine another one.

--sync takes them for tracks of one performance, as several microphones recorded
it: equally long, cut and lengthened at the same frames, each with its own room
tone. A pause is where all of them pause; with --lead FILE, where that one does.`,
		Example: `  jackknife edit take.wav -o out.wav
  jackknife edit take.wav -o out.wav --pauses x1.5 --pauses max=6s --cut 1:02.5-1:04.1
  jackknife edit take.wav -n --pauses "1s..3s: =2s"      # show the plan, write nothing
  jackknife edit take.wav -o out.wav --plan out.edits    # and keep the plan
  jackknife edit take.wav -o out.wav -p x1.3 -p ±8% -p total=20:00
  jackknife edit take.wav -o out.wav --text take.srt -p 'after "breathe in": =6s'
  jackknife edit take.wav -o out.wav --rules slow.rules
  jackknife edit take.wav -o out.wav --cut-marks --clean clicks,breaths
  jackknife edit take.wav -o out.wav --text words.json --cut-text um --cut-text /you know/
  jackknife edit take.wav -o out.flac --bits 24
  jackknife edit *.wav --out-dir done/ --resume -p x1.3
  jackknife edit --sync host.wav guest.wav --out-dir done/ -p max=2s
  ssh studio cat take.wav | jackknife edit - -o - | aplay`,
		Args: func(c *cobra.Command, args []string) error {
			if lead != "" && !sync {
				return usagef("--lead is for --sync")
			}
			if many.outDir != "" && len(args) > 0 {
				return nil
			}
			for _, flag := range []string{"resume", "shard", "jobs", "sync"} {
				if c.Flags().Changed(flag) {
					return usagef("--%s needs --out-dir FOLDER", flag)
				}
			}
			err := oneTake(c, args)
			if len(args) > 1 {
				err = &failure{code: exitUsage, err: err, hint: "--out-dir FOLDER is where many go"}
			}
			return err
		},
		RunE: func(c *cobra.Command, args []string) error {
			if many.outDir != "" {
				if out != "" || planFile != "" {
					return usagef("--out-dir names the outputs itself: no -o, no --plan")
				}
				many.dry, many.force, many.asJSON = dry, force, asJSON
				if sync {
					return many.sync(c.Context(), s, args, lead)
				}
				return many.run(c.Context(), s, args)
			}
			if out == "" && !dry {
				return &failure{code: exitUsage, err: errors.New("where to: -o FILE is missing"), hint: "-n shows the plan and writes nothing"}
			}
			if err := toStream(s, out, asJSON); err != nil {
				return err
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			j, err := want.job(take, args[0])
			if err != nil {
				return err
			}
			if out != "" && (filepath.Clean(out) == filepath.Clean(planFile) || same(out, planFile)) {
				return usagef("%s: cannot be both output and plan", shown(out))
			}
			for _, name := range []string{out, planFile} {
				if err := vacant(name, args[0], force); err != nil && !dry {
					return err
				}
			}
			remembers := !dry && out != "-" && args[0] != "-"
			if remembers {
				if err := sidecarVacant(out, force); err != nil {
					return err
				}
			}
			j.identify = dry || planFile != "" || remembers
			var w *wav.Writer
			if !dry {
				if w, err = like.create(out, take); err != nil {
					return err
				}
				w.Replace = force
				j.renderer = editor.NewRenderer(take, w, want.seed)
			}
			err = j.run(c.Context())
			if w != nil {
				err = finish(c.Context(), s, w, out, j.plan.Edits, err)
			}
			if err != nil {
				return err
			}
			if planFile != "" && !dry {
				if err := writeFile(planFile, j.plan.Format(), force); err != nil {
					return err
				}
			}
			if remembers {
				if err := writeSidecar(c.Context(), s, out, args[0], j.plan); err != nil {
					return err
				}
			}
			if dry && !asJSON {
				if _, err := s.out.Write(j.plan.Format()); err != nil {
					return err
				}
			}
			if dry {
				out = ""
			}
			return j.report(s, out, asJSON)
		},
	}
	f := c.Flags()
	want.flags(c)
	like.flags(c)
	many.flags(c)
	f.StringVarP(&out, "output", "o", "", "file to write")
	f.StringVar(&planFile, "plan", "", "also write the plan, for jackknife apply")
	f.BoolVar(&sync, "sync", false, "with --out-dir: the takes are tracks of one performance, cut them at the same frames")
	f.StringVar(&lead, "lead", "", "with --sync: the `track` whose pauses count, instead of those of all together")
	f.BoolVarP(&dry, "dry-run", "n", false, "print the plan, write nothing")
	f.BoolVarP(&force, "force", "f", false, "replace existing files")
	f.BoolVar(&asJSON, "json", false, "print what was done as JSON, positions in frames")
	return c
}

// oneTake wants exactly one argument, in the words of these commands.
func oneTake(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("which take?")
	case 1:
		return nil
	}
	return usagef("one take at a time: %q is one too many", args[1])
}

// job plans the edits of one take and, if it has a renderer, writes them as
// they are found.
type job struct {
	take     *wav.Reader
	name     string
	tracks   []stem // of the same performance, take among them: only where all pause is a pause
	rules    []editor.Rule
	cuts     editor.List
	flaws    flaws
	text     []editor.Said
	min      time.Duration
	breaths  editor.Breaths
	silence  bool // digital, instead of room tone
	seed     uint64
	identify bool
	renderer *editor.Renderer // nil: only plan
	memory   *editor.Memory   // nil: its own

	plan   editor.Plan
	counts editor.Counts
	result editor.Result
	dead   int    // pauses of digital silence
	odd    string // what is odd about the samples
}

func (j *job) run(ctx context.Context) error {
	j.plan = editor.Plan{Rules: j.rules, Min: j.min, Breaths: j.breaths, Silence: j.silence, Seed: j.seed}
	if j.identify {
		var err error
		if j.plan.Take, err = editor.Identify(j.take, j.name); err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
	}
	if j.renderer != nil {
		j.renderer.Silence = j.silence
		defer j.renderer.Stop()
	}
	cuts, covers, err := j.flaws.edits(ctx, j.take, j.name, j.text)
	if err != nil {
		return err
	}
	f := j.take.Format()
	joined := editor.Joiner{Known: covers, Yield: func(e editor.Edit) error {
		j.plan.Edits = append(j.plan.Edits, e)
		if j.renderer == nil {
			return nil
		}
		return j.renderer.Edit(ctx, e)
	}}
	p := editor.Planner{
		Rules: j.rules, Cuts: editor.Join(j.cuts, cuts), Text: j.text, RateHz: f.RateHz, Frames: j.take.Frames(),
		Min: editor.Duration{Seconds: editor.Decimal(j.min)}.At(f.RateHz), Seed: j.seed,
		Yield: joined.Edit,
	}
	err = j.pauses(ctx, func(q editor.Pause) error {
		if j.renderer != nil {
			if err := j.renderer.Pause(ctx, q); err != nil {
				return err
			}
		}
		if dead(j.take, q) {
			j.dead++
		}
		return p.Pause(q)
	})
	if err == nil {
		err = p.Finish()
	}
	if err == nil {
		err = joined.Finish()
	}
	j.counts = p.Counts
	if err == nil && j.renderer != nil {
		j.result, err = j.renderer.Finish(ctx)
	}
	return ofTake(j.name, err)
}

// dead reports whether the quietest 20 ms of a pause are one value, which no
// converter gives.
func dead(take *wav.Reader, q editor.Pause) bool {
	f := take.Format()
	half := int64(f.RateHz / 100)
	from, to := max(q.Start, q.At-half), min(q.End, q.At+half)
	raw := make([]byte, max(0, to-from)*int64(f.FrameBytes()))
	n, _ := take.ReadFrames(raw, from) // what cannot be read is told by who needs it
	raw = raw[:n*f.FrameBytes()]
	return int64(n) >= half && bytes.Equal(raw[f.FrameBytes():], raw[:len(raw)-f.FrameBytes()])
}

// ofTake names the take in an error of reading it.
func ofTake(name string, err error) error {
	var w *editor.WriteError
	if err == nil || errors.As(err, &w) {
		return err
	}
	return fmt.Errorf("%s: %w", shown(name), err)
}

// warn says what is odd about the sound of the take, and of its tracks.
func (j *job) warn(s *streams) {
	s.warn(takeTitle(j.name), j.odd)
	for _, t := range j.tracks {
		s.warn(takeTitle(t.name), t.odd)
	}
	if dead := j.deadness(); dead != "" {
		fmt.Fprintf(s.err, "%s: %s\n", takeTitle(j.name), dead)
	}
}

// report says what was done: for machines on standard output, for people on
// standard error.
func (j *job) report(s *streams, out string, asJSON bool) error {
	rate := j.take.Format().RateHz
	before, after := j.take.Frames(), j.plan.Edits.Length(j.take.Frames())
	fmt.Fprintf(s.err, "%s: %s, %s; %s becomes %s\n", takeTitle(j.name),
		counted(j.counts.Changed, "pause changed", "pauses changed"), counted(j.counts.Cuts, "cut", "cuts"),
		clock(before, rate), clock(after, rate))
	if j.counts.Held > 0 {
		fmt.Fprintf(s.err, "%s: %s no shorter than the pads around it allow\n", takeTitle(j.name), counted(j.counts.Held, "pause", "pauses"))
	}
	j.warn(s)
	note(s.err, out, j.result)
	if !asJSON {
		return nil
	}
	return writeJSON(s.out, edited{
		Take: j.name, Output: out, RateHz: rate, Before: before, After: after,
		Pauses: j.counts.Pauses, Changed: j.counts.Changed, Cuts: j.counts.Cuts, Held: j.counts.Held,
		Filled: j.result.Filled, Silent: j.result.Silent, Edits: editsJSON(j.plan.Edits),
	})
}

// note says where the output is and what is wrong with it.
func note(w io.Writer, out string, r editor.Result) {
	if out == "" {
		return
	}
	fmt.Fprintf(w, "%s: written\n", outTitle(out))
	if silent := silentFills(r); silent != "" {
		fmt.Fprintf(w, "%s: %s\n", outTitle(out), silent)
	}
}

// silentFills says where digital silence stands though room tone was asked for; "" if
// nowhere.
func silentFills(r editor.Result) string {
	if r.Silent == 0 {
		return ""
	}
	return counted(r.Silent, "fill is", "fills are") + " digital silence: the take has no room tone to grow it from"
}

// deadness says whether the take itself holds digital silence; "" if it does not.
func (j *job) deadness() string {
	if j.dead == 0 {
		return ""
	}
	return counted(j.dead, "pause is", "pauses are") + " digital silence, as a gate or other cuts leave it: the room's sound stops there, and new quiet in it may not fit"
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// edited is what edit, plan and apply print as JSON. Lengths and positions are
// frames.
type edited struct {
	Take    string     `json:"take"`
	Output  string     `json:"output,omitempty"`
	RateHz  int        `json:"rate_hz"`
	Before  int64      `json:"frames_before"`
	After   int64      `json:"frames_after"`
	Pauses  int        `json:"pauses"`
	Changed int        `json:"changed"`
	Cuts    int        `json:"cuts"`
	Held    int        `json:"held"`
	Filled  int64      `json:"filled"`
	Silent  int        `json:"silent_fills"`
	Edits   []editJSON `json:"edits"`
}

type editJSON struct {
	Start      int64   `json:"start"`
	End        int64   `json:"end"`
	Fill       int64   `json:"fill"`
	Reason     string  `json:"reason"`
	Confidence float64 `json:"confidence"`
}

func editsJSON(l editor.List) []editJSON {
	edits := make([]editJSON, len(l))
	for i, e := range l {
		edits[i] = editJSON{e.Start, e.End, e.Fill, e.Reason, e.Confidence}
	}
	return edits
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// vacant checks early that a file may be written: it is not the take, under
// whatever name, and does not exist unless it may be replaced.
func vacant(name, take string, force bool) error {
	if name == "" || name == "-" {
		return nil
	}
	if same(name, take) {
		return usagef("%s: is the take itself, which is never overwritten", shown(name))
	}
	if _, err := os.Lstat(name); err == nil && !force {
		return &failure{code: exitFailed, err: fmt.Errorf("%s: exists already", shown(name)), hint: "-f replaces it"}
	}
	return nil
}

// same reports whether two names are of one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// writeFile writes a small file completely or not at all. Where a link stands in its
// place the file that it leads to is replaced.
func writeFile(name string, text []byte, replace bool) error {
	if replace {
		if file, err := filepath.EvalSymlinks(name); err == nil {
			name = file
		}
		if known, err := os.Stat(name); err == nil && !known.Mode().IsRegular() {
			return fmt.Errorf("%s: no regular file", name)
		}
	}
	temp := filepath.Join(filepath.Dir(name), fmt.Sprintf(".jackknife-%x.tmp", rand.Uint64()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("%s: %w", name, cause(err))
	}
	defer os.Remove(temp)
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil && replace {
		err = os.Rename(temp, name)
	} else if err == nil {
		err = os.Link(temp, name) // unlike a rename, it never replaces
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, cause(err))
	}
	return nil
}

// cause is what the system said, without the names it used.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
