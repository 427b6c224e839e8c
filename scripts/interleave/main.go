// Command interleave compares the run times of programs. In each round it runs every
// program once, so that other load on the machine affects all of them equally. It prints
// the minimum, the median and the 95th percentile of each program, and the ratio of its
// median to that of the first program.
//
//	interleave -rounds 300 hello=/tmp/hello 'cached use=ssoenv use dev'
//
// With -budgets FILE, it exits with status 1 if a ratio is more than -margin times the one
// that the file has for the name: a line of it is "time", the ratio and the name. That
// counts if it holds for the ratio of the minima, which other load affects least, and for
// that of the medians, which one lucky run of the first program does not affect.
//
// A command is split at spaces and can start with environment variables in the form
// NAME=VALUE, which are added to the environment of interleave. It must succeed.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A contender is a program to measure.
type contender struct {
	name  string
	words []string // the variables, the program and its arguments
	every int      // it runs in every nth round
	times []time.Duration
}

func main() {
	rounds := flag.Int("rounds", 300, "rounds")
	slow := flag.Duration("slow", 100*time.Millisecond, "programs that are slower than this run only in every 25th round")
	budgets := flag.String("budgets", "", "file with the highest ratios")
	margin := flag.Float64("margin", 1, "factor of the budgets")
	flag.Parse()
	limits := readBudgets(*budgets)
	var contenders []*contender
	for _, arg := range flag.Args() {
		name, command, ok := strings.Cut(arg, "=")
		if !ok {
			fail("%q is not NAME=COMMAND", arg)
		}
		c := &contender{name: name, words: strings.Fields(command), every: 1}
		c.run() // fills the page cache; not counted
		if c.times[0] > *slow {
			c.every = 25
		}
		c.times = nil
		contenders = append(contenders, c)
	}
	for round := range *rounds {
		for _, c := range contenders {
			if round%c.every == 0 {
				c.run()
			}
		}
	}
	var base, least time.Duration
	exceeded := false
	fmt.Printf("%-34s %5s %9s %9s %9s %7s\n", "", "runs", "min ms", "median", "p95", "ratio")
	for i, c := range contenders {
		slices.Sort(c.times)
		median := c.times[len(c.times)/2]
		if i == 0 {
			base, least = median, c.times[0]
		}
		fmt.Printf("%-34s %5d %9.2f %9.2f %9.2f %6.2fx\n", c.name, len(c.times), ms(c.times[0]), ms(median),
			ms(c.times[len(c.times)*95/100]), float64(median)/float64(base))
		ofMinima, ofMedians := float64(c.times[0])/float64(least), float64(median)/float64(base)
		if limit, ok := limits[c.name]; ok && min(ofMinima, ofMedians) > limit*(*margin) {
			fmt.Printf("    over its budget: %.2fx, of the minima %.2fx; at most %.2fx\n", ofMedians, ofMinima, limit*(*margin))
			exceeded = true
		}
	}
	if exceeded {
		os.Exit(1)
	}
}

// readBudgets returns the ratios by name. Without a path there are none.
func readBudgets(path string) map[string]float64 {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	limits := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		number, name, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if kind != "time" {
			continue
		}
		limit, err := strconv.ParseFloat(number, 64)
		if err != nil {
			fail("%s: %v", path, err)
		}
		limits[strings.TrimSpace(name)] = limit
	}
	return limits
}

// run runs the program once and records its time. It exits if the program fails.
func (c *contender) run() {
	program := slices.IndexFunc(c.words, func(word string) bool { return !strings.Contains(word, "=") })
	command := exec.Command(c.words[program], c.words[program+1:]...)
	command.Env = append(os.Environ(), c.words[:program]...)
	start := time.Now()
	err := command.Run()
	c.times = append(c.times, time.Since(start))
	if err != nil {
		fail("%s: %v", c.name, err)
	}
}

// ms returns d in milliseconds.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "interleave: "+format+"\n", args...)
	os.Exit(1)
}
