// Package wavs makes odd and malformed WAV, RF64, BW64 and Wave64 files, the
// same bytes on every run. The samples of every file count, so that a reader
// can be checked for which frames it delivers and not only for how many.
package wavs

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"syscall"
)

// Verdict is what a reader should do with a file.
type Verdict string

const (
	OK     Verdict = "ok"     // read these frames, without a word
	Warn   Verdict = "warn"   // read these frames, and name what is odd
	Repair Verdict = "repair" // refuse, and name the fix that would give these frames
	Refuse Verdict = "refuse" // refuse with one clear sentence
)

// Case is one file and what is right for it.
type Case struct {
	Name     string
	Verdict  Verdict
	Channels int
	Frames   int64
	Audio    []byte // the bytes of these frames; nil where the file is too large to hold them
	Note     string
	Bytes    []byte // the whole file; nil where it is too large, or no regular file
}

// Every plain file: 1000 frames of 16-bit stereo at 48 kHz.
const (
	rate     = 48000
	channels = 2
	count    = 1000
)

var le = binary.LittleEndian

func u16(n int) []byte    { return le.AppendUint16(nil, uint16(n)) }
func u32(n int) []byte    { return le.AppendUint32(nil, uint32(n)) }
func u64(n uint64) []byte { return le.AppendUint64(nil, n) }

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// counting is n frames of 16 bits; sample c of frame i is 2i+c.
func counting(from, n, channels int) []byte {
	var b []byte
	for i := from; i < from+n; i++ {
		for c := range channels {
			b = append(b, u16((2*i+c)&0x7fff)...)
		}
	}
	return b
}

// samples stores 2000 numbers made from their index.
func samples(size int, value func(i int) uint64) []byte {
	var b []byte
	for i := range channels * count {
		b = append(b, u64(value(i))[:size]...)
	}
	return b
}

// format is the content of a fmt chunk; zero fields are made right.
type format struct {
	tag, channels, rate, bits int
	align, byteRate           int // -1 = zero
	extra                     []byte
}

func (f format) content() []byte {
	or := func(n *int, right int) {
		if *n == 0 {
			*n = right
		}
		if *n == -1 {
			*n = 0
		}
	}
	or(&f.tag, 1)
	or(&f.channels, channels)
	or(&f.rate, rate)
	or(&f.bits, 16)
	or(&f.align, f.channels*((f.bits+7)/8))
	or(&f.byteRate, f.rate*f.align)
	return join(u16(f.tag), u16(f.channels), u32(f.rate), u32(f.byteRate), u16(f.align), u16(f.bits), f.extra)
}

func (f format) chunk() []byte { return chunk("fmt ", f.content()) }

