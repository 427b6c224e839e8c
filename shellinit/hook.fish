# ssoenv in fish, 3.1 or later. doc.go describes the function and the hook.

function ssoenv --description 'AWS credentials for this shell'
    switch "$argv[1]/$argv[2]"
        case 'use/*' 'clear/*' 'logout/*' --debug/use --debug/clear --debug/logout
        case 'doctor/*' --debug/doctor
            set --local placed
            functions --query __ssoenv_right_prompt; and set placed --hook-segment
            command $__ssoenv_exe $argv --hook $__ssoenv_mark $placed --hook-prompt=(status is-interactive; and functions fish_prompt fish_right_prompt | string join ' ')
            return
        case '*'
            command $__ssoenv_exe $argv
            return
    end

    # A local, empty fish_trace hides the user's: no trace shows secrets.
    set --local fish_trace

    # Not a pipe into "read": a Ctrl-Z would stop the program and fish with it.
    # So stdin and stderr of the program are the shell's, even if those of the
    # function are redirected.
    set --local words 1
    test "$argv[1]" = --debug; and set words 2
    set --local rest $argv
    set --erase rest[1..$words]
    set --local code (command $__ssoenv_exe $argv[1..$words] --shell fish $rest)
    set --local result $status

    # fish has no subshells: in (ssoenv use dev) and before a pipe the switch is
    # made here, and only a failure is printed.
    if test $result -eq 0
        eval $code
        __ssoenv_mirror
        # A universal variable remains set in every shell. Erasing it would
        # affect the other shells too.
        test "$argv[$words]" = use
        and for name in (string replace --filter --regex '^set --erase --global (\w+);$' '$1' -- $code)
            set --query --universal $name
            and builtin echo "ssoenv: $name is a universal variable and still set; erase it with: set --erase --universal $name" >&2
        end
    else if status is-command-substitution; or not test -t 1
        builtin echo false
    end
    return $result
end

# The hook. fish has no clock and "math" is slow, so a time is stored as what was
# left of the credentials then, in seconds; __ssoenv_lead is that of the time when
# they are due. All is set here, since the environment may have the same names.
for __ssoenv_name in left lead known pause first last waited offered reported segment mirrored mirrored_of timed label label_of drawn drawn_of
    set --global __ssoenv_$__ssoenv_name ''
end
set --global __ssoenv_from 0
set --global __ssoenv_until 0
set --global __ssoenv_name ''
set --global --unexport SSOENV_PROMPT ''

# __ssoenv_prompt runs before each prompt. fish itself keeps the status of the
# user's command.
function __ssoenv_prompt --on-event fish_prompt
    test -z "$__ssoenv_segment"; or __ssoenv_place
    test -n "$SSOENV_PROFILE$__ssoenv_known$__ssoenv_mirrored_of$SSOENV_PROMPT"; or return
    set --local seen "$SSOENV_PROFILE/$__ssoenv_mirrored_of/$SSOENV_EXPIRES/$SSOENV_RENEW_AT/$__ssoenv_mirrored/$AWS_PROFILE/$SSOENV_PROMPT_FORMAT/$AWS_ACCOUNT_ID/$SSOENV_ACCOUNT_NAME/$AWS_REGION/$AWS_DEFAULT_REGION/$SSOENV_COLOR/$NO_COLOR/$TERM/$LC_ALL/$LC_CTYPE/$LANG"
    if test "$seen" = "$__ssoenv_drawn_of" -a "$SSOENV_PROMPT" = "$__ssoenv_drawn"
        __ssoenv_lasts; and return
    end
    set --global __ssoenv_drawn_of "$seen"
    set --global __ssoenv_until 0
    if test "$SSOENV_PROFILE" != "$__ssoenv_mirrored_of"; or begin
            test -n "$__ssoenv_mirrored"; and not set --query AWS_PROFILE
        end
        __ssoenv_mirror
        set --global __ssoenv_drawn_of ''
    end
    if not __ssoenv_look
        set --global SSOENV_PROMPT ''
    else
        test $__ssoenv_left -gt $__ssoenv_lead; or __ssoenv_renew
        __ssoenv_show
        __ssoenv_last_while
    end
    set --global __ssoenv_drawn "$SSOENV_PROMPT"
