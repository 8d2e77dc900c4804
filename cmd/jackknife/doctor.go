package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"jackknife/alsa"
)

func doctorCommand(s *streams) *cobra.Command {
	var root, takes string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps this machine from recording well",
		Long: `Look for what keeps this machine from recording well: may programs run in real
time and lock memory; does the processor slow down, is its clock slow to read,
can the kernel be interrupted; is the card shared with another sound server or
its interrupt with another device; how was jackd started, and what have servers
left that were killed; is the disk of the folder --takes fast enough; do the
settings of the cards mute them or hold their clocks. Nothing is changed but for a file of 64 MB, written to the folder to
measure the disk and removed.

A line each: fine, note (worth knowing, some with old hardware or small blocks
only) or problem; below notes and problems the command that mends it.
--json prints an array of objects with kind, what, text and mend.

--root reads /proc, /sys and /etc below another folder, where they were copied
from a machine; disk, cards and what servers left are not looked at then.

Exit 1 if a problem was found.`,
		Example: `  jackknife doctor
  jackknife doctor --takes /mnt/takes
  jackknife doctor --json | jq -r '.[] | select(.kind != "fine").mend'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := os.Stat(root); err != nil {
				return err
			}
			list := machine{os.DirFS(root)}.examine()
			if !c.Flags().Changed("root") {
				disk, err := examineDisk(takes)
				if err != nil {
					return err
				}
				list = append(append(append(list, disk...), examineCards()...), examineLeft()...)
			}
			if asJSON {
				if err := writeJSON(s.out, orEmpty(list)); err != nil {
					return err
				}
			}
			problems := 0
			for _, y := range list {
				if y.Kind == "problem" {
					problems++
				}
				if asJSON {
					continue
				}
				fmt.Fprintf(s.out, "%-8s %s: %s\n", y.Kind, y.What, y.Text)
				if y.Mend != "" {
					fmt.Fprintf(s.out, "         $ %s\n", y.Mend)
				}
			}
			if problems > 0 {
				return fmt.Errorf("%s found", plural(problems, "problem"))
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&takes, "takes", ".", "`folder` that takes are written to")
	f.StringVar(&root, "root", "/", "`folder` with the /proc, /sys and /etc to look at")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	c.MarkFlagDirname("takes")
	c.MarkFlagDirname("root")
	return c
}

// examineCards looks at the settings of each card.
func examineCards() []symptom {
	cards, err := alsa.Cards()
	if errors.Is(err, alsa.ErrNoLibrary) {
		return []symptom{noted("card", "", "%s", err)}
	}
	var all []symptom
	for _, card := range cards {
		what := "card " + card.ID
		ctl, elements, err := openCard(fmt.Sprint(card.Number))
		if err != nil {
			all = append(all, amiss("card", "sudo fuser -v /dev/snd/*", "card %d: %s", card.Number, err))
			continue
		}
		found := append(alsa.Examine(ctl.Card, elements, alsa.UseOf(ctl.Card)), examineJackdrc(ctl.Card)...)
		ctl.Close()
		for _, f := range found {
			lines := make([]string, len(f.Mend))
			for i, words := range f.Mend {
				lines[i] = shellLine(words)
			}
			kind := "note"
			if f.Problem {
				kind = "problem"
			}
			all = append(all, symptom{kind, what, f.Text, strings.Join(lines, "; ")})
		}
		if len(found) == 0 {
			all = append(all, sound(what, "nothing is wrong with its settings"))
		}
	}
	return all
}

// What file systems are called in statfs (linux/magic.h) that a take may not
// do well on.
var fileSystems = map[int64]symptom{
	unix.TMPFS_MAGIC:       noted("disk", "", "takes in memory are gone with the power"),
	unix.RAMFS_MAGIC:       noted("disk", "", "takes in memory are gone with the power"),
	unix.MSDOS_SUPER_MAGIC: noted("disk", "", "FAT holds files of 4 GiB at the most, and breaks easily when the power goes"),
	unix.NFS_SUPER_MAGIC:   noted("disk", "", "the folder is on another machine: the network may stall for longer than the ring lasts"),
	unix.CIFS_SUPER_MAGIC:  noted("disk", "", "the folder is on another machine: the network may stall for longer than the ring lasts"),
	unix.FUSE_SUPER_MAGIC:  noted("disk", "", "the folder is on a file system in user space, which may be slow to sync"),
}

const (
	trial     = 64 << 20 // bytes
	trialStep = 1 << 20
	needMBs   = 12 * 4 * 96000 / 1e6 // megabytes a second: 12 channels at 96 kHz
)

// examineDisk measures how fast a folder takes bytes, as far as they are on the
// disk, and how long it makes a writer wait.
func examineDisk(folder string) (all []symptom, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	if y, ok := fileSystems[int64(st.Type)]; ok {
		all = append(all, y)
	}
	room := int64(st.Bavail) * st.Bsize
	const hour = 12 * 4 * 48000 * 3600 // bytes: 12 channels at 48 kHz
	if room < hour {
		all = append(all, amiss("disk", "du -xh "+shellLine([]string{folder})+" | sort -h | tail", "there is room for %v of 12 channels at 48 kHz", (time.Duration(room/(12*4*48000))*time.Second).Round(time.Minute)))
	}
	if room < 2*trial {
		return all, nil
	}
	f, err := os.CreateTemp(folder, ".jackknife-doctor-*")
	if err != nil {
		return append(all, amiss("disk", "", "nothing can be written: %s", err)), nil
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, trialStep)
	for i := range block {
		block[i] = byte(i * 7) // nothing that is stored as a hole
	}
	begun, longest := time.Now(), time.Duration(0)
	written := 0
	for ; written < trial && time.Since(begun) < 10*time.Second; written += len(block) {
		at := time.Now()
		if _, err := f.Write(block); err != nil {
			return append(all, amiss("disk", "", "%s", err)), nil
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return append(all, amiss("disk", "", "%s: %s", f.Name(), err)), nil
		}
		longest = max(longest, time.Since(at))
	}
	speed := float64(written) / 1e6 / time.Since(begun).Seconds()
	text := fmt.Sprintf("%.0f MB/s are brought to the disk, the longest wait was %v; 12 channels at 96 kHz take %.1f MB/s", speed, longest.Round(time.Millisecond), needMBs)
	switch {
	case speed < 2*needMBs:
		return append(all, amiss("disk", "jackknife record TAKE --ring 60s   # or another folder", "%s", text)), nil
	case longest > 2*time.Second:
		return append(all, noted("disk", "jackknife record TAKE --ring 60s   # or another folder", "%s", text)), nil
	}
	return append(all, sound("disk", "%s", text)), nil
}