var (
	guid    = unhex("000000001000800000aa00389b71")
	guidAMB = unhex("00002107d3118644c8c1ca000000")
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// extensible fills in the EXTENSIBLE part of a format.
func extensible(f format, sub, valid, mask int, tail []byte) format {
	f.tag = 0xfffe
	f.extra = join(u16(22), u16(valid), u32(mask), u16(sub), tail)
	return f
}

// chunk is a chunk as it should be; claim one that lies about its size.
func chunk(id string, content []byte) []byte {
	return append(claim(id, len(content), content), make([]byte, len(content)&1)...)
}

func claim(id string, size int, content []byte) []byte {
	return join([]byte(id), u32(size), content)
}

// riff is a file as it should be; riffSize one that lies about its size.
func riff(parts ...[]byte) []byte {
	b := join(parts...)
	return riffSize("RIFF", 4+len(b), b)
}

func riffSize(id string, size int, parts ...[]byte) []byte {
	return join([]byte(id), u32(size), []byte("WAVE"), join(parts...))
}

func ds64(riff, data, frames uint64, rest ...byte) []byte {
	return chunk("ds64", join(u64(riff), u64(data), u64(frames), rest))
}

// w64 is a Wave64 file; the sizes say -1 for what is right.
func w64(riff, data int64, audio []byte) []byte {
	tail := unhex("f3acd3118cd100c04f8edb8a")
	fmtContent := format{}.content()
	or := func(n int64, right int) []byte {
		if n == -1 {
			return u64(uint64(right))
		}
		return u64(uint64(n))
	}
	body := join([]byte("wave"), tail, []byte("fmt "), tail, u64(uint64(24+len(fmtContent))), fmtContent,
		[]byte("data"), tail, or(data, 24+len(audio)), audio)
	return join([]byte("riff"), unhex("2e91cf11a5d628db04c10000"), or(riff, 24+len(body)), body)
}

// nested is a LIST in a LIST, depth deep.
func nested(depth int) []byte {
	b := []byte("INFO")
	for range depth {
		b = chunk("LIST", append([]byte("adtl"), b...))
	}
	return b
}

// Files makes every case that is a plain file of moderate size.
func Files() []Case {
	var all []Case
	audio := counting(0, count, channels)
	std := format{}.chunk()
	data := chunk("data", audio)
	good := riff(std, data)
	list := chunk("LIST", join([]byte("INFOISFT"), u32(4), []byte("test")))

	// one adds a file; the audio is what should come out of it.
	one := func(name string, v Verdict, note string, channels, frames int, audio, file []byte) {
		all = append(all, Case{name, v, channels, int64(frames), audio, note, file})
	}
	// whole adds a file that should give all 1000 counting frames.
	whole := func(name string, v Verdict, note string, file []byte) {
		one(name, v, note, channels, count, audio, file)
	}
	refuse := func(name, note string, file []byte) { one(name, Refuse, note, 0, 0, nil, file) }

	whole("a00-good.wav", OK, "plain 16-bit stereo, the reference", good)

	for _, cut := range []struct {
		at   int
		name string
		note string
	}{
		{0, "t0000", "empty"}, {1, "t0001", "R"}, {4, "t0004", "after RIFF"}, {8, "t0008", "after the RIFF size"},
		{11, "t0011", "inside WAVE"}, {12, "t0012", "after WAVE"}, {16, "t0016", "after fmt"}, {20, "t0020", "after the fmt size"},
		{22, "t0022", "after the tag"}, {24, "t0024", "after the channels"}, {28, "t0028", "after the rate"},
		{32, "t0032", "after the byte rate"}, {34, "t0034", "after the block align"}, {36, "t0036", "after the fmt chunk"},
		{40, "t0040", "after data"}, {43, "t0043", "inside the data size"},
	} {
		refuse(cut.name+"-trunc.wav", "cut off "+cut.note, good[:cut.at])
	}
	for _, cut := range []struct {
		at, frames int
		name       string
	}{{44, 0, "t0044"}, {45, 0, "t0045"}, {2044, 500, "t2044"}, {2045, 500, "t2045"}, {2047, 500, "t2047"}} {
		one(cut.name+"-trunc.wav", Repair, "cut off inside the audio", channels, cut.frames, audio[:4*cut.frames], good[:cut.at])
	}

	// Sizes that lie.
	bytes101 := make([]byte, 101)
	for i := range bytes101 {
		bytes101[i] = byte(i)
	}
	mono8 := format{channels: 1, bits: 8}.chunk()
	whole("s01-crash-riff8-data0.wav", Repair, "what libsndfile leaves after a crash", riffSize("RIFF", 8, std, claim("data", 0, audio)))
	whole("s02-crash-riff0-data0.wav", Repair, "what ecasound leaves after a crash", riffSize("RIFF", 0, std, claim("data", 0, audio)))
	whole("s03-data-ffffffff.wav", Warn, "a stream: sizes 0xFFFFFFFF", riffSize("RIFF", -1, std, claim("data", -1, audio)))
	whole("s04-data-1-over.wav", Repair, "one frame more than there is", riff(std, claim("data", 4004, audio)))
	whole("s05-data-2g-over.wav", Repair, "data says 2 GiB", riff(std, claim("data", 1<<31, audio)))
	one("s06-data-odd-nopad.wav", Warn, "odd data, no pad byte, LIST at once", 1, 101, bytes101, riff(mono8, claim("data", 101, bytes101), list))
	one("s07-data-odd-pad.wav", OK, "odd data and its pad byte", 1, 101, bytes101, riff(mono8, chunk("data", bytes101), list))
	whole("s08-data-partial-frame.wav", Warn, "three bytes of one more frame", riff(std, chunk("data", join(audio, []byte{1, 2, 3}))))
	whole("s09-riff-too-small.wav", Warn, "RIFF ends inside data", riffSize("RIFF", 100, std, data))
	whole("s10-riff-too-big.wav", Warn, "RIFF goes beyond the file", riffSize("RIFF", math.MaxInt32, std, data))
	whole("s11-riff-zero.wav", Warn, "RIFF size 0", riffSize("RIFF", 0, std, data))
	one("s12-data-zero-legit.wav", OK, "a take of no frames", channels, 0, nil, riff(std, chunk("data", nil)))
	one("s13-data0-then-list.wav", OK, "no audio, then a LIST that is none", channels, 0, nil, riff(std, chunk("data", nil), list))
	halfZero := join(counting(0, 500, 2), make([]byte, 2000))
	one("s14-zero-tail.wav", OK, "second half zeros", channels, count, halfZero, riff(std, chunk("data", halfZero)))
	whole("s15-data-fffffff8.wav", Repair, "size + 8 wraps in 32 bits", riff(std, claim("data", -8, audio)))
	one("s16-crash-loud.wav", Repair, "a crash header, and audio that spells chunk names", channels, 16, []byte("LISTabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZdata0123"),
		riffSize("RIFF", 8, std, claim("data", 0, []byte("LISTabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZdata0123"))))

	// What fmt says.
	whole("f01-blockalign-0.wav", Warn, "block align 0", riff(format{align: -1}.chunk(), data))
	refuse("f02-blockalign-2.wav", "block align contradicts", riff(format{align: 2}.chunk(), data))
	whole("f03-byterate-0.wav", Warn, "byte rate 0", riff(format{byteRate: -1}.chunk(), data))
	refuse("f04-channels-0.wav", "no channels", riff(format{channels: -1, align: 4}.chunk(), data))
	refuse("f05-channels-65535.wav", "65535 channels, block align overflows", riff(format{channels: 65535, align: 65534}.chunk(), data))
	one("f06-channels-4096.wav", OK, "absurd but consistent", 4096, 2, make([]byte, 8192), riff(format{channels: 4096, bits: 8}.chunk(), chunk("data", make([]byte, 8192))))
	refuse("f07-rate-0.wav", "rate 0", riff(format{rate: -1}.chunk(), data))
	refuse("f08-rate-max.wav", "rate 4294967295", riff(format{rate: math.MaxUint32, byteRate: -1}.chunk(), data))
	whole("f09-rate-1.wav", Warn, "rate 1", riff(format{rate: 1}.chunk(), data))
	refuse("f10-bits-0.wav", "0 bits", riff(format{bits: -1, align: 4}.chunk(), data))
	refuse("f11-bits-7.wav", "7 bits", riff(format{bits: 7}.chunk(), chunk("data", make([]byte, 2000))))
	whole("f12-bits-12.wav", Warn, "12 bits in 16", riff(format{bits: 12}.chunk(), data))
	one("f13-bits-20.wav", Warn, "20 bits in 24", channels, count, make([]byte, 6000), riff(format{bits: 20}.chunk(), chunk("data", make([]byte, 6000))))
	refuse("f14-bits-64-int.wav", "64-bit PCM", riff(format{bits: 64}.chunk(), chunk("data", make([]byte, 16000))))
	refuse("f15-bits-65535.wav", "65535 bits", riff(format{bits: 65535, align: 4}.chunk(), data))
	refuse("f16-fmt-14.wav", "fmt of 14 bytes", riff(chunk("fmt ", format{}.content()[:14]), data))
	refuse("f17-fmt-0.wav", "fmt of no bytes", riff(chunk("fmt ", nil), data))
	whole("f18-fmt-18.wav", OK, "fmt of 18 bytes", riff(format{extra: u16(0)}.chunk(), data))
	whole("f19-fmt-18-cb100.wav", Warn, "an extension that is not there", riff(format{extra: u16(100)}.chunk(), data))
	refuse("f20-fmt-huge.wav", "fmt of 2 GiB", riff(claim("fmt ", math.MaxInt32, format{}.content()), data))
	refuse("f21-fmt-fffffff7.wav", "fmt size wraps", riff(claim("fmt ", -9, format{}.content()), data))
	whole("f22-fmt-100.wav", OK, "fmt of 100 bytes", riff(format{extra: make([]byte, 84)}.chunk(), data))

	// Order and structure.
	zzzz := func(size int) []byte { return claim("zzzz", size, nil) }
	whole("o01-fmt-after-data.wav", Warn, "fmt behind data", riff(data, std))
	one("o02-two-data.wav", Warn, "two data chunks", channels, 600, audio[:2400], riff(std, chunk("data", audio[:2400]), chunk("data", audio[2400:])))
	whole("o03-two-fmt-same.wav", Warn, "fmt twice", riff(std, std, data))
	refuse("o04-two-fmt-differ.wav", "two fmt that disagree", riff(format{channels: 1}.chunk(), format{channels: 255}.chunk(), data))
	refuse("o05-no-fmt.wav", "no fmt", riff(data))
	refuse("o06-no-data.wav", "no data", riff(std))
	whole("o07-odd-chunk-nopad.wav", Warn, "odd chunk without pad byte", riff(std, claim("junk", 3, []byte("abc")), data))
	whole("o08-unknown-ffffffff.wav", Repair, "unknown chunk of 4 GiB", riff(std, zzzz(-1), data))
	whole("o09-unknown-fffffff8.wav", Repair, "unknown chunk whose size wraps", riff(std, zzzz(-8), data))
	whole("o10-unknown-after.wav", Warn, "broken chunk behind data", riff(std, data, zzzz(-1)))
	whole("o11-ctrl-id.wav", Warn, "control bytes in an id", riff(std, chunk("\x00\x01\xff\n", []byte("1234")), data))
	whole("o12-list-nested.wav", Warn, "LIST in LIST, 1000 deep", riff(std, nested(1000), data))
	whole("o13-list-overlong.wav", Warn, "longer than its LIST", riff(std, chunk("LIST", join([]byte("INFOISFT"), u32(0x1000), []byte("test"))), data))
	whole("o14-list-ffff.wav", Warn, "4 GiB in a LIST", riff(std, chunk("LIST", join([]byte("INFOISFT"), u32(-1), []byte("test"))), data))
	whole("o15-list-over-file.wav", Warn, "LIST beyond the file", riff(std, data, claim("LIST", 0x10000, []byte("INFOISFT\x04\x00\x00\x00test"))))
	many := make([]byte, 0, 800_000)
	for range 100_000 {
		many = append(many, "junk\x00\x00\x00\x00"...)
	}
	whole("o16-100k-chunks.wav", Warn, "100000 empty chunks", riff(std, many, data))
	whole("o17-fact-wrong.wav", Warn, "fact says 7", riff(std, chunk("fact", u32(7)), data))
	whole("o18-cue-huge.wav", Warn, "4294967295 cue points", riff(std, chunk("cue ", join(u32(-1), make([]byte, 24))), data))
	whole("o19-cue-beyond.wav", Warn, "cue point behind the end", riff(std, data, chunk("cue ", join(u32(1), u32(1), u32(5000), []byte("data"), u32(0), u32(0), u32(5000)))))
	whole("o20-smpl-huge.wav", Warn, "4294967295 loops", riff(std, chunk("smpl", join(make([]byte, 28), u32(-1), u32(0))), data))
	whole("o21-bext-short.wav", Warn, "bext of 100 bytes", riff(std, chunk("bext", append([]byte("desc"), make([]byte, 96)...)), data))
	bext := make([]byte, 602)
	copy(bext, "desc")
	copy(bext[256:], "orig")
	copy(bext[288:], "ref")
	copy(bext[320:], "2026-01-0112:00:00")
	whole("o22-bext-ok.wav", OK, "bext before fmt", riff(chunk("bext", append(bext, "A=PCM\r\n"...)), std, data))
	allX := make([]byte, 602)
	for i := range allX {
		allX[i] = 'x'
	}
	whole("o23-bext-x.wav", Warn, "bext of x", riff(chunk("bext", allX), std, data))
	whole("o24-ixml-bad.wav", Warn, "iXML cut short, bad UTF-8, an escape", riff(std, data, chunk("iXML", []byte("<BWFXML>\xff\xfe\x1b[31m</BWF"))))
	whole("o25-two-riff.wav", Warn, "two files in one", join(good, good))
	whole("o26-id3-before.wav", Repair, "ID3 before RIFF", join([]byte("ID3\x03\x00\x00\x00\x00\x00\x0a"), make([]byte, 10), good))
	junk := make([]byte, 1001)
	for i := range junk {
		junk[i] = 0xaa
	}
	whole("o27-trailing-junk.wav", Warn, "junk behind the RIFF", join(good, junk))
	whole("o28-trailing-id3v1.wav", Warn, "ID3v1 behind the RIFF", join(good, []byte("TAG"), make([]byte, 125)))
	whole("o29-junk28.wav", OK, "the place of a ds64", riff(chunk("JUNK", make([]byte, 28)), std, data))
	whole("o30-data-align-4k.wav", OK, "audio at byte 4096", riff(chunk("JUNK", make([]byte, 28)), std, chunk("FLLR", make([]byte, 4096-12-36-24-8-8)), data))
	cue := chunk("cue ", join(u32(2), u32(1), u32(100), []byte("data"), u32(0), u32(0), u32(100), u32(2), u32(900), []byte("data"), u32(0), u32(0), u32(900)))
	labels := chunk("LIST", join([]byte("adtl"), chunk("labl", join(u32(1), []byte("one\x00"))), chunk("labl", join(u32(2), []byte("three\x00"))),
		chunk("ltxt", join(u32(1), u32(50), []byte("rgn "), make([]byte, 8)))))
	loop := chunk("smpl", join(make([]byte, 28), u32(1), u32(0), u32(0), u32(0), u32(200), u32(299), u32(0), u32(0)))
	whole("o31-marks.wav", OK, "cue points, labels, a region, a loop", riff(std, loop, data, cue, labels))

	// RF64, BW64, Wave64.
	const body = 4 + 36 + 24 + 8 + 4000
	long := func(id string, d []byte, dataSize int) []byte {
		return riffSize(id, -1, d, std, claim("data", dataSize, audio))
	}
	tlen := func(n int) []byte { return u32(n) }
	right := ds64(body, 4000, count, tlen(0)...)
	whole("r01-rf64.wav", OK, "RF64", long("RF64", right, -1))
	whole("r02-bw64.wav", OK, "BW64", long("BW64", right, -1))
	whole("r03-rf64-no-ds64.wav", Repair, "RF64 without ds64", long("RF64", nil, -1))
	whole("r04-rf64-ds64-small.wav", Repair, "ds64 of half the audio", long("RF64", ds64(body, 2000, 500, tlen(0)...), -1))
	whole("r05-rf64-ds64-big.wav", Repair, "ds64 of a thousand times the audio", long("RF64", ds64(body*1000, 4_000_000, 1_000_000, tlen(0)...), -1))
	whole("r06-rf64-ds64-2e63.wav", Repair, "ds64 negative", long("RF64", ds64(1<<63, 1<<63, 1<<61, tlen(0)...), -1))
	whole("r07-rf64-ds64-max.wav", Repair, "ds64 of 2^64-1", long("RF64", ds64(math.MaxUint64, math.MaxUint64, math.MaxUint64, tlen(0)...), -1))
	whole("r08-rf64-crash.wav", Repair, "what libsndfile leaves after a crash", long("RF64", ds64(0, 0, 0, tlen(0)...), -1))
	whole("r09-rf64-table-huge.wav", Warn, "a table of 4294967295", long("RF64", ds64(body, 4000, count, tlen(-1)...), -1))
	whole("r10-rf64-32bit-size.wav", Warn, "the size where it was in RIFF", long("RF64", ds64(body, 0, 0, tlen(0)...), 4000))
	whole("r11-rf64-ds64-late.wav", Warn, "ds64 not first", riffSize("RF64", -1, std, right, claim("data", -1, audio)))
	whole("r12-rf64-ds64-short.wav", Repair, "ds64 of 12 bytes", long("RF64", chunk("ds64", join(u64(body), u32(4000))), -1))
	whole("r13-riff-with-ds64.wav", Warn, "ds64 in RIFF", riff(right, std, data))
	refuse("r14-rf64-two-fmt.wav", "two fmt that disagree", riffSize("RF64", -1, ds64(body+24, 4000, count, tlen(0)...), format{channels: 1}.chunk(), format{channels: 255}.chunk(), claim("data", -1, audio)))
	whole("r15-rf64-samples.wav", Warn, "ds64 counts 77 frames", long("RF64", ds64(body, 4000, 77, tlen(0)...), -1))
	whole("w01-w64.w64", OK, "Wave64", w64(-1, -1, audio))
	whole("w02-w64-crash.w64", Repair, "sizes 0", w64(0, 0, audio))
	whole("w03-w64-neg.w64", Repair, "data of 2^63", w64(-1, math.MinInt64, audio))
	whole("w04-w64-size-8.w64", Repair, "less than a header", w64(-1, 8, audio))
	one("w05-w64-odd.w64", OK, "501 frames: padded to 8 bytes", channels, 501, audio[:2004], append(w64(-1, -1, audio[:2004]), 0, 0, 0, 0))

	// How samples are stored.
	stored := func(name string, v Verdict, note string, f format, audio []byte) {
		one(name, v, note, channels, count, audio, riff(f.chunk(), chunk("data", audio)))
	}
	f32 := func(v float64) uint64 { return uint64(math.Float32bits(float32(v))) }
	f64 := math.Float64bits
	three := samples(3, func(i int) uint64 { return uint64(i) })
	stored("x01-ext.wav", OK, "EXTENSIBLE", extensible(format{}, 1, 16, 3, guid), audio)
	refuse("x02-ext-odd-guid.wav", "unknown sub-format", riff(extensible(format{}, 1, 16, 3, []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d")).chunk(), data))
	stored("x03-ext-20of24.wav", OK, "20 bits in 24", extensible(format{bits: 24}, 1, 20, 3, guid), samples(3, func(i int) uint64 { return uint64(i) << 4 }))
	stored("x04-ext-valid0.wav", Warn, "0 valid bits", extensible(format{}, 1, 0, 3, guid), audio)
	stored("x05-ext-valid-over.wav", Warn, "32 valid bits in 16", extensible(format{}, 1, 32, 3, guid), audio)
	stored("x06-ext-mask-over.wav", Warn, "18 speakers for 2 channels", extensible(format{}, 1, 16, 0x3ffff, guid), audio)
	stored("x07-ext-ambisonic.wav", OK, "Ambisonic B-format", extensible(format{}, 1, 16, 0, guidAMB), audio)
	stored("x08-ext-short.wav", Warn, "EXTENSIBLE without its extension", format{tag: 0xfffe, extra: u16(0)}, audio)
	stored("x09-f32.wav", OK, "float 32", format{tag: 3, bits: 32}, samples(4, func(i int) uint64 { return f32(float64(i) / 32768) }))
	stored("x10-f32-nan-inf.wav", Warn, "NaN, infinities, denormals", format{tag: 3, bits: 32},
		samples(4, func(i int) uint64 { return []uint64{0x7fa00001, 0x7f800000, 0xff800000, 1}[i%4] }))
	stored("x11-f32-over-1.wav", OK, "beyond full scale", format{tag: 3, bits: 32}, samples(4, func(i int) uint64 { return f32([]float64{1.5, -2}[i%2]) }))
	stored("x12-f64.wav", OK, "float 64", format{tag: 3, bits: 64}, samples(8, func(i int) uint64 { return f64(float64(i) / 32768) }))
	refuse("x13-f16.wav", "float 16", riff(format{tag: 3}.chunk(), data))
	refuse("x14-f24.wav", "float 24", riff(format{tag: 3, bits: 24}.chunk(), chunk("data", three)))
	one8 := samples(1, func(i int) uint64 { return uint64(i) })
	refuse("x15-alaw.wav", "A-law", riff(format{tag: 6, bits: 8, extra: u16(0)}.chunk(), chunk("fact", u32(count)), chunk("data", one8)))
	refuse("x16-ulaw.wav", "µ-law", riff(format{tag: 7, bits: 8, extra: u16(0)}.chunk(), chunk("fact", u32(count)), chunk("data", one8)))
	refuse("x17-ima-adpcm.wav", "IMA ADPCM", riff(format{tag: 0x11, channels: 1, bits: 4, align: 256, byteRate: 24000, extra: join(u16(2), u16(505))}.chunk(), chunk("data", make([]byte, 512))))
	refuse("x18-ms-adpcm.wav", "MS ADPCM without its table", riff(format{tag: 2, channels: 1, bits: 4, align: 256, byteRate: 24000, extra: u16(0)}.chunk(), chunk("data", make([]byte, 512))))
	refuse("x19-mp3.wav", "MP3", riff(format{tag: 0x55, bits: -1, align: 1}.chunk(), chunk("data", make([]byte, 2000))))
	refuse("x20-unknown-tag.wav", "tag 0x1234", riff(format{tag: 0x1234}.chunk(), data))
	stored("x21-u8.wav", OK, "8 bits", format{bits: 8}, one8)
	stored("x22-s24.wav", OK, "24 bits", format{bits: 24}, three)
	stored("x23-s32.wav", OK, "32 bits", format{bits: 32}, samples(4, func(i int) uint64 { return uint64(i) << 16 }))
	stored("x24-s24in32.wav", Warn, "24 bits in 32", format{bits: 24, align: 8}, samples(4, func(i int) uint64 { return uint64(i) << 8 }))
	big := make([]byte, len(audio))
	for i := range big {
		big[i] = audio[i^1]
	}
	one("x25-rifx.wav", OK, "RIFX", channels, count, big, rifx(big))
	refuse("x26-rifx-le.wav", "RIFX before a RIFF", append([]byte("RIFX"), good[4:]...))
	refuse("x27-aiff.wav", "AIFF", []byte("FORM\x00\x00\x10\x00AIFFCOMM\x00\x00\x00\x12"))
	refuse("x28-flac.wav", "FLAC", append([]byte("fLaC\x00\x00\x00\x22"), make([]byte, 34)...))
	refuse("x29-text.wav", "text", []byte("this is not audio\nthis is not audio\n"))
	refuse("x30-zeros.wav", "64 KiB of zeros", make([]byte, 65536))
	refuse("x31-html.wav", "a web page", []byte("<!doctype html><html><body>404</body></html>"))
	twelve := counting(0, count, 12)
	one("x32-ext-12ch.wav", OK, "12 channels", 12, count, twelve, riff(extensible(format{channels: 12}, 1, 16, 0, guid).chunk(), chunk("data", twelve)))
	one("x33-64ch-s24.wav", OK, "64 channels", 64, 100, make([]byte, 19200), riff(extensible(format{channels: 64, bits: 24}, 1, 24, 0, guid).chunk(), chunk("data", make([]byte, 19200))))
	one("x34-pcm-12ch.wav", OK, "12 channels, plain", 12, count, twelve, riff(format{channels: 12}.chunk(), chunk("data", twelve)))
	return all
}

// rifx is a 16-bit stereo file in big-endian.
func rifx(audio []byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint32([]byte("RIFX"), uint32(36+len(audio)))
	b = be.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = be.AppendUint16(b, 1)
	b = be.AppendUint16(b, channels)
	b = be.AppendUint32(b, rate)
	b = be.AppendUint32(b, 4*rate)
	b = be.AppendUint16(b, 4)
	b = be.AppendUint16(b, 16)
	b = be.AppendUint32(append(b, "data"...), uint32(len(audio)))
	return append(b, audio...)
}

// All writes every case into a folder: those of Files, files beyond 4 GiB
// (sparse: a few KiB on the disk), and what is no file at all.
func All(dir string) ([]Case, error) {
	all := Files()
	for _, c := range all {
		if err := os.WriteFile(filepath.Join(dir, c.Name), c.Bytes, 0666); err != nil {
			return nil, err
		}
	}
	for _, part := range []func(string) ([]Case, error){huge, odd} {
		more, err := part(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// huge writes the files beyond 4 GiB. Their last frame holds 0x1234, 0x1235.
func huge(dir string) ([]Case, error) {
	const n = 5 << 30
	std := format{}.chunk()
	var all []Case
	for _, c := range []struct {
		name    string
		head    []byte
		audio   int64
		verdict Verdict
		note    string
	}{
		{"b01-rf64-5g.wav", riffSize("RF64", -1, ds64(n+72, n, n/4, 0, 0, 0, 0), std, claim("data", -1, nil)), n, OK, "5 GiB of RF64"},
		{"b02-riff-5g-wrapped.wav", riffSize("RIFF", n+36, std, claim("data", n, nil)), n, Repair, "5 GiB, sizes wrapped at 2^32"},
		{"b03-riff-4g.wav", riffSize("RIFF", 0xffffff00+36, std, claim("data", 0xffffff00, nil)), 0xffffff00, OK, "as large as RIFF goes"},
		{"b04-riff-5g-ffff.wav", riffSize("RIFF", -1, std, claim("data", -1, nil)), n, Warn, "5 GiB, sizes 0xFFFFFFFF"},
	} {
		name := filepath.Join(dir, c.name)
		if err := os.WriteFile(name, c.head, 0666); err != nil {
			return nil, err
		}
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		_, err = f.WriteAt(join(u16(0x1234), u16(0x1235)), int64(len(c.head))+c.audio-4)
		if err = errorOr(err, f.Close()); err != nil {
			return nil, err
		}
		all = append(all, Case{Name: c.name, Verdict: c.verdict, Channels: channels, Frames: c.audio / 4, Note: c.note})
	}
	return all, nil
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// odd makes what stands in a folder under a name but is no plain file.
func odd(dir string) ([]Case, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	good := Files()[0]
	err := os.Mkdir(at("z01-directory.wav"), 0777)
	err = errorOr(err, syscall.Mkfifo(at("z02-fifo.wav"), 0666))
	err = errorOr(err, os.Symlink("z03-loop-b.wav", at("z03-loop-a.wav")))
	err = errorOr(err, os.Symlink("z03-loop-a.wav", at("z03-loop-b.wav")))
	err = errorOr(err, os.Symlink("no-such-file", at("z04-dangling.wav")))
	err = errorOr(err, os.Symlink("/dev/zero", at("z05-devzero.wav")))
	err = errorOr(err, os.WriteFile(at("z06-mode000.wav"), good.Bytes, 0))
	err = errorOr(err, os.WriteFile(at("-n z07\nname.wav"), good.Bytes, 0666))
	err = errorOr(err, os.Symlink("a00-good.wav", at("z08-link.wav")))
	all := []Case{
		{Name: "z01-directory.wav", Verdict: Refuse, Note: "a directory"},
		{Name: "z02-fifo.wav", Verdict: Refuse, Note: "a pipe that nobody writes to"},
		{Name: "z03-loop-a.wav", Verdict: Refuse, Note: "a symbolic link to itself"},
		{Name: "z04-dangling.wav", Verdict: Refuse, Note: "a symbolic link to nothing"},
		{Name: "z05-devzero.wav", Verdict: Refuse, Note: "a device without end"},
		{Name: "z06-mode000.wav", Verdict: Refuse, Note: "no permission; root reads it"},
		{Name: "-n z07\nname.wav", Verdict: OK, Channels: channels, Frames: count, Audio: good.Audio, Note: "an odd name"},
		{Name: "z08-link.wav", Verdict: OK, Channels: channels, Frames: count, Audio: good.Audio, Note: "a symbolic link to a take"},
	}
	return all, err
}
