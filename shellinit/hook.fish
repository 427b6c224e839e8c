# ssoenv in fish, 3.1 or later.

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read, and what draws its prompt.
function ssoenv --description 'AWS credentials for this shell'
    switch "$argv[1]/$argv[2]"
        case 'use/*' 'clear/*' 'logout/*' --debug/use --debug/clear --debug/logout
        case 'doctor/*' --debug/doctor
            command $__ssoenv_exe $argv --hook $__ssoenv_mark --hook-prompt=(status is-interactive; and functions fish_prompt fish_right_prompt | string join ' ')
            return
        case '*'
            command $__ssoenv_exe $argv
            return
    end

    # An empty fish_trace of the function's own hides the user's, and with it
    # every secret.
    set --local fish_trace

    # Not a pipe into "read": a Ctrl-Z would stop the program and fish with it.
    # The price is that stdin and stderr are the shell's own here, wherever the
    # function's are redirected.
    set --local words 1
    test "$argv[1]" = --debug; and set words 2
    set --local rest $argv
    set --erase rest[1..$words]
    set --local code (command $__ssoenv_exe $argv[1..$words] --shell fish $rest)
    set --local result $status

    # fish has no subshells: in (ssoenv use dev) and before a pipe the switch
    # has happened already, and only a failure is worth a word.
    if test $result -eq 0
        eval $code
        # A universal variable outlives its global, in every child too. It is not
        # this shell's alone, and so not ssoenv's to erase.
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

# From here on: the hook of an interactive shell. Before each prompt it fills
# SSOENV_PROMPT and sees to it that the credentials are renewed in time. While
# they are good it starts no process, and a prompt never waits for the network.
# A time is told by what was left of the credentials then, in seconds: fish has
# no clock, and each "math" takes longer than all the rest.

# What the hook knows. All of it is set here, whatever the environment says.
set --global __ssoenv_left 0 # of the credentials
set --global __ssoenv_known '' # the credentials that the rest is about
set --global __ssoenv_margin 0 # they are due when less than this is left
set --global __ssoenv_soon 0 # they are yellow then
set --global __ssoenv_pause 0 # between two attempts to renew them
set --global __ssoenv_begun # when the first one was started
set --global __ssoenv_asked # when the last one was started
set --global __ssoenv_waited # when the last one was started that a command waited for
set --global __ssoenv_offered '' # the newer expiration whose keys were to be adopted last
set --global __ssoenv_told '' # the person knows that they are not renewed
set --global __ssoenv_name '' # the profile, printable
set --global __ssoenv_typed '' # the profile, as one would type it
set --global __ssoenv_segment '' # "ssoenv init --prompt" wants the right prompt
set --global --unexport SSOENV_PROMPT ''

# __ssoenv_prompt is the hook. It fails nobody: fish keeps the status of the
# user's command.
function __ssoenv_prompt --on-event fish_prompt
    if not __ssoenv_look
        set --global SSOENV_PROMPT ''
    else
        if test $__ssoenv_left -lt $__ssoenv_margin
            __ssoenv_renew
        end
        __ssoenv_show
    end
    test -z "$__ssoenv_segment"; or __ssoenv_place
end

# __ssoenv_renew adopts newer keys, or starts an attempt to get some.
function __ssoenv_renew
    if test -z "$SSOENV_NO_REFRESH"
        if __ssoenv_adopt
            __ssoenv_look
            return
        end
        if __ssoenv_passed $__ssoenv_pause $__ssoenv_asked
            set --global __ssoenv_asked $__ssoenv_left
            test -n "$__ssoenv_begun"; or set --global __ssoenv_begun $__ssoenv_left
            set --global __ssoenv_offered ''
            command $__ssoenv_exe refresh </dev/null >/dev/null 2>&1 &
            disown $last_pid 2>/dev/null
        end
    end
    # What has just been asked for may yet come: no command starts without
    # another look.
    if test $__ssoenv_left -gt 0; or __ssoenv_passed 3 $__ssoenv_begun
        __ssoenv_tell
    end
end

# __ssoenv_passed tells whether so many seconds have passed since a time. If it
# was never, they have.
function __ssoenv_passed --argument-names seconds time
    test -z "$time"; and return
    set --local passed (math $time - $__ssoenv_left)
    test $passed -ge $seconds; or test $passed -lt 0
end

