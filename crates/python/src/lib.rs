//! The engine for Python: the module `mltrack._mltrack`, on which the package `mltrack` is built.
//!
//! Invariants: the interpreter's lock is released around every call of the library, because any of them may wait for a
//! disk or another process; a failure is an exception of `mltrack.errors` with the code, the hint and the words of the
//! library; nothing here decides anything that the library could decide.
#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "arguments of calls from Python are values, and have names there"
)]

mod artifacts;
mod column;
mod column_numpy;
mod compare;
mod console;
mod datasets;
mod dict;
mod edit;
mod experiments;
mod failure;
mod frame;
mod histories;
mod history;
mod keep;
mod lines;
mod mlflow;
mod models;
mod moment;
mod number;
mod open;
mod program;
mod run;
mod run_things;
mod runs;
mod runs_frame;
mod start;
mod tail;
mod upload;
mod value;
mod values;
mod waiting;
mod warned;

use pyo3::pymodule;

/// The engine: what `mltrack` is made of.
#[pymodule]
mod _mltrack {
    #[pymodule_export]
    use crate::column::Column;
    #[pymodule_export]
    use crate::console::Capture;
    #[pymodule_export]
    use crate::frame::Frame;
    #[pymodule_export]
    use crate::lines::Lines;
    #[pymodule_export]
    use crate::mlflow::MlflowRoutes;
    #[pymodule_export]
    use crate::open::Opening;
    #[pymodule_export]
    use crate::open::Store;
    #[pymodule_export]
    use crate::program::main;
    #[pymodule_export]
    use crate::run::Run;
    #[pymodule_export]
    use crate::tail::Event;
    #[pymodule_export]
    use crate::tail::Tail;
    #[pymodule_export]
    use crate::upload::Upload;
    #[pymodule_export]
    use crate::warned::take_warnings;

    use std::sync::atomic::{AtomicUsize, Ordering};

    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    /// Which interpreter imported it; 0 before one has. Each has a `sys.modules` of its own, which it keeps.
    static INTERPRETER: AtomicUsize = AtomicUsize::new(0);

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let modules = module.py().import("sys")?.getattr("modules")?;
        let mine = modules.as_ptr() as usize;
        let first = INTERPRETER.compare_exchange(0, mine, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_err_and(|first| first != mine) {
            return Err(PyImportError::new_err(
                "mltrack serves one interpreter of a process, and another one has it already: \
                 use threads or processes instead of subinterpreters",
            ));
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
