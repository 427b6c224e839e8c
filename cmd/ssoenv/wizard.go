package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/picker"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

// A wizard asks the questions of one run of configure. It does not ask what a flag
// answers.
//
// It is a list of steps. Each asks at most one question. Esc leads back to the step
// before that asked one, with the answer that it got, to be edited; at the first
// question it ends the wizard. The session is written as soon as its login has
// succeeded, so a wizard that is left goes on from there in its next run.
type wizard struct {
	p          *program
	ctx        context.Context
	client     *session.Client
	o          configureOptions // the flags
	noDefaults bool             // do not ask for what has a default
	onlySSO    bool             // set up a session, and no profile

	sso        profile.SSOSession
	newSession bool   // sso is in no file yet
	doubted    string // the region that the user was asked to think about
	wrong      bool   // the region of the session turned out to be another one
	typed      typedAnswers
	asked      bool // the step has asked a question
	anyAsked   bool // the run has

	accounts []store.Account // of the session; nil: not listed
	account  store.Account
	roles    []string // of the account; nil: not listed
	role     string
	spec     profile.Spec

	kept string // the name of a session that is written and logged in to
}

// typedAnswers are what the user typed, to be edited if a question is asked again.
type typedAnswers struct{ startURL, ssoRegion, session, region, profile string }

// errBack leads to the question before.
var errBack = tty.ErrBack

// run takes the steps.
func (w *wizard) run() error {
	steps := []func() error{w.chooseSession, w.askStartURL, w.askSSORegion, w.nameSession, w.logIn}
	if !w.onlySSO {
		steps = append(steps, w.chooseAccount, w.chooseRole, w.askRegion, w.nameProfile, w.write)
	}
	var asked []int // the steps that asked, in order
	for i := 0; i < len(steps); {
		w.asked = false
		err := steps[i]()
		region, wrong := errors.AsType[*session.RegionError](err)
		switch {
		case wrong && w.newSession && w.p.terminal.CanPrompt():
			// The session is described anew, from the region on.
			w.explain(region)
			asked = slices.DeleteFunc(asked, func(step int) bool { return step >= 2 })
			i, w.wrong = 2, true
			continue
		case isLoginFailure(err) && w.newSession && len(asked) > 0:
			// The answers are still there, to be changed or to be accepted again.
			w.p.say("%v", err)
			i, asked = asked[len(asked)-1], asked[:len(asked)-1]
			continue
		case errors.Is(err, errBack) && len(asked) > 0:
			i = asked[len(asked)-1]
			asked = asked[:len(asked)-1]
			continue
		case errors.Is(err, errBack):
			return shownError{errors.New("cancelled, " + w.remains()), statusInterrupted, w.continuation()}
		case errors.Is(err, io.EOF), errors.Is(err, context.Canceled):
			return shownError{errors.New("interrupted, " + w.remains()), statusInterrupted, w.continuation()}
		case err != nil:
			return err
		}
		if w.asked {
			asked = append(asked, i)
		}
		if i == 4 && !w.newSession { // its description is no longer a question
			asked = slices.DeleteFunc(asked, func(step int) bool { return step > 0 && step < 4 })
		}
		i++
	}
	return nil
}

// isLoginFailure reports whether a login did not work that may work the next time.
func isLoginFailure(err error) bool {
	_, denied := errors.AsType[*session.LoginDeniedError](err)
	_, network := errors.AsType[*session.NetworkError](err)
	return denied || network
}

// remains says what a wizard that ends early leaves.
func (w *wizard) remains() string {
	if w.kept == "" {
		return "nothing changed"
	}
	return fmt.Sprintf("the session %q and its login are kept", w.kept)
}

func (w *wizard) continuation() []string {
	if w.kept == "" {
		return nil
	}
	return []string{"ssoenv configure goes on from there"}
}

