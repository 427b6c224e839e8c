//go:build unix

package cache_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// umask sets the process's umask until the test ends.
func umask(t *testing.T, mask int) {
	old := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(old) })
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	if info.Mode() != want {
		t.Errorf("mode of %s: got %v, want %v", path, info.Mode(), want)
	}
}

func TestModesUnderEveryUmask(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	for _, mask := range []int{0o000, 0o002, 0o022, 0o077, 0o177, 0o277, 0o777} {
		t.Run(fmt.Sprintf("%03o", mask), func(t *testing.T) {
			top := privateDir(t)
			umask(t, mask)
			for _, openDir := range []func(string) (*cache.Dir, error){cache.Open, cache.OpenShared} {
				dir := filepath.Join(top, "a", "b")
				d, err := openDir(dir)
				must(t, err)
				for range 2 {
					must(t, d.Put("k", someToken()))
					must(t, d.Write("k.expires", []byte("1\n"), time.Unix(1, 0)))
					unlock, err := d.Lock(t.Context(), "k")
					must(t, err)
					_, err = d.Lock(ended(), "k")
					wantLocked(t, err, dir, os.Getpid(), ended().Err())
					unlock()
				}
				wantMode(t, filepath.Join(top, "a"), fs.ModeDir|0o700)
				wantMode(t, dir, fs.ModeDir|0o700)
				for _, name := range []string{"k.json", "k.expires", "k.lock"} {
					wantMode(t, filepath.Join(dir, name), 0o600)
				}
				must(t, os.RemoveAll(filepath.Join(top, "a")))
			}
			for _, perm := range []fs.FileMode{0o600, 0o644, 0o666} {
				config := filepath.Join(top, "c", "config")
				for range 2 {
					must(t, cache.ReplaceFile(config, []byte("x"), perm))
					wantMode(t, config, perm)
				}
				wantMode(t, filepath.Join(top, "c"), fs.ModeDir|0o700)
				must(t, os.RemoveAll(filepath.Join(top, "c")))
			}
		})
	}
}

// A lock file whose creator died before it restored the mode can be locked.
func TestLockFileWithoutMode(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	d := open(t, privateDir(t))
	path := filepath.Join(filepath.Dir(d.Path("k")), "k.lock")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, os.Chmod(path, 0))
	unlock, err := d.Lock(ended(), "k")
	must(t, err)
	unlock()
	wantMode(t, path, 0o600)
}

func TestFileModeIsRestricted(t *testing.T) {
	for _, mode := range []fs.FileMode{0o644, 0o666, 0o640, 0o777, 0o777 | fs.ModeSetuid} {
		d := open(t, privateDir(t))
		plant := func() {
			must(t, os.WriteFile(d.Path("k"), []byte("1"), 0o600))
			must(t, os.Chmod(d.Path("k"), mode))
		}
		plant()
		var got int
		found, err := d.Get("k", &got)
		if !found || got != 1 {
			t.Errorf("mode %v: got %v, %d", mode, found, got)
		}
		wantError(t, err, d.Path("k"), fmt.Sprintf("open to others (mode %04o)", mode.Perm()))
		wantMode(t, d.Path("k"), 0o600)
		if found, err := d.Get("k", &got); !found || err != nil {
			t.Errorf("the second time: Get = %v, %v", found, err)
		}
		plant()
		must(t, d.Put("k", 2))
		wantMode(t, d.Path("k"), 0o600)
	}
}

// A damaged file gets mode 0600, too.
func TestModeOfDamagedFileIsRestricted(t *testing.T) {
	d, err := cache.OpenShared(privateDir(t))
	must(t, err)
	must(t, os.WriteFile(d.Path("k"), []byte(`{"refreshToken":"x`), 0o600))
	must(t, os.Chmod(d.Path("k"), 0o644))
	found, err := d.Get("k", new(token))
	if found {
		t.Error("Get of a damaged file: got true, want false")
	}
	wantError(t, err, d.Path("k"), "mode 0644")
	wantMode(t, d.Path("k"), 0o600)
}

