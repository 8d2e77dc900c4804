package editor

import (
	"io"

	"jackknife/wav"
)

// Memory is what the edits of many takes work in, one after the other, so that
// not each has to ask for its own. The zero value is ready. It serves one take
// at a time.
type Memory struct {
	benches  []*bench
	slots    []*slot
	renderer *Renderer
}

// NewRenderer is like the function, in the memory of the Renderer before, which
// has finished or was stopped.
func (m *Memory) NewRenderer(take *wav.Reader, w io.Writer, seed uint64) *Renderer {
	r := NewRenderer(take, w, seed)
	if old := m.renderer; old != nil {
		r.raw, r.block, r.handle, r.free, r.fades, r.filler = old.raw, old.block, old.handle, old.free, old.fades, old.filler
		r.spare = old.spare
		for _, p := range old.pieces {
			if len(r.spare) < mostSpare {
				r.spare = append(r.spare, p)
			}
		}
	}
	m.renderer = r
	return r
}

// lend gives out what lies in m, new where there is too little.
func (m *Memory) lend(free chan<- *bench, spare chan<- *slot) {
	for len(m.benches) < cap(free) {
		m.benches = append(m.benches, new(bench))
	}
	for _, b := range m.benches[:cap(free)] {
		free <- b
	}
	m.benches = m.benches[:0]
	for _, s := range m.slots[:min(len(m.slots), cap(spare))] {
		spare <- s
	}
	m.slots = m.slots[:0]
}

// takeBack takes back what nobody uses any more.
func (m *Memory) takeBack(free <-chan *bench, spare <-chan *slot) {
	for range len(free) {
		m.benches = append(m.benches, <-free)
	}
	for range len(spare) {
		m.slots = append(m.slots, <-spare)
	}
}
