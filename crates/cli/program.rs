//! How this program is started once more: `demo` starts trainers, `serve` starts what answers commands of clients.
//!
//! Invariant: nobody else looks for the program's file, because an interpreter may run it, whose file does something
//! else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to start.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    /// Leads to what runs now even when another file has taken its place.
    lasting: Option<PathBuf>,
    code: Option<PathBuf>,
}

impl Program {
    /// The file that this process runs.
    pub fn of_this_process() -> Program {
        const THIS: &str = "/proc/self/exe";
        Program {
            path: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("mltrack")),
            arguments: Vec::new(),
            lasting: Some(PathBuf::from(THIS)).filter(|path| path.exists()),
            code: None,
        }
    }

    /// Another program that takes the command line after these arguments, such as an interpreter, and the file that has
    /// all code of this one.
    pub fn run_by(path: PathBuf, arguments: Vec<OsString>, code: PathBuf) -> Program {
        Program {
            path,
            arguments,
            lasting: None,
            code: Some(code),
        }
    }

    /// The file that has its code, when it is not the one that is started.
    pub(crate) fn code(&self) -> Option<&Path> {
        self.code.as_deref()
    }

    /// A command that starts it, to which the words of a command line are added.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments);
        command
    }

    /// What starts it, and the arguments before the command line, for who may do it days later.
    pub(crate) fn lasting(&self) -> (PathBuf, Vec<OsString>) {
        let path = self.lasting.as_ref().unwrap_or(&self.path);
        (path.clone(), self.arguments.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_an_interpreter_runs_is_started_by_that_one() {
        let program = Program::run_by(
            "python3".into(),
            vec!["mltrack.py".into()],
            "mltrack.so".into(),
        );
        assert_eq!(program.code(), Some(Path::new("mltrack.so")));
        let command = program.command();
        assert_eq!(command.get_program(), "python3");
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["mltrack.py"]);
        assert_eq!(
            program.lasting(),
            ("python3".into(), vec!["mltrack.py".into()])
        );
    }

    #[test]
    fn a_process_starts_its_own_file_again() {
        let program = Program::of_this_process();
        assert_eq!(
            program.command().get_program(),
            std::env::current_exe().unwrap()
        );
        assert_eq!(program.code(), None);
        let (lasting, arguments) = program.lasting();
        assert_eq!(
            lasting.canonicalize().unwrap(),
            std::env::current_exe().unwrap()
        );
        assert!(arguments.is_empty());
    }
}
