//go:build unix

// Command storm runs real programs at random against the fake Identity Center, under
// random faults, and checks invariants. It needs Linux; as root, it also makes the
// token's folder read-only and fills its disk.
//
//	storm -ssoenv PROGRAM [-minutes 10] [-seed 1] [-length 40s]
//
// It is a sequence of storms, each with a seed of its own, which decides what runs and
// what fails; when it runs depends on the machine. A storm has a climate, which says
// what may happen in it:
//
//	single-use   refresh tokens can be used once; nothing is killed, no answer is lost
//	wild         processes are killed and stopped, answers are lost; refresh tokens
//	             can be reused
//	comings      logins, logouts and syncs among the other commands
//	company      the AWS CLI and a program of the Go SDK refresh the same token, without
//	             a lock
//	alone        ssoenv only, no faults: refreshes are counted
//
// The invariants, during a storm and when it is over:
//
//   - a login that the service still accepts is not lost;
//   - ssoenv presents no refresh token that has been used;
//   - without faults, there is one refresh for each expiration;
//   - every file is complete;
//   - a command gets the credentials of the role that it asked for, or fails with a
//     status and a message that belong together;
//   - after a logout no token and no credentials are left;
//   - afterwards every command works without another login.
//
// It prints what ran, what failed on purpose and each violation with the seed of its
// storm, and exits with status 1 if there was one.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(start()) }

// start returns the exit status.
func start() int {
	var o options
	flag.StringVar(&o.program, "ssoenv", "", "the `program` under test")
	minutes := flag.Float64("minutes", 10, "how many minutes to go on")
	flag.Int64Var(&o.seed, "seed", 1, "the first storm's `seed`; the next ones count up")
	flag.DurationVar(&o.length, "length", 40*time.Second, "how long a storm lasts")
	flag.StringVar(&o.climate, "climate", "", "this `climate` alone")
	sdk := flag.String("sdk", "", "get the credentials of `profile` with the Go SDK, and exit")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *sdk != "" {
		return useSDK(ctx, *sdk)
	}
	if o.program == "" || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	if os.Geteuid() == 0 && os.Getenv(inNamespace) == "" {
		return enterNamespace()
	}
	ok, err := run(ctx, o, time.Duration(*minutes*float64(time.Minute)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
	}
	if err != nil || !ok {
		return 1
	}
	return 0
}

type options struct {
	program, climate string
	seed             int64
	length           time.Duration
}

// inNamespace is set in a process with mounts of its own.
const inNamespace = "STORM_HAS_MOUNTS"

// enterNamespace runs this program again with mounts of its own, if that is
// permitted, and returns its exit status.
func enterNamespace() int {
	words := append([]string{os.Args[0]}, os.Args[1:]...)
	private := "none"
	if exec.Command("unshare", "--mount", "true").Run() == nil {
		private = "mounts"
		words = append([]string{"unshare", "--mount", "--propagation", "private"}, words...)
	}
	c := exec.Command(words[0], words[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), inNamespace+"="+private)
	if err := c.Run(); err != nil && c.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		return 1
	}
	return c.ProcessState.ExitCode()
}

// run runs storms until the time is over, and reports whether all went well.
func run(ctx context.Context, o options, total time.Duration) (ok bool, err error) {
	program, err := filepath.Abs(o.program)
	if err != nil {
		return false, err
	}
	o.program = program
	ran, failed := map[string]int{}, map[string]int{}
	var violations []string
	seeds := 0
	for end := time.Now().Add(total); time.Now().Before(end) && ctx.Err() == nil; o.seed++ {
		s, err := newStorm(o, o.seed)
		if err != nil {
			return false, err
		}
		s.blow(ctx)
		s.calmDown()
		if ctx.Err() == nil {
			s.checkAfterwards()
		}
		s.end()
		seeds++
		for name, n := range s.ran {
			ran[name] += n
		}
		for name, n := range s.failed {
			failed[name] += n
		}
		for _, violation := range s.violations {
			violations = append(violations, fmt.Sprintf("seed %d (%s): %s", o.seed, s.climate.name, violation))
		}
		fmt.Printf("seed %d (%s): %d programs, %d faults, %d violations\n", o.seed, s.climate.name, sum(s.ran), sum(s.failed), len(s.violations))
		for _, violation := range s.violations {
			fmt.Println("  " + strings.ReplaceAll(violation, "\n", "\n    "))
		}
	}
	fmt.Printf("\n%d storms\nprograms: %s\nfaults:   %s\nviolations: %d\n", seeds, list(ran), list(failed), len(violations))
	return len(violations) == 0, nil
}

func sum(counts map[string]int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

func list(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], name))
	}
	return strings.Join(parts, ", ")
}
