//! Which server a container runs: read from its final commands, through runners, `python -m` and the scripts of
//! `package.json`.

use super::launch::{Launch, final_commands, launches, program_of};
use super::runners::after_runners;
use super::{FileFacts, StageFacts, Workdir, copied_from, is_absolute, is_python, join};
use crate::dockerfile::Joined;
use crate::repository::package_json::{PackageJson, script_span};
use crate::shell::parse;
use crate::text::{Edit, Span};
use camino::Utf8PathBuf;

/// How many scripts of `package.json` that call one another are followed.
const MAX_SCRIPTS: usize = 4;

/// How many final commands are looked at.
const MAX_SERVERS: usize = 16;

/// What a final command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the tools'")]
pub enum ServerKind {
    /// Starts a program again when its files change: nodemon, air, `node --watch`.
    Watcher,
    /// The development server of a front-end tool: webpack, Angular, Nuxt, ….
    FrontEnd,
    Daphne,
    /// `manage.py runserver`
    Django,
    FastApiDev,
    FastApiRun,
    FlaskRun,
    Gunicorn,
    Hypercorn,
    NextDev,
    NextStart,
    /// `node file`
    Node,
    /// `php artisan serve`
    Artisan,
    /// `php -S`
    PhpBuiltIn,
    /// `rails server`
    Rails,
    Streamlit,
    Uvicorn,
    /// `vite`, `vite dev`
    Vite,
    VitePreview,
    Waitress,
    /// Something else.
    Other,
}

/// A final command of a container, with what it is.
#[derive(Debug, Clone)]
pub struct Server {
    /// The command itself: runners such as `uv run` and `python -m` left out.
    pub launch: Launch,
    /// What it is.
    pub kind: ServerKind,
    /// Number of the word of [`Server::launch`] that options are written behind: `gunicorn`, the `run` of
    /// `flask run`.
    pub verb: usize,
    /// The scripts of `package.json` that lead to it, the outermost first.
    pub scripts: Vec<PackageScript>,
    /// Assignments before it: `NODE_ENV=production node server.js`.
    pub assignments: Vec<String>,
}

/// A script of `package.json` that a final command runs.
#[derive(Debug, Clone)]
pub struct PackageScript {
    /// The `package.json` in the repository.
    pub path: Utf8PathBuf,
    /// Name of the script, as the command names it.
    pub name: String,
    /// The command that calls it.
    pub call: Launch,
    /// Whether words behind the call reach the one command of the script.
    pub takes_arguments: bool,
}

impl PackageScript {
    /// The edit that hands plain words on to the command of the script.
    pub fn pass(&self, words: &[&str]) -> Option<Edit> {
        let last = self.call.words.len().checked_sub(1)?;
        let npm = self.call.program() == "npm" && !self.call.words.iter().any(|word| word == "--");
        let words: Vec<&str> = npm.then_some("--").into_iter().chain(words.iter().copied()).collect();
        self.call.insert_behind(last, &words).filter(|_| self.takes_arguments)
    }
}

/// An option of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerOption<'s> {
    /// Number of the word that holds the value.
    pub word: usize,
    /// What stands before the value in that word: `--host=`, or nothing.
    pub before: &'s str,
    /// The value.
    pub value: &'s str,
}

impl Server {
    /// The words of the command.
    pub fn words(&self) -> &[String] {
        &self.launch.words
    }

    /// The bytes of the Dockerfile to point at.
    pub fn span(&self) -> Span {
        self.launch.span_of(0)
    }

    /// Whether a word may hold any option: a variable, `"$@"`.
    pub fn may_contain_anything(&self) -> bool {
        let words = self.words();
        words.iter().enumerate().skip(1).any(|(at, word)| {
            let name = word.trim_start_matches(['$', '{', '"']);
            let many =
                ["OPT", "ARG", "FLAG", "PARAM", "EXTRA", "@", "*"].iter().any(|part| name.contains(part));
            // `--workers $WORKERS`: the value of an option.
            let value =
                words.get(at - 1).is_some_and(|before| before.starts_with('-') && !before.contains('='));
            word.starts_with(['$', '`']) && (many || !value)
        })
    }

