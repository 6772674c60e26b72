//! What `cuttings doctor` finds about the machine.

use serde::Serialize;

/// All findings, in the order of the checks. `doctor --json` prints it.
#[derive(Serialize)]
pub(crate) struct DoctorJson {
    pub(crate) findings: Vec<FindingJson>,
}

/// The result of one check.
#[derive(Serialize)]
pub(crate) struct FindingJson {
    /// What was checked: `configuration`, `disk`, `clock`…
    pub(crate) about: &'static str,
    /// Whether a daemon can run with it.
    pub(crate) ok: bool,
    /// What was found; where not `ok`, also what to do.
    pub(crate) text: String,
}
