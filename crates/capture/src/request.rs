//! What a capture is asked for: whose process, how much of it, and how long it may take.
//!
//! Invariants: a request holds all that a capture reads of its own process; nothing here starts a process or fails.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::variables;

/// How much of a working tree a patch may hold. What does not fit is left out by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole patch.
    pub patch_len_max: usize,
    /// Bytes of one untracked file.
    pub untracked_file_len_max: u64,
    /// Bytes of all untracked files together.
    pub untracked_len_max: u64,
    /// How many untracked files are looked at; git lists them in the order of their names.
    pub untracked_count_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            patch_len_max: 16 << 20,
            untracked_file_len_max: 1 << 20,
            untracked_len_max: 16 << 20,
            untracked_count_max: 10_000,
        }
    }
}

/// Where the machine tells about itself: folders that tests replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The root under which `etc`, `run`, `usr` and the marks of containers lie.
    pub root: PathBuf,
    /// The process file system.
    pub proc: PathBuf,
    /// The file system of control groups.
    pub cgroup: PathBuf,
    /// Where short-lived files of the capture are made.
    pub temporary: PathBuf,
    /// NVIDIA's management library; `None` is where the system finds it.
    pub nvml: Option<PathBuf>,
}

impl Default for Places {
    fn default() -> Places {
        Places {
            root: PathBuf::from("/"),
            proc: PathBuf::from("/proc"),
            cgroup: PathBuf::from("/sys/fs/cgroup"),
            temporary: std::env::temp_dir(),
            nvml: None,
        }
    }
}

/// What to capture. [`Request::new`] asks for everything with the documented limits.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each switches one part on, independent of the others"
)]
pub struct Request {
    /// The working folder of the run.
    pub folder: PathBuf,
    /// The command line, the program first.
    pub arguments: Vec<OsString>,
    /// The process's environment. Only what [`Request::allowlist`] names is recorded; git is started with it.
    pub variables: Vec<(OsString, OsString)>,
    /// Names of variables to record; a final `*` stands for any ending.
    pub allowlist: Vec<String>,
    /// Record the host's name instead of its hash.
    pub reveals_host: bool,
    /// Key of the host's hash. Without one, hashes of one name are equal everywhere.
    pub host_key: Option<[u8; 32]>,
    /// Record the repository around [`Request::folder`] and the patch against its commit.
    pub git: bool,
    /// Record the packages that the program depends on.
    pub dependencies: bool,
    /// Ask the driver for the GPUs.
    pub gpu: bool,
    /// The program that runs; without one, that of this process.
    pub executable: Option<PathBuf>,
    /// The folder of the Python environment; without one it is found by the variables and the command line.
    pub python: Option<PathBuf>,
    /// Facts the caller knows from its build, such as `("mltrack", "0.1.0")`.
    pub build: Vec<(String, String)>,
    /// How large the patch may become.
    pub limits: Limits,
    /// When the answer is due; what is not known by then is named under `missing`.
    pub deadline: Duration,
    /// The monotonic clock.
    pub clock: fn() -> Instant,
    /// Where the machine tells about itself.
    pub places: Places,
}

/// How long a whole capture may take unless the caller says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(10);

impl Request {
    /// Everything about a command in `folder`, with the default limits.
    pub fn new(
        folder: PathBuf,
        arguments: Vec<OsString>,
        variables: Vec<(OsString, OsString)>,
        clock: fn() -> Instant,
    ) -> Request {
        Request {
            folder,
            arguments,
            variables,
            allowlist: variables::ALLOWLIST
                .iter()
                .map(|&name| name.to_owned())
                .collect(),
            reveals_host: false,
            host_key: None,
            git: true,
            dependencies: true,
            gpu: true,
            executable: None,
            python: None,
            build: Vec::new(),
            limits: Limits::default(),
            deadline: DEADLINE,
            clock,
            places: Places::default(),
        }
    }

    /// Everything about this process, as it stands now. Takes microseconds: call it where the run starts and hand the
    /// request to the thread that captures.
    pub fn of_this_process(clock: fn() -> Instant) -> Request {
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        let arguments = std::env::args_os().collect();
        Request::new(folder, arguments, std::env::vars_os().collect(), clock)
    }

    /// The value of a variable, when it is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let found = self.variable_path(name);
        found.map(|value| value.to_string_lossy().into_owned())
    }

    /// The same as a path.
    pub(crate) fn variable_path(&self, name: &str) -> Option<PathBuf> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| PathBuf::from(value))
            .filter(|value| !value.as_os_str().is_empty())
    }

    /// The first file of that name that may be started, in the folders of `PATH`.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        program(name, &self.variables)
    }
}

/// The first file of that name that may be started, in the folders of `PATH`. Relative folders do not count: what they
/// mean depends on who asks.
pub(crate) fn program(name: &str, variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    let (_, folders) = variables.iter().find(|(key, _)| key == "PATH")?;
    std::env::split_paths(folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file() && is_executable(path))
}

fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}
