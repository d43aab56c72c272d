//! The threads that requests to remote roots run on: one small tokio runtime for the process, made at first use.
//!
//! Invariants: no caller's thread enters a runtime, so blocking calls are fine inside another one; after a fork the child makes its own.

use std::future::Future;
use std::sync::{Mutex, PoisonError, mpsc};

use tokio::runtime::{Builder, Handle, Runtime};

/// The process that made it, and the runtime. It is never dropped: its threads end with the process.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

const THREADS: usize = 2;

/// Runs it to its end there and waits.
pub(crate) fn wait<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::sync_channel(1);
    handle().spawn(async move {
        // Nobody waits any more only when the waiting thread is gone.
        drop(sender.send(future.await));
    });
    receiver
        .recv()
        .expect("a request ends by itself: the client catches what goes wrong in it")
}

/// The runtime of this process.
pub(crate) fn handle() -> Handle {
    let mut made = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match *made {
        Some((maker, runtime)) if maker == process => runtime.handle().clone(),
        _ => {
            let runtime: &'static Runtime = Box::leak(Box::new(new()));
            *made = Some((process, runtime));
            runtime.handle().clone()
        }
    }
}

fn new() -> Runtime {
    // An error says that the program chose another one before, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("mltrack-blobs")
        .enable_all()
        .build()
        .expect("the system gives two threads")
}
