//! Work for the processor alone: no more of it at a time than there are cores.
//!
//! More would only share the cores, while each holds its page and its tree in memory, and the time that one page may
//! take would pass while it waits.
//!
//! Work on little is done where it stands: to hand a page over to another thread and take back what it came to is a
//! fifteenth of the cost of an article. Hostile pages of that size may still take their two seconds, so the runtime has a
//! thread more than there are cores: one that answers signals and keeps the time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Two at least: one that takes long must not keep all others waiting.
const FEWEST: usize = 2;

/// Bytes from which on they are worked on beside the threads of the runtime. A page of so many takes some milliseconds.
const LARGE: usize = 256 << 10;

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(count())));

/// How many there are, two at least.
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(FEWEST, |cores| cores.get().max(FEWEST))
}

/// A core to work on.
#[derive(Debug)]
pub struct CpuPermit(Option<OwnedSemaphorePermit>);

/// The work panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

/// Waits for a core, in the order of asking.
pub async fn permit() -> CpuPermit {
    // Only a closed semaphore errs, and nothing closes this one.
    CpuPermit(Arc::clone(&TURNS).acquire_owned().await.ok())
}

impl CpuPermit {
    /// Does the work, which is on so many bytes. On many it goes on where the caller goes away.
    pub async fn work<T: Send + 'static>(
        self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let work = move || {
            let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked);
            drop(self.0);
            done
        };
        if bytes < LARGE {
            return work();
        }
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(Panicked))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static BUSY: AtomicUsize = AtomicUsize::new(0);

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_work_than_cores_and_a_panic_gives_its_core_back() {
        let work = |bytes: usize, panics: bool| async move {
            let done = permit().await.work(bytes, move || {
                let busy = BUSY.fetch_add(1, Ordering::SeqCst) + 1;
                std::thread::yield_now();
                BUSY.fetch_sub(1, Ordering::SeqCst);
                assert!(!panics, "on purpose");
                busy
            });
            done.await.ok()
        };
        let work: Vec<_> = (0..200)
            .map(|number| tokio::spawn(work(number % 2 * LARGE, number % 3 == 0)))
            .collect();
        let mut done = 0;
        for work in work {
            if let Some(busy) = work.await.unwrap() {
                assert!(busy <= count(), "{busy} at a time");
                done += 1;
            }
        }
        assert_eq!(done, 133);
    }
}
