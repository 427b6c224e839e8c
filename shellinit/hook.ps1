# ssoenv in PowerShell, 5.1 or later.
#
# "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines. Names
# that begin with __ssoenv are ssoenv's own. Settings of the caller's do not reach in: each
# function has its own strict mode and preferences, and these end with it.

# ssoenv runs the program. The commands that change a shell are captured and
# carried out here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read. PowerShell takes
# the first bare -- of a line out before a function sees it: '--' gets through.
function global:ssoenv {
    Set-StrictMode -Off
    $at = 0
    if ($args.Count -gt 0 -and $args[0] -ceq '--debug') { $at = 1 }
    if ($args.Count -le $at -or @('use', 'clear', 'logout') -cnotcontains $args[$at]) {
        $words = @($args)
        if ($words.Count -gt $at -and $words[$at] -ceq 'doctor') { $words += '--hook', $global:__ssoenv_mark }
        if ($MyInvocation.ExpectingInput) {
            $input | & $global:__ssoenv_exe @words
        } else {
            & $global:__ssoenv_exe @words
        }
        return
    }

    $PSNativeCommandUseErrorActionPreference = $false
    $front = @($args[0..$at])
    $rest = @($args | Select-Object -Skip ($at + 1))
    $answer = & $global:__ssoenv_exe @front --shell powershell @rest
    if ($global:LASTEXITCODE -eq 0) {
        __ssoenv_take $answer
    } else {
        # A function has no other way to keep what follows it on the line, behind
        # && or ;, from running with the credentials from before.
        throw "ssoenv $($args[$at]) ended with status $global:LASTEXITCODE"
    }
}

# __ssoenv_take carries out the program's answer: a JSON array of strings in
# order, NAME=value to set a variable and NAME to unset it. What is not code is
# not written to the logs that PowerShell keeps of code. No string is a date by
# itself, of which ConvertFrom-Json would make one. An empty value is none:
# before 7.5 there is no such thing in PowerShell.
function global:__ssoenv_take {
    Set-StrictMode -Off
    if (-not $args[0]) { return }
    $entries = ConvertFrom-Json -InputObject ($args[0] -join "`n")
    foreach ($entry in $entries) {
        $name, $value = $entry.Split([char[]]'=', 2)
        if ($value) {
            Set-Item -LiteralPath "env:$name" -Value $value
        } else {
            Remove-Item -LiteralPath "env:$name" -ErrorAction SilentlyContinue
        }
    }
}

# __ssoenv_at_prompt runs before each prompt. It fills $SSOENV_PROMPT, and near
# the end of the credentials' life sees that they are renewed. It starts no
# process until then.
function global:__ssoenv_at_prompt {
    Set-StrictMode -Off
    $ErrorActionPreference = 'SilentlyContinue'

    $profileName = "$env:SSOENV_PROFILE" -replace '\p{C}', '?'
    $expires = "$env:SSOENV_EXPIRES"
    if (-not $profileName -or $expires -notmatch '\A[0-9]{1,12}\z') {
        $global:SSOENV_PROMPT = ''
        return
    }
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $left = [long]$expires - $now
    $seen = $global:__ssoenv_seen
    if (-not $seen -or $seen.Expires -ne $expires) {
        $margin = [Math]::Max(1, [Math]::Min(900, [Math]::Floor($left / 4)))
        $seen = @{ Expires = $expires; Margin = $margin; Said = $false; Next = 0; Adopted = 0 }
        $global:__ssoenv_seen = $seen
    }
    if ($left -lt $seen.Margin) {
        if (-not $env:SSOENV_NO_REFRESH) { __ssoenv_renew $seen $now }
        if ($env:SSOENV_EXPIRES -eq $expires) { __ssoenv_warn $seen $profileName $left }
    }

    $left = [long]$env:SSOENV_EXPIRES - $now
    $format = $env:SSOENV_PROMPT_FORMAT
    if (-not $format) { $format = '%p %t' }
    $region = $env:AWS_REGION
    if (-not $region) { $region = $env:AWS_DEFAULT_REGION }
    $values = @{ '%p' = $profileName; '%t' = (__ssoenv_span $left); '%a' = $env:AWS_ACCOUNT_ID; '%r' = $region; '%%' = '%' }
    $label = ''
    foreach ($piece in [regex]::Matches($format, '(?s)%[ptar%]|[^%]+|%')) {
        if ($values.ContainsKey($piece.Value)) { $label += $values[$piece.Value] } else { $label += $piece.Value }
    }
    $global:SSOENV_PROMPT = $label -replace '\p{C}', '?'
}