// explain says that the region of the session is wrong, which the service says in
// several ways.
func (w *wizard) explain(err *session.RegionError) {
	if err.Actual != "" {
		w.p.say("the Identity Center of %s is in %s, not in %s", w.sso.StartURL, err.Actual, w.sso.Region)
		w.typed.ssoRegion = err.Actual
		return
	}
	w.p.say("the Identity Center of %s is not in %s, or there is none of that name", w.sso.StartURL, w.sso.Region)
	w.p.say("hint: the AWS access portal shows its region in its address or under \"Access keys\"; %s leads back to the start URL", w.p.terminal.BackKey())
}

// question asks until check accepts the answer. preset is the answer to begin with,
// which the user can edit. Without a terminal, the error names the flag that answers
// the question. check may return an askAgain, to offer another answer.
func (w *wizard) question(flag, prompt, preset string, check func(string) error) (string, error) {
	if !w.p.terminal.CanPrompt() {
		return "", shownError{usageError{"there is no terminal to ask at: " + strings.ToLower(prompt)}, statusUsage,
			[]string{"answer it with " + flag}}
	}
	w.greet()
	for {
		answer, err := w.p.terminal.Edit(w.ctx, prompt+":", preset)
		if err != nil {
			return "", err
		}
		answer = strings.TrimSpace(answer)
		if err := check(answer); err != nil {
			w.p.say("%v", err)
			preset = answer
			if offer, ok := errors.AsType[askAgain](err); ok {
				preset = cmp.Or(offer.offer, answer)
			}
			continue
		}
		return answer, nil
	}
}

// An askAgain is what is wrong with an answer, and another one to offer.
type askAgain struct{ problem, offer string }

func (e askAgain) Error() string { return e.problem }

// greet says once how the questions are answered.
func (w *wizard) greet() {
	w.asked = true
	if !w.anyAsked {
		w.anyAsked = true
		w.p.say("Enter accepts an answer, %s goes back to the one before, Ctrl-C stops", w.p.terminal.BackKey())
	}
}

// pick returns the index of the item that the user picks, or of the only one.
func (w *wizard) pick(flag, what string, items []picker.Item) (int, error) {
	if len(items) == 1 {
		return 0, nil
	}
	if !w.p.terminal.CanPrompt() {
		return 0, shownError{usageError{fmt.Sprintf("there is no terminal to choose the %s at", what)}, statusUsage, []string{"name it with " + flag}}
	}
	w.asked, w.anyAsked = true, true
	i, err := w.p.pickOrBack(w.ctx, items, picker.Options{Prompt: what})
	if errors.Is(err, picker.ErrCancelled) {
		return 0, errBack
	}
	return i, err
}

