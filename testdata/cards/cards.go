// Package cards makes simulated sound cards for tests: a Delta 1010LT and
// others, with every control element of the original, under the kernel's own
// interface. A program started with the environment of a Rack finds them
// through the real libasound, by enumeration as well as by name, and no others.
//
// The package is pure Go and knows nothing of *testing.T. The part that answers
// libasound is under preload, compiled by Build with the C compiler of the
// machine.
package cards

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unsafe"
)

//go:embed preload
var sources embed.FS

//go:embed models/*.txt
var models embed.FS

// names are what a driver says of itself, by model.
var names = map[string]header{
	"delta1010lt": named("M1010LT", "ICE1712", "M Audio Delta 1010LT", "M Audio Delta 1010LT at 0xc0a0, irq 11", "ICE1712 - multitrack", "ICE1712 multi"),
	"delta1010":   named("M1010", "ICE1712", "M Audio Delta 1010", "M Audio Delta 1010 at 0xc0a0, irq 11", "ICE1712 - multitrack", "ICE1712 multi"),
	"delta44":     named("M44", "ICE1712", "M Audio Delta 44", "M Audio Delta 44 at 0xc0a0, irq 11", "ICE1712 - multitrack", "ICE1712 multi"),
	"dio2496":     named("M2496", "ICE1712", "M Audio Delta DiO 2496", "M Audio Delta DiO 2496 at 0xc0a0, irq 11", "ICE1712 - multitrack", "ICE1712 multi"),
	"ice1724":     named("Audiophile192", "ICE1724", "M Audio Audiophile192", "M Audio Audiophile192 at 0xc0a0, irq 11", "ICE1724", "ICE1724"),
	"onboard":     named("PCH", "HDA-Intel", "HDA Intel PCH", "HDA Intel PCH at 0xf7f10000 irq 30", "Generic codec", "ALC Analog"),
}

// Build compiles into dir the library that programs preload, whose path it
// returns, and beside it the cards' PCM. One build serves any number of racks.
func Build(dir string) (string, error) {
	if err := os.CopyFS(dir, sources); err != nil {
		return "", err
	}
	lib := filepath.Join(dir, "libsndcard.so")
	for _, c := range [][]string{
		{lib, "sndcard.c", "-ldl", "-pthread"},
		{pcmLibrary(lib), "pcm.c", "-DPIC", "-lasound"},
	} {
		args := append([]string{"-shared", "-fPIC", "-O2", "-Wall", "-o", c[0], filepath.Join(dir, "preload", c[1])}, c[2:]...)
		if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("compile %s: %w\n%s", c[1], err, out)
		}
	}
	return lib, nil
}

// pcmLibrary is the PCM that belongs to a preloaded library.
func pcmLibrary(lib string) string { return filepath.Join(filepath.Dir(lib), "libsndcard_pcm.so") }

// Rack is a machine's set of cards, numbered from 0.
type Rack struct {
	Cards []*Card

	dir, lib string
}

