package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

// batch edits many takes, several at once.
type batch struct {
	outDir string
	shard  string // K/N: every Nth take, from the Kth on
	resume bool
	jobs   int

	want   *wish
	like   *shape
	dry    bool
	force  bool
	asJSON bool

	memory budget
	passed atomic.Int64
	memos  map[string][]memo // of earlier runs, by the output's name
	notes  *os.File          // the memos of this run; nil until there is one
}

func (b *batch) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&b.outDir, "out-dir", "", "`folder` for the edited files of many takes, under the takes' names")
	f.BoolVar(&b.resume, "resume", false, "with --out-dir: pass over takes that were edited so before")
	f.StringVar(&b.shard, "shard", "", "with --out-dir: only the `K/N`th part of the takes, for several machines")
	f.IntVarP(&b.jobs, "jobs", "j", 0, "with --out-dir: takes at a time (default two a processor, within 512 MiB)")
}

// batchMemory is what the takes under way may need at once, as far as it grows
// with them.
const batchMemory = 512 << 20

// budget is memory to be shared out. One request is always granted.
type budget struct {
	mu   sync.Mutex
	free sync.Cond
	used int64
}

// take waits until n bytes are free and returns what gives them back.
func (b *budget) take(n int64) (release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.used > 0 && b.used+n > batchMemory {
		b.free.Wait()
	}
	b.used += n
	return func() {
		b.mu.Lock()
		b.used -= n
		b.mu.Unlock()
		b.free.Broadcast()
	}
}

// appetite is about how much memory the edit of a take needs: each processor
// looks at 20 s of it at a time, and a buffer for the output.
func appetite(take *wav.Reader) int64 {
	f := take.Format()
	frames := min(take.Frames(), 20*int64(f.RateHz)*int64(runtime.GOMAXPROCS(0)))
	return 4<<20 + frames*int64(f.FrameBytes()+8*f.Channels)
}