// confirm asks a question to which Enter is the preset.
func (w *wizard) confirm(question string, preset bool) (bool, error) {
	keys := "[y/N]"
	if preset {
		keys = "[Y/n]"
	}
	answer, err := w.p.terminal.Edit(w.ctx, question+" "+keys, "")
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "":
		return preset, nil
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// askRegion asks for the profile's region.
func (w *wizard) askRegion() (err error) {
	w.spec = profile.Spec{Name: w.o.profile, Session: w.sso.Name, AccountID: w.account.ID, RoleName: w.role, Region: w.o.region, Output: w.o.output}
	if w.spec.Region != "" || w.noDefaults {
		return nil
	}
	now, _ := w.client.Config.Profile(w.spec.Name) // may not exist
	preset := cmp.Or(w.typed.region, now.Region, w.client.STSRegion, w.sso.Region)
	w.spec.Region, err = w.question("--region", "Region of the profile, or - for none", preset, func(region string) error {
		if region == "-" || region == "" {
			return nil
		}
		return w.checkRegion(region)
	})
	if err == nil {
		w.typed.region = w.spec.Region
	}
	w.spec.Region = strings.TrimPrefix(w.spec.Region, "-")
	return err
}

// nameProfile asks for the profile's name, and offers the one that sync gives.
func (w *wizard) nameProfile() (err error) {
	if w.o.profile != "" {
		return nil
	}
	preset := w.typed.profile
	if preset == "" {
		if preset, err = w.syncName(); err != nil {
			return err
		}
	}
	w.spec.Name, err = w.question("--profile", "Name of the profile", preset, func(name string) error {
		if w.client.Config.HasProfile(name) {
			return nil
		}
		return checkName(name)
	})
	if err == nil {
		w.typed.profile = w.spec.Name
	}
	return err
}

// syncName returns the name that sync gives to the profile.
func (w *wizard) syncName() (string, error) {
	role := func(account store.Account) profile.SyncRole {
		return profile.SyncRole{AccountID: account.ID, AccountName: account.Name, AccountEmail: account.Email, RoleName: w.role}
	}
	shared := false
	for _, other := range w.accounts {
		if other.ID == w.account.ID || !w.client.Config.SameSyncName(w.sso.Name, role(w.account), role(other)) {
			continue
		}
		roles, err := w.client.AccountRoles(w.ctx, w.sso, other.ID)
		if errors.Is(err, context.Canceled) {
			return "", err
		}
		shared = shared || err != nil || slices.Contains(roles, w.role) // if in doubt, the longer name
	}
	return w.client.Config.SyncName(w.sso.Name, role(w.account), shared), nil
}

// write writes the profile. If it exists, write shows the change and asks first.
func (w *wizard) write() error {
	var sso *profile.SSOSession
	if w.newSession {
		sso = &w.sso
	}
	if w.o.process {
		var err error
		if w.spec.Program, err = executable(w.p.args[0]); err != nil {
			return err
		}
	}
	written, err := w.save(func() (profile.Edit, error) { return w.client.Config.PlanProfile(w.spec, sso) }, func(edit profile.Edit) error {
		if !w.client.Config.HasProfile(w.spec.Name) || w.o.yes {
			return nil
		}
		w.p.showDiff(w.p.stderr, edit.Diff())
		question := fmt.Sprintf("Profile %q exists. Change it?", w.spec.Name)
		if !w.p.terminal.CanPrompt() {
			return confirmWrite(w.ctx, w.p.terminal, question)
		}
		yes, err := w.confirm(question, false)
		if err == nil && !yes {
			return shownError{notConfirmedError{}, statusFailed, nil}
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !written:
		w.p.say("profile %q is up to date", w.spec.Name)
		return nil
	}
	if w.o.process {
		defer w.p.say("programs that are started without a shell use it with AWS_PROFILE=%s", shellinit.Word(profile.ProcessName(w.spec.Name)))
	}
	if w.anyAsked { // what comes next is said at the end
		w.p.say("wrote profile %q to %s", w.spec.Name, w.p.short(w.client.Config.Path))
		return nil
	}
	w.p.say("wrote profile %q to %s; switch to it with: ssoenv use %s", w.spec.Name, w.p.short(w.client.Config.Path), shellinit.Word(w.spec.Name))
	return nil
}

// save writes an edit that confirm, which may be nil, accepts. It reports whether
// there was anything to write. A change that another program makes in between is not
// overwritten: the edit is planned again.
func (w *wizard) save(plan func() (profile.Edit, error), confirm func(profile.Edit) error) (written bool, err error) {
	for {
		edit, err := plan()
		if err != nil || edit.IsEmpty() {
			return false, err
		}
		if confirm != nil {
			if err := confirm(edit); err != nil {
				return false, err
			}
		}
		_, err = w.client.SaveConfig(w.ctx, edit)
		if err != nil && !errors.Is(err, profile.ErrConfigChanged) {
			return false, err
		}
		saved := err == nil
		switch err := w.p.reloadConfig(w.client); {
		case saved && err != nil:
			w.p.say("warning: %v", err) // what was written is no failure
			return true, nil
		case err != nil, saved:
			return saved, err
		}
	}
}
