package safetext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Only Reveal returns a secret. No verb of fmt, no logger and no encoder does.
func TestSecretsDoNotPrint(t *testing.T) {
	const canary = "wJalrXUtnFEMI"
	token := struct{ Access, Refresh, ClientSecret Secret }{canary, canary, canary}
	creds := struct {
		AccessKeyID             string
		SecretKey, SessionToken Secret
	}{"AKIA", canary, canary}
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "token", token, "secret", Secret(canary), "creds", &creds)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s", "%T%v"} {
		_, _ = fmt.Fprintf(&log, verb, Secret(canary), Secret(canary))
		_, _ = fmt.Fprintf(&log, verb, token, creds)
		_, _ = fmt.Fprintf(&log, verb, &token, []Secret{canary})
	}
	_, _ = fmt.Fprint(&log, Secret(canary), errors.New("x"), token)
	for _, v := range []any{token, &creds, Secret(canary), map[string]Secret{"x": canary}} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		log.Write(data)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(log.String(), form) {
			t.Errorf("%s came out:\n%s", form, log.String())
		}
	}
	if Secret(canary).Reveal() != canary {
		t.Error("Reveal does not reveal")
	}
}
