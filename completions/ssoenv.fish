# ssoenv's completions in fish, 3.1 or later.

# __ssoenv_complete prints the program's candidates. fish matches and quotes them.
function __ssoenv_complete
    set --local program ssoenv
    set --query __ssoenv_exe; and set program $__ssoenv_exe
    set --local words (commandline --current-process --tokenize --cut-at-cursor)
    set --local word (commandline --current-token --cut-at-cursor)
    set --local answer (command $program complete fish -- $words "$word" </dev/null 2>/dev/null)

    # fish completes the word. If it is another command's, the answer is the number of
    # words before that command.
    if test $status -eq 1
        test -n "$answer"
        or return
        set --erase words[1..$answer] 2>/dev/null
        set --local line (string escape -- $words) $word
        complete --do-complete (string join -- ' ' $line)
        return
    end
    set --query answer[1]
    and printf '%s\n' $answer
end

complete --command ssoenv --no-files --arguments '(__ssoenv_complete)'
