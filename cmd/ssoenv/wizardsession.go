package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
)

// The steps of the wizard about the session and what it gives access to.

// chooseSession finds the sso-session of the flags, or lets the user choose one of the
// config or a new one. Those without a profile come first: they are what a wizard that
// was left has written.
func (w *wizard) chooseSession() error {
	config := w.client.Config
	w.sso, w.newSession, w.accounts = profile.SSOSession{}, false, nil
	name := w.o.session
	if names := namesOfUse(config); name == "" && len(names) > 0 && w.o.startURL == "" {
		items := append(sessionItems(config, names), picker.Item{Columns: []string{"a new session", "", ""}})
		i, err := w.pick("--sso-session", "session", items)
		if err != nil {
			return err
		}
		if i < len(names) {
			name = names[i]
		}
	}
	if !config.HasSession(name) {
		w.newSession = true
		w.sso = profile.SSOSession{Name: name, Scopes: profile.ParseScopes(w.o.scopes), Network: config.Network("default")}
		if name == "" && !w.p.terminal.CanPrompt() {
			return shownError{usageError{"there is no terminal to ask at: name of the new session"}, statusUsage, []string{"answer it with --sso-session"}}
		}
		return nil
	}
	sso, err := config.SSOSession(name)
	if err != nil {
		return err
	}
	w.sso = sso
	for _, given := range []struct{ flag, value, now string }{
		{"--start-url", w.o.startURL, w.sso.StartURL}, {"--sso-region", w.o.ssoRegion, w.sso.Region},
		{"--scopes", w.o.scopes, strings.Join(w.sso.Scopes, ",")},
	} {
		if given.value != "" && given.value != given.now {
			return shownError{usageError{fmt.Sprintf("the sso-session %q has %q where %s says %q", name, given.now, given.flag, given.value)}, statusUsage,
				[]string{"name a new session, or change this one in " + config.Path}}
		}
	}
	return nil
}

// namesOfUse returns the names of the sso-sessions, first those that no profile uses.
func namesOfUse(config *profile.Config) []string {
	names := slices.Clone(config.SessionNames())
	used := map[string]bool{}
	for _, name := range config.ProfileNames() {
		if sso, err := config.ProfileSSOSession(name); err == nil {
			used[sso.Name] = true
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case used[a] == used[b]:
			return 0
		case used[b]:
			return -1
		}
		return 1
	})
	return names
}

// askStartURL asks for the start URL of a new session.
func (w *wizard) askStartURL() (err error) {
	if !w.newSession {
		return nil
	}
	if w.sso.StartURL = expandStartURL(w.o.startURL); w.sso.StartURL != "" {
		if err := checkStartURL(w.sso.StartURL); err != nil {
			return usageError{err.Error()}
		}
		return nil
	}
	if w.typed[askStartURL].text == "" && w.p.terminal.CanPrompt() {
		w.p.say("your AWS access portal: https://WORD.awsapps.com/start, or WORD alone")
	}
	answer, err := w.ask(question{
		step: askStartURL, flag: "--start-url", prompt: "Start URL",
		check: func(url string) error { return checkStartURL(expandStartURL(url)) },
	})
	if err != nil {
		return err
	}
	w.sso.StartURL = expandStartURL(answer)
	if w.sso.StartURL != answer {
		w.p.say("that is %s", w.sso.StartURL)
	}
	return nil
}

