//go:build unix

package keychain

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeSecurity does what ssoenv uses of security, as its manual and its source describe
// it: with -i it reads commands, whose words are split as in a shell, and a secret that is
// not printable is printed in another form. It appends its arguments to the file "args".
// The first word of the file "answer" is its exit status instead, the rest its message.
const fakeSecurity = `#!/bin/sh
cd "$(dirname "$0")" || exit 99
echo "$@" >>args
if [ -e answer ]; then
  read -r status message <answer
  echo "security: SecKeychainItemCopyContent: $message" >&2
  exit "$status"
fi
if [ "$1" = -i ]; then
  read -r line
  eval "set -- $line"
fi
command=$1 name='' secret='' show=''
shift
while [ $# -gt 1 ]; do
  case $1 in
    -s | -a) name="$name/$2" && shift ;;
    -l) shift ;;
    -w) if [ "$command" = add-generic-password ]; then secret=$2 && shift; else show=yes; fi ;;
    *) exit 2 ;;
  esac
  shift
done
[ -d "$1" ] || exit 50
item=$1/$(echo "$name" | tr / _)
case $command in
  add-generic-password)
    [ ! -e "$item" ] || exit 45
    echo "$secret" >"$item"
    ;;
  find-generic-password)
    [ -e "$item" ] || { echo "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain." >&2; exit 44; }
    [ -z "$show" ] || cat "$item"
    ;;
esac
`

// fake returns an item of the fake, and the folder in which the fake is.
func fake(t *testing.T) (Item, string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "security")
	if err := os.WriteFile(program, []byte(fakeSecurity), 0o700); err != nil {
		t.Fatal(err)
	}
	keychain := filepath.Join(dir, "a user's login.keychain-db")
	if err := os.Mkdir(keychain, 0o700); err != nil {
		t.Fatal(err)
	}
	return Item{Program: program, Keychain: keychain, Service: "ssoenv", Account: "cache key", Label: "ssoenv (cache key)"}, dir
}

// realItem returns an item of a new Keychain of macOS.
func realItem(t *testing.T) Item {
	t.Helper()
	const program = "/usr/bin/security"
	if _, err := os.Stat(program); err != nil {
		t.Skip("only macOS has", program)
	}
	keychain := filepath.Join(t.TempDir(), "test.keychain-db")
	if out, err := exec.Command(program, "create-keychain", "-p", "password", keychain).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command(program, "delete-keychain", keychain).Run() })
	return Item{Program: program, Keychain: keychain, Service: "ssoenv-test", Account: "cache key", Label: "ssoenv (test)"}
}

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestItem(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		item, dir := fake(t)
		roundTrip(t, item)
		// Other users see the arguments of a process.
		args, err := os.ReadFile(filepath.Join(dir, "args"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "-i\n"; !strings.Contains(string(args), want) || strings.Contains(string(args), "00ff22") {
			t.Errorf("got arguments %q, want %q and no secret", args, want)
		}
	})
	t.Run("Keychain", func(t *testing.T) { roundTrip(t, realItem(t)) })
}

func roundTrip(t *testing.T, item Item) {
	t.Helper()
	ctx := timeout(t)
	if secret, found, err := item.Read(ctx); secret != nil || found || err != nil {
		t.Errorf("Read of no item: got %x, %v, %v", secret, found, err)
	}
	secret := []byte{0, 0xff, '"', '\n', '\\', '\'', ' ', 'a'}
	if err := item.Add(ctx, secret); err != nil {
		t.Fatal(err)
	}
	_ = item.Add(ctx, []byte("another one"))
	if got, found, err := item.Read(ctx); !bytes.Equal(got, secret) || !found || err != nil {
		t.Errorf("Read: got %x, %v, %v, want %x", got, found, err, secret)
	}
}

// Another program's item of that name is an error, and not a secret.
func TestItemOfAnotherProgram(t *testing.T) {
	item, _ := fake(t)
	if err := os.WriteFile(filepath.Join(item.Keychain, "_ssoenv_cache key"), []byte("a password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, found, err := item.Read(timeout(t)); got != nil || found || err == nil || !strings.Contains(err.Error(), `"ssoenv"`) {
		t.Errorf("got %x, %v, %v", got, found, err)
	}
}

func TestLockedKeychain(t *testing.T) {
	item, dir := fake(t)
	// errSecInteractionNotAllowed, in a session without a screen.
	if err := os.WriteFile(filepath.Join(dir, "answer"), []byte("36 User interaction is not allowed.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, found, err := item.Read(timeout(t))
	if want := "security: exit status 36 (User interaction is not allowed)"; found || err == nil || err.Error() != want {
		t.Errorf("Read: got %v, %v, want %q", found, err, want)
	}
	if err := item.Add(timeout(t), []byte("secret")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Add: got %v", err)
	}
}

// A dialog that is not answered, or a program that hangs, ends with the context.
func TestKeychainThatDoesNotAnswer(t *testing.T) {
	item, _ := fake(t)
	if err := os.WriteFile(item.Program, []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, found, err := item.Read(ctx); found || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestWithoutSecurity(t *testing.T) {
	item, _ := fake(t)
	item.Program = filepath.Join(t.TempDir(), "security")
	if _, found, err := item.Read(timeout(t)); found || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", found, err)
	}
}

// A path that would be other words to security is refused.
func TestWordsThatSecurityWouldSplit(t *testing.T) {
	item, dir := fake(t)
	for _, path := range []string{"a\"b", "a\\b", "a\nadd-generic-password"} {
		item.Keychain = path
		if err := item.Add(timeout(t), []byte("secret")); err == nil {
			t.Errorf("%q: got no error", path)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "args")); err == nil {
		t.Error("security was started")
	}
}
