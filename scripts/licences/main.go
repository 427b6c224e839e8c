// Command licences reads the licences of what is linked into ssoenv, on every
// system that it is built for: each must be one that lets others use, change and
// pass on the program as the MIT licence of ssoenv does, and the modules must not
// become more than the budget. With -texts it prints what has to accompany the
// program: every licence and notice, word by word.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

var systems = []string{"linux", "darwin", "windows"}

// module is what is linked, with the files that speak of its licence. A package
// may have a licence of its own, which stands beside it.
type module struct {
	name  string // with its version
	files map[string]bool
}

func main() {
	budget := flag.Int("budget", 25, "`modules` that may be linked")
	texts := flag.Bool("texts", false, "print the licences and notices themselves")
	flag.Parse()
	modules, err := linked()
	if err == nil && *texts {
		err = printTexts(modules)
	} else if err == nil {
		err = check(modules, *budget)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func linked() ([]module, error) {
	found := map[string]module{}
	for _, system := range systems {
		list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", "./cmd/ssoenv")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		list.Stderr = os.Stderr
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", system, err)
		}
		for line := range strings.Lines(string(out)) {
			words := strings.Split(strings.TrimSpace(line), "\t")
			if len(words) != 3 {
				continue
			}
			name, root, dir := words[0], words[1], words[2]
			if _, ok := found[name]; !ok {
				found[name] = module{name, map[string]bool{}}
			}
			for ; ; dir = filepath.Dir(dir) {
				files, err := legal(dir)
				if err != nil {
					return nil, err
				}
				for _, file := range files {
					found[name].files[file] = true
				}
				if dir == root || len(dir) < len(root) {
					break
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b module) int { return strings.Compare(a.name, b.name) }), nil
}

// legal are the files of a folder that speak of licences.
func legal(dir string) (files []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		for _, word := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
			if strings.HasPrefix(name, word) && filepath.Ext(name) != ".GO" && !entry.IsDir() {
				files = append(files, filepath.Join(dir, entry.Name()))
				break
			}
		}
	}
	return files, err
}

func check(modules []module, budget int) error {
	for _, m := range modules {
		var names []string
		for _, file := range slices.Sorted(maps.Keys(m.files)) {
			if base := strings.ToUpper(filepath.Base(file)); strings.HasPrefix(base, "NOTICE") || strings.HasPrefix(base, "PATENTS") {
				continue // They add to a licence.
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			name, err := recognise(string(text))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", m.name, file, err)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return fmt.Errorf("%s comes without a licence", m.name)
		}
		fmt.Printf("%-28s %s\n", strings.Join(names, " and "), m.name)
	}
	fmt.Printf("%d modules are linked, of %d that may be\n", len(modules), budget)
	if len(modules) > budget {
		return fmt.Errorf("%d modules are linked, and %d may be", len(modules), budget)
	}
	return nil
}

// allowed are the licences that we may pass on, each by sentences that only it has
// all of. A text with a word of those below is none of them, whatever else it says.
var (
	allowed = []struct {
		name      string
		sentences []string
	}{
		{"MIT", []string{"permission is hereby granted free of charge to any person obtaining a copy", "the software is provided as is"}},
		{"Apache-2.0", []string{"apache license version 2 0 january 2004", "grant of patent license", "limitation of liability"}},
		{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "in binary form must reproduce", "may be used to endorse or promote products"}},
		{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "in binary form must reproduce"}},
	}
	foreign = []string{"gnu", "copyleft", "mozilla", "commons clause", "business source", "server side public", "non commercial", "noncommercial", "all advertising materials"}
)

func recognise(text string) (string, error) {
	// Only the words count: line breaks, quotation marks and punctuation vary.
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ") + " "
	for _, phrase := range foreign {
		if strings.Contains(words, " "+phrase+" ") {
			return "", fmt.Errorf("a licence that speaks of %q is not on the list", phrase)
		}
	}
	for _, licence := range allowed {
		if !slices.ContainsFunc(licence.sentences, func(s string) bool { return !strings.Contains(words, " "+s+" ") }) {
			return licence.name, nil
		}
	}
	return "", fmt.Errorf("no licence that is on the list")
}

func printTexts(modules []module) error {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	std := module{"The Go standard library and runtime, " + runtime.Version(), map[string]bool{
		filepath.Join(strings.TrimSpace(string(goroot)), "LICENSE"): true,
		filepath.Join(strings.TrimSpace(string(goroot)), "PATENTS"): true,
	}}
	fmt.Println("ssoenv is linked with the following. Its own licence is in LICENSE.")
	for _, m := range append([]module{std}, modules...) {
		for _, file := range slices.Sorted(maps.Keys(m.files)) {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			fmt.Printf("\n==== %s: %s\n\n%s\n", m.name, filepath.Base(file), strings.TrimSpace(string(text)))
		}
	}
	return nil
}
