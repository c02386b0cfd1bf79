use super::super::{By, Place, Project};
use super::*;
use crate::repository::MemoryTree;
use crate::text::Span;
use proptest::prelude::*;

fn read(tree: &MemoryTree, dockerfiles: &[&str]) -> Project {
    let paths: Vec<Utf8PathBuf> = dockerfiles.iter().map(Utf8PathBuf::from).collect();
    let project = Project::read(tree, &paths);
    check(&project);
    project
}

/// All places lie in their files, on character boundaries.
fn check(project: &Project) {
    for build in &project.builds {
        let text = project.document_of(build).unwrap().source.text();
        let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
        inside(build.span);
        let lists = [
            &build.tags,
            &build.cache_from,
            &build.cache_to,
            &build.platforms,
            &build.secrets,
            &build.outputs,
        ];
        lists.into_iter().flatten().chain(&build.target).for_each(|text| inside(text.span));
        for arg in &build.args {
            inside(arg.key.span);
            arg.value.iter().for_each(|value| inside(value.span));
        }
        [build.push, build.pull, build.no_cache, build.load]
            .into_iter()
            .flatten()
            .for_each(|s| inside(s.span));
    }
    for (document, workflow) in project.documents.iter().filter_map(|d| Some((d, d.workflow()?))) {
        for (_, step) in workflow.steps() {
            let text = document.source.text();
            assert!(text.get(step.span.range()).is_some());
            if let Some(script) = step.run.as_ref().and_then(|run| run.script.as_ref()) {
                for word in script.commands().flat_map(|command| &command.words) {
                    assert!(text.get(word.span().range()).is_some(), "{word:?} in {text:?}");
                    step.run.as_ref().unwrap().word(word);
                }
            }
        }
    }
}

fn shown(place: &Place) -> &str {
    match place {
        Place::Path(path) => path.as_str(),
        Place::Elsewhere => "elsewhere",
        Place::Unknown => "?",
    }
}

/// `by dockerfile context target` of each build.
fn builds(project: &Project) -> Vec<String> {
    project
        .builds
        .iter()
        .map(|build| {
            let by = match build.by {
                By::Action { .. } => "action",
                By::Run { .. } => "run",
                By::Script { .. } => "script",
                By::Compose { .. } => "compose",
                By::Bake { .. } => "bake",
            };
            let target = build.target.as_ref().map_or("-", |target| target.value().unwrap_or("?"));
            format!("{by} {} [{}] {target}", shown(&build.dockerfile), shown(&build.context))
        })
        .collect()
}

const WORKFLOW: &str = r"
name: image
on:
  push: {branches: [main], tags: ['v*']}
  schedule: [{cron: '17 4 * * 1'}]
env:
  REGISTRY: ghcr.io
jobs:
  build:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        include:
          - {file: api/Dockerfile, target: prod}
          - {file: web/Dockerfile, target: prod}
    services:
      db: {image: 'postgres:17', options: --health-cmd x}
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: ${{ matrix.file }}
          target: ${{ matrix.target }}
          push: ${{ github.event_name != 'pull_request' }}
          pull: true
          tags: |
            ${{ env.REGISTRY }}/a:latest
            b/c:1, b/c:2
          build-args: |
            VERSION=1.2
            TOKEN=${{ secrets.TOKEN }}
          cache-from: type=gha
      - uses: docker/build-push-action@v6
      - uses: docker/build-push-action@v6
        with: {context: '{{defaultContext}}:docker', file: Containerfile}
      - name: é
        run: |
          set -ex
          docker build -t x:${{ github.sha }} --build-arg KEY=${{ secrets.KEY }} -f docker/x.Dockerfile .
          docker push x:${{ github.sha }}
      - run: docker build web
        working-directory: apps
";

