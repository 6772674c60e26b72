//! Why an output did not take what it was given.

use crate::export::ExportError;
use crate::store::StoreError;

/// A failed delivery, for `cuttings status` and the log.
pub(super) struct DeliveryError {
    /// A sentence for people.
    pub(super) message: String,
    /// The receiver will never take this message: the next delivery begins after it.
    pub(super) is_permanent: bool,
}

impl DeliveryError {
    /// A failure that may be gone at a later try.
    pub(super) fn temporary(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_permanent: false }
    }
}

impl From<ExportError> for DeliveryError {
    fn from(error: ExportError) -> Self {
        Self::temporary(format!("{:#}", anyhow::Error::from(error)))
    }
}

impl From<StoreError> for DeliveryError {
    fn from(error: StoreError) -> Self {
        Self::temporary(error.to_string())
    }
}
