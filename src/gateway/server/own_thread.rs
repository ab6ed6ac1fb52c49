//! Threads with a runtime of their own.

use std::io;
use std::sync::mpsc::{RecvError, sync_channel};
use std::thread::JoinHandle;

use tokio::runtime::LocalOptions;

/// Runs a task on a thread and a runtime of its own, which does something each time before it sleeps.
pub(crate) fn on_a_thread<Sleepy, F, Task>(
    name: String,
    before_sleep: Sleepy,
    task: F,
) -> Result<JoinHandle<()>, io::Error>
where
    Sleepy: Fn() + Send + Sync + 'static,
    F: FnOnce() -> Task + Send + 'static,
    Task: Future<Output = ()>,
{
    let (tell, told) = sync_channel(1);
    let run = move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().on_thread_park(before_sleep).build_local(LocalOptions::default());
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                tell.send(error).ok();
                return;
            }
        };
        drop(tell);
        runtime.block_on(task());
    };
    let thread = std::thread::Builder::new().name(name).spawn(run)?;
    // A runtime of its own cannot leave its thread, so that whether there is one is known only there.
    match told.recv() {
        Ok(error) => Err(error),
        Err(RecvError) => Ok(thread),
    }
}
