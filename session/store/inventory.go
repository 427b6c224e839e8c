package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
)

// An Account is an AWS account that an SSO session gives access to. Name and
// Email are text from the service, and may be empty.
type Account struct {
	ID, Name, Email string
}

// CompareAccounts orders accounts as the AWS CLI does: by name, or by email if
// the name is empty. Accounts that have only an id are last.
func CompareAccounts(a, b Account) int {
	title := func(a Account) string { return strings.ToLower(cmp.Or(a.Name, a.Email)) }
	if (title(a) == "") != (title(b) == "") {
		return cmp.Compare(title(b), title(a))
	}
	return cmp.Or(cmp.Compare(title(a), title(b)), cmp.Compare(a.ID, b.ID))
}

// An AccountRoles is an account with the roles that the SSO session gives access
// to in it, sorted by name.
type AccountRoles struct {
	Account
	Roles []string
}

// An Inventory is the accounts and roles that an SSO session gives access to. It
// has everything that the current discovery has listed, and from earlier
// discoveries what the current one has not listed yet.
type Inventory struct {
	Session     string    // fingerprint of the token of the current discovery
	Begun       time.Time // start of the current discovery, which identifies it
	Interrupted bool      // the current discovery has not finished
	Listed      bool      // the current discovery has listed all accounts
	Saved       time.Time
	Complete    time.Time // end of the last discovery that finished; zero: never
	Accounts    map[string]*AccountState

	names map[string]string // each role name once, shared by the accounts
}

// An AccountState is what an Inventory has of one account.
type AccountState struct {
	Account
	Roles  []string
	Known  bool // Roles was listed, now or by an earlier discovery
	Listed bool // Roles was listed by the current discovery
	Seen   bool // the current discovery has listed the account; not stored
}

// NewInventory returns an empty inventory.
func NewInventory() *Inventory {
	return &Inventory{Accounts: map[string]*AccountState{}, names: map[string]string{}}
}

// InternRole returns a copy of the name that all accounts share.
func (v *Inventory) InternRole(name string) string {
	if known, ok := v.names[name]; ok {
		return known
	}
	name = strings.Clone(name)
	v.names[name] = name
	return name
}

// List returns the accounts for which include is true, in the order of
// [CompareAccounts].
func (v *Inventory) List(include func(*AccountState) bool) []AccountRoles {
	list := make([]AccountRoles, 0, len(v.Accounts))
	for _, a := range v.Accounts {
		if include(a) {
			list = append(list, AccountRoles{a.Account, slices.Clone(a.Roles)})
		}
	}
	slices.SortFunc(list, func(a, b AccountRoles) int { return CompareAccounts(a.Account, b.Account) })
	return list
}

