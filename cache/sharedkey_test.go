//go:build darwin || linux

package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// These tests use shared memory of the system, under names of their own.

func testSharedKey(t *testing.T) sharedKey {
	t.Helper()
	s := newSharedKey(fmt.Sprintf("test %d %s", os.Getpid(), t.Name()))
	t.Cleanup(func() { restart(t, s) })
	return s
}

// restart removes the segment, as a restart of the system does.
func restart(t *testing.T, s sharedKey) {
	t.Helper()
	if id, err := unix.SysvShmGet(s.number, 0, 0); err == nil {
		if _, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil); err != nil {
			t.Error(err)
		}
	}
}

// segment creates a segment with that size and mode.
func segment(t *testing.T, s sharedKey, size, mode int) (id int) {
	t.Helper()
	id, err := unix.SysvShmGet(s.number, size, unix.IPC_CREAT|unix.IPC_EXCL|mode)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// setMode sets a mode, whose type differs between systems.
func setMode[M uint16 | uint32](field *M, mode int) { *field = M(mode) }

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, keySize) }

func wantShared(t *testing.T, s sharedKey, want []byte, note string) {
	t.Helper()
	got, gotNote, err := s.find()
	if err != nil || !bytes.Equal(got, want) || gotNote != note {
		t.Errorf("find: got %x, %q, %v, want %x, %q", got, gotNote, err, want, note)
	}
}

func wantNoSharedKey(t *testing.T, s sharedKey) {
	t.Helper()
	if got, _, err := s.find(); got != nil || !errors.Is(err, errNoKey) {
		t.Errorf("find: got %x, %v, want no key", got, err)
	}
}

func TestSharedKey(t *testing.T) {
	s := testSharedKey(t)
	wantNoSharedKey(t, s)
	long := strings.Repeat("é", noteSize)
	if got, err := s.put(keyOf(1), long); err != nil || !bytes.Equal(got, keyOf(1)) {
		t.Fatalf("put: got %x, %v", got, err)
	}
	wantShared(t, s, keyOf(1), long[:noteSize])
	if got, err := s.put(keyOf(2), ""); err != nil || !bytes.Equal(got, keyOf(1)) {
		t.Errorf("second put: got %x, %v, want the first key", got, err)
	}
	id, err := unix.SysvShmGet(s.number, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := s.inspect(id); err != nil || info.Perm.Mode&0o777 != 0o400 {
		t.Errorf("got mode %o, %v, want 400", info.Perm.Mode, err)
	}
	restart(t, s)
	wantNoSharedKey(t, s)
}

// Names and users have different segments.
func TestSharedKeyOfAnotherName(t *testing.T) {
	a, b := testSharedKey(t), newSharedKey("test of another name")
	if a.number == b.number {
		t.Error("two names have one number")
	}
}

func TestSharedKeyIsOneForAllProcesses(t *testing.T) {
	s := testSharedKey(t)
	var all sync.WaitGroup
	keys := make([][]byte, 50)
	for n := range keys {
		all.Go(func() {
			key, err := s.put(keyOf(byte(n)), "")
			if err != nil {
				t.Error(err)
			}
			keys[n] = key
		})
	}
	all.Wait()
	for n := range keys {
		if !bytes.Equal(keys[n], keys[0]) {
			t.Errorf("put %d: got %x, another got %x", n, keys[n], keys[0])
		}
	}
	wantShared(t, s, keys[0], "")
}

// A segment without a key, whose creator was killed, is replaced.
func TestSharedKeyThatIsIncomplete(t *testing.T) {
	s := testSharedKey(t)
	segment(t, s, segmentSize, segmentNew)
	wantNoSharedKey(t, s)
	if got, err := s.put(keyOf(3), ""); err != nil || !bytes.Equal(got, keyOf(3)) {
		t.Fatalf("put: got %x, %v", got, err)
	}
	wantShared(t, s, keyOf(3), "")
}

// A segment that ssoenv did not create is an error, and is not replaced.
func TestSharedKeyOfAnotherProgram(t *testing.T) {
	s := testSharedKey(t)
	segment(t, s, keySize, segmentComplete)
	for _, use := range []func() ([]byte, error){
		func() ([]byte, error) { key, _, err := s.find(); return key, err },
		func() ([]byte, error) { return s.put(keyOf(1), "") },
	} {
		if got, err := use(); got != nil || err == nil || !strings.Contains(err.Error(), "has 32 bytes") {
			t.Errorf("got %x, %v", got, err)
		}
	}
}

// Nor is a segment of another user a key, which could be one that the other user knows.
func TestSharedKeyOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a segment to another user")
	}
	for name, mode := range map[string]int{"complete": segmentComplete, "incomplete": segmentNew, "open to all": 0o666} {
		t.Run(name, func(t *testing.T) {
			s := testSharedKey(t)
			id := segment(t, s, segmentSize, segmentNew)
			info, err := s.inspect(id)
			if err != nil {
				t.Fatal(err)
			}
			info.Perm.Uid = 65534
			setMode(&info.Perm.Mode, mode)
			if _, err := unix.SysvShmCtl(id, unix.IPC_SET, info); err != nil {
				t.Fatal(err)
			}
			if got, _, err := s.find(); got != nil || err == nil || errors.Is(err, errNoKey) {
				t.Errorf("find: got %x, %v", got, err)
			}
			if got, err := s.put(keyOf(1), ""); got != nil || err == nil {
				t.Errorf("put: got %x, %v", got, err)
			}
			if _, err := unix.SysvShmGet(s.number, 0, 0); err != nil {
				t.Errorf("the segment is gone: %v", err)
			}
		})
	}
}

