package task

import (
	"path"
	"strings"
)

// A Script is what a task's .command.run says about the task: the block of comments at its head
// (### name, ### container, ### outputs) and the commands that stage its inputs.
type Script struct {
	Name      string
	Container string
	// Declared says that the header lists outputs; without that list every file may be one.
	Declared bool
	Outputs  []string // Java globs relative to the work directory, as the pipeline wrote them
	Inputs   []Input
	// Elsewhere says that the staging commands are in .command.stage, because they are long.
	Elsewhere bool
}

// An Input is one file or directory that the script links or copies into the work directory.
type Input struct {
	Source string // absolute path, or relative to the work directory
	Name   string // relative to the work directory
}

// stagingFile holds the staging commands when they are too long for .command.run.
const stagingFile = ".command.stage"

// ParseScript reads a .command.run or .command.stage. It never fails: what it does not recognise
// it leaves out, and a task without a plan still runs.
func ParseScript(text string) Script {
	var s Script
	block := header{script: &s}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if comment, ok := strings.CutPrefix(line, "###"); ok {
			block.line(comment)
			continue
		}
		for _, words := range commands(line) {
			if input, ok := staged(words); ok {
				s.Inputs = append(s.Inputs, input)
			}
			if len(words) == 2 && path.Base(words[1]) == stagingFile {
				s.Elsewhere = true
			}
		}
	}
	return s
}

// header reads the block between "### ---" and "### ...". It looks like YAML, but quotes inside
// quoted values are not escaped, so a YAML parser refuses names that occur.
type header struct {
	script  *Script
	inside  bool
	done    bool
	section string // the key whose list is being read
}

func (h *header) line(comment string) {
	text := strings.TrimSpace(comment)
	switch {
	case h.done:
	case !h.inside:
		h.inside = text == "---"
	case text == "...":
		h.done = true
	case strings.HasPrefix(text, "- "):
		if h.section == "outputs" {
			h.script.Outputs = append(h.script.Outputs, unquote(text[2:]))
		}
	default:
		key, value, _ := strings.Cut(text, ":")
		h.section = key
		switch key {
		case "name":
			h.script.Name = unquote(value)
		case "container":
			h.script.Container = unquote(value)
		case "outputs":
			h.script.Declared = true
		}
	}
}

func unquote(value string) string {
	value = strings.TrimSpace(value)
	if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return value[1 : len(value)-1]
	}
	return value
}

// staged recognises the commands by which Nextflow brings inputs in: ln -s, ln -sfn, ln -f, ln, cp -fRL.
func staged(words []string) (Input, bool) {
	if len(words) < 3 || words[0] != "ln" && words[0] != "cp" {
		return Input{}, false
	}
	var operands []string
	for _, word := range words[1:] {
		if !strings.HasPrefix(word, "-") {
			operands = append(operands, word)
		}
	}
	if len(operands) != 2 || path.IsAbs(operands[1]) || strings.ContainsAny(strings.Join(operands, ""), "$`") {
		return Input{}, false
	}
	input := Input{Source: operands[0], Name: operands[1]}
	if words[0] == "ln" && !path.IsAbs(input.Source) {
		// A relative symbolic link is resolved from its own directory.
		input.Source = path.Join(path.Dir(input.Name), input.Source)
	}
	return input, true
}
