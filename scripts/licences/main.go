// Command licences checks the licences of the modules that are linked into ssoenv on
// Linux, macOS and Windows. Each must be a permissive licence from a fixed list, and the
// number of modules must not exceed a budget. With -texts it prints the full text of
// every licence and notice, which must be distributed with the program.
package main

import (
	"errors"
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

// A module is a linked module with its licence files. A package in it can have
// licence files of its own.
type module struct {
	name  string          // path and version
	files map[string]bool // paths of the licence files
}

func main() {
	budget := flag.Int("budget", 25, "largest number of linked `modules`")
	texts := flag.Bool("texts", false, "print the texts of the licences and notices")
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

// linked returns the modules that are linked into ssoenv on any of the systems, sorted
// by name.
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
				files, err := licenceFiles(dir)
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

// licenceFiles returns the licence, notice and patent files of a directory.
func licenceFiles(dir string) (files []string, err error) {
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

// check prints each module with its licences. It returns an error for a licence that is
// not allowed, a module without one, or more modules than budget.
func check(modules []module, budget int) error {
	for _, m := range modules {
		var names []string
		for _, file := range slices.Sorted(maps.Keys(m.files)) {
			if base := strings.ToUpper(filepath.Base(file)); strings.HasPrefix(base, "NOTICE") || strings.HasPrefix(base, "PATENTS") {
				continue // They accompany a licence.
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
			return fmt.Errorf("%s has no licence", m.name)
		}
		fmt.Printf("%-28s %s\n", strings.Join(names, " and "), m.name)
	}
	fmt.Printf("%d modules are linked, at most %d allowed\n", len(modules), budget)
	if len(modules) > budget {
		return fmt.Errorf("%d modules are linked, at most %d allowed", len(modules), budget)
	}
	return nil
}

// allowed has the permitted licences, most specific first. A licence is recognised by
// its sentences. A text with one of the phrases in foreign is not permitted, even if it
// contains these sentences.
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

// recognise returns the name of the licence in text, or an error if it is not an allowed
// one.
func recognise(text string) (string, error) {
	// Compare only the words: line breaks, quotation marks and punctuation vary.
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ") + " "
	for _, phrase := range foreign {
		if strings.Contains(words, " "+phrase+" ") {
			return "", fmt.Errorf("a licence that contains %q is not allowed", phrase)
		}
	}
	for _, licence := range allowed {
		if !slices.ContainsFunc(licence.sentences, func(s string) bool { return !strings.Contains(words, " "+s+" ") }) {
			return licence.name, nil
		}
	}
	return "", errors.New("not an allowed licence")
}

// printTexts prints the licence files of Go and of the modules.
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
