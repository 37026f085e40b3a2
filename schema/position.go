package schema

import "fmt"

// Pos is a place in a file of the user's; Line and Column count from 1, Column in code points. The zero Pos is nowhere.
type Pos struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String is file:line:column, as editors and terminals understand it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Source maps each field path of a spec ("storage.work", "storage.inputs.0", "environments.prod.cluster.region") to
// the position of its value in the user's file.
type Source struct {
	File      string
	Positions map[string]Pos
}

// Pos is the position of the value at path, or of its nearest ancestor that the user wrote.
func (s Source) Pos(path string) Pos {
	for {
		if p, ok := s.Positions[path]; ok {
			return p
		}
		i := lastDot(path)
		if i < 0 {
			return Pos{File: s.File, Line: 1, Column: 1}
		}
		path = path[:i]
	}
}

func lastDot(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			return i
		}
	}
	return -1
}
