//go:build linux

package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ssoenv/ssoenv/cache"
)

// fullDisk mounts a file system of 64 KiB, fills it, and expects the old files
// to survive.
func fullDisk(args []string) error {
	dir := args[0]
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return outcome(fmt.Errorf("mount: %w", err))
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		return outcome(fmt.Errorf("mount: %w", err))
	}
	config := filepath.Join(dir, "config")
	d, err := cache.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Put("k", "old"), cache.ReplaceFile(config, []byte("old"), 0o600)); err != nil {
		return err
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		return err
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	if err := filler.Truncate(40 << 10); err != nil {
		return err
	}
	large := strings.Repeat("x", 60<<10)
	return survivors(d, config, large, syscall.ENOSPC)
}

// fileSizeLimit makes writes end in the middle.
func fileSizeLimit(args []string) error {
	config := filepath.Join(args[0], "config")
	d, err := cache.Open(args[0])
	if err != nil {
		return err
	}
	if err := errors.Join(d.Put("k", "old"), cache.ReplaceFile(config, []byte("old"), 0o600)); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000}); err != nil {
		return err
	}
	return survivors(d, config, strings.Repeat("x", 5000), syscall.EFBIG)
}

// survivors tries to write large, which does not fit, and looks at what is left.
func survivors(d *cache.Dir, config, large string, reason error) error {
	if err := d.Put("k", large); !errors.Is(err, reason) || !strings.Contains(err.Error(), d.Path("k")) {
		return fmt.Errorf("put: %v", err)
	}
	if err := cache.ReplaceFile(config, []byte(large), 0o600); !errors.Is(err, reason) || !strings.Contains(err.Error(), config) {
		return fmt.Errorf("replace: %v", err)
	}
	var got string
	if found, err := d.Get("k", &got); !found || err != nil || got != "old" {
		return fmt.Errorf("get: %v, %v, %.10q", found, err, got)
	}
	if got, err := os.ReadFile(config); err != nil || string(got) != "old" {
		return fmt.Errorf("config: %.10q, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".ssoenv-*"))
	if err != nil || len(left) > 0 {
		return fmt.Errorf("left %q, %v", left, err)
	}
	unlock, err := d.Lock(context.Background(), "k")
	defer unlock()
	return err
}

func TestFullDisk(t *testing.T) {
	cmd := command("full disk", privateDir(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: uid, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) || bytes.HasPrefix(out, []byte("mount: ")) {
		t.Logf("mounting is not permitted here (%v, %s): TestWriteCutShort has to do", err, out)
		return
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWriteCutShort(t *testing.T) {
	if out, err := command("file size limit", privateDir(t)).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