#[test]
fn reads_a_workflow() {
    let tree = MemoryTree::complete().with(".github/workflows/image.yml", WORKFLOW).with("Dockerfile", "");
    let project = read(&tree, &["Dockerfile"]);
    assert_eq!(
        builds(&project),
        [
            "action api/Dockerfile [] prod",
            "action web/Dockerfile [] prod",
            "action Dockerfile [] -",
            "action docker/Containerfile [docker] -",
            "run docker/x.Dockerfile [] -",
            "run apps/web/Dockerfile [apps/web] -",
        ]
    );
    assert!(project.is_repository() && project.known.all());
    let (_, workflow) = project.workflows().next().unwrap();
    assert!(workflow.is_scheduled());
    let tags: Vec<_> = workflow.trigger("push").unwrap().tags.iter().map(|tag| &*tag.text).collect();
    assert_eq!(tags, ["v*"]);
    assert_eq!(workflow.jobs[0].runner, super::super::workflow::Runner::Hosted);
    assert_eq!(&*workflow.jobs[0].services[0].name.text, "db");
    let first = &project.builds[0];
    assert_eq!(&WORKFLOW[first.span.range()], "docker/build-push-action@v6");
    let tags: Vec<_> = first.tags.iter().map(|tag| (&*tag.text, &WORKFLOW[tag.span.range()])).collect();
    assert_eq!(
        tags,
        [
            ("${{ env.REGISTRY }}/a:latest", "${{ env.REGISTRY }}/a:latest"),
            ("b/c:1", "b/c:1"),
            ("b/c:2", "b/c:2")
        ]
    );
    let token = first.arg("TOKEN").unwrap().value.as_ref().unwrap();
    assert_eq!(&WORKFLOW[token.span.range()], "${{ secrets.TOKEN }}");
    assert!(first.may_push() && !first.pushes() && first.pull.unwrap().is_on());
    assert_eq!(&WORKFLOW[first.pull.unwrap().span.range()], "pull: true");
    assert!(project.builds[2].git_context && !first.git_context);
    let run = &project.builds[4];
    assert_eq!(&WORKFLOW[run.span.range()], "docker");
    assert_eq!(&*run.tags[0].text, "x:${{ github.sha }}");
    assert_eq!(&WORKFLOW[run.tags[0].span.range()], "x:${{ github.sha }}");
    let key = run.arg("KEY").unwrap().value.as_ref().unwrap();
    assert_eq!(&*key.text, "${{ secrets.KEY }}");
    assert_eq!(&WORKFLOW[key.span.range()], "${{ secrets.KEY }}");
    let (script, command) = project.command_of(run).unwrap();
    assert!(script.options_at(command).xtrace && script.options_at(command).errexit);
    let started = project.step_of(run).unwrap().2.run.as_ref().unwrap().options();
    assert!(started.errexit && !started.pipefail);
    assert_eq!(project.step_of(run).unwrap().2.name.as_ref().unwrap().value(), Some("é"));
}

#[test]
fn workspaces_and_shells() {
    let text = "on: push\njobs:\n  a:\n    runs-on: [self-hosted, x]\n    steps:\n    - uses: actions/checkout@v4\n      with: {path: src}\n    - uses: docker/build-push-action@v6\n      with: {context: src/app, file: src/x.Dockerfile}\n    - run: docker build src\n    - run: docker build .\n      shell: pwsh\n  b:\n    runs-on: windows-2022\n    steps:\n    - run: docker build .\n  c:\n    steps:\n    - uses: actions/checkout@v4\n      with: {repository: other/repo}\n    - run: docker build .\n    - uses: docker/build-push-action@v6\n      with: {context: .}\n    - uses: docker/build-push-action@v6\n      with: {context: 'https://github.com/x/y.git#main'}\n    - uses: redhat-actions/buildah-build@v2\n      with: {containerfiles: ./api/Containerfile}\n    - uses: ./.github/actions/build\n";
    let action =
        "runs:\n  using: composite\n  steps:\n  - run: docker build -f sub/Dockerfile .\n    shell: bash\n";
    let tree = MemoryTree::complete()
        .with(".github/workflows/a.yaml", text)
        .with(".github/actions/build/action.yml", action);
    let project = read(&tree, &["Dockerfile"]);
    assert_eq!(
        builds(&project),
        [
            "action x.Dockerfile [app] -",
            "run Dockerfile [] -",
            "run ? [?] -",
            "action elsewhere [elsewhere] -",
            "action elsewhere [elsewhere] -",
            "action elsewhere [?] -",
            "run sub/Dockerfile [] -",
        ]
    );
}

