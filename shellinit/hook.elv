# ssoenv in Elvish, 0.19 or later; for rc.elv.
#
# "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines. What is declared here is
# seen by these lines alone, but for the function, which edit:add-var gives to
# the prompt's lines.

use math
use re
use str

var program~ = (external $__ssoenv_exe)

# take carries out the program's answer: a JSON array of strings in order,
# NAME=value to set a variable and NAME to unset it.
fn take {|text|
  if (eq $text '') { return }
  for entry (print $text | from-json) {
    var parts = [(str:split &max=2 '=' $entry)]
    if (== (count $parts) 1) {
      unset-env $entry
    } else {
      set-env $@parts
    }
  }
}

# The function runs the program. The commands that change a shell are captured
# and carried out here; all others have the terminal to themselves. "doctor" is
# told which version of these lines the shell has read. A program that fails is
# an exception: the commands behind it do not run.
edit:add-var ssoenv~ {|@words|
  var at = 1
  if (and (> (count $words) 0) (eq $words[0] --debug)) { set at = 2 }
  var command = ''
  if (>= (count $words) $at) { set command = $words[(- $at 1)] }
  if (has-value [use clear logout] $command) {
    take (program (all $words[..$at]) --shell elvish (all $words[$at..]) | slurp)
  } elif (eq $command doctor) {
    program $@words --hook $__ssoenv_mark
  } else {
    program $@words
  }
}

# env is a variable's value, or nothing.
fn env {|name|
  if (has-env $name) { get-env $name } else { put '' }
}

fn now { num (e:date +%s) }

fn clamp {|n low high| math:max (math:min $n $high) $low }

fn halves {|n by| math:trunc (/ $n $by) }

# What is remembered of the credentials in use.
var seen = [&expires='']

# renew takes newer credentials over from the cache if there are any, else has
# the program look for some, in the background, once in a while.
fn renew {|now|
  var newest = 0
  try { set newest = (num (str:trim-space (slurp < (env SSOENV_EXPIRY_FILE)))) } catch { }
  if (and (> $newest $seen[expires]) (not-eq $newest $seen[adopted])) {
    set seen[adopted] = $newest
    try { take (program adopt --shell elvish < /dev/null 2> /dev/null | slurp) } catch { }
  } elif (>= $now $seen[next]) {
    set seen[next] = (+ $now (clamp (halves $seen[margin] 5) 3 30))
    # Not Elvish's own "&", which tells when it is done.
    try { e:sh -c '"$0" refresh </dev/null >/dev/null 2>&1 &' $__ssoenv_exe } catch { }
  }
}

# warn says once for each set of credentials what a person has to do.
fn warn {|profile left|
  if $seen[said] { return }
  var login = unknown
  var file = (env SSOENV_EXPIRY_FILE)
  if (str:has-suffix $file .expires) {
    try { set login = (from-json < (str:trim-suffix $file .expires).failed)[login] } catch { }
  }
  var text = ''
  if (eq $login $true) {
    set text = 'the session of "'$profile'" has ended; log in again with: '
  } elif (<= $left 0) {
    set text = 'the credentials of "'$profile'" have expired; renew them with: '
  } elif (and (eq $login $false) (< $left (math:max (halves $seen[margin] 3) 60))) {
    set text = 'the credentials of "'$profile'" cannot be renewed; try: '
  } else {
    return
  }
  set seen[said] = $true
  echo 'ssoenv: '$text'ssoenv use '(repr $profile) >&2
}

fn span {|left|
  if (<= $left 0) {
    put expired
  } elif (< $left 60) {
    put $left's'
  } elif (< $left 3600) {
    put (halves $left 60)'m'
  } elif (< $left 172800) {
    put (halves $left 3600)'h'(printf '%02d' (halves (% $left 3600) 60))'m'
  } else {
    put (halves $left 86400)'d'
  }
}

fn printable {|text| re:replace '\pC' '?' $text }

fn label {|profile left|
  var format = (env SSOENV_PROMPT_FORMAT)
  if (eq $format '') { set format = '%p %t' }
  var region = (env AWS_REGION)
  if (eq $region '') { set region = (env AWS_DEFAULT_REGION) }
  var values = [&'%p'=$profile &'%t'=(span $left) &'%a'=(env AWS_ACCOUNT_ID) &'%r'=$region &'%%'='%']
  printable (re:replace '%[ptar%]' {|code| put $values[$code] } $format)
}

# at-prompt runs before each prompt. It fills SSOENV_PROMPT, and near the end of
# the credentials' life sees that they are renewed. Elvish has no clock of its
# own: while a profile is in use, a prompt costs a "date".
fn at-prompt {
  var profile = (printable (env SSOENV_PROFILE))
  var expires = (env SSOENV_EXPIRES)
  if (or (eq $profile '') (not (re:match '^[0-9]{1,12}$' $expires)) (not (has-external date))) {
    set-env SSOENV_PROMPT ''
    return
  }
  var now = (now)
  var left = (- $expires $now)
  if (not-eq $seen[expires] $expires) {
    var margin = (clamp (halves $left 4) 1 900)
    set seen = [&expires=$expires &margin=$margin &said=$false &next=0 &adopted=0]
  }
  if (< $left $seen[margin]) {
    if (eq (env SSOENV_NO_REFRESH) '') { renew $now }
    if (eq (env SSOENV_EXPIRES) $expires) { warn $profile $left }
  }
  set-env SSOENV_PROMPT (label $profile (- (env SSOENV_EXPIRES) $now))
}

# others are the hooks that are not from here: a second time replaces what the
# first has installed.
fn others {|hooks|
  each {|f|
    var ours = $false
    try { set ours = (str:contains $f[body] ssoenv-at-prompt) } catch { }
    if (not $ours) { put $f }
  } $hooks
}

# A prompt in rc.elv, which is compiled before any of this, can name no variable
# from here but an exported one. It is there for the prompt, and gone before a
# command could see it.
set edit:before-readline = [(others $edit:before-readline) { var ssoenv-at-prompt = $at-prompt~; $ssoenv-at-prompt }]
set edit:after-readline = [(others $edit:after-readline) {|line| var ssoenv-at-prompt = $line; unset-env SSOENV_PROMPT }]
