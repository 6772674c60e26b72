//! Outputs as streams of bytes: stdout, a file, memory; compressed and counted on the way.

use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::write::GzEncoder;

use crate::export::error::ExportError;

/// An output that is complete once it is finished; one that is dropped before leaves nothing behind.
pub(crate) trait AtomicOutput: Write + Send {
    /// Writes what is buffered and makes the output durable.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Any output.
pub(crate) type OutputSink = Box<dyn AtomicOutput>;

/// How an output is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Compression {
    /// Zstandard; ends in .zst
    Zstd,
    /// Gzip; ends in .gz
    Gzip,
}

impl Compression {
    /// What file names get after their own ending.
    pub(in crate::export) fn ending(self) -> &'static str {
        match self {
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// An output that compresses what goes to `out`.
    pub(in crate::export) fn wrap(self, out: OutputSink) -> io::Result<OutputSink> {
        Ok(match self {
            Self::Zstd => Box::new(zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?),
            Self::Gzip => Box::new(GzEncoder::new(out, flate2::Compression::default())),
        })
    }
}

impl AtomicOutput for zstd::Encoder<'static, OutputSink> {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        zstd::Encoder::finish(*self)?.finish()
    }
}

impl AtomicOutput for GzEncoder<OutputSink> {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        GzEncoder::finish(*self)?.finish()
    }
}

/// stdout, buffered. A reader that goes away is an error of kind `BrokenPipe`.
pub(in crate::export) fn stdout() -> OutputSink {
    Box::new(BufWriter::with_capacity(1 << 16, io::stdout()))
}

impl AtomicOutput for BufWriter<io::Stdout> {
    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.flush()?)
    }
}

/// Counts the bytes that arrive at `out`.
pub(in crate::export) struct CountingSink {
    pub(in crate::export) out: OutputSink,
    /// Shared by all files of an export.
    pub(in crate::export) bytes: Arc<AtomicU64>,
}

impl Write for CountingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl AtomicOutput for CountingSink {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.out.finish()
    }
}

/// Bytes in memory, for outputs of the daemon. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryOutput(Arc<Mutex<Vec<u8>>>);

impl MemoryOutput {
    /// Takes what was written so far.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for MemoryOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AtomicOutput for MemoryOutput {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        Ok(())
    }
}
