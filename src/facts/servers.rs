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
    /// The script of `package.json` that runs it.
    pub script: Option<PackageScript>,
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
    /// Where the script is written.
    pub span: Span,
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
        self.words().iter().skip(1).any(|word| word.starts_with(['$', '`']))
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
            resolve(file, stage, launch, None, &mut out);
        }
        out
    })
}

fn resolve(
    file: &FileFacts<'_>,
    stage: &StageFacts<'_>,
    launch: &Launch,
    script: Option<&PackageScript>,
    out: &mut Vec<Server>,
) {
    let Some(at) = after_runners(&launch.words) else { return };
    let mut assignments: Vec<String> = Vec::new();
    assignments.extend(launch.words.iter().take(at).filter(|word| word.contains('=')).cloned());
    let mut launch = launch.from_word(at);
    if is_python(launch.program())
        && let Some(module) = launch.words.iter().position(|word| word == "-m")
        && launch.words.iter().take(module).skip(1).all(|word| word.starts_with('-'))
        && launch.words.len() > module + 1
    {
        launch = launch.from_word(module + 1);
    }
    if let Some(name) = package_script(&launch.words)
        && out.len() < MAX_SCRIPTS
        && let Some((package, read)) = package_json(file, stage)
        && let Some(line) = read.script(name)
    {
        let text = file.tree.read(&package).found().unwrap_or_default();
        let span = script_span(&text, name).unwrap_or_default();
        let script = PackageScript { path: package, name: name.to_owned(), span };
        let shell = parse(&Joined::verbatim(line, 0));
        for command in final_commands(&shell) {
            let words: Vec<String> =
                command.program_words().iter().map(|word| word.text().to_owned()).collect();
            // A script that calls itself goes round for ever.
            let again = package_script(&words) == Some(name);
            let launch = Launch {
                span: launch.span_of(0),
                in_script: Some((script.path.clone(), span)),
                words,
                spans: Vec::new(),
                json: false,
            };
            if !again && !launch.words.is_empty() {
                let first = out.len();
                resolve(file, stage, &launch, Some(&script), out);
                for server in out.iter_mut().skip(first) {
                    server.assignments.extend(command.assignments.iter().map(|a| a.name.to_string()));
                }
            }
        }
        return;
    }
    let (kind, verb) = kind_of(&launch.words);
    out.push(Server { launch, kind, verb, script: script.cloned(), assignments });
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
        "php" if words.iter().skip(1).any(|word| word == "-S") => (K::PhpBuiltIn, 0),
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

    fn with_servers(text: &str, tree: &MemoryTree, look: impl Fn(&[Server])) {
        let file = parse_file(&Source::new(text));
        let bodies = Bodies::read(&file);
        let facts =
            FileFacts::new("Dockerfile".into(), &file, &bodies, tree, jiff::civil::date(2026, 11, 24));
        look(servers(&facts, facts.stages.last().unwrap()));
    }

    fn kind(command: &str) -> (ServerKind, String) {
        let found = std::cell::RefCell::new((ServerKind::Other, String::new()));
        with_servers(&format!("FROM debian\nCMD {command}\n"), &MemoryTree::complete(), |servers| {
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
            ("php -S 0.0.0.0:80", K::PhpBuiltIn, "php"),
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
        with_servers(text, &tree, |servers| {
            let [server] = servers else { panic!("{servers:?}") };
            assert_eq!(server.kind, ServerKind::NextStart);
            assert_eq!(server.script.as_ref().unwrap().name, "serve");
            assert_eq!(server.assignments, ["NODE_ENV"]);
        });
        with_servers("FROM node:24\nWORKDIR /app\nCOPY . .\nCMD yarn loop\n", &tree, |servers| {
            assert!(servers.is_empty());
        });
    }

    #[test]
    fn options_and_edits() {
        let text = "FROM debian\nCMD [\"sh\", \"-c\", \"uvicorn a:b --host=127.0.0.1 -p80 --x y\"]\n";
        with_servers(text, &MemoryTree::complete(), |servers| {
            let server = &servers[0];
            let host = server.option(&["--host"]).unwrap();
            assert_eq!((host.before, host.value), ("--host=", "127.0.0.1"));
            assert_eq!(server.option(&["-p"]).unwrap().value, "80");
            assert_eq!(server.option(&["--x"]).unwrap().value, "y");
            assert_eq!(server.option(&["--h"]), None);
            let edits = [
                server.replace_value(&host, "0.0.0.0").unwrap(),
                server.launch.insert_behind(server.verb, &["--a"]).unwrap(),
                server.launch.delete_words(4..6).unwrap(),
            ];
            let after = apply(text, &edits).unwrap();
            assert!(after.contains("\"uvicorn --a a:b --host=0.0.0.0 -p80\"]"), "{after}");
        });
        let text = "FROM debian\nCMD [\"flask\", \"run\", \"-h\", \"x\"]\n";
        with_servers(text, &MemoryTree::complete(), |servers| {
            let server = &servers[0];
            let edit = server.launch.insert_behind(server.verb, &["--a", "b"]).unwrap();
            let edits = [edit, server.replace_value(&server.option(&["-h"]).unwrap(), "y").unwrap()];
            assert!(apply(text, &edits).unwrap().ends_with("\"run\", \"--a\", \"b\", \"-h\", \"y\"]\n"));
        });
    }
}
