package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/fusiongen/fusiongen/gen/account"
	"github.com/fusiongen/fusiongen/schema"
)

var iamPlanCommand = command{
	name: "iam plan", args: "SPEC", summary: "show what apply would change in the account",
	example: "AWS_PROFILE=research fusiongen iam plan spec.cue",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		t := live(c, fs)
		fs.BoolVar(&t.opts.Adopt, "adopt", false, "take over roles that are not marked as ours")
		return func(ctx context.Context, args []string) error {
			if err := t.open(ctx, args); err != nil {
				return err
			}
			changes, notes, err := t.account.Plan(ctx, t.ws, t.opts)
			if err != nil {
				return err
			}
			return t.show(changes, notes)
		}
	},
}

var iamApplyCommand = command{
	name: "iam apply", args: "SPEC", summary: "make the roles what the spec says",
	example: "fusiongen iam apply spec.cue\nfusiongen iam apply --yes --env prod spec.cue",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		t := live(c, fs)
		fs.BoolVar(&t.opts.Adopt, "adopt", false, "take over roles that are not marked as ours")
		yes := fs.Bool("yes", false, "do not ask")
		return func(ctx context.Context, args []string) error {
			if err := t.open(ctx, args); err != nil {
				return err
			}
			changes, notes, err := t.account.Plan(ctx, t.ws, t.opts)
			if err != nil {
				return err
			}
			return t.make(ctx, changes, notes, *yes, func(done func(account.Change)) error {
				return t.account.Apply(ctx, t.ws, t.opts, done)
			})
		}
	},
}

var iamDeleteCommand = command{
	name: "iam delete", args: "SPEC", summary: "delete the roles that are ours",
	example: "fusiongen iam delete spec.cue",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		t := live(c, fs)
		yes := fs.Bool("yes", false, "do not ask")
		return func(ctx context.Context, args []string) error {
			if err := t.open(ctx, args); err != nil {
				return err
			}
			changes, notes, err := t.account.PlanDelete(ctx, t.ws)
			if err != nil {
				return err
			}
			return t.make(ctx, changes, notes, *yes, func(done func(account.Change)) error {
				return t.account.Delete(ctx, t.ws, done)
			})
		}
	},
}

// liveCommand is what the commands on the account share.
type liveCommand struct {
	*cli
	env     *string
	opts    account.Options
	ws      *schema.Workspace
	account *account.Account
}

func live(c *cli, fs *flag.FlagSet) *liveCommand {
	return &liveCommand{cli: c, env: fs.String("env", "", "the one `ENVIRONMENT` that is meant")}
}

// open loads the spec, then signs in: a wrong spec needs no credentials to be found.
func (t *liveCommand) open(ctx context.Context, args []string) (err error) {
	if t.ws, err = t.workspace(args, *t.env); err != nil {
		return err
	}
	t.account, err = account.Open(ctx, t.ws)
	return err
}

// show prints a plan: data goes to stdout, what is said about it to stderr.
func (t *liveCommand) show(changes []account.Change, notes []string) error {
	for _, n := range notes {
		t.note(n)
	}
	if len(changes) == 0 {
		fmt.Fprintln(t.err, "fusiongen: nothing to change")
	}
	for _, c := range changes {
		if _, err := fmt.Fprintln(t.out, c.What); err != nil {
			return err
		}
		for _, d := range c.Detail {
			if _, err := fmt.Fprintln(t.out, "  "+d); err != nil {
				return err
			}
		}
	}
	return nil
}

// make shows a plan, asks, and does it.
func (t *liveCommand) make(ctx context.Context, changes []account.Change, notes []string, yes bool, do func(func(account.Change)) error) error {
	if err := t.show(changes, notes); err != nil || len(changes) == 0 {
		return err
	}
	if !yes {
		if err := t.agree(ctx, fmt.Sprintf("Make these %s in the account %s?", plural(len(changes), "change"), t.account.ID)); err != nil {
			return err
		}
	}
	n := 0
	err := do(func(c account.Change) {
		n++
		fmt.Fprintln(t.err, "fusiongen: done:", c.What)
	})
	if err != nil && n > 0 {
		return fmt.Errorf("%w; %s made, and running the same command again goes on from there", err, wasOrWere(n))
	}
	var failure *account.Failure
	if errors.As(err, &failure) && failure.Code == "" {
		return fmt.Errorf("%w; it may have been made all the same, and running the same command again goes on from what there is", err)
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	return nil
}

func wasOrWere(n int) string {
	if n == 1 {
		return "1 change was"
	}
	return fmt.Sprintf("%d changes were", n)
}

// agree asks a person; where nobody can answer, it is an error.
func (t *liveCommand) agree(ctx context.Context, question string) error {
	in, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return usageError{"nobody can be asked, because standard input is no terminal; --yes goes ahead without asking"}
	}
	fmt.Fprint(t.err, question+" Type yes: ")
	answer := make(chan string, 1)
	go func() { answer <- line(in) }() // a read from a terminal cannot be interrupted
	select {
	case <-ctx.Done():
		return ctx.Err()
	case text := <-answer:
		if text != "yes" {
			return usageError{"not agreed; nothing was changed"}
		}
		return nil
	}
}

// line reads up to the end of the line, byte for byte, so that nothing after it is lost.
func line(in io.Reader) string {
	var text strings.Builder
	for b := []byte{0}; ; {
		if n, err := in.Read(b); n == 0 || err != nil || b[0] == '\n' {
			return strings.TrimSpace(text.String())
		}
		text.Write(b)
	}
}