// expandStartURL returns the start URL that a user means by what is in the address bar
// of a browser, a host name or the first label of one.
func expandStartURL(text string) string {
	text = strings.TrimSpace(text)
	if regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`).MatchString(text) {
		return "https://" + strings.ToLower(text) + ".awsapps.com/start"
	}
	if text == "" || strings.ContainsAny(text, " \t") {
		return text
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	u.Fragment, u.RawQuery, u.ForceQuery = "", "", false
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	if u.Path == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), ".awsapps.com") {
		u.Path = "/start"
	}
	return u.String()
}

func checkStartURL(url string) error {
	if !profile.IsWebURL(url) {
		return fmt.Errorf("%q is not an https URL", url)
	}
	return nil
}

// askSSORegion finds out the region of a new session's Identity Center, or asks for
// it. A wrong region would only show in the browser, as invalid_grant.
func (w *wizard) askSSORegion() (err error) {
	if !w.newSession {
		return nil
	}
	if w.wrong != w.sso.StartURL {
		if w.sso.Region = w.o.ssoRegion; w.sso.Region != "" {
			return nil
		}
		if w.sso.Region = w.client.DetectRegion(w.ctx, w.sso.StartURL); w.sso.Region != "" {
			w.p.say("its Identity Center is in %s", w.sso.Region)
			return w.ctx.Err()
		}
	}
	w.sso.Region, err = w.ask(question{
		step: askSSORegion, flag: "--sso-region", prompt: "Region of the Identity Center", about: w.sso.StartURL,
		offer: cmp.Or(w.client.STSRegion, "us-east-1"), check: w.checkRegion,
	})
	return err
}

// checkRegion accepts the regions that are known. It doubts another one once, and
// offers the region that was probably meant.
func (w *wizard) checkRegion(region string) error {
	near, known := knownRegion(region)
	offer := askAgain{fmt.Sprintf("%q is not a region such as us-east-1", region), near}
	switch {
	case !profile.IsRegion(region) && near != "":
		offer.problem = fmt.Sprintf("%s: did you mean %s?", region, near)
		return offer
	case !profile.IsRegion(region):
		return offer
	case known || region == w.doubted:
		return nil
	}
	w.doubted = region
	offer.problem = fmt.Sprintf("%s is not a region that ssoenv knows; if it is a new one, type it again", region)
	if near != "" {
		offer.problem = fmt.Sprintf("%s: did you mean %s? If it is a new region, type it again", region, near)
	}
	return offer
}

// nameSession asks for the name of a new session.
func (w *wizard) nameSession() (err error) {
	if !w.newSession || w.o.session != "" {
		return nil
	}
	w.sso.Name, err = w.ask(question{
		step: nameSession, flag: "--sso-session", prompt: "Name of the new session", about: w.sso.StartURL, offer: w.sessionName(),
		check: func(name string) error {
			if w.client.Config.HasSession(name) {
				return fmt.Errorf("there is a session %q already", name)
			}
			return checkName(name)
		},
	})
	return err
}

// sessionName returns a name for the session that follows from the start URL.
func (w *wizard) sessionName() string {
	u, err := url.Parse(w.sso.StartURL)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	if opaque := regexp.MustCompile(`^(d-|ssoins-|[0-9]|start$|identitycenter$|localhost$)`); opaque.MatchString(name) {
		name = "sso"
	}
	for n, base := 2, name; w.client.Config.HasSession(name) || !profile.IsPortableName(name); n++ {
		if n > 100 {
			return ""
		}
		name = fmt.Sprintf("%s%d", base, n)
	}
	return name
}

func checkName(name string) error {
	if !profile.IsPortableName(name) {
		return errors.New("a name consists of " + profile.NameForm + ", so that every AWS tool can read it")
	}
	return nil
}

// logIn logs in, unless the flags name the account and the role, and writes a new
// session.
func (w *wizard) logIn() error {
	if !w.onlySSO && profile.IsAccountID(w.o.account) && w.o.role != "" {
		return nil
	}
	if err := w.p.ensureLogin(w.ctx, w.client, w.sso, w.o.login, false); err != nil {
		return err
	}
	if !w.newSession {
		w.kept = w.sso.Name
		return nil
	}
	written, err := w.save(func() (profile.Edit, error) { return w.client.Config.PlanSession(w.sso) }, nil)
	if err != nil {
		return err
	}
	w.newSession, w.kept = false, w.sso.Name
	w.typed, w.wrong = nil, "" // they are about this session, and the next new one is another
	if written {
		w.p.say("wrote session %q to %s", w.sso.Name, w.p.short(w.client.Config.Path))
	}
	return nil
}

// chooseAccount finds the account of the flags, or lets the user choose one.
func (w *wizard) chooseAccount() (err error) {
	w.roles = nil
	if profile.IsAccountID(w.o.account) && w.o.role != "" {
		w.account = store.Account{ID: w.o.account}
		return nil
	}
	if w.accounts == nil {
		if w.accounts, err = w.client.Accounts(w.ctx, w.sso); err != nil {
			return err
		}
	}
	if w.o.account != "" {
		w.account, err = findAccount(w.sso, w.o.account, w.accounts)
		return err
	}
	if len(w.accounts) == 0 {
		return noAccounts(w.sso)
	}
	i, err := w.pick("--account", "account", accountItems(w.accounts))
	if err != nil {
		return err
	}
	w.account = w.accounts[i]
	return nil
}

// roleCheckTimeout limits the check of a role that the flags name.
const roleCheckTimeout = 5 * time.Second

// chooseRole finds the role of the flags, or lets the user choose one. A role that the
// session does not have is an error. If nothing but that would need the service, it is
// checked only while the user is logged in.
func (w *wizard) chooseRole() (err error) {
	if w.role = w.o.role; w.role != "" && w.accounts == nil {
		return w.checkRoleIfLoggedIn()
	}
	if w.roles == nil {
		if w.roles, err = w.client.AccountRoles(w.ctx, w.sso, w.account.ID); err != nil {
			return err
		}
	}
	if w.role != "" {
		return w.checkRole()
	}
	if len(w.roles) == 0 {
		return shownError{fmt.Errorf("%q gives access to no role in account %s", w.sso.Title(), w.account.ID), statusDenied,
			[]string{"ask the administrator of the Identity Center for one"}}
	}
	items := make([]picker.Item, len(w.roles))
	for i, role := range w.roles {
		items[i] = picker.Item{Columns: []string{role}}
	}
	i, err := w.pick("--role", "role", items)
	if err != nil {
		return err
	}
	w.role = w.roles[i]
	w.p.say("account %s (%s), role %s", cmp.Or(w.account.Name, w.account.ID), w.account.ID, w.role)
	return nil
}

// checkRoleIfLoggedIn checks the role of the flags with the token that is there. If
// the service cannot be asked, the role counts as right.
func (w *wizard) checkRoleIfLoggedIn() (err error) {
	token, ok, err := w.client.ReadToken(w.sso)
	if err != nil || !ok || !token.Expires.After(w.p.now()) {
		return nil
	}
	ctx, cancel := context.WithTimeout(w.ctx, roleCheckTimeout)
	defer cancel()
	w.roles, err = w.client.AccountRoles(ctx, w.sso, w.account.ID)
	err = explainForbidden(ctx, w.client, w.sso, w.account.ID, err)
	if _, none := errors.AsType[noAccountError](err); none {
		return err
	}
	if err != nil {
		w.p.log("the role is not checked: %v", err)
		return w.ctx.Err()
	}
	return w.checkRole()
}

// checkRole returns an error unless the session has the role in the account.
func (w *wizard) checkRole() error {
	if slices.Contains(w.roles, w.role) {
		return nil
	}
	return noRole(w.sso, w.account.ID, w.role, w.roles)
}
