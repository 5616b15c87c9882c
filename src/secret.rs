//! Values that must never be shown.
//!
//! A [`Secret`] cannot be printed, serialised or compared by accident. Only `transport` (stdin of a
//! remote command) and the code that resolves it may call [`Secret::expose`]. Deliberately absent:
//! `Display`, `Serialize`, `PartialEq`.

use secrecy::{ExposeSecret, SecretString};

/// A value from `{env: ..}`, `{file: ..}`, `{cmd: ..}` or a hidden prompt.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }

    /// The value itself. Every caller is a place a reviewer looks at.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        let secret = Secret::new("canary-4711".into());
        assert!(!format!("{secret:?} {secret:#?}").contains("canary"));
    }
}
