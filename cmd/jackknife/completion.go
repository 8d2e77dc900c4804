package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func completionCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell. It completes commands and flags, and
asks the running server for the names of its ports.`,
		Example: `  jackknife completion bash > ~/.local/share/bash-completion/completions/jackknife
  jackknife completion zsh > "${fpath[1]}/_jackknife"
  jackknife completion fish > ~/.config/fish/completions/jackknife.fish`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(c *cobra.Command, args []string) error {
			switch root := c.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(s.out, true)
			case "zsh":
				return root.GenZshCompletion(s.out)
			case "fish":
				return root.GenFishCompletion(s.out, true)
			}
			return fmt.Errorf("no completion for %s", args[0])
		},
	}
}
