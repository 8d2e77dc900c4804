//go:build !cgo

package editor

func stands(looks, mean []levels, over *levels, marks []byte) { standsGo(looks, mean, over, marks) }

func sum(looks []levels, clean []bool, sums []levels) { sumGo(looks, clean, sums) }

func judgeLooks(now looks, means []levels, fast, slow *limits, is []byte) {
	judgeGo(now, means, fast, slow, is)
}