end

# __ssoenv_renew adopts newer credentials, or starts a renewal.
function __ssoenv_renew
    if test -z "$SSOENV_NO_REFRESH"
        if __ssoenv_adopt
            set --global __ssoenv_drawn_of ''
            __ssoenv_look
            return
        end
        if __ssoenv_passed $__ssoenv_pause $__ssoenv_last
            set --global __ssoenv_last $__ssoenv_left
            test -n "$__ssoenv_first"; or set --global __ssoenv_first $__ssoenv_left
            set --global __ssoenv_offered ''
            command $__ssoenv_exe refresh </dev/null >/dev/null 2>&1 &
            builtin disown $last_pid 2>/dev/null
        end
    end
    # __ssoenv_before can report them: expired credentials get 3 s.
    if test $__ssoenv_left -gt 0; or __ssoenv_passed 3 $__ssoenv_first
        __ssoenv_report
    end
end

# __ssoenv_passed reports whether so many seconds have passed since a time, or
# the time is empty.
function __ssoenv_passed --argument-names seconds time
    test -z "$time"; and return
    set --local passed (builtin math $time - $__ssoenv_left)
    test $passed -ge $seconds; or test $passed -lt 0
end

# __ssoenv_before runs before a command.
function __ssoenv_before --on-event fish_preexec
    test -n "$SSOENV_PROFILE"; or return
    test "$__ssoenv_known" = "$SSOENV_EXPIRES $SSOENV_RENEW_AT $SSOENV_PROFILE"; and __ssoenv_lasts; and return
    __ssoenv_look; or return
    test $__ssoenv_left -le 10; and test $__ssoenv_left -le $__ssoenv_lead; or return
    __ssoenv_exempt "$argv"; and return
    if test -z "$SSOENV_NO_REFRESH"
        if not __ssoenv_adopt; and __ssoenv_passed $__ssoenv_pause $__ssoenv_waited
            set --global __ssoenv_waited $__ssoenv_left
            set --global __ssoenv_offered ''
            # An interrupt ends this function, and fish runs the command.
            function __ssoenv_interrupted --on-signal INT
                functions --erase __ssoenv_interrupted
                test $__ssoenv_left -gt 0; or __ssoenv_report
            end
            command $__ssoenv_exe refresh --within 3s </dev/null >/dev/null 2>&1
            functions --erase __ssoenv_interrupted
            __ssoenv_adopt
        end
        __ssoenv_look; or return
    end
    test $__ssoenv_left -gt 0; or __ssoenv_report
end

# __ssoenv_exempt reports whether a command line begins with a command of ssoenv that
# renews the credentials itself or does without them. status, doctor and version must
# be the only command of the line.
function __ssoenv_exempt
    string match --quiet --regex '^\s*ssoenv\s+(--debug\s+)?((use|clear|login|logout)([\s;&|]|\z)|(status|doctor|version)([ \t][^;&|\n]*)?\z)' -- "$argv"
end

# __ssoenv_mirror keeps AWS_PROFILE, not exported, at the name of the profile in use, for
# prompts that show it. ACCOUNT/ROLE is no name for AWS's tools, but a profile can have a
# name like it. A variable that is the user's, exported or universal is left alone, and so is
# the one that "use --export profile" exports.
function __ssoenv_mirror
    set --local wanted $SSOENV_PROFILE
    set --global __ssoenv_mirrored_of "$wanted"
    test (string length -- "$wanted") -le 500; or set wanted
    if test "$SSOENV_EXPORT" = profile
        set wanted # AWS_PROFILE is exported
    else if string match --quiet '*/*' -- "$wanted"
        builtin contains -- "$wanted" (command $__ssoenv_exe list --names </dev/null 2>/dev/null); or set wanted
    end
    if set --query AWS_PROFILE
        test -n "$__ssoenv_mirrored" -a "$AWS_PROFILE" = "$__ssoenv_mirrored"; and set --query --global --unexport AWS_PROFILE
        and not set --query --universal AWS_PROFILE; or return 0
    end
    set --global __ssoenv_mirrored "$wanted"
    if test -n "$wanted"
        set --global --unexport AWS_PROFILE $wanted
    else
        set --erase --global AWS_PROFILE
    end
    true
