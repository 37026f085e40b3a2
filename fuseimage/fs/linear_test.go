package fs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"golang.org/x/sys/unix"
)

// A nameOp is one operation on a name of a small directory; its output is an errno and, for a read, what was there.
type nameOp struct {
	kind     string // create, unlink, rename, link, read
	from, to string
	id       string // content that create writes
}

type nameResult struct {
	errno syscall.Errno
	id    string
}

// names is the model: which content each name has. As a state it is compared, so it is an array.
var linearNames = [3]string{"a", "b", "c"}

type nameState [3]string

func (s nameState) at(name string) int {
	for i, n := range linearNames {
		if n == name {
			return i
		}
	}
	panic(name)
}

// nameModel says what the operations do, one after another.
var nameModel = porcupine.Model{
	Init: func() any { return nameState{} },
	Step: func(state, input, output any) (bool, any) {
		s, op, out := state.(nameState), input.(nameOp), output.(nameResult)
		from := s.at(op.from)
		switch op.kind {
		case "create": // exclusively
			if s[from] != "" {
				return out.errno == unix.EEXIST, s
			}
			s[from] = op.id
		case "unlink":
			if s[from] == "" {
				return out.errno == unix.ENOENT, s
			}
			s[from] = ""
		case "rename":
			if s[from] == "" {
				return out.errno == unix.ENOENT, s
			}
			if to := s.at(op.to); s[from] != s[to] { // else two names of one file: nothing happens
				s[to], s[from] = s[from], ""
			}
		case "link":
			to := s.at(op.to)
			if s[from] == "" {
				return out.errno == unix.ENOENT, s
			}
			if s[to] != "" {
				return out.errno == unix.EEXIST, s
			}
			s[to] = s[from]
		case "read":
			if s[from] == "" {
				return out.errno == unix.ENOENT, s
			}
			return out.errno == 0 && out.id == s[from], s
		}
		return out.errno == 0, s
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
}

// TestLinearizable: operations of several processes on the same names happen one after another, each at a moment
// between its call and its return.
func TestLinearizable(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		for round := range 20 {
			dir := fmt.Sprintf("%s/round%d", m.Work, round)
			mkdir(t, dir)
			history := concurrently(dir, 4, 12, uint64(round))
			if !porcupine.CheckOperations(nameModel, history) {
				for _, op := range history {
					t.Logf("client %d, %d to %d: %s", op.ClientId, op.Call, op.Return, nameModel.DescribeOperation(op.Input, op.Output))
				}
				t.Fatal("no order of these operations explains their results")
			}
		}
		m.sync()
	})
}

// concurrently lets clients do random operations on the names in dir.
func concurrently(dir string, clients, each int, seed uint64) []porcupine.Operation {
	var (
		mu      sync.Mutex
		history []porcupine.Operation
		wg      sync.WaitGroup
		began   = time.Now()
	)
	for c := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(c)))
			for i := range each {
				op := nameOp{
					kind: []string{"create", "create", "unlink", "rename", "link", "read"}[r.IntN(6)],
					from: linearNames[r.IntN(3)], to: linearNames[r.IntN(3)], id: fmt.Sprintf("%d.%d", c, i),
				}
				call := time.Since(began)
				result := op.do(dir)
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: c, Input: op, Call: int64(call), Output: result, Return: int64(time.Since(began))})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return history
}

// do carries out the operation. What create makes is complete from the start: a link to a file written elsewhere.
func (op nameOp) do(dir string) nameResult {
	from, to := dir+"/"+op.from, dir+"/"+op.to
	switch op.kind {
	case "create":
		tmp := dir + "/.new" + op.id
		if err := os.WriteFile(tmp, []byte(op.id), 0o644); err != nil {
			return nameResult{errno: errno(err)}
		}
		defer os.Remove(tmp)
		return nameResult{errno: errno(unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, from, unix.RENAME_NOREPLACE))}
	case "unlink":
		return nameResult{errno: errno(unix.Unlink(from))}
	case "rename":
		return nameResult{errno: errno(unix.Rename(from, to))}
	case "link":
		return nameResult{errno: errno(unix.Link(from, to))}
	}
	data, err := os.ReadFile(from)
	return nameResult{errno: errno(err), id: string(data)}
}
