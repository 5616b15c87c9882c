//! What is looked at before the first change.

use super::Check;

/// In the order in which they are shown.
pub const ALL: &[Check] = &[];