end

# __ssoenv_is_time reports whether its argument is a time in Unix seconds.
function __ssoenv_is_time
    string match --quiet --regex '^[0-9]{1,12}\z' -- "$argv"
end

# __ssoenv_look reads the clock and the environment. It fails if no profile is in
# use. Credentials without a time of expiration are never due.
function __ssoenv_look
    if test -z "$SSOENV_PROFILE"
        set --global __ssoenv_known ''
        return 1
    end
    if test "$__ssoenv_known" = "$SSOENV_EXPIRES $SSOENV_RENEW_AT $SSOENV_PROFILE"
        test -z "$__ssoenv_timed"; or __ssoenv_clock
        return 0
    end

    set --global __ssoenv_known "$SSOENV_EXPIRES $SSOENV_RENEW_AT $SSOENV_PROFILE"
    set --global __ssoenv_lead 900
    set --global __ssoenv_name (__ssoenv_clean (string sub --length 500 -- "$SSOENV_PROFILE" | string join '?')); or true
    for name in timed first last waited offered reported
        set --global __ssoenv_$name ''
    end
    if not __ssoenv_is_time $SSOENV_EXPIRES
        set --global __ssoenv_left 1000000000000
        return 0
    end
    set --global __ssoenv_timed 1
    __ssoenv_clock
    if __ssoenv_is_time $SSOENV_RENEW_AT; and test $SSOENV_RENEW_AT -lt $SSOENV_EXPIRES
        set --global __ssoenv_lead (builtin math $SSOENV_EXPIRES - $SSOENV_RENEW_AT)
    end
    set --global __ssoenv_pause (builtin math --scale=0 $__ssoenv_lead / 5)
    test $__ssoenv_pause -ge 3; or set --global __ssoenv_pause 3
    test $__ssoenv_pause -le 30; or set --global __ssoenv_pause 30
    true
end

# __ssoenv_clock sets __ssoenv_left. The time is the sum of a file's modification
# time and age, which need no process from fish 3.6 on.
if builtin path mtime / >/dev/null 2>&1
    function __ssoenv_clock
        set --local clock (builtin path mtime /; builtin path mtime --relative /)
        set --global __ssoenv_left (builtin math $SSOENV_EXPIRES - $clock[1] - $clock[2])
    end
else
    function __ssoenv_clock
        set --global __ssoenv_left (builtin math $SSOENV_EXPIRES - (command date +%s))
    end
end

# __ssoenv_lasts reports whether the prompt that was drawn last is still right, and no
# renewal is due. __ssoenv_last_while stores until when that is so, at most a minute.
# Linux has a second clock, the seconds since the start of the system, which is read
# ten times as fast: a command substitution has another thread read its output.
if test -r /proc/uptime
    function __ssoenv_lasts
        read --local --delimiter . up rest </proc/uptime
        test "0$up" -ge $__ssoenv_from -a "0$up" -lt $__ssoenv_until
    end
    function __ssoenv_last_while
        test $__ssoenv_left -gt $__ssoenv_lead; or return
        read --local --delimiter . up rest </proc/uptime
        set --local seconds 60
        if test -n "$__ssoenv_timed"
            # Below a minute the label has seconds.
            test $__ssoenv_left -ge 60; or return
            set seconds (builtin math $__ssoenv_left % 60)
            set --local good (builtin math $__ssoenv_left - $__ssoenv_lead)
            test $seconds -le $good; or set seconds $good
        end
        set --global __ssoenv_from 0$up
        set --global __ssoenv_until (builtin math 0$up + $seconds)
    end
else
    function __ssoenv_lasts
        false
    end
    function __ssoenv_last_while
    end
end

