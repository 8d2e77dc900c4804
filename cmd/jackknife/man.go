package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func manCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `Print the manual page, in roff, made from the same table as --help.
With make install it is where man(1) finds it.`,
		Example: `  jackknife man | man -l -`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			_, err := s.out.Write(manual(c.Root()))
			return err
		},
	}
}

// manual is the manual page in roff, after man(7).
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH JACKKNIFE 1 \"\" \"jackknife %s\" \"User Commands\"\n", root.Version)
	fmt.Fprintf(&b, ".SH NAME\njackknife \\- %s\n", lowerFirst(root.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B jackknife\n.I COMMAND\n[\\fIARGUMENT\\fR...]\n")
	fmt.Fprintf(&b, ".SH DESCRIPTION\n")
	manText(&b, root.Long)
	fmt.Fprintf(&b, ".SH COMMANDS\n")
	for _, c := range tableOf(root) {
		fmt.Fprintf(&b, ".SS %s\n", roff(strings.TrimPrefix(c.UseLine(), "jackknife ")))
		manText(&b, c.Long)
		manFlags(&b, c.NonInheritedFlags())
		if c.Example != "" {
			fmt.Fprintf(&b, ".PP\nExample:\n")
			manText(&b, c.Example)
		}
	}
	if root.PersistentFlags().HasFlags() {
		fmt.Fprintf(&b, ".SH OPTIONS OF EVERY COMMAND\n")
		manFlags(&b, root.PersistentFlags())
	}
	return b.Bytes()
}

// manText writes paragraphs; lines that begin with a space stay as they are.
func manText(w io.Writer, text string) {
	fmt.Fprintln(w, ".PP")
	kept := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if keep := strings.HasPrefix(line, " "); keep != kept && line != "" {
			kept = keep
			fmt.Fprintln(w, map[bool]string{true: ".RS 2\n.nf", false: ".fi\n.RE\n.PP"}[kept])
		}
		switch {
		case line != "":
			fmt.Fprintln(w, roff(strings.TrimPrefix(line, "  ")))
		case kept:
			fmt.Fprintln(w)
		default:
			fmt.Fprintln(w, ".PP")
		}
	}
	if kept {
		fmt.Fprintln(w, ".fi\n.RE")
	}
}

func manFlags(w io.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		fmt.Fprintln(w, ".TP")
		if f.Shorthand != "" {
			fmt.Fprintf(w, "\\fB\\-%s\\fR, ", f.Shorthand)
		}
		fmt.Fprintf(w, "\\fB\\-\\-%s\\fR", roff(f.Name))
		if name != "" {
			fmt.Fprintf(w, " \\fI%s\\fR", roff(name))
		}
		switch f.DefValue {
		case "", "false", "0", "0s", "[]":
		default:
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(w, "\n%s\n", roff(usage))
	})
}

// tableOf lists the commands a user sees, subcommands behind their parent.
func tableOf(c *cobra.Command) []*cobra.Command {
	var t []*cobra.Command
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() || sub.Name() == "help" {
			continue
		}
		if sub.Runnable() {
			t = append(t, sub)
		}
		t = append(t, tableOf(sub)...)
	}
	return t
}

// roff writes a line so that none of it is a request or an escape, and hyphens can
// be copied.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
