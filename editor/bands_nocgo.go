//go:build !cgo

package editor

func (a *analyser) measure(d []float32, single []levels) { a.measureGo(d, single) }

func smooth(single []levels, l looks) { smoothGo(single, l) }

func differencesOf(raw []byte, bytes, stride int, d []float32) {
	differencesGo(raw, bytes, stride, d)
}
