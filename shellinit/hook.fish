# ssoenv in fish, 3.1 or later.

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves.
function ssoenv --description 'AWS credentials for this shell'
    switch "$argv[1]/$argv[2]"
        case 'use/*' 'clear/*' 'logout/*' --debug/use --debug/clear --debug/logout
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
    else if status is-command-substitution; or not test -t 1
        echo false
    end
    return $result
end
