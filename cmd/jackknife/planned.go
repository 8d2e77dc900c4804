package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jackknife/editor"
	"jackknife/wav"
)

// openPlanned opens the take of a plan: the file that is given, or the one that
// the plan names, in this folder or in the plan's. Another take than the plan's
// is refused.
func openPlanned(ctx context.Context, s *streams, plan *editor.Plan, planFile, given string) (_ *wav.Reader, name string, err error) {
	name = given
	if name == "" {
		name = plan.Take.Name
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(name) && planFile != "-" {
			name = filepath.Join(filepath.Dir(planFile), name)
		}
	}
	if name == "-" && planFile == "-" {
		return nil, name, usagef("the plan and the take cannot both be standard input")
	}
	take, err := openTake(ctx, s, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, name, &failure{code: exitFailed, err: err, hint: "--take says where the take is now"}
	}
	if err != nil {
		return nil, name, err
	}
	id, err := editor.Identify(take, name)
	if err != nil {
		err = fmt.Errorf("%s: %w", shown(name), err)
	} else if why := plan.Take.Differs(id); why != "" {
		err = fmt.Errorf("%s: another take than the plan's: %s", shown(name), why)
	}
	if err != nil {
		take.Close()
		return nil, name, err
	}
	return take, name, nil
}
