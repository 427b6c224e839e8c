package session

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An Account is one that a session may reach. Name and Email are whatever its
// owner made of them, and may be empty.
type Account struct {
	ID, Name, Email string
}

// Bounds of a list: more pages than this, or a page that names itself as the
// next, is a service gone wrong. The largest organizations have some tens of
// thousands of accounts.
const (
	pageSize = 100 // the most that the service gives
	maxPages = 1000
)

// Accounts lists what the session may reach, in the order of the AWS CLI's list.
func (c *Client) Accounts(ctx context.Context, sso SSOSession) ([]Account, error) {
	var accounts []Account
	seen := map[string]bool{}
	err := c.listPages(ctx, sso, request{}, func(page resultPage) error {
		for _, account := range page.accounts {
			if !seen[account.ID] {
				seen[account.ID] = true
				accounts = append(accounts, account)
			}
		}
		if len(accounts) > maxAccounts {
			return errUnboundedList(page.operation())
		}
		return nil
	})
	slices.SortStableFunc(accounts, byName)
	return accounts, err
}

// byName orders accounts as the AWS CLI does: by name, or by what they have
// instead of one, and those that have only an id last.
func byName(a, b Account) int {
	title := func(a Account) string { return strings.ToLower(cmp.Or(a.Name, a.Email)) }
	if (title(a) == "") != (title(b) == "") {
		return cmp.Compare(title(b), title(a))
	}
	return cmp.Or(cmp.Compare(title(a), title(b)), cmp.Compare(a.ID, b.ID))
}

// AccountRoles lists the roles that the session may take in an account, sorted by
// name.
func (c *Client) AccountRoles(ctx context.Context, sso SSOSession, accountID string) ([]string, error) {
	found := map[string]bool{}
	misnamed := false
	err := c.listPages(ctx, sso, request{account: accountID}, func(page resultPage) error {
		for _, name := range page.names {
			if IsRoleName(name) {
				found[name] = true
			} else if !misnamed {
				misnamed = true
				c.warnBadName(accountID, name)
			}
		}
		if len(found) > maxRoles {
			return errUnboundedList(page.operation())
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}

// warnBadName says that a name is left out. Its caller says so once: a service that
// gives one such name may give thousands.
func (c *Client) warnBadName(account, name string) {
	c.warn("a role of account %s is left out, since no role can have its name: %s", account, shorten(name))
}

// listPages walks a list to its end. A token that was revoked before its time is
// replaced once, and the list goes on where it was.
func (c *Client) listPages(ctx context.Context, sso SSOSession, a request, take func(resultPage) error) (err error) {
	if a.token, err = c.Token(ctx, sso); err != nil {
		return err
	}
	client, err := c.ssoClient(sso.Region)
	if err != nil {
		return err
	}
	replaced := false
	for range maxPages {
		page := call(ctx, client, a)
		switch {
		case isUnauthorized(page.err) && !replaced:
			replaced = true
			if a.token, err = c.replaceToken(ctx, sso, a.token); err != nil {
				return err
			}
			continue
		case isUnauthorized(page.err):
			return c.markTokenRejected(ctx, sso, a.token)
		case page.err != nil:
			return page.err
		}
		if err := take(page); err != nil {
			return err
		}
		if page.after == "" {
			return nil
		}
		if a.next != nil && *a.next == page.after {
			break
		}
		a.next = &page.after
	}
	return errUnboundedList(a.operation())
}

func errUnboundedList(operation string) error {
	return fmt.Errorf("%s does not come to an end", operation)
}
