package cache_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/cache"
)

// token has the shape of a token file: strings, a time, and fields into which JSON
// of another shape cannot be decoded.
type token struct {
	StartURL    string    `json:"startUrl"`
	AccessToken string    `json:"accessToken"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Attempts    int32     `json:"attempts"`
}

func someToken() token {
	return token{
		StartURL:    "https://example.awsapps.com/start",
		AccessToken: strings.Repeat("a1B2", 400),
		ExpiresAt:   time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
		Attempts:    3,
	}
}

func open(t testing.TB, path string) *cache.Dir {
	t.Helper()
	d, err := cache.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// privateDir returns a new directory that Open accepts under any umask.
func privateDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700))
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that err contains all of parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got error %q, want one with %q", err, part)
		}
	}
}

// names returns the names in a directory, hidden files included, without
// CACHEDIR.TAG.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var names []string
	for _, entry := range entries {
		if entry.Name() != "CACHEDIR.TAG" {
			names = append(names, entry.Name())
		}
	}
	return names
}

// A directory gets a CACHEDIR.TAG, except a shared one.
func TestCacheTag(t *testing.T) {
	for shared, open := range map[bool]func(string) (*cache.Dir, error){false: cache.Open, true: cache.OpenShared} {
		dir := filepath.Join(t.TempDir(), "new")
		d, err := open(dir)
		must(t, err)
		must(t, d.Put("k", 1))
		text, err := os.ReadFile(filepath.Join(dir, "CACHEDIR.TAG"))
		if tagged := strings.HasPrefix(string(text), "Signature: 8a477f597d28d172789f06886806bc55\n"); tagged == shared {
			t.Errorf("shared %v: got tag %q, %v", shared, text, err)
		}
	}
}

func TestPutThenGet(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a", "b"))
	want := someToken()
	must(t, d.Put("k", want))
	var got token
	found, err := d.Get("k", &got)
	if !found || err != nil || got != want {
		t.Errorf("Get = %v, %v, %+v", found, err, got)
	}
	if got, want := names(t, filepath.Dir(d.Path("k"))), []string{"k.json"}; !slices.Equal(got, want) {
		t.Errorf("got names %q, want %q", got, want)
	}
}

func TestConcurrentCreateDirectory(t *testing.T) {
	top := t.TempDir()
	for round := range 20 {
		dir := filepath.Join(top, strconv.Itoa(round), "a", "b", "c")
		var all sync.WaitGroup
		for range 8 {
			d := open(t, dir)
			all.Go(func() {
				if err := d.Put("k", 1); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

func TestReadsCreateNothing(t *testing.T) {
	home := t.TempDir()
	for _, openDir := range []func(string) (*cache.Dir, error){cache.Open, cache.OpenShared} {
		d, err := openDir(filepath.Join(home, "missing", "dir"))
		must(t, err)
		var v token
		if found, err := d.Get("k", &v); found || err != nil {
			t.Errorf("Get = %v, %v", found, err)
		}
		if keys, err := d.Keys(); len(keys) != 0 || err != nil {
			t.Errorf("Keys = %q, %v", keys, err)
		}
		if err := d.Delete("k"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if got := names(t, home); len(got) != 0 {
		t.Errorf("created %q", got)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		"relative/dir":                 "not an absolute path",
		"":                             "not an absolute path",
		file:                           "is not a directory",
		filepath.Join(file, "dir"):     "not a directory",
		"/with\x00nul":                 "invalid argument",
		"/" + strings.Repeat("x", 300): "name too long",
	} {
		if _, err := cache.Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, want %q", path, err, want)
		}
	}
}

// badKeys are not valid keys: every method returns an error.
var badKeys = []string{
	"", ".", "..", "../x", "/etc/passwd", "a/b", `a\b`, "a\x00b", "a b", "A", "é", "K.json", ".hidden", "-flag",
	".ssoenv-1.tmp", "a.", "a.lock", "a.json.lock", "a:b", "a*", "~", "\n",
}

func TestKeysNeverFormPaths(t *testing.T) {
	home := t.TempDir()
	d := open(t, filepath.Join(home, "dir"))
	for _, key := range badKeys {
		if path := d.Path(key); path != "" {
			t.Errorf("Path(%q) = %q", key, path)
		}
		_, err := d.Get(key, new(token))
		wantError(t, err, "is not a cache key")
		wantError(t, d.Put(key, 1), "is not a cache key")
		wantError(t, d.Delete(key), "is not a cache key")
		unlock, err := d.Lock(t.Context(), key)
		wantError(t, err, "is not a cache key")
		unlock()
	}
	if got := names(t, home); len(got) != 0 {
		t.Errorf("created %q", got)
	}
}

func FuzzKey(f *testing.F) {
	for _, key := range append(badKeys, "3ece1471f44f63177cbc35ba0b904e0c096b6783", "a-b.expires", "0", "a..b") {
		f.Add(key)
	}
	const root = "/no/such/dir"
	d, err := cache.Open(root)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		path := d.Path(key)
		if path == "" {
			return
		}
		name, under := strings.CutPrefix(path, root+"/")
		if !under || name != key && name != key+".json" {
			t.Errorf("Path(%q) = %q", key, path)
		}
		if strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz.-") != "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".lock") {
			t.Errorf("Path(%q) = %q", key, path)
		}
	})
}

// Get returns a value exactly if the file is JSON, and a miss does not change the
// caller's variable.
func FuzzGet(f *testing.F) {
	for _, text := range []string{"", "null", "{}", `{"accessToken":"x"}`, "\ufeff{}", "\x00", "1e400", `"\ud800"`, "[1,2", "NaN", " 1 \n"} {
		f.Add([]byte(text))
	}
	d, err := cache.Open(filepath.Join(f.TempDir(), "dir"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := d.Write("k", data, time.Time{}); err != nil {
			t.Fatal(err)
		}
		raw := json.RawMessage("before")
		found, err := d.Get("k", &raw)
		if err != nil || found != json.Valid(data) {
			t.Fatalf("Get = %v, %v for %q", found, err, data)
		}
		if want := bytes.TrimSpace(data); found && !bytes.Equal(raw, want) {
			t.Errorf("got %q, want %q", raw, want)
		}
		if !found && string(raw) != "before" {
			t.Errorf("value after a miss: got %q, want no change", raw)
		}
		got := someToken()
		if found, err := d.Get("k", &got); err != nil || !found && got != someToken() {
			t.Errorf("Get = %v, %v, %+v", found, err, got)
		}
	})
}

func TestTruncatedAnywhereIsAMiss(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	whole, err := json.Marshal(someToken())
	must(t, err)
	must(t, d.Write("k", whole, time.Time{}))
	for n := range whole {
		must(t, os.Truncate(d.Path("k"), int64(len(whole)-1-n)))
		got := token{AccessToken: "before"}
		if found, err := d.Get("k", &got); found || err != nil || got != (token{AccessToken: "before"}) {
			t.Fatalf("cut to %d bytes: Get = %v, %v, %+v", len(whole)-1-n, found, err, got)
		}
	}
}

func TestDamageIsAMiss(t *testing.T) {
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(i * 7)
	}
	for name, data := range map[string]string{
		"noise":             string(noise),
		"byte order mark":   "\ufeff" + `{"accessToken":"x"}`,
		"array":             `["accessToken"]`,
		"number for string": `{"startUrl":"kept?","accessToken":7}`,
		"string for number": `{"attempts":"7"}`,
		"number too large":  `{"attempts":2147483648}`,
		"fraction":          `{"attempts":1e-1}`,
		"not a number":      `{"attempts":NaN}`,
		"distant year":      `{"expiresAt":"292277026596-12-04T15:30:08Z"}`,
		"two documents":     `{}{}`,
		"too deep":          strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"too deep, torn":    strings.Repeat(`{"a":`, 100_000),
		"too deep below":    `{"accessToken":` + strings.Repeat("[", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, filepath.Join(t.TempDir(), "dir"))
			must(t, d.Write("k", []byte(data), time.Time{}))
			got := token{StartURL: "before"}
			if found, err := d.Get("k", &got); found || err != nil || got != (token{StartURL: "before"}) {
				t.Errorf("Get = %v, %v, %+v", found, err, got)
			}
			if onDisk, err := os.ReadFile(d.Path("k")); err != nil || string(onDisk) != data {
				t.Errorf("got a changed file: %v", err)
			}
		})
	}
}

func TestHugeFilesAreNotReadIntoMemory(t *testing.T) {
	d := open(t, privateDir(t))
	f, err := os.OpenFile(d.Path("k"), os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	must(t, f.Truncate(10<<30))
	must(t, f.Close())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if found, err := d.Get("k", new(token)); found || err != nil {
			t.Fatalf("Get = %v, %v", found, err)
		}
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("100 misses allocated %d bytes", allocated)
	}
}

func TestSizeLimit(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	largest := `"` + strings.Repeat("x", 1<<20-2) + `"`
	must(t, d.Write("k", []byte(largest), time.Time{}))
	var got string
	if found, err := d.Get("k", &got); !found || err != nil || len(got) != 1<<20-2 {
		t.Errorf("Get = %v, %v, %d bytes", found, err, len(got))
	}
	wantError(t, d.Write("k", []byte(largest+"\n"), time.Time{}), d.Path("k"), "not written", "1048577 bytes")
	wantError(t, d.Put("k", largest), d.Path("k"), "not written")
	if found, _ := d.Get("k", &got); !found || len(got) != 1<<20-2 {
		t.Error("got no old file after an error")
	}
	must(t, os.WriteFile(d.Path("k"), []byte(largest+"\n"), 0o600))
	if found, err := d.Get("k", &got); found || err != nil {
		t.Errorf("one byte more: Get = %v, %v", found, err)
	}
}

func TestGetNeedsAPointer(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	must(t, d.Put("k", map[string]int{"a": 1}))
	for _, v := range []any{nil, token{}, (*token)(nil), map[string]int{}} {
		found, err := d.Get("k", v)
		if found {
			t.Errorf("Get into %T: got true, want false", v)
		}
		wantError(t, err, `"k"`, "cannot decode")
	}
}

func TestPutThatCannotBeEncodedKeepsTheOld(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	must(t, d.Put("k", 1))
	wantError(t, d.Put("k", func() {}), `"k"`)
	var got int
	if found, err := d.Get("k", &got); !found || err != nil || got != 1 {
		t.Errorf("Get = %v, %v, %d", found, err, got)
	}
}

func TestDelete(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	must(t, d.Put("k", 1))
	must(t, d.Write("k.expires", []byte("1"), time.Time{}))
	must(t, d.Delete("k"))
	must(t, d.Delete("k"))
	if got, want := names(t, filepath.Dir(d.Path("k"))), []string{"k.expires"}; !slices.Equal(got, want) {
		t.Errorf("got names %q, want %q", got, want)
	}
	must(t, d.Delete("k.expires"))
	must(t, os.Mkdir(d.Path("k"), 0o700))
	must(t, os.WriteFile(filepath.Join(d.Path("k"), "x"), nil, 0o600))
	wantError(t, d.Delete("k"), d.Path("k"), "not deleted")
}

func TestKeys(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	for _, key := range []string{"b", "a-1", "c"} {
		must(t, d.Put(key, 1))
	}
	must(t, d.Write("c.expires", []byte("1"), time.Time{}))
	unlock, err := d.Lock(t.Context(), "b")
	must(t, err)
	defer unlock()
	dir := filepath.Dir(d.Path("a"))
	for _, foreign := range []string{"Upper.json", ".hidden.json", "two words.json", ".ssoenv-1.tmp", ".json", "x.y.json"} {
		must(t, os.WriteFile(filepath.Join(dir, foreign), []byte("1"), 0o600))
	}
	got, err := d.Keys()
	if want := []string{"a-1", "b", "c", "c.expires"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Keys = %q, %v, want %q", got, err, want)
	}
}

func TestWriteKeepsBytesAndTime(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "dir"))
	for _, modified := range []time.Time{time.Unix(1893553445, 0), time.Unix(1, 0)} {
		data := []byte("1893553445\n")
		must(t, d.Write("k.expires", data, modified))
		got, err := os.ReadFile(d.Path("k.expires"))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("content: got %q, %v", got, err)
		}
		info, err := os.Stat(d.Path("k.expires"))
		must(t, err)
		if !info.ModTime().Equal(modified) {
			t.Errorf("modification time: got %v, want %v", info.ModTime(), modified)
		}
	}
}

func TestSharedDamageEndsInAMiss(t *testing.T) {
	d, err := cache.OpenShared(t.TempDir())
	must(t, err)
	for _, text := range []string{"", `{"accessToken":`, "[]"} {
		must(t, os.WriteFile(d.Path("k"), []byte(text), 0o600))
		for _, age := range []time.Duration{0, time.Hour} {
			must(t, os.Chtimes(d.Path("k"), time.Time{}, time.Now().Add(-age)))
			if found, err := d.Get("k", new(token)); found || err != nil {
				t.Errorf("%q, %v old: Get = %v, %v", text, age, found, err)
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "dir"))
	must(b, d.Put("k", someToken()))
	b.ReportAllocs()
	for b.Loop() {
		var got token
		if found, err := d.Get("k", &got); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkGetMissing(b *testing.B) {
	d := open(b, privateDir(b))
	for b.Loop() {
		var got token
		if found, err := d.Get("k", &got); found || err != nil {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := privateDir(b)
	for b.Loop() {
		open(b, dir)
	}
}

func BenchmarkPut(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "dir"))
	v := someToken()
	b.ReportAllocs()
	for b.Loop() {
		must(b, d.Put("k", v))
	}
}

func BenchmarkLock(b *testing.B) {
	d := open(b, filepath.Join(b.TempDir(), "dir"))
	b.ReportAllocs()
	for b.Loop() {
		unlock, err := d.Lock(b.Context(), "k")
		must(b, err)
		unlock()
	}
}
