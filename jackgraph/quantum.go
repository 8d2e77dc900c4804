package jackgraph

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// Quantum is PipeWire's clock: what it chooses for itself, and what it was
// told (0: nothing).
type Quantum struct {
	Block, MinBlock, MaxBlock, ForcedBlock int
	RateHz, ForcedRateHz                   int
	RatesHz                                []int // it may choose among, and be forced to
}

// ReadQuantum asks a running PipeWire, through its program pw-metadata.
func ReadQuantum(ctx context.Context) (Quantum, error) {
	out, err := settings(ctx)
	if err != nil {
		return Quantum{}, err
	}
	var q Quantum
	for _, m := range regexp.MustCompile(`key:'(clock\.[a-z-]+)' value:'([^']*)'`).FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(m[2])
		switch m[1] {
		case "clock.quantum":
			q.Block = n
		case "clock.min-quantum":
			q.MinBlock = n
		case "clock.max-quantum":
			q.MaxBlock = n
		case "clock.force-quantum":
			q.ForcedBlock = n
		case "clock.rate":
			q.RateHz = n
		case "clock.force-rate":
			q.ForcedRateHz = n
		case "clock.allowed-rates":
			for _, f := range strings.FieldsFunc(m[2], func(r rune) bool { return r < '0' || r > '9' }) {
				rate, _ := strconv.Atoi(f)
				q.RatesHz = append(q.RatesHz, rate)
			}
		}
	}
	if q.Block == 0 {
		return q, errors.New("PipeWire: no settings of its clock")
	}
	return q, nil
}

// SetQuantum tells PipeWire a block size for all programs; 0 leaves it to
// PipeWire again.
func SetQuantum(ctx context.Context, frames int) error {
	return force(ctx, "clock.force-quantum", frames, func(q Quantum) int { return q.ForcedBlock })
}

// SetRate tells PipeWire a rate; 0 leaves it to PipeWire again.
func SetRate(ctx context.Context, rateHz int) error {
	return force(ctx, "clock.force-rate", rateHz, func(q Quantum) int { return q.ForcedRateHz })
}

// force sets a key and reads it back.
func force(ctx context.Context, key string, value int, now func(Quantum) int) error {
	if _, err := settings(ctx, "0", key, strconv.Itoa(value)); err != nil {
		return err
	}
	q, err := ReadQuantum(ctx)
	if err == nil && now(q) != value {
		err = fmt.Errorf("PipeWire: %s is %d and not %d", key, now(q), value)
	}
	return err
}

func settings(ctx context.Context, words ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "pw-metadata", append([]string{"-n", "settings"}, words...)...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("pw-metadata is not installed: PipeWire is told through it")
	case err != nil && strings.Contains(string(out), "connect"):
		return "", fmt.Errorf("PipeWire: %w", ErrNoServer)
	case err != nil:
		return "", fmt.Errorf("pw-metadata: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}
