//! A small proxy before the stand-in: it answers the one call that the stand-in does not serve, who may do what in the
//! repository, and passes everything else on.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Done once, right before a request with this text in its body is passed on.
type Hook = (&'static str, Box<dyn FnOnce() + Send>);

struct Inner {
    /// Port of the stand-in.
    upstream: u16,
    /// Logins with `permission` and `role_name`.
    roles: Vec<(&'static str, &'static str, &'static str)>,
    hook: Mutex<Option<Hook>>,
    asked: AtomicUsize,
    stop: AtomicBool,
}

/// A running proxy.
pub(crate) struct Proxy {
    port: u16,
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Proxy {
    /// Starts before a stand-in on this port. Roles are as GitHub says them: `permission`, then `role_name`.
    pub(crate) fn start(
        upstream: u16,
        roles: &[(&'static str, &'static str, &'static str)],
        hook: Option<Hook>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let inner = Arc::new(Inner {
            upstream,
            roles: roles.to_vec(),
            hook: Mutex::new(hook),
            asked: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if shared.stop.load(Ordering::SeqCst) {
                    break;
                }
                // A client that goes away is no matter.
                let _ = serve(stream, &shared);
            }
        });
        Self { port, inner, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How often it was asked who may do what.
    pub(crate) fn asked(&self) -> usize {
        self.inner.asked.load(Ordering::SeqCst)
    }
}

fn serve(mut client: TcpStream, inner: &Inner) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0_u8; 16_384];
    let (head, body) = loop {
        let n = client.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..n]);
        let Some(end) = request.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if request.len() >= end + 4 + length {
            break (head, request[end + 4..end + 4 + length].to_vec());
        }
    };
    if let Some(answer) = permission(&head, inner) {
        return client.write_all(answer.as_bytes());
    }
    let mut hook = inner.hook.lock().expect("no test panics in it");
    let is_meant = hook.as_ref().is_some_and(|(text, _)| String::from_utf8_lossy(&body).contains(text));
    if is_meant && let Some((_, act)) = hook.take() {
        act();
    }
    drop(hook);
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    let mut upstream = TcpStream::connect(("127.0.0.1", inner.upstream))?;
    upstream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())?;
    upstream.write_all(&body)?;
    std::io::copy(&mut upstream, &mut client)?;
    Ok(())
}

/// `GET /repos/{owner}/{repo}/collaborators/{username}/permission`, as GitHub documents it.
fn permission(head: &str, inner: &Inner) -> Option<String> {
    let path = head.lines().next()?.strip_prefix("GET ")?.split(' ').next()?;
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    let login = path.strip_prefix("/repos/octo-org/shop/collaborators/")?.strip_suffix("/permission")?;
    inner.asked.fetch_add(1, Ordering::SeqCst);
    let authorised = head.to_ascii_lowercase().contains("\r\nauthorization: bearer ");
    assert!(authorised, "asked without a token: {head}");
    let (status, body): (&str, Value) = match inner.roles.iter().find(|(name, ..)| *name == login) {
        Some((_, permission, role)) => (
            "200 OK",
            json!({ "permission": permission, "role_name": role, "user": { "login": login, "id": 1 } }),
        ),
        None => {
            let page = "https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user";
            let message = format!("{login} is not a user");
            ("404 Not Found", json!({ "message": message, "documentation_url": page, "status": "404" }))
        }
    };
    let body = body.to_string();
    Some(format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    ))
}