// A fakeKeyStore is a key store in the memory of the test.
type fakeKeyStore struct {
	key    []byte
	locked error // what each call returns
	other  []byte
	calls  int
}

func (f *fakeKeyStore) Read(context.Context) ([]byte, bool, error) {
	f.calls++
	return f.key, f.key != nil, f.locked
}

// Add stores a key, or that of another process which is faster.
func (f *fakeKeyStore) Add(_ context.Context, key []byte) error {
	f.calls++
	if f.other != nil {
		f.key = f.other
		return errors.New("the item already exists")
	}
	f.key = key
	return f.locked
}

// The key store is asked by the first process that seals after a restart, and by no process
// that only reads. What was sealed before the restart can be read after that.
func TestKeyStoreIsAskedOnce(t *testing.T) {
	s, store := testSharedKey(t), &fakeKeyStore{}
	k := newSharedSealer(s, store)
	var sealed []byte
	wantCalls := func(when string, want int) {
		t.Helper()
		if store.calls != want {
			t.Errorf("%s: got %d calls, want %d", when, store.calls, want)
		}
		store.calls = 0
	}
	for round, calls := range []int{3, 1, 1} { // the first one adds the key
		if err := k.check(); !errors.Is(err, errNoKey) {
			t.Errorf("round %d: check: got %v, want %v", round, err, errNoKey)
		}
		if _, err := k.unseal(sealed, "k"); err == nil {
			t.Fatalf("round %d: unsealed without a key", round)
		}
		wantCalls("reading", 0)
		for range 3 {
			if _, err := k.seal([]byte("other"), "other"); err != nil {
				t.Fatal(err)
			}
		}
		wantCalls("sealing", calls)
		if round > 0 {
			if text, err := k.unseal(sealed, "k"); err != nil || string(text) != "text" {
				t.Errorf("round %d: got %q, %v", round, text, err)
			}
		}
		var err error
		if sealed, err = k.seal([]byte("text"), "k"); err != nil {
			t.Fatal(err)
		}
		wantShared(t, s, store.key, "in memory and in the Keychain")
		restart(t, s)
		store.calls = 0
	}
}

