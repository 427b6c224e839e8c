//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// revokeEvery is the least time between two revocations of all access tokens. ssoenv
// replaces a rejected token once: one that is rejected again needs a login.
const revokeEvery = 45 * time.Second

// disturb does one thing of the storm's climate to the programs, the service or the
// disk.
func (s *storm) disturb() {
	switch s.intN(8) {
	case 0, 1, 2:
		if n := len(s.climate.faults); n > 0 {
			s.addFault(s.climate.faults[s.intN(n)])
		}
	case 3:
		if s.climate.kills {
			s.stopOne(time.Duration(200+s.intN(2000)) * time.Millisecond)
		}
	case 4:
		if s.climate.disk {
			s.spoilDisk(s.intN(2) == 0, time.Duration(500+s.intN(3000))*time.Millisecond)
		}
	case 5:
		if s.climate.clock {
			skew := time.Duration(s.intN(7)-3) * time.Minute
			s.server.Change(func(settings *ssotest.Settings) { settings.Skew = skew })
			s.count("clock of the service")
		}
	case 6:
		_ = os.RemoveAll(filepath.Join(s.caches[s.intN(len(s.caches))], "ssoenv/roles"))
		s.count("role cache deleted")
	case 7:
		if s.climate.kills && time.Since(s.revoked) > revokeEvery {
			// Rejected tokens that have not expired, as after a change of permissions.
			s.revoked = time.Now()
			s.server.RevokeAccessTokens()
			s.count("access tokens revoked")
		}
	}
}

// addFault lets one of the next calls fail.
func (s *storm) addFault(f ssotest.Fault) {
	if s.server.PendingFaults() > 3 {
		return
	}
	ops := []ssotest.Op{ssotest.GetRoleCredentials, ssotest.RefreshToken, ""}
	f.Op = ops[s.intN(len(ops))]
	if f.Kind == ssotest.NoRefreshToken {
		f.Op = ssotest.RefreshToken
	}
	s.server.Fault(f)
	name := string(f.Kind)
	switch {
	case f.Type != "":
		name = f.Type
	case f.Status != 0:
		name = "a proxy's error"
	}
	s.count(name)
}

// stopOne stops one of the running processes for a while.
func (s *storm) stopOne(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for process := range s.running {
		pid := process.Pid
		if syscall.Kill(-pid, syscall.SIGSTOP) == nil {
			s.failed["stopped process"]++
			time.AfterFunc(d, func() { _ = syscall.Kill(-pid, syscall.SIGCONT) })
		}
		return
	}
}

// spoilDisk makes the token's folder read-only or its disk full, and good again after
// d. Without mounts of its own, it does nothing: root may write everywhere.
func (s *storm) spoilDisk(full bool, d time.Duration) {
	s.mu.Lock()
	spoilt := s.diskBad
	s.diskBad = true
	s.mu.Unlock()
	if spoilt || !s.mounts() {
		return
	}
	name, spoil := "read-only folder", s.remount("ro")
	if full {
		name, spoil = "full disk", s.fillDisk
	}
	if spoil() != nil {
		s.clearDisk()
		return
	}
	s.count(name)
	time.AfterFunc(d, s.clearDisk)
}

func (s *storm) remount(mode string) func() error {
	return func() error { return exec.Command("mount", "-o", "remount,"+mode, s.tokenFolder()).Run() }
}

func (s *storm) filler() string { return filepath.Join(s.tokenFolder(), "filler") }

func (s *storm) fillDisk() error {
	err := os.WriteFile(s.filler(), make([]byte, 2<<20), 0o600)
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return errors.Join(err, errors.New("the disk is not full"))
}

func (s *storm) clearDisk() {
	_ = s.remount("rw")()
	_ = os.Remove(s.filler())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.diskBad = false
}

// calmDown ends all faults.
func (s *storm) calmDown() {
	s.server.ClearFaults()
	s.server.Change(func(settings *ssotest.Settings) { settings.Skew = 0 })
	if s.climate.disk && s.mounts() {
		for {
			s.clearDisk()
			if probe := filepath.Join(s.tokenFolder(), "probe"); os.WriteFile(probe, []byte("probe"), 0o600) == nil {
				_ = os.Remove(probe)
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	time.Sleep(4 * time.Second) // a refresh that failed is not tried again at once; cached roles expire
}
