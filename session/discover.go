package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/internal/limiter"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// DiscoveryEvents receives the progress of [Client.Discover]. The functions may be
// nil. They are called one at a time, and the discovery waits for them.
type DiscoveryEvents struct {
	// Found is called once for each account, when its roles are known.
	Found func(store.AccountRoles)

	// Progress is called after each answer.
	Progress func(Progress)
}

// Progress is the state of a discovery.
type Progress struct {
	Accounts  int  // listed so far
	Listed    bool // all accounts are listed
	Done      int  // accounts whose roles are known
	Roles     int  // in those
	Throttled int  // calls that the service refused with HTTP 429
}

const (
	// resumeWithin is the age up to which an interrupted discovery is resumed. An
	// older one is started again.
	resumeWithin = time.Hour

	giveUpAfter   = 5 * time.Minute // without an answer other than HTTP 429
	maxEmptyPages = 10              // in a row, without anything new
	maxAllRoles   = 1_000_000       // in all accounts

	// The inventory is saved when a tenth more is known, but not more often than
	// this.
	saveInterval = 2 * time.Second
)

// Discover returns all accounts that the SSO session gives access to, with all
// roles in them, in the order of [store.CompareAccounts].
//
// It makes as many calls at once as the service accepts, and waits while the
// service refuses them, for up to five minutes without another answer. It tries
// all other accounts if the roles of one cannot be listed, and then returns an
// *[IncompleteError]. What was found is returned with every error.
//
// The inventory is stored. If a discovery is interrupted, the next one resumes it,
// within an hour and in the same session. After one that finished, the next lists
// everything again.
func (c *Client) Discover(ctx context.Context, sso profile.SSOSession, events DiscoveryEvents) ([]store.AccountRoles, error) {
	token, err := c.Token(ctx, sso)
	if err != nil {
		return nil, err
	}
	client, err := c.services(sso.Network).HTTPClient(sso.Region)
	if err != nil {
		return nil, err
	}
	client.Paced = true
	now := time.Now()
	d := &discovery{
		c: c, sso: sso, events: events, client: c.services(sso.Network).SSOOver(client), token: token,
		inventory: c.startInventory(sso, token), limiter: limiter.New(now), lastAnswer: now, saved: now,
		answers: make(chan resultPage, limiter.MaxInFlight),
	}
	err = d.run(ctx)
	c.warnBadNames(d.bad)
	if err == nil {
		d.inventory.Interrupted, d.inventory.Complete = false, c.Now().UTC()
	}
	c.SaveInventory(sso, d.inventory)
	c.forgetAfterLogout(sso)
	return d.inventory.List(func(a *store.AccountState) bool { return a.Listed && a.Seen }), err
}

// forgetAfterLogout deletes the inventory if the user has logged out while it was
// read.
func (c *Client) forgetAfterLogout(sso profile.SSOSession) {
	if _, ok, unknown := c.ReadToken(sso); !ok && unknown == nil {
		_ = c.ForgetInventory(sso)
	}
}

// startInventory returns the inventory of an interrupted discovery, to resume it,
// or one that has what earlier discoveries found.
func (c *Client) startInventory(sso profile.SSOSession, token store.Token) *store.Inventory {
	v, ok := c.ReadInventory(sso)
	if !ok {
		v = store.NewInventory()
	}
	now := c.Now().UTC()
	age := now.Sub(v.Begun)
	if v.Interrupted && c.SameSession(sso, token, v.Session) && age >= 0 && age < resumeWithin {
		v.Session = token.Fingerprint()
		return v
	}
	v.Session, v.Begun, v.Interrupted, v.Listed = token.Fingerprint(), now, true, false
	for _, a := range v.Accounts {
		a.Listed = false
	}
	return v
}

// A discovery is one run of Discover. One goroutine owns it and decides about
// every call. Each call has a goroutine that sends its answer.
type discovery struct {
	c         *Client
	sso       profile.SSOSession
	events    DiscoveryEvents
	client    *ssoapi.Client
	inventory *store.Inventory
	limiter   *limiter.Limiter

	token    store.Token
	replaced time.Time // when the token was replaced; zero: never

	first    []request // next pages, to be sent before the others
	others   []request // first pages of roles
	answers  chan resultPage
	inFlight int

	progress   Progress
	lastAnswer time.Time // other than HTTP 429
	saved      time.Time
	savedAt    int // progress.Done at that time

	unlisted      error  // why the list of accounts is incomplete
	failed        error  // why roles are missing: the first error, preferably not a refusal
	failedAccount string // the account of failed
	failures      int    // errors in a row
	bad           badNames
}