#[test]
fn scripts_tell_where_they_are() {
    let build = |args: &str| format!("#!/bin/bash\nset -e\ndocker build {args}\n");
    let tree = MemoryTree::complete()
        .with("build.sh", &build("-t a -f docker/a.Dockerfile ."))
        .with("docker/a.Dockerfile", "")
        .with("scripts/b.sh", &build("--target final ."))
        .with("scripts/c.sh", "#!/bin/sh\ncd \"$(dirname \"$0\")/../docker\"\ndocker buildx build --push -f a.Dockerfile ..\n")
        .with("docker/d.sh", &build("-f a.Dockerfile ."))
        .with("scripts/e.sh", &build("-f $FILE -t x \"$DIR\""))
        .with("scripts/f.sh", "HERE=$(cd \"$(dirname \"$0\")\" && pwd)\ndocker build -f \"$HERE/../docker/a.Dockerfile\" \"$HERE/..\"\n")
        .with("scripts/g.py", "docker build .")
        .with("Makefile", "a:\n\tcd docker && docker build -f a.Dockerfile $(ARGS) .\n")
        .with("Dockerfile", "");
    let project = read(&tree, &["Dockerfile", "docker/a.Dockerfile"]);
    assert_eq!(
        builds(&project),
        [
            "script docker/a.Dockerfile [docker] -",
            "script docker/a.Dockerfile [] -",
            "script docker/a.Dockerfile [docker] -",
            "script Dockerfile [] final",
            "script docker/a.Dockerfile [] -",
            "script ? [?] -",
            "script docker/a.Dockerfile [] -",
        ]
    );
    assert!(project.builds[4].pushes());
    assert!(!project.is_repository());
}

#[test]
fn compose_and_bake_files() {
    let tree = MemoryTree::complete()
        .with("docker-compose.prod.yml", "services:\n  a: {build: ./api}\n  b: {build: {context: web, dockerfile: ../x.Dockerfile, target: $T}}\n  c: {build: {dockerfile_inline: FROM x}}\n  d: {extends: a, build: {target: q}}\n  e: {build: '${D}'}\n")
        .with("docker-bake.hcl", "target \"_c\" { context = \"app\" }\ntarget \"a\" { inherits = [\"_c\"], dockerfile = \"D\" }\ntarget \"b\" { dockerfile = \"x-${V}\" }\n");
    let project = read(&tree, &["Dockerfile"]);
    assert_eq!(
        builds(&project),
        [
            "compose api/Dockerfile [api] -",
            "compose x.Dockerfile [web] ?",
            "compose elsewhere [] -",
            "compose ? [?] q",
            "compose ? [?] -",
            "bake app/D [app] -",
            "bake ? [] -",
        ]
    );
    assert_eq!(&*project.service_of(&project.builds[1]).unwrap().name.text, "b");
    assert_eq!(&*project.target_of(&project.builds[5]).unwrap().name.text, "a");
}

#[test]
fn shells_of_steps() {
    let options = |shell: &str| {
        let text = format!("jobs: {{a: {{steps: [{{run: 'docker x', shell: '{shell}'}}]}}}}");
        let tree = MemoryTree::complete().with(".github/workflows/a.yml", &text);
        let project = read(&tree, &[]);
        let (_, workflow) = project.workflows().next().unwrap();
        let run = workflow.jobs[0].steps[0].run.as_ref().unwrap();
        (run.script.is_some(), run.options().errexit, run.options().pipefail, run.options().xtrace)
    };
    assert_eq!(options("bash"), (true, true, true, false));
    assert_eq!(options("sh"), (true, true, false, false));
    assert_eq!(options("/usr/bin/bash -xo pipefail {0}"), (true, false, true, true));
    assert!(!options("python").0);
}

#[test]
fn can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Project>();
}

#[test]
fn what_comes_out() {
    let build = |output: &str| {
        let text = format!("docker build {output} .");
        let tree = MemoryTree::complete().with("build.sh", &text).with("Dockerfile", "");
        let project = read(&tree, &["Dockerfile"]);
        (project.builds[0].makes_image(), project.builds[0].pushes())
    };
    for (output, wanted) in [
        ("", (true, false)),
        ("-o out", (false, false)),
        ("--output=type=cacheonly", (false, false)),
        ("-o type=local,dest=x", (false, false)),
        ("-o type=image,push=true", (true, true)),
        ("-o \"$OUT\"", (true, false)),
        ("--push=false", (true, false)),
    ] {
        assert_eq!(build(output), wanted, "{output}");
    }
}

#[test]
fn unknown_is_not_absent() {
    let mut tree = MemoryTree::partial();
    let project = Project::read(&tree, &["Dockerfile".into()]);
    assert!(
        !project.known.workflows
            && !project.known.compose
            && !project.known.updates
            && !project.known.scripts
    );
    tree.insert_listing("".into(), []);
    let project = Project::read(&tree, &["Dockerfile".into()]);
    assert!(project.known.all(), "{:?}", project.known);
    let broken = MemoryTree::complete().with(".github/workflows/a.yml", "jobs: {image: [");
    assert!(!read(&broken, &[]).known.workflows);
    let large = MemoryTree::complete().with("build.sh", &"docker ".repeat(20_000));
    assert!(!read(&large, &[]).known.scripts);
}

