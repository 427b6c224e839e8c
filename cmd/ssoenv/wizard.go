package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/offline"
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
// It takes one step after the other. Each asks at most one question. Esc leads back to the step
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
	wrong      string // the start URL whose region turned out to be another one
	typed      map[step]typedAnswer
	asked      bool   // the step has asked a question
	anyAsked   bool   // the run has
	questions  []step // the steps that have asked, to go back to

	accounts []store.Account // of the session; nil: not listed
	account  store.Account
	roles    []string // of the account; nil: not listed
	role     string
	spec     profile.Spec
	wanted   string // the name to offer for the profile; empty: the one that sync gives

	kept    string // the name of a session that is written and logged in to
	written bool   // the profile is, too
}

// A question is one whose answer the user types.
type question struct {
	step   step
	flag   string // answers it, too
	prompt string
	offer  string // the answer to begin with, which the user can edit
	about  string // the answers before that offer and the answer depend on

	// check accepts the answer. It may return an askAgain, to offer another one.
	check func(answer string) error
}

// A typedAnswer is what the user typed, to be edited if the question is asked again
// about the same.
type typedAnswer struct{ about, text string }

// A step is a part of the wizard. Its number is its place in their order.
type step int

const (
	chooseSession step = iota
	askStartURL
	askSSORegion
	nameSession
	logIn
	chooseAccount
	chooseRole
	askRegion
	nameProfile
	writeProfile
	endOfSteps
)

func (w *wizard) take(s step) error {
	return [endOfSteps]func(*wizard) error{
		chooseSession: (*wizard).chooseSession,
		askStartURL:   (*wizard).askStartURL,
		askSSORegion:  (*wizard).askSSORegion,
		nameSession:   (*wizard).nameSession,
		logIn:         (*wizard).logIn,
		chooseAccount: (*wizard).chooseAccount,
		chooseRole:    (*wizard).chooseRole,
		askRegion:     (*wizard).askRegion,
		nameProfile:   (*wizard).nameProfile,
		writeProfile:  (*wizard).writeProfile,
	}[s](w)
}

// run takes the steps.
func (w *wizard) run() error {
	end := endOfSteps
	if w.onlySSO {
		end = chooseAccount
	}
	for s := chooseSession; s < end; {
		w.asked = false
		if err := w.take(s); err != nil {
			if s, err = w.stepAfter(err); err != nil {
				return err
			}
			continue
		}
		if w.asked {
			w.questions = append(w.questions, s)
		}
		if s == logIn && !w.newSession { // its description is no longer a question
			w.questions = slices.DeleteFunc(w.questions, func(s step) bool { return s > chooseSession && s < logIn })
		}
		s++
	}
	return nil
}

// stepAfter returns the step that follows one that has failed, or the error that ends
// the wizard.
func (w *wizard) stepAfter(err error) (step, error) {
	region, wrong := errors.AsType[*session.RegionError](err)
	back := errors.Is(err, tty.ErrBack)
	switch {
	case wrong && w.newSession && w.p.terminal.CanPrompt():
		// The session is described anew, from the region on.
		w.sayWrongRegion(region)
		w.questions = slices.DeleteFunc(w.questions, func(s step) bool { return s >= askSSORegion })
		w.wrong = w.sso.StartURL
		return askSSORegion, nil
	case isLoginFailure(err) && w.newSession && len(w.questions) > 0:
		// The answers are still there, to be changed or to be accepted again.
		w.p.say("%v", err)
		return w.lastQuestion(), nil
	case back && len(w.questions) > 0:
		return w.lastQuestion(), nil
	case back:
		return 0, w.left("cancelled")
	case errors.Is(err, io.EOF), errors.Is(err, context.Canceled):
		return 0, w.left("interrupted")
	}
	return 0, err
}

// lastQuestion removes the last step from those that have asked, and returns it.
func (w *wizard) lastQuestion() step {
	last := len(w.questions) - 1
	s := w.questions[last]
	w.questions = w.questions[:last]
	return s
}

// left is the error of a wizard that the user leaves.
func (w *wizard) left(how string) error {
	return shownError{errors.New(how + ", " + w.keptSoFar()), statusInterrupted, w.continuation()}
}

// isLoginFailure reports whether a login did not work that may work the next time.
func isLoginFailure(err error) bool {
	_, denied := errors.AsType[*session.LoginDeniedError](err)
	_, network := errors.AsType[*session.NetworkError](err)
	return denied || network
}

// keptSoFar says what a wizard that ends early has written.
func (w *wizard) keptSoFar() string {
	switch {
	case w.written:
		return fmt.Sprintf("the profile %q is written", w.spec.Name)
	case w.kept == "":
		return "nothing changed"
	}
	return fmt.Sprintf("the session %q and its login are kept", w.kept)
}

// continuation is the hint of a wizard that ends early.
func (w *wizard) continuation() []string {
	switch {
	case w.written:
		return []string{fmt.Sprintf("ssoenv use %s switches to it", profileArgument(w.spec.Name))}
	case w.kept == "":
		return nil
	}
	return []string{"ssoenv configure goes on from there"}
}

