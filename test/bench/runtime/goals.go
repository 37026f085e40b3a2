package main

import (
	"fmt"
	"io"
)

// A goal is what a measure should reach.
type goal struct {
	id, says string
	met      func(near, far *results) (reached string, ok bool)
}

// verdicts prints each goal that was measured with what was reached.
func (near *results) verdicts(w io.Writer, far *results) {
	fmt.Fprint(w, "\n| goal | aim | reached | |\n|---|---|---|---|\n")
	for _, g := range goals() {
		if from := map[bool]*results{false: near, true: far}[g.id == "G14"]; !near.only.has(g.id) || len(from.clients) == 0 {
			continue
		}
		reached, ok := g.met(near, far)
		verdict := "met"
		if !ok {
			verdict = "missed"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", g.id, g.says, reached, verdict)
	}
}

// part compares a median of one column with that of another.
func (r *results) part(column, id, of, ofID string) float64 {
	a, _, _, _ := r.median(column, id)
	b, _, _, _ := r.median(of, ofID)
	if b == 0 {
		return 0
	}
	return a / b
}

// beside compares our median with the best peer's; above 1 is better than it, whichever way the measure goes.
func (r *results) beside(column, id string) float64 {
	a, _, _, _ := r.median(column, id)
	for _, m := range measures() {
		if m.id == id {
			best, _ := r.peer(m)
			if m.less {
				return best / a
			}
			return a / best
		}
	}
	return 0
}

func goals() []goal {
	both := func(x, y float64, atLeastX, atLeastY float64) (string, bool) {
		return fmt.Sprintf("%.2f and %.2f", x, y), x >= atLeastX && y >= atLeastY
	}
	value := func(r *results, id string, most float64, unit string) (string, bool) {
		a, _, _, _ := r.median("fusion A", id)
		b, _, _, _ := r.median("fusion B", id)
		return fmt.Sprintf("A %s, B %s %s", figure(a), figure(b), unit), max(a, b) <= most
	}
	return []goal{
		{"G1", "at least 0.65 of bare GETs and 1.1 of the best peer (A)", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G1, ceiling, G1), n.beside("fusion A", G1), 0.65, 1.1)
		}},
		{"G2", "A at least 0.85 of the disk, B 0.3", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G2, ceiling, G2), n.part("fusion B", G2, ceiling, G2), 0.85, 0.3)
		}},
		{"G3", "A at least 0.75 of the disk, B 0.35", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G3, ceiling, G3), n.part("fusion B", G3, ceiling, G3), 0.75, 0.35)
		}},
		{"G4", "at least 0.75 of bare ranged GETs, A and B", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G4, ceiling, G4), n.part("fusion B", G4, ceiling, G4), 0.75, 0.75)
		}},
		{"G5", "A at least 0.85 of the disk", func(n, _ *results) (string, bool) {
			x := n.part("fusion A", G5, ceiling, G5)
			return fmt.Sprintf("%.2f", x), x >= 0.85
		}},
		{"G6", "at least 0.92 of a bare multipart upload, A and B", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G6, ceiling, G6), n.part("fusion B", G6, ceiling, G6), 0.92, 0.92)
		}},
		{"G7", "at least 1,500/s; durable at least 0.5 of bare PUTs (A)", func(n, _ *results) (string, bool) {
			x, _, _, _ := n.median("fusion A", G7)
			y := n.part("fusion A", G7durable, ceiling, G7durable)
			return fmt.Sprintf("%s/s and %.2f", figure(x), y), x >= 1500 && y >= 0.5
		}},
		{"G8", "at least bare GETs one by one, A and B", func(n, _ *results) (string, bool) {
			return both(n.part("fusion A", G8, ceiling, G8), n.part("fusion B", G8, ceiling, G8), 1, 1)
		}},
		{"G9", "at most 2.0 bare lists for 1,000 and 1.6 for 10,000 (A)", func(n, _ *results) (string, bool) {
			x, y := n.part("fusion A", G9, ceiling, G9), n.part("fusion A", G9more, ceiling, G9more)
			return fmt.Sprintf("%.2f and %.2f", x, y), x <= 2 && y <= 1.6
		}},
		{"G10", "at most 20 ms", func(n, _ *results) (string, bool) { return value(n, G10, 20, "ms") }},
		{"G11", "at most 128 MiB", func(n, _ *results) (string, bool) { return value(n, G11, 128, "MiB") }},
		{"G12", "at most 1.8 s", func(n, _ *results) (string, bool) { return value(n, G12, 1.8, "s") }},
		{"G13", "at most 120 ms", func(n, _ *results) (string, bool) { return value(n, G13, 120, "ms") }},
		{"G14", "with 20 ms: small files at least 3 of s3fs, streams 1.5 (A)", func(_, f *results) (string, bool) {
			small := min(f.part("fusion A", G8, "s3fs", G8), f.part("fusion A", G7durable, "s3fs", G7durable))
			stream := min(f.part("fusion A", G1, "s3fs", G1), f.part("fusion A", G6, "s3fs", G6))
			return both(small, stream, 3, 1.5)
		}},
		{"G15", "at most 0.6 of copying in and out, 0.8 of the best peer (A)", func(n, _ *results) (string, bool) {
			x, y := n.part("fusion A", G15, ceiling, G15), 1/n.beside("fusion A", G15)
			return fmt.Sprintf("%.2f and %.2f", x, y), x <= 0.6 && y <= 0.8
		}},
	}
}
