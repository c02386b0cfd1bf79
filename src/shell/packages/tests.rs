//! Each manager, and command lines as people write them.

use super::*;
use crate::dockerfile::Joined;
use crate::shell::parse;

/// Runs `verify` on the only package command of a script.
fn with(text: &str, verify: impl FnOnce(&PackageCommand<'_>)) {
    let script = parse(&Joined::verbatim(text, 0));
    assert_eq!(script.problems, [], "{text}");
    let calls = package_commands(&script);
    assert_eq!(calls.len(), 1, "{text}");
    verify(&calls[0]);
}

pub(super) fn shown(call: &PackageCommand<'_>) -> Vec<String> {
    call.packages
        .iter()
        .map(|p| {
            format!(
                "{:?} {}{}",
                p.kind,
                p.name,
                p.version.as_ref().map_or(String::new(), |v| format!(" [{v}]"))
            )
        })
        .collect()
}

/// Verb and packages.
fn expect(text: &str, manager: Manager, verb: Verb, packages: &[&str]) {
    with(text, |call| {
        assert_eq!((call.manager, call.verb), (manager, verb), "{text}");
        assert_eq!(shown(call), packages, "{text}");
        for package in &call.packages {
            assert!(!package.span.is_empty(), "{text}");
        }
    });
}

#[test]
fn apt_get_with_everything() {
    let text = "apt-get -qqy --no-install-recommends install -o Dpkg::Options::=\"--force-confold\" -t=stable a b=1.2 c:i386 ./d.deb ${X} lib*";
    with(text, |call| {
        assert_eq!(call.verb, Verb::Install);
        assert!(call.has_flag(&["-y", "--yes"]) && call.has_flag(&["--no-install-recommends"]));
        assert_eq!(call.flag_count(&["-q"]), 2);
        assert_eq!(call.flag(&["-o"]).unwrap().value.as_deref(), Some("Dpkg::Options::=--force-confold"));
        assert_eq!(call.flag(&["-t"]).unwrap().value.as_deref(), Some("stable"));
        assert!(call.flag(&["-y"]).unwrap().before_verb && !call.flag(&["-o"]).unwrap().before_verb);
        assert_eq!(&text[call.verb_span.range()], "install");
        assert_eq!(&text[call.program_span.range()], "apt-get");
        assert!(call.may_contain_anything());
        assert_eq!(
            shown(call),
            ["Name a", "Name b [1.2]", "Name c:i386", "Path ./d.deb", "Variable ${X}", "Group lib*"]
        );
        assert_eq!(&text[call.packages[1].span.range()], "b=1.2");
    });
}

#[test]
fn apt_verbs() {
    expect("sudo apt update", Manager::Apt, Verb::Update, &[]);
    expect("DEBIAN_FRONTEND=noninteractive apt-get dist-upgrade -y", Manager::Apt, Verb::Upgrade, &[]);
    expect("apt-get install -d x", Manager::Apt, Verb::Download, &["Name x"]);
    expect("apt-cache policy install", Manager::Apt, Verb::Other, &[]);
    expect("apt-get clean", Manager::Apt, Verb::Clean, &[]);
    with("apt-get install a=${V}", |call| {
        assert!(!call.may_contain_anything());
        assert_eq!(shown(call), ["Name a [${V}]"]);
        assert!(call.packages[0].variable);
    });
    with("cat list | xargs apt-get install -y", |call| assert!(call.may_contain_anything()));
    with("apt-get install --yes=false x", |call| assert!(!call.has_flag(&["--yes"])));
}

#[test]
fn apk() {
    let text = "apk --no-cache add --virtual .build-deps gcc 'musl-dev>1' a@edge ./b.apk";
    expect(
        text,
        Manager::Apk,
        Verb::Install,
        &["Name gcc", "Name musl-dev [>1]", "Name a [@edge]", "Path ./b.apk"],
    );
    with(text, |call| {
        assert!(call.has_flag(&["--no-cache"]) && call.updates_index);
        assert_eq!(call.flag(&["--virtual", "-t"]).unwrap().value.as_deref(), Some(".build-deps"));
    });
    with("apk add -t .deps curl", |call| {
        assert_eq!(shown(call), ["Name curl"]);
        assert!(!call.updates_index);
    });
    with("apk -U upgrade", |call| assert!(call.verb == Verb::Upgrade && call.updates_index));
    expect("apk cache clean", Manager::Apk, Verb::Clean, &[]);
}

#[test]
fn rpm_family() {
    expect(
        "yum -y --setopt=tsflags=nodocs install gcc-c++ java-17-openjdk httpd-2.4.6 @core x.rpm https://a/b.rpm",
        Manager::Yum,
        Verb::Install,
        &[
            "Name gcc-c++",
            "Name java-17-openjdk",
            "Name httpd [2.4.6]",
            "Group @core",
            "Path x.rpm",
            "Url https://a/b.rpm",
        ],
    );
    with("dnf install -y --setopt install_weak_deps=0 --refresh git", |call| {
        assert!(call.updates_index);
        assert_eq!(shown(call), ["Name git"]);
    });
    expect("dnf clean all", Manager::Dnf, Verb::Clean, &[]);
    expect("microdnf update", Manager::Microdnf, Verb::Upgrade, &[]);
    expect(
        "yum group install 'Development Tools'",
        Manager::Yum,
        Verb::Install,
        &["Group Development Tools"],
    );
    with("zypper -n in -y --no-recommends 'git>=2' pattern:x", |call| {
        assert!(call.flag(&["-n", "--non-interactive"]).unwrap().before_verb);
        assert_eq!(shown(call), ["Name git [>=2]", "Group pattern:x"]);
    });
    expect("zypper clean -a", Manager::Zypper, Verb::Clean, &[]);
}

#[test]
fn pacman() {
    expect(
        "pacman -Syu --noconfirm git base-devel",
        Manager::Pacman,
        Verb::Install,
        &["Name git", "Name base-devel"],
    );
    expect("pacman -Sy", Manager::Pacman, Verb::Update, &[]);
    expect("pacman --noconfirm -Syyu", Manager::Pacman, Verb::Upgrade, &[]);
    expect("pacman -Scc --noconfirm", Manager::Pacman, Verb::Clean, &[]);
    expect("pacman -Rns x", Manager::Pacman, Verb::Remove, &["Name x"]);
    with("pacman -Sy git", |call| assert!(call.updates_index && call.verb_text == "-Sy"));
    with("pacman -S git", |call| assert!(!call.updates_index));
}

#[test]
fn pip() {
    expect(
        "pip install --no-cache-dir -r requirements.txt \"flask>=2,<3\" git+https://a/b@v1 -c c.txt -e . 'uvicorn[standard]==0.3' . ./w.whl \"$P==$V\"",
        Manager::Pip,
        Verb::Install,
        &[
            "Requirements requirements.txt",
            "Name flask [>=2,<3]",
            "Url git+https://a/b@v1",
            "Constraints c.txt",
            "Editable .",
            "Name uvicorn[standard] [==0.3]",
            "Path .",
            "Path ./w.whl",
            "Variable $P==$V",
        ],
    );
    let text = "python3.11 -Im pip install --upgrade pip";
    with(text, |call| {
        assert_eq!((call.manager, call.program), (Manager::Pip, "pip"));
        assert_eq!(&text[call.program_span.range()], "python3.11 -Im pip");
        assert_eq!(&text[call.verb_span.range()], "install");
        assert_eq!(shown(call), ["Name pip"]);
    });
    with("/venv/bin/pip3.12 install -i https://x -rreq.txt --index-url=https://y z", |call| {
        assert_eq!(shown(call), ["Requirements req.txt", "Name z"]);
        assert_eq!(call.flag_values(&["-i", "--index-url"]).collect::<Vec<_>>(), ["https://x", "https://y"]);
    });
    expect("pip cache purge", Manager::Pip, Verb::Clean, &[]);
    expect("poetry run pip install x", Manager::Pip, Verb::Install, &["Name x"]);
    expect("conda run -n env pip install x", Manager::Pip, Verb::Install, &["Name x"]);
    expect("sh -c 'pip install x'", Manager::Pip, Verb::Install, &["Name x"]);
    expect("pipx install --python 3.12 poetry==1.8", Manager::Pipx, Verb::Install, &["Name poetry [==1.8]"]);
    let none =
        parse(&Joined::verbatim("python -c 'import pip'; pip-compile x; python -m build; pipdeptree", 0));
    assert!(package_commands(&none).is_empty());
}

#[test]
fn python_projects() {
    let text = "uv pip install --system -r r.txt ruff";
    with(text, |call| {
        assert_eq!(&text[call.verb_span.range()], "pip install");
        assert_eq!(shown(call), ["Requirements r.txt", "Name ruff"]);
    });
    with("uv sync --locked --no-dev --group prod", |call| {
        assert!(call.is_from_manifest() && call.has_flag(&["--locked", "--frozen"]));
    });
    expect("uv tool install ruff@0.6", Manager::Uv, Verb::Install, &["Name ruff [0.6]"]);
    expect("uv add x", Manager::Uv, Verb::Install, &["Name x"]);
    with("poetry install --no-root --only main", |call| assert!(call.is_from_manifest()));
    expect("poetry update", Manager::Poetry, Verb::Upgrade, &[]);
    expect("poetry lock", Manager::Poetry, Verb::Other, &[]);
    with("pipenv install --deploy --system", |call| {
        assert!(call.manager == Manager::Pipenv && call.is_from_manifest() && call.has_flag(&["--deploy"]));
    });
    expect(
        "mamba install -y -n base -c conda-forge --file e.txt 'numpy>=1' scipy=1.2",
        Manager::Conda,
        Verb::Install,
        &["Requirements e.txt", "Name numpy [>=1]", "Name scipy [=1.2]"],
    );
    with("conda clean -afy", |call| {
        assert!(call.verb == Verb::Clean && call.has_flag(&["-a"]) && call.has_flag(&["-y"]));
    });
    expect(
        "conda env create -f environment.yml",
        Manager::Conda,
        Verb::Install,
        &["Requirements environment.yml"],
    );
}

#[test]
fn javascript() {
    with("npm ci --omit=dev", |call| {
        assert!(call.is_from_manifest());
        assert_eq!(call.flag(&["--omit"]).unwrap().value.as_deref(), Some("dev"));
    });
    expect(
        "npm --prefix web i -g pm2 @angular/cli@17 file:x user/repo#v1 ./a.tgz git+https://a/b#c",
        Manager::Npm,
        Verb::Install,
        &[
            "Name pm2",
            "Name @angular/cli [17]",
            "Path file:x",
            "Url user/repo [v1]",
            "Path ./a.tgz",
            "Url git+https://a/b [c]",
        ],
    );
    expect("npm cache clean --force", Manager::Npm, Verb::Clean, &[]);
    expect("npm run build", Manager::Npm, Verb::Build, &[]);
    with("yarn --frozen-lockfile", |call| assert!(call.is_from_manifest() && call.verb_text.is_empty()));
    expect("yarn --version", Manager::Yarn, Verb::Other, &[]);
    expect("yarn global add x@1", Manager::Yarn, Verb::Install, &["Name x [1]"]);
    expect("yarn cache clean", Manager::Yarn, Verb::Clean, &[]);
    with("pnpm -F app install --prod", |call| {
        assert!(call.is_from_manifest() && call.has_flag(&["--prod", "-P"]));
    });
    expect("pnpm fetch", Manager::Pnpm, Verb::Download, &[]);
}

#[test]
fn other_languages() {
    expect(
        "gem install -N rails:7.1 rake -v 13.0",
        Manager::Gem,
        Verb::Install,
        &["Name rails [7.1]", "Name rake [13.0]"],
    );
    with("bundle install --jobs 4 --without development", |call| assert!(call.is_from_manifest()));
    with("bundle", |call| assert!(call.is_from_manifest()));
    expect("bundle --version", Manager::Bundler, Verb::Other, &[]);
    expect("composer global require a/b:^1", Manager::Composer, Verb::Install, &["Name a/b [^1]"]);
    with("php /usr/bin/composer.phar install --no-dev", |call| {
        assert!(call.manager == Manager::Composer && call.is_from_manifest());
    });
    expect("composer clear-cache", Manager::Composer, Verb::Clean, &[]);
    expect("go mod download", Manager::Go, Verb::Download, &[]);
    expect("go install -ldflags '-s -w' a.b/c@latest", Manager::Go, Verb::Install, &["Name a.b/c [latest]"]);
    with("go install -v ./cmd/x", |call| assert_eq!(call.verb, Verb::Build));
    with("go build -o /app -tags x .", |call| assert_eq!((call.verb, call.operands.len()), (Verb::Build, 1)));
    expect(
        "cargo install --locked ripgrep --version 14",
        Manager::Cargo,
        Verb::Install,
        &["Name ripgrep [14]"],
    );
    expect("cargo +nightly install a@1", Manager::Cargo, Verb::Install, &["Name a [1]"]);
    expect("cargo install --path .", Manager::Cargo, Verb::Install, &["Path ."]);
    with("cargo build --release --locked", |call| {
        assert!(call.verb == Verb::Build && call.has_flag(&["--locked"]));
    });
    with("dotnet restore -r linux-x64 app.csproj", |call| assert_eq!(shown(call), ["Path app.csproj"]));
    expect("dotnet tool install -g x --version 1.2", Manager::Dotnet, Verb::Install, &["Name x [1.2]"]);
}
