package shellenv

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
)

// packDiff packs a text as direnv does.
func packDiff(text string) string {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return base64.URLEncoding.EncodeToString(packed.Bytes())
}

// A program with an endpoint finds no credentials in what direnv keeps, and what else is
// there stays as it is. What cannot be read is removed.
func TestServedDirenvDiff(t *testing.T) {
	const secrets = `"AWS_SECRET_ACCESS_KEY":"s3cr'et","AWS_SESSION_TOKEN":"t0ken","AWSUME_PROFILE":"prod","SSOENV_SAVED":"{}"`
	full := packDiff(`{"p":{"PATH":"/bin",` + secrets + `},"n":{"PATH":"/my:/bin","MINE":"a\u0026b","DIRENV_DIR":"-/home/u/project",` + secrets + `}}`)
	served := func(value string) (string, bool) {
		change := Switch{Profile: "dev"}.ApplyServed(map[string]string{"DIRENV_DIFF": value}, Endpoint{})
		for _, v := range change {
			if v.Name == "DIRENV_DIFF" {
				return v.Value, !v.Unset
			}
		}
		return value, true
	}
	kept, isSet := served(full)
	diff, ok := readDirenvDiff(kept)
	if !isSet || !ok {
		t.Fatalf("got %q, want a diff", kept)
	}
	if got, want := fmt.Sprintf("%s", diff), `{map[PATH:"/bin"] map[DIRENV_DIR:"-/home/u/project" MINE:"a\u0026b" PATH:"/my:/bin"]}`; got != want {
		t.Errorf("got the diff  %s\nwant %s", got, want)
	}
	for _, value := range []string{"", "x", "eJw=", full[:len(full)/2], packDiff("null?"), packDiff(`{"n":{"MINE":"` + strings.Repeat("a", maxDirenvDiff) + `"}}`)} {
		if got, isSet := served(value); isSet {
			t.Errorf("%.40q: it is %.40q, want that it is removed", value, got)
		}
	}
	if change := (Switch{Profile: "dev"}).ApplyServed(nil, Endpoint{}); strings.Contains(fmt.Sprint(change), "DIRENV") {
		t.Errorf("without direnv: got %v", change)
	}
}
