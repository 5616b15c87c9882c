//! The exit codes, each with one meaning. They are documented in README.md and never change theirs.

/// What the calling shell or script is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed, and nothing was changed.
    Failed,
    /// The command line or the inventory is wrong.
    Usage,
    /// Needs a confirmation that was not given, or was declined.
    NotApproved,
    /// A droplet cannot be reached: name, connection, host key, login, sudo.
    Unreachable,
    /// Another run holds the lock.
    Locked,
    /// Failed, and everything was put back.
    PutBack,
    /// Failed, and the droplets are mixed: a human is needed.
    Mixed,
    /// The link was lost; the outcome is unknown until somebody looks.
    Unknown,
    /// Checks found problems.
    Checks,
    /// The droplet changed between the plan and its approval.
    Changed,
    /// Interrupted before anything changed.
    Interrupted,
    /// What a program of the user's own on a droplet ended with.
    Theirs(u8),
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotApproved => 3,
            Exit::Unreachable => 4,
            Exit::Locked => 5,
            Exit::PutBack => 6,
            Exit::Mixed => 7,
            Exit::Unknown => 8,
            Exit::Checks => 9,
            Exit::Changed => 10,
            Exit::Interrupted => 130,
            Exit::Theirs(code) => code,
        }
    }

    /// The exit that has this code.
    pub fn from_code(code: u8) -> Option<Exit> {
        use Exit::*;
        [
            Done,
            Failed,
            Usage,
            NotApproved,
            Unreachable,
            Locked,
            PutBack,
            Mixed,
            Unknown,
            Checks,
            Changed,
            Interrupted,
        ]
        .into_iter()
        .find(|exit| exit.code() == code)
    }

    /// The code for several droplets: the one a human must act on first (DESIGN: 7 > 8 > 6 > 5 > 4 > 9 > 1).
    pub fn worst(codes: impl IntoIterator<Item = Exit>) -> Exit {
        codes.into_iter().max_by_key(|exit| exit.rank()).unwrap_or(Exit::Done)
    }

    fn rank(self) -> u8 {
        match self {
            Exit::Done | Exit::Theirs(_) => 0,
            Exit::Failed => 1,
            Exit::Checks => 2,
            Exit::Unreachable => 3,
            Exit::Locked => 4,
            Exit::PutBack => 5,
            Exit::Unknown => 6,
            Exit::Mixed => 7,
            Exit::NotApproved => 8,
            Exit::Changed => 9,
            Exit::Interrupted => 10,
            Exit::Usage => 11,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_outranks_unknown_outranks_put_back() {
        assert_eq!(Exit::worst([Exit::PutBack, Exit::Mixed, Exit::Unknown]), Exit::Mixed);
        assert_eq!(Exit::worst([Exit::PutBack, Exit::Unknown, Exit::Checks]), Exit::Unknown);
        assert_eq!(Exit::worst([Exit::Failed, Exit::Checks, Exit::Unreachable]), Exit::Unreachable);
        assert_eq!(Exit::worst([]), Exit::Done);
    }
}
