# ssoenv in Nushell, 0.108 or later. doc.go describes the function, the hook and the
# constants above these lines. All names defined here are ssoenv and __ssoenv_*.

# ssoenv fails if the program does: Nushell then does not run the following
# commands, and LAST_EXIT_CODE is the program's exit status.
def --env --wrapped ssoenv [...words: string] {
  let at = if ($words | first 1) == ["--debug"] { 2 } else { 1 }
  let command = $words | take $at | last 1 | to text --no-newline
  if $command in [use clear logout] {
    __ssoenv_apply (^$__ssoenv_exe ...($words | take $at) --shell nu ...($words | skip $at))
  } else if $command == "doctor" {
    ^$__ssoenv_exe ...$words --hook $__ssoenv_mark
  } else {
    ^$__ssoenv_exe ...$words
  }
}

# __ssoenv_apply sets and unsets the variables that the program has printed.
def --env __ssoenv_apply [text: string] {
  if ($text | is-empty) { return }
  for entry in ($text | from json) {
    let parts = $entry | split row --number 2 "="
    if ($parts | length) == 1 {
      hide-env --ignore-errors $entry
    } else {
      load-env {($parts.0): $parts.1}
    }
  }
}

def __ssoenv_is_time []: string -> bool { $in =~ '\A[0-9]{1,12}\z' }

