// Command benchmistakes finds the mistakes of spoken takes, of which all is
// known, and writes how that agrees with the truth as a Markdown report:
//
//	go run ./testdata/benchmistakes MISTAKES.md
//
// Where FSDD names the recordings of the Free Spoken Digit Dataset, real voices
// are judged, too.
//
// With -fit it teaches the model of editor/retake anew, from other takes.
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
	teach := flag.Bool("fit", false, "write editor/retake/weights.go anew")
	rounds := flag.Int("rounds", 4, "how often every voice reads")
	wrong := flag.Bool("wrong", false, "say of every mistake made which it was")
	keep := flag.String("keep", "", "folder for the takes, to be used again; a temporary one if empty")
	flag.Parse()
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "benchmistakes-"); err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(dir)
	}
	if *teach {
		var whole, part []example
		each(dir, "training", *rounds, func(w *work) {
			a, b := examples(w.found, w.truth, w.config.Voice)
			whole, part = append(whole, a...), append(part, b...)
		})
		yes := func(all []example) (n int) {
			for _, e := range all {
				if e.yes {
					n++
				}
			}
			return n
		}
		log.Printf("%d pairs, %d retakes, %d in part", len(whole), yes(whole), yes(part))
		if err := writeWeights("editor/retake/weights.go", calibrated(whole, 10), calibrated(part, 10)); err != nil {
			log.Fatal(err)
		}
		return
	}
	if flag.NArg() != 1 {
		log.Fatal("usage: benchmistakes [-rounds N] [-keep FOLDER] REPORT | benchmistakes -fit")
	}
	verbose := io.Discard
	if *wrong {
		verbose = os.Stderr
	}
	text := report(dir, *rounds, os.Getenv("FSDD") != "", verbose)
	if err := os.WriteFile(flag.Arg(0), text, 0o644); err != nil {
		log.Fatal(err)
	}
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
func each(dir, set string, rounds int, f func(*work)) {
	configs := voices.MistakeTakes(set, rounds)
	done := make([]chan *work, len(configs))
	for i := range done {
		done[i] = make(chan *work, 1)
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				w, err := listen(dir, fmt.Sprintf("%s-%d", set, i), configs[i])
				if err != nil {
					err = fmt.Errorf("%s-%d: %w", set, i, err)
				}
				if err != nil {
					log.Fatal(err)
				}
				done[i] <- w
			}
		})
	}
	go func() {
		for i := range configs {
			next <- i
		}
		close(next)
	}()
	for i := range configs {
		w := <-done[i]
		f(w)
		w.found = nil
	}
	workers.Wait()
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
