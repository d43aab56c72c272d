//! The shared page of a disk in memory: the same atomics, in the test's own process.

use std::sync::atomic::AtomicU32;
#[cfg(not(target_os = "linux"))]
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::control::ControlPage;
use crate::layout::CTL_LEN;
use crate::medium::Control;

pub(super) struct MemoryControl {
    page: Box<ControlPage>,
}

impl MemoryControl {
    pub fn new() -> MemoryControl {
        // SAFETY: the page is CTL_LEN bytes of atomics, for which zero is a valid value.
        let page = unsafe { Box::<ControlPage>::new_zeroed().assume_init() };
        const { assert!(size_of::<ControlPage>() == CTL_LEN) };
        MemoryControl { page }
    }
}

impl Control for MemoryControl {
    fn page(&self) -> &ControlPage {
        &self.page
    }

    fn is_writable(&self) -> bool {
        true
    }

    #[cfg(target_os = "linux")]
    fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration) {
        crate::medium::system::futex_wait(word, expected, timeout);
    }

    #[cfg(target_os = "linux")]
    fn wake(&self, word: &AtomicU32, count: u32) {
        crate::medium::system::futex_wake(word, count);
    }

    #[cfg(not(target_os = "linux"))]
    fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration) {
        if word.load(Ordering::Acquire) == expected {
            std::thread::sleep(timeout.min(Duration::from_millis(1)));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn wake(&self, _word: &AtomicU32, _count: u32) {}
}
