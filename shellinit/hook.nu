# ssoenv in Nushell, 0.108 or later.
#
# "ssoenv init" puts the constants __ssoenv_exe and __ssoenv_mark above these lines. Names that
# begin with __ssoenv are ssoenv's own.

# ssoenv runs the program. The commands that change a shell are captured and
# carried out here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read. A program that fails is an
# error of Nushell's: the commands behind it do not run, and LAST_EXIT_CODE is
# the program's own.
def --env --wrapped ssoenv [...words: string] {
  let at = if ($words | first 1) == ["--debug"] { 2 } else { 1 }
  let command = $words | take $at | last 1 | to text --no-newline
  if $command in [use clear logout] {
    __ssoenv_take (^$__ssoenv_exe ...($words | take $at) --shell nu ...($words | skip $at))
  } else if $command == "doctor" {
    ^$__ssoenv_exe ...$words --hook $__ssoenv_mark
  } else {
    ^$__ssoenv_exe ...$words
  }
}

# __ssoenv_take carries out the program's answer: a JSON array of strings in
# order, NAME=value to set a variable and NAME to unset it.
def --env __ssoenv_take [text: string] {
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

# __ssoenv_prompt runs before each prompt. It fills SSOENV_PROMPT, and near the
# end of the credentials' life sees that they are renewed. What it remembers is
# a record, which Nushell keeps from other programs. It starts no process until
# then.
def --env __ssoenv_prompt [] {
  let profile = $env.SSOENV_PROFILE? | default "" | str replace --all --regex '\p{Cc}' "?"
  let expires = $env.SSOENV_EXPIRES? | default ""
  if ($profile | is-empty) or $expires !~ '^[0-9]{1,12}$' {
    $env.SSOENV_PROMPT = ""
    return
  }
  let left = ($expires | into int) - (__ssoenv_now)
  if $env.__ssoenv_seen?.expires? != $expires {
    let margin = [([($left // 4) 900] | math min) 1] | math max
    $env.__ssoenv_seen = {expires: $expires, margin: $margin, said: false, next: 0, adopted: 0}
  }
  if $left < $env.__ssoenv_seen.margin {
    if ($env.SSOENV_NO_REFRESH? | is-empty) { __ssoenv_renew }
    if $env.SSOENV_EXPIRES == $expires { __ssoenv_warn $profile $left }
  }
  $env.SSOENV_PROMPT = __ssoenv_label $profile (($env.SSOENV_EXPIRES | into int) - (__ssoenv_now))
}

def __ssoenv_now []: nothing -> int {
  (date now | into int) // 1_000_000_000
}

# __ssoenv_renew takes newer credentials over from the cache if there are any,
# else has the program look for some, in the background, once in a while.
def --env __ssoenv_renew [] {
  let seen = $env.__ssoenv_seen
  let newest = try { open --raw $env.SSOENV_EXPIRY_FILE | decode utf-8 | str trim | into int } catch { 0 }
  if $newest > ($seen.expires | into int) and $newest != $seen.adopted {
    $env.__ssoenv_seen.adopted = $newest
    __ssoenv_take (try { ^$__ssoenv_exe adopt --shell nu err> /dev/null } catch { "" })
  } else if (__ssoenv_now) >= $seen.next {
    $env.__ssoenv_seen.next = (__ssoenv_now) + ([([($seen.margin // 5) 3] | math max) 30] | math min)
    # Not a job of Nushell's, which would not let the shell go before its end.
    try { ^/bin/sh -c '"$0" refresh </dev/null >/dev/null 2>&1 &' $__ssoenv_exe }
  }
}

# __ssoenv_warn says once for each set of credentials what a person has to do.
def --env __ssoenv_warn [profile: string, left: int] {
  if $env.__ssoenv_seen.said { return }
  let file = $env.SSOENV_EXPIRY_FILE? | default ""
  let login = if $file ends-with ".expires" {
    try { open --raw ($file | str replace --regex '\.expires$' ".failed") | decode utf-8 | from json | get login } catch { null }
  }
  let name = if $profile =~ '^[\w.@%/+=:,][\w.@%/+=:,-]*$' { $profile } else { $profile | to json }
  let use = $"ssoenv use ($name)"
  let text = if $login == true {
    $'the session of "($profile)" has ended; log in again with: ($use)'
  } else if $left <= 0 {
    $'the credentials of "($profile)" have expired; renew them with: ($use)'
  } else if $login == false and $left < ([($env.__ssoenv_seen.margin // 3) 60] | math max) {
    $'the credentials of "($profile)" cannot be renewed; try: ($use)'
  } else {
    return
  }
  $env.__ssoenv_seen.said = true
  print --stderr $"ssoenv: ($text)"
}

def __ssoenv_label [profile: string, left: int]: nothing -> string {
  let time = if $left <= 0 {
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
  let values = {
    "%p": $profile
    "%t": $time
    "%a": ($env.AWS_ACCOUNT_ID? | default "")
    "%r": ($env.AWS_REGION? | default ($env.AWS_DEFAULT_REGION? | default ""))
    "%%": "%"
  }
  let format = $env.SSOENV_PROMPT_FORMAT? | default --empty "%p %t"
  $format | parse --regex '(?s)(?P<text>%[ptar%]|[^%]+|%)' | get text | each {|text|
    if $text in $values { $values | get $text } else { $text }
  } | str join | str replace --all --regex '\p{Cc}' "?"
}

# __ssoenv_hooks is a list of hooks with one of ssoenv's: a second time replaces
# what the first has installed.
def __ssoenv_hooks [ours: closure]: any -> list {
  default [] | where {|hook|
    not ($hook | describe | str starts-with "record<ssoenv")
  } | append {ssoenv: true, code: $ours}
}

# Nushell exports every string. This one is there for the prompt, and gone before
# a command could see it.
$env.config.hooks.pre_prompt = $env.config.hooks.pre_prompt? | __ssoenv_hooks {|| __ssoenv_prompt }
$env.config.hooks.pre_execution = $env.config.hooks.pre_execution? | __ssoenv_hooks {|| hide-env --ignore-errors SSOENV_PROMPT }