# __ssoenv_before runs before a command. It does not let one start with
# credentials that are dead or dying without an attempt to renew them, or a
# word.
function __ssoenv_before --on-event fish_preexec
    string match --quiet --regex '^\s*ssoenv(\s|$)' -- "$argv"; and return
    __ssoenv_look; or return
    test $__ssoenv_left -le 10; and test $__ssoenv_left -lt $__ssoenv_margin; or return
    if test -z "$SSOENV_NO_REFRESH"
        if not __ssoenv_adopt; and __ssoenv_passed $__ssoenv_pause $__ssoenv_waited
            set --global __ssoenv_waited $__ssoenv_left
            set --global __ssoenv_offered ''
            # An interrupt ends this function, but not the command that is to
            # follow.
            function __ssoenv_interrupted --on-signal INT
                functions --erase __ssoenv_interrupted
                test $__ssoenv_left -gt 0; or __ssoenv_tell
            end
            command $__ssoenv_exe refresh --within 3s </dev/null >/dev/null 2>&1
            functions --erase __ssoenv_interrupted
            __ssoenv_adopt
        end
        __ssoenv_look; or return
    end
    test $__ssoenv_left -gt 0; or __ssoenv_tell
end

# __ssoenv_look finds out how long the credentials last. It fails where none
# are in use.
function __ssoenv_look
    if test -z "$SSOENV_PROFILE"; or not string match --quiet --regex '^[0-9]{1,12}\z' -- "$SSOENV_EXPIRES"
        set --global __ssoenv_known ''
        return 1
    end
    __ssoenv_clock
    test "$__ssoenv_known" != "$SSOENV_EXPIRES $SSOENV_PROFILE"; or return 0

    # The first sight of these credentials. They are due 15 minutes before the
    # end, or after three quarters of a shorter life: not a moment before the
    # program thinks so too, which counts the fractions of a second.
    set --global __ssoenv_known "$SSOENV_EXPIRES $SSOENV_PROFILE"
    set --global __ssoenv_margin (math --scale=0 "($__ssoenv_left - 1) / 4")
    if test $__ssoenv_left -le 0; or test $__ssoenv_margin -gt 900
        set --global __ssoenv_margin 900
    else if test $__ssoenv_margin -lt 1
        set --global __ssoenv_margin 1
    end
    set --global __ssoenv_soon $__ssoenv_margin
    test $__ssoenv_left -le 900; or set --global __ssoenv_soon 900
    set --global __ssoenv_pause (math --scale=0 $__ssoenv_margin / 5)
    if test $__ssoenv_pause -lt 3
        set --global __ssoenv_pause 3
    else if test $__ssoenv_pause -gt 30
        set --global __ssoenv_pause 30
    end
    set --global __ssoenv_begun
    set --global __ssoenv_asked
    set --global __ssoenv_waited
    set --global __ssoenv_offered ''
    set --global __ssoenv_told ''

    set --global __ssoenv_name (string replace --all --regex '[\x00-\x1f\x7f-\x{9f}]' '?' -- "$SSOENV_PROFILE")
    set --global __ssoenv_typed $__ssoenv_name
    if string match --quiet --regex '^-|[^A-Za-z0-9_.@%/+=:,-]' -- "$__ssoenv_name"
        set --global __ssoenv_typed (string escape -- "$__ssoenv_name")
    end
end

# __ssoenv_clock finds out what is left now: the age of a file and the time of
# its last change tell what time it is, from fish 3.6 on without a process.
if builtin path mtime / >/dev/null 2>&1
    function __ssoenv_clock
        set --local clock (builtin path mtime /; builtin path mtime --relative /)
        set --global __ssoenv_left (math $SSOENV_EXPIRES - $clock[1] - $clock[2])
    end
else
    function __ssoenv_clock
        set --global __ssoenv_left (math $SSOENV_EXPIRES - (command date +%s))
    end
end

# __ssoenv_read sets __ssoenv_text to the first line of a file. It reads none
# but regular files: a pipe would hang.
function __ssoenv_read --argument-names file
    set --global __ssoenv_text ''
    if test -f "$file"; and test -r "$file"
        read --global --nchars 80 __ssoenv_text <"$file"
    end
end

