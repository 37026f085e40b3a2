package object

import "context"

// CopyInParts is Copy with limits that a test can reach.
func (c *Client) CopyInParts(ctx context.Context, from Info, to Key, most, part int64) (Info, error) {
	return c.copy(ctx, from, to, PutOptions{}, most, part)
}
