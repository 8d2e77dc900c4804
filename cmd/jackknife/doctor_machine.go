package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// symptom is what was found about one thing that recording depends on.
type symptom struct {
	Kind string `json:"kind"` // fine, note or problem
	What string `json:"what"` // the thing
	Text string `json:"text"`
	Mend string `json:"mend"` // a command line, or ""
}

func sound(what, text string, args ...any) symptom {
	return symptom{"fine", what, fmt.Sprintf(text, args...), ""}
}

func noted(what, mend, text string, args ...any) symptom {
	return symptom{"note", what, fmt.Sprintf(text, args...), mend}
}

func amiss(what, mend, text string, args ...any) symptom {
	return symptom{"problem", what, fmt.Sprintf(text, args...), mend}
}

// machine is a Linux machine as /proc, /sys and /etc show it: the one that runs
// this, or files that were copied from another.
type machine struct{ fs.FS }

// line is the text of a file without the white space around it, "" where it
// cannot be read.
func (m machine) line(name string) string {
	b, _ := fs.ReadFile(m, name)
	return strings.TrimSpace(string(b))
}

// examine looks at all of it.
func (m machine) examine() []symptom {
	all := append(m.rights(), m.soundFiles()...)
	all = append(all, m.governor()...)
	all = append(all, m.timer()...)
	all = append(all, m.preemption()...)
	all = append(all, m.swap()...)
	all = append(all, m.servers()...)
	return append(all, m.interrupts()...)
}

// Capabilities that stand in for limits (linux/capability.h).
const (
	capIPCLock = 14
	capSysNice = 23
)

// rights looks at what this process may do, and those that this user starts.
func (m machine) rights() []symptom {
	status, limits := m.line("proc/self/status"), m.line("proc/self/limits")
	if status == "" || limits == "" {
		return nil
	}
	effective, _ := strconv.ParseUint(field(status, "CapEff:"), 16, 64)
	may := func(capability int) bool { return effective>>capability&1 == 1 }
	const grant = `printf '@audio - rtprio 95\n@audio - memlock unlimited\n' | sudo tee /etc/security/limits.d/audio.conf`
	mend := grant + "   # then log in anew"
	group, member := m.audioGroup(status)
	granted := m.grantsAudio()
	join := `sudo usermod -aG audio "$USER"   # then log in anew`
	switch {
	case !group:
		mend = "sudo groupadd -r audio; " + grant + "; " + join
	case granted && !member:
		mend = join
	case granted:
		mend = "exit   # and log in anew: the limits are set where you log in (pam_limits)"
	case !member:
		mend = grant + "; " + join
	}
	var all []symptom
	switch priority := limit(limits, "Max realtime priority"); {
	case may(capSysNice):
		all = append(all, sound("real time", "this user may run in real time (CAP_SYS_NICE)"))
	case priority == "" || priority == "0":
		all = append(all, amiss("real time", mend, "programs of this user may not run in real time: every busy moment can be heard"))
	default:
		all = append(all, sound("real time", "programs of this user may run in real time, up to priority %s", priority))
	}
	const enough = 256 << 20
	switch locked := limit(limits, "Max locked memory"); {
	case may(capIPCLock) || locked == "unlimited":
		all = append(all, sound("memory lock", "memory may be locked without a limit"))
	default:
		bytes, _ := strconv.ParseInt(locked, 10, 64)
		if bytes < enough {
			all = append(all, noted("memory lock", mend, "only %d MiB may be locked in memory: audio in the ring can be swapped out", bytes>>20))
		} else {
			all = append(all, sound("memory lock", "%d MiB may be locked in memory", bytes>>20))
		}
	}
	return all
}