// sayWrongRegion says that the region of the session is wrong, which the service says
// in several ways.
func (w *wizard) sayWrongRegion(err *session.RegionError) {
	if err.Actual != "" {
		w.p.say("the Identity Center of %s is in %s, not in %s", w.sso.StartURL, err.Actual, w.sso.Region)
		w.remember(askSSORegion, w.sso.StartURL, err.Actual)
		return
	}
	w.p.say("the Identity Center of %s is not in %s, or there is none of that name", w.sso.StartURL, w.sso.Region)
	w.p.say("hint: the AWS access portal shows its region in its address or under \"Access keys\"; %s leads back to the start URL", w.p.terminal.BackKey())
}

// ask asks until the answer is accepted. Without a terminal, the error names the flag
// that answers the question.
func (w *wizard) ask(q question) (string, error) {
	if !w.p.terminal.CanPrompt() {
		return "", shownError{usageError{"there is no terminal to ask at: " + strings.ToLower(q.prompt)}, statusUsage,
			[]string{"answer it with " + q.flag}}
	}
	w.greet()
	preset := q.offer
	if typed := w.typed[q.step]; typed.about == q.about {
		preset = cmp.Or(typed.text, q.offer)
	}
	for {
		answer, err := w.p.terminal.Edit(w.ctx, q.prompt+":", preset)
		if err != nil {
			return "", err
		}
		answer = strings.TrimSpace(answer)
		if err := q.check(answer); err != nil {
			w.p.say("%v", err)
			preset = answer
			if offer, ok := errors.AsType[askAgain](err); ok {
				preset = cmp.Or(offer.offer, answer)
			}
			continue
		}
		w.remember(q.step, q.about, answer)
		return answer, nil
	}
}

// remember keeps an answer, to be offered if the question is asked again.
func (w *wizard) remember(s step, about, answer string) {
	if w.typed == nil {
		w.typed = map[step]typedAnswer{}
	}
	w.typed[s] = typedAnswer{about, answer}
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
	i, err := w.p.pickOrBack(w.ctx, items, picker.Options{Prompt: what, Back: true})
	if errors.Is(err, picker.ErrCancelled) {
		return 0, tty.ErrBack
	}
	return i, err
}

// confirm asks a question to which Enter is the preset.
func (w *wizard) confirm(question string, preset bool) (bool, error) {
	keys := "[y/N]"
	if preset {
		keys = "[Y/n]"
	}
	yes, _, err := askYesNo(w.ctx, w.p.terminal, question+" "+keys, preset)
	return yes, err
}

// offer asks whether to do more than the command has to. Esc is a no; Ctrl-C ends the
// wizard.
func (w *wizard) offer(question string, preset bool) (bool, error) {
	yes, err := w.confirm(question, preset)
	switch {
	case errors.Is(err, tty.ErrBack):
		return false, nil
	case errors.Is(err, context.Canceled):
		return false, w.left("interrupted")
	}
	return yes, err
}

// askRegion asks for the profile's region.
func (w *wizard) askRegion() error {
	w.spec = profile.Spec{Name: w.o.profile, Session: w.sso.Name, AccountID: w.account.ID, RoleName: w.role, Region: w.o.region, Output: w.o.output}
	if w.spec.Region != "" || w.noDefaults {
		return nil
	}
	now, _ := w.client.Config.Profile(w.spec.Name) // may not exist
	region, err := w.ask(question{
		step: askRegion, flag: "--region", prompt: "Region of the profile, or - for none", about: w.sso.Name,
		offer: cmp.Or(now.Region, w.client.STSRegion, w.sso.Region),
		check: func(region string) error {
			if region == "-" || region == "" {
				return nil
			}
			return w.checkRegion(region)
		},
	})
	w.spec.Region = strings.TrimPrefix(region, "-")
	return err
}

// nameProfile asks for the profile's name, and offers the one that sync gives.
func (w *wizard) nameProfile() (err error) {
	if w.o.profile != "" {
		return nil
	}
	offer := w.wanted
	if offer == "" {
		if offer, err = w.syncName(); err != nil {
			return err
		}
	}
	w.spec.Name, err = w.ask(question{
		step: nameProfile, flag: "--profile", prompt: "Name of the profile", about: w.sso.Name + "/" + w.account.ID + "/" + w.role, offer: offer,
		check: func(name string) error {
			if name == offer || w.client.Config.HasProfile(name) { // sync gives letters of every script
				return nil
			}
			return checkName(name)
		},
	})
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

// writeProfile writes the profile. If it exists, writeProfile shows the change and asks
// first.
func (w *wizard) writeProfile() error {
	var sso *profile.SSOSession
	if w.newSession {
		sso = &w.sso
	}
	if w.o.process {
		var err error
		if w.spec.Program, err = offline.Executable(w.p.args[0]); err != nil {
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
			return shownError{errors.New("not confirmed, " + w.keptSoFar()), statusFailed, w.continuation()}
		}
		return err
	})
	if err != nil {
		return err
	}
	w.written = true
	if !written {
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