# __ssoenv_prompt runs before each prompt. The hook's state is a record, which
# Nushell does not export.
def --env __ssoenv_prompt [] {
  let profile = $env.SSOENV_PROFILE? | default ""
  let expires = $env.SSOENV_EXPIRES? | default ""
  if ($profile | is-empty) {
    $env.SSOENV_PROMPT = ""
    return
  }
  if not ($expires | __ssoenv_is_time) {
    $env.SSOENV_PROMPT = __ssoenv_label ($profile | __ssoenv_clean) ""
    return
  }
  let renew_at = $env.SSOENV_RENEW_AT? | default ""
  let known = [$profile $expires $renew_at]
  if $env.__ssoenv_seen?.known? != $known {
    let end = $expires | into int
    let due = if ($renew_at | __ssoenv_is_time) and ($renew_at | into int) < $end { $renew_at | into int } else { $end - 900 }
    let pause = [([(($end - $due) // 5) 30] | math min) 3] | math max
    $env.__ssoenv_seen = {known: $known, expires: $end, due: $due, pause: $pause, last: 0, waited: false, offered: "", reported: false}
  }
  let name = $profile | __ssoenv_clean
  let now = (date now | into int) // 1_000_000_000
  if $now >= $env.__ssoenv_seen.due {
    if ($env.SSOENV_NO_REFRESH? | is-empty) { __ssoenv_renew $now }
    if $env.SSOENV_EXPIRES == $expires { __ssoenv_report $name $now }
  }
  $env.SSOENV_PROMPT = __ssoenv_label $name (__ssoenv_span (($env.SSOENV_EXPIRES | into int) - $now))
}

# __ssoenv_clean returns the text with "?" for each character that is not visible, as
# safetext.IsHidden defines it: other than letters, marks, numbers, punctuation,
# symbols and the space, and some of these.
def __ssoenv_clean []: string -> string {
  str replace --all --regex '[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180d}\x{180f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{e0100}-\x{e01ef}]' "?"
}

# __ssoenv_read returns the first line of the first bytes of a file, at most so
# many. It returns null if the file is not directly in a directory of
# __ssoenv_dirs, and "" if it is not a regular file of text, or a link.
def __ssoenv_read [file: string, most: int]: nothing -> any {
  if ($file | path dirname) not-in ($__ssoenv_dirs | split row "\n") { return null }
  try {
    if ($file | path type) == "file" { open --raw $file | first $most | decode utf-8 | split row "\n" | first } else { "" }
  } catch { "" }
}

# __ssoenv_renew adopts newer credentials from the cache, or renews them: in the
# background or, once if they have expired, for up to a second.
def --env __ssoenv_renew [now: int] {
  __ssoenv_adopt $now
  if $env.SSOENV_EXPIRES == $env.__ssoenv_seen.known.1 and $now >= $env.__ssoenv_seen.expires and not $env.__ssoenv_seen.waited {
    # The next command would get expired credentials.
    $env.__ssoenv_seen.waited = true
    $env.__ssoenv_seen.offered = ""
    try { ^/bin/sh -c 'exec "$0" refresh --within 1s </dev/null >/dev/null 2>&1' $__ssoenv_exe }
    __ssoenv_adopt $now
  }
  let seen = $env.__ssoenv_seen
  if $env.SSOENV_EXPIRES == $seen.known.1 and ($now - $seen.last >= $seen.pause or $now < $seen.last) {
    $env.__ssoenv_seen.last = $now
    $env.__ssoenv_seen.offered = ""
    # Not a job of Nushell's, which would keep the shell from exiting.
    try { ^/bin/sh -c '"$0" refresh </dev/null >/dev/null 2>&1 &' $__ssoenv_exe }
  }
}

# __ssoenv_adopt loads newer credentials from the cache, if there are any.
def --env __ssoenv_adopt [now: int] {
  let seen = $env.__ssoenv_seen
  let file = $env.SSOENV_EXPIRY_FILE? | default ""
  let text = __ssoenv_read $file 80
  let newest = if $text == null {
    # Of a session there is no file.
    if ($file + ($env.SSOENV_EXPORT? | default "") | is-empty) { "" } else { $now // $seen.pause | into string }
  } else if ($text | __ssoenv_is_time) and ($text | into int) > $seen.expires { $text } else { $seen.offered }
  if $newest != $seen.offered {
    $env.__ssoenv_seen.offered = $newest
    __ssoenv_apply (try { ^$__ssoenv_exe adopt --shell nu err> /dev/null } catch { "" })
  }
}

# __ssoenv_report prints, once for the same credentials, why they are not renewed
# or that they have expired.
def --env __ssoenv_report [profile: string, now: int] {
  let seen = $env.__ssoenv_seen
  let file = $env.SSOENV_EXPIRY_FILE? | default ""
  let failure = if $seen.last > 0 and $file ends-with ".expires" {
    __ssoenv_read ($file | str replace --regex '\.expires$' ".failed") 120 | default "" | parse --regex '\A(?P<at>[0-9]{1,12}) (?P<text>[ -~]+)\z'
  } else { [] }
  let word = if $profile =~ '^[\w.@%/+=:,][\w.@%/+=:,-]*$' { $profile } else { $profile | to json }
  let text = if ($failure | is-not-empty) and ($failure.0.at | into int) + 15 >= $seen.last {
    $'"($profile)": ($failure.0.text)(if $failure.0.text ends-with " with: ssoenv use" { $" ($word)" })'
  } else if $now >= $seen.expires and $env.SSOENV_EXPORT? == "profile" {
    $'the session of "($profile)" has ended; log in again with: ssoenv login ($word)'
  } else if $now >= $seen.expires {
    $'the credentials of "($profile)" have expired; renew them with: ssoenv use ($word)'
  } else { "" }
  if $seen.reported or ($text | is-empty) { return }
  $env.__ssoenv_seen.reported = true
  print --stderr $"ssoenv: ($text)"
}

def __ssoenv_span [left: int]: nothing -> string {
  if $left <= 0 {
    "expired"
  } else if $left < 60 {
    $"($left)s"
  } else if $left < 3600 {
    $"($left // 60)m"
  } else if $left < 172800 {
    $"($left // 3600)h($left mod 3600 // 60 | fill --alignment right --character '0' --width 2)m"
  } else {
    $"($left // 86400)d"
  }
}

# __ssoenv_label returns the segment. With a value that is empty, the brackets around
# it go, and the blanks before it, or at the beginning those after it.
def __ssoenv_label [profile: string, time: string]: nothing -> string {
  let values = {
    "%p": $profile
    "%t": $time
    "%a": ($env.AWS_ACCOUNT_ID? | default "")
    "%n": ($env.SSOENV_ACCOUNT_NAME? | default "")
    "%r": ($env.AWS_REGION? | default --empty ($env.AWS_DEFAULT_REGION? | default ""))
    "%%": "%"
  }
  let empty = $values | transpose code value | where value == "" | get code | str substring 1..1 | str join
  let wanted = $env.SSOENV_PROMPT_FORMAT? | default --empty "%p %t"
  let format = if $empty == "" { $wanted } else {
    let run = '(?:%[EMPTY] *)*%[EMPTY]'
    let gone = '(?:\(RUN\)|\[RUN\]|\{RUN\}|<RUN>|RUN)' | str replace --all RUN $run
    let pattern = '(?s)(%[^EMPTY])|^(?: *GONE)+ *| *GONE' | str replace --all GONE $gone | str replace --all EMPTY $empty
    $wanted | str replace --all --regex $pattern '$1'
  }
  $format | parse --regex '(?s)(?P<text>%[ptanr%]|[^%]+|%)' | get text | each {|text|
    if $text in $values { $values | get $text } else { $text }
  } | str join | __ssoenv_clean
}

# __ssoenv_hooks returns the list of hooks with one added, which replaces that of an
# earlier call.
def __ssoenv_hooks [added: closure]: any -> list {
  default [] | where {|hook|
    not ($hook | describe | str starts-with "record<ssoenv")
  } | append {ssoenv: true, code: $added}
}

# Nushell exports every string. SSOENV_PROMPT is set for the prompt and unset before
# a command could read it.
$env.config.hooks.pre_prompt = $env.config.hooks.pre_prompt? | __ssoenv_hooks {|| __ssoenv_prompt }
$env.config.hooks.pre_execution = $env.config.hooks.pre_execution? | __ssoenv_hooks {|| hide-env --ignore-errors SSOENV_PROMPT }
