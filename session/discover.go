package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	ssoapi "github.com/aws/aws-sdk-go-v2/service/sso"
)

// A DiscoveryEvents is told how [Client.Discover] fares. Its functions may be nil.
// They are called one at a time, and hold the discovery up while they run.
type DiscoveryEvents struct {
	// Found is told of each account once, as soon as its roles are known.
	Found func(AccountRoles)

	// Progress is told after every answer.
	Progress func(Progress)
}

// Progress is how far a discovery has come.
type Progress struct {
	Accounts  int  // heard of so far
	Listed    bool // there are no more than these
	Done      int  // accounts whose roles are known
	Roles     int  // in those
	Throttled int  // calls that the service refused for being too many
}

const (
	// resumeWithin is the age up to which an interrupted discovery is gone on
	// with instead of begun anew.
	resumeWithin = time.Hour

	// The bounds of what is kept up: of a service that refuses every call, and
	// of lists whose pages bring nothing new.
	giveUpAfter   = 5 * time.Minute
	maxEmptyPages = 10

	// Bounds of what is found, for memory's sake. The text of a name is cut
	// and no more than that, since nothing depends on it.
	maxAccounts = maxPages * pageSize
	maxRoles    = 5000      // in an account
	maxAllRoles = 1_000_000 // in all accounts
	maxName     = 256       // bytes

	// Between two times that the progress is written down, a tenth more has
	// been found, and this time has passed.
	savePause = 2 * time.Second
)

// Discover lists every account that the session may reach, with every role in
// it, sorted by name. Found hears of each as soon as it is known.
//
// It makes as many calls at once as the service bears, and waits as long as the
// service refuses them, up to five minutes without any answer. An account whose
// roles cannot be had is left to the end, and then is the error; what was found
// is returned beside every error.
//
// What is found is kept on this machine. A discovery that was interrupted, in
// whatever way, is gone on with by the next one if that comes within the hour
// and in the same session; after one that came to its end, the next asks for
// everything anew.
func (c *Client) Discover(ctx context.Context, sso SSOSession, o DiscoveryEvents) ([]AccountRoles, error) {
	token, err := c.Token(ctx, sso)
	if err != nil {
		return nil, err
	}
	w, err := c.httpClient(sso.Region)
	if err != nil {
		return nil, err
	}
	w.paced = true
	now := time.Now()
	d := &discovery{
		c: c, portal: sso, events: o, client: c.ssoClientOver(w, sso.Region), token: token,
		inventory: c.startInventory(sso, token), limiter: newLimiter(now), lastAnswer: now, saved: now,
		answers: make(chan resultPage, maxInFlight),
	}
	err = d.run(ctx)
	if err == nil {
		d.inventory.interrupted, d.inventory.complete = false, c.Now().UTC()
	}
	c.saveInventory(sso, d.inventory)
	if _, ok, unknown := c.readToken(sso); !ok && unknown == nil {
		_ = c.forgetInventory(sso) // a logout came in between
	}
	return d.inventory.list(func(a *accountState) bool { return a.listed && a.seen }), err
}

// startInventory is where a discovery begins: the survey that was interrupted, or a
// new one that still knows what the last one found.
func (c *Client) startInventory(sso SSOSession, token Token) *inventory {
	s, ok := c.readInventory(sso)
	if !ok {
		s = &inventory{accounts: map[string]*accountState{}, roles: map[string]string{}}
	}
	now := c.Now().UTC()
	age := now.Sub(s.begun)
	if s.interrupted && c.sameSession(sso, token, s.session) && age >= 0 && age < resumeWithin {
		s.session = token.fingerprint()
		return s
	}
	s.session, s.begun, s.interrupted, s.listed = token.fingerprint(), now, true, false
	for _, a := range s.accounts {
		a.listed = false
	}
	return s
}

// A discovery is under way. One goroutine owns it all and decides on every
// call; each call has a goroutine of its own, which brings its answer.
type discovery struct {
	c         *Client
	portal    SSOSession
	events    DiscoveryEvents
	client    *ssoapi.Client
	inventory *inventory
	limiter   *limiter

	token    Token
	replaced time.Time // when the token last was

	first    []request // to be sent before the others: the pages that follow
	others   []request // one for each account
	answers  chan resultPage
	inFlight int

	progress   Progress
	lastAnswer time.Time // when a call was last answered
	saved      time.Time
	savedAt    int // Done, then

	unlisted      error // why the list of accounts breaks off
	failed        error // why roles are left out: the first failure, no refusal if there is another
	of            string
	failures      int // one after the other, without an answer in between
	warnedBadName bool
}

// An request is a call to be made, or to be made again.
type request struct {
	account    string   // whose roles are asked for; empty: the accounts
	roles      []string // that the pages before had
	next       *string
	pages      int
	emptyPages int // pages in a row that brought nothing new

	token Token
	sent  time.Time
}

func (a request) operation() string {
	if a.account == "" {
		return "ListAccounts"
	}
	return "ListAccountRoles"
}

// A resultPage is a page that came, or the error instead of it.
type resultPage struct {
	request
	accounts []Account
	names    []string
	after    string // the next page's token
	err      error
}

