package wav

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"jackknife/testdata/wavs"
)

// judge gives the verdict on one file, and what it holds.
func judge(t *testing.T, name string) (v wavs.Verdict, frameCount int64, audio []byte, why string) {
	r, err := Open(name)
	if errors.Is(err, ErrDamaged) {
		damaged, openErr := OpenDamaged(context.Background(), name)
		if openErr != nil {
			t.Fatal(openErr)
		}
		defer damaged.Close()
		r = damaged
		v, why = wavs.Repair, err.Error()
	} else if err != nil {
		return wavs.Refuse, 0, nil, err.Error()
	} else {
		defer r.Close()
		v, why = wavs.OK, strings.Join(r.Notes(), "; ")
		if why != "" {
			v = wavs.Warn
		}
	}
	if r.Frames() > 1<<20 {
		last := make([]byte, 4)
		if n, err := r.ReadFrames(last, r.Frames()-1); n != 1 || err != nil || string(last) != "\x34\x12\x35\x12" {
			t.Errorf("%s: last frame is % x (%v)", name, last, err)
		}
		return v, r.Frames(), nil, why
	}
	if v == wavs.OK {
		c, err := r.Scan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c.NotFinite > 0 {
			v, why = wavs.Warn, "samples that are no numbers"
		}
	}
	return v, r.Frames(), frames(t, r), why
}

func TestCorpus(t *testing.T) {
	dir := t.TempDir()
	cases, err := wavs.All(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		want, name := c.Verdict, filepath.Join(dir, c.Name)
		if c.Name == "z06-mode000.wav" && os.Geteuid() == 0 {
			continue // root reads everything; the command's script tests it as another user
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		v, n, audio, why := judge(t, name)
		took := time.Since(began)
		runtime.ReadMemStats(&after)

		if v != want || n != c.Frames {
			t.Errorf("%s (%s): %s, %d frames; want %s, %d: %s", c.Name, c.Note, v, n, want, c.Frames, why)
		} else if !bytes.Equal(audio, c.Audio) {
			t.Errorf("%s (%s): other audio than was put in", c.Name, c.Note)
		}
		if alloc := after.TotalAlloc - before.TotalAlloc; alloc > 16<<20 || took > time.Second {
			t.Errorf("%s: %d bytes allocated, %v", c.Name, alloc, took)
		}
		if bad := strings.IndexFunc(strings.ReplaceAll(why, name, ""), func(r rune) bool { return r < ' ' }); bad >= 0 {
			t.Errorf("%s: control characters in %q", c.Name, why)
		}
		if v == wavs.Refuse && !strings.HasPrefix(why, name+": ") {
			t.Errorf("%s: the message does not name the file: %s", c.Name, why)
		}
	}
}
