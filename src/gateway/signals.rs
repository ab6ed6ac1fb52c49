//! The signals by which an operator speaks to a gateway.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// Request that a signal makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Finish the requests in flight and end (`SIGTERM`, Ctrl-C).
    Stop,
    /// Read everything again (`SIGHUP`).
    Reload,
}

/// Receives the signals of the process from now on.
///
/// # Errors
///
/// Fails where the system gives no thread, or no runtime for it.
pub fn signals() -> io::Result<Receiver<Signal>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sender, receiver) = channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(forward(sender)))?;
    Ok(receiver)
}

/// Sends signals on until the receiver is gone.
async fn forward(sender: Sender<Signal>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        let received = tokio::select! {
            _ = terminate.recv() => Signal::Stop,
            _ = interrupt.recv() => Signal::Stop,
            _ = hang_up.recv() => Signal::Reload,
        };
        if sender.send(received).is_err() {
            return Ok(());
        }
    }
}
