// Command record makes the animated pictures of the documentation: it types commands in
// an interactive bash, with ssoenv's prompt, on a terminal, and writes what the terminal
// shows as an SVG. scripts/pictures builds what it needs and runs it.
//
//	record -bin FOLDER -to FOLDER [NAME...]
//
// ssoenv runs against the fake Identity Center, under the host names of AWS, through a
// proxy. The terminal is tmux: a maintained emulator that can be asked for the characters,
// the colours and the cursor. The SVG is written here, because the tools that do it
// (termtosvg 1.1 in Debian, whose last version is of 2020; svg-term for npm, of 2018)
// draw every frame anew, show the empty first one where nothing is animated, know no
// prefers-reduced-motion, and take the times, and so the picture, from the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

func main() {
	bin := flag.String("bin", "", "the `folder` of the program ssoenv")
	to := flag.String("to", "", "the `folder` of the pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *bin, *to, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// run makes the named pictures, or all.
func run(ctx context.Context, bin, to string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(pictures, func(p picture) bool { return p.name == name }) {
			return fmt.Errorf("there is no picture %q", name)
		}
	}
	for _, p := range pictures {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		if err := p.make(ctx, bin, filepath.Join(to, p.name+".svg")); err != nil {
			return err
		}
	}
	return nil
}

// make records the picture in a world of its own and writes it to a file.
func (p picture) make(ctx context.Context, bin, file string) error {
	folder, err := os.MkdirTemp("", "ssoenv-picture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	w, err := newWorld(folder, bin)
	if err != nil {
		return err
	}
	defer w.close()
	m, err := p.record(ctx, w)
	if err != nil {
		return err
	}
	text := m.svg()
	for _, secret := range w.server.Secrets() {
		if i := slices.IndexFunc(m.frames, func(f frame) bool { return f.has(secret.Text) }); i >= 0 {
			return fmt.Errorf("%s: frame %d shows a secret (%s)", p.name, i, secret.Kind)
		}
	}
	fmt.Fprintf(os.Stderr, "-- %s: %d frames, %.1f s, %d KB\n", file, len(m.frames), m.length.Seconds(), len(text)/1000)
	return os.WriteFile(file, text, 0o644) //nolint:gosec // it is published
}
