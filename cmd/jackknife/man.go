package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
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
			_, err := s.out.Write(md2man.Render(manual(c.Root())))
			return err
		},
	}
}

// manual is the manual page as Markdown in go-md2man's dialect.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%% JACKKNIFE 1 \"\" \"jackknife %s\" \"User Commands\"\n\n", root.Version)
	fmt.Fprintf(&b, "# NAME\n\njackknife - %s\n\n", lowerFirst(root.Short))
	fmt.Fprintf(&b, "# SYNOPSIS\n\n**jackknife** *COMMAND* [*ARGUMENT*...]\n\n")
	fmt.Fprintf(&b, "# DESCRIPTION\n\n%s\n\n", root.Long)
	fmt.Fprintf(&b, "# COMMANDS\n\n")
	for _, c := range tableOf(root) {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", escapeMarkdown(strings.TrimPrefix(c.UseLine(), "jackknife ")), escapeMarkdown(c.Long))
		manFlags(&b, c.NonInheritedFlags())
		if c.Example != "" {
			fmt.Fprintf(&b, "Example:\n\n```\n%s\n```\n\n", c.Example)
		}
	}
	if root.PersistentFlags().HasFlags() {
		fmt.Fprintf(&b, "# OPTIONS OF EVERY COMMAND\n\n")
		manFlags(&b, root.PersistentFlags())
	}
	return b.Bytes()
}

func manFlags(w io.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		if f.Shorthand != "" {
			fmt.Fprintf(w, "**-%s**, ", f.Shorthand)
		}
		fmt.Fprintf(w, "**--%s**", f.Name)
		if name != "" {
			fmt.Fprintf(w, " *%s*", escapeMarkdown(name))
		}
		fmt.Fprintf(w, "\n: %s\n\n", escapeMarkdown(usage))
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

func escapeMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "[", `\[`, "]", `\]`).Replace(s)
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
