package plugin

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/socket"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// registerTime bounds one Register call, in which the kubelet dials back for up to 10 s.
const registerTime = 15 * time.Second

// keepRegistered registers with every kubelet that appears and with one that lost us. It returns when our socket
// has vanished, a restart was asked for, or ctx ended.
func (p *Plugin) keepRegistered(ctx context.Context, s *serving, changed <-chan struct{}) {
	tried := false     // whether any kubelet was asked to take this socket
	var next time.Time // of the next attempt with the same kubelet
	retry := p.newBackoff()
	for {
		if !s.listener.Present() {
			p.Log.Info("our socket was removed; serving anew")
			return
		}
		now := socket.Identify(p.kubelet)
		switch {
		case !now.Exists():
			p.registered.Store(false)
			p.become(stateNoKubelet)
		case now != p.known || !tried:
			if now != p.known && p.known.Exists() {
				p.metrics.kubelets.Inc()
			}
			p.known, tried = now, true
			retry.reset()
			next = p.register(ctx, retry)
		case !p.registered.Load() && !time.Now().Before(next):
			next = p.register(ctx, retry)
		case p.registered.Load() && s.streams.Load() > 0:
			retry.reset()
			p.become(stateServing)
			next = time.Now().Add(p.timing.streamGrace)
		case p.registered.Load() && !time.Now().Before(next):
			p.Log.Warn("the kubelet does not list our devices; registering anew")
			next = p.register(ctx, retry)
		case p.registered.Load():
			p.become(stateNoStream)
		}
		select {
		case <-ctx.Done():
			return
		case <-p.restart:
			p.Log.Info("restarting as asked")
			return
		case <-changed:
		case <-s.moved:
		case <-time.After(min(p.timing.look, max(time.Until(next), p.timing.firstRetry))):
		}
	}
}

// register makes one attempt and returns when the next one is due if this one turns out to be for nothing.
func (p *Plugin) register(ctx context.Context, retry *backoff) time.Time {
	err := p.callRegister(ctx)
	wait := retry.next()
	p.registered.Store(err == nil)
	if err != nil {
		p.metrics.registrations.WithLabelValues("failed").Inc()
		p.Log.Warn("the kubelet did not register us", "error", err, "retry_seconds", wait.Seconds())
		p.become(stateUnregistered)
		return time.Now().Add(wait)
	}
	p.metrics.registrations.WithLabelValues("ok").Inc()
	p.become(stateNoStream)
	p.Log.Info("registered with the kubelet", "resource", p.Resource, "count", p.Count)
	return time.Now().Add(max(wait, p.timing.streamGrace))
}

func (p *Plugin) callRegister(ctx context.Context) error {
	conn, err := dial(p.kubelet)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, registerTime)
	defer cancel()
	_, err = v1beta1.NewRegistrationClient(conn).Register(ctx, &v1beta1.RegisterRequest{
		Version: v1beta1.Version, Endpoint: Socket, ResourceName: p.Resource, Options: &v1beta1.DevicePluginOptions{},
	})
	return err
}

// A backoff doubles its waits, each made up to a quarter longer or shorter so that nodes do not act in step.
type backoff struct{ first, last, wait time.Duration }

func (p *Plugin) newBackoff() *backoff {
	return &backoff{first: p.timing.firstRetry, last: p.timing.lastRetry}
}

func (b *backoff) reset() { b.wait = 0 }

func (b *backoff) next() time.Duration {
	b.wait = min(max(2*b.wait, b.first), b.last)
	return time.Duration(float64(b.wait) * (0.75 + rand.Float64()/2))
}