// run makes calls until nothing is left to be asked. An error ends it at once;
// what is still in flight then is broken off.
func (d *discovery) run(ctx context.Context) error {
	calls, breakOff := context.WithCancel(ctx)
	defer breakOff()
	d.begin()
	for len(d.first)+len(d.others)+d.inFlight > 0 {
		err := d.step(ctx, calls)
		if err != nil {
			breakOff()
			d.drain()
			return err
		}
	}
	return d.incomplete()
}

// begin lays out what is to be asked.
func (d *discovery) begin() {
	if !d.inventory.listed {
		d.first = append(d.first, request{})
		return
	}
	for _, id := range d.inventory.ids() {
		d.addAccount(d.inventory.accounts[id])
	}
	d.progress.Listed = true
	d.report()
}

// step lets leave what may, and takes one answer.
func (d *discovery) step(ctx, calls context.Context) error {
	var due <-chan time.Time
	for len(d.first)+len(d.others) > 0 {
		now := time.Now()
		wait, ok := d.limiter.canSend(now, d.inFlight)
		if !ok {
			break
		}
		if wait > 0 {
			due = time.After(wait)
			break
		}
		d.limiter.reserve(now)
		d.send(calls, now)
	}
	select {
	case a := <-d.answers:
		d.inFlight--
		return d.handle(ctx, a)
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (d *discovery) send(ctx context.Context, now time.Time) {
	var a request
	if last := len(d.first) - 1; last >= 0 {
		a, d.first = d.first[last], d.first[:last]
	} else {
		a, d.others = d.others[0], d.others[1:]
	}
	a.token, a.sent = d.token, now
	d.inFlight++
	go func() { d.answers <- call(ctx, d.client, a) }()
}

// drain takes what had been answered before the rest was broken off.
func (d *discovery) drain() {
	for ; d.inFlight > 0; d.inFlight-- {
		if a := <-d.answers; a.err == nil {
			_ = d.handlePage(a) // there is an error already
		}
	}
}

func call(ctx context.Context, client *ssoapi.Client, a request) resultPage {
	if a.account == "" {
		return callAccounts(ctx, client, a)
	}
	return callRoles(ctx, client, a)
}

func callAccounts(ctx context.Context, client *ssoapi.Client, a request) resultPage {
	out, err := client.ListAccounts(ctx, &ssoapi.ListAccountsInput{
		AccessToken: aws.String(a.token.Access.Reveal()), NextToken: a.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return resultPage{request: a, err: apiError(a.operation(), err)}
	}
	page := resultPage{request: a, after: aws.ToString(out.NextToken)}
	for _, listed := range out.AccountList {
		account := Account{aws.ToString(listed.AccountId), cut(aws.ToString(listed.AccountName)), cut(aws.ToString(listed.EmailAddress))}
		if !IsAccountID(account.ID) {
			return resultPage{request: a, err: errBadResponse(a.operation())}
		}
		page.accounts = append(page.accounts, account)
	}
	return page
}

func callRoles(ctx context.Context, client *ssoapi.Client, a request) resultPage {
	out, err := client.ListAccountRoles(ctx, &ssoapi.ListAccountRolesInput{
		AccessToken: aws.String(a.token.Access.Reveal()), AccountId: aws.String(a.account), NextToken: a.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return resultPage{request: a, err: apiError(a.operation(), err)}
	}
	page := resultPage{request: a, after: aws.ToString(out.NextToken)}
	for _, role := range out.RoleList {
		page.names = append(page.names, aws.ToString(role.RoleName))
	}
	return page
}

// cut shortens a text that goes on for too long, between two characters.
func cut(text string) string {
	if len(text) <= maxName {
		return text
	}
	end := maxName
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end])
}

// handle does what follows from an answer. Its error ends the discovery.
func (d *discovery) handle(ctx context.Context, a resultPage) error {
	now := time.Now()
	if refusal, ok := throttled(a.err); ok {
		return d.throttled(a.request, refusal, now)
	}
	if isUnauthorized(a.err) {
		return d.unauthorized(ctx, a.request)
	}
	d.lastAnswer = now
	if a.err != nil {
		d.fail(a.request, a.err)
		return ctx.Err()
	}
	d.limiter.answer(now)
	d.failures = 0
	err := d.handlePage(a)
	d.report()
	d.save(now)
	return err
}

func (d *discovery) throttled(a request, refusal *ServiceError, now time.Time) error {
	d.limiter.refuse(a.sent, now, refusal.retryAfter)
	d.progress.Throttled++
	d.requeue(a)
	d.report()
	if silence := now.Sub(d.lastAnswer); silence > giveUpAfter {
		return fmt.Errorf("for %v, every call was refused: %w", silence.Round(time.Second), refusal)
	}
	return nil
}

// requeue puts back what is to be asked once more: a page of accounts before
// all else, since the rest follows from it; roles when their turn comes, so
// that an account that the service will not talk of does not hold the others
// up.
func (d *discovery) requeue(a request) {
	if a.account == "" {
		d.first = append(d.first, a)
		return
	}
	d.others = append(d.others, a)
}

// unauthorized replaces a token that was revoked before its time, or has
// expired in a long discovery: once, and again when a new one has had a life.
func (d *discovery) unauthorized(ctx context.Context, a request) error {
	if a.token.Access != d.token.Access {
		d.requeue(a) // it left with the token before
		return nil
	}
	if now := time.Now(); d.replaced.IsZero() || now.Sub(d.replaced) > tokenMargin {
		token, err := d.c.replaceToken(ctx, d.portal, d.token)
		if err != nil {
			return err
		}
		d.token, d.replaced, d.lastAnswer = token, now, time.Now()
		d.inventory.session = token.fingerprint()
		d.requeue(a)
		return nil
	}
	return d.c.markTokenRejected(ctx, d.portal, d.token)
}

// fail notes what is left out. When as many calls have failed in a row as may
// be in flight, the rest is not tried.
func (d *discovery) fail(a request, err error) {
	switch {
	case a.account == "":
		d.unlisted = err
	case d.failed == nil, isRefusal(d.failed) && !isRefusal(err):
		d.failed, d.of = err, a.account
	}
	if d.failures++; d.failures >= maxInFlight {
		d.first, d.others = nil, nil
	}
}

// incomplete says what is missing.
func (d *discovery) incomplete() error {
	if !d.inventory.listed {
		return fmt.Errorf("the list of accounts is not complete: %w", cmp.Or(d.unlisted, d.failed))
	}
	var missing []string
	for id, a := range d.inventory.accounts {
		if a.seen && !a.listed {
			missing = append(missing, id)
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return &IncompleteError{Missing: missing, Accounts: d.progress.Accounts, First: d.of, Err: d.failed}
}

// handlePage takes a page. Its error is of a list that does not end.
func (d *discovery) handlePage(a resultPage) error {
	a.pages++
	a.emptyPages++
	if a.account == "" {
		return d.handleAccounts(a)
	}
	return d.handleRoles(a)
}

// follow asks for the next page, unless the list has shown that it leads
// nowhere.
func (d *discovery) follow(a resultPage) error {
	if a.next != nil && *a.next == a.after || a.pages >= maxPages || a.emptyPages > maxEmptyPages {
		return errUnboundedList(a.operation())
	}
	a.next = &a.after
	d.first = append(d.first, a.request)
	return nil
}

func (d *discovery) handleAccounts(a resultPage) error {
	for _, account := range a.accounts {
		known := d.inventory.accounts[account.ID]
		if known != nil && known.seen {
			continue
		}
		a.emptyPages = 0
		if known == nil {
			known = &accountState{}
			d.inventory.accounts[account.ID] = known
		}
		known.Account = account
		d.addAccount(known)
	}
	if d.progress.Accounts > maxAccounts {
		return errUnboundedList(a.operation())
	}
	if a.after != "" {
		return d.follow(a)
	}
	d.inventory.listed, d.progress.Listed = true, true
	for id, account := range d.inventory.accounts {
		if !account.seen {
			delete(d.inventory.accounts, id) // out of reach by now
		}
	}
	return nil
}

// addAccount counts an account, and sees to its roles.
func (d *discovery) addAccount(a *accountState) {
	a.seen = true
	d.progress.Accounts++
	if a.listed {
		d.done(a)
		return
	}
	d.others = append(d.others, request{account: a.ID})
}

func (d *discovery) handleRoles(a resultPage) error {
	for _, name := range a.names {
		switch {
		case !IsRoleName(name):
			if !d.warnedBadName {
				d.warnedBadName = true
				d.c.warnBadName(a.account, name)
			}
		case !slices.Contains(a.roles, name):
			a.roles = append(a.roles, d.inventory.role(name))
			a.emptyPages = 0
		}
		if len(a.roles) > maxRoles {
			d.fail(a.request, errUnboundedList(a.operation()))
			return nil
		}
	}
	if a.after != "" {
		if err := d.follow(a); err != nil {
			d.fail(a.request, err)
		}
		return nil
	}
	account := d.inventory.accounts[a.account]
	slices.Sort(a.roles)
	account.roles, account.known, account.listed = a.roles, true, true
	d.done(account)
	if d.progress.Roles > maxAllRoles {
		return errUnboundedList(a.operation())
	}
	return nil
}

func (d *discovery) done(a *accountState) {
	d.progress.Done++
	d.progress.Roles += len(a.roles)
	if d.events.Found != nil {
		d.events.Found(AccountRoles{a.Account, slices.Clone(a.roles)})
	}
}

func (d *discovery) report() {
	if d.events.Progress != nil {
		d.events.Progress(d.progress)
	}
}

// save writes down what is known, so that little is lost to a kill, and so
// seldom that it costs little.
func (d *discovery) save(now time.Time) {
	if now.Sub(d.saved) < savePause || 10*(d.progress.Done-d.savedAt) < d.progress.Done {
		return
	}
	d.c.saveInventory(d.portal, d.inventory)
	d.saved, d.savedAt = now, d.progress.Done
}
