package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jackknife/alsa"
	"jackknife/rt"
)

func devicesCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "devices",
		Short: "List the sound devices for record and play without a JACK server",
		Long: `List the sound devices that record and play take with --device, on a machine
where no JACK server runs: the name, how many channels it records and plays, the
rates in Hz, and the lowest latency that it suggests. A device that another
program uses, as a running server does its card, is missing or has no channels.
To list them each is opened for a moment.

--json prints an array of objects with device (what --device takes), name, api,
inputs, outputs, rates_hz (empty: it is not a card itself, and converts),
input_latency_ms, output_latency_ms and default (recording, playing).

Exit 3 if there is none.`,
		Example: `  jackknife devices
  jackknife record take.wav --device hw:0,0 --channels 2
  jackknife devices --json | jq -r '.[] | select(.inputs > 0).device'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			all, err := listDevices()
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return &failure{code: exitNoServer, err: rt.ErrNoDevice, hint: "jackknife card list shows whether there is a card; your user must be in the group audio"}
			}
			cards, _ := alsa.Cards()
			if asJSON {
				list := make([]deviceJSON, len(all))
				for i, d := range all {
					list[i] = newDeviceJSON(d, cards)
				}
				return writeJSON(s.out, list)
			}
			w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			for _, d := range all {
				j := newDeviceJSON(d, cards)
				rates := "any rate"
				if len(j.RatesHz) > 0 {
					rates = ratesText(j.RatesHz)
				}
				about := ""
				if d.Name != j.Device {
					about = strings.TrimSuffix(strings.TrimSpace(strings.TrimSuffix(d.Name, "("+j.Device+")")), ":")
				}
				fmt.Fprintf(w, "%s\t%d in\t%d out\t%s\t%v ms\t%s\n", j.Device, d.Inputs, d.Outputs, rates, max(j.InputLatencyMS, j.OutputLatencyMS), about)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// deviceFlag gives a command the flag that names a device.
func deviceFlag(c *cobra.Command, device *string) {
	c.Flags().StringVar(device, "device", "", "`device` to use in the place of a JACK server (see jackknife devices)")
	c.RegisterFlagCompletionFunc("device", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		all, err := listDevices()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []cobra.Completion
		for _, d := range all {
			names = append(names, cobra.CompletionWithDesc(deviceName(d), fmt.Sprintf("%d in, %d out", d.Inputs, d.Outputs)))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

var inParentheses = regexp.MustCompile(`\(([^()]+)\)$`)

// deviceName is the shortest name of a device: "hw:0,0" for "Card: PCM (hw:0,0)".
func deviceName(d rt.Device) string {
	if m := inParentheses.FindStringSubmatch(d.Name); m != nil {
		return m[1]
	}
	return d.Name
}

type deviceJSON struct {
	Device          string   `json:"device"`
	Name            string   `json:"name"`
	API             string   `json:"api"`
	Inputs          int      `json:"inputs"`
	Outputs         int      `json:"outputs"`
	RatesHz         []int    `json:"rates_hz"`
	InputLatencyMS  float64  `json:"input_latency_ms"`
	OutputLatencyMS float64  `json:"output_latency_ms"`
	Default         []string `json:"default"`
}

var cardDevice = regexp.MustCompile(`^hw:(\d+),0$`)

func newDeviceJSON(d rt.Device, cards []alsa.Card) deviceJSON {
	ms := func(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 10 }
	j := deviceJSON{Device: deviceName(d), Name: d.Name, API: d.API, Inputs: d.Inputs, Outputs: d.Outputs,
		RatesHz: []int{}, InputLatencyMS: ms(d.InputLatency), OutputLatencyMS: ms(d.OutputLatency), Default: []string{}}
	if d.DefaultInput {
		j.Default = append(j.Default, "recording")
	}
	if d.DefaultOutput {
		j.Default = append(j.Default, "playing")
	}
	m := cardDevice.FindStringSubmatch(j.Device)
	if m == nil {
		return j
	}
	number, _ := strconv.Atoi(m[1])
	i := slices.IndexFunc(cards, func(c alsa.Card) bool { return c.Number == number })
	if i < 0 {
		return j
	}
	if capture, playback, err := alsa.StreamLimits(cards[i]); err == nil {
		for _, l := range [...]*alsa.Limits{capture, playback} {
			if l != nil && len(j.RatesHz) == 0 {
				j.RatesHz = l.RatesHz
			}
		}
	}
	return j
}

// ratesText words rates: 8000-96000, or those that there are where they are few.
func ratesText(rates []int) string {
	if len(rates) <= 3 {
		return strings.Trim(fmt.Sprint(rates), "[]") + " Hz"
	}
	return fmt.Sprintf("%d-%d Hz", rates[0], rates[len(rates)-1])
}

// parseSockets reads channels of a device, counted from 1: 3 or 1..4 or 1,3.
func parseSockets(flag, text string) ([]int, error) {
	var all []int
	for _, word := range strings.Split(text, ",") {
		first, last, isRange := strings.Cut(word, "..")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b < a || b > maxChannels {
			return nil, usagef("%s %q: with --device, want channels of the device such as 3 or 1..2 or 1,4", flag, text)
		}
		for n := a; n <= b; n++ {
			all = append(all, n)
		}
	}
	return all, nil
}
