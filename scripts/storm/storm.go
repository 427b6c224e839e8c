//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// A climate says what may happen in a storm.
type climate struct {
	name      string
	singleUse bool // refresh tokens can be used once
	faults    []ssotest.Fault
	kills     bool // processes are killed and stopped
	disk      bool // the token's folder is read-only or full for a while
	clock     bool // the service's clock jumps
	logouts   bool
	others    bool // the AWS CLI and the Go SDK
}

// harmless are faults after which the service has not acted; lost are those after
// which it has, and the client does not know.
var (
	harmless = []ssotest.Fault{
		{Kind: ssotest.ResetBefore}, {Kind: ssotest.Hang, Delay: 50 * time.Millisecond}, {Status: 503}, {Status: 502},
		{Type: "InternalServerException"}, {Type: "TooManyRequestsException", RetryAfter: time.Second},
		{Kind: ssotest.Pass, Delay: 700 * time.Millisecond}, {Kind: ssotest.CaptivePortal}, {Kind: ssotest.Garbage}, {Kind: ssotest.Empty},
	}
	lost = []ssotest.Fault{{Kind: ssotest.ResetAfter}, {Kind: ssotest.Truncate}, {Kind: ssotest.HangAfter, Delay: 50 * time.Millisecond}, {Kind: ssotest.NoRefreshToken}}
)

var climates = []climate{
	{name: "single-use", singleUse: true, faults: harmless, disk: true, clock: true},
	{name: "wild", faults: append(append([]ssotest.Fault{}, harmless...), lost...), kills: true, disk: true, clock: true},
	{name: "comings", faults: harmless, kills: true, logouts: true},
	{name: "company", others: true, kills: true, faults: harmless},
	{name: "company with single use", singleUse: true, others: true},
	{name: "alone", singleUse: true},
}

// refreshEvery is how often a token is due for a refresh: the fake's tokens live so
// much longer than the margin at which ssoenv and the AWS CLI refresh them.
const (
	refreshEvery = 5 * time.Second
	tokenMargin  = 15 * time.Minute
)

// A storm is one home, one fake Identity Center and the programs that run there.
type storm struct {
	climate climate
	program string
	length  time.Duration
	rand    *rand.Rand
	server  *ssotest.Server
	http    *httptest.Server
	home    string
	caches  []string  // XDG_CACHE_HOME of the programs
	revoked time.Time // when access tokens were revoked last

	mu         sync.Mutex
	running    map[*os.Process]bool
	ran        map[string]int
	failed     map[string]int
	violations []string
	diskBad    bool
}

func newStorm(o options, seed int64) (*storm, error) {
	home, err := os.MkdirTemp("", "storm-")
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	s := &storm{
		program: o.program, length: o.length, rand: random, server: ssotest.New(), home: home,
		climate: climates[int(seed)%len(climates)],
		running: map[*os.Process]bool{}, ran: map[string]int{}, failed: map[string]int{},
	}
	for _, c := range climates {
		if c.name == o.climate {
			s.climate = c
		}
	}
	s.server.Change(func(settings *ssotest.Settings) {
		settings.AutoApprove = true
		settings.PlainSecrets = true
		settings.RotateRefreshTokens = s.climate.singleUse
		settings.TokenLifetime = tokenMargin + refreshEvery
		settings.RoleLifetime = 4 * time.Second
		settings.SessionLifetime = 8 * time.Hour
		settings.Latency = time.Duration(random.IntN(60)) * time.Millisecond
	})
	s.http = httptest.NewServer(s.server)
	for i := range 3 {
		s.caches = append(s.caches, filepath.Join(home, fmt.Sprintf("cache-%d", i)))
	}
	folder := s.tokenFolder()
	config := ssotest.Config(s.http.URL+"/start", "dev", "prod", "plain")
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(home, ".aws/config"), []byte(config), 0o600), os.Mkdir(filepath.Join(home, "rules"), 0o700), ssotest.WriteDataPath(filepath.Join(home, "rules"), s.http.URL)); err != nil {
		return nil, err
	}
	if s.climate.disk && s.mounts() {
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("mount: %w: %s", err, out)
		}
	}
	if result := s.run(0, 0, "login", "dev"); result.status != 0 {
		return nil, fmt.Errorf("the first login: %s", result.stderr)
	}
	return s, nil
}

func (s *storm) tokenFolder() string { return filepath.Join(s.home, ".aws/sso/cache") }

func (s *storm) mounts() bool { return os.Getenv(inNamespace) == "mounts" }

// end removes what the storm has made.
func (s *storm) end() {
	s.http.Close()
	if s.climate.disk && s.mounts() {
		_ = exec.Command("umount", s.tokenFolder()).Run()
	}
	if len(s.violations) == 0 {
		_ = os.RemoveAll(s.home)
	}
}

// A result is how a program ended.
type result struct {
	stdout, stderr string
	status         int // -1 after a signal
}

// command returns a program of the storm, which has one of the cache folders.
func (s *storm) command(cache int, words ...string) *exec.Cmd {
	c := exec.Command(words[0], words[1:]...)
	c.Dir = s.home
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	url := s.http.URL
	c.Env = []string{
		"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + s.home, "XDG_CACHE_HOME=" + s.caches[cache], "LANG=C.UTF-8",
		"BROWSER=curl -sSL -o /dev/null %s",
		"AWS_ENDPOINT_URL_SSO=" + url, "AWS_ENDPOINT_URL_SSO_OIDC=" + url, "AWS_ENDPOINT_URL_STS=" + url,
		"AWS_DATA_PATH=" + filepath.Join(s.home, "rules"), "AWS_PAGER=", "AWS_REGION=us-east-1", "AWS_CONFIG_FILE=" + filepath.Join(s.home, ".aws/config"),
	}
	return c
}