// field is what stands behind a word at the beginning of a line.
func field(text, word string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, word); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// limit is the soft limit of a name in /proc/PID/limits.
func limit(limits, name string) string {
	words := strings.Fields(field(limits, name))
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// audioGroup tells whether there is a group audio and whether this process is
// in it.
func (m machine) audioGroup(status string) (exists, member bool) {
	for line := range strings.Lines(m.line("etc/group")) {
		words := strings.Split(strings.TrimSpace(line), ":")
		if len(words) < 3 || words[0] != "audio" {
			continue
		}
		groups := append(strings.Fields(field(status, "Groups:")), strings.Fields(field(status, "Gid:"))...)
		return true, slices.Contains(groups, words[2])
	}
	return false, false
}

var audioGrant = regexp.MustCompile(`(?m)^\s*@audio\s+(-|soft|hard)\s+rtprio\s+[1-9]`)

// grantsAudio tells whether the group audio may run in real time.
func (m machine) grantsAudio() bool {
	files, _ := fs.Glob(m, "etc/security/limits.d/*.conf")
	for _, name := range append(files, "etc/security/limits.conf") {
		if audioGrant.MatchString(m.line(name)) {
			return true
		}
	}
	return false
}

// soundFiles looks at whether a user may open the card.
func (m machine) soundFiles() []symptom {
	cards := m.line("proc/asound/cards")
	if cards == "" || strings.Contains(cards, "no soundcards") {
		return []symptom{noted("card", "lspci -nn | grep -i audio; lsusb   # then modprobe its driver, snd-ice1712 for a Delta", "the kernel knows no sound card")}
	}
	status := m.line("proc/self/status")
	uid, _, _ := strings.Cut(field(status, "Uid:"), "\t")
	if _, member := m.audioGroup(status); status != "" && !member && uid != "0" {
		return []symptom{noted("group", `sudo usermod -aG audio "$USER"   # then log in anew`, "this user is not in the group audio: the card opens only for who sits at the machine")}
	}
	return []symptom{sound("group", "this user may open the card")}
}

// governor looks at whether the processor slows down between blocks.
func (m machine) governor() []symptom {
	files, _ := fs.Glob(m, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
	slow := map[string]int{}
	for _, name := range files {
		if g := m.line(name); g != "performance" && g != "schedutil" {
			slow[g]++
		}
	}
	if len(files) == 0 {
		return []symptom{sound("governor", "the processor's clock is not governed by the kernel")}
	}
	if len(slow) == 0 {
		return []symptom{sound("governor", "the processor's governor is %s", m.line(files[0]))}
	}
	var names []string
	for g, n := range slow {
		names = append(names, fmt.Sprintf("%s on %s", g, plural(n, "core")))
	}
	slices.Sort(names)
	return []symptom{noted("governor", "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
		"the processor slows down when little is to do, and is late for the next block: %s", strings.Join(names, ", "))}
}

// timer looks at the clock that programs read.
func (m machine) timer() []symptom {
	const folder = "sys/devices/system/clocksource/clocksource0/"
	now, others := m.line(folder+"current_clocksource"), strings.Fields(m.line(folder+"available_clocksource"))
	switch {
	case now == "":
		return nil
	case now != "hpet" && now != "acpi_pm" && now != "jiffies" && now != "refined-jiffies":
		return []symptom{sound("timer", "the clock is %s", now)}
	case slices.Contains(others, "tsc"):
		return []symptom{noted("timer", "echo tsc | sudo tee /"+folder+"current_clocksource", "the clock is %s, which takes microseconds to read; tsc is there", now)}
	}
	return []symptom{noted("timer", "sudo dmesg | grep -i tsc   # why; tsc=reliable on the kernel's command line overrides it", "the clock is %s, which takes microseconds to read: the kernel does not trust the processor's own", now)}
}

// preemption looks at whether the kernel can be interrupted.
func (m machine) preemption() []symptom {
	version, command := m.line("proc/version"), strings.Fields(m.line("proc/cmdline"))
	forced := slices.ContainsFunc(command, func(w string) bool { return w == "preempt=full" })
	switch {
	case version == "":
		return nil
	case strings.Contains(version, "PREEMPT_RT") || strings.Contains(version, "PREEMPT RT"):
		return []symptom{sound("kernel", "the kernel is made for real time")}
	case forced || strings.Contains(version, "PREEMPT ") && !strings.Contains(version, "PREEMPT_DYNAMIC"):
		return []symptom{sound("kernel", "the kernel can be interrupted")}
	case strings.Contains(version, "PREEMPT_DYNAMIC"):
		return []symptom{noted("kernel", "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&preempt=full threadirqs /' /etc/default/grub && sudo update-grub   # then reboot",
			"the kernel could be interrupted at once, but is not told to (preempt=full); blocks under 256 frames need it")}
	}
	return []symptom{noted("kernel", "uname -v   # install a kernel with PREEMPT or PREEMPT_RT, on Debian linux-image-rt-amd64",
		"the kernel finishes its own work first; blocks under 256 frames need one that can be interrupted")}
}

// swap looks at how willingly the kernel swaps programs out.
func (m machine) swap() []symptom {
	const much = 10
	swaps := strings.Count(m.line("proc/swaps"), "\n")
	willing, err := strconv.Atoi(m.line("proc/sys/vm/swappiness"))
	switch {
	case err != nil:
		return nil
	case swaps == 0:
		return []symptom{sound("swap", "nothing is swapped out")}
	case willing > much:
		return []symptom{noted("swap", "sudo sysctl vm.swappiness=10", "programs are swapped out early (vm.swappiness %d)", willing)}
	}
	return []symptom{sound("swap", "programs are swapped out late")}
}

// process is a program that runs.
type process struct {
	pid  int
	name string
	args []string
	pcms []string // of /dev/snd, that it has open
}

func (m machine) processes() []process {
	files, _ := fs.Glob(m, "proc/[0-9]*/comm")
	var all []process
	for _, file := range files {
		dir := path.Dir(file)
		p := process{name: m.line(file)}
		p.pid, _ = strconv.Atoi(path.Base(dir))
		b, _ := fs.ReadFile(m, dir+"/cmdline")
		p.args = strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
		open, _ := fs.Glob(m, dir+"/fd/*")
		for _, fd := range open {
			if to, err := fs.ReadLink(m.FS, fd); err == nil && strings.Contains(to, "/dev/snd/pcm") {
				p.pcms = append(p.pcms, path.Base(to))
			}
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b process) int { return a.pid - b.pid })
	return all
}

// servers looks at the sound servers that run: whether one takes the card from
// another, and how jackd was started.
func (m machine) servers() []symptom {
	var all []symptom
	var jackds, others []process
	var names []string
	for _, p := range m.processes() {
		switch p.name {
		case "jackd", "jackdbus":
			jackds = append(jackds, p)
		case "pulseaudio", "pipewire":
			others = append(others, p)
		default:
			if len(p.pcms) > 0 {
				all = append(all, noted("servers", fmt.Sprintf("kill %d   # ends it", p.pid), "%s (%d) has the card: %s", p.name, p.pid, strings.Join(p.pcms, ", ")))
			}
			continue
		}
		names = append(names, fmt.Sprintf("%s (%d)", p.name, p.pid))
	}
	for _, p := range jackds {
		all = append(all, p.jackd()...)
	}
	for _, p := range others {
		stop := "systemctl --user stop " + p.name + ".socket " + p.name + ".service"
		switch {
		case len(p.pcms) > 0:
			all = append(all, amiss("servers", stop, "%s (%d) has the card: %s; jackd cannot have it, too", p.name, p.pid, strings.Join(p.pcms, ", ")))
		case len(jackds) > 0:
			all = append(all, noted("servers", stop, "%s (%d) runs beside jackd and may take the card when that ends", p.name, p.pid))
		}
	}
	if len(all) == 0 && len(names) == 0 {
		all = append(all, sound("servers", "no sound server runs"))
	} else if len(all) == 0 {
		all = append(all, sound("servers", "one sound server runs: %s", strings.Join(names, ", ")))
	}
	return all
}

// jackd looks at the arguments of a JACK server.
func (p process) jackd() []symptom {
	var all []symptom
	args := p.args
	for i, a := range args { // the driver's own have other meanings
		if strings.HasPrefix(a, "-d") || strings.HasPrefix(a, "--driver") {
			args = args[:i]
			break
		}
	}
	has := func(short byte, long string) bool {
		return slices.ContainsFunc(args, func(a string) bool {
			return a == "--"+long || len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.IndexByte(a[1:], short) >= 0 && !strings.ContainsAny(a[1:2], "nptC")
		})
	}
	with := func(word string) string {
		words := append([]string{p.args[0], word}, p.args[1:]...)
		return shellLine(words)
	}
	if p.name == "jackdbus" {
		return nil
	}
	if !has('S', "sync") {
		all = append(all, noted("jackd", with("-S"), "jackd (%d) is asynchronous: under load it drops and repeats blocks between programs, without a word; what comes from a card is not touched", p.pid))
	}
	if has('r', "no-realtime") {
		words := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-r" || a == "--no-realtime" })
		words = append(words, p.args[len(args):]...)
		all = append(all, amiss("jackd", shellLine(words), "jackd (%d) does not run in real time", p.pid))
	}
	if len(all) == 0 {
		all = append(all, sound("jackd", "jackd (%d) is synchronous and runs in real time", p.pid))
	}
	return all
}

var soundInterrupt = regexp.MustCompile(`\bsnd[_a-z0-9:]*|\bICE17\d\d\b`)

// interrupts looks at whether a card has to wait for another device.
func (m machine) interrupts() []symptom {
	var all []symptom
	seen := false
	for line := range strings.Lines(m.line("proc/interrupts")) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		card := soundInterrupt.FindString(rest)
		if card == "" {
			continue
		}
		seen = true
		users := strings.Split(rest, ",")
		if len(users) < 2 {
			continue
		}
		first := strings.Fields(users[0])
		users[0] = first[len(first)-1]
		for i := range users {
			users[i] = strings.TrimSpace(users[i])
		}
		mend := fmt.Sprintf("sudo chrt -f -p 90 $(pgrep -f 'irq/%s-%s')   # with threadirqs on the kernel's command line; or use another slot", number, card)
		all = append(all, noted("interrupt", mend, "interrupt %s is shared by %s: the card waits for the others", number, strings.Join(users, ", ")))
	}
	if seen && len(all) == 0 {
		all = append(all, sound("interrupt", "the card has an interrupt of its own"))
	}
	return all
}
