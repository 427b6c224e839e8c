package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// The private files of exec --serve
//
// They lie in the folder "serve" beside the role credentials. Those of one run have the
// same name, which is used once: NAME.config is the AWS config of its command, NAME.token
// says where --token-file has written the token, and NAME.lock is locked while the run
// lives. A run that was killed leaves them behind; the next one, which gets the lock,
// removes them and that token. The lock "all" is held by who makes or removes files, so
// that none are removed that are not locked yet.

// servedFiles are the private files of a run.
type servedFiles struct {
	config string // path of the AWS config
	token  string // path of the token; empty: it is in a variable

	dir    *cache.Dir
	name   string
	secret safetext.Secret
	unlock func()
}

const allServed = "all" // the lock

// servedFolder opens the folder of the private files.
func (p *program) servedFolder() (*cache.Dir, error) {
	roles, _ := p.paths.Roles()
	return cache.Open(filepath.Join(roles, "serve"))
}

// writeServedFiles writes the files of this run, and removes those of dead ones.
func (p *program) writeServedFiles(plan switchPlan, tokenFile string, token safetext.Secret) (*servedFiles, error) {
	dir, err := p.servedFolder()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	unlockAll, err := dir.Lock(ctx, allServed)
	if err != nil && !errors.Is(err, cache.ErrNoLocks) {
		return nil, fmt.Errorf("the files of exec --serve: %w", err)
	}
	defer unlockAll()
	if err == nil {
		removeDeadServed(dir)
	}
	f := &servedFiles{dir: dir, name: strings.ToLower(rand.Text()), secret: token, unlock: func() {}}
	if f.unlock, err = dir.Lock(ctx, f.name); err != nil && !errors.Is(err, cache.ErrNoLocks) {
		return nil, fmt.Errorf("the files of exec --serve: %w", err)
	}
	if err := f.write(plan, tokenFile); err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

func (f *servedFiles) write(plan switchPlan, tokenFile string) error {
	f.config = f.dir.Path(f.name + ".config")
	text := plan.client.Config.ServedConfig(plan.Profile, plan.Region)
	if err := f.dir.Write(f.name+".config", text, time.Time{}); err != nil {
		return shownError{fmt.Errorf("the config file of the command was not written: %w", err), statusFailed,
			[]string{"free some space, or name another folder that belongs to you with XDG_CACHE_HOME"}}
	}
	if tokenFile == "" {
		return nil
	}
	path, err := filepath.Abs(tokenFile)
	if err != nil {
		return err
	}
	record := path + "\n" + tokenHash(f.secret.Reveal())
	if err := f.dir.Write(f.name+".token", []byte(record), time.Time{}); err != nil {
		return fmt.Errorf("the token was not written: %w", err)
	}
	if err := writeToken(path, f.secret); err != nil {
		return err
	}
	f.token = path
	return nil
}

// remove removes the files. It may be called again.
func (f *servedFiles) remove() {
	removeServed(f.dir, f.name)
	f.unlock()
	f.unlock = func() {}
}

// removeDeadServed removes the files of runs that have ended without doing so. The
// caller holds the lock of all.
func removeDeadServed(dir *cache.Dir) {
	keys, _ := dir.Keys()
	for _, key := range keys {
		name, ok := strings.CutSuffix(key, ".config")
		if !ok {
			continue
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel() // tries once
		if unlock, err := dir.Lock(ended, name); err == nil {
			removeServed(dir, name)
			unlock()
		}
	}
}

// removeServed removes the files of one run: the token, the record of it, the config
// and, since no run has its name again, the lock file. The config is the last that is
// seen of a run, so it is removed after the token.
func removeServed(dir *cache.Dir, name string) {
	if record, err := readSmallFile(dir.Path(name + ".token")); err == nil {
		path, hash, _ := strings.Cut(record, "\n")
		if token, err := readSmallFile(path); err == nil && tokenHash(token) == hash {
			_ = os.Remove(path) //nolint:gosec // the record is the user's own, and the content is that token
		}
	}
	_ = dir.Delete(name + ".token")
	_ = dir.Delete(name + ".config")
	_ = os.Remove(filepath.Join(filepath.Dir(dir.Path(name)), name+".lock")) //nolint:gosec // the name is one of the folder's files
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// writeToken writes the token, without a newline at its end, which the SDKs refuse. It
// replaces nothing but another token.
func writeToken(path string, token safetext.Secret) error {
	file, err := createPrivate(path)
	if errors.Is(err, fs.ErrExist) {
		if old, readErr := readSmallFile(path); readErr != nil || !isServedToken(old) {
			return shownError{fmt.Errorf("--token-file %q exists and is not a token of ssoenv", path), statusUsage,
				[]string{"name a file that does not exist: it is removed when the command has ended"}}
		}
		if err = os.Remove(path); err == nil {
			file, err = createPrivate(path)
		}
	}
	if err != nil {
		return fmt.Errorf("--token-file: %w", err)
	}
	_, err = file.WriteString(token.Reveal())
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("--token-file: %w", err)
	}
	return nil
}

func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// isServedToken reports whether text has the form of a token of exec --serve.
func isServedToken(text string) bool {
	return len(text) == 52 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// readSmallFile returns the text of a regular file, at most 8 KiB of it.
func readSmallFile(path string) (string, error) {
	file, info, err := cache.OpenToRead(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(file, 8<<10))
	return string(text), err
}
