package upload

import (
	"log/slog"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A Policy classes a key. It is asked when a wish is made, at Flush and before the work begins, so it may change its
// mind; it must be quick and not call the queue. Keep applies to Stored content only.
type Policy func(key object.Key) Class

// Options of a Queue; the zero value is usable.
type Options struct {
	Tags    Tags          // see ParseTags
	Policy  Policy        // default: Output for all
	Delay   time.Duration // a new wish is not begun before, so that a replacing one saves it; default 1s
	Workers int           // keys in work at the same time, default 32
	Stall   time.Duration // Flush gives up after so long without progress, default 300s
	Log     *slog.Logger  // default slog.DiscardHandler

	// Done, when not nil, is called once for each wish that came true, outside of any lock, with what S3 now holds
	// (zero Info after Gone). The wish may have been replaced meanwhile. The queue has given its references to the
	// content back; Flush and Cancel wait for Done, so it must call neither.
	Done func(key object.Key, c Content, info object.Info)
}
