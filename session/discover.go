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
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// A Discovery is told how [Client.Discover] fares. Its functions may be nil.
// They are called one at a time, and hold the discovery up while they run.
type Discovery struct {
	// Found is told of each account once, as soon as its roles are known.
	Found func(Reach)

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
	// resumable is the age up to which an interrupted discovery is gone on
	// with instead of begun anew.
	resumable = time.Hour

	// The bounds of what is kept up: of a service that refuses every call, and
	// of lists whose pages bring nothing new.
	stalled   = 5 * time.Minute
	maxBarren = 10

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
func (c *Client) Discover(ctx context.Context, portal Portal, o Discovery) ([]Reach, error) {
	token, err := c.Token(ctx, portal)
	if err != nil {
		return nil, err
	}
	w, err := c.wire(portal.Region)
	if err != nil {
		return nil, err
	}
	w.paced = true
	now := time.Now()
	d := &discovery{
		c: c, portal: portal, told: o, client: c.ssoOver(w, portal.Region), token: token,
		survey: c.surveyOf(portal, token), pace: newPace(now), heard: now, saved: now,
		answers: make(chan listing, maxInFlight),
	}
	err = d.run(ctx)
	if err == nil {
		d.survey.open, d.survey.complete = false, c.Now().UTC()
	}
	c.keepSurvey(portal, d.survey)
	if _, ok, unknown := c.readToken(portal); !ok && unknown == nil {
		_ = c.forgetReach(portal) // a logout came in between
	}
	return d.survey.reaches(func(a *surveyed) bool { return a.asked && a.seen }), err
}

// surveyOf is where a discovery begins: the survey that was interrupted, or a
// new one that still knows what the last one found.
func (c *Client) surveyOf(portal Portal, token Token) *survey {
	s, ok := c.readSurvey(portal)
	if !ok {
		s = &survey{accounts: map[string]*surveyed{}, roles: map[string]string{}}
	}
	now := c.Now().UTC()
	age := now.Sub(s.begun)
	if s.open && c.descends(portal, token, s.session) && age >= 0 && age < resumable {
		s.session = token.mark()
		return s
	}
	s.session, s.begun, s.open, s.listed = token.mark(), now, true, false
	for _, a := range s.accounts {
		a.asked = false
	}
	return s
}

// A discovery is under way. One goroutine owns it all and decides on every
// call; each call has a goroutine of its own, which brings its answer.
type discovery struct {
	c      *Client
	portal Portal
	told   Discovery
	client *sso.Client
	survey *survey
	pace   *pace

	token    Token
	replaced time.Time // when the token last was

	first    []ask // to be sent before the others: the pages that follow
	others   []ask // one for each account
	answers  chan listing
	inFlight int

	progress Progress
	heard    time.Time // when a call was last answered
	saved    time.Time
	savedAt  int // Done, then

	unlisted error // why the list of accounts breaks off
	failed   error // why roles are left out: the first failure, no refusal if there is another
	of       string
	failures int // one after the other, without an answer in between
	misnamed bool
}

// An ask is a call to be made, or to be made again.
type ask struct {
	account string   // whose roles are asked for; empty: the accounts
	roles   []string // that the pages before had
	next    *string
	pages   int
	barren  int // pages in a row that brought nothing new

	token Token
	left  time.Time
}

func (a ask) operation() string {
	if a.account == "" {
		return "ListAccounts"
	}
	return "ListAccountRoles"
}

// A listing is a page that came, or the error instead of it.
type listing struct {
	ask
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
	return d.verdict()
}

// begin lays out what is to be asked.
func (d *discovery) begin() {
	if !d.survey.listed {
		d.first = append(d.first, ask{})
		return
	}
	for _, id := range d.survey.ids() {
		d.see(d.survey.accounts[id])
	}
	d.progress.Listed = true
	d.report()
}

// step lets leave what may, and takes one answer.
func (d *discovery) step(ctx, calls context.Context) error {
	var due <-chan time.Time
	for len(d.first)+len(d.others) > 0 {
		now := time.Now()
		wait, ok := d.pace.room(now, d.inFlight)
		if !ok {
			break
		}
		if wait > 0 {
			due = time.After(wait)
			break
		}
		d.pace.leave(now)
		d.send(calls, now)
	}
	select {
	case a := <-d.answers:
		d.inFlight--
		return d.take(ctx, a)
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (d *discovery) send(ctx context.Context, now time.Time) {
	var a ask
	if last := len(d.first) - 1; last >= 0 {
		a, d.first = d.first[last], d.first[:last]
	} else {
		a, d.others = d.others[0], d.others[1:]
	}
	a.token, a.left = d.token, now
	d.inFlight++
	go func() { d.answers <- call(ctx, d.client, a) }()
}

// drain takes what had been answered before the rest was broken off.
func (d *discovery) drain() {
	for ; d.inFlight > 0; d.inFlight-- {
		if a := <-d.answers; a.err == nil {
			_ = d.found(a) // there is an error already
		}
	}
}

func call(ctx context.Context, client *sso.Client, a ask) listing {
	if a.account == "" {
		return callAccounts(ctx, client, a)
	}
	return callRoles(ctx, client, a)
}

func callAccounts(ctx context.Context, client *sso.Client, a ask) listing {
	out, err := client.ListAccounts(ctx, &sso.ListAccountsInput{
		AccessToken: aws.String(a.token.Access.Reveal()), NextToken: a.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return listing{ask: a, err: answered(a.operation(), err)}
	}
	page := listing{ask: a, after: aws.ToString(out.NextToken)}
	for _, listed := range out.AccountList {
		account := Account{aws.ToString(listed.AccountId), cut(aws.ToString(listed.AccountName)), cut(aws.ToString(listed.EmailAddress))}
		if !IsAccountID(account.ID) {
			return listing{ask: a, err: unusable(a.operation())}
		}
		page.accounts = append(page.accounts, account)
	}
	return page
}

func callRoles(ctx context.Context, client *sso.Client, a ask) listing {
	out, err := client.ListAccountRoles(ctx, &sso.ListAccountRolesInput{
		AccessToken: aws.String(a.token.Access.Reveal()), AccountId: aws.String(a.account), NextToken: a.next, MaxResults: aws.Int32(pageSize),
	})
	if err != nil {
		return listing{ask: a, err: answered(a.operation(), err)}
	}
	page := listing{ask: a, after: aws.ToString(out.NextToken)}
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

// take does what follows from an answer. Its error ends the discovery.
func (d *discovery) take(ctx context.Context, a listing) error {
	now := time.Now()
	if refusal, ok := throttled(a.err); ok {
		return d.throttled(a.ask, refusal, now)
	}
	if isUnauthorized(a.err) {
		return d.unauthorized(ctx, a.ask)
	}
	d.heard = now
	if a.err != nil {
		d.fail(a.ask, a.err)
		return ctx.Err()
	}
	d.pace.answer(now)
	d.failures = 0
	err := d.found(a)
	d.report()
	d.save(now)
	return err
}

func (d *discovery) throttled(a ask, refusal *ServiceError, now time.Time) error {
	d.pace.refuse(a.left, now, refusal.retryAfter)
	d.progress.Throttled++
	d.again(a)
	d.report()
	if silence := now.Sub(d.heard); silence > stalled {
		return fmt.Errorf("for %v, every call was refused: %w", silence.Round(time.Second), refusal)
	}
	return nil
}

// again puts back what is to be asked once more: a page of accounts before
// all else, since the rest follows from it; roles when their turn comes, so
// that an account that the service will not talk of does not hold the others
// up.
func (d *discovery) again(a ask) {
	if a.account == "" {
		d.first = append(d.first, a)
		return
	}
	d.others = append(d.others, a)
}

// unauthorized replaces a token that was revoked before its time, or has
// expired in a long discovery: once, and again when a new one has had a life.
func (d *discovery) unauthorized(ctx context.Context, a ask) error {
	if a.token.Access != d.token.Access {
		d.again(a) // it left with the token before
		return nil
	}
	if now := time.Now(); d.replaced.IsZero() || now.Sub(d.replaced) > tokenMargin {
		token, err := d.c.replace(ctx, d.portal, d.token)
		if err != nil {
			return err
		}
		d.token, d.replaced, d.heard = token, now, time.Now()
		d.survey.session = token.mark()
		d.again(a)
		return nil
	}
	return d.c.refused(ctx, d.portal, d.token)
}

// fail notes what is left out. When as many calls have failed in a row as may
// be in flight, the rest is not tried.
func (d *discovery) fail(a ask, err error) {
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

// verdict says what is missing.
func (d *discovery) verdict() error {
	if !d.survey.listed {
		return fmt.Errorf("the list of accounts is not complete: %w", cmp.Or(d.unlisted, d.failed))
	}
	var missing []string
	for id, a := range d.survey.accounts {
		if a.seen && !a.asked {
			missing = append(missing, id)
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return &IncompleteError{Missing: missing, Accounts: d.progress.Accounts, First: d.of, Err: d.failed}
}

// found takes a page. Its error is of a list that does not end.
func (d *discovery) found(a listing) error {
	a.pages++
	a.barren++
	if a.account == "" {
		return d.foundAccounts(a)
	}
	return d.foundRoles(a)
}

// follow asks for the next page, unless the list has shown that it leads
// nowhere.
func (d *discovery) follow(a listing) error {
	if a.next != nil && *a.next == a.after || a.pages >= maxPages || a.barren > maxBarren {
		return endless(a.operation())
	}
	a.next = &a.after
	d.first = append(d.first, a.ask)
	return nil
}

func (d *discovery) foundAccounts(a listing) error {
	for _, account := range a.accounts {
		known := d.survey.accounts[account.ID]
		if known != nil && known.seen {
			continue
		}
		a.barren = 0
		if known == nil {
			known = &surveyed{}
			d.survey.accounts[account.ID] = known
		}
		known.Account = account
		d.see(known)
	}
	if d.progress.Accounts > maxAccounts {
		return endless(a.operation())
	}
	if a.after != "" {
		return d.follow(a)
	}
	d.survey.listed, d.progress.Listed = true, true
	for id, account := range d.survey.accounts {
		if !account.seen {
			delete(d.survey.accounts, id) // out of reach by now
		}
	}
	return nil
}

// see counts an account, and sees to its roles.
func (d *discovery) see(a *surveyed) {
	a.seen = true
	d.progress.Accounts++
	if a.asked {
		d.done(a)
		return
	}
	d.others = append(d.others, ask{account: a.ID})
}

func (d *discovery) foundRoles(a listing) error {
	for _, name := range a.names {
		switch {
		case !IsRoleName(name):
			if !d.misnamed {
				d.misnamed = true
				d.c.misnamed(a.account, name)
			}
		case !slices.Contains(a.roles, name):
			a.roles = append(a.roles, d.survey.role(name))
			a.barren = 0
		}
		if len(a.roles) > maxRoles {
			d.fail(a.ask, endless(a.operation()))
			return nil
		}
	}
	if a.after != "" {
		if err := d.follow(a); err != nil {
			d.fail(a.ask, err)
		}
		return nil
	}
	account := d.survey.accounts[a.account]
	slices.Sort(a.roles)
	account.roles, account.known, account.asked = a.roles, true, true
	d.done(account)
	if d.progress.Roles > maxAllRoles {
		return endless(a.operation())
	}
	return nil
}

func (d *discovery) done(a *surveyed) {
	d.progress.Done++
	d.progress.Roles += len(a.roles)
	if d.told.Found != nil {
		d.told.Found(Reach{a.Account, slices.Clone(a.roles)})
	}
}

func (d *discovery) report() {
	if d.told.Progress != nil {
		d.told.Progress(d.progress)
	}
}

// save writes down what is known, so that little is lost to a kill, and so
// seldom that it costs little.
func (d *discovery) save(now time.Time) {
	if now.Sub(d.saved) < savePause || 10*(d.progress.Done-d.savedAt) < d.progress.Done {
		return
	}
	d.c.keepSurvey(d.portal, d.survey)
	d.saved, d.savedAt = now, d.progress.Done
}
