# ssoenv in Elvish, 0.19 or later. doc.go describes the function, the hook and the
# variables above these lines. Names declared here are visible only here, except the
# function: edit:add-var makes it known to the user's lines, and a script gets it with
# eval's &on-end. Only an interactive Elvish has the namespace edit.

use math
use path
use re
use str

var program~ = (external $__ssoenv_exe)

# apply sets and unsets the variables that the program has printed.
fn apply {|text|
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

# If the program fails, that is an exception: Elvish does not run the following
# commands.
fn ssoenv {|@words|
  var at = 1
  if (and (> (count $words) 0) (eq $words[0] --debug)) { set at = 2 }
  var command = ''
  if (>= (count $words) $at) { set command = $words[(- $at 1)] }
  if (has-value [use clear logout] $command) {
    apply (program (all $words[..$at]) --shell elvish (all $words[$at..]) | slurp)
  } elif (eq $command doctor) {
    program $@words --hook $__ssoenv_mark
  } else {
    program $@words
  }
}

# env returns a variable's value, or '' if it is not set.
fn env {|name|
  if (has-env $name) { get-env $name } else { put '' }
}

fn is-time {|text| re:match '^[0-9]{1,12}$' $text }

fn div {|n by| math:trunc (/ $n $by) }

# The hook's state.
var seen = [&known='']

# read returns the first line of the first bytes of a file, at most so many. It
# returns $nil if the file is not directly in a directory of __ssoenv_dirs, and ''
# if it is not a regular file of the user's, or a link. Elvish itself reads only whole
# files.
fn read {|file most|
  if (not (has-value [(str:split "\n" $__ssoenv_dirs)] (path:dir $file))) {
    put $nil
    return
  }
  var text = ''
  try { set text = (e:sh -c 'test -L "$0" || ! test -f "$0" || ! test -O "$0" || exec head -c "$1" -- "$0"' $file $most 2> /dev/null | slurp) } catch { }
  put [(str:split "\n" $text)][0]
}

# adopt loads newer credentials from the cache, if there are any.
fn adopt {|now|
  var file = (env SSOENV_EXPIRY_FILE)
  var newest = (read $file 80)
  if (not-eq $newest $nil) {
    if (not (and (is-time $newest) (> $newest $seen[expires]))) { set newest = $seen[offered] }
  } elif (eq $file(env SSOENV_EXPORT) '') { # of a session there is no file
    set newest = ''
  } else {
    set newest = (to-string (div $now $seen[pause]))
  }
  if (not-eq $newest $seen[offered]) {
    set seen[offered] = $newest
    try { apply (program adopt --shell elvish < /dev/null 2> /dev/null | slurp) } catch { }
  }
}

# renew adopts newer credentials from the cache, or renews them: in the background or,
# once if they have expired, for up to a second.
fn renew {|now|
  adopt $now
  if (and (eq (env SSOENV_EXPIRES) $seen[expires]) (>= $now $seen[expires]) (not $seen[waited])) {
    # The next command would get expired credentials.
    set seen[waited] = $true
    set seen[offered] = ''
    try { program refresh --within 1s < /dev/null > /dev/null 2> /dev/null } catch { }
    adopt $now
  }
  if (and (eq (env SSOENV_EXPIRES) $seen[expires]) (or (>= (- $now $seen[last]) $seen[pause]) (< $now $seen[last]))) {
    set seen[last] = $now
    set seen[offered] = ''
    # Not Elvish's own "&", which prints a message at the end.
    try { e:sh -c '"$0" refresh </dev/null >/dev/null 2>&1 &' $__ssoenv_exe } catch { }
  }
}

# report prints, once for the same credentials, why they are not renewed or that
# they have expired.
fn report {|profile now|
  var text = ''
  var file = (env SSOENV_EXPIRY_FILE)
  if (and (> $seen[last] 0) (str:has-suffix $file .expires)) {
    var failure = (read (str:trim-suffix $file .expires).failed 120)
    if (and (not-eq $failure $nil) (re:match '^[0-9]{1,12} [ -~]+$' $failure)) {
      var at sentence = (str:split &max=2 ' ' $failure)
      if (>= (+ $at 15) $seen[last]) {
        set text = '"'$profile'": '$sentence
        if (str:has-suffix $text ' with: ssoenv use') { set text = $text' '(repr $profile) }
      }
    }
  }
  if (and (eq $text '') (>= $now $seen[expires]) (eq (env SSOENV_EXPORT) profile)) {
    set text = 'the session of "'$profile'" has ended; log in again with: ssoenv login '(repr $profile)
  } elif (and (eq $text '') (>= $now $seen[expires])) {
    set text = 'the credentials of "'$profile'" have expired; renew them with: ssoenv use '(repr $profile)
  }
  if (or $seen[reported] (eq $text '')) { return }
  set seen[reported] = $true
  echo 'ssoenv: '$text >&2
}

fn span {|left|
  if (<= $left 0) {
    put expired
  } elif (< $left 60) {
    put $left's'
  } elif (< $left 3600) {
    put (div $left 60)'m'
  } elif (< $left 172800) {
    put (div $left 3600)'h'(printf '%02d' (div (% $left 3600) 60))'m'
  } else {
    put (div $left 86400)'d'
  }
}

# printable returns the text with "?" for each character that is not visible, as
# safetext.IsHidden defines it: other than letters, marks, numbers, punctuation,
# symbols and the space, and some of these. Bytes that are not UTF-8 match U+FFFD.
fn printable {|text|
  re:replace '[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180d}\x{180f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{fffd}\x{e0100}-\x{e01ef}]' '?' $text
}

# label returns the segment. With a value that is empty, the brackets around it go, and
# the blanks before it, or at the beginning those after it.
fn label {|profile time|
  var format = (env SSOENV_PROMPT_FORMAT)
  if (eq $format '') { set format = '%p %t' }
  var region = (env AWS_REGION)
  if (eq $region '') { set region = (env AWS_DEFAULT_REGION) }
  var values = [&'%p'=$profile &'%t'=$time &'%a'=(env AWS_ACCOUNT_ID) &'%n'=(env SSOENV_ACCOUNT_NAME) &'%r'=$region &'%%'='%']
  var empty = ''
  for code [(keys $values)] {
    if (eq $values[$code] '') { set empty = $empty$code[1] }
  }
  if (not-eq $empty '') {
    var run = '(?:%['$empty'] *)*%['$empty']'
    var gone = '(?:\('$run'\)|\['$run'\]|\{'$run'\}|<'$run'>|'$run')'
    set format = (re:replace '(?s)(%[^'$empty'])|^(?: *'$gone')+ *| *'$gone '$1' $format)
  }
  printable (re:replace '%[ptanr%]' {|code| put $values[$code] } $format)
}

# at-prompt runs before each prompt. Elvish has no clock: while a profile is in use,
# a prompt starts a "date".
fn at-prompt {
  var profile = (printable (env SSOENV_PROFILE))
  var expires = (env SSOENV_EXPIRES)
  var renew-at = (env SSOENV_RENEW_AT)
  if (eq $profile '') {
    set-env SSOENV_PROMPT ''
    return
  }
  if (not (and (is-time $expires) (has-external date))) {
    set-env SSOENV_PROMPT (label $profile '')
    return
  }
  var now = (num (e:date +%s))
  var known = [$profile $expires $renew-at]
  if (not-eq $seen[known] $known) {
    var due = (- $expires 900)
    if (and (is-time $renew-at) (< $renew-at $expires)) { set due = (num $renew-at) }
    var pause = (math:max 3 (math:min 30 (div (- $expires $due) 5)))
    set seen = [&known=$known &expires=$expires &due=$due &pause=$pause &last=(num 0) &waited=$false &offered='' &reported=$false]
  }
  if (>= $now $seen[due]) {
    if (eq (env SSOENV_NO_REFRESH) '') { renew $now }
    if (eq (env SSOENV_EXPIRES) $expires) { report $profile $now }
  }
  set-env SSOENV_PROMPT (label $profile (span (- (env SSOENV_EXPIRES) $now)))
}

# others outputs the hooks that are not from an earlier reading of these lines.
fn others {|hooks|
  each {|f|
    var own = $false
    try { set own = (str:contains $f[body] ssoenv-at-prompt) } catch { }
    if (not $own) { put $f }
  } $hooks
}

# rc.elv is compiled before these lines run, so its prompt can name no variable from
# here but an exported one. SSOENV_PROMPT is set for the prompt and unset before a
# command could read it.
if ?(eval 'nop $edit:before-readline') {
  eval &ns=(ns [&ssoenv~=$ssoenv~ &others~=$others~ &at-prompt~=$at-prompt~]) '
    edit:add-var ssoenv~ $ssoenv~
    set edit:before-readline = [(others $edit:before-readline) { var ssoenv-at-prompt = $at-prompt~; $ssoenv-at-prompt }]
    set edit:after-readline = [(others $edit:after-readline) {|line| var ssoenv-at-prompt = $line; unset-env SSOENV_PROMPT }]
  '
}
