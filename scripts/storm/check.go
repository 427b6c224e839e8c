//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// statuses are the exit statuses that a command may have in a storm: done, failed, a
// login is needed, not accepted by AWS.
var statuses = []int{0, 1, 3, 5}

// check runs ssoenv and checks that status, output and message belong together.
func (s *storm) check(cache int, limit time.Duration, words ...string) result {
	r := s.run(cache, limit, words...)
	line := strings.Join(words, " ")
	if r.status == -1 && limit > 0 {
		return r
	}
	switch {
	case !slices.Contains(statuses, r.status):
		s.violate("%s: status %d: %s", line, r.status, r.stderr)
	case r.status != 0 && !strings.Contains(r.stderr, "ssoenv: "):
		s.violate("%s: status %d without a message: %q", line, r.status, r.stderr)
	case strings.Contains(r.stderr, "panic") || strings.Contains(r.stderr, "DATA RACE"):
		s.violate("%s: %s", line, r.stderr)
	case r.status == 3 && !s.climate.logouts && !strings.Contains(r.stderr, "cannot be renewed here"):
		s.violate("%s: the login is lost: %s\n%s", line, r.stderr, s.recentRefreshes())
	}
	switch words[0] {
	case "use":
		if (r.status == 0) != strings.Contains(r.stdout, "AWS_SECRET_ACCESS_KEY") || r.status != 0 && r.stdout != "false\n" {
			s.violate("%s: status %d with output %q", line, r.status, r.stdout)
		}
	case "credential-process":
		var answer struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
		if r.status == 0 && (json.Unmarshal([]byte(r.stdout), &answer) != nil || answer.SessionToken == "") || r.status != 0 && r.stdout != "" {
			s.violate("%s: status %d with output %q", line, r.status, r.stdout)
		}
	}
	return r
}

// checkAfterwards checks what the storm has left.
func (s *storm) checkAfterwards() {
	s.checkRefreshes()
	s.checkFiles()
	if s.climate.logouts {
		s.check(0, 0, "login", "dev")
	}
	for cache := range s.caches {
		for _, name := range names {
			r := s.check(cache, 0, "whoami", name)
			if r.status != 0 {
				s.violate("afterwards, whoami %s with cache %d: %s", name, cache, r.stderr)
			}
			s.checkIdentity(name, r)
		}
	}
	s.check(0, 0, "logout", "dev")
	if left := s.filesOf(s.tokenFolder(), ".json"); len(left) > 0 {
		s.violate("after the logout: %q", left)
	}
	if left := slices.DeleteFunc(s.filesOf(filepath.Join(s.caches[0], "ssoenv/roles"), ""), func(name string) bool {
		return strings.HasSuffix(name, ".lock") || filepath.Base(name) == "CACHEDIR.TAG"
	}); len(left) > 0 {
		s.violate("after the logout: %q", left)
	}
	for cache := range s.caches {
		if r := s.run(cache, 0, "use", "dev", "--no-login"); r.status != 3 {
			s.violate("after the logout, use with cache %d: status %d: %s", cache, r.status, r.stderr)
		}
	}
}

// checkFiles checks that every token and every role entry is complete.
func (s *storm) checkFiles() {
	for _, path := range s.filesOf(s.tokenFolder(), ".json") {
		data, err := os.ReadFile(path)
		var token struct{ AccessToken, RefreshToken, ExpiresAt string }
		if err != nil || json.Unmarshal(data, &token) != nil || token.AccessToken == "" || token.RefreshToken == "" || token.ExpiresAt == "" {
			s.violate("%s is torn: %v, %d bytes", path, err, len(data))
		}
	}
	if s.climate.kills {
		return // a killed process leaves its temporary file, for an hour
	}
	for _, folder := range append([]string{s.tokenFolder()}, s.caches...) {
		if left := s.filesOf(folder, ".tmp"); len(left) > 0 {
			s.violate("temporary files are left: %q", left)
		}
	}
}

// filesOf returns the files below the folder whose names end so.
func (s *storm) filesOf(folder, suffix string) (paths []string) {
	_ = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, suffix) {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

// refreshes returns the calls that refresh a token, and which are ssoenv's.
func (s *storm) refreshes() (calls []ssotest.Call, own []bool) {
	for _, call := range s.server.Log() {
		if call.Op == ssotest.RefreshToken {
			calls = append(calls, call)
			agent := call.Header.Get("User-Agent")
			own = append(own, !strings.Contains(agent, "aws-cli") && !strings.Contains(agent, "botocore"))
		}
	}
	return calls, own
}

// checkRefreshes checks that no refresh was in vain.
func (s *storm) checkRefreshes() {
	calls, _ := s.refreshes()
	var last time.Time
	for _, call := range calls {
		if call.Error == "InvalidGrantException" && s.climate.singleUse && !s.climate.others {
			s.violate("a refresh token was presented again\n%s", s.recentRefreshes())
		}
		if call.Status != 200 {
			continue
		}
		if s.climate.name == "alone" && !last.IsZero() && call.Time.Sub(last) < refreshEvery-2*time.Second {
			s.violate("refreshes within %v", call.Time.Sub(last))
		}
		last = call.Time
	}
}

// recentRefreshes describes the last refreshes, for a message.
func (s *storm) recentRefreshes() string {
	calls, own := s.refreshes()
	var b strings.Builder
	for i := max(0, len(calls)-6); i < len(calls); i++ {
		fmt.Fprintf(&b, "%s refresh, ssoenv's or the SDK's: %v, status %d %s, fault %q\n", calls[i].Time.Format("15:04:05.000"), own[i], calls[i].Status, calls[i].Error, calls[i].Fault)
	}
	return b.String()
}

// useSDK gets the credentials of the profile as any program of the Go SDK does, and
// returns an exit status.
func useSDK(ctx context.Context, profile string) int {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	if err == nil {
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
