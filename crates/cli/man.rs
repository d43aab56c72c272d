//! `mltrack man`: manual pages made from the table, one a command.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap_mangen::Man;

use crate::failure::{Exit, Failure, Outcome, file_failure};
use crate::table;

/// Print a manual page, or write all of them to a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "To read one: mltrack man run log | man -l -")]
pub struct Arguments {
    /// The command; the page of mltrack itself when none is named
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    into: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let mut root = table::command();
    root.build();
    if let Some(folder) = &arguments.into {
        fs::create_dir_all(folder).map_err(|error| file_failure("create", folder, &error))?;
        write_pages(&root, "mltrack", folder)?;
        return Ok(Exit::Done);
    }
    let (command, name) = find(&root, &arguments.command)?;
    io::stdout().write_all(&page(command, &name)?)?;
    Ok(Exit::Done)
}

/// The command that these words name, and its page's name.
pub fn find<'a>(root: &'a clap::Command, words: &[String]) -> Outcome<(&'a clap::Command, String)> {
    let mut command = root;
    let mut name = root.get_name().to_owned();
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("there is no command {:?}", words.join(" ")))
                .hint("mltrack --help")
        })?;
        name = format!("{name}-{}", command.get_name());
    }
    Ok((command, name))
}

fn page(command: &clap::Command, name: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    Man::new(command.clone().name(name.to_owned())).render(&mut text)?;
    Ok(text)
}

fn write_pages(command: &clap::Command, name: &str, folder: &Path) -> Outcome<()> {
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, page(command, name)?).map_err(|error| file_failure("write", &path, &error))?;
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        write_pages(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(())
}
