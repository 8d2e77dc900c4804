package session

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Take is one take of a session, as its log has it.
type Take struct {
	Number   int       `json:"number"`
	File     string    `json:"file"`            // the name it was recorded under
	Files    []string  `json:"files,omitempty"` // what there is of it, when it is finished
	Begun    time.Time `json:"begun"`
	RateHz   int       `json:"rate_hz,omitempty"`
	Frames   int64     `json:"frames,omitempty"`
	Lost     int64     `json:"lost_frames,omitempty"`
	Gaps     int       `json:"gaps,omitempty"`
	Xruns    int       `json:"xruns,omitempty"`
	Clips    int64     `json:"clips,omitempty"` // samples at full scale
	Marks    []Mark    `json:"marks,omitempty"`
	Finished bool      `json:"finished"`
	Rejected bool      `json:"rejected,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
}

// Mark is a place in a take and what was said of it.
type Mark struct {
	At    int64  `json:"at"` // frame
	Label string `json:"label"`
}

func (h *home) log() string { return filepath.Join(h.dir, "takes.jsonl") }

// takes are the takes of the log; the last line about a take is what counts.
func (h *home) takes() ([]Take, error) {
	lines, err := readLines[Take](h.log())
	if err != nil {
		return nil, err
	}
	var takes []Take
	at := map[int]int{}
	for _, t := range lines {
		i, known := at[t.Number]
		if !known {
			at[t.Number] = len(takes)
			takes = append(takes, t)
			continue
		}
		takes[i] = t
	}
	return takes, nil
}

func (h *home) logTake(t Take) error { return appendLine(h.log(), t) }

// next is the number of the next take.
func next(takes []Take) int {
	n := 1
	for _, t := range takes {
		n = max(n, t.Number+1)
	}
	return n
}

// fill puts what a take is into a pattern of a name or title.
func (f *File) fill(pattern string, number int, begun time.Time) string {
	return strings.NewReplacer(
		"{session}", f.Name,
		"{number}", fmt.Sprintf("%03d", number),
		"{track}", strconv.Itoa(number),
		"{date}", begun.Format(time.DateOnly),
		"{time}", begun.Format("150405"),
	).Replace(pattern)
}

// takeFile is the file of a take.
func (f *File) takeFile(number int, begun time.Time) string {
	ending := ".wav"
	if f.Record.Format == "flac" {
		ending = ".flac"
	}
	return filepath.Join(f.Path(f.Takes.Folder), f.fill(f.Takes.Name, number, begun)+ending)
}
