// Command benchmistakes finds the mistakes of spoken takes, of which all is
// known, and writes how that agrees with the truth as a Markdown report:
//
//	go run ./testdata/benchmistakes MISTAKES.md
//
// Where FSDD names the recordings of the Free Spoken Digit Dataset, real voices
// are judged, too.
//
// With -fit -rounds 3 it teaches the model of editor/retake anew, from other takes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"sync"

	"jackknife/editor/hear"
	"jackknife/editor/inspect"
	"jackknife/editor/marks"
	"jackknife/editor/retake"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("benchmistakes: ")
	var b bench
	teach := flag.Bool("fit", false, "write editor/retake/weights.go anew")
	wrong := flag.Bool("wrong", false, "say of every mistake made which it was")
	flag.IntVar(&b.rounds, "rounds", 5, "how often every voice reads")
	flag.StringVar(&b.set, "set", "unseen", "the takes to judge; tuning is there to choose by")
	flag.StringVar(&b.dir, "keep", "", "folder for the takes, to be used again; a temporary one if empty")
	flag.Parse()
	if !*teach && flag.NArg() != 1 {
		log.Fatal("usage: benchmistakes [-set SET] [-rounds N] [-keep FOLDER] REPORT | benchmistakes -fit -rounds 3")
	}
	b.verbose = io.Discard
	if *wrong {
		b.verbose = os.Stderr
	}
	temporary := b.dir == ""
	if temporary {
		var err error
		if b.dir, err = os.MkdirTemp("", "benchmistakes-"); err != nil {
			log.Fatal(err)
		}
	}
	var err error
	if *teach {
		err = b.teach()
	} else {
		err = b.report(flag.Arg(0))
	}
	if temporary {
		os.RemoveAll(b.dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	dir     string
	rounds  int
	set     string
	verbose io.Writer
}

// teach fits the models to the training takes, and what they say to those of
// "tuning".
func (b *bench) teach() error {
	var whole, part []example
	err := b.each("training", b.rounds, func(w *work) {
		x, y := examples(w.found, w.truth, w.config.Voice)
		whole, part = append(whole, x...), append(part, y...)
	})
	if err != nil {
		return err
	}
	yes := func(all []example) (n int) {
		for _, e := range all {
			if e.yes {
				n++
			}
		}
		return n
	}
	log.Printf("%d pairs, %d retakes, %d in part", len(whole), yes(whole), yes(part))
	again, resumed := boost(whole), boost(part)
	var others []*work
	if err := b.each("tuning", b.rounds, func(w *work) { others = append(others, w) }); err != nil {
		return err
	}
	calibrate(others, &again, &resumed)
	return writeWeights("editor/retake/weights.go", again, resumed)
}

// work is a take and what was found in it.
type work struct {
	config    voices.Config
	truth     voices.Truth
	found     *retake.Take
	blemishes []inspect.Blemish
}

// each makes the takes of a set, two at a time, and hands out what was found in
// them, in order.
func (b *bench) each(set string, rounds int, f func(*work)) error {
	configs := voices.MistakeTakes(set, rounds)
	type result struct {
		work *work
		err  error
	}
	done := make([]chan result, len(configs))
	for i := range done {
		done[i] = make(chan result, 1)
	}
	next := make(chan int)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				name := fmt.Sprintf("%s-%d", set, i)
				w, err := listen(b.dir, name, configs[i])
				if err != nil {
					err = fmt.Errorf("%s: %w", name, err)
				}
				done[i] <- result{w, err}
			}
		})
	}
	workers.Go(func() {
		defer close(next)
		for i := range configs {
			select {
			case next <- i:
			case <-stop:
				return
			}
		}
	})
	defer workers.Wait()
	defer close(stop)
	for i := range configs {
		r := <-done[i]
		if r.err != nil {
			return r.err
		}
		f(r.work)
	}
	return nil
}

// listen makes a take, unless it is there, and looks for its mistakes.
func listen(dir, name string, c voices.Config) (*work, error) {
	w := &work{config: c}
	file, truth := filepath.Join(dir, name+".wav"), filepath.Join(dir, name+".json")
	if !readJSON(truth, &w.truth) {
		take, err := voices.Make(dir, c)
		if err != nil {
			return nil, err
		}
		w.truth = take.Truth
		os.Remove(file)
		if err := take.Write(file); err != nil {
			return nil, err
		}
		if err := writeJSON(truth, w.truth); err != nil {
			return nil, err
		}
	}
	r, err := wav.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	ctx := context.Background()
	h, err := hear.Listen(ctx, r)
	if err != nil {
		return nil, err
	}
	m, err := marks.Find(h)
	if err != nil {
		return nil, err
	}
	if w.blemishes, err = inspect.Inspect(ctx, r, h, m); err != nil {
		return nil, err
	}
	w.found, err = retake.Analyse(ctx, h, m)
	return w, err
}
