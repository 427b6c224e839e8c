# ssoenv in PowerShell, 5.1 or later. doc.go describes the function, the hook and the
# variables above these lines. All names defined here are ssoenv, prompt,
# SSOENV_PROMPT and __ssoenv*. A function's strict mode and preferences end with it.

# PowerShell removes the first bare -- of a line before a function gets it: '--'
# is passed on.
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
    $output = & $global:__ssoenv_exe @front --shell powershell @rest
    if ($global:LASTEXITCODE -eq 0) {
        __ssoenv_apply $output
    } else {
        # Otherwise what follows on the line, after && or ;, would run with the
        # credentials from before.
        throw "ssoenv $($args[$at]) failed with status $global:LASTEXITCODE"
    }
}

# __ssoenv_apply sets and unsets the variables that the program has printed. Data,
# unlike code, is not written to PowerShell's logs. No string is only a date, which
# ConvertFrom-Json would convert. Before 7.5 an empty value unsets a variable.
function global:__ssoenv_apply {
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

# __ssoenv_at_prompt runs before each prompt.
function global:__ssoenv_at_prompt {
    Set-StrictMode -Off
    $ErrorActionPreference = 'SilentlyContinue'

    $expires = "$env:SSOENV_EXPIRES"
    if (-not $env:SSOENV_PROFILE) {
        $global:SSOENV_PROMPT = ''
        return
    }
    $profileName = __ssoenv_clean $env:SSOENV_PROFILE
    if ($expires -notmatch '\A[0-9]{1,12}\z') {
        $global:SSOENV_PROMPT = __ssoenv_label $profileName ''
        return
    }
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $known = "$expires $env:SSOENV_RENEW_AT $env:SSOENV_PROFILE"
    $seen = $global:__ssoenv_seen
    if (-not $seen -or $seen.Known -cne $known) {
        $end = [long]$expires
        $due = $end - 900
        if ("$env:SSOENV_RENEW_AT" -match '\A[0-9]{1,12}\z' -and [long]$env:SSOENV_RENEW_AT -lt $end) { $due = [long]$env:SSOENV_RENEW_AT }
        $pause = [Math]::Max(3, [Math]::Min(30, [Math]::Floor(($end - $due) / 5)))
        $seen = @{ Known = $known; Expires = $end; Due = $due; Pause = $pause; Last = 0; Waited = $false; Offered = ''; Reported = $false }
        $global:__ssoenv_seen = $seen
    }
    if ($now -ge $seen.Due) {
        if (-not $env:SSOENV_NO_REFRESH) { __ssoenv_renew $seen $now }
        if ($env:SSOENV_EXPIRES -eq $expires) { __ssoenv_report $seen $profileName $now }
    }

    $global:SSOENV_PROMPT = __ssoenv_label $profileName (__ssoenv_span ([long]$env:SSOENV_EXPIRES - $now))
}

# __ssoenv_label returns the segment. With a value that is empty, the brackets around
# it go, and the blanks before it, or at the beginning those after it.
function global:__ssoenv_label($profileName, $time) {
    $format = if ($env:SSOENV_PROMPT_FORMAT) { $env:SSOENV_PROMPT_FORMAT } else { '%p %t' }
    $region = if ($env:AWS_REGION) { $env:AWS_REGION } else { $env:AWS_DEFAULT_REGION }
    $values = @{ '%p' = $profileName; '%t' = $time; '%a' = $env:AWS_ACCOUNT_ID; '%n' = $env:SSOENV_ACCOUNT_NAME; '%r' = $region; '%%' = '%' }
    $empty = ''
    foreach ($code in $values.Keys) { if (-not $values[$code]) { $empty += $code.Substring(1) } }
    if ($empty) {
        $run = "(?:%[$empty] *)*%[$empty]"
        $gone = "(?:\($run\)|\[$run\]|\{$run\}|<$run>|$run)"
        $format = $format -creplace "(?s)(%[^$empty])|^(?: *$gone)+ *| *$gone", '$1'
    }
    $label = ''
    foreach ($piece in [regex]::Matches($format, '(?s)%[ptanr%]|[^%]+|%')) {
        if ($values.ContainsKey($piece.Value)) { $label += $values[$piece.Value] } else { $label += $piece.Value }
    }
    return __ssoenv_clean $label
}

# __ssoenv_clean returns a text with "?" for each character that is not visible, as
# safetext.IsHidden defines it, and for both halves of a character beyond U+FFFF.
function global:__ssoenv_clean($text) {
    return $text -replace '[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]', '?'
}

# __ssoenv_read returns the first line of the first bytes of a file, at most so
# many. It returns $null if the file is not directly in a directory of
# __ssoenv_dirs, and '' if it is not a regular file, or a link. A name such as CON is
# a device on Windows in every directory.
function global:__ssoenv_read($file, $most) {
    if (-not $file -or ($global:__ssoenv_dirs -split "`n") -cnotcontains [IO.Path]::GetDirectoryName($file)) { return $null }
    $bytes = New-Object -TypeName byte[] -ArgumentList $most
    $count = 0
    try {
        if ([IO.Path]::GetFileName($file) -cnotmatch '\A[0-9a-f]+-[0-9a-f]+\.(expires|failed)\z') { return '' }
        $item = Get-Item -LiteralPath $file -Force
        if (-not $item -or $item.Attributes.HasFlag([IO.FileAttributes]::ReparsePoint) -or "$($item.UnixMode)" -match '\A[^-]') { return '' }
        $stream = [IO.File]::OpenRead($file)
        try { $count = $stream.Read($bytes, 0, $most) } finally { $stream.Dispose() }
    } catch { }
    return ([Text.Encoding]::GetEncoding(28591).GetString($bytes, 0, $count) -split "`n")[0]
}

# __ssoenv_adopt loads newer credentials from the cache, if there are any.
function global:__ssoenv_adopt($seen, $now) {
    $newest = __ssoenv_read $env:SSOENV_EXPIRY_FILE 80
    if ($null -eq $newest) {
        if ($env:SSOENV_EXPIRY_FILE -or $env:SSOENV_EXPORT) { $newest = "$([Math]::Floor($now / $seen.Pause))" } else { $newest = '' }
    } elseif ($newest -notmatch '\A[0-9]{1,12}\z' -or [long]$newest -le $seen.Expires) {
        $newest = $seen.Offered
    }
    if ($newest -ne $seen.Offered) {
        $seen.Offered = $newest
        $output = & $global:__ssoenv_exe adopt --shell powershell 2>$null
        if ($global:LASTEXITCODE -eq 0) { __ssoenv_apply $output }
    }
}

# __ssoenv_renew adopts newer credentials from the cache, or renews them: in the
# background or, once if they have expired, for up to a second.
function global:__ssoenv_renew($seen, $now) {
    __ssoenv_adopt $seen $now
    if ([long]$env:SSOENV_EXPIRES -eq $seen.Expires -and $now -ge $seen.Expires -and -not $seen.Waited) {
        # The next command would get expired credentials.
        $seen.Waited = $true
        $seen.Offered = ''
        $null = & $global:__ssoenv_exe refresh --within 1s 2>$null
        __ssoenv_adopt $seen $now
    }
    $wait = $now - $seen.Last
    if ([long]$env:SSOENV_EXPIRES -ne $seen.Expires -or ($wait -ge 0 -and $wait -lt $seen.Pause)) { return }
    $seen.Last = $now
    $seen.Offered = ''
    try {
        $start = [System.Diagnostics.ProcessStartInfo]@{
            FileName = $global:__ssoenv_exe; Arguments = 'refresh'; UseShellExecute = $false; CreateNoWindow = $true
            RedirectStandardInput = $true; RedirectStandardOutput = $true; RedirectStandardError = $true
        }
        $process = [System.Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
    } catch { }
}

# __ssoenv_report prints, once for the same credentials, why they are not renewed
# or that they have expired.
function global:__ssoenv_report($seen, $profileName, $now) {
    $text = ''
    $word = $profileName
    if ($word -notmatch '\A[A-Za-z_][A-Za-z0-9_.-]*\z') { $word = "'" + ($word -replace '[\u0027\u2018-\u201b]', '$0$0') + "'" }
    if ($seen.Last -gt 0 -and $env:SSOENV_EXPIRY_FILE -cmatch '\.expires\z') {
        $failure = __ssoenv_read ($env:SSOENV_EXPIRY_FILE -creplace '\.expires\z', '.failed') 120
        if ("$failure" -match '\A([0-9]{1,12}) ([ -~]+)\z' -and [long]$Matches[1] + 15 -ge $seen.Last) {
            $text = "`"$profileName`": $($Matches[2])"
            if ($text.EndsWith(' with: ssoenv use')) { $text += " $word" }
        }
    }
    if (-not $text -and $now -ge $seen.Expires -and $env:SSOENV_EXPORT -eq 'profile') {
        $text = "the session of `"$profileName`" has ended; log in again with: ssoenv login $word"
    } elseif (-not $text -and $now -ge $seen.Expires) {
        $text = "the credentials of `"$profileName`" have expired; renew them with: ssoenv use $word"
    }
    if ($seen.Reported -or -not $text) { return }
    $seen.Reported = $true
    [Console]::Error.WriteLine("ssoenv: $text")
}

function global:__ssoenv_span($left) {
    if ($left -le 0) { return 'expired' }
    if ($left -lt 60) { return "${left}s" }
    if ($left -lt 3600) { return '{0}m' -f [Math]::Floor($left / 60) }
    if ($left -lt 172800) { return '{0}h{1:00}m' -f [Math]::Floor($left / 3600), [Math]::Floor($left % 3600 / 60) }
    return '{0}d' -f [Math]::Floor($left / 86400)
}

# The prompt calls the one from before, which gets $? and $LASTEXITCODE of the last
# command. Reading these lines again does not add another one.
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
