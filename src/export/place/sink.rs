//! Where bytes go: stdout, a file, memory; compressed on the way.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::write::GzEncoder;

use super::super::ExportError;

/// An output that is whole once it is finished, and leaves nothing behind where it is not.
pub trait AtomicOutput: Write + Send {
    /// Writes what is held back, and makes the output last.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Any output.
pub type OutputSink = Box<dyn AtomicOutput>;

/// How an output is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Compress {
    /// Zstandard; ends in .zst
    Zstd,
    /// Gzip; ends in .gz
    Gzip,
}

impl Compress {
    /// What a file name gets behind its own ending.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Compresses what goes to `out`.
    pub fn wrap(self, out: OutputSink) -> Result<OutputSink, ExportError> {
        Ok(match self {
            Self::Zstd => Box::new(Zstd(zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?)),
            Self::Gzip => Box::new(Gzip(GzEncoder::new(out, flate2::Compression::default()))),
        })
    }
}

/// stdout; a reader that goes away is an error of kind `BrokenPipe`.
pub(crate) fn stdout() -> OutputSink {
    Box::new(Stdout(BufWriter::with_capacity(1 << 16, io::stdout())))
}

struct Stdout(BufWriter<io::Stdout>);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl AtomicOutput for Stdout {
    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.0.flush()?)
    }
}

struct Zstd(zstd::Encoder<'static, OutputSink>);

impl Write for Zstd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl AtomicOutput for Zstd {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.0.finish()?.finish()
    }
}

struct Gzip(GzEncoder<OutputSink>);

impl Write for Gzip {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl AtomicOutput for Gzip {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.0.finish()?.finish()
    }
}

/// Counts the bytes that arrive at `out`.
pub(crate) struct Counted {
    pub(crate) out: OutputSink,
    pub(crate) bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl AtomicOutput for Counted {
    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.out.finish()
    }
}

/// Bytes that are kept: for tests and benches.
#[derive(Clone, Debug, Default)]
pub struct MemoryOutput(pub Arc<std::sync::Mutex<Vec<u8>>>);

impl MemoryOutput {
    /// What was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().map(|bytes| bytes.clone()).unwrap_or_default()
    }
}

impl Write for MemoryOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Ok(mut kept) = self.0.lock() {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
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
