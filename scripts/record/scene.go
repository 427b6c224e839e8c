package main

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// A scene is recorded step by step. Its time is the picture's, not the machine's: a step
// waits until the terminal shows what it is about, and then takes as long as is said here.
// The same program thus gives the same picture on a slow machine and on a fast one. After
// an error all other steps do nothing.
type scene struct {
	*world
	*terminal
	film
	now  time.Duration
	seed uint32      // of the typing
	mask [][2]string // random values, and what the picture shows instead
	err  error
}

// newScene opens a terminal in a world.
func newScene(ctx context.Context, w *world, rows int) *scene {
	s := &scene{world: w, film: film{columns: 96, rows: rows}, seed: 1}
	s.terminal, s.err = startTerminal(ctx, filepath.Join(w.folder, "tmux"), s.film.columns, rows, w.env, filepath.Join(w.folder, "bashrc"))
	s.wait(prompt)
	return s
}

// current returns what the terminal showed last.
func (s *scene) current() screen { return s.frames[len(s.frames)-1].screen }

// add adds a frame that is shown from now on.
func (s *scene) add(shown screen, err error) {
	if s.err == nil {
		s.err = err
	}
	if s.err == nil && len(s.frames) > 0 && shown.above != s.frames[0].above {
		s.err = fmt.Errorf("the picture needs more than %d rows", s.film.rows)
	}
	if s.err == nil {
		s.frames = append(s.frames, frame{s.now, shown})
	}
}

// wait waits until the terminal shows the pattern, which is not in the picture.
func (s *scene) wait(pattern string) {
	if s.err == nil {
		_, s.err = s.matching(pattern)
	}
}

// see waits until the terminal shows the pattern.
func (s *scene) see(pattern string) {
	if s.err == nil {
		s.add(s.matching(pattern))
	}
}

// pause lets the picture's time pass.
func (s *scene) pause(d time.Duration) { s.now += d }

// reaction is the time between a key and what it does.
const reaction = 30 * time.Millisecond

// keys types a text, at the speed of a human.
func (s *scene) keys(text string) {
	for _, letter := range text {
		if s.err != nil {
			return
		}
		s.seed = s.seed*1664525 + 1013904223
		s.now += 40*time.Millisecond + time.Duration(s.seed>>24)*250*time.Microsecond
		before := s.current()
		if s.err = s.write(string(letter)); s.err == nil {
			s.add(s.changed(before))
		}
	}
}

// hit presses a key with a name, such as Down, which changes the screen.
func (s *scene) hit(key string) {
	if s.err != nil {
		return
	}
	s.now += reaction
	before := s.current()
	if s.err = s.press(key); s.err == nil {
		s.add(s.changed(before))
	}
}

// enter presses Enter; from then on the cursor is in the next line. What the command
// shows is for the next step.
func (s *scene) enter() {
	if s.err != nil {
		return
	}
	s.now += 250 * time.Millisecond
	next := s.current()
	next.x, next.y = 0, next.y+1
	s.add(next, s.press("Enter"))
	s.now += reaction
}

// prompt matches the last line while the shell waits for a command.
const prompt = `~ \$ *\n$`

// run types a command and waits until the shell waits for the next one; in the picture,
// the command takes so long.
func (s *scene) run(command string, takes time.Duration) {
	s.keys(command)
	s.enter()
	s.pause(takes)
	if s.err == nil {
		y := s.current().y
		s.add(s.settle("a prompt", func(now screen) bool { return now.y >= y && atPrompt(now) }))
	}
}

// atPrompt reports whether the cursor is behind a prompt, and nothing is behind the cursor.
func atPrompt(s screen) bool {
	var line strings.Builder
	for _, c := range s.rows[s.y] {
		line.WriteRune(c.char)
	}
	before := line.String()[:s.x]
	return strings.HasSuffix(before, "~ $ ") && strings.TrimRight(line.String(), " ") == strings.TrimRight(before, " ")
}

// begin makes an empty screen with a prompt the first frame.
func (s *scene) begin(prompt string) {
	if s.err == nil {
		s.err = s.write("clear\n")
	}
	if s.err == nil {
		shown, err := s.matching(`^` + prompt + `\n$`)
		s.frames, s.now = nil, 0
		s.add(shown, err)
	}
}

// login logs in and uses a profile, before the picture begins.
func (s *scene) login(profile string) {
	if s.err == nil {
		s.err = s.write("ssoenv use " + profile + "\n")
	}
	if s.err == nil {
		_, s.err = s.visit(s.ctx)
	}
	s.wait(`\n` + profile + ` \d+m ` + prompt)
}

// approve lets the user approve the login in the browser. What is random in its address
// is replaced in the picture by what is the same each time.
func (s *scene) approve() {
	if s.err != nil {
		return
	}
	address, err := s.visit(s.ctx)
	var login, redirect *url.URL
	if err == nil {
		login, err = url.Parse(address)
	}
	if err == nil {
		redirect, err = url.Parse(login.Query().Get("redirect_uri"))
	}
	if err != nil {
		s.err = err
		return
	}
	for _, name := range []string{"client_id", "state", "code_challenge"} {
		value := url.QueryEscape(login.Query().Get(name))
		digest := sha512.Sum512([]byte(name))
		s.mask = append(s.mask, [2]string{value, base64.RawURLEncoding.EncodeToString(digest[:])[:len(value)]})
	}
	s.mask = append(s.mask, [2]string{"127.0.0.1%3A" + redirect.Port(), "127.0.0.1%3A" + "41873"[:len(redirect.Port())]})
}

// finish ends the film after a last pause.
func (s *scene) finish(name, title, description string, rest time.Duration) (film, error) {
	s.length = s.now + rest
	s.title, s.description = title, description
	for i := range s.frames {
		for _, m := range s.mask {
			s.frames[i].screen = s.frames[i].replace(m[0], m[1])
		}
	}
	if s.err != nil {
		return film{}, fmt.Errorf("%s: %w", name, s.err)
	}
	return s.film, nil
}