# __ssoenv_clean prints a text with "?" for each character that is not visible, as
# safetext.IsHidden defines it: other than letters, marks, numbers, punctuation,
# symbols and the space, and some of these. Where the locale's encoding is not UTF-8,
# only ASCII is visible.
function __ssoenv_clean
    set --local hidden '[^ -~]'
    test (string length €) -eq 1
    and set hidden '[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180d}\x{180f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{e0100}-\x{e01ef}]'
    string replace --all --regex "$hidden" '?' -- "$argv" | string join '?'
end

# __ssoenv_read sets __ssoenv_text to the first characters, at most so many, of the
# first line of a file, or to nothing if it is not a regular file of the user's: a
# pipe would block. It follows no link. It fails if the file is not directly in a
# directory of __ssoenv_dirs.
function __ssoenv_read --argument-names file most
    set --global __ssoenv_text ''
    builtin contains -- (string replace --regex '/[^/]*\z' '' -- "$file") (string split \n -- $__ssoenv_dirs); or return
    if test ! -L "$file"; and test -f "$file"; and test -O "$file"; and test -r "$file"
        read --global --nchars $most __ssoenv_text <"$file"
    end
    true
end

# __ssoenv_adopt loads newer credentials from the cache. It fails if there are
# none.
function __ssoenv_adopt
    if __ssoenv_read "$SSOENV_EXPIRY_FILE" 80
        __ssoenv_is_time $__ssoenv_text; and test $__ssoenv_text -gt $SSOENV_EXPIRES; or return 1
    else if test -n "$SSOENV_EXPIRY_FILE$SSOENV_EXPORT" # of a session there is no file
        set --global __ssoenv_text (builtin math --scale=0 $__ssoenv_left / $__ssoenv_pause)
    end
    test "$__ssoenv_text" != "$__ssoenv_offered"; or return 1
    set --global __ssoenv_offered $__ssoenv_text

    set --local fish_trace # no trace, as in ssoenv
    set --local before $SSOENV_EXPIRES
    set --local code (command $__ssoenv_exe adopt --shell fish </dev/null 2>/dev/null)
    and eval $code
    test "$SSOENV_EXPIRES" != "$before"
end

# __ssoenv_report prints, once for the same credentials, why they are not renewed
# or that they have expired.
function __ssoenv_report
    test -z "$__ssoenv_reported"; or return 0
    set --local text
    set --local tries $__ssoenv_last $__ssoenv_waited
    if string match --quiet '*.expires' -- "$SSOENV_EXPIRY_FILE"
        and string length --quiet -- $tries
        and __ssoenv_read (string replace --regex '\.expires\z' .failed -- $SSOENV_EXPIRY_FILE) 120
        and set --local failure (string match --regex '^([0-9]{1,12}) ([ -~]+)\z' -- $__ssoenv_text)
        set text $failure[3]
        for try in $tries
            test -z "$try"; or test (builtin math $failure[2] + 15 + $try) -ge $SSOENV_EXPIRES; or set text
        end
    end
    if test -n "$text"
        string match --quiet '* with: ssoenv use' -- $text; and set text "$text "(string escape -- "$__ssoenv_name")
        set text "\"$__ssoenv_name\": $text"
    else if test $__ssoenv_left -le 0 -a "$SSOENV_EXPORT" = profile
        set text "the session of \"$__ssoenv_name\" has ended; log in again with: ssoenv login "(string escape -- "$__ssoenv_name")
    else if test $__ssoenv_left -le 0
        set text "the credentials of \"$__ssoenv_name\" have expired; renew them with: ssoenv use "(string escape -- "$__ssoenv_name")
    else
        return
    end
    set --global __ssoenv_reported 1
    builtin printf 'ssoenv: %s\n' $text >&2
end

