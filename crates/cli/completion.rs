//! `mltrack completion SHELL`: a script that completes commands and options, made from the table.

use std::io::{self, Write as _};

use clap::ValueEnum;
use clap_complete::Shell;
use clap_complete_nushell::Nushell;

use crate::failure::{Exit, Outcome};
use crate::table;

/// Print a completion script for your shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "For bash: mltrack completion bash > ~/.local/share/bash-completion/completions/mltrack"
)]
pub struct Arguments {
    /// The shell
    shell: ShellName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Nushell,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let mut script = Vec::new();
    let mut command = table::command();
    let shell = match arguments.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
        ShellName::PowerShell => Shell::PowerShell,
        ShellName::Nushell => {
            clap_complete::generate(Nushell, &mut command, "mltrack", &mut script);
            io::stdout().write_all(&script)?;
            return Ok(Exit::Done);
        }
    };
    clap_complete::generate(shell, &mut command, "mltrack", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}
