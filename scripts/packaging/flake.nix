# A Nix flake with the released program, filled in by scripts/packaging/manifests.
{
  description = "Switches shells between AWS profiles of IAM Identity Center";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      version = "@VERSION@";
      archives = {
        x86_64-linux = {
          name = "ssoenv_@VERSION@_linux_amd64.tar.gz";
          sha256 = "@SHA256:ssoenv_@VERSION@_linux_amd64.tar.gz@";
        };
        aarch64-linux = {
          name = "ssoenv_@VERSION@_linux_arm64.tar.gz";
          sha256 = "@SHA256:ssoenv_@VERSION@_linux_arm64.tar.gz@";
        };
        x86_64-darwin = {
          name = "ssoenv_@VERSION@_darwin_amd64.tar.gz";
          sha256 = "@SHA256:ssoenv_@VERSION@_darwin_amd64.tar.gz@";
        };
        aarch64-darwin = {
          name = "ssoenv_@VERSION@_darwin_arm64.tar.gz";
          sha256 = "@SHA256:ssoenv_@VERSION@_darwin_arm64.tar.gz@";
        };
      };
    in
    {
      packages = builtins.mapAttrs (
        system: archive:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = pkgs.stdenvNoCC.mkDerivation {
            pname = "ssoenv";
            inherit version;
            src = pkgs.fetchurl {
              url = "@URL@/${archive.name}";
              inherit (archive) sha256;
            };
            installPhase = "mkdir -p $out && cp -r bin libexec share $out/";
            meta = {
              description = "Switches shells between AWS profiles of IAM Identity Center";
              homepage = "https://github.com/ssoenv/ssoenv";
              license = pkgs.lib.licenses.mit;
              mainProgram = "ssoenv";
            };
          };
        }
      ) archives;
    };
}
