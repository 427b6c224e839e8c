package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// Limits of a list, against a broken or hostile service. The largest organizations
// have some tens of thousands of accounts.
const (
	pageSize = 100 // the most that the service returns
	maxPages = 1000

	maxAccounts = maxPages * pageSize
	maxRoles    = 5000 // in an account
	maxName     = 256  // bytes of an account's name or email; the rest is cut off
)

// Accounts returns the accounts that the SSO session gives access to, in the order
// of [store.CompareAccounts]. Their names are stored, for [store.Store.AccountNames].
func (c *Client) Accounts(ctx context.Context, sso profile.SSOSession) ([]store.Account, error) {
	var accounts []store.Account
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
	slices.SortStableFunc(accounts, store.CompareAccounts)
	if err == nil {
		c.RecordAccounts(sso, accounts)
		c.forgetAfterLogout(sso)
	}
	return accounts, err
}

// AccountRoles returns the roles that the SSO session gives access to in an
// account, sorted by name. A name that no role can have is left out with a
// warning.
func (c *Client) AccountRoles(ctx context.Context, sso profile.SSOSession, accountID string) ([]string, error) {
	found := map[string]bool{}
	var bad badNames
	err := c.listPages(ctx, sso, request{account: accountID}, func(page resultPage) error {
		for _, name := range page.names {
			if profile.IsRoleName(name) {
				found[name] = true
			} else {
				bad.add(accountID, name)
			}
		}
		if len(found) > maxRoles {
			return errUnboundedList(page.operation())
		}
		return nil
	})
	c.warnBadNames(bad)
	return slices.Sorted(maps.Keys(found)), err
}

// badNames are the roles of a discovery or a list that are left out.
type badNames struct {
	count         int
	account, name string // the first, by account and name
}

func (b *badNames) add(account, name string) {
	b.count++
	if b.count == 1 || account < b.account || account == b.account && name < b.name {
		b.account, b.name = account, name
	}
}

// warnBadNames warns, once, of the roles that are left out.
func (c *Client) warnBadNames(b badNames) {
	switch name := awsapi.Shorten(b.name); b.count {
	case 0:
	case 1:
		c.Warnf("a role of account %s is left out, since no role can have its name: %s", b.account, name)
	default:
		c.Warnf("%d roles are left out, since no role can have their names; the first is in account %s: %s", b.count, b.account, name)
	}
}

// listPages calls handle with each page of a list. A token that the service
// rejects is replaced once, and the list continues at the same page.
func (c *Client) listPages(ctx context.Context, sso profile.SSOSession, r request, handle func(resultPage) error) (err error) {
	if r.token, err = c.Token(ctx, sso); err != nil {
		return err
	}
	client, err := c.services(sso.Network).SSO(sso.Region)
	if err != nil {
		return err
	}
	replaced := false
	for range maxPages {
		page := call(ctx, client, r)
		switch {
		case awsapi.IsUnauthorized(page.err) && !replaced:
			replaced = true
			if r.token, err = c.replaceToken(ctx, sso, r.token); err != nil {
				return err
			}
			continue
		case awsapi.IsUnauthorized(page.err):
			return c.markTokenRejected(ctx, sso, r.token)
		case page.err != nil:
			return page.err
		}
		if err := handle(page); err != nil {
			return err
		}
		if page.after == "" {
			return nil
		}
		if r.next != nil && *r.next == page.after {
			break
		}
		r.next = &page.after
	}
	return errUnboundedList(r.operation())
}

func errUnboundedList(operation string) error {
	return fmt.Errorf("%s does not come to an end", operation)
}

// A request is a call for one page of a list: of the accounts, or of the roles in
// an account.
type request struct {
	account string  // whose roles to list; empty: list the accounts
	next    *string // the NextToken; nil for the first page
	token   store.Token

	// Only a discovery uses these.
	roles      []string // of the pages before
	pages      int      // received before
	emptyPages int      // pages in a row that brought nothing new
	sent       time.Time
}

func (r request) operation() string {
	if r.account == "" {
		return "ListAccounts"
	}
	return "ListAccountRoles"
}

// A resultPage is the answer to a request: a page of accounts or role names, or an
// error.
type resultPage struct {
	request
	accounts []store.Account
	names    []string
	after    string // the NextToken of the page after; empty for the last page
	err      error
}

func call(ctx context.Context, client *ssoapi.Client, r request) resultPage {
	if r.account == "" {
		return callAccounts(ctx, client, r)
	}
	return callRoles(ctx, client, r)
}

func callAccounts(ctx context.Context, client *ssoapi.Client, r request) resultPage {
	out, err := client.ListAccounts(ctx, &ssoapi.ListAccountsInput{
		AccessToken: aws.String(r.token.Access.Reveal()), NextToken: r.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return resultPage{request: r, err: awsapi.CallError(r.operation(), err)}
	}
	if out.AccountList == nil { // an empty list is not nil
		return resultPage{request: r, err: awsapi.BadResponse(r.operation())}
	}
	page := resultPage{request: r, after: aws.ToString(out.NextToken)}
	for _, listed := range out.AccountList {
		account := store.Account{ID: aws.ToString(listed.AccountId), Name: cutName(aws.ToString(listed.AccountName)), Email: cutName(aws.ToString(listed.EmailAddress))}
		if !profile.IsAccountID(account.ID) {
			return resultPage{request: r, err: awsapi.BadResponse(r.operation())}
		}
		page.accounts = append(page.accounts, account)
	}
	return page
}

func callRoles(ctx context.Context, client *ssoapi.Client, r request) resultPage {
	out, err := client.ListAccountRoles(ctx, &ssoapi.ListAccountRolesInput{
		AccessToken: aws.String(r.token.Access.Reveal()), AccountId: aws.String(r.account), NextToken: r.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return resultPage{request: r, err: awsapi.CallError(r.operation(), err)}
	}
	if out.RoleList == nil {
		return resultPage{request: r, err: awsapi.BadResponse(r.operation())}
	}
	page := resultPage{request: r, after: aws.ToString(out.NextToken)}
	for _, role := range out.RoleList {
		page.names = append(page.names, aws.ToString(role.RoleName))
	}
	return page
}

// cutName returns the first maxName bytes of a text, less a character that would
// be split.
func cutName(text string) string {
	if len(text) <= maxName {
		return text
	}
	end := maxName
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end])
}
