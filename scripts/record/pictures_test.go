package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const folder = "../../docs/pictures"

// private matches what no picture may have: access keys, and paths of the machine on which
// it was made.
var private = regexp.MustCompile(`A[KS]IA[A-Z2-7]{12}|(?i)secret|/tmp/|/root|/home/|/usr/|/private/var/`)

// check returns what is wrong with a picture.
func check(text []byte) (wrong []string) {
	say := func(what string) { wrong = append(wrong, what) }
	if len(text) > 150_000 {
		say("it has more than 150 KB")
	}
	if found := private.Find(text); found != nil {
		say("it has " + string(found))
	}
	allowed := []string{"svg", "title", "desc", "style", "rect", "path", "circle", "text", "g"}
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return wrong
		case err != nil:
			return append(wrong, err.Error())
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains(allowed, e.Name.Local) {
				say("it has the element " + e.Name.Local)
			}
			for _, a := range e.Attr {
				if name := a.Name.Local; strings.HasSuffix(name, "href") || name == "src" || strings.HasPrefix(name, "on") || strings.Contains(a.Value, "url(") {
					say("it has the attribute " + name)
				}
			}
		case xml.CharData:
			// Also in a text that is shown these would be odd.
			if strings.Contains(string(e), "@import") || strings.Contains(string(e), "url(") {
				say("its style sheet refers to a file")
			}
		case xml.Directive:
			say("it has a document type")
		}
	}
}

func TestPictures(t *testing.T) {
	for _, p := range pictures {
		text, err := os.ReadFile(filepath.Join(folder, p.name+".svg"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, what := range check(text) {
			t.Errorf("%s: %s", p.name, what)
		}
		for _, want := range []string{"<title ", "<desc ", "infinite", "prefers-reduced-motion"} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s has no %q", p.name, want)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != len(pictures) {
		t.Errorf("got the files %q (%v), want those of %d pictures", files, err, len(pictures))
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for _, body := range []string{
		"<g>", "<script/>", `<image href="a.png"/>`, `<g onclick="x()"/>`, `<style>@import "x.css";</style>`, `<g style="fill:url(http://x)"/>`,
		"<style>@font-face{src:url(x)}</style>", "<text>ASIAQ3EGUTZABCDEFGHI</text>", "<text>/root/x</text>", strings.Repeat("<g/>", 50_000),
	} {
		if wrong := check([]byte("<svg>" + body + "</svg>")); wrong == nil {
			t.Errorf("%.40s: got nothing, want an error", body)
		}
	}
	if wrong := check([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><text>https://corp.awsapps.com/start</text></svg>`)); wrong != nil {
		t.Errorf("got %q, want nothing", wrong)
	}
}
