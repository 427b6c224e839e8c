# A Homebrew formula, filled in by scripts/packaging/manifests.
class Ssoenv < Formula
  desc "Switches shells between AWS profiles of IAM Identity Center"
  homepage "https://github.com/ssoenv/ssoenv"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "@URL@/ssoenv_@VERSION@_darwin_arm64.tar.gz"
      sha256 "@SHA256:ssoenv_@VERSION@_darwin_arm64.tar.gz@"
    end
    on_intel do
      url "@URL@/ssoenv_@VERSION@_darwin_amd64.tar.gz"
      sha256 "@SHA256:ssoenv_@VERSION@_darwin_amd64.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@URL@/ssoenv_@VERSION@_linux_arm64.tar.gz"
      sha256 "@SHA256:ssoenv_@VERSION@_linux_arm64.tar.gz@"
    end
    on_intel do
      url "@URL@/ssoenv_@VERSION@_linux_amd64.tar.gz"
      sha256 "@SHA256:ssoenv_@VERSION@_linux_amd64.tar.gz@"
    end
  end

  def install
    prefix.install "bin", "libexec", "share"
  end

  def caveats
    <<~EOS
      To set up your shell (bash, fish and others likewise), run:
        ssoenv init zsh --install
    EOS
  end

  test do
    assert_match "ssoenv v#{version}", shell_output("#{bin}/ssoenv version")
  end
end