// IDs returns the sorted ids of the accounts.
func (v *Inventory) IDs() []string {
	ids := make([]string, 0, len(v.Accounts))
	for id := range v.Accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// KnownInventory returns the stored inventory of the SSO session, for names and
// completion. at is the end of the last discovery that finished or, if none has,
// the time at which the last one was interrupted. Accounts whose roles were never
// listed are left out. ok is false if nothing is known.
func (s *Store) KnownInventory(sso profile.SSOSession) (list []AccountRoles, at time.Time, ok bool) {
	v, ok := s.ReadInventory(sso)
	if !ok {
		return nil, time.Time{}, false
	}
	at = v.Complete
	if at.IsZero() {
		at = v.Saved
	}
	list = v.List(func(a *AccountState) bool { return a.Known })
	return list, at, len(list) > 0 || !v.Complete.IsZero()
}

// AccountNames returns the names of the accounts in the stored inventory of the SSO
// session, by account id. They are text from the service. Accounts without a name
// are left out.
func (s *Store) AccountNames(sso profile.SSOSession) map[string]string {
	names := map[string]string{}
	if s.Private == nil || sso.IsZero() {
		return names
	}
	var head inventoryHead
	ok, err := s.Private.Get(inventoryKey(sso), &head)
	s.warnCache(err)
	if !ok || head.Format != entryFormat {
		return names
	}
	for n := range min(head.Parts, maxParts) {
		var part struct { // an inventoryPart without the roles, which are most of it
			Format   int `json:"format"`
			Accounts []struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"accounts"`
		}
		ok, err := s.Private.Get(partKey(sso, n), &part)
		s.warnCache(err)
		if !ok || part.Format != entryFormat {
			continue
		}
		for _, a := range part.Accounts {
			if a.Name != "" {
				names[a.ID] = a.Name
			}
		}
	}
	return names
}

// RecordAccounts adds accounts, as the service has just listed them, to the stored
// inventory of the SSO session: their names and email addresses, not their roles. It
// writes only if that changes something. It takes no lock: what another process stores
// at the same moment may be lost, and the next discovery asks for it again.
func (s *Store) RecordAccounts(sso profile.SSOSession, accounts []Account) {
	v, ok := s.ReadInventory(sso)
	if !ok {
		v = NewInventory()
	}
	changed := false
	for _, account := range accounts {
		known, ok := v.Accounts[account.ID]
		switch {
		case !ok:
			v.Accounts[account.ID] = &AccountState{Account: account}
		case known.Account != account:
			known.Account = account
		default:
			continue
		}
		changed = true
	}
	if changed {
		s.SaveInventory(sso, v)
	}
}

// An inventory is stored in several files, each within the size limit of the
// cache: a head, and parts. Another process may replace files meanwhile, so each
// part can be used without the others.
type inventoryHead struct {
	Format      int       `json:"format"`
	Fingerprint string    `json:"token_fingerprint"`
	Begun       time.Time `json:"begun"`
	Interrupted bool      `json:"interrupted,omitempty"`
	Listed      bool      `json:"listed,omitempty"`
	Saved       time.Time `json:"saved"`
	Complete    time.Time `json:"complete,omitzero"`
	Parts       int       `json:"parts"`
}

type inventoryPart struct {
	Format   int             `json:"format"`
	Begun    time.Time       `json:"begun"` // of the discovery that wrote it
	Roles    []string        `json:"roles"`
	Accounts []storedAccount `json:"accounts"`
}

type storedAccount struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Email  string `json:"email,omitempty"`
	Known  bool   `json:"known,omitempty"`
	Listed bool   `json:"listed,omitempty"`
	Roles  []int  `json:"roles,omitempty"` // indexes of the part's Roles
}

const (
	partSize = 512 << 10 // bytes after which the next part begins; the largest account still fits in the cache's limit
	maxParts = 128       // accounts beyond are not stored
)

// size returns the most bytes that the account takes in a part, with all of its
// text escaped.
func (a storedAccount) size() int { return 100 + 6*(len(a.Name)+len(a.Email)+len(a.Roles)) }

func inventoryKey(sso profile.SSOSession) string {
	return inventoryPrefix(sso) + hash(profile.NormalStartURL(sso.StartURL), sso.Region)
}

// inventoryPrefix begins the names of all inventories of an SSO session.
func inventoryPrefix(sso profile.SSOSession) string { return "inventory-" + sessionID(sso) + "-" }

func partKey(sso profile.SSOSession, n int) string { return inventoryKey(sso) + "-" + strconv.Itoa(n) }

// SaveInventory stores the inventory and sets its Saved. The parts are written
// first, so that a head never names more parts than exist. A failure is reported
// by a warning.
func (s *Store) SaveInventory(sso profile.SSOSession, v *Inventory) {
	if s.Private == nil {
		return
	}
	s.recordFolders()
	v.Saved = s.Now().UTC()
	parts := v.parts()
	head := inventoryHead{entryFormat, v.Session, v.Begun, v.Interrupted, v.Listed, v.Saved, v.Complete, len(parts)}
	var before inventoryHead
	_, err := s.Private.Get(inventoryKey(sso), &before)
	s.warnCache(err)
	for n, part := range parts {
		err = s.Private.Put(partKey(sso, n), part)
		if err != nil {
			break
		}
	}
	if err == nil {
		err = s.Private.Put(inventoryKey(sso), head)
	}
	if err != nil {
		s.Warnf("the list of accounts could not be stored: %v", err)
		return
	}
	for n := len(parts); n < min(before.Parts, maxParts); n++ {
		_ = s.Private.Delete(partKey(sso, n)) // the new head does not name it
	}
}

func (v *Inventory) parts() []inventoryPart {
	var parts []inventoryPart
	var part *inventoryPart
	var index map[string]int
	size := partSize
	for _, id := range v.IDs() {
		if size >= partSize {
			if len(parts) == maxParts {
				break
			}
			parts = append(parts, inventoryPart{Format: entryFormat, Begun: v.Begun})
			part, index, size = &parts[len(parts)-1], map[string]int{}, 0
		}
		a := v.Accounts[id]
		stored := storedAccount{a.ID, a.Name, a.Email, a.Known, a.Listed, make([]int, 0, len(a.Roles))}
		for _, role := range a.Roles {
			at, ok := index[role]
			if !ok {
				at = len(part.Roles)
				index[role] = at
				part.Roles = append(part.Roles, role)
				size += len(role) + 3
			}
			stored.Roles = append(stored.Roles, at)
		}
		part.Accounts = append(part.Accounts, stored)
		size += stored.size()
	}
	return parts
}

// ReadInventory returns the stored inventory. Parts that are missing or damaged
// are left out. A part of an earlier discovery counts as such.
func (s *Store) ReadInventory(sso profile.SSOSession) (*Inventory, bool) {
	if s.Private == nil {
		return nil, false
	}
	var head inventoryHead
	ok, err := s.Private.Get(inventoryKey(sso), &head)
	s.warnCache(err)
	if !ok || head.Format != entryFormat {
		return nil, false
	}
	v := NewInventory()
	v.Session, v.Begun, v.Interrupted, v.Listed = head.Fingerprint, head.Begun, head.Interrupted, head.Listed
	v.Saved, v.Complete = head.Saved, head.Complete
	for n := range min(head.Parts, maxParts) {
		var part inventoryPart
		ok, err := s.Private.Get(partKey(sso, n), &part)
		s.warnCache(err)
		if !ok || part.Format != entryFormat {
			v.Listed = false
			continue
		}
		v.Listed = v.Listed && part.Begun.Equal(v.Begun)
		v.add(part)
	}
	return v, true
}

// add adds the accounts of a part. Accounts with a bad id are left out, and the
// roles of one with a bad role name or index count as not listed.
func (v *Inventory) add(part inventoryPart) {
	for _, stored := range part.Accounts {
		if !profile.IsAccountID(stored.ID) {
			continue
		}
		a := &AccountState{Account: Account{stored.ID, stored.Name, stored.Email}, Known: stored.Known, Listed: stored.Known && stored.Listed && part.Begun.Equal(v.Begun)}
		for _, at := range stored.Roles {
			if at < 0 || at >= len(part.Roles) || !profile.IsRoleName(part.Roles[at]) {
				a.Known, a.Listed = false, false
				continue
			}
			a.Roles = append(a.Roles, v.InternRole(part.Roles[at]))
		}
		if before, ok := v.Accounts[a.ID]; !ok || a.Listed && !before.Listed {
			v.Accounts[a.ID] = a
		}
	}
}

// ForgetInventory deletes the stored inventory of the SSO session.
func (s *Store) ForgetInventory(sso profile.SSOSession) error {
	return s.forget(inventoryPrefix(sso), "inventory-"+oldSessionID(sso), oldInventoryPrefix+oldSessionID(sso))
}