// batchItem is one take of a batch, as --json shows it.
type batchItem struct {
	Take   string `json:"take"`
	Output string `json:"output,omitempty"`
	State  string `json:"state"` // done, before, failed, planned
	Error  string `json:"error,omitempty"`
	Hint   string `json:"-"`
	// Left names what of the take has no place in the output.
	Left     []string `json:"left,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	batchNumbers
}

// batchNumbers are also what a remembered edit is told by.
type batchNumbers struct {
	RateHz  int   `json:"rate_hz"`
	Before  int64 `json:"frames_before"`
	After   int64 `json:"frames_after"`
	Pauses  int   `json:"pauses"`
	Changed int   `json:"changed"`
	Cuts    int   `json:"cuts"`
}

func (b *batch) run(ctx context.Context, s *streams, names []string) error {
	names, err := b.choose(names)
	if err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if !b.dry {
		if err := os.MkdirAll(b.outDir, 0777); err != nil {
			return fmt.Errorf("%s: %w", shown(b.outDir), cause(err))
		}
	}
	if err := b.recall(); err != nil {
		return err
	}
	b.memory.free.L = &b.memory.mu
	items := make([]batchItem, len(names))
	next := make(chan int)
	var workers, committer sync.WaitGroup
	sealed := make(chan *sealedItem, mostSealed)
	committer.Go(func() { b.commit(context.WithoutCancel(ctx), sealed) })
	jobs := b.jobs
	if jobs == 0 {
		jobs = 2 * runtime.GOMAXPROCS(0)
	}
	for range min(jobs, len(names)) {
		workers.Go(func() {
			var m editor.Memory
			for i := range next {
				if made := b.one(ctx, names[i], &items[i], &m); made != nil {
					sealed <- made
				} else {
					b.passed.Add(1)
				}
			}
		})
	}
	stop := b.progress(s, items)
	for i := range names {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	workers.Wait()
	close(sealed)
	committer.Wait()
	stop()
	if b.notes != nil {
		if err := b.notes.Close(); err != nil {
			return err
		}
	}
	return b.report(ctx, s, items)
}

// choose leaves the takes of the shard, and refuses two takes of one name.
func (b *batch) choose(names []string) ([]string, error) {
	if b.jobs < 0 {
		return nil, usagef("--jobs %d: one at least", b.jobs)
	}
	seen := map[string]string{}
	for _, name := range names {
		if name == "-" {
			return nil, usagef("--out-dir takes files, not standard input")
		}
		out := b.output(name)
		if other, ok := seen[out]; ok && filepath.Clean(other) != filepath.Clean(name) {
			return nil, usagef("%s and %s would both become %s", shown(other), shown(name), shown(out))
		}
		seen[out] = name
	}
	if b.shard == "" {
		return names, nil
	}
	var k, n int
	if got, err := fmt.Sscanf(b.shard, "%d/%d", &k, &n); err != nil || got != 2 || k < 1 || n < k || fmt.Sprintf("%d/%d", k, n) != b.shard {
		return nil, usagef("--shard %q: want K/N, as in 3/16", b.shard)
	}
	names = slices.Clone(names)
	slices.Sort(names) // every machine must see the same order
	var mine []string
	for i := k - 1; i < len(names); i += n {
		mine = append(mine, names[i])
	}
	return mine, nil
}

// check finds mistakes in the rules before any take is opened for them.
func (b *batch) check() error {
	if b.want.text != "" {
		return usagef("--text speaks of one take, --out-dir of many")
	}
	if _, err := b.want.rules(); err != nil {
		return err
	}
	if _, err := parseBreaths(b.want.breaths); err != nil {
		return err
	}
	_, err := b.like.target("", new(wav.Reader))
	return err
}

// output is the name of a take's output.
func (b *batch) output(name string) string {
	base := filepath.Base(name)
	ext := filepath.Ext(base)
	to := ext
	switch strings.ToLower(ext) {
	case ".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac":
	default:
		to = ".wav" // coded takes become WAV
	}
	if b.like.container != "" {
		to = "." + strings.Replace(b.like.container, "rf64", "wav", 1)
	}
	return filepath.Join(b.outDir, strings.TrimSuffix(base, ext)+to)
}

// mostSealed is how many outputs may wait for the disk, open.
const mostSealed = 64

// sealedItem is an output that is written but not on the disk yet.
type sealedItem struct {
	item *batchItem
	w    *wav.Writer
	key  string
	plan editor.Plan
}

// commit gives outputs their names as they come, all that wait at once.
func (b *batch) commit(ctx context.Context, sealed <-chan *sealedItem) {
	for first := range sealed {
		group := []*sealedItem{first}
		for range len(sealed) {
			group = append(group, <-sealed)
		}
		writers := make([]*wav.Writer, len(group))
		for i, g := range group {
			writers[i] = g.w
		}
		errs := wav.CommitAll(writers)
		var plans sync.WaitGroup
		for i, g := range group {
			plans.Go(func() {
				if errs[i] == nil {
					errs[i] = keepPlan(ctx, g)
				}
			})
		}
		plans.Wait()
		for i, g := range group {
			if errs[i] == nil {
				errs[i] = b.remember(g.item, g.key)
			}
			g.item.fail(errs[i])
			b.passed.Add(1)
		}
	}
}

// keepPlan writes the sidecar of an output. It may come to the disk later: the
// take and the rules would make it again.
func keepPlan(ctx context.Context, g *sealedItem) error {
	text, err := sidecarText(ctx, nil, g.item.Output, g.item.Take, g.plan)
	if err == nil {
		err = os.WriteFile(sidecarOf(g.item.Output), text, 0666)
	}
	return err
}

func (i *batchItem) warn(odd ...string) {
	i.Warnings = append(i.Warnings, slices.DeleteFunc(odd, func(s string) bool { return s == "" })...)
}

func (i *batchItem) fail(err error) {
	if err == nil {
		return
	}
	i.State, i.Error = "failed", err.Error()
	var f *failure
	if errors.As(err, &f) {
		i.Hint = f.hint
	}
}

// one edits a take. Its failure is the take's alone.
func (b *batch) one(ctx context.Context, name string, item *batchItem, m *editor.Memory) *sealedItem {
	*item = batchItem{Take: name, Output: b.output(name), State: "done"}
	made, err := b.edit(ctx, item, m)
	if err != nil && ctx.Err() != nil {
		*item = batchItem{} // as if not come to
		return nil
	}
	item.fail(err)
	return made
}

// edit writes the output up to its seal; there is none if nothing is to be done.
func (b *batch) edit(ctx context.Context, item *batchItem, m *editor.Memory) (*sealedItem, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	take, err := openQuietly(ctx, nil, item.Take)
	if err != nil {
		return nil, err
	}
	defer take.Close()
	defer b.memory.take(appetite(take))()
	j, err := b.want.job(take, item.Take)
	if err != nil {
		return nil, err
	}
	j.memory = m
	id, key, err := b.key(j)
	if err != nil {
		return nil, err
	}
	if b.resume && b.remembered(ctx, item, key) {
		item.State = "before"
		return nil, nil
	}
	var w *wav.Writer
	if b.dry {
		item.State = "planned"
	} else {
		if err := vacant(item.Output, item.Take, b.force); err != nil {
			return nil, err
		}
		if err := sidecarVacant(item.Output, b.force); err != nil {
			return nil, err
		}
		if w, err = b.like.create(item.Output, take); err != nil {
			return nil, err
		}
		w.Replace = b.force
		j.renderer = m.NewRenderer(take, w, b.want.seed)
	}
	if err = j.run(ctx); err == nil && w != nil {
		w.MapFrames(j.plan.Edits.Output)
		err = w.Seal()
		item.Left = w.Left()
	} else if w != nil {
		err = finish(ctx, nil, w, item.Output, nil, err)
	}
	if err != nil {
		return nil, err
	}
	item.warn(oddities(take), j.odd, j.deadness(), silentFills(j.result))
	if w != nil {
		item.warn(clipped(w))
	}
	item.batchNumbers = batchNumbers{
		RateHz: take.Format().RateHz, Before: take.Frames(), After: j.plan.Edits.Length(take.Frames()),
		Pauses: j.counts.Pauses, Changed: j.counts.Changed, Cuts: j.counts.Cuts,
	}
	if w == nil {
		return nil, nil
	}
	j.plan.Take = id
	return &sealedItem{item, w, key, j.plan}, nil
}

// key is the hash of the take and of all that decides what becomes of it.
func (b *batch) key(j *job) (id editor.TakeID, key string, err error) {
	if id, err = editor.Identify(j.take, j.name); err != nil {
		return id, "", ofTake(j.name, err)
	}
	file, err := os.Stat(j.name) // its size: tags do not count in the identity, but are carried over
	if err != nil {
		return id, "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %d %+v %s %+v", version, id.Hash, file.Size(), *b.want, editor.FormatRules(j.rules), *b.like)
	return id, hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// memo is what is remembered of an edit: a line of JSON in a file in the
// folder of the outputs. Every run writes a file of its own, so that machines
// may share the folder.
type memo struct {
	Output  string    `json:"output"`
	Key     string    `json:"key"`
	Bytes   int64     `json:"bytes"` // of the output
	ModTime time.Time `json:"modified"`
	batchNumbers
}

const memoFiles = ".jackknife-*.jsonl"

// recall reads what earlier runs remember. What cannot be read is not
// remembered: the take is edited again.
func (b *batch) recall() error {
	b.memos = map[string][]memo{}
	files, err := os.ReadDir(b.outDir)
	if err != nil && !b.dry {
		return fmt.Errorf("%s: %w", shown(b.outDir), cause(err))
	}
	for _, f := range files {
		if ok, _ := filepath.Match(memoFiles, f.Name()); !ok {
			continue
		}
		name := filepath.Join(b.outDir, f.Name())
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("%s: %w", shown(name), cause(err))
		}
		for line := range bytes.Lines(text) {
			var m memo
			if json.Unmarshal(line, &m) == nil {
				b.memos[m.Output] = append(b.memos[m.Output], m)
			}
		}
	}
	return nil
}

// remembered reports whether the output is there and was made just so.
func (b *batch) remembered(ctx context.Context, item *batchItem, key string) bool {
	out, err := os.Stat(item.Output)
	if err != nil {
		return false
	}
	for _, m := range b.memos[filepath.Base(item.Output)] {
		if m.Key == key && m.Bytes == out.Size() && (m.ModTime.Equal(out.ModTime()) || asMade(ctx, item.Output)) {
			item.batchNumbers = m.batchNumbers
			return true
		}
	}
	return false
}

// asMade reports whether an output sounds as its sidecar says: a copy has the time
// of its copying.
func asMade(ctx context.Context, out string) bool {
	plan, err := readPlan(sidecarOf(out), nil)
	if err != nil {
		return false
	}
	made, err := openQuietly(ctx, nil, out)
	if err != nil {
		return false
	}
	defer made.Close()
	id, err := editor.Identify(made, out)
	return err == nil && id.Hash == plan.Output.Hash
}

// remember is called from one goroutine.
func (b *batch) remember(item *batchItem, key string) error {
	out, err := os.Stat(item.Output)
	if err != nil {
		return err
	}
	line, err := json.Marshal(memo{filepath.Base(item.Output), key, out.Size(), out.ModTime(), item.batchNumbers})
	if err == nil && b.notes == nil {
		b.notes, err = os.CreateTemp(b.outDir, memoFiles)
	}
	if err == nil {
		_, err = b.notes.Write(append(line, '\n'))
	}
	return err
}

// progress shows one line to a person who watches; stop takes it away.
func (b *batch) progress(s *streams, items []batchItem) (stop func()) {
	if !terminal(s.err) {
		return func() {}
	}
	quit := make(chan struct{})
	var shown sync.WaitGroup
	began := time.Now()
	shown.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				fmt.Fprint(s.err, "\r\x1b[K")
				return
			case <-tick.C:
				n := b.passed.Load()
				left := ""
				if n > 0 {
					d := time.Since(began) * time.Duration(int64(len(items))-n) / time.Duration(n)
					left = ", " + d.Round(time.Second).String() + " left"
				}
				fmt.Fprintf(s.err, "\r\x1b[K%d of %d takes%s", n, len(items), left)
			}
		}
	})
	return func() { close(quit); shown.Wait() }
}

// report is the table of what was done, and then what failed.
func (b *batch) report(ctx context.Context, s *streams, items []batchItem) error {
	total := len(items)
	items = slices.DeleteFunc(items, func(i batchItem) bool { return i.State == "" }) // not come to
	counts := map[string]int{}
	for _, i := range items {
		counts[i.State]++
	}
	if b.asJSON {
		if err := writeJSON(s.out, struct {
			Takes  []batchItem `json:"takes"`
			Done   int         `json:"done"`
			Before int         `json:"before"`
			Failed int         `json:"failed"`
		}{append([]batchItem{}, items...), counts["done"], counts["before"], counts["failed"]}); err != nil {
			return err
		}
	} else {
		width := len("output")
		for _, i := range items {
			width = max(width, len(shown(i.Output)))
		}
		for k, i := range items {
			if k == 0 {
				fmt.Fprintf(s.out, "%-*s  %11s  %11s  %6s  %7s  %4s  %s\n", width, "output", "before", "after", "pauses", "changed", "cuts", "state")
			}
			if i.State == "failed" {
				fmt.Fprintf(s.out, "%-*s  %11s  %11s  %6s  %7s  %4s  %s\n", width, shown(i.Output), "-", "-", "-", "-", "-", i.State)
				continue
			}
			fmt.Fprintf(s.out, "%-*s  %11s  %11s  %6d  %7d  %4d  %s\n", width, shown(i.Output),
				clock(i.Before, i.RateHz), clock(i.After, i.RateHz), i.Pauses, i.Changed, i.Cuts, i.State)
		}
	}
	hints := map[string]bool{}
	hint := "" // where it mends all that failed
	for _, i := range items {
		for _, odd := range i.Warnings {
			s.warn(shown(i.Take), odd)
		}
		if len(i.Left) > 0 {
			fmt.Fprintf(s.err, "%s: without what has no place in it: %s\n", shown(i.Output), shownAll(i.Left))
		}
		if i.State == "failed" {
			fmt.Fprintf(s.err, "jackknife: error: %s\n", i.Error)
			hint = i.Hint
			hints[hint] = true
		}
	}
	if len(hints) > 1 {
		hint = ""
	}
	failed := counts["failed"]
	switch {
	case ctx.Err() != nil:
		return &failure{code: exitFailed, err: fmt.Errorf("interrupted after %d of %d takes", len(items), total), hint: "--resume goes on with the takes that are missing"}
	case failed > 0 && failed == len(items):
		return &failure{code: exitFailed, err: fmt.Errorf("%d of %d takes failed", failed, len(items)), hint: hint}
	case failed > 0:
		return &failure{code: exitPartly, err: fmt.Errorf("%d of %d takes failed", failed, len(items)), hint: hint}
	}
	return nil
}