func TestDirectoriesWritableByOthers(t *testing.T) {
	for _, mode := range []fs.FileMode{0o777, 0o775, 0o722, 0o702} {
		dir := t.TempDir()
		must(t, os.Chmod(dir, mode))
		_, err := cache.Open(dir)
		wantError(t, err, dir, "writable by others", fmt.Sprintf("%04o", mode))
		wantMode(t, dir, fs.ModeDir|mode)
		d, err := cache.OpenShared(dir)
		must(t, err)
		wantMode(t, dir, fs.ModeDir|mode&^0o022)
		must(t, d.Put("k", 1))
	}
	for _, mode := range []fs.FileMode{0o700, 0o755, 0o777 | fs.ModeSticky} {
		dir := t.TempDir()
		must(t, os.Chmod(dir, mode))
		for _, openDir := range []func(string) (*cache.Dir, error){cache.Open, cache.OpenShared} {
			d, err := openDir(dir)
			must(t, err)
			must(t, d.Put("k", 1))
			wantMode(t, dir, fs.ModeDir|mode)
		}
	}
	// A directory that is created after Open is checked, too.
	dir := filepath.Join(t.TempDir(), "late")
	d := open(t, dir)
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.Chmod(dir, 0o777))
	wantError(t, d.Put("k", 1), dir, "writable by others")
	unlock, err := d.Lock(ended(), "k")
	unlock()
	wantError(t, err, dir, "writable by others")
	if !errors.Is(err, cache.ErrNoLocks) {
		t.Errorf("got error %v, want ErrNoLocks", err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("created %q", got)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	dir := privateDir(t)
	d := open(t, dir)
	must(t, d.Put("k", 1))
	must(t, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700)
	var got int
	if found, err := d.Get("k", &got); !found || err != nil || got != 1 {
		t.Errorf("Get = %v, %v, %d", found, err, got)
	}
	wantError(t, d.Put("k", 2), d.Path("k"), "not written", "permission denied")
	wantError(t, d.Delete("k"), d.Path("k"), "not deleted", "permission denied")
	unlock, err := d.Lock(t.Context(), "k")
	unlock()
	wantError(t, err, dir, "permission denied")
	if !errors.Is(err, cache.ErrNoLocks) {
		t.Errorf("got error %v, want ErrNoLocks", err)
	}
	wantError(t, cache.ReplaceFile(filepath.Join(dir, "config"), nil, 0o600), "config", "permission denied")
	below := open(t, filepath.Join(dir, "a", "b"))
	wantError(t, below.Put("k", 1), filepath.Join(dir, "a"), "not created", "permission denied")
	must(t, os.Chmod(dir, 0))
	found, err := d.Get("k", &got)
	if found {
		t.Error("Get in a directory without permissions: got true, want false")
	}
	wantError(t, err, d.Path("k"), "permission denied")
	if _, err := cache.Open(filepath.Join(dir, "a")); err == nil {
		t.Error("Open of a directory that cannot be inspected: got no error")
	}
}

func TestReplaceFileRespectsProtection(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	path := filepath.Join(privateDir(t), "config")
	must(t, os.WriteFile(path, []byte("protected"), 0o444))
	wantError(t, cache.ReplaceFile(path, []byte("x"), 0o600), path, "not written", "permission denied")
	wantContent(t, path, "protected")
	wantMode(t, path, 0o444)
}

func TestStaleTempsAreRemoved(t *testing.T) {
	dir := privateDir(t)
	d := open(t, dir)
	make := func(name string, age time.Duration, create func(path string) error) {
		path := filepath.Join(dir, name)
		must(t, create(path))
		past := time.Now().Add(-age)
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink == 0 {
			must(t, os.Chtimes(path, past, past))
		}
	}
	file := func(path string) error { return os.WriteFile(path, nil, 0o600) }
	make(".ssoenv-1.tmp", 2*time.Hour, file)
	make(".ssoenv-2.tmp", 61*time.Minute, file)
	kept := []string{".other-1.tmp", ".ssoenv-3.tmp", ".ssoenv-4", ".ssoenv-5.tmp", ".ssoenv-6.tmp", "k.json", "x.tmp"}
	make(".other-1.tmp", 2*time.Hour, file)
	make(".ssoenv-3.tmp", 59*time.Minute, file)
	make(".ssoenv-4", 2*time.Hour, file)
	make(".ssoenv-5.tmp", 2*time.Hour, func(path string) error { return os.Mkdir(path, 0o700) })
	make(".ssoenv-6.tmp", 2*time.Hour, func(path string) error { return os.Symlink("/", path) })
	make("x.tmp", 2*time.Hour, file)
	if os.Geteuid() == 0 {
		make(".ssoenv-7.tmp", 2*time.Hour, func(path string) error {
			return errors.Join(file(path), os.Chown(path, int(otherUser.Uid), int(otherUser.Gid)))
		})
		kept = append(kept, ".ssoenv-7.tmp")
		slices.Sort(kept)
	}
	must(t, d.Put("k", 1))
	if got := names(t, dir); !slices.Equal(got, kept) {
		t.Errorf("got names %q, want %q", got, kept)
	}
}

// RemoveTemps removes the files of killed processes, even new ones, and none to
// which a process still writes.
func TestRemoveTemps(t *testing.T) {
	dir := privateDir(t)
	d := open(t, dir)
	must(t, d.RemoveTemps()) // of an empty directory
	must(t, d.Put("k", 1))
	place, err := d.Reserve("k", 1000)
	must(t, err)
	for _, name := range []string{".ssoenv-1.tmp", ".ssoenv-2.tmp", ".other-1.tmp", ".ssoenv-4"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600))
	}
	must(t, d.RemoveTemps())
	reserved := func() string { // the only one whose name was not chosen here
		for _, name := range names(t, dir) {
			if strings.HasPrefix(name, ".ssoenv-") && name != ".ssoenv-4" {
				return name
			}
		}
		return ""
	}()
	want := []string{".other-1.tmp", ".ssoenv-4", reserved, "k.json"}
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("got names %q, want those of others, the reserved one and the value", got)
	}
	past := time.Now().Add(-2 * time.Hour)
	must(t, os.Chtimes(filepath.Join(dir, reserved), past, past)) // as after a suspend during a login
	must(t, d.RemoveTemps())
	must(t, d.Put("other", 1)) // removes old ones, too
	must(t, place.Write([]byte("2")))
	var value int
	if found, err := d.Get("k", &value); !found || err != nil || value != 2 {
		t.Errorf("got %d, %v, %v, want 2", value, found, err)
	}
}

