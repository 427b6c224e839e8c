package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A picture is a file in docs/pictures.
type picture struct {
	name   string
	record func(context.Context, *world) (film, error)
}

var pictures = []picture{{"use", recordUse}, {"picker", recordPicker}, {"renewal", recordRenewal}, {"each", recordEach}}

const identity = "aws sts get-caller-identity --query Arn"

// recordUse shows the first login, a switch to another profile, and clear.
func recordUse(ctx context.Context, w *world) (film, error) {
	s := newScene(ctx, w, 18)
	defer s.terminal.close()
	s.begin(`~ \$`)
	s.pause(600 * time.Millisecond)
	s.keys("ssoenv use dev")
	s.enter()
	s.pause(250 * time.Millisecond)
	s.see(`authorize\?[^ ]*\n*$`)
	s.pause(2200 * time.Millisecond)
	s.approve()
	s.see(`\ndev 59m ` + prompt)
	s.pause(1300 * time.Millisecond)
	s.run(identity, 700*time.Millisecond)
	s.pause(1300 * time.Millisecond)
	s.run("ssoenv use prod", 300*time.Millisecond)
	s.pause(1600 * time.Millisecond)
	s.run("ssoenv clear", 150*time.Millisecond)
	return s.finish("use", "Log in, switch, and switch back",
		"ssoenv use dev logs in with the browser and switches the shell: the prompt shows dev and 59 minutes. The AWS CLI sees the role Developer. "+
			"ssoenv use prod switches without another login. ssoenv clear undoes it.", 2500*time.Millisecond)
}

// recordPicker shows the list of profiles, and how typing filters it.
func recordPicker(ctx context.Context, w *world) (film, error) {
	s := newScene(ctx, w, 15)
	defer s.terminal.close()
	s.login("dev")
	s.begin(`dev 59m ~ \$`)
	s.pause(500 * time.Millisecond)
	s.keys("ssoenv use")
	s.enter()
	s.pause(100 * time.Millisecond)
	s.see(`Esc cancel`)
	s.pause(1800 * time.Millisecond)
	for _, key := range []string{"Down", "Down", "Down"} {
		s.hit(key)
		s.pause(260 * time.Millisecond)
	}
	s.pause(700 * time.Millisecond)
	s.keys("read")
	s.still = len(s.frames) - 1
	s.pause(900 * time.Millisecond)
	s.keys(" prod")
	s.pause(1600 * time.Millisecond)
	if s.err == nil {
		s.err = s.press("Enter")
	}
	s.pause(200 * time.Millisecond)
	s.see(`\nprod-readonly 59m ` + prompt)
	s.pause(1500 * time.Millisecond)
	s.run(identity, 700*time.Millisecond)
	return s.finish("picker", "Choose from a list",
		"ssoenv use without a name shows the profiles with account, role and expiry. Typing read, then prod, leaves one profile, and Enter switches the shell to prod-readonly.", 2500*time.Millisecond)
}

// recordRenewal shows a shell whose credentials have 15 minutes left. That they were
// issued 45 minutes ago is true for the fake: its clock is behind until they are issued.
func recordRenewal(ctx context.Context, w *world) (film, error) {
	const lead = 15 * time.Second // until renewal is due: long enough to record the beginning
	w.server.Change(func(t *ssotest.Settings) { t.Skew = lead + 3*time.Second - 45*time.Minute })
	s := newScene(ctx, w, 6)
	defer s.terminal.close()
	s.login("dev")
	due := time.Now().Add(lead)
	w.server.Change(func(t *ssotest.Settings) { t.Skew = 0 })
	s.begin(`dev 15m ~ \$`)
	s.pause(700 * time.Millisecond)
	s.keys("# these credentials expire in 15 minutes")
	time.Sleep(time.Until(due.Add(time.Second)))
	s.enter()
	s.pause(50 * time.Millisecond)
	s.see(`\ndev 14m ` + prompt)
	s.pause(1200 * time.Millisecond)
	s.keys("# renewal is due: it runs in the background")
	time.Sleep(2 * time.Second) // that long it may take here
	s.enter()
	s.pause(50 * time.Millisecond)
	s.see(`\ndev 59m ` + prompt)
	s.pause(1200 * time.Millisecond)
	s.run(identity, 700*time.Millisecond)
	return s.finish("renewal", "Renewed in the background",
		"The prompt shows dev and 15 minutes. Renewal is due, and the prompt turns yellow with 14 minutes. At the next prompt it shows 59 minutes again; no login and no waiting were needed.", 2500*time.Millisecond)
}

// recordEach shows one command in several accounts.
func recordEach(ctx context.Context, w *world) (film, error) {
	s := newScene(ctx, w, 8)
	defer s.terminal.close()
	s.login("dev")
	s.begin(`dev 59m ~ \$`)
	turns := filepath.Join(w.folder, "bin/turns")
	if s.err == nil {
		s.err = os.Mkdir(turns, 0o700)
	}
	s.pause(600 * time.Millisecond)
	s.keys("ssoenv exec --each '*-readonly' -- aws sts get-caller-identity --query Account")
	s.enter()
	s.pause(1100 * time.Millisecond)
	s.see(`\n0 of 5 profiles done; running in data-readonly, dev-readonly, prod-`)
	for i, turn := range []struct{ profile, then string }{
		{"dev-readonly", "data-readonly, network-"}, {"staging-readonly", "data-readonly, network-"}, {"prod-readonly", "data-readonly, network-"},
		{"data-readonly", "network-"}, {"network-readonly", ""},
	} {
		s.pause(250 * time.Millisecond)
		if s.err == nil {
			s.err = os.WriteFile(filepath.Join(turns, turn.profile), nil, 0o600)
		}
		if turn.then != "" {
			s.see(fmt.Sprintf(`\n%s: .*\n%d of 5 profiles done; running in %s`, turn.profile, i+1, turn.then))
		}
	}
	s.see(`\ndev 59m ` + prompt)
	return s.finish("each", "One command in many accounts",
		"ssoenv exec --each '*-readonly' runs a command of the AWS CLI with each profile that matches, and prints its output with the name of the profile.", 3*time.Second)
}
