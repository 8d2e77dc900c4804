package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jackknife/editor"
)

// sidecarOf is the file beside an output in which it remembers what it was made
// of: its plan, with its own name and hash.
func sidecarOf(out string) string { return out + ".edits" }

// sidecarVacant checks early that the sidecar may be written: it is not there,
// or may be replaced, or is that of an output that is no longer there.
func sidecarVacant(out string, force bool) error {
	name := sidecarOf(out)
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) || force {
		return nil
	}
	if old, err := readPlan(name, nil); err == nil && old.Output.Name != "" {
		if _, err := os.Lstat(out); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return &failure{code: exitFailed, err: fmt.Errorf("%s: exists already; it is where the output would remember its plan", shown(name)), hint: "-f replaces it"}
}

// writeSidecar writes the sidecar of an output that has just been made of a take.
func writeSidecar(ctx context.Context, s *streams, out, takeName string, plan editor.Plan) error {
	text, err := sidecarText(ctx, s, out, takeName, plan)
	if err != nil {
		return err
	}
	return writeFile(sidecarOf(out), text, true)
}

func sidecarText(ctx context.Context, s *streams, out, takeName string, plan editor.Plan) ([]byte, error) {
	made, err := openQuietly(ctx, s, out)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	id, err := editor.Identify(made, out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(out), err)
	}
	plan.Output.Name, plan.Output.Hash = filepath.Base(out), id.Hash
	if plan.Take.Name, err = fromFolder(filepath.Dir(out), takeName); err != nil {
		return nil, fmt.Errorf("%s: %w", shown(takeName), err)
	}
	return plan.Format(), nil
}

// fromFolder is a file's name as seen from a folder.
func fromFolder(folder, name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return "", err
	}
	return filepath.Rel(folder, absolute)
}
