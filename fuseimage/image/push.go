package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Remote says how registries are talked to. Credentials come from Docker's configuration and its helpers.
type Remote struct {
	Transport http.RoundTripper       // nil: the default
	Backoff   remote.Backoff          // zero: three tries, a second apart and more
	Progress  func(done, total int64) // bytes; nil: not told
}

// Push sends the index, its images and its bills of materials; the tag is set last, when all that it names is there.
// What the registry has already is not sent again. It returns the digest reference.
func (r Remote) Push(ctx context.Context, b *Built, ref name.Tag) (name.Digest, error) {
	digest, err := b.Index.Digest()
	if err != nil {
		return name.Digest{}, err
	}
	pinned := ref.Context().Digest(digest.String())
	steps := []func([]remote.Option) error{
		func(o []remote.Option) error {
			return r.watched(func(o []remote.Option) error { return remote.WriteIndex(pinned, b.Index, o...) }, o)
		},
	}
	for _, bom := range b.SBOMs {
		steps = append(steps, func(o []remote.Option) error {
			d, err := bom.Manifest.Digest()
			if err != nil {
				return err
			}
			return remote.Write(ref.Context().Digest(d.String()), bom.Manifest, o...)
		})
	}
	steps = append(steps, func(o []remote.Option) error { return remote.Tag(ref, b.Index, o...) })
	for _, step := range steps {
		if err := step(r.options(ctx)); err != nil {
			return name.Digest{}, pushError(ref, err)
		}
	}
	return pinned, nil
}

func (r Remote) options(ctx context.Context) []remote.Option {
	o := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithUserAgent("fuseimage")}
	if r.Transport != nil {
		o = append(o, remote.WithTransport(r.Transport))
	}
	if r.Backoff == (remote.Backoff{}) {
		r.Backoff = remote.Backoff{Duration: time.Second, Factor: 3, Jitter: 0.1, Steps: 3}
	}
	// 401 and 403 are answers; these pass.
	return append(o, remote.WithRetryBackoff(r.Backoff), remote.WithRetryStatusCodes(408, 429, 499, 500, 502, 503, 504, 522))
}

// watched runs one write and passes its progress on.
func (r Remote) watched(write func([]remote.Option) error, o []remote.Option) error {
	if r.Progress == nil {
		return write(o)
	}
	updates := make(chan v1.Update, 64) // unbuffered, the writer would wait for us; it closes the channel
	done := make(chan struct{})
	go func() {
		defer close(done)
		for u := range updates {
			r.Progress(u.Complete, u.Total)
		}
	}()
	err := write(append(o, remote.WithProgress(updates)))
	<-done
	return err
}

// pushError says what to do about the usual refusals.
func pushError(ref name.Reference, err error) error {
	var refused *transport.Error
	if errors.As(err, &refused) && (refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden) {
		return fmt.Errorf("%s refuses the push (%d); log in to %s first, for example with docker login or a credential helper", ref.Context(), refused.StatusCode, ref.Context().RegistryStr())
	}
	return fmt.Errorf("push to %s: %w", ref, err)
}
