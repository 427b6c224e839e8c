//go:build !unix || darwin

package keyring

// checkBus returns nil: the Keychain and the Credential Manager need no bus.
func checkBus(string) error { return nil }
