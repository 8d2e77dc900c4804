package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jackknife/editor"
	"jackknife/wav"
)

// edit proves the recording against the take, lengthens the pauses of the
// recording, cuts the mistake and proves that the result holds everything that
// was kept.
func (s *stage) edit(take *spoken, recorded, edited string) error {
	if err := s.run("compare", take.file, recorded); err != nil {
		return err
	}
	offset, err := s.offset(take.file, recorded)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(edited, ".wav")
	cut := clock(offset+take.mistake.Start, take.rateHz) + "-" + clock(offset+take.mistake.End, take.rateHz)
	if err := s.run("edit", recorded, "-o", edited, "--pauses", "x1.5", "--pauses", "min=2s", "--cut", cut, "--plan", name+".edits"); err != nil {
		return err
	}
	if err := s.run("draw", recorded, edited, "--plan", name+".edits", "-o", name+".png"); err != nil {
		return err
	}
	same, seams, err := s.kept(recorded, edited, name+".edits")
	if err != nil {
		return err
	}
	fmt.Printf("\nOf the frames that the plan keeps, %d are the recording's own bytes and %d lie in seams.\n", same, seams)
	return nil
}

// offset is the frame of the recording at which the take begins.
func (s *stage) offset(take, recorded string) (int64, error) {
	c := exec.CommandContext(s.ctx, s.program, "compare", "--json", take, recorded)
	c.Dir = s.folder
	text, err := c.Output()
	if err != nil {
		return 0, fmt.Errorf("compare: %w", err)
	}
	var found struct {
		Offset int64 `json:"offset"`
	}
	err = json.Unmarshal(text, &found)
	return found.Offset, err
}

// kept compares the bytes of every region of the take with the edited file and
// counts the frames that are the same and those changed by a seam. A change
// anywhere else is an error.
func (s *stage) kept(takeFile, editedFile, planFile string) (same, seams int64, err error) {
	text, err := os.ReadFile(filepath.Join(s.folder, planFile))
	if err != nil {
		return 0, 0, err
	}
	plan, err := editor.ParsePlan(planFile, text)
	if err != nil {
		return 0, 0, err
	}
	take, err := wav.Open(filepath.Join(s.folder, takeFile))
	if err != nil {
		return 0, 0, err
	}
	defer take.Close()
	edited, err := wav.Open(filepath.Join(s.folder, editedFile))
	if err != nil {
		return 0, 0, err
	}
	defer edited.Close()
	f := take.Format()
	halfSeam := int64(f.RateHz) * 15 / 1000
	for _, r := range plan.Edits.Regions(take.Frames()) {
		if r.Tone() {
			continue
		}
		a, err := bytesOf(take, r.Take)
		if err != nil {
			return 0, 0, err
		}
		b, err := bytesOf(edited, r.Out)
		if err != nil {
			return 0, 0, err
		}
		size := int64(f.FrameBytes())
		for i := range r.Take.Len() {
			switch {
			case bytes.Equal(a[i*size:(i+1)*size], b[i*size:(i+1)*size]):
				same++
			case i < halfSeam || i >= r.Take.Len()-halfSeam:
				seams++
			default:
				return 0, 0, fmt.Errorf("frame %d of %s is not in %s as it was", r.Take.Start+i, takeFile, editedFile)
			}
		}
	}
	return same, seams, nil
}

func clock(frame int64, rateHz int) string {
	ms := frame * 1000 / int64(rateHz)
	return fmt.Sprintf("%d:%02d.%03d", ms/60000, ms/1000%60, ms%1000)
}

func bytesOf(r *wav.Reader, s editor.Span) ([]byte, error) {
	p := make([]byte, s.Len()*int64(r.Format().FrameBytes()))
	if n, err := r.ReadFrames(p, s.Start); int64(n) < s.Len() {
		return nil, fmt.Errorf("frame %d: %w", s.Start+int64(n), err)
	}
	return p, nil
}
