//go:build !cgo

package editor

import "jackknife/wav"

func decodeSamples(x []float64, raw []byte, f wav.Format) { wav.Decode(x, raw, f) }

func encodeSamples(raw []byte, x []float64, f wav.Format) { wav.Encode(raw, x, f) }

func (p *piece) sumUp(f wav.Format, x []float64) []float64 { return p.sumUpGo(f, x) }
