//! A small store server with the parts of S3 that pushes need, which fails where a test wants it to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

/// How a store fails. Each is for requests whose method and path have a text in them.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// Responds with a status line and a body.
    Response(&'static str, &'static str),
    /// Responds with a status line and headers of its own.
    Headers(&'static str),
    /// Makes no response.
    Silence,
    /// Breaks off in the middle of the body.
    Half,
    /// Makes the change, then breaks off without a response.
    Lost,
    /// Makes the change, and is gone.
    Gone,
    /// Writes whatever the condition says.
    Unconditional,
}

#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The fault, the text in its requests, and how often it comes.
    fault: Mutex<Option<(Fault, String, usize)>>,
    requests: AtomicUsize,
    /// True where objects of one length have one tag, as the second and the length make them.
    has_weak_tags: AtomicBool,
    has_ended: AtomicBool,
}

/// A store that listens on loopback. It stops when it is dropped.
pub(super) struct StoreServer {
    address: String,
    shared: Arc<Shared>,
}

impl StoreServer {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if own.has_ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&own);
                thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { address, shared }
    }

    /// Serves the files of a folder of pushes.
    pub(super) fn of_folder(folder: &Path) -> Self {
        let server = Self::new();
        server.take_folder(folder);
        server
    }

    /// Serves the files of a folder of pushes from now on.
    pub(super) fn take_folder(&self, folder: &Path) {
        let read = |path: &Path| fs::read(path).expect("a file");
        let mut objects = self.shared.objects.lock().expect("no panic");
        objects.insert("/pointer".to_owned(), read(&folder.join("pointer")));
        for entry in fs::read_dir(folder.join("objects/sha256")).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            objects.insert(format!("/objects/sha256/{name}"), read(&path));
        }
    }

    /// Starts another server with the same objects.
    pub(super) fn copy(&self) -> Self {
        let server = Self::new();
        server.shared.objects.lock().expect("no panic").clone_from(&self.shared.objects.lock().expect("no panic"));
        server
    }

    /// Writes an object as the one at a path.
    pub(super) fn insert(&self, path: &str, bytes: &[u8]) {
        self.shared.objects.lock().expect("no panic").insert(path.to_owned(), bytes.to_owned());
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Fails requests with a text in their method and path, so many times.
    pub(super) fn fail(&self, fault: Fault, text: &str, times: usize) {
        *self.shared.fault.lock().expect("no panic") = Some((fault, text.to_owned(), times));
    }

    pub(super) fn mend(&self) {
        *self.shared.fault.lock().expect("no panic") = None;
    }

    /// Sends tags by which objects of one length cannot be told apart.
    pub(super) fn weaken_tags(&self) {
        self.shared.has_weak_tags.store(true, Ordering::Relaxed);
    }

    /// Returns the object at a path.
    pub(super) fn object(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.objects.lock().expect("no panic").get(path).cloned()
    }

    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

impl Drop for StoreServer {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(&self.address));
    }
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        if shared.has_ended.load(Ordering::Relaxed) {
            return;
        }
        shared.requests.fetch_add(1, Ordering::Relaxed);
        let line = format!("{} {}", request.method, request.path);
        let fault = take_fault(shared, &line);
        let is_unconditional = matches!(fault, Some(Fault::Unconditional));
        let respond = |head: &str, body: &[u8], sent: usize| {
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
            let mut stream = stream;
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..sent])).is_ok()
        };
        let is_open = match fault {
            Some(Fault::Response(status, body)) => respond(status, body.as_bytes(), body.len()),
            Some(Fault::Headers(head)) => respond(head, b"", 0),
            Some(Fault::Silence) => {
                thread::sleep(Duration::from_secs(5));
                false
            }
            Some(Fault::Half) => {
                let (head, body) = answer(shared, &request, false);
                respond(&head, &body, body.len() / 2);
                false
            }
            Some(Fault::Lost) => {
                answer(shared, &request, false);
                false
            }
            Some(Fault::Gone) => {
                answer(shared, &request, false);
                shared.has_ended.store(true, Ordering::Relaxed);
                false
            }
            Some(Fault::Unconditional) | None => {
                let (head, body) = answer(shared, &request, is_unconditional);
                respond(&head, &body, body.len())
            }
        };
        if !is_open {
            drop(stream.shutdown(std::net::Shutdown::Both));
            return;
        }
    }
}

fn take_fault(shared: &Shared, line: &str) -> Option<Fault> {
    let mut fault = shared.fault.lock().expect("no panic");
    let (kind, text, times) = fault.as_mut()?;
    if !line.contains(text.as_str()) || *times == 0 {
        return None;
    }
    *times -= 1;
    Some(kind.clone())
}

/// Does what a request asks for, and returns the head after the version, and the body.
fn answer(shared: &Shared, request: &Request, is_unconditional: bool) -> (String, Vec<u8>) {
    let mut objects = shared.objects.lock().expect("no panic");
    let present = objects.get(&request.path);
    let is_weak = shared.has_weak_tags.load(Ordering::Relaxed);
    let tag = present.map(|bytes| if is_weak { format!("\"{}\"", bytes.len()) } else { tag_of(bytes) });
    let header = |name: &str| request.headers.get(name).cloned();
    if request.method == "GET" {
        return match (present, tag) {
            (Some(_), Some(tag)) if header("if-none-match") == Some(tag.clone()) => {
                (format!("304 Not Modified\r\nETag: {tag}"), Vec::new())
            }
            (Some(bytes), Some(tag)) => (format!("200 OK\r\nETag: {tag}"), bytes.clone()),
            _ => ("404 Not Found".to_owned(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        };
    }
    let is_refused = (header("if-none-match").is_some() && present.is_some())
        || header("if-match").is_some_and(|wanted| tag.as_ref() != Some(&wanted));
    if is_refused && !is_unconditional {
        return ("412 Precondition Failed".to_owned(), b"<Error><Code>PreconditionFailed</Code></Error>".to_vec());
    }
    objects.insert(request.path.clone(), request.body.clone());
    ("200 OK".to_owned(), Vec::new())
}

fn tag_of(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(5381_u64, |sum, byte| sum.wrapping_mul(33) ^ u64::from(*byte));
    format!("\"{sum:016x}-{}\"", bytes.len())
}
