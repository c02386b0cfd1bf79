//! Edits that start a server for production instead of a development server.

use crate::dockerfile::Keyword;
use crate::dockerfile::expand::Value;
use crate::facts::{
    FileFacts, Server, ServerKind, StageFacts, file_in_workdir, kinds_of_line, package_json,
    required_packages,
};
use crate::repository::Lookup;
use crate::rules::Fix;
use crate::text::Edit;

/// `npm run dev` → `npm run start`, when that script starts something else.
pub(super) fn start_script(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Fix> {
    let [script] = server.scripts.as_slice() else { return None };
    if script.name == "start" {
        return None;
    }
    let (_, package) = package_json(file, stage)?;
    let kinds = kinds_of_line(package.script("start")?);
    let is_production = match kinds.as_slice() {
        [ServerKind::NextStart] => builds(file, stage),
        [ServerKind::Node] => true,
        _ => false,
    };
    let at = script.call.words.iter().position(|word| *word == script.name).filter(|_| is_production)?;
    let fix = Fix::confirm("Start the script for production", vec![script.call.replace_word(at, "start")?]);
    Some(match &script.call.in_script {
        Some((path, _)) => fix.in_file(path.clone()),
        None => fix,
    })
}

/// Whether the application is built in the image, or its build is copied out of another stage.
fn builds(file: &FileFacts<'_>, stage: &StageFacts<'_>) -> bool {
    file.history(stage).iter().any(|(_, facts)| {
        let node = facts.instruction;
        match node.keyword {
            Keyword::Run => node.joined.text().contains("build"),
            Keyword::Copy => {
                node.flag("from").is_some() && node.args.iter().any(|word| word.text.contains(".next"))
            }
            _ => false,
        }
    })
}

pub(super) fn next_start(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Edit> {
    if !builds(file, stage) || server.has(&["--turbo", "--turbopack", "--webpack"]) {
        return None;
    }
    match server.verb {
        0 => server.launch.insert_behind(0, &["start"]),
        verb => server.launch.replace_word(verb, "start"),
    }
}

/// `nodemon server.js` → `node server.js`, `node --watch x` → `node x`.
pub(super) fn unwatched(file: &FileFacts<'_>, server: &Server) -> Option<Edit> {
    let words = server.words();
    match server.launch.program() {
        "nodemon" => {
            let [_, file] = words else { return None };
            let ends = [".js", ".mjs", ".cjs"].iter().any(|end| file.ends_with(end));
            ends.then(|| server.launch.replace_word(0, "node")).flatten()
        }
        "node" | "tsx" => {
            let at = words.iter().position(|word| word == "--watch" || word == "watch")?;
            server.launch.delete_words(file, at..at + 1)
        }
        _ => None,
    }
}

/// `flask run` → gunicorn, where it is installed and the module is known.
pub(super) fn with_gunicorn(file: &FileFacts<'_>, stage: &StageFacts<'_>, server: &Server) -> Option<Edit> {
    if server.may_contain_anything() || !server.launch.words.first()?.ends_with("flask") {
        return None;
    }
    let in_lock = |name: &str| {
        let text = file.tree.read(&file.context.join(name)).found();
        text.is_some_and(|text| text.contains("name = \"gunicorn\"") || text.contains("\"gunicorn\": {"))
    };
    let installed = required_packages(file, "requirements.txt").iter().any(|name| name == "gunicorn")
        || ["uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"].iter().any(|name| in_lock(name));
    let set = |name: &str| match stage.end.env(name) {
        Some(Value::Set(value)) => Some(value),
        _ => None,
    };
    let named = server.option(&["--app", "-A"]).map(|option| option.value.to_owned());
    let module = named.or_else(|| set("FLASK_APP")).unwrap_or_else(|| "app".to_owned());
    let module = module.trim_end_matches(".py").replace('/', ".");
    let Lookup::Found(text) = file_in_workdir(file, stage, &format!("{}.py", module.replace('.', "/")))
    else {
        return None;
    };
    let defines = text.lines().any(|line| line.starts_with("app = ") || line.starts_with("app: Flask = "));
    let port = server.option(&["-p", "--port"]).map(|option| option.value.to_owned());
    let port = port.or_else(|| set("FLASK_RUN_PORT")).unwrap_or_else(|| "5000".to_owned());
    let known = ["run", "--host", "-h", "-p", "--port", "--app", "-A", "--host=0.0.0.0"];
    let plain =
        server.words().iter().skip(1).all(|word| {
            known.contains(&word.as_str()) || word.starts_with("--port=") || !word.starts_with('-')
        });
    if !installed || !defines || !plain || !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (bind, app) = (format!("0.0.0.0:{port}"), format!("{module}:app"));
    server.launch.replace_all(file, &["gunicorn", "--worker-tmp-dir", "/dev/shm", "-b", &bind, &app])
}
