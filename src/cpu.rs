//! Limits CPU-bound work to as many tasks at a time as there are cores.
//!
//! More tasks would share the cores, while each holds its page and its tree in memory. `poll`, `collect` and `store` use
//! it. Small inputs are processed where the caller is: to hand a page to another thread costs a fifteenth of an article.
//! So the runtime has one thread more than there are cores, which serves signals and timers meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Fewest permits: one task that takes long must not stop all others.
const MIN_PERMITS: usize = 2;

/// Bytes from which on an input is processed on the blocking pool. A page of that size takes some milliseconds.
const LARGE_INPUT: usize = 256 << 10;

static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(count())));

/// Number of permits: that of the cores, two at least.
pub(crate) fn count() -> usize {
    std::thread::available_parallelism().map_or(MIN_PERMITS, |cores| cores.get().max(MIN_PERMITS))
}

/// Permission to use one core; released when dropped.
#[derive(Debug)]
pub(crate) struct CpuPermit(Option<OwnedSemaphorePermit>);

/// The work panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Waits for a permit, first come, first served.
pub(crate) async fn permit() -> CpuPermit {
    // Only a closed semaphore fails, and this one is never closed.
    CpuPermit(Arc::clone(&PERMITS).acquire_owned().await.ok())
}

impl CpuPermit {
    /// Runs `work`, which processes an input of so many `bytes`. On the blocking pool (a large input) it goes on to its end
    /// when the caller is dropped.
    pub(crate) async fn work<T: Send + 'static>(
        self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let work = move || {
            let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked);
            drop(self.0);
            done
        };
        if bytes < LARGE_INPUT {
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
        let work: Vec<_> =
            (0..200).map(|number| tokio::spawn(work(number % 2 * LARGE_INPUT, number % 3 == 0))).collect();
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
