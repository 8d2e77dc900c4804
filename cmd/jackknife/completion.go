package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func completionCommand(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell. It completes commands and flags, and
asks the running server for the names of its ports, which come quoted as the shell
wants them.`,
		Example: `  jackknife completion bash > ~/.local/share/bash-completion/completions/jackknife
  jackknife completion zsh > "${fpath[1]}/_jackknife"
  jackknife completion fish > ~/.config/fish/completions/jackknife.fish`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(c *cobra.Command, args []string) error {
			var script bytes.Buffer
			switch root := c.Root(); args[0] {
			case "bash":
				_, err := io.WriteString(s.out, bashCompletion)
				return err
			case "zsh":
				if err := root.GenZshCompletion(&script); err != nil {
					return err
				}
				return amended(s.out, script.String(), zshSplit, zshKept, zshWords, zshUnquoted, zshColon, zshBackslash)
			default:
				if err := root.GenFishCompletion(&script, true); err != nil {
					return err
				}
				return amended(s.out, script.String(), fishWords, fishUnquoted)
			}
		},
	}
}

// cobra's scripts give the program the words as they were typed, with
// backslashes and half a pair of quotes, and cut at spaces; names of ports need
// them whole and unquoted.
const (
	zshSplit     = `words=("${=words[1,CURRENT]}")`
	zshKept      = `words=("${(@)words[1,CURRENT]}")`
	zshWords     = `${words[2,-1]}`
	zshUnquoted  = `${(j: :)${(@qq)${(@Q)words[2,-2]}}} ${words[-1]:+${(qq)${(Q):-$words[-1]$compstate[quote]}}}`
	zshColon     = `comp=${comp//:/\\:}`
	zshBackslash = `comp=${comp//\\/\\\\} ` + zshColon // or _describe takes it for its own
	fishWords    = `(string escape -- (commandline -ct))`
	fishUnquoted = `(string escape -- (string unescape -- (commandline -ct); or string unescape -- (commandline -ct)"'"; or string unescape -- (commandline -ct)'"'))`
)

// amended writes a script with pieces replaced, each by the one after it.
func amended(w io.Writer, script string, pieces ...string) error {
	for i := 0; i < len(pieces); i += 2 {
		if !strings.Contains(script, pieces[i]) {
			return fmt.Errorf("the completion script is not as it was: no %s", pieces[i])
		}
		script = strings.ReplaceAll(script, pieces[i], pieces[i+1])
	}
	_, err := io.WriteString(w, script)
	return err
}

// bashCompletion asks the program as cobra's own script does (__complete, whose
// last line is a set of bits), but takes quotes off what was typed, puts
// backslashes before what the shell would take for its own in a name, and heeds
// that readline begins a new word after a colon and an equals sign.
const bashCompletion = `# bash completion for jackknife

_jackknife() {
	# The word to complete as it was typed, without its quotes, and where its last quote
	# begins; the words before it without quotes.
	local line=${COMP_LINE:0:COMP_POINT} typed= plain= quote= c i
	local -i opened=0
	local -a asked=()
	for ((i = 0; i < ${#line}; i++)); do
		c=${line:i:1}
		case $quote$c in
		' ' | $'\t') [[ -n $typed ]] && asked+=("$plain"); typed= plain= opened=0; continue ;;
		\\?*) plain+=$c quote= ;;
		\"\\[\"\\\$$'\x60']) plain+=$c quote=\" ;;
		\"\\?*) plain+=\\$c quote=\" ;;
		\'\' | \"\") quote= ;;
		\"\\) quote+=$c ;;
		\'?* | \"?*) plain+=$c ;;
		\\ | \' | \") quote=$c opened=${#typed}+1 ;;
		*) plain+=$c ;;
		esac
		typed+=$c
	done
	asked=("${asked[@]:1}")

	local -a found=() about=()
	local bits=0 reply
	while IFS= read -r reply; do
		case $reply in
		:[0-9]*) bits=${reply#:} ;;
		_activeHelp_*) ;;
		*) found+=("${reply%%$'\t'*}") about+=("${reply#"${reply%%$'\t'*}"}") ;;
		esac
	done < <("$1" __complete "${asked[@]}" "$plain" 2>/dev/null)
	((bits & 1)) && return
	((bits & 2)) && compopt -o nospace

	COMPREPLY=()
	if ((bits & 8)); then
		compopt -o filenames
		local IFS=$'\n'
		COMPREPLY=($(compgen -d -- "$plain"))
		for c in "${found[@]}"; do
			COMPREPLY+=($(compgen -f -X "!*.$c" -- "$plain"))
		done
		return
	fi
	# What readline takes for the word begins after the last of these.
	local head=
	if [[ $typed == [\'\"]* ]]; then
		head=${typed:1:opened-1}
	else
		head=${typed%"${typed##*[:=]}"}
		[[ $COMP_WORDBREAKS == *:* ]] || head=
	fi
	for i in "${!found[@]}"; do
		c=${found[i]}
		[[ $c == "$plain"* ]] || continue
		case $typed in
		\'*) c=${c//\'/\'\\\'\'} ;;
		\"*)
			c=${c//\\/\\\\} c=${c//\"/\\\"} c=${c//\$/\\\$}
			c=${c//$'\x60'/\\$'\x60'}
			;;
		*) printf -v c %q "$c" ;;
		esac
		COMPREPLY+=("${c#"$head"}")
		((${#about[i]} && COMP_TYPE == 63)) && COMPREPLY[-1]+="  (${about[i]#$'\t'})"
	done
	if ((${#COMPREPLY[@]} == 1 && COMP_TYPE == 63)); then
		COMPREPLY=("${COMPREPLY[0]%%  (*}")
	fi
	((${#COMPREPLY[@]} || bits & 4)) || compopt -o bashdefault -o default
	((bits & 32)) && compopt -o nosort
}

complete -F _jackknife jackknife
`