// A temporary file that RemoveTemps removes before it is locked is created again.
func TestRemoveTempsWhileWriting(t *testing.T) {
	d := open(t, privateDir(t))
	end := make(chan struct{})
	var cleaner sync.WaitGroup
	cleaner.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				_ = d.RemoveTemps()
			}
		}
	})
	for n := range 300 {
		if err := d.Put("k", n); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
	}
	close(end)
	cleaner.Wait()
}

func TestDirectoryBehindLinks(t *testing.T) {
	top := privateDir(t)
	must(t, os.Mkdir(filepath.Join(top, "real"), 0o700))
	must(t, os.Symlink("real", filepath.Join(top, "link")))
	must(t, open(t, filepath.Join(top, "link")).Put("k", 1))
	wantMode(t, filepath.Join(top, "real", "k.json"), 0o600)
	if target, err := os.Readlink(filepath.Join(top, "link")); target != "real" {
		t.Errorf("got link target %q, %v", target, err)
	}

	// If the link's target does not exist, it is created.
	must(t, os.Symlink("link/x/../y/z", filepath.Join(top, "gone")))
	must(t, os.Mkdir(filepath.Join(top, "real", "x"), 0o700))
	d := open(t, filepath.Join(top, "gone"))
	if found, err := d.Get("k", new(int)); found || err != nil {
		t.Errorf("Get = %v, %v", found, err)
	}
	must(t, d.Put("k", 1))
	wantMode(t, filepath.Join(top, "real", "y", "z"), fs.ModeDir|0o700)
	wantMode(t, filepath.Join(top, "real", "y", "z", "k.json"), 0o600)

	must(t, os.Symlink("loop", filepath.Join(top, "loop")))
	_, err := cache.Open(filepath.Join(top, "loop"))
	wantError(t, err, filepath.Join(top, "loop"), "too many levels")
}

// Files and directories of root are not used by a process of another user.
func TestFilesOfRootAsOtherUser(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	for _, openDir := range []func(string) (*cache.Dir, error){cache.Open, cache.OpenShared} {
		for _, dir := range []string{"/", "/usr"} {
			_, err := openDir(dir)
			wantError(t, err, dir, "belongs to uid 0")
		}
	}
	d := open(t, privateDir(t))
	must(t, os.Symlink("/etc/passwd", d.Path("k")))
	found, err := d.Get("k", new(token))
	if found {
		t.Error("Get of root's file: got true, want false")
	}
	wantError(t, err, d.Path("k"), "belongs to uid 0", fmt.Sprintf("not to uid %d", os.Geteuid()))
}

// The tests below need files of two users, which only root can create.

