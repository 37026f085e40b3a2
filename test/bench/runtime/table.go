package main

import (
	"fmt"
	"io"
	"slices"
)

// The measures, named after the goals.
const (
	G1        = "G1"
	G2        = "G2"
	G3        = "G3"
	G4        = "G4"
	G5        = "G5"
	G6        = "G6"
	G7        = "G7"
	G7durable = "G7 durable"
	G8        = "G8"
	G9        = "G9"
	G9more    = "G9 10,000"
	G10       = "G10"
	G11       = "G11"
	G12       = "G12"
	G13       = "G13"
	G15       = "G15"
)

// ceiling is the column of bare requests.
const ceiling = "ceiling"

// A measure says how its figures are read.
type measure struct {
	id, what, unit string
	less           bool // is better
}

func measures() []measure {
	return []measure{
		{G1, "cold sequential read", "MiB/s", false},
		{G2, "second read of the same", "MiB/s", false},
		{G3, "cached random reads of 4 KiB", "1/s", false},
		{G4, "cold random reads of 64 KiB", "1/s", false},
		{G5, "write as the program sees it", "MiB/s", false},
		{G6, "write until it is in S3, verified", "MiB/s", false},
		{G7, "create 500 files of 4 KiB (100 with 20 ms)", "1/s", false},
		{G7durable, "the same, until the last is in S3", "1/s", false},
		{G8, "read 1,000 files of 4 KiB, one by one (200 with 20 ms)", "1/s", false},
		{G9, "list and stat 1,000 files", "s", true},
		{G9more, "list and stat 10,000 files", "s", true},
		{G10, "rename a directory of 1,000 new files", "ms", true},
		{G11, "peak resident memory over all of these", "MiB", true},
		{G12, "client's CPU for a cold and a second read of 1 GiB", "s", true},
		{G13, "start, mount, run true, unmount", "ms", true},
		{G15, "a task with 20 inputs and 5 outputs, mount to last byte", "s", true},
	}
}

// results are the figures of a session.
type results struct {
	clients []client
	only    selection
	values  map[string]map[string][]float64 // by column and measure
	unable  map[string]error                // by client: why a peer cannot do a task's work; it is not tried again
}

func newResults(clients []client, only selection) *results {
	return &results{clients, only, map[string]map[string][]float64{}, map[string]error{}}
}

func (r *results) add(column, id string, value float64) {
	if r.values[column] == nil {
		r.values[column] = map[string][]float64{}
	}
	r.values[column][id] = append(r.values[column][id], value)
}

// steps runs the measures that are wanted, in order.
func (r *results) steps(column string, steps []step) error {
	for _, s := range steps {
		if !r.only.has(s.id) {
			continue
		}
		took, err := seconds(s.do)
		if err != nil {
			return fmt.Errorf("%s: %w", s.id, err)
		}
		r.add(column, s.id, s.value(took))
	}
	return nil
}

// median returns the middle, the least and the most; ok is false when nothing was measured.
func (r *results) median(column, id string) (middle, least, most float64, ok bool) {
	sorted := slices.Sorted(slices.Values(r.values[column][id]))
	if len(sorted) == 0 {
		return 0, 0, 0, false
	}
	return sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1], true
}

// peer is the best median of the clients that are not ours.
func (r *results) peer(m measure) (best float64, ok bool) {
	for _, c := range r.clients {
		v, _, _, there := r.median(c.name, m.id)
		if c.ours || !there {
			continue
		}
		if !ok || m.less && v < best || !m.less && v > best {
			best, ok = v, true
		}
	}
	return best, ok
}

func (r *results) table(w io.Writer) {
	fmt.Fprint(w, "| | measure | unit | ceiling |")
	for _, c := range r.clients {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprint(w, " A to ceiling | A to best peer | B to best peer |\n|---|---|---|---|")
	for range r.clients {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w, "---|---|---|")
	for _, m := range measures() {
		if _, _, _, ok := r.median(r.clients[0].name, m.id); !ok {
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |", m.id, m.what, m.unit, r.cell(ceiling, m.id))
		for _, c := range r.clients {
			fmt.Fprintf(w, " %s |", r.cell(c.name, m.id))
		}
		a, _, _, _ := r.median("fusion A", m.id)
		b, _, _, _ := r.median("fusion B", m.id)
		top, _, _, known := r.median(ceiling, m.id)
		best, beside := r.peer(m)
		fmt.Fprintf(w, " %s | %s | %s |\n", ratio(a, top, known), ratio(a, best, beside), ratio(b, best, beside))
	}
	for _, c := range r.clients {
		if err := r.unable[c.name]; err != nil {
			fmt.Fprintf(w, "\nG15 leaves %s out after a run that failed: %v.\n", c.name, err)
		}
	}
}

func (r *results) cell(column, id string) string {
	middle, least, most, ok := r.median(column, id)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s [%s, %s]", figure(middle), figure(least), figure(most))
}

func ratio(a, b float64, ok bool) string {
	if !ok || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}

// figure prints three digits.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
