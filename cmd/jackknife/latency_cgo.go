//go:build cgo

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"jackknife/jackgraph"
	"jackknife/rt"
)

// A burst every so many frames, with silence between: the longest way that is
// found is the rest of these.
const burstEvery = 1 << 15

func (m measuring) measure(ctx context.Context) (roundTrip, error) {
	g, err := snapshot()
	if err != nil {
		return roundTrip{}, err
	}
	r := roundTrip{}
	if r.To, err = m.port(g, m.to, jackgraph.Input); err != nil {
		return r, err
	}
	if r.From, err = m.port(g, m.from, jackgraph.Output); err != nil {
		return r, err
	}
	l, err := rt.Open(rt.Config{Client: m.client, Inputs: []string{"in"}, Outputs: []string{"out"}})
	if err != nil {
		return r, serverFailure(err)
	}
	defer l.Close()
	r.RateHz, r.Block = l.RateHz(), l.Block()

	probe := rt.NewProbe(r.RateHz, m.peak, rand.Uint64())
	bursts := make([]float32, m.times*burstEvery)
	for i, v := range probe.Samples() {
		for k := range m.times {
			bursts[k*burstEvery+i] = float32(v)
		}
	}
	if err := l.Load(bytes.NewReader(floatBytes(bursts))); err != nil {
		return r, err
	}
	if err := l.Activate(); err != nil {
		return r, err
	}
	pairs := []jackgraph.Connection{{From: l.Outputs()[0], To: r.To}, {From: r.From, To: l.Inputs()[0]}}
	if err := connectAll(ctx, pairs); err != nil {
		return r, serverFailure(err)
	}
	in, out := l.Latencies(ctx)
	r.JackFrames = [2]int{in[0].Min + out[0].Min, in[0].Max + out[0].Max}
	r.toLatency, r.fromLatency = leastToMost(out[0].Min, out[0].Max), leastToMost(in[0].Min, in[0].Max)

	heard, err := m.listen(ctx, l, len(bursts))
	if err != nil {
		return r, serverFailure(err)
	}
	least, most := math.Inf(1), math.Inf(-1)
	for k := range m.times {
		e, ok := probe.Find(heard[k*burstEvery : (k+1)*burstEvery])
		if !ok {
			return r, &failure{
				code: exitFailed,
				err:  fmt.Errorf("%s: nothing of what %s played is heard there", r.From, r.To),
				hint: "is there a cable from the one to the other? Are both turned up (jackknife card levels)? --level plays louder",
			}
		}
		r.Frames += e.Frames / float64(m.times)
		r.GainDB, r.Inverted = levelDB(e.Gain), e.Inverted
		least, most = min(least, e.Frames), max(most, e.Frames)
	}
	r.Spread = most - least
	r.Seconds = r.Frames / float64(r.RateHz)
	r.Difference = r.Frames - float64(r.JackFrames[0]+r.JackFrames[1])/2
	const tooFar = 1 // frame
	if r.Spread > tooFar {
		return r, fmt.Errorf("the bursts took from %.2f to %.2f frames: was the server late meanwhile? Try again", least, most)
	}
	return r, nil
}

// port is the port of the card that is meant, or its first.
func (m measuring) port(g jackgraph.Graph, named []jackgraph.Selector, side jackgraph.Direction) (string, error) {
	if len(named) > 0 {
		names, err := choose(g, named, side)
		if err == nil && len(names) != 1 {
			err = usagef("%s: means %s, and one is wanted", named[0], plural(len(names), "port"))
		}
		if err != nil {
			return "", err
		}
		return names[0], nil
	}
	for _, p := range g.Ports {
		if p.Physical && p.Dir == side && p.Type == jackgraph.Audio {
			return p.Name, nil
		}
	}
	return "", &failure{code: exitNoMatch, err: errors.New("the server has no card"), hint: "name the ports with --to and --from"}
}

// listen starts the loop and returns as many frames as are heard from its first
// played frame on.
func (m measuring) listen(ctx context.Context, l *rt.Loop, frames int) ([]float64, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type end struct {
		rt.Played
		err error
	}
	played := make(chan end, 1)
	l.Start()
	go func() {
		p, err := l.Play(ctx, nil)
		played <- end{p, err}
	}()
	var raw bytes.Buffer
	report, err := l.Record(ctx, &raw, rt.RecordOptions{Frames: int64(frames)})
	stop()
	p := <-played
	switch {
	case err != nil || p.err != nil:
		return nil, errors.Join(err, p.err)
	case report.Frames < int64(frames):
		return nil, errors.New("stopped before the end")
	case len(report.Gaps) > 0 || p.Underruns > 0:
		return nil, errors.New("this machine was too busy to measure; try again")
	}
	heard := make([]float64, frames)
	for i := range heard {
		heard[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw.Bytes()[4*i:])))
	}
	return heard, nil
}

func floatBytes(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
