//! Who acts: the person, the program, the machine and the process, for the audit trail.

#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub actor: String,
    pub command: String,
    pub host: String,
}

impl Identity {
    pub fn new(actor: Option<String>, command: Option<String>) -> Identity {
        Identity {
            actor: actor.unwrap_or_else(user),
            command: command.unwrap_or_else(program),
            host: host(),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(variable)
        .unwrap_or_default()
}

fn program() -> String {
    let program = std::env::args_os().next().map(std::path::PathBuf::from);
    let name = program.as_deref().and_then(std::path::Path::file_name);
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn host() -> String {
    let of_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = of_kernel
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    name.or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"))
        .unwrap_or_default()
}
