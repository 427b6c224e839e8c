package session

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A AccountRoles is an account with the roles that the session may take in it, sorted
// by name.
type AccountRoles struct {
	Account
	Roles []string
}

// KnownInventory is what the last discovery has left on this machine, without any
// network and sorted by name: for names and completion. at is when the last
// complete discovery ended or, where there has been none, when the last one
// stopped. What a later one found before it was interrupted is in there too;
// accounts whose roles nobody has asked for yet are not.
func (c *Client) KnownInventory(sso SSOSession) (inventory []AccountRoles, at time.Time, ok bool) {
	s, ok := c.readInventory(sso)
	if !ok {
		return nil, time.Time{}, false
	}
	at = s.complete
	if at.IsZero() {
		at = s.saved
	}
	inventory = s.list(func(a *accountState) bool { return a.known })
	return inventory, at, len(inventory) > 0 || !s.complete.IsZero()
}

// A inventory is what discoveries have brought to light of a portal: all of the
// one under way, and of the one before it what has not been seen anew yet.
type inventory struct {
	session     string    // whose it is: a mark of the token that it is made with
	begun       time.Time // tells one run from another
	interrupted bool      // the run has not come to its end
	listed      bool      // the run knows every account there is
	saved       time.Time
	complete    time.Time // when a run last came to its end; zero: never
	accounts    map[string]*accountState
	roles       map[string]string // each name once, whoever many accounts have it
}

type accountState struct {
	Account
	roles  []string
	known  bool // the roles are the account's, or were at an earlier run
	listed bool // they were asked for in this run
	seen   bool // this run was told of the account
}

// role shares the text of a name among the accounts that have it.
func (s *inventory) role(name string) string {
	if known, ok := s.roles[name]; ok {
		return known
	}
	name = strings.Clone(name)
	s.roles[name] = name
	return name
}

func (s *inventory) list(which func(*accountState) bool) []AccountRoles {
	inventory := make([]AccountRoles, 0, len(s.accounts))
	for _, a := range s.accounts {
		if which(a) {
			inventory = append(inventory, AccountRoles{a.Account, slices.Clone(a.roles)})
		}
	}
	slices.SortFunc(inventory, func(a, b AccountRoles) int { return byName(a.Account, b.Account) })
	return inventory
}

// A survey is kept in several files, none of which outgrows what the cache
// takes: a head, and parts that can be read each for itself, since another
// process may be replacing them.
type inventoryHead struct {
	Session  string    `json:"session"`
	Begun    time.Time `json:"begun"`
	Open     bool      `json:"open,omitempty"`
	Listed   bool      `json:"listed,omitempty"`
	Saved    time.Time `json:"saved"`
	Complete time.Time `json:"complete,omitzero"`
	Parts    int       `json:"parts"`
}

type inventoryPart struct {
	Begun    time.Time       `json:"begun"` // of the run that wrote it
	Roles    []string        `json:"roles"`
	Accounts []storedAccount `json:"accounts"`
}

type storedAccount struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Known bool   `json:"known,omitempty"`
	Asked bool   `json:"asked,omitempty"`
	Roles []int  `json:"roles,omitempty"` // of the part's Roles
}

const (
	partSize = 512 << 10 // bytes, after which the next part begins: the largest account still fits into this one
	maxParts = 128       // what does not fit into these is not kept
)

// size is what the account takes in a part at most, in bytes, all of its text
// being escaped.
func (a storedAccount) size() int { return 100 + 6*(len(a.Name)+len(a.Email)+len(a.Roles)) }

func inventoryKey(p SSOSession) string { return "reach-" + hash(tokenKey(p), p.StartURL, p.Region) }

func partKey(p SSOSession, n int) string { return inventoryKey(p) + "-" + strconv.Itoa(n) }