#[test]
fn large_files_take_no_long() {
    let step = "    - run: docker build -f ${{ matrix.f }} .\n    - uses: docker/build-push-action@v6\n      with: {file: '${{ matrix.f }}'}\n";
    let matrix = (0..60).fold(String::new(), |text, n| text + &format!("D{n}, "));
    let workflow = format!(
        "jobs:\n  a:\n    strategy: {{matrix: {{f: [{matrix}]}}}}\n    steps:\n{}",
        step.repeat(3_000)
    );
    let target = |n: u32| format!("target \"t{n}\" {{ inherits = [\"t{}\", \"t0\"] }}\n", n + 1);
    let start = std::time::Instant::now();
    let tree = MemoryTree::complete()
        .with(".github/workflows/a.yml", &workflow)
        .with("docker-bake.hcl", &(0..8_000).map(target).collect::<String>())
        .with("build.sh", &"cd $X\ndocker build -f $F .\n".repeat(2_000))
        .with("Makefile", &"a:\n\tdocker build $(A) \\\n".repeat(2_000))
        .with(
            "compose.yml",
            &format!(
                "services:\n{}",
                (0..9_000).fold(String::new(), |text, n| text + &format!("  s{n}: {{build: .}}\n"))
            ),
        );
    let project = read(&tree, &["Dockerfile"]);
    assert!(!project.known.builds() && project.builds.len() <= MAX_BUILDS);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn other_files() {
    let tree = MemoryTree::complete()
        .with(".gitlab-ci.yml", "build: docker build .")
        .with(".buildkite/pipeline.yml", "x")
        .with("api/fly.toml", "x")
        .with(".github/dependabot.yml", "updates: [{package-ecosystem: docker, directory: /}]")
        .with("package.json", "{\"renovate\": {\"enabled\": false}}")
        .with(".github/workflows/a.yml", "on: push\njobs: {a: {steps: [{run: npm test}]}}");
    let project = read(&tree, &["api/Dockerfile"]);
    let kinds: Vec<_> = project.documents.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(
        kinds,
        [
            ".github/workflows/a.yml",
            ".github/dependabot.yml",
            "package.json",
            ".gitlab-ci.yml",
            "api/fly.toml",
            ".buildkite/pipeline.yml"
        ]
    );
    assert!(project.updates.cover("docker", "".into()) && !project.updates.cover("docker", "api".into()));
    assert!(project.workflows().next().is_none());
    let pins = "docker buildx imagetools inspect x | awk 1 | xargs -I{} sed -i s/a/{}/ Dockerfile\n";
    let project = read(&MemoryTree::complete().with("scripts/pin.sh", pins), &["Dockerfile"]);
    assert_eq!(project.updates.others, ["scripts/pin.sh"]);
    assert!(project.at_repository_root().is_repository());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn never_panics(
        workflow in r#"(?s)(on: push\n)?jobs:\n  a:\n    steps:\n(    - (run: (\||>)?\n?|uses: docker/build-push-action@v6\n      with: |uses: x\n)([ a-z.:é$"'{}|\\/-]|\$\{\{ (matrix|env|é)\.x \}\}|docker build|\n        | -f ){0,30}\n){0,4}"#,
        script in r#"(?s)([a-z ./é$"'(){}=;&|\\-]|docker build|cd |dirname|\$0|\n|\t| -f | \. |\$\(|\$\$){0,50}"#,
        bake in r#"(?s)(target|"x"|\{|\}|=|\n|\[|\]|,|context|dockerfile|é| ){0,30}"#,
    ) {
        let tree = MemoryTree::complete()
            .with(".github/workflows/a.yml", &workflow)
            .with("docker-compose.yml", &workflow)
            .with("build.sh", &script)
            .with("Makefile", &format!("a:\n\tdocker {script}"))
            .with("justfile", &format!("a:\n  docker {{{{{script}"))
            .with("docker-bake.hcl", &bake)
            .with("renovate.json5", &bake)
            .with("package.json", &workflow);
        read(&tree, &["Dockerfile"]);
    }
}
