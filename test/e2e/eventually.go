package e2e

import (
	"context"
	"errors"
	"time"
)

// eventually polls until what succeeds or the time is over; it returns the last error.
func eventually(ctx context.Context, limit time.Duration, what func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := what()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