// run sends calls until nothing is left to list. After an error it cancels the
// calls in flight.
func (d *discovery) run(ctx context.Context) error {
	calls, cancel := context.WithCancel(ctx)
	defer cancel()
	d.begin()
	for len(d.first)+len(d.others)+d.inFlight > 0 {
		err := d.step(ctx, calls)
		if err != nil {
			cancel()
			d.drain()
			return err
		}
	}
	return d.incomplete()
}

// begin queues the first calls.
func (d *discovery) begin() {
	if !d.inventory.Listed {
		d.first = append(d.first, request{})
		return
	}
	for _, id := range d.inventory.IDs() {
		d.addAccount(d.inventory.Accounts[id])
	}
	d.progress.Listed = true
	d.report()
}

// step sends the calls that the limiter allows, and handles one answer.
func (d *discovery) step(ctx, calls context.Context) error {
	var due <-chan time.Time
	for len(d.first)+len(d.others) > 0 {
		now := time.Now()
		wait, ok := d.limiter.CanSend(now, d.inFlight)
		if !ok {
			break
		}
		if wait > 0 {
			due = time.After(wait)
			break
		}
		d.limiter.Reserve(now)
		d.send(calls, now)
	}
	select {
	case page := <-d.answers:
		d.inFlight--
		return d.handle(ctx, page)
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (d *discovery) send(ctx context.Context, now time.Time) {
	var r request
	if last := len(d.first) - 1; last >= 0 {
		r, d.first = d.first[last], d.first[:last]
	} else {
		r, d.others = d.others[0], d.others[1:]
	}
	r.token, r.sent = d.token, now
	d.inFlight++
	go func() { d.answers <- call(ctx, d.client, r) }()
}

// drain handles the pages that arrived before the other calls were cancelled.
func (d *discovery) drain() {
	for ; d.inFlight > 0; d.inFlight-- {
		if page := <-d.answers; page.err == nil {
			_ = d.handlePage(page) // run returns the first error
		}
	}
}

// handle handles an answer. An error ends the discovery.
func (d *discovery) handle(ctx context.Context, page resultPage) error {
	now := time.Now()
	if refusal, ok := awsapi.Throttled(page.err); ok {
		return d.throttled(page.request, refusal, now)
	}
	if awsapi.IsUnauthorized(page.err) {
		return d.unauthorized(ctx, page.request)
	}
	d.lastAnswer = now
	if page.err != nil {
		d.fail(page.request, page.err)
		return ctx.Err()
	}
	d.limiter.Answered(now)
	d.failures = 0
	err := d.handlePage(page)
	d.report()
	d.save(now)
	return err
}

func (d *discovery) throttled(r request, refusal *ServiceError, now time.Time) error {
	d.limiter.Refused(r.sent, now, refusal.RetryAfter)
	d.progress.Throttled++
	d.requeue(r)
	d.report()
	if silence := now.Sub(d.lastAnswer); silence > giveUpAfter {
		return fmt.Errorf("for %v, every call was refused: %w", silence.Round(time.Second), refusal)
	}
	return nil
}

// requeue queues a request again: a page of accounts before all others, which
// depend on it, and a page of roles last, so that an account that the service
// always refuses does not delay the others.
func (d *discovery) requeue(r request) {
	if r.account == "" {
		d.first = append(d.first, r)
		return
	}
	d.others = append(d.others, r)
}

// unauthorized replaces a token that was revoked or has expired. A token that is
// rejected within [store.TokenMargin] of being replaced is an error.
func (d *discovery) unauthorized(ctx context.Context, r request) error {
	if r.token.Access != d.token.Access {
		d.requeue(r) // it was sent with the token before
		return nil
	}
	if now := time.Now(); d.replaced.IsZero() || now.Sub(d.replaced) > store.TokenMargin {
		token, err := d.c.replaceToken(ctx, d.sso, d.token)
		if err != nil {
			return err
		}
		d.token, d.replaced, d.lastAnswer = token, now, time.Now()
		d.inventory.Session = token.Fingerprint()
		d.requeue(r)
		return nil
	}
	return d.c.markTokenRejected(ctx, d.sso, d.token)
}

// fail records an error. After as many errors in a row as calls can be in flight,
// the rest is not tried.
func (d *discovery) fail(r request, err error) {
	switch {
	case r.account == "":
		d.unlisted = err
	case d.failed == nil, awsapi.IsRefusal(d.failed) && !awsapi.IsRefusal(err):
		d.failed, d.failedAccount = err, r.account
	}
	if d.failures++; d.failures >= limiter.MaxInFlight {
		d.first, d.others = nil, nil
	}
}

// incomplete returns an error if accounts or roles are missing.
func (d *discovery) incomplete() error {
	if !d.inventory.Listed {
		return fmt.Errorf("the list of accounts is not complete: %w", cmp.Or(d.unlisted, d.failed))
	}
	var missing []string
	for id, a := range d.inventory.Accounts {
		if a.Seen && !a.Listed {
			missing = append(missing, id)
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return &IncompleteError{Missing: missing, Accounts: d.progress.Accounts, First: d.failedAccount, Err: d.failed}
}

// handlePage adds a page to the inventory. It returns an error if the list does
// not end.
func (d *discovery) handlePage(page resultPage) error {
	page.pages++
	page.emptyPages++
	if page.account == "" {
		return d.handleAccounts(page)
	}
	return d.handleRoles(page)
}

// follow queues the next page, or returns an error if the list does not end.
func (d *discovery) follow(page resultPage) error {
	if page.next != nil && *page.next == page.after || page.pages >= maxPages || page.emptyPages > maxEmptyPages {
		return errUnboundedList(page.operation())
	}
	page.next = &page.after
	d.first = append(d.first, page.request)
	return nil
}

func (d *discovery) handleAccounts(page resultPage) error {
	for _, account := range page.accounts {
		known := d.inventory.Accounts[account.ID]
		if known != nil && known.Seen {
			continue
		}
		page.emptyPages = 0
		if known == nil {
			known = &store.AccountState{}
			d.inventory.Accounts[account.ID] = known
		}
		known.Account = account
		d.addAccount(known)
	}
	if d.progress.Accounts > maxAccounts {
		return errUnboundedList(page.operation())
	}
	if page.after != "" {
		return d.follow(page)
	}
	d.inventory.Listed, d.progress.Listed = true, true
	for id, account := range d.inventory.Accounts {
		if !account.Seen {
			delete(d.inventory.Accounts, id) // the user has no access any more
		}
	}
	return nil
}

// addAccount counts an account, and queues the call for its roles if they are not
// listed.
func (d *discovery) addAccount(a *store.AccountState) {
	a.Seen = true
	d.progress.Accounts++
	if a.Listed {
		d.done(a)
		return
	}
	d.others = append(d.others, request{account: a.ID})
}

func (d *discovery) handleRoles(page resultPage) error {
	for _, name := range page.names {
		switch {
		case !profile.IsRoleName(name):
			d.bad.add(page.account, name)
		case !slices.Contains(page.roles, name):
			page.roles = append(page.roles, d.inventory.InternRole(name))
			page.emptyPages = 0
		}
		if len(page.roles) > maxRoles {
			d.fail(page.request, errUnboundedList(page.operation()))
			return nil
		}
	}
	if page.after != "" {
		if err := d.follow(page); err != nil {
			d.fail(page.request, err)
		}
		return nil
	}
	account := d.inventory.Accounts[page.account]
	slices.Sort(page.roles)
	account.Roles, account.Known, account.Listed = page.roles, true, true
	d.done(account)
	if d.progress.Roles > maxAllRoles {
		return errUnboundedList(page.operation())
	}
	return nil
}

func (d *discovery) done(a *store.AccountState) {
	d.progress.Done++
	d.progress.Roles += len(a.Roles)
	if d.events.Found != nil {
		d.events.Found(store.AccountRoles{Account: a.Account, Roles: slices.Clone(a.Roles)})
	}
}

func (d *discovery) report() {
	if d.events.Progress != nil {
		d.events.Progress(d.progress)
	}
}

// save stores the inventory from time to time, so that a kill loses little.
func (d *discovery) save(now time.Time) {
	if now.Sub(d.saved) < saveInterval || 10*(d.progress.Done-d.savedAt) < d.progress.Done {
		return
	}
	d.c.SaveInventory(d.sso, d.inventory)
	d.saved, d.savedAt = now, d.progress.Done
}
