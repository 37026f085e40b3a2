package account

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// session are temporary credentials of a role.
type session struct {
	role                  *role
	access, secret, token string
	ends                  time.Time
}

// grace is for requests that were signed in time and came late.
const grace = time.Second

// Decision is what a role was told about one action of a request.
type Decision struct {
	Role, Action, Resource string
	Prefix                 string // of a listing
	Allowed                bool
}

// sessions are those that were given, and what they were used for.
type sessions struct {
	mu        sync.Mutex
	byAccess  map[string]session
	begun     map[string]int // by role
	decisions []Decision
}

func (s *sessions) begin(r *role, life time.Duration) session {
	given := session{role: r, access: "ASIA" + rand.Text()[:16], secret: rand.Text(), token: rand.Text(), ends: time.Now().Add(life)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byAccess == nil {
		s.byAccess, s.begun = map[string]session{}, map[string]int{}
	}
	s.byAccess[given.access] = given
	s.begun[r.name]++
	return given
}

// find gives the session of a key while it lives; the token must belong to it.
func (s *sessions) find(access, token string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byAccess[access]
	return found, ok && found.token == token && time.Now().Before(found.ends.Add(grace))
}

func (s *sessions) note(d Decision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decisions = append(s.decisions, d)
}

// Decisions are all so far, in order.
func (a *Account) Decisions() []Decision {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	return slices.Clone(a.sessions.decisions)
}

// Sessions says how often a role was taken.
func (a *Account) Sessions(role string) int {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	return a.sessions.begun[role]
}