// If the key store cannot be used, the files are sealed with a key that lasts until the next
// restart, and the key store is not asked again before that.
func TestKeyStoreThatCannotBeUsed(t *testing.T) {
	for why, store := range map[string]*fakeKeyStore{
		"User interaction is not allowed": {locked: errors.New("User interaction is not allowed")},
		"key has 0 bytes, want 32":        {other: []byte{}},
		"key has 5 bytes, want 32":        {key: []byte("short")},
	} {
		t.Run(why, func(t *testing.T) {
			s := testSharedKey(t)
			k := newSharedSealer(s, store)
			if got := k.keyPlace(); got != "" {
				t.Errorf("keyPlace: got %q before there is a key", got)
			}
			sealed, err := k.seal([]byte("text"), "k")
			if err != nil {
				t.Fatal(err)
			}
			calls := store.calls
			if text, err := k.unseal(sealed, "k"); err != nil || string(text) != "text" {
				t.Errorf("got %q, %v", text, err)
			}
			if _, err := k.seal([]byte("text"), "k"); err != nil {
				t.Error(err)
			}
			if store.calls != calls {
				t.Error("the store was asked again")
			}
			if got, want := k.keyPlace(), "in memory until a restart; Keychain: "+why; got != want {
				t.Errorf("keyPlace: got %q, want %q", got, want)
			}
			restart(t, s)
			if _, err := k.seal([]byte("text"), "k"); err != nil {
				t.Error(err)
			}
			if _, err := k.unseal(sealed, "k"); err == nil {
				t.Error("got the same key after a restart, which the store does not have")
			}
		})
	}
}

// Two processes that find an empty key store use the key of the one that stored it.
func TestKeyStoreThatAnotherProcessFills(t *testing.T) {
	s, store := testSharedKey(t), &fakeKeyStore{other: keyOf(7)}
	if _, err := newSharedSealer(s, store).seal([]byte("text"), "k"); err != nil {
		t.Fatal(err)
	}
	wantShared(t, s, keyOf(7), "in memory and in the Keychain")
}

// The files of a directory are sealed with the key, and can be read after a restart once a
// process has written one.
func TestDirWithAKeyStore(t *testing.T) {
	s, store := testSharedKey(t), &fakeKeyStore{}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d.sealer = newSharedSealer(s, store)
	put := func(key string) {
		t.Helper()
		if err := d.Put(key, "a secret text"); err != nil {
			t.Fatal(err)
		}
	}
	get := func(key string, want bool) {
		t.Helper()
		var text string
		if found, err := d.Get(key, &text); found != want || err != nil || want && text != "a secret text" {
			t.Errorf("Get(%q): got %v, %v, %q, want %v", key, found, err, text, want)
		}
	}
	put("k")
	get("k", true)
	if data, err := os.ReadFile(d.Path("k")); err != nil || bytes.Contains(data, []byte("secret")) {
		t.Errorf("got the file %q, %v", data, err)
	}
	if how, err := d.Protection(); how != Sealed || err != nil {
		t.Errorf("Protection: got %v, %v", how, err)
	}
	if got, want := d.KeyPlace(), "in memory and in the Keychain"; got != want {
		t.Errorf("KeyPlace: got %q, want %q", got, want)
	}
	restart(t, s)
	store.calls = 0
	get("k", false)
	if store.calls > 0 {
		t.Error("reading has asked the store")
	}
	put("other")
	get("k", true)
	// A file of an older version, which sealed nothing.
	if err := os.WriteFile(d.Path("k"), []byte(`"a secret text"`), 0o600); err != nil {
		t.Fatal(err)
	}
	get("k", false)
}

// Without shared memory nothing can be sealed, and the error says where.
func TestWithoutSharedMemory(t *testing.T) {
	s := testSharedKey(t)
	segment(t, s, keySize, segmentComplete)
	k := newSharedSealer(s, &fakeKeyStore{})
	if err := k.check(); err == nil || !strings.HasPrefix(err.Error(), "shared memory: ") {
		t.Errorf("check: got %v", err)
	}
	if sealed, err := k.seal([]byte("text"), "k"); err == nil {
		t.Errorf("seal: got %q", sealed)
	}
}

func BenchmarkSharedKey(b *testing.B) {
	s := newSharedKey("benchmark")
	if _, err := s.put(keyOf(1), ""); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if id, err := unix.SysvShmGet(s.number, 0, 0); err == nil {
			_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
		}
	})
	for b.Loop() {
		if _, _, err := s.find(); err != nil {
			b.Fatal(err)
		}
	}
}
