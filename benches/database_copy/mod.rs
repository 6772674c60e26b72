//! Copies of a database that an earlier bench left (`--keep`).

use std::path::Path;

/// Copies a database with its log. Panics while another process writes it.
pub(crate) fn copy(database: &Path, to: &Path) {
    let holder = cuttings::store::holder(database);
    assert!(holder.is_none(), "{} is in use", database.display());
    for end in ["", "-wal"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        if end.is_empty() || Path::new(&name(database)).exists() {
            std::fs::copy(name(database), name(to)).unwrap();
        }
    }
}