    /// Whether one of these options without a value is given.
    pub fn has(&self, names: &[&str]) -> bool {
        self.words().iter().skip(1).any(|word| names.contains(&word.as_str()))
    }

    /// The last option of one of these names: `--host x`, `--host=x`, `-b x`, `-bx`.
    pub fn option<'s>(&'s self, names: &[&str]) -> Option<ServerOption<'s>> {
        self.options(names).last()
    }

    /// All options of these names.
    pub fn options<'s>(&'s self, names: &[&str]) -> impl Iterator<Item = ServerOption<'s>> {
        let words = self.words();
        (1..words.len()).filter_map(move |at| {
            let word = words.get(at)?.as_str();
            names.iter().find_map(|name| {
                let rest = word.strip_prefix(name)?;
                if rest.is_empty() {
                    let value = words.get(at + 1)?;
                    return Some(ServerOption { word: at + 1, before: "", value });
                }
                let long = name.starts_with("--");
                let cut = if long { rest.strip_prefix('=')? } else { rest.strip_prefix('=').unwrap_or(rest) };
                let before = word.get(..word.len() - cut.len())?;
                Some(ServerOption { word: at, before, value: cut })
            })
        })
    }

    /// The edit that gives an option another value.
    pub fn replace_value(&self, option: &ServerOption<'_>, value: &str) -> Option<Edit> {
        self.launch.replace_word(option.word, &format!("{}{value}", option.before))
    }

    /// The program as people call it, for messages: `flask run`, `manage.py runserver`.
    pub fn shown(&self) -> String {
        let words = self.words();
        let mut out = match self.kind {
            ServerKind::PhpBuiltIn => "php -S".to_owned(),
            ServerKind::Artisan => "artisan".to_owned(),
            ServerKind::Django => words.iter().skip(self.verb.saturating_sub(1)).take(1).cloned().collect(),
            _ => self.launch.program().to_owned(),
        };
        if self.verb > 0
            && let Some(verb) = words.get(self.verb)
        {
            out = format!("{} {verb}", out.rsplit('/').next().unwrap_or(&out));
        }
        out.replace('`', "")
    }
}

/// The final commands of a stage, with what they are; empty when they are not known.
pub fn servers<'s>(file: &FileFacts<'_>, stage: &'s StageFacts<'_>) -> &'s [Server] {
    stage.servers.get_or_init(|| {
        let mut out = Vec::new();
        for launch in launches(stage) {
            resolve(file, stage, launch, &[], &mut out);
        }
        out
    })
}

/// `scripts`: the scripts of `package.json` that lead to the command, the outermost first.
fn resolve(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    launch: &Launch,
    scripts: &[PackageScript],
    out: &mut Vec<Server>,
) {
    let Some(at) = after_runners(&launch.words) else { return };
    let assignments = launch.words.iter().take(at).filter(|word| word.contains('=')).cloned().collect();
    let mut launch = launch.from_word(at);
    if is_python(launch.program())
        && let Some(module) = launch.words.iter().position(|word| word == "-m")
        && launch.words.iter().take(module).skip(1).all(|word| word.starts_with('-'))
        && launch.words.len() > module + 1
    {
        launch = launch.from_word(module + 1);
    }
    let script = package_script(&launch.words).map(str::to_owned);
    // A script that calls itself goes round for ever.
    if let Some(name) = script.filter(|_| scripts.len() < MAX_SCRIPTS && out.len() < MAX_SERVERS)
        && let Some((package, read)) = package_json(file, stage)
        && let Some(line) = read.script(&name)
    {
        follow(file, stage, &launch, scripts, (package, &name, line), out);
        return;
    }
    let (kind, verb) = kind_of(&launch.words);
    out.push(Server { launch, kind, verb, scripts: scripts.to_vec(), assignments });
}