# __ssoenv_renew takes newer credentials over from the cache if there are any,
# else has the program look for some, in the background, once in a while.
function global:__ssoenv_renew($seen, $now) {
    $newest = [long]0
    if ($env:SSOENV_EXPIRY_FILE) {
        try { $newest = [long][IO.File]::ReadAllText($env:SSOENV_EXPIRY_FILE).Trim() } catch { }
    }
    if ($newest -gt [long]$seen.Expires -and $newest -ne $seen.Adopted) {
        $seen.Adopted = $newest
        $answer = & $global:__ssoenv_exe adopt --shell powershell 2>$null
        if ($global:LASTEXITCODE -eq 0) { __ssoenv_take $answer }
        return
    }
    if ($now -lt $seen.Next) { return }
    $seen.Next = $now + [Math]::Min(30, [Math]::Max(3, [Math]::Floor($seen.Margin / 5)))
    try {
        $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
        $start.FileName = $global:__ssoenv_exe
        $start.Arguments = 'refresh'
        $start.UseShellExecute = $false
        $start.CreateNoWindow = $true
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
    } catch { }
}

# __ssoenv_warn says once for each set of credentials what a person has to do.
function global:__ssoenv_warn($seen, $profileName, $left) {
    if ($seen.Said) { return }
    $login = $null
    if ($env:SSOENV_EXPIRY_FILE -cmatch '\.expires\z') {
        $failed = $env:SSOENV_EXPIRY_FILE -creplace '\.expires\z', '.failed'
        try { $login = (ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($failed))).login } catch { }
    }
    $command = "ssoenv use $profileName"
    if ($profileName -notmatch '\A[A-Za-z_][A-Za-z0-9_.-]*\z') {
        $command = "ssoenv use '" + ($profileName -replace '[\u0027\u2018-\u201b]', '$0$0') + "'"
    }
    if ($login -eq $true) {
        $text = "the session of `"$profileName`" has ended; log in again with: $command"
    } elseif ($left -le 0) {
        $text = "the credentials of `"$profileName`" have expired; renew them with: $command"
    } elseif ($login -eq $false -and $left -lt [Math]::Max(60, $seen.Margin / 3)) {
        $text = "the credentials of `"$profileName`" cannot be renewed; try: $command"
    } else {
        return
    }
    $seen.Said = $true
    [Console]::Error.WriteLine("ssoenv: $text")
}

function global:__ssoenv_span($left) {
    if ($left -le 0) { return 'expired' }
    if ($left -lt 60) { return "${left}s" }
    if ($left -lt 3600) { return '{0}m' -f [Math]::Floor($left / 60) }
    if ($left -lt 172800) { return '{0}h{1:00}m' -f [Math]::Floor($left / 3600), [Math]::Floor($left % 3600 / 60) }
    return '{0}d' -f [Math]::Floor($left / 86400)
}

# The prompt, around the one that was there before: once, however often these
# lines run. What the last command left in $? and $LASTEXITCODE is there for it.
if (-not (Get-Variable -Name __ssoenv_prompt_before -Scope Global -ErrorAction Ignore)) {
    $global:__ssoenv_prompt_before = $function:prompt
    function global:prompt {
        $succeeded = $?
        $status = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
        try { __ssoenv_at_prompt } catch { }
        $global:LASTEXITCODE = $status
        if ($succeeded) { $null = $true } else { Write-Error -Message ' ' -ErrorAction Ignore }
        & $global:__ssoenv_prompt_before
    }
}