// Plug makes one card of each model (a file name under models, without .txt)
// in dir, which becomes the rack's own; lib is what Build returned.
func Plug(lib, dir string, models ...string) (*Rack, error) {
	r := &Rack{dir: dir, lib: lib}
	for _, d := range []string{"dev/snd", "proc/asound"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	for n, model := range models {
		c, err := create(filepath.Join(dir, fmt.Sprintf("card%d", n)), model)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if same := slices.Index(models, model); same < n { // as the kernel does
			h := c.header()
			copy(h.ID[:], fmt.Sprintf("%s_%d", text(h.ID[:]), n-same))
		}
		r.Cards = append(r.Cards, c)
		// A link, by which /proc shows who has the card open, as of a device.
		if err := os.Link(filepath.Join(dir, fmt.Sprintf("card%d", n)), filepath.Join(dir, fmt.Sprintf("dev/snd/controlC%d", n))); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.write(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// write makes what the kernel shows in /proc/asound, and a configuration of
// libasound that reads no file of the system.
func (r *Rack) write() error {
	var list strings.Builder
	for n, c := range r.Cards {
		h := c.header()
		fmt.Fprintf(&list, "%2d [%-15s]: %s - %s\n                      %s\n",
			n, text(h.ID[:]), text(h.Driver[:]), text(h.Name[:]), text(h.LongName[:]))
		dir := filepath.Join(r.dir, "proc/asound", fmt.Sprintf("card%d", n))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		files := map[string]string{"id": text(h.ID[:])}
		if h.PCM[0] != 0 {
			for _, stream := range []string{"pcm0p", "pcm0c"} {
				files[stream+"/sub0/hw_params"], files[stream+"/sub0/status"] = "closed", "closed"
			}
		}
		for name, line := range files {
			file := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(line+"\n"), 0o644)); err != nil {
				return err
			}
		}
		if err := os.Symlink(filepath.Base(dir), filepath.Join(r.dir, "proc/asound", text(h.ID[:]))); err != nil {
			return err
		}
	}
	if len(r.Cards) == 0 {
		list.WriteString("--- no soundcards ---\n")
	}
	if err := os.WriteFile(filepath.Join(r.dir, "proc/asound/cards"), []byte(list.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, "asound.conf"), fmt.Appendf(nil, config, pcmLibrary(r.lib)), 0o644)
}

const config = `ctl.hw {
	@args [ CARD ]
	@args.CARD { type string default "0" }
	type hw
	card $CARD
}
ctl.sysdefault {
	@args [ CARD ]
	@args.CARD { type string default "0" }
	type hw
	card $CARD
}
ctl.default { type hw card 0 }
pcm.default { type null }
seq.hw { type hw }
seq.default { type hw }
pcm_type.sndcard { lib "%s" }
pcm.hw {
	@args [ CARD DEV SUBDEV ]
	@args.CARD { type string default "0" }
	@args.DEV { type integer default 0 }
	@args.SUBDEV { type integer default -1 }
	type sndcard
	card $CARD
}
`

// Env returns the NAME=value strings that show a program the cards of the rack
// and no others. Append them to os.Environ().
func (r *Rack) Env() []string {
	return []string{
		"LD_PRELOAD=" + r.lib,
		"SNDCARD_DIR=" + r.dir,
		"ALSA_CONFIG_PATH=" + filepath.Join(r.dir, "asound.conf"),
	}
}

// Command is exec.Command in the environment of the rack.
func (r *Rack) Command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), r.Env()...)
	return c
}

