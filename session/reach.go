package session

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Reach is an account with the roles that the session may take in it, sorted
// by name.
type Reach struct {
	Account
	Roles []string
}

// KnownReach is what the last discovery has left on this machine, without any
// network and sorted by name: for names and completion. at is when the last
// complete discovery ended or, where there has been none, when the last one
// stopped. What a later one found before it was interrupted is in there too;
// accounts whose roles nobody has asked for yet are not.
func (c *Client) KnownReach(portal Portal) (reaches []Reach, at time.Time, ok bool) {
	s, ok := c.readSurvey(portal)
	if !ok {
		return nil, time.Time{}, false
	}
	at = s.complete
	if at.IsZero() {
		at = s.saved
	}
	reaches = s.reaches(func(a *surveyed) bool { return a.known })
	return reaches, at, len(reaches) > 0 || !s.complete.IsZero()
}

// A survey is what discoveries have brought to light of a portal: all of the
// one under way, and of the one before it what has not been seen anew yet.
type survey struct {
	session  string    // whose it is: a mark of the token that it is made with
	begun    time.Time // tells one run from another
	open     bool      // the run has not come to its end
	listed   bool      // the run knows every account there is
	saved    time.Time
	complete time.Time // when a run last came to its end; zero: never
	accounts map[string]*surveyed
	roles    map[string]string // each name once, whoever many accounts have it
}

type surveyed struct {
	Account
	roles []string
	known bool // the roles are the account's, or were at an earlier run
	asked bool // they were asked for in this run
	seen  bool // this run was told of the account
}

// role shares the text of a name among the accounts that have it.
func (s *survey) role(name string) string {
	if known, ok := s.roles[name]; ok {
		return known
	}
	name = strings.Clone(name)
	s.roles[name] = name
	return name
}

func (s *survey) reaches(which func(*surveyed) bool) []Reach {
	reaches := make([]Reach, 0, len(s.accounts))
	for _, a := range s.accounts {
		if which(a) {
			reaches = append(reaches, Reach{a.Account, slices.Clone(a.roles)})
		}
	}
	slices.SortFunc(reaches, func(a, b Reach) int { return byName(a.Account, b.Account) })
	return reaches
}

// A survey is kept in several files, none of which outgrows what the cache
// takes: a head, and parts that can be read each for itself, since another
// process may be replacing them.
type surveyHead struct {
	Session  string    `json:"session"`
	Begun    time.Time `json:"begun"`
	Open     bool      `json:"open,omitempty"`
	Listed   bool      `json:"listed,omitempty"`
	Saved    time.Time `json:"saved"`
	Complete time.Time `json:"complete,omitzero"`
	Parts    int       `json:"parts"`
}

type surveyPart struct {
	Begun    time.Time     `json:"begun"` // of the run that wrote it
	Roles    []string      `json:"roles"`
	Accounts []keptAccount `json:"accounts"`
}

type keptAccount struct {
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
func (a keptAccount) size() int { return 100 + 6*(len(a.Name)+len(a.Email)+len(a.Roles)) }

func surveyKey(p Portal) string { return "reach-" + hash(tokenKey(p), p.StartURL, p.Region) }

func partKey(p Portal, n int) string { return surveyKey(p) + "-" + strconv.Itoa(n) }

// keepSurvey writes down what is known: the parts first, so that a head never
// promises more of them than there are.
func (c *Client) keepSurvey(portal Portal, s *survey) {
	if c.Private == nil {
		return
	}
	s.saved = c.Now().UTC()
	parts := s.parts()
	head := surveyHead{s.session, s.begun, s.open, s.listed, s.saved, s.complete, len(parts)}
	var before surveyHead
	_, err := c.Private.Get(surveyKey(portal), &before)
	c.remark(err)
	for n, part := range parts {
		err = c.Private.Put(partKey(portal, n), part)
		if err != nil {
			break
		}
	}
	if err == nil {
		err = c.Private.Put(surveyKey(portal), head)
	}
	if err != nil {
		c.warn("what was found could not be kept for later: %v", err)
		return
	}
	for n := len(parts); n < min(before.Parts, maxParts); n++ {
		_ = c.Private.Delete(partKey(portal, n)) // nothing reads it any more
	}
}

func (s *survey) parts() []surveyPart {
	var parts []surveyPart
	var part *surveyPart
	var index map[string]int
	size := partSize
	for _, id := range s.ids() {
		if size >= partSize {
			if len(parts) == maxParts {
				break
			}
			parts = append(parts, surveyPart{Begun: s.begun})
			part, index, size = &parts[len(parts)-1], map[string]int{}, 0
		}
		a := s.accounts[id]
		kept := keptAccount{a.ID, a.Name, a.Email, a.known, a.asked, make([]int, 0, len(a.roles))}
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
func (s *survey) ids() []string {
	ids := make([]string, 0, len(s.accounts))
	for id := range s.accounts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// readSurvey reads what is there. A part that an earlier run wrote tells of
// that run.
func (c *Client) readSurvey(portal Portal) (*survey, bool) {
	if c.Private == nil {
		return nil, false
	}
	var head surveyHead
	ok, err := c.Private.Get(surveyKey(portal), &head)
	c.remark(err)
	if !ok {
		return nil, false
	}
	s := &survey{
		session: head.Session, begun: head.Begun, open: head.Open, listed: head.Listed, saved: head.Saved, complete: head.Complete,
		accounts: map[string]*surveyed{}, roles: map[string]string{},
	}
	for n := range min(head.Parts, maxParts) {
		var part surveyPart
		ok, err := c.Private.Get(partKey(portal, n), &part)
		c.remark(err)
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
func (s *survey) add(part surveyPart) {
	for _, kept := range part.Accounts {
		if !IsAccountID(kept.ID) {
			continue
		}
		a := &surveyed{Account: Account{kept.ID, kept.Name, kept.Email}, known: kept.Known, asked: kept.Known && kept.Asked && part.Begun.Equal(s.begun)}
		for _, at := range kept.Roles {
			if at < 0 || at >= len(part.Roles) || !IsRoleName(part.Roles[at]) {
				a.known, a.asked = false, false
				continue
			}
			a.roles = append(a.roles, s.role(part.Roles[at]))
		}
		if before, ok := s.accounts[a.ID]; !ok || a.asked && !before.asked {
			s.accounts[a.ID] = a
		}
	}
}

// forgetReach removes what discoveries of the portal have left.
func (c *Client) forgetReach(portal Portal) error {
	if c.Private == nil {
		return nil
	}
	keys, err := c.Private.Keys()
	failures := []error{err}
	for _, key := range keys {
		if strings.HasPrefix(key, surveyKey(portal)) {
			failures = append(failures, c.Private.Delete(key))
		}
	}
	return errors.Join(failures...)
}