# __ssoenv_adopt takes newer keys from the cache, where the expiry file tells
# of any.
function __ssoenv_adopt
    __ssoenv_read "$SSOENV_EXPIRY_FILE"
    string match --quiet --regex '^[0-9]{1,12}\z' -- "$__ssoenv_text"; or return 1
    test "$__ssoenv_text" != "$__ssoenv_offered"; and test $__ssoenv_text -gt $SSOENV_EXPIRES; or return 1
    set --global __ssoenv_offered $__ssoenv_text

    set --local fish_trace # no trace, as in ssoenv
    set --local before $SSOENV_EXPIRES
    set --local code (command $__ssoenv_exe adopt --shell fish </dev/null 2>/dev/null)
    and eval $code
    test "$SSOENV_EXPIRES" != "$before"
end

# __ssoenv_tell says, once for the same credentials, that they are not renewed.
function __ssoenv_tell
    test -z "$__ssoenv_told"; or return 0

    # Beside the expiry file stands the news of the last failure, {"at":…,
    # "login":…}. What is older than the last attempt, and than the 15 seconds
    # in which nobody makes another, is no news.
    set --global __ssoenv_text ''
    set --local times $__ssoenv_asked $__ssoenv_waited
    if string match --quiet '*.expires' -- "$SSOENV_EXPIRY_FILE"; and test -n "$times[1]"
        __ssoenv_read (string replace --regex '\.expires$' .failed -- $SSOENV_EXPIRY_FILE)
        set --local at (string match --regex '"at":([0-9]{1,12})\b' -- $__ssoenv_text)[2]
        for time in $times
            if test -n "$at"; and test (math $at + 15) -lt (math $SSOENV_EXPIRES - $time)
                set at
            end
        end
        test -n "$at"; or set --global __ssoenv_text ''
    end

    set --local words
    if string match --quiet '*"login":true*' -- $__ssoenv_text
        set words "the session of \"$__ssoenv_name\" has ended; log in again with"
    else if test -n "$__ssoenv_text"
        test $__ssoenv_left -lt 60; or test $__ssoenv_left -lt (math $__ssoenv_margin / 3); or return 0
        set words "the credentials of \"$__ssoenv_name\" cannot be renewed; try"
    else
        test $__ssoenv_left -le 0; or return 0
        set words "the credentials of \"$__ssoenv_name\" have expired; renew them with"
    end
    set --global __ssoenv_told 1
    printf 'ssoenv: %s: ssoenv use %s\n' $words $__ssoenv_typed >&2
end

# __ssoenv_show fills SSOENV_PROMPT.
function __ssoenv_show
    set --local time expired
    if test $__ssoenv_left -ge 172800
        set time (math --scale=0 $__ssoenv_left / 86400)d
    else if test $__ssoenv_left -ge 3600
        set time (printf '%dh%02dm' (math --scale=0 $__ssoenv_left / 3600) (math --scale=0 $__ssoenv_left % 3600 / 60))
    else if test $__ssoenv_left -ge 60
        set time (math --scale=0 $__ssoenv_left / 60)m
    else if test $__ssoenv_left -gt 0
        set time {$__ssoenv_left}s
    end

    set --local label "$SSOENV_PROFILE $time"
    if test -n "$SSOENV_PROMPT_FORMAT" -a "$SSOENV_PROMPT_FORMAT" != '%p %t'
        set label ''
        for part in (string match --all --regex '(?s)%[part%]|[^%]+|%' -- "$SSOENV_PROMPT_FORMAT")
            switch $part
                case %p
                    set part "$SSOENV_PROFILE"
                case %t
                    set part $time
                case %a
                    set part "$AWS_ACCOUNT_ID"
                case %r
                    set part "$AWS_REGION"
                    test -n "$part"; or set part "$AWS_DEFAULT_REGION"
                case %%
                    set part %
            end
            set label "$label$part"
        end
    end
    if string match --quiet --regex '[\x00-\x1f\x7f-\x{9f}]' -- "$label"
        set label (string replace --all --regex '[\x00-\x1f\x7f-\x{9f}]' '?' -- "$label" | string join '?')
    end

    set --local color
    if test -z "$NO_COLOR" -a "$TERM" != dumb
        if test $__ssoenv_left -le 0
            set color 31
        else if test $__ssoenv_left -lt $__ssoenv_soon
            set color 33
        else if set --local index (contains --index -- "$SSOENV_COLOR" black red green yellow blue magenta cyan white)
            set color 3(math $index - 1)
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

# __ssoenv_place adds the segment to the right prompt: what stands there is
# called first, and so gets the user's $status and $pipestatus as they are,
# which a wrapped fish_prompt would not. It is done at the first prompt, when
# the start-up files have defined theirs.
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