// Close lets go of the cards' files; they stay in the rack's folder.
func (r *Rack) Close() error {
	var errs []error
	for _, c := range r.Cards {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// The layout of a card's file: struct card and struct element of sndcard.c.
type header struct {
	Magic                                     [8]byte
	Elements                                  int32
	Gone, FailWrites, FailErrno, IgnoreWrites int32
	GoneAfter, Running                        int32
	Writes, Reads, Touch                      uint32
	ID, Driver                                [16]byte
	Name                                      [32]byte
	LongName, Mixer, PCM                      [80]byte
}

type element struct {
	Iface, Device, Subdevice, Index int32
	Type, Count, Access             uint32
	Law                             int32
	Min, Max, Step                  int64
	Quirk, Of                       int32
	Items, ItemsAt                  uint32
	Owner                           int32
	ValueGen, InfoGen               uint32
	TLV                             [9]uint32
	Name                            [44]byte
	ReadErrno                       int32
	Value                           [128]int64
}

// A compile-time check against the sizes that sndcard.c asserts.
var (
	_ [352]byte  = [unsafe.Sizeof(header{})]byte{}
	_ [1192]byte = [unsafe.Sizeof(element{})]byte{}
)

func named(id, driver, name, long, mixer, pcm string) header {
	h := header{}
	copy(h.Magic[:], "SNDCARD\x00")
	copy(h.ID[:], id)
	copy(h.Driver[:], driver)
	copy(h.Name[:], name)
	copy(h.LongName[:], long)
	copy(h.Mixer[:], mixer)
	copy(h.PCM[:], pcm)
	return h
}

func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// Card is the back door to one simulated card: what a user's hands, the
// hardware or a fault do. Its methods may be called while programs use the card.
type Card struct {
	file *os.File
	mem  []byte
}

func create(name, model string) (*Card, error) {
	dump, err := models.ReadFile("models/" + model + ".txt")
	if err != nil {
		return nil, fmt.Errorf("no card model %q", model)
	}
	elements, items, err := parse(string(dump))
	if err != nil {
		return nil, fmt.Errorf("models/%s.txt: %w", model, err)
	}
	h := names[model]
	h.Elements = int32(len(elements))
	if strings.HasPrefix(text(h.Driver[:]), "ICE17") {
		envy24(elements)
	}
	const headerSize, elementSize = int(unsafe.Sizeof(header{})), int(unsafe.Sizeof(element{}))
	at := headerSize + len(elements)*elementSize
	var texts []byte
	for i, of := range items {
		elements[i].ItemsAt = uint32(at + len(texts))
		for _, item := range of {
			texts = append(append(texts, item...), 0)
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	size := at + len(texts) + 1
	if err := f.Truncate(int64(size)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", name, err), f.Close())
	}
	c := &Card{file: f, mem: mem}
	copy(mem[at:], texts)
	for i, e := range elements {
		*c.at(i) = e
	}
	*c.header() = h
	return c, nil
}

func (c *Card) close() error {
	return errors.Join(syscall.Munmap(c.mem), c.file.Close())
}

func (c *Card) header() *header { return (*header)(unsafe.Pointer(&c.mem[0])) }

func (c *Card) at(i int) *element {
	return (*element)(unsafe.Pointer(&c.mem[unsafe.Sizeof(header{})+uintptr(i)*unsafe.Sizeof(element{})]))
}

// find returns the element with this name and index, in the first interface
// and device that has it. It panics when there is none: a test's mistake.
func (c *Card) find(name string, index int) *element {
	for i := range int(c.header().Elements) {
		if e := c.at(i); text(e.Name[:]) == name && int(e.Index) == index {
			return e
		}
	}
	panic(fmt.Sprintf("no element %q,%d", name, index))
}

// locked runs f while no program changes the card; when f reports a change,
// the programs that wait for events wake.
func (c *Card) locked(f func() bool) {
	must(syscall.Flock(int(c.file.Fd()), syscall.LOCK_EX))
	if f() {
		c.header().Touch++
		_, err := c.file.WriteAt(unsafe.Slice((*byte)(unsafe.Pointer(&c.header().Touch)), 4), int64(unsafe.Offsetof(header{}.Touch)))
		must(err)
	}
	must(syscall.Flock(int(c.file.Fd()), syscall.LOCK_UN))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Set changes values, of read-only elements too, and raises an event.
func (c *Card) Set(name string, index int, values ...int64) {
	c.locked(func() bool {
		e := c.find(name, index)
		copy(e.Value[:], values)
		e.ValueGen++
		return true
	})
}

// SetSilently changes values without an event, as the hardware does for clocks,
// status and peaks.
func (c *Card) SetSilently(name string, index int, values ...int64) {
	c.locked(func() bool {
		copy(c.find(name, index).Value[:], values)
		return false
	})
}

// Values returns the element's values as the card holds them, without the
// side effects of a read.
func (c *Card) Values(name string, index int) []int64 {
	var v []int64
	c.locked(func() bool {
		e := c.find(name, index)
		n := e.Count
		if e.Type == typeIEC958 {
			n = 24
		}
		v = slices.Clone(e.Value[:n])
		return false
	})
	return v
}

// SetInactive makes an element inactive or active, with the event of that.
func (c *Card) SetInactive(name string, index int, inactive bool) {
	c.locked(func() bool {
		e := c.find(name, index)
		e.Access &^= accessInactive
		if inactive {
			e.Access |= accessInactive
		}
		e.InfoGen++
		return true
	})
}

// Lock locks an element for another program than those in the rack.
func (c *Card) Lock(name string, index int) {
	c.locked(func() bool { c.find(name, index).Owner = 1; return false })
}

// FailReads makes every read of an element fail.
func (c *Card) FailReads(name string, index int, err syscall.Errno) {
	c.locked(func() bool { c.find(name, index).ReadErrno = int32(err); return false })
}

// FailWrites makes the next n writes fail.
func (c *Card) FailWrites(n int, err syscall.Errno) {
	c.locked(func() bool {
		c.header().FailWrites, c.header().FailErrno = int32(n), int32(err)
		return false
	})
}

// IgnoreWrites makes the next n writes succeed without effect, as drivers do.
func (c *Card) IgnoreWrites(n int) {
	c.locked(func() bool { c.header().IgnoreWrites = int32(n); return false })
}

// Unplug takes the card away after n more writes; 0 is now.
func (c *Card) Unplug(n int) {
	c.locked(func() bool {
		c.header().GoneAfter = int32(n)
		if n == 0 {
			c.header().Gone = 1
		}
		return n == 0
	})
}

// Run says whether a PCM of the card is open, which an ICE1712 takes as a
// reason to keep its clock.
func (c *Card) Run(running bool) {
	c.locked(func() bool {
		c.header().Running = 0
		if running {
			c.header().Running = 1
		}
		return false
	})
}

// Writes counts the writes that reached the card.
func (c *Card) Writes() int { return int(c.header().Writes) }

// Reads counts the element reads that reached the card.
func (c *Card) Reads() int { return int(c.header().Reads) }
