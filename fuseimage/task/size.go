package task

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseSize reads a number of bytes with an optional unit K, M, G or T (of 1024), as Nextflow writes it: 10240M.
func parseSize(text string) (int64, error) {
	number := strings.TrimSpace(strings.ToUpper(text))
	number = strings.TrimSuffix(strings.TrimSuffix(number, "B"), "I")
	shift := 0
	if number != "" {
		if i := strings.IndexByte("KMGT", number[len(number)-1]); i >= 0 {
			shift = 10 * (i + 1)
			number = strings.TrimSpace(number[:len(number)-1])
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is not a size; write a number of bytes or a number with K, M, G or T, such as 10240M", text)
	}
	return n << shift, nil
}

// parseDuration reads a duration such as 20s or 5m, or a plain number of seconds.
func parseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration; write seconds, or a duration such as 20s or 5m", text)
	}
	return d, nil
}