func chown(t *testing.T, path string, owner syscall.Credential) {
	t.Helper()
	must(t, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
}

func TestRootLeavesAUsersFilesAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	const belongs = "belongs to uid 65534, not to uid 0"

	// The user's directory.
	users := home(t, &otherUser)
	for _, openDir := range []func(string) (*cache.Dir, error){cache.Open, cache.OpenShared} {
		_, err := openDir(users)
		wantError(t, err, users, belongs)
	}

	// Nothing is created in it.
	below := open(t, filepath.Join(users, "a", "b"))
	wantError(t, below.Put("k", 1), users, belongs)
	unlock, err := below.Lock(t.Context(), "k")
	unlock()
	wantError(t, err, users, belongs)
	if !errors.Is(err, cache.ErrNoLocks) {
		t.Errorf("got error %v, want ErrNoLocks", err)
	}
	for _, name := range []string{"config", "c/config"} {
		wantError(t, cache.ReplaceFile(filepath.Join(users, name), nil, 0o600), users, belongs)
	}
	if got := names(t, users); len(got) != 0 {
		t.Errorf("created %q", got)
	}

	// The user's config file still belongs to the user.
	config := filepath.Join(users, "config")
	must(t, os.WriteFile(config, []byte("old"), 0o640))
	chown(t, config, otherUser)
	must(t, cache.ReplaceFile(config, []byte("new"), 0o600))
	info, err := os.Stat(config)
	must(t, err)
	if stat := info.Sys().(*syscall.Stat_t); stat.Uid != otherUser.Uid || stat.Gid != otherUser.Gid || info.Mode() != 0o640 {
		t.Errorf("config: got mode %v, owner %d:%d", info.Mode(), stat.Uid, stat.Gid)
	}

	// A user's files in root's directory are not read and not locked. They are
	// replaced, since the directory is root's.
	d := open(t, privateDir(t))
	must(t, os.WriteFile(d.Path("k"), []byte("1"), 0o644))
	chown(t, d.Path("k"), otherUser)
	found, err := d.Get("k", new(int))
	if found {
		t.Error("Get of another user's file: got true, want false")
	}
	wantError(t, err, d.Path("k"), belongs)
	wantMode(t, d.Path("k"), 0o644)
	must(t, d.Put("k", 2))
	if found, err := d.Get("k", new(int)); !found || err != nil {
		t.Errorf("Get = %v, %v", found, err)
	}
	lock := strings.TrimSuffix(d.Path("k"), ".json") + ".lock"
	must(t, os.WriteFile(lock, nil, 0o666))
	chown(t, lock, otherUser)
	unlock, err = d.Lock(t.Context(), "k")
	unlock()
	wantError(t, err, lock, belongs)
	if !errors.Is(err, cache.ErrNoLocks) {
		t.Errorf("got error %v, want ErrNoLocks", err)
	}

	// A user's link is not followed, even to a file of root.
	must(t, os.Symlink(d.Path("k"), d.Path("l")))
	chown(t, d.Path("l"), otherUser)
	found, err = d.Get("l", new(int))
	if found {
		t.Error("Get through another user's link: got true, want false")
	}
	wantError(t, err, d.Path("l"), belongs)

	// A device that belongs to root is not read.
	null := d.Path("null")
	must(t, syscall.Mknod(null, syscall.S_IFCHR|0o600, 1<<8|3))
	found, err = d.Get("null", new(int))
	if found {
		t.Error("Get of a device: got true, want false")
	}
	wantError(t, err, null, "not a regular file")
}

func TestFilesThatRootLeft(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := filepath.Join(home(t, nil), "dir")
	must(t, os.Mkdir(dir, 0o700))
	chown(t, dir, otherUser)
	path := filepath.Join(dir, "k.json")
	must(t, os.WriteFile(path, []byte("1"), 0o600))
	cmd := command("get", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	out, err := cmd.Output()
	must(t, err)
	if want := fmt.Sprintf("false %q belongs to uid 0, not to uid 65534 \n", path); string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}

	// If root's group cannot be kept, its permissions are removed.
	config := filepath.Join(dir, "config")
	must(t, os.WriteFile(config, nil, 0o600))
	must(t, os.Chmod(config, 0o666))
	cmd = command("replace once", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	out, err = cmd.Output()
	must(t, err)
	if string(out) != "<nil>\n" {
		t.Errorf("replace: %s", out)
	}
	wantContent(t, config, after)
	wantMode(t, config, 0o606)

	// The user can create files in a sticky directory of root.
	common := home(t, nil)
	must(t, os.Chmod(common, 0o777))
	config = filepath.Join(common, "aws", "config")
	cmd = command("replace once", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &otherUser}
	out, err = cmd.Output()
	must(t, err)
	if string(out) != "<nil>\n" {
		t.Errorf("replace: %s", out)
	}
	wantContent(t, config, after)
}
