// Package shellinit is everything that ssoenv writes in shell.
//
// Its promise: what ssoenv prints, the shell reads back byte for byte, and no part
// of it runs. A value is data in every dialect here, and remains data if the text
// gets to a shell of another dialect.
//
// [Shell.Render] writes variables as statements, or as data for the shells that
// read data; [Shell.Hook] writes the function and the hook that read them.
//
// # The function
//
// The function "ssoenv" of a shell calls the program. It captures and evaluates the
// output of use, clear and logout; all other commands get the shell's streams.
// "doctor" gets __ssoenv_mark, which identifies the version of the function, and
// what bash, zsh and fish draw their prompts with. In a subshell whose output may
// be evaluated, as in eval "$(ssoenv use dev)", the function only prints the call for
// the outer shell to make, and ends the subshell: the user is asked once, no secret is
// printed, and no other command of the subshell runs without the switch.
// In bash, zsh and fish the function also keeps AWS_PROFILE, not exported, at the
// profile's name, for prompts that show it, and the hook restores it: with an exported
// one, some SDKs ignore the credentials.
// [Shell.Hook] assigns three variables before the hook.* files:
//
//	__ssoenv_exe   the program's path
//	__ssoenv_mark  [Shell.Mark]
//	__ssoenv_dirs  directories, a line each, in which the hook may read files
//
// and for bash and zsh, which know no properties of characters, a fourth:
//
//	__ssoenv_visible  the first and the last code point of each range of visible
//	                  characters beyond ASCII (visible.txt), each but the first as
//	                  the difference from the one before it
//
// The files are printed without comments and indentation, and for zsh with the clock in
// place of its calls: how long a shell takes to read them depends on their size, and a
// call is the most expensive part of what zsh does at a prompt.
//
// # The hook
//
// The hook runs before each prompt of an interactive shell; in bash 5.3, zsh and
// fish also before each command. It sets SSOENV_PROMPT and has the credentials
// renewed in time. While they are valid, it never waits for the network, and while they
// are good, it starts no process. (Elvish has no clock and starts "date".)
// The program computes what it can. The hook compares the clock with two numbers:
//
//	SSOENV_EXPIRES   when the credentials expire, in Unix seconds
//	SSOENV_RENEW_AT  when renewal is due; if that is not a number of 1 to 12 digits
//	                 before SSOENV_EXPIRES, 900 s before SSOENV_EXPIRES
//
// These are its states, and the shell variables (__ssoenv_*) or fields that hold
// them. Credentials are new if "known", which has both numbers and the profile's
// name, changes; the other variables are then reset.
//
//	no profile  SSOENV_PROFILE is empty, and so is SSOENV_PROMPT.
//	no time     SSOENV_EXPIRES is not a number of 1 to 12 digits, as for keys that do not
//	            expire: only SSOENV_PROMPT is set, and nothing is ever due.
//	good        The time is before "due": only SSOENV_PROMPT is set.
//	due         It is yellow. If the expiry file (SSOENV_EXPIRY_FILE) has a later time
//	            than SSOENV_EXPIRES, "ssoenv adopt" loads the newer credentials from the
//	            cache: good again. "offered" is that time, so that a failed adopt is
//	            not repeated before the next attempt.
//	attempted   Otherwise "ssoenv refresh" is started in the background, at most once in
//	            "pause" seconds: a fifth of the time from "due" to the expiration, at
//	            least 3 and at most 30. "first" and "last" are the times of the first
//	            and of the last attempt. The next prompts look at the expiry file.
//	expired     SSOENV_PROMPT is red. From 10 s before the expiration on, a command waits
//	            up to 3 s for "ssoenv refresh --within 3s", once in "pause" seconds
//	            ("waited" is when), but not one of ssoenv's that needs no credentials.
//	            Shells that cannot wait there wait up to 1 s at the next prompt, once:
//	            the first prompt, if the credentials were inherited. bash 4.4 to 5.2
//	            reports before the command, and says so.
//	reported    Once for the same credentials, the hook prints why they are not renewed,
//	            or that they have expired.
//
// What is drawn is kept in "drawn", with what it was drawn of in "drawn_of", and is right
// from the time "from" until "until": the next change of the time that it shows, and
// at most "due". Until then, a prompt with the same variables needs nothing else; fish
// looks after a minute at the latest, as its second clock is not that of the times. When
// renewal is due, each prompt goes through the states. zsh's hook also registers the
// completions, once compinit has run.
//
// The report is a line that the program writes beside the expiry file, with the
// ending .failed: Unix seconds, a blank and a sentence of visible ASCII, at most
// 120 bytes; without a sentence there is nothing to report yet. It counts if it is
// at most 15 s older than the hook's last attempt, because for 15 s after a failure
// the program makes no other. Without a report, the hook prints that the credentials
// have expired once they have; at a prompt before a command that will wait, only
// 3 s after the first attempt.
//
// With SSOENV_EXPORT=profile the shell has no credentials but an exported AWS_PROFILE, and
// the times are those of the session's token. There is no expiry file then: adopt is
// called up to twice in "pause" seconds, and the report is that the session has ended.
//
// clear and logout remove the credentials even if a variable is readonly, and name it.
// While the function and the hook work, options are off with which a shell would export
// or print what they handle: -x, -v, and in bash -a and -k. So is bash's nocasematch.
//
// SSOENV_PROMPT is SSOENV_PROMPT_FORMAT ("%p %t") with the profile for %p, the time left
// for %t, the account's id and name for %a and %n, and the region for %r. If a value is
// empty, the brackets around its code and the blanks before it are left out too.
//
// A text from the environment, such as the profile's name, reaches the prompt and a
// report only with "?" for each character that safetext.IsHidden hides.
//
// The environment names the expiry file, so the hook reads it only if it is a
// regular file of the user's, and no link, directly in one of __ssoenv_dirs; at most
// its first 80 characters, or 120 of the report. "ssoenv init" gives the directories
// of its own environment. If a shell changes XDG_CACHE_HOME or XDG_RUNTIME_DIR later,
// the file is in another directory: the hook then reads nothing, and calls adopt,
// which computes the path itself, up to twice in "pause" seconds instead. So renewal
// goes on; only the program's sentence is not printed.
//
// SSOENV_NO_REFRESH turns attempts and adoption off.
package shellinit
