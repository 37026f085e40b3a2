package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
)

var completionCommand = command{
	name: "completion", args: "bash|zsh|fish", summary: "print a completion script", example: "source <(fusiongen completion bash)",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		return func(ctx context.Context, args []string) error {
			if len(args) != 1 {
				return usageError{"name a shell: bash, zsh or fish"}
			}
			script, ok := completionScript(c, args[0])
			if !ok {
				return usageError{fmt.Sprintf("there is no completion for %q; there is for bash, zsh and fish", args[0])}
			}
			_, err := fmt.Fprint(c.out, script)
			return err
		}
	},
}

// completionScript is made from the command table, so that it cannot lack a command or a flag.
func completionScript(c *cli, shell string) (string, bool) {
	var names []string
	flags := map[string]string{}
	for _, cmd := range c.commands {
		names = append(names, cmd.name)
		flags[cmd.name] = c.flags(cmd)
		for _, sub := range cmd.sub {
			_, verb, _ := strings.Cut(sub.name, " ")
			flags[cmd.name] += " " + verb + c.flags(sub)
		}
		flags[cmd.name] = once(flags[cmd.name])
	}
	all := strings.Join(names, " ")
	var out strings.Builder
	switch shell {
	case "bash", "zsh":
		if shell == "zsh" {
			out.WriteString("autoload -U +X bashcompinit && bashcompinit\n")
		}
		out.WriteString("_fusiongen() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  case ${COMP_WORDS[1]} in\n")
		for _, n := range names {
			if flags[n] != "" {
				fmt.Fprintf(&out, "    %s) words=%q ;;\n", n, strings.TrimSpace(flags[n]))
			}
		}
		fmt.Fprintf(&out, "  esac\n  [ \"$COMP_CWORD\" -gt 1 ] || words=%q\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _fusiongen fusiongen\n", all)
	case "fish":
		fmt.Fprintf(&out, "complete -c fusiongen -n __fish_use_subcommand -a %q\n", all)
		for _, n := range names {
			for f := range strings.FieldsSeq(flags[n]) {
				if !strings.HasPrefix(f, "-") {
					fmt.Fprintf(&out, "complete -c fusiongen -n '__fish_seen_subcommand_from %s' -a %s\n", n, f)
					continue
				}
				option := "-l " + strings.TrimLeft(f, "-")
				if !strings.HasPrefix(f, "--") {
					option = "-s " + strings.TrimLeft(f, "-")
				}
				fmt.Fprintf(&out, "complete -c fusiongen -n '__fish_seen_subcommand_from %s' %s\n", n, option)
			}
		}
	default:
		return "", false
	}
	return out.String(), true
}

// flags are the flags of a command with their dashes, each after a blank.
func (c *cli) flags(cmd command) string {
	if cmd.setup == nil {
		return ""
	}
	text := ""
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	cmd.setup(c, fs)
	fs.VisitAll(func(f *flag.Flag) {
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		text += " " + dashes + f.Name
	})
	return text
}

// once drops words that a text has said before.
func once(text string) string {
	var words []string
	for w := range strings.FieldsSeq(text) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}
