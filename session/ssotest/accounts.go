package ssotest

import (
	"fmt"
	"slices"
)

// An Account is an AWS account in which the user has been assigned roles.
type Account struct {
	ID    string // twelve digits, possibly with leading zeros
	Name  string // may be empty
	Email string // may be empty
	Roles []string
}

// An accountList has the accounts of the user. ListAccounts returns them in this
// order, which, as at AWS, is not sorted.
type accountList struct {
	list  []Account
	index map[string]int // index in list by account id
}

// SetAccounts replaces all accounts. It panics if two have the same id.
func (s *Server) SetAccounts(accounts []Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = accountList{index: map[string]int{}}
	s.accounts.add(accounts)
}

// AddAccounts adds accounts. It panics if an account with the same id exists.
func (s *Server) AddAccounts(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts.add(accounts)
}

func (e *accountList) add(accounts []Account) {
	for _, a := range accounts {
		if _, twice := e.index[a.ID]; twice {
			panic(fmt.Sprintf("ssotest: account %q occurs twice", a.ID))
		}
		e.index[a.ID] = len(e.list)
		a.Roles = slices.Clone(a.Roles)
		e.list = append(e.list, a)
	}
}

func (e *accountList) account(id string) (Account, bool) {
	i, ok := e.index[id]
	if !ok {
		return Account{}, false
	}
	return e.list[i], true
}

// DefaultAccounts returns six accounts: two with common roles, one whose id starts
// with a zero, one whose name is not ASCII, one with a single role, and one with only
// an id and a role.
func DefaultAccounts() []Account {
	return []Account{
		{ID: "222222222222", Name: "Production", Email: "aws+prod@example.com", Roles: []string{"ReadOnly", "Operator", "Administrator"}},
		{ID: "111111111111", Name: "Development", Email: "aws+dev@example.com", Roles: []string{"Developer", "Administrator", "ReadOnly"}},
		{ID: "012345678901", Name: "Audit", Email: "aws+audit@example.com", Roles: []string{"Auditor", "ReadOnly"}},
		{ID: "333333333333", Name: "Zürich – データ湖", Email: "aws+zürich@example.com", Roles: []string{"Analyst", "ReadOnly"}},
		{ID: "444444444444", Name: "sandbox", Email: "aws+sandbox@example.com", Roles: []string{"Administrator"}},
		{ID: "555555555555", Roles: []string{"ReadOnly"}},
	}
}

// HostileAccounts returns accounts whose names, email addresses and roles contain
// shell syntax, terminal escapes, HTML, paths and option names. AWS restricts both
// names and roles, but a client must not depend on that.
func HostileAccounts() []Account {
	return []Account{
		{ID: "666600000001", Name: "$(touch pwned)", Email: "`touch pwned`@example.com", Roles: []string{"$(touch pwned)", "`touch pwned`", "; touch pwned #"}},
		{ID: "666600000002", Name: "\x1b]0;owned\a\x1b[2J\x1b[31mred\x1b[0m", Email: "a\x1b[1A\x1b[2Kb@example.com", Roles: []string{"\x1b[31mAdministrator", "tab\there", "line\nbreak", "return\rred"}},
		{ID: "666600000003", Name: "\u202egnp.nimda\u202c \u2066x\u2069 \u200bzero\u200d", Roles: []string{"\u202enimdA", "Adm\u0456n", "\u009b31mC1"}},
		{ID: "666600000004", Name: "it's \"quoted\" \\ and\nbroken", Roles: []string{"it's", "say \"no\"", `back\slash`, "two words", " leading", "trailing "}},
		{ID: "666600000005", Name: "--profile", Roles: []string{"-rf", "--help", "../../../etc/passwd", "[profile x]", "a]b#c;d", "%PATH%", "${HOME}", "!!", "*", "~"}},
		{ID: "666600000006", Name: "<script>alert(1)</script>", Email: "\"><img src=x>@example.com", Roles: []string{"</title><script>alert(1)</script>", "{{.}}"}},
	}
}

// ManyAccounts returns n accounts, numbered from 700000000000, each with the
// given roles.
func ManyAccounts(n int, roles ...string) []Account {
	accounts := make([]Account, n)
	for i := range accounts {
		accounts[i] = Account{
			ID:    fmt.Sprintf("7%011d", i),
			Name:  fmt.Sprintf("team-%04d", i),
			Email: fmt.Sprintf("aws+team-%04d@example.com", i),
			Roles: roles,
		}
	}
	return accounts
}
