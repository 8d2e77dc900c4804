package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/jackgraph/formats"
)

// formatList is the formats for help texts.
func formatList() string {
	var b strings.Builder
	for _, f := range formats.Names() {
		name, about, _ := strings.Cut(f, "\t")
		fmt.Fprintf(&b, "  %-17s %s\n", name, about)
	}
	return b.String()
}

func patchImportCommand(s *streams) *cobra.Command {
	var name, out string
	var force bool
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Turn another program's patch into one of jackknife",
		Long: `Read a file in which another program keeps what is plugged into what, and print
it as a patch, or save it with -o. The format is seen from the file, or given:

` + formatList() + `
Their expressions become rules (re:...). What cannot be taken over is said:
connections of ALSA's sequencer, and expressions with look-around.`,
		Example: `  jackknife patch import studio.ajs -o studio
  jackknife patch import ~/.jack-plumbing
  jackknife patch import --format matchmaker patterns.txt | jackknife patch load -`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			data, err := readAll(s, args[0])
			if err != nil {
				return err
			}
			if name == "" {
				name = formats.Detect(data)
			}
			p, err := formats.Read(name, data)
			if err != nil {
				return formatFailure(fmt.Errorf("%s: %w", shown(args[0]), err))
			}
			for _, n := range p.Notes {
				fmt.Fprintf(s.err, "jackknife: %s: %s\n", shown(args[0]), n)
			}
			text := fmt.Sprintf("# imported from %s\n%s\n", name, strings.Join(p.Lines, "\n"))
			if out == "" {
				_, err := io.WriteString(s.out, text)
				return err
			}
			file, err := patchFile(out)
			if err != nil {
				return err
			}
			if file != out {
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					return err
				}
			}
			if err := vacant(file, args[0], force); err != nil {
				return err
			}
			return writeFile(file, []byte(text), force)
		},
	}
	f := c.Flags()
	f.StringVar(&name, "format", "", "`FORMAT` of the file")
	f.StringVarP(&out, "output", "o", "", "save as `NAME|FILE`")
	f.BoolVarP(&force, "force", "f", false, "replace the patch if it exists")
	c.RegisterFlagCompletionFunc("format", completeFormats)
	return c
}

func patchExportCommand(s *streams) *cobra.Command {
	var r reading
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "export FORMAT [NAME|FILE|-]",
		Short: "Write what is plugged into what for another program",
		Long: `Write the server's connections, or those that a patch makes there, in the format
of another program, to standard output or with -o to a file:

` + formatList() + `
A name that the format cannot hold is an error.`,
		Example: `  jackknife patch export aj-snapshot -o studio.ajs
  jackknife patch export qpwgraph studio > studio.qpwgraph`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := vacant(out, "", force); err != nil {
				return err
			}
			server, err := visitServer()
			if err != nil {
				return err
			}
			g := server.Snapshot()
			server.Close()
			if len(args) == 2 {
				p, err := r.read(s, args[1])
				if err != nil {
					return err
				}
				w := p.Want(g)
				for _, a := range w.Absent {
					fmt.Fprintf(s.err, "jackknife: %s: left out: %s\n", a.Rule.Where(), a.Err)
				}
				g.Connections = w.Makes
				g.Sort()
			}
			var b bytes.Buffer
			if err := formats.Write(&b, args[0], g); err != nil {
				return formatFailure(err)
			}
			if out != "" {
				return writeFile(out, b.Bytes(), force)
			}
			_, err = b.WriteTo(s.out)
			return err
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeFormats(c, args, toComplete)
			}
			return completePatches(c, args[1:], toComplete)
		},
	}
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "`file` to write")
	f.BoolVarP(&force, "force", "f", false, "replace the file if it exists")
	f.StringArrayVarP(&r.vars, "define", "D", nil, "`NAME=TEXT`: a variable, whatever the patch says")
	serverFlag(c)
	return c
}

// maxPatch bounds patches that are read whole, as those of other programs.
const maxPatch = 64 << 20

func readAll(s *streams, name string) ([]byte, error) {
	r := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxPatch+1))
	if err == nil && len(data) > maxPatch {
		err = fmt.Errorf("%s: larger than %d MiB", name, maxPatch>>20)
	}
	return data, err
}

func formatFailure(err error) error {
	if errors.Is(err, formats.ErrFormat) {
		return &failure{code: exitUsage, err: err, hint: "jackknife patch import --help lists the formats"}
	}
	return err
}

func completeFormats(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return formats.Names(), cobra.ShellCompDirectiveNoFileComp
}
