//! Work for the processor alone, off the async threads: no more of it at a time than there are cores.
//!
//! More would only share the cores, while each holds its page and its tree in memory, and the time that one page may
//! take would pass while it waits.

use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

/// Two at least: one that takes long must not keep all others waiting.
const FEWEST: usize = 2;

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(FEWEST, usize::from);
    Arc::new(Semaphore::new(cores.max(FEWEST)))
});

/// A core to work on.
#[derive(Debug)]
pub struct Turn(Option<OwnedSemaphorePermit>);

/// Waits for a core, in the order of asking.
pub async fn turn() -> Turn {
    // Only a closed semaphore errs, and nothing closes this one.
    Turn(Arc::clone(&TURNS).acquire_owned().await.ok())
}

impl Turn {
    /// Does the work; an error where it panics. It goes on where the caller goes away.
    pub async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(self.0);
            done
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static BUSY: AtomicUsize = AtomicUsize::new(0);

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_work_than_cores_and_a_panic_gives_its_core_back() {
        let cores = std::thread::available_parallelism().map_or(FEWEST, usize::from);
        let work = |panics: bool| async move {
            let done = turn().await.work(move || {
                let busy = BUSY.fetch_add(1, Ordering::SeqCst) + 1;
                std::thread::yield_now();
                BUSY.fetch_sub(1, Ordering::SeqCst);
                assert!(!panics, "on purpose");
                busy
            });
            done.await.ok()
        };
        let work: Vec<_> = (0..200)
            .map(|number| tokio::spawn(work(number % 3 == 0)))
            .collect();
        let mut done = 0;
        for work in work {
            if let Some(busy) = work.await.unwrap() {
                assert!(busy <= cores.max(FEWEST), "{busy} at a time");
                done += 1;
            }
        }
        assert_eq!(done, 133);
    }
}