// saveInventory writes down what is known: the parts first, so that a head never
// promises more of them than there are.
func (c *Client) saveInventory(sso SSOSession, s *inventory) {
	if c.Private == nil {
		return
	}
	s.saved = c.Now().UTC()
	parts := s.parts()
	head := inventoryHead{s.session, s.begun, s.interrupted, s.listed, s.saved, s.complete, len(parts)}
	var before inventoryHead
	_, err := c.Private.Get(inventoryKey(sso), &before)
	c.warnCache(err)
	for n, part := range parts {
		err = c.Private.Put(partKey(sso, n), part)
		if err != nil {
			break
		}
	}
	if err == nil {
		err = c.Private.Put(inventoryKey(sso), head)
	}
	if err != nil {
		c.warn("what was found could not be kept for later: %v", err)
		return
	}
	for n := len(parts); n < min(before.Parts, maxParts); n++ {
		_ = c.Private.Delete(partKey(sso, n)) // nothing reads it any more
	}
}

func (s *inventory) parts() []inventoryPart {
	var parts []inventoryPart
	var part *inventoryPart
	var index map[string]int
	size := partSize
	for _, id := range s.ids() {
		if size >= partSize {
			if len(parts) == maxParts {
				break
			}
			parts = append(parts, inventoryPart{Begun: s.begun})
			part, index, size = &parts[len(parts)-1], map[string]int{}, 0
		}
		a := s.accounts[id]
		kept := storedAccount{a.ID, a.Name, a.Email, a.known, a.listed, make([]int, 0, len(a.roles))}
		for _, role := range a.roles {
			at, ok := index[role]
			if !ok {
				at = len(part.Roles)
				index[role] = at
				part.Roles = append(part.Roles, role)
				size += len(role) + 3
			}
			kept.Roles = append(kept.Roles, at)
		}
		part.Accounts = append(part.Accounts, kept)
		size += kept.size()
	}
	return parts
}

// ids are the accounts' ids in their order.
func (s *inventory) ids() []string {
	ids := make([]string, 0, len(s.accounts))
	for id := range s.accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// readInventory reads what is there. A part that an earlier run wrote tells of
// that run.
func (c *Client) readInventory(sso SSOSession) (*inventory, bool) {
	if c.Private == nil {
		return nil, false
	}
	var head inventoryHead
	ok, err := c.Private.Get(inventoryKey(sso), &head)
	c.warnCache(err)
	if !ok {
		return nil, false
	}
	s := &inventory{
		session: head.Session, begun: head.Begun, interrupted: head.Open, listed: head.Listed, saved: head.Saved, complete: head.Complete,
		accounts: map[string]*accountState{}, roles: map[string]string{},
	}
	for n := range min(head.Parts, maxParts) {
		var part inventoryPart
		ok, err := c.Private.Get(partKey(sso, n), &part)
		c.warnCache(err)
		if !ok {
			s.listed = false
			continue
		}
		s.listed = s.listed && part.Begun.Equal(s.begun)
		s.add(part)
	}
	return s, true
}

// add takes from a part what is sound.
func (s *inventory) add(part inventoryPart) {
	for _, kept := range part.Accounts {
		if !IsAccountID(kept.ID) {
			continue
		}
		a := &accountState{Account: Account{kept.ID, kept.Name, kept.Email}, known: kept.Known, listed: kept.Known && kept.Asked && part.Begun.Equal(s.begun)}
		for _, at := range kept.Roles {
			if at < 0 || at >= len(part.Roles) || !IsRoleName(part.Roles[at]) {
				a.known, a.listed = false, false
				continue
			}
			a.roles = append(a.roles, s.role(part.Roles[at]))
		}
		if before, ok := s.accounts[a.ID]; !ok || a.listed && !before.listed {
			s.accounts[a.ID] = a
		}
	}
}

// forgetInventory removes what discoveries of the portal have left.
func (c *Client) forgetInventory(sso SSOSession) error {
	if c.Private == nil {
		return nil
	}
	keys, err := c.Private.Keys()
	failures := []error{err}
	for _, key := range keys {
		if strings.HasPrefix(key, inventoryKey(sso)) {
			failures = append(failures, c.Private.Delete(key))
		}
	}
	return errors.Join(failures...)
}
