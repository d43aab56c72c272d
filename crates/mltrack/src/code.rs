//! The table of error codes: exit codes, HTTP statuses and retry advice come from here and nowhere else.
//!
//! Invariant: a code never changes its name or its exit code; new kinds of failure get new rows.

use std::fmt;

/// Makes the enum and its table from one list.
macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident = $name:literal, $exit:literal, $status:literal, $retryable:literal;)+) => {
        /// What kind of failure an [`Error`](crate::Error) is: the same in the library, on the command line and in HTTP.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])+ $code,)+
        }

        impl Code {
            /// Every code, in the order of the exit codes.
            pub const ALL: &[Code] = &[$(Code::$code),+];

            /// The code as programs see it, such as `NOT_FOUND`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$code => $name,)+ }
            }

            /// What a command that fails with it exits with.
            #[must_use]
            pub const fn exit_code(self) -> u8 {
                match self { $(Code::$code => $exit,)+ }
            }

            /// What a server answers with.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Code::$code => $status,)+ }
            }

            /// Whether the same call can succeed later without anybody changing it.
            #[must_use]
            pub const fn is_retryable(self) -> bool {
                match self { $(Code::$code => $retryable,)+ }
            }
        }
    };
}

codes! {
    /// A value, name, filter or id that cannot be used.
    ValidationError = "VALIDATION_ERROR", 2, 400, false;
    /// A value that cannot be turned into what is stored.
    SerializationError = "SERIALIZATION_ERROR", 2, 400, false;
    /// A configuration file that cannot be read.
    TomlParseError = "TOML_PARSE_ERROR", 2, 400, false;
    /// There is no such store, experiment, run or metric.
    NotFound = "NOT_FOUND", 3, 404, false;
    /// Somebody holds what is needed and does not move.
    Busy = "BUSY", 4, 503, true;
    /// The port is taken.
    PortBusy = "PORT_BUSY", 4, 503, true;
    /// Damaged data was found.
    Corrupt = "CORRUPT", 5, 500, false;
    /// An artifact is not what its event says.
    ArtifactMismatch = "ARTIFACT_MISMATCH", 5, 500, false;
    /// Who asks may not.
    Unauthorized = "UNAUTHORIZED", 6, 401, false;
    /// Another machine did not answer.
    Network = "NETWORK", 6, 502, true;
    /// What was run for the caller failed.
    CommandFailed = "COMMAND_FAILED", 6, 500, false;
    /// Part of it failed.
    Partial = "PARTIAL", 7, 207, false;
    /// The state of a run or experiment does not allow it.
    InvalidState = "INVALID_STATE", 8, 409, false;
    /// Somebody else was first, or another value is there.
    Conflict = "CONFLICT", 8, 409, false;
    /// The question is about a moment whose records are partly gone for good.
    HistoryFloor = "HISTORY_FLOOR", 8, 410, false;
    /// An artifact is larger than allowed.
    ArtifactTooLarge = "ARTIFACT_TOO_LARGE", 8, 413, false;
    /// The disk is full.
    DiskFull = "DISK_FULL", 9, 507, true;
    /// The system refused a read or a write.
    IoError = "IO_ERROR", 9, 500, false;
    /// This program or this filesystem cannot do it.
    Unsupported = "UNSUPPORTED", 9, 500, false;
    /// The store failed in a way that may pass.
    StorageError = "STORAGE_ERROR", 9, 500, true;
    /// A bug in mltrack.
    InternalError = "INTERNAL_ERROR", 70, 500, false;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_exit_code_of_the_table() {
        let names: HashSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(matches!(code.exit_code(), 2..=9 | 70), "{code}");
            assert!((200..600).contains(&code.http_status()), "{code}");
        }
    }
}