/// Reads the script of `package.json` that a command calls.
fn follow(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    call: &Launch,
    scripts: &[PackageScript],
    (path, name, line): (Utf8PathBuf, &str, &str),
    out: &mut Vec<Server>,
) {
    let text = file.tree.read(&path).found().unwrap_or_default();
    let place = script_span(&text, name).unwrap_or_default();
    let shell = parse(&Joined::verbatim(line, 0));
    let commands = final_commands(&shell);
    // Words behind the name (for npm: behind `--`) go to the end of the line.
    let behind = call.words.iter().skip_while(|word| *word != name).skip(1).filter(|word| *word != "--");
    let script = PackageScript {
        path,
        name: name.to_owned(),
        call: call.clone(),
        takes_arguments: scripts.is_empty() && commands.len() == 1,
    };
    let mut all = scripts.to_vec();
    all.push(script);
    for command in commands {
        let words = command.program_words().iter().map(|word| word.text().to_owned());
        let launch = Launch {
            span: call.span_of(0),
            in_script: all.last().map(|script| (script.path.clone(), place)),
            words: words.chain(behind.clone().cloned()).collect(),
            spans: Vec::new(),
            json: false,
        };
        let first = out.len();
        resolve(file, stage, &launch, &all, out);
        for server in out.iter_mut().skip(first) {
            server.assignments.extend(command.assignments.iter().map(|a| a.name.to_string()));
        }
    }
}

/// The name of the script of `package.json` that a command runs: `npm start`, `yarn run serve`, `yarn serve`.
pub fn package_script(words: &[String]) -> Option<&str> {
    let program = program_of(words);
    let manager = matches!(program, "npm" | "yarn" | "pnpm" | "bun");
    // Options before the verb move to another folder (`--prefix`) or change nothing.
    let first = words.get(1).filter(|_| manager)?.as_str();
    let second = || words.get(2).map(String::as_str).filter(|word| !word.starts_with(['-', '$']));
    match first {
        "run" | "run-script" => second(),
        "start" | "test" if program != "bun" => Some(first),
        "exec" | "dlx" | "x" | "ci" | "install" | "add" | "node" | "workspace" | "workspaces" => None,
        _ if matches!(program, "yarn" | "pnpm") && !first.starts_with(['-', '$']) => Some(first),
        _ => None,
    }
}

/// What the final commands of a script of `package.json` are.
pub fn kinds_of_line(line: &str) -> Vec<ServerKind> {
    let shell = parse(&Joined::verbatim(line, 0));
    let words = |command: &crate::shell::Command| -> Vec<String> {
        command.program_words().iter().map(|word| word.text().to_owned()).collect()
    };
    let kind = |words: Vec<String>| match after_runners(&words) {
        Some(at) => kind_of(words.get(at..).unwrap_or_default()).0,
        None => ServerKind::Other,
    };
    final_commands(&shell).into_iter().map(words).map(kind).collect()
}