# __ssoenv_show sets SSOENV_PROMPT.
function __ssoenv_show
    set --local time expired
    if test -z "$__ssoenv_timed"
        set time ''
    else if test $__ssoenv_left -ge 172800
        set time (builtin math --scale=0 $__ssoenv_left / 86400)d
    else if test $__ssoenv_left -ge 3600
        set time (builtin printf '%dh%02dm' (builtin math --scale=0 $__ssoenv_left / 3600) (builtin math --scale=0 $__ssoenv_left % 3600 / 60))
    else if test $__ssoenv_left -ge 60
        set time (builtin math --scale=0 $__ssoenv_left / 60)m
    else if test $__ssoenv_left -gt 0
        set time {$__ssoenv_left}s
    end

    set --local label "$time/$SSOENV_PROFILE/$SSOENV_PROMPT_FORMAT/$AWS_ACCOUNT_ID/$SSOENV_ACCOUNT_NAME/$AWS_REGION/$AWS_DEFAULT_REGION/$LC_ALL/$LC_CTYPE/$LANG"
    if test "$label" != "$__ssoenv_label_of"
        set --global __ssoenv_label_of "$label"
        set --global __ssoenv_label (__ssoenv_format $time); or true
    end
    set label "$__ssoenv_label"

    set --local color
    if test -z "$NO_COLOR" -a "$TERM" != dumb
        if test $__ssoenv_left -le 0
            set color 31
        else if test $__ssoenv_left -le $__ssoenv_lead
            set color 33
        else if set --local index (builtin contains --index -- "$SSOENV_COLOR" black red green yellow blue magenta cyan white)
            set color 3(builtin math $index - 1)
        else if string match --quiet --regex '^([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\z' -- "$SSOENV_COLOR"
            set color "38;5;$SSOENV_COLOR"
        end
    end
    if test -n "$color"
        set --global SSOENV_PROMPT \e"[$color"m$label\e'[39m'
    else
        set --global SSOENV_PROMPT $label
    end
end

# __ssoenv_format prints SSOENV_PROMPT_FORMAT with the values for its codes. With a
# value that is empty, the brackets around it go, and the blanks before it, or at the
# beginning those after it.
function __ssoenv_format --argument-names time
    set --local region "$AWS_REGION"
    test -n "$region"; or set region "$AWS_DEFAULT_REGION"
    set --local values "$SSOENV_PROFILE" "$time" "$AWS_ACCOUNT_ID" "$SSOENV_ACCOUNT_NAME" "$region"
    set --local format "$SSOENV_PROMPT_FORMAT"
    if test (string length -- "$values$format") -gt 500
        for i in 1 2 3 4 5
            set values[$i] (string sub --length 500 -- "$values[$i]" | string join '?'); or true
        end
        set format (string sub --length 500 -- "$format" | string join '?'); or true
    end
    test -n "$format"; or set format '%p %t'

    set --local codes p t a n r
    set --local empty ''
    for i in 1 2 3 4 5
        test -n "$values[$i]"; or set empty "$empty$codes[$i]"
    end
    if test -n "$empty"
        set --local run "(?:%[$empty] *)*%[$empty]"
        set --local gone "(?:\($run\)|\[$run\]|\{$run\}|<$run>|$run)"
        set format (string replace --all --regex "(?s)%[^$empty](*SKIP)(*F)|^(?: *$gone)+ *| *$gone" '' -- "$format" | string join '?')
    end

    set --local label ''
    for part in (string match --all --regex '(?s)%[ptanr%]|[^%]+|%' -- "$format")
        if set --local index (builtin contains --index -- "$part" %p %t %a %n %r)
            set part "$values[$index]"
        else if test "$part" = %%
            set part %
        end
        set label "$label$part"
    end
    if string match --quiet --regex '[^ -~]' -- "$label"
        set label (__ssoenv_clean "$label")
    end
    builtin printf '%s\n' "$label"
end

# __ssoenv_place adds the segment to the right prompt, at the first prompt, when the
# start-up files have defined theirs. The user's right prompt is called first, so
# that it gets $status and $pipestatus; a wrapped fish_prompt would not.
function __ssoenv_place
    set --global __ssoenv_segment ''
    if not functions --query fish_right_prompt
        function fish_right_prompt
        end
    end
    string match --quiet '*__ssoenv_right_prompt*' -- (functions fish_right_prompt); and return
    functions --query __ssoenv_right_prompt; and functions --erase __ssoenv_right_prompt
    functions --copy fish_right_prompt __ssoenv_right_prompt
    function fish_right_prompt
        __ssoenv_right_prompt
        test -z "$SSOENV_PROMPT"; or echo -n " $SSOENV_PROMPT"
    end
end
