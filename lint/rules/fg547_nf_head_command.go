package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfHeadCommand = lint.Rule{
	ID: "FG547", Slug: "nf-head-command", Severity: lint.Error, Since: "0.1",
	Summary: "the head's command line is none that Nextflow takes",
	Check:   checkHeadCommand,
}

// nextflowOptions are those that stand before Nextflow's command and take a value, runOptions those of nextflow run. Source: Nextflow
// 26.04, Launcher.groovy and CmdRun.groovy.
var (
	nextflowOptions = []string{"-C", "-c", "-config", "-log", "-remote-debug", "-trace"}
	runOptions      = []string{"-w", "-work-dir", "-bucket-dir", "-o", "-output-dir", "-profile", "-r", "-revision", "-params-file", "-name", "-entry", "-main-script", "-hub", "-user", "-lib",
		"-c", "-config", "-C", "-plugins", "-poll-interval", "-pi", "-pool-size", "-ps", "-queue-size", "-qs", "-d", "-deep"}
	nextflowCommands = []string{"auth", "clean", "clone", "config", "console", "drop", "fs", "help", "info", "inspect", "kuberun", "launch", "lineage", "li", "lint", "list", "log", "module", "node",
		"plugin", "pull", "run", "secrets", "self-update", "view"}
)

func checkHeadCommand(set *lint.Setup, report *lint.Reporter) {
	for _, h := range headContainers(set) {
		words := arguments(h.Container)
		if slices.ContainsFunc(words, func(n *lint.Node) bool { return !n.Known() }) {
			continue
		}
		official := nextflows(h.Container)
		at := orNode(orNode(h.Container.Get("command"), h.Container.Get("args")), h.Container.Get("name"))
		switch {
		case len(words) > 0 && path.Base(words[0].Value) == "nextflow":
			checkNextflowWords(report, h, at, words[1:])
		case official && len(words) == 0:
			report.At(at, "write command: [nextflow, run, PIPELINE]", "%s has no command line: Nextflow prints its help and ends", h.ID())
		case official && (startsLikeNextflow(words) || strings.HasPrefix(path.Base(words[0].Value), "nextflow")):
			report.At(words[0], "begin with nextflow", "%s starts the program %s, which the image does not have: its container never runs", h.ID(), words[0].Value)
		}
	}
}

// startsLikeNextflow says whether the words were meant to follow nextflow: an option or a command of its, or a pipeline.
func startsLikeNextflow(words []*lint.Node) bool {
	first := words[0].Value
	return strings.HasPrefix(first, "-") || slices.Contains(nextflowCommands, first) || strings.Contains(first, "://")
}

// checkNextflowWords follows a command line as Nextflow does.
func checkNextflowWords(report *lint.Reporter, h head, at *lint.Node, words []*lint.Node) {
	const ends = "Nextflow ends at once"
	for len(words) > 0 && strings.HasPrefix(words[0].Value, "-") {
		skip := 1
		if slices.Contains(nextflowOptions, words[0].Value) {
			skip = 2
		}
		words = words[min(skip, len(words)):]
	}
	if len(words) == 0 {
		report.At(at, "write nextflow run PIPELINE", "%s gives Nextflow no command: %s", h.ID(), ends)
		return
	}
	if command := words[0].Value; !slices.Contains(nextflowCommands, command) && !strings.Contains(command, ":") || strings.Contains(command, "/") {
		report.At(words[0], "write run, or another command of Nextflow's", "%s gives Nextflow the command %s, which it does not have: %s", h.ID(), command, ends)
		return
	}
	if words[0].Value == "run" {
		checkRunWords(report, h, words[0], words[1:])
	}
}

func checkRunWords(report *lint.Reporter, h head, at *lint.Node, words []*lint.Node) {
	pipeline := false
	for i := 0; i < len(words); i++ {
		word := words[i].Value
		value := slices.Contains(runOptions, word) || strings.HasPrefix(word, "--") && !strings.Contains(word, "=") && i+1 < len(words) && !strings.HasPrefix(words[i+1].Value, "-")
		switch {
		case value && i+1 >= len(words):
			report.At(words[i], "write its value behind it", "the option %s of %s has no value: Nextflow ends at once", word, h.ID())
			return
		case value:
			i++
		case !strings.HasPrefix(word, "-"), word == "-":
			pipeline = true
		}
	}
	if !pipeline {
		report.At(at, "write the pipeline behind run", "%s runs no pipeline: Nextflow ends at once", h.ID())
	}
}
