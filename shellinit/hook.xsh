# ssoenv in xonsh, 0.13 or later. doc.go describes the function, the hook and the
# variables above these lines. All names defined here begin with __ssoenv.

def __ssoenv_install():
    import json, os, re, shlex, stat, subprocess, sys, time
    from xonsh.tools import unthreadable

    program, mark, dirs = __ssoenv_exe, __ssoenv_mark, __ssoenv_dirs.split("\n")
    env, null, seen = __xonsh__.env, subprocess.DEVNULL, {}

    # apply sets and unsets the variables that the program has printed.
    def apply(text):
        for entry in json.loads(text or "[]"):
            name, is_set, value = entry.partition("=")
            if is_set:
                env[name] = value
            elif name in env:
                del env[name]

    # switch runs the commands that change the shell and captures their output. They
    # can ask on the terminal, so they run in the foreground.
    @unthreadable
    def switch(args, stdin=None):
        at = 2 if args[:1] == ["--debug"] else 1
        command = [program, *args[:at], "--shell", "xonsh", *args[at:]]
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, env=env.detype())
        if done.returncode == 0:
            apply(done.stdout)
        return done.returncode

    # A script is compiled before these lines run, so its lines cannot be transformed as
    # below: there, ssoenv is this function.
    def in_script(args, stdin=None, stdout=None, stderr=None):
        command = args[1:2] if args[:1] == ["--debug"] else args[:1]
        if command in (["use"], ["clear"], ["logout"]):
            return switch(args, stdin)
        more = ["--hook", mark] if command == ["doctor"] else []
        return subprocess.run([program, *args, *more], stdin=stdin, stdout=stdout, stderr=stderr, env=env.detype()).returncode

    # Only those commands go to switch. All others go to the program itself: called
    # by a Python function it has no job control, and before a pipe it hangs. In a
    # quoted part of a line the worst result is another spelling.
    words = re.compile(r"(^|&&|\|\||;|\band|\bor|\n)(\s*)ssoenv(?=\s+(--debug\s+)?(use|clear|logout)(\s|;|$))")

    # xonsh transforms a command until that changes nothing.
    doctor = re.compile(r"((^|&&|\|\||;|\band|\bor|\n)\s*ssoenv\s+(--debug\s+)?doctor)(?! --hook)(?=\s|;|$)")

    def on_transform_command(cmd, **_):
        return doctor.sub(rf"\1 --hook {mark}", words.sub(r"\1\2__ssoenv_switch", cmd))

    def left_text(left):
        if left <= 0:
            return "expired"
        if left < 60:
            return f"{left}s"
        if left < 3600:
            return f"{left // 60}m"
        if left < 48 * 3600:
            return f"{left // 3600}h{left % 3600 // 60:02}m"
        return f"{left // 86400}d"

    # label returns the segment. left is None if the credentials have no time of
    # expiration. With a value that is empty, the brackets around it go, and the blanks
    # before it, or at the beginning those after it.
    def label(profile, left):
        values = {
            "%p": profile, "%t": "" if left is None else left_text(left), "%%": "%",
            "%a": str(env.get("AWS_ACCOUNT_ID", "")), "%n": str(env.get("SSOENV_ACCOUNT_NAME", "")),
            "%r": str(env.get("AWS_REGION", "") or env.get("AWS_DEFAULT_REGION", "")),
        }
        form = str(env.get("SSOENV_PROMPT_FORMAT", "")) or "%p %t"
        empty = "".join(code[1] for code, value in values.items() if not value)
        if empty:
            run = f"(?:%[{empty}] *)*%[{empty}]"
            gone = rf"(?:\({run}\)|\[{run}\]|\{{{run}\}}|<{run}>|{run})"
            form = re.sub(f"(?s)(%[^{empty}])|^(?: *{gone})+ *| *{gone}", lambda found: found[1] or "", form)
        return clean(re.sub("%[ptanr%]", lambda code: values[code[0]], form))

    # clean returns the text with "?" for each character that is not visible, as
    # safetext.IsHidden defines it.
    hidden = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

    def clean(text):
        return "".join(c if c.isprintable() and not hidden.match(c) else "?" for c in text)

    def is_time(text):
        return re.fullmatch("[0-9]{1,12}", text) is not None

    # read returns the first characters, at most so many, of a file's first line. It
    # returns None if the file is not directly in one of dirs, and "" if it is not
    # a regular file of ASCII that is the user's, or a link.
    def read(file, most):
        if os.path.dirname(file) not in dirs:
            return None
        try:
            info = os.lstat(file)
            if stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid():
                with open(file, "rb", buffering=0) as opened:
                    return opened.read(most).decode("ascii").partition("\n")[0]
        except (OSError, ValueError):
            pass
        return ""

    # adopt loads newer credentials from the cache, and reports whether there were
    # any.
    def adopt(now):
        file = str(env.get("SSOENV_EXPIRY_FILE", ""))
        newest = read(file, 80)
        if newest is None:
            newest = str(now // seen["pause"]) if file or env.get("SSOENV_EXPORT") else ""  # of a session there is no file
        elif not is_time(newest) or int(newest) <= seen["expires"]:
            return False
        if newest == seen["offered"]:
            return False
        seen["offered"] = newest
        done = subprocess.run([program, "adopt", "--shell", "xonsh"], stdin=null, stdout=subprocess.PIPE, stderr=null, env=env.detype())
        if done.returncode == 0:
            apply(done.stdout)
        return str(env.get("SSOENV_EXPIRES", "")) != seen["known"][1]

    # report prints, once for the same credentials, why they are not renewed or
    # that they have expired.
    def report(profile, now):
        text, file = "", str(env.get("SSOENV_EXPIRY_FILE", ""))
        if seen["last"] and file.endswith(".expires"):
            failure = re.fullmatch("([0-9]{1,12}) ([ -~]+)", read(file.removesuffix(".expires") + ".failed", 120) or "")
            if failure and int(failure[1]) + 15 >= seen["last"]:
                text = f'"{profile}": {failure[2]}'
                if text.endswith(" with: ssoenv use"):
                    text += " " + shlex.quote(profile)
        if not text and now >= seen["expires"] and env.get("SSOENV_EXPORT") == "profile":
            text = f'the session of "{profile}" has ended; log in again with: ssoenv login {shlex.quote(profile)}'
        elif not text and now >= seen["expires"]:
            text = f'the credentials of "{profile}" have expired; renew them with: ssoenv use {shlex.quote(profile)}'
        if text and not seen["reported"]:
            seen["reported"] = True
            print("ssoenv: " + text, file=sys.stderr)

    def on_pre_prompt_format(**_):
        known = profile, expires, renew_at = [str(env.get("SSOENV_" + name, "")) for name in ("PROFILE", "EXPIRES", "RENEW_AT")]
        if not profile:
            env["SSOENV_PROMPT"] = ""
            return
        if not is_time(expires):
            env["SSOENV_PROMPT"] = label(clean(profile), None)
            return
        now, end = int(time.time()), int(expires)
        if seen.get("known") != known:
            due = int(renew_at) if is_time(renew_at) and int(renew_at) < end else end - 900
            seen.update(known=known, expires=end, due=due, pause=max(3, min(30, (end - due) // 5)), last=0, waited=False, offered="", reported=False)
        profile = clean(profile)
        if now >= seen["due"]:
            adopted = False
            if not env.get("SSOENV_NO_REFRESH"):
                adopted = adopt(now)
                if not adopted and now >= end and not seen["waited"]:
                    # The next command would get expired credentials.
                    seen.update(waited=True, offered="")
                    subprocess.run([program, "refresh", "--within", "1s"], stdin=null, stdout=null, stderr=null, env=env.detype())
                    adopted = adopt(now)
                if not adopted and not 0 <= now - seen["last"] < seen["pause"]:
                    seen.update(last=now, offered="")
                    seen["refresh"] = subprocess.Popen([program, "refresh"], stdin=null, stdout=null, stderr=null, env=env.detype(), start_new_session=True)
            if not adopted:
                report(profile, now)
        env["SSOENV_PROMPT"] = label(profile, int(env.get("SSOENV_EXPIRES", expires)) - now)

    # Reading these lines again replaces the handlers.
    for event, handler in [("on_transform_command", on_transform_command), ("on_pre_prompt_format", on_pre_prompt_format)]:
        handlers = getattr(events, event)
        for old in [h for h in handlers if getattr(h, "ssoenv", False)]:
            handlers.discard(old)
        handler.ssoenv = True
        handlers(handler)

    aliases["ssoenv"] = [program] if env.get("XONSH_INTERACTIVE") else in_script
    aliases["__ssoenv_switch"] = switch

    # A variable that detypes to None is not exported.
    env.register("SSOENV_PROMPT", detype=lambda _: None)

    # {ssoenv} in $PROMPT, in which braces have a meaning.
    env["PROMPT_FIELDS"]["ssoenv"] = lambda: env.get("SSOENV_PROMPT", "").replace("{", "{{").replace("}", "}}")


__ssoenv_install()
del __ssoenv_install
