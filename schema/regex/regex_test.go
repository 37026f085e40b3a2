package regex_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// TestPatterns compiles every pattern of the program: a wrong one would panic where it is first used.
func TestPatterns(t *testing.T) {
	files, patterns := token.NewFileSet(), 0
	for _, dir := range []string{"cmd", "gen", "lint", "schema"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isLazy(call.Fun) {
					patterns++
					compiles(t, files, call)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if patterns < 50 {
		t.Errorf("only %d patterns", patterns)
	}
}

func isLazy(x ast.Expr) bool {
	s, ok := x.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Lazy" {
		return false
	}
	name, ok := s.X.(*ast.Ident)
	return ok && name.Name == "regex"
}

func compiles(t *testing.T, files *token.FileSet, call *ast.CallExpr) {
	defer func() {
		if why := recover(); why != nil {
			t.Errorf("%s: %v", files.Position(call.Pos()), why)
		}
	}()
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		t.Fatalf("%s: the pattern is no literal, so that it cannot be checked", files.Position(call.Pos()))
	}
	pattern, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	regex.Lazy(pattern)()
}
