//! Packages of distributions that are needed to build programs, not to run them.

/// What a package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildTool {
    /// A compiler, a linker, or what drives them.
    Compiler,
    /// Headers, static libraries and helpers such as `pkg-config`.
    Headers,
    /// git.
    Git,
}

/// Names in Debian, Alpine, Fedora and SUSE.
const COMPILERS: [&str; 23] = [
    "gcc",
    "g++",
    "gcc-c++",
    "make",
    "build-essential",
    "build-base",
    "clang",
    "llvm",
    "cmake",
    "ninja",
    "ninja-build",
    "meson",
    "cargo",
    "rust",
    "rustc",
    "golang",
    "golang-go",
    "go",
    "maven",
    "gradle",
    "gfortran",
    "alpine-sdk",
    "base-devel",
];

/// Helpers of builds that compile nothing themselves.
const HELPERS: [&str; 7] = ["pkg-config", "pkgconf", "pkgconfig", "autoconf", "automake", "libtool", "nasm"];

/// Packages whose name looks like headers, and which are something else.
const NOT_HEADERS: [&str; 8] = [
    // Libraries that are opened by their development name.
    "libgl1-mesa-dev",
    "libglib2.0-dev-bin",
    "redis-dev",
    "libmagic-dev",
    "libgdiplus-dev",
    "msodbcsql-dev",
    "libaio-dev",
    "libjemalloc-dev",
];

/// What a package of a distribution is for, where that is building.
pub fn build_tool(name: &str) -> Option<BuildTool> {
    // `libssl-dev:amd64`, `gcc-12`, `clang17`
    let name = name.split(':').next().unwrap_or(name);
    let digits = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let stem = if name.starts_with("g++")
        || name.starts_with("gcc")
        || name.starts_with("clang")
        || name.starts_with("llvm")
    {
        name.trim_end_matches(digits)
    } else {
        name
    };
    if COMPILERS.contains(&stem) {
        return Some(BuildTool::Compiler);
    }
    if name == "git" {
        return Some(BuildTool::Git);
    }
    if HELPERS.contains(&name) {
        return Some(BuildTool::Headers);
    }
    let headers = name.ends_with("-dev") || name.ends_with("-devel") || name.ends_with("-headers");
    (headers && !NOT_HEADERS.contains(&name)).then_some(BuildTool::Headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packages_are_for() {
        for (name, expected) in [
            ("gcc-12", Some(BuildTool::Compiler)),
            ("g++", Some(BuildTool::Compiler)),
            ("build-essential", Some(BuildTool::Compiler)),
            ("libssl-dev:amd64", Some(BuildTool::Headers)),
            ("openssl-devel", Some(BuildTool::Headers)),
            ("git", Some(BuildTool::Git)),
            ("pkg-config", Some(BuildTool::Headers)),
            ("libgcc-s1", None),
            ("gcc-doc", None),
            ("libpq5", None),
        ] {
            assert_eq!(build_tool(name), expected, "{name}");
        }
    }
}
