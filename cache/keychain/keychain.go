// Package keychain keeps a small secret in a Keychain of macOS.
//
// It runs /usr/bin/security. A program that calls the Security framework itself is known
// to the Keychain by its code signature. Builds of ssoenv have no developer's signature,
// so each of them would be another program, and macOS would ask for the user's password
// before it gave one what another has stored. For the Keychain, the program here is always
// /usr/bin/security, and no question is asked while the Keychain is unlocked.
//
// A secret is passed through standard input and output. Other users see arguments.
package keychain

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// An Item is a generic password. Its secret is stored as hexadecimal digits, because
// security prints other bytes in a form of its own.
type Item struct {
	Program  string // security, by an absolute path
	Keychain string // the file of the Keychain
	Service  string // with Account the item's name
	Account  string
	Label    string // what Keychain Access displays
}

// errNotFound says that the Keychain has no such item.
var errNotFound = errors.New("no such item")

// notFound is errSecItemNotFound, -25300: security ends with the lowest byte of it.
const notFound = 0x2c

// Read returns the secret of the item. An item that does not exist is not an error.
func (i Item) Read(ctx context.Context) (secret []byte, found bool, err error) {
	out, err := i.run(ctx, "", "find-generic-password", "-s", i.Service, "-a", i.Account, "-w", i.Keychain)
	if errors.Is(err, errNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	secret, err = hex.DecodeString(strings.TrimSpace(out))
	if err != nil {
		return nil, false, fmt.Errorf("the item %q is not one of ssoenv", i.Service)
	}
	return secret, true, nil
}

// Add creates the item. If it exists already, Add changes nothing, and may or may not
// return an error: call Read to learn which secret the item has.
func (i Item) Add(ctx context.Context, secret []byte) error {
	command := []string{"add-generic-password"}
	for _, word := range []string{"-s", i.Service, "-a", i.Account, "-l", i.Label, "-w", hex.EncodeToString(secret), i.Keychain} {
		if strings.ContainsAny(word, "\"\\\n\r\x00") {
			return fmt.Errorf("security cannot be given the word %q", word)
		}
		command = append(command, `"`+word+`"`)
	}
	// With -i, security reads commands from standard input.
	_, err := i.run(ctx, strings.Join(command, " ")+"\n", "-i")
	return err
}

// run runs security with a text as its standard input, and returns what it prints.
func (i Item) run(ctx context.Context, input string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, i.Program, args...) //nolint:gosec // the caller names the program by a constant
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.String(), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("security did not answer: %w", ctx.Err())
	case !errors.As(err, &exit):
		return "", err
	case exit.ExitCode() == notFound:
		return "", errNotFound
	}
	return "", fmt.Errorf("security: %w", describe(stderr.String(), err))
}

// describe returns the end of the last line that security has written, such as "User
// interaction is not allowed.", or err if it has written nothing.
func describe(text string, err error) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	last := lines[len(lines)-1]
	last = strings.TrimSpace(last[strings.LastIndex(last, ": ")+1:])
	last = strings.TrimRight(last, ".")
	if last == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, last)
}
