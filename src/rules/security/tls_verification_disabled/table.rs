//! What switches the check of certificates off, tool by tool. From the tools' own manuals.

/// Which values switch the check off.
#[derive(Debug, Clone, Copy)]
pub(super) enum Off {
    /// Any: the option alone does it.
    Given,
    /// One of these, in any case.
    One(&'static [&'static str]),
    /// Anything but empty, `0`, `false` and `no`.
    Set,
    /// Values that contain this.
    Holds(&'static str),
}

const FALSE: Off = Off::One(&["false", "0", "no", "off", "none"]);

impl Off {
    pub(super) fn holds(self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Self::Given) };
        match self {
            Self::Given => !matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no"),
            Self::One(all) => all.iter().any(|one| one.eq_ignore_ascii_case(value)),
            Self::Set => !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no"),
            Self::Holds(part) => value.contains(part),
        }
    }
}

/// An option on the command line: `--name`, `--name=value`, `--name value`.
#[derive(Debug)]
pub(super) struct Switch {
    pub(super) programs: &'static [&'static str],
    pub(super) option: &'static str,
    pub(super) off: Off,
    /// Whether its value may be a word of its own.
    pub(super) value: bool,
    /// Codes of other tools.
    pub(super) codes: &'static [&'static str],
}

const fn switch(programs: &'static [&'static str], option: &'static str) -> Switch {
    Switch { programs, option, off: Off::Given, value: false, codes: &[] }
}

/// curl and wget are read by themselves.
pub(super) static SWITCHES: &[Switch] = &[
    Switch { value: true, codes: &["CKV2_DOCKER_4"], ..switch(&["pip", "uv"], "--trusted-host") },
    Switch { value: true, ..switch(&["uv"], "--allow-insecure-host") },
    Switch {
        off: FALSE,
        value: true,
        codes: &["CKV2_DOCKER_13"],
        ..switch(&["npm", "yarn", "pnpm", "npx"], "--strict-ssl")
    },
    switch(&["npm", "pnpm"], "--no-strict-ssl"),
    switch(&["gem"], "--no-verify-ssl"),
    switch(&["conda", "mamba", "micromamba"], "--insecure"),
    switch(&["conda", "mamba", "micromamba"], "-k"),
    switch(&["aws", "eb"], "--no-verify-ssl"),
    switch(&["helm", "helmfile"], "--insecure-skip-tls-verify"),
    switch(&["kubectl", "oc"], "--insecure-skip-tls-verify"),
    switch(&["svn"], "--trust-server-cert"),
    switch(&["ansible-galaxy"], "--ignore-certs"),
    switch(&["mvn", "mvnw"], "-Dmaven.wagon.http.ssl.insecure"),
    Switch { off: Off::One(&["false", "no"]), value: false, ..switch(&["aria2c"], "--check-certificate") },
];

/// `tool config set key value`.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) programs: &'static [&'static str],
    /// Words that stand between the program and the key, options left out.
    pub(super) verbs: &'static [&'static str],
    /// The last part of the key after a dot, or the whole of it; compared in any case.
    pub(super) key: &'static str,
    pub(super) off: Off,
    /// What switches the check on again; `None` where only leaving the command out does.
    pub(super) on: Option<&'static str>,
    pub(super) codes: &'static [&'static str],
}

pub(super) static SETTINGS: &[Setting] = &[
    Setting {
        programs: &["npm", "yarn", "pnpm"],
        verbs: &["config", "set"],
        key: "strict-ssl",
        off: FALSE,
        on: Some("true"),
        codes: &["CKV2_DOCKER_13"],
    },
    Setting {
        programs: &["npm", "pnpm"],
        verbs: &["set"],
        key: "strict-ssl",
        off: FALSE,
        on: Some("true"),
        codes: &["CKV2_DOCKER_13"],
    },
    Setting {
        programs: &["yarn"],
        verbs: &["config", "set"],
        key: "enableStrictSsl",
        off: FALSE,
        on: Some("true"),
        codes: &["CKV2_DOCKER_13"],
    },
    Setting {
        programs: &["git"],
        verbs: &["config"],
        key: "sslVerify",
        off: FALSE,
        on: Some("true"),
        codes: &[],
    },
    Setting {
        programs: &["git"],
        verbs: &["config", "set"],
        key: "sslVerify",
        off: FALSE,
        on: Some("true"),
        codes: &[],
    },
    Setting {
        programs: &["pip"],
        verbs: &["config", "set"],
        key: "trusted-host",
        off: Off::Set,
        on: None,
        codes: &["CKV2_DOCKER_4"],
    },
    Setting {
        programs: &["conda", "mamba", "micromamba"],
        verbs: &["config"],
        key: "ssl_verify",
        off: FALSE,
        on: Some("true"),
        codes: &[],
    },
    Setting {
        programs: &["bundle", "bundler"],
        verbs: &["config"],
        key: "ssl_verify_mode",
        off: Off::One(&["0"]),
        on: None,
        codes: &[],
    },
    Setting {
        programs: &["bundle", "bundler"],
        verbs: &["config", "set"],
        key: "ssl_verify_mode",
        off: Off::One(&["0"]),
        on: None,
        codes: &[],
    },
    Setting {
        programs: &["composer"],
        verbs: &["config"],
        key: "disable-tls",
        off: Off::One(&["true", "1"]),
        on: Some("false"),
        codes: &[],
    },
    Setting {
        programs: &["composer"],
        verbs: &["config"],
        key: "secure-http",
        off: FALSE,
        on: Some("true"),
        codes: &[],
    },
];

/// A variable of the environment.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) off: Off,
    pub(super) codes: &'static [&'static str],
}

const fn variable(name: &'static str, off: Off) -> Variable {
    Variable { name, off, codes: &[] }
}

/// Names as the tools take them; npm's in any case.
pub(super) static VARIABLES: &[Variable] = &[
    Variable { codes: &["CKV2_DOCKER_6"], ..variable("NODE_TLS_REJECT_UNAUTHORIZED", Off::One(&["0"])) },
    Variable { codes: &["CKV2_DOCKER_5"], ..variable("PYTHONHTTPSVERIFY", Off::One(&["0"])) },
    Variable { codes: &["CKV2_DOCKER_14"], ..variable("GIT_SSL_NO_VERIFY", Off::Set) },
    Variable { codes: &["CKV2_DOCKER_16"], ..variable("PIP_TRUSTED_HOST", Off::Set) },
    Variable { codes: &["CKV2_DOCKER_12"], ..variable("NPM_CONFIG_STRICT_SSL", FALSE) },
    variable("YARN_ENABLE_STRICT_SSL", FALSE),
    variable("UV_INSECURE_HOST", Off::Set),
    variable("CONDA_SSL_VERIFY", FALSE),
    variable("BUNDLE_SSL_VERIFY_MODE", Off::One(&["0"])),
    variable("GOINSECURE", Off::Set),
    variable("GONOSUMDB", Off::One(&["*"])),
    variable("GOFLAGS", Off::Holds("-insecure")),
    variable("HTTPLIB2_DISABLE_SSL_CERTIFICATE_VALIDATION", Off::Set),
    variable("AZURE_CLI_DISABLE_CONNECTION_VERIFICATION", Off::Set),
];

/// The variable of a name.
pub(super) fn variable_of(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|known| {
        known.name == name || (name == "npm_config_strict_ssl" && known.name == "NPM_CONFIG_STRICT_SSL")
    })
}