// longestRun is the time after which a program is killed: longer than any limit of
// ssoenv's, which counts as hanging then. Other programs may retry for longer.
const longestRun = 90 * time.Second

// run runs ssoenv with one of the cache folders. If limit is not zero, the process is
// killed after it.
func (s *storm) run(cache int, limit time.Duration, words ...string) result {
	return s.runCommand(s.command(cache, append([]string{s.program}, words...)...), limit, "ssoenv "+words[0])
}

func (s *storm) runCommand(c *exec.Cmd, limit time.Duration, name string) result {
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		s.violate("%s: %v", name, err)
		return result{status: -1}
	}
	s.mu.Lock()
	s.ran[name]++
	s.running[c.Process] = true
	s.mu.Unlock()
	kill := func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	watchdog := time.AfterFunc(longestRun, func() {
		if strings.HasPrefix(name, "ssoenv ") {
			s.violate("%s hangs: %v", name, c.Args)
		}
		kill()
	})
	defer watchdog.Stop()
	if limit > 0 {
		timer := time.AfterFunc(limit, kill)
		defer timer.Stop()
	}
	_ = c.Wait()
	s.mu.Lock()
	delete(s.running, c.Process)
	s.mu.Unlock()
	return result{stdout.String(), stderr.String(), c.ProcessState.ExitCode()}
}

func (s *storm) violate(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.violations) < 20 {
		s.violations = append(s.violations, fmt.Sprintf(format, args...))
	}
}

// count counts a fault.
func (s *storm) count(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[fault]++
}

// intN returns a random number below n. Several goroutines may call it.
func (s *storm) intN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.IntN(n)
}

// users is the number of programs that run at once.
const users = 6

// blow runs programs and faults for the length of the storm.
func (s *storm) blow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.length)
	defer cancel()
	var all sync.WaitGroup
	for range users {
		all.Go(func() {
			for ctx.Err() == nil {
				s.act()
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			s.disturb()
			pause(ctx, time.Duration(50+s.intN(400))*time.Millisecond)
		}
	})
	all.Wait()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// roles are the profiles with what their credentials must say.
var roles = map[string]string{
	"dev": "111111111111 Developer", "prod": "222222222222 Administrator", "plain": "222222222222 ReadOnly",
}

var names = []string{"dev", "prod", "plain"}

// act runs one program and checks how it ended.
func (s *storm) act() {
	cache, name := s.intN(len(s.caches)), names[s.intN(len(names))]
	limit := time.Duration(0)
	if s.climate.kills && s.intN(6) == 0 {
		limit = time.Duration(1+s.intN(400)) * time.Millisecond
		s.count("kill -9")
	}
	choice := s.intN(20)
	switch {
	case s.climate.others && choice < 3:
		s.awsCLI(cache, name)
	case s.climate.others && choice < 7:
		c := s.command(cache, os.Args[0], "-sdk", name)
		s.runCommand(c, 0, "the Go SDK")
	case s.climate.logouts && choice == 7:
		s.check(cache, limit, "logout", name)
	case s.climate.logouts && choice < 10:
		s.check(cache, limit, "login", name)
	case s.climate.logouts && choice == 10:
		s.check(cache, limit, "sync", "--yes", "--sso-session", "corp")
	case choice < 13:
		s.check(cache, limit, "use", name, "--no-login")
	case choice < 16:
		s.checkExec(cache, limit, name)
	case choice < 18:
		s.check(cache, limit, "credential-process", name)
	case choice == 18:
		s.check(cache, limit, "list")
	default:
		s.checkHook(cache, limit, name)
	}
}

func (s *storm) awsCLI(cache int, name string) {
	c := s.command(cache, "/usr/bin/aws", "sts", "get-caller-identity", "--profile", name)
	s.runCommand(c, 0, "the AWS CLI")
}

// checkExec has a command print the credentials that it was given.
func (s *storm) checkExec(cache int, limit time.Duration, name string) {
	r := s.check(cache, limit, "exec", name, "--no-login", "--", "sh", "-c", `echo "$AWS_ACCOUNT_ID $AWS_ACCESS_KEY_ID"`)
	if r.status == 0 {
		account, key, _ := strings.Cut(strings.TrimSpace(r.stdout), " ")
		if want, _, _ := strings.Cut(roles[name], " "); account != want || key == "" {
			s.violate("exec %s got account %q and key %q, want account %s", name, account, key, want)
		}
	}
}

// checkHook runs what a hook does in a shell that uses the profile.
func (s *storm) checkHook(cache int, limit time.Duration, name string) {
	const script = `
		code=$("$SSOENV" use --no-login "$1") || exit 3
		eval "$code"
		before=$AWS_ACCESS_KEY_ID
		sleep 3
		"$SSOENV" refresh || exit 3
		code=$("$SSOENV" adopt) || exit 3
		eval "$code"
		"$SSOENV" whoami`
	c := s.command(cache, "sh", "-c", script, "sh", name)
	c.Env = append(c.Env, "SSOENV="+s.program)
	r := s.runCommand(c, limit, "a shell with the hook's commands")
	s.checkIdentity(name, r)
}

// checkIdentity checks what "whoami" said of the credentials of the profile.
func (s *storm) checkIdentity(name string, r result) {
	account, role, _ := strings.Cut(roles[name], " ")
	if r.status == 0 && (!strings.Contains(r.stdout, account) || !strings.Contains(r.stdout, role)) {
		s.violate("%s: whoami says %q", name, r.stdout)
	}
}