/// The `package.json` in the working directory of a stage.
pub fn package_json(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> Option<(Utf8PathBuf, PackageJson)> {
    let target = in_workdir(file, stage, "package.json")?;
    // Copied out of a builder stage, it is most likely the one of the context.
    let path = copied_from(file, stage, &target)
        .map_or_else(|| file.context.join("package.json"), |copied| copied.path);
    let read = PackageJson::read(file.tree, &path).found()?;
    Some((path, read))
}

/// The absolute path of a file that the working directory at the end of a stage holds.
pub fn in_workdir(file: &FileFacts<'_>, stage: &StageFacts<'_>, path: &str) -> Option<String> {
    match &stage.end.workdir {
        _ if is_absolute(path) => Some(join("/", path)),
        Workdir::Set(dir) => Some(join(dir, path)),
        Workdir::Base => Some(join(file.defaults(stage)?.workdir_path()?, path)),
        Workdir::Unknown => None,
    }
}

/// What a command line is, and the word that options stand behind.
fn kind_of(words: &[String]) -> (ServerKind, usize) {
    use ServerKind as K;
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let any = |text: &str| words.iter().skip(1).any(|word| word == text);
    // The first word behind the program that is one of these verbs.
    let verb =
        |verbs: &[&str]| words.iter().skip(1).position(|w| verbs.contains(&w.as_str())).map(|at| at + 1);
    let or_other = |kind: K, verbs: &[&str]| verb(verbs).map_or((K::Other, 0), |at| (kind, at));
    let program = program_of(words);
    match program {
        "gunicorn" => (K::Gunicorn, 0),
        "uvicorn" => (K::Uvicorn, 0),
        "hypercorn" => (K::Hypercorn, 0),
        "daphne" => (K::Daphne, 0),
        "waitress-serve" => (K::Waitress, 0),
        "flask" => or_other(K::FlaskRun, &["run"]),
        "streamlit" => or_other(K::Streamlit, &["run"]),
        "fastapi" => match word(1) {
            "dev" => (K::FastApiDev, 1),
            "run" => (K::FastApiRun, 1),
            _ => (K::Other, 0),
        },
        "django-admin" | "manage.py" => or_other(K::Django, &["runserver", "runserver_plus"]),
        _ if is_python(program) => {
            let script = words.iter().skip(1).position(|word| !word.starts_with('-')).map(|at| at + 1);
            match script {
                Some(at) if word(at).rsplit('/').next() == Some("manage.py") => {
                    or_other(K::Django, &["runserver", "runserver_plus"])
                }
                _ => (K::Other, 0),
            }
        }
        "nodemon" | "air" | "ts-node-dev" | "tsnd" | "node-dev" | "supervisor" | "reflex" => (K::Watcher, 0),
        "tsx" if any("watch") => (K::Watcher, 0),
        "node" if any("--watch") => (K::Watcher, 0),
        "node" => (K::Node, 0),
        "vite" => match word(1) {
            "build" | "optimize" => (K::Other, 0),
            "preview" => (K::VitePreview, 1),
            "dev" | "serve" => (K::Vite, 1),
            _ => (K::Vite, 0),
        },
        "next" => match word(1) {
            "" | "dev" => (K::NextDev, usize::from(word(1) == "dev")),
            "start" => (K::NextStart, 1),
            _ => (K::Other, 0),
        },
        "ng" => match word(1) {
            "serve" | "s" => (K::FrontEnd, 1),
            _ => (K::Other, 0),
        },
        "webpack-dev-server" => (K::FrontEnd, 0),
        "react-scripts" | "craco" | "react-app-rewired" => or_other(K::FrontEnd, &["start"]),
        "webpack" | "vue-cli-service" => or_other(K::FrontEnd, &["serve"]),
        "nuxt" | "nuxi" | "astro" | "svelte-kit" | "remix" | "gatsby" => {
            or_other(K::FrontEnd, &["dev", "develop"])
        }
        "nest" if any("--watch") || any("start:dev") => (K::Watcher, 0),
        "rails" => or_other(K::Rails, &["server", "s"]),
        "php" if words.iter().skip(1).take_while(|word| word.starts_with('-')).any(|word| word == "-S") => {
            (K::PhpBuiltIn, 0)
        }
        "php" if word(1).rsplit('/').next() == Some("artisan") => or_other(K::Artisan, &["serve"]),
        "artisan" => or_other(K::Artisan, &["serve"]),
        _ => (K::Other, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse as parse_file;
    use crate::facts::Bodies;
    use crate::repository::MemoryTree;
    use crate::text::{Source, apply};

    fn with_servers(text: &str, tree: &MemoryTree, look: impl Fn(&FileFacts<'_>, &[Server])) {
        let file = parse_file(&Source::new(text));
        let bodies = Bodies::read(&file);
        let facts =
            FileFacts::new("Dockerfile".into(), &file, &bodies, tree, jiff::civil::date(2026, 11, 24));
        look(&facts, servers(&facts, facts.stages.last().unwrap()));
    }

    fn kind(command: &str) -> (ServerKind, String) {
        let found = std::cell::RefCell::new((ServerKind::Other, String::new()));
        with_servers(&format!("FROM debian\nCMD {command}\n"), &MemoryTree::complete(), |_, servers| {
            if let Some(server) = servers.last() {
                *found.borrow_mut() = (server.kind, server.shown());
            }
        });
        found.into_inner()
    }

    #[test]
    fn knows_servers() {
        use ServerKind as K;
        for (command, expected, shown) in [
            ("[\"gunicorn\", \"a:b\"]", K::Gunicorn, "gunicorn"),
            ("uv run python -m flask --app x run", K::FlaskRun, "flask run"),
            ("[\"python\", \"-u\", \"./manage.py\", \"runserver\"]", K::Django, "manage.py runserver"),
            ("migrate && exec uvicorn a:b", K::Uvicorn, "uvicorn"),
            ("[\"sh\", \"-c\", \"fastapi dev\"]", K::FastApiDev, "fastapi dev"),
            ("vite build", K::Other, "vite"),
            ("npx next", K::NextDev, "next"),
            ("php -S 0.0.0.0:80", K::PhpBuiltIn, "php -S"),
            ("bundle exec rails s -e development", K::Rails, "rails s"),
            ("npm run dev", K::Other, "npm"),
        ] {
            assert_eq!(kind(command), (expected, shown.to_owned()), "{command}");
        }
    }

    #[test]
    fn follows_scripts_of_package_json() {
        let tree = MemoryTree::complete().with(
            "package.json",
            r#"{"scripts": {"start": "npm run build && npm run serve", "serve": "NODE_ENV=x next start", "loop": "npm run loop"}}"#,
        );
        let text = "FROM node:24\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"start\"]\n";
        with_servers(text, &tree, |_, servers| {
            let [server] = servers else { panic!("{servers:?}") };
            assert_eq!(server.kind, ServerKind::NextStart);
            assert_eq!(server.scripts[1].name, "serve");
            assert_eq!(server.assignments, ["NODE_ENV"]);
        });
        with_servers("FROM node:24\nWORKDIR /app\nCOPY . .\nCMD yarn loop\n", &tree, |_, servers| {
            let [server] = servers else { panic!("{servers:?}") };
            assert_eq!((server.kind, server.scripts.len()), (ServerKind::Other, MAX_SCRIPTS));
        });
        let text = "FROM node:24\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"run\", \"serve\"]\n";
        with_servers(text, &tree, |_, servers| {
            let edit = servers[0].scripts[0].pass(&["-p", "80"]).unwrap();
            assert!(apply(text, &[edit]).unwrap().ends_with("\"serve\", \"--\", \"-p\", \"80\"]\n"));
        });
        let text = "FROM node:24\nWORKDIR /app\nCOPY . .\nCMD npm run serve -- -p 80\n";
        with_servers(text, &tree, |_, servers| {
            assert_eq!(servers[0].words(), ["next", "start", "-p", "80"]);
        });
    }

    #[test]
    fn options_and_edits() {
        let text = "FROM debian\nCMD [\"sh\", \"-c\", \"uvicorn a:b --host=127.0.0.1 -p80 --x y\"]\n";
        with_servers(text, &MemoryTree::complete(), |facts, servers| {
            let server = &servers[0];
            let host = server.option(&["--host"]).unwrap();
            assert_eq!((host.before, host.value), ("--host=", "127.0.0.1"));
            assert_eq!(server.option(&["-p"]).unwrap().value, "80");
            assert_eq!(server.option(&["--x"]).unwrap().value, "y");
            assert_eq!(server.option(&["--h"]), None);
            let edits = [
                server.replace_value(&host, "0.0.0.0").unwrap(),
                server.launch.insert_behind(server.verb, &["--a"]).unwrap(),
                server.launch.delete_words(facts, 4..6).unwrap(),
            ];
            let after = apply(text, &edits).unwrap();
            assert!(after.contains("\"uvicorn --a a:b --host=0.0.0.0 -p80\"]"), "{after}");
        });
        let text = "FROM debian\nCMD [\"flask\", \"run\", \"-h\", \"x\"]\n";
        with_servers(text, &MemoryTree::complete(), |_, servers| {
            let server = &servers[0];
            let edit = server.launch.insert_behind(server.verb, &["--a", "b"]).unwrap();
            let edits = [edit, server.replace_value(&server.option(&["-h"]).unwrap(), "y").unwrap()];
            assert!(apply(text, &edits).unwrap().ends_with("\"run\", \"--a\", \"b\", \"-h\", \"y\"]\n"));
        });
    }
}
