//! What was given on the command line, as words that mean the same anywhere: one way to write each option, paths and
//! the address left out.
//!
//! Invariant: parsed again, the words say what was said; what stays here is named by the row of the table, and what may
//! not travel is refused by its name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use super::rows;
use crate::failure::Failure;
use crate::output::sink::named;

/// A command as it was given.
#[derive(Debug)]
pub struct Given<'a> {
    /// Its name: `artifact ls`.
    pub path: String,
    command: &'a clap::Command,
    matches: &'a ArgMatches,
}

impl<'a> Given<'a> {
    /// Of a table that was built.
    pub fn of(root: &'a clap::Command, matches: &'a ArgMatches) -> Given<'a> {
        let (mut command, mut inner) = (root, matches);
        let mut path = Vec::new();
        while let Some((name, next)) = inner.subcommand() {
            let Some(found) = command.find_subcommand(name) else {
                break;
            };
            (command, inner) = (found, next);
            path.push(found.get_name());
        }
        Given {
            path: path.join(" "),
            command,
            matches: inner,
        }
    }

    /// The arguments that were given.
    pub fn arguments(&self) -> impl Iterator<Item = &'a Arg> {
        let matches = self.matches;
        let is_given = move |argument: &&Arg| is_given(matches, argument);
        self.command.get_arguments().filter(is_given)
    }

    /// Whether an option was given.
    pub fn has(&self, id: &str) -> bool {
        self.arguments().any(|argument| argument.get_id() == id)
    }

    /// A path among the options.
    pub fn path_of(&self, id: &str) -> Option<PathBuf> {
        let argument = self.arguments().find(|argument| argument.get_id() == id)?;
        let mut values = self.matches.get_raw(argument.get_id().as_str())?;
        values.next_back().map(PathBuf::from)
    }

    /// The file that the answer goes to, unless it goes to stdout.
    pub fn output(&self) -> Option<PathBuf> {
        let path = self.path_of("output");
        named(path.as_deref()).map(Path::to_owned)
    }

    /// The words to send.
    pub fn travelling(&self) -> Result<Vec<String>, Failure> {
        self.travelling_but(&[])
    }

    /// The same without options that are done with here.
    pub fn travelling_but(&self, here: &[&str]) -> Result<Vec<String>, Failure> {
        let mut words: Vec<String> = self.path.split(' ').map(str::to_owned).collect();
        let mut positionals = Vec::new();
        for argument in self.arguments() {
            let id = argument.get_id().as_str();
            if rows::STAYS.contains(&id) || here.contains(&id) {
                continue;
            }
            if !rows::travels(argument) {
                return Err(stays_here(argument));
            }
            if argument.is_positional() {
                let values = self.matches.get_raw(id).into_iter().flatten();
                let values = values.map(text).collect::<Result<Vec<_>, _>>()?;
                positionals.push((argument.get_index(), values));
            } else {
                words.extend(self.option(argument)?);
            }
        }
        positionals.sort_by_key(|(index, _)| *index);
        if !positionals.is_empty() {
            words.push("--".to_owned());
        }
        words.extend(positionals.into_iter().flat_map(|(_, values)| values));
        Ok(words)
    }

    fn option(&self, argument: &Arg) -> Result<Vec<String>, Failure> {
        let (long, short) = (argument.get_long(), argument.get_short());
        let name = match (long, short) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => return Ok(Vec::new()),
        };
        if !argument.get_action().takes_values() {
            return Ok(vec![name]);
        }
        let occurrences = self.matches.get_raw_occurrences(argument.get_id().as_str());
        let joint = argument.get_value_delimiter().map(String::from);
        let mut words = Vec::new();
        for values in occurrences.into_iter().flatten() {
            let values = values.map(text).collect::<Result<Vec<_>, _>>()?;
            let value = values.join(joint.as_deref().unwrap_or(","));
            let equals = if long.is_some() { "=" } else { "" };
            words.push(format!("{name}{equals}{value}"));
        }
        Ok(words)
    }
}

fn is_given(matches: &ArgMatches, argument: &Arg) -> bool {
    let is_asked = !matches!(
        argument.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    is_asked && matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
}

fn text(word: &OsStr) -> Result<String, Failure> {
    word.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = word.display();
        Failure::usage(format!(
            "{shown} is not UTF-8, and cannot be sent to a server"
        ))
        .hint("name it by its id")
    })
}

fn stays_here(argument: &Arg) -> Failure {
    let name = rows::shown(argument);
    let what = if rows::is_path(argument) {
        format!("{name} is about files, and those of this machine are not where the answer is made")
    } else {
        format!("{name} does more than looking, and over an address mltrack only looks")
    };
    Failure::new(mltrack::Code::Unsupported, what)
        .hint("leave it out, or give the command on the machine that has the store: -C PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &[&str]) -> Result<Vec<String>, Failure> {
        let mut root = crate::table::command();
        root.build();
        let matches = crate::table::command()
            .try_get_matches_from([&["mltrack"], line].concat())
            .unwrap();
        Given::of(&root, &matches).travelling()
    }

    #[test]
    fn every_option_is_written_in_one_way_and_says_what_was_said() {
        let cases: [(&[&str], &[&str]); 7] = [
            (
                &[
                    "-C",
                    "http://a",
                    "runs",
                    "resnet",
                    "-f",
                    "a = 1",
                    "--state",
                    "failed,lost",
                    "-v",
                ],
                &[
                    "runs",
                    "--filter=a = 1",
                    "--state=failed,lost",
                    "--",
                    "resnet",
                ],
            ),
            (
                &["tail", "-fn5", "--color", "always", "--store=http://a"],
                &["tail", "--follow", "-n5"],
            ),
            (
                &["stats", "--json", "--at", "-2h"],
                &["stats", "--at=-2h", "--json="],
            ),
            (
                &[
                    "artifact", "cat", "@last", "-o", "f", "--bytes", "1..2", "a",
                ],
                &["artifact", "cat", "--bytes=1..2", "--", "@last", "a"],
            ),
            (
                &[
                    "search",
                    "out",
                    "of",
                    "memory",
                    "--kind",
                    "run",
                    "--kind=note",
                ],
                &[
                    "search",
                    "--kind=run",
                    "--kind=note",
                    "--",
                    "out",
                    "of",
                    "memory",
                ],
            ),
            (
                &["runs", "--sort", "-loss", "-q"],
                &["runs", "--sort=-loss", "--quiet"],
            ),
            (&["tail", "--cursor-file", "seen"], &["tail"]),
        ];
        for (line, expected) in cases {
            let words = sent(line).unwrap();
            assert_eq!(words, expected);
            let again: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(sent(&again).unwrap(), words);
        }
    }

    #[test]
    fn what_names_files_or_changes_something_does_not_travel() {
        let lines: [&[&str]; 2] = [
            &["verify", "--artifacts", "--repair", "s3://bucket"],
            &["replay", "--to", "7", "--into", "before"],
        ];
        for line in lines {
            assert!(sent(line).is_err(), "{line:?}");
        }
    }
}
