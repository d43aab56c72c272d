//! Rows with several processes start this program again and talk to it in lines.
//!
//! Invariant: a child that is dropped is killed and waited for, so that no round leaves a process behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// A process that a row started.
pub struct Child {
    process: process::Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the child of `row` over a store.
    pub fn spawn(row: &str, role: &str, store: &Path, rest: &[u64]) -> Result<Child> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--child", row, role])
            .arg(store)
            .args(rest.iter().map(u64::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start this program again")?;
        let to = process.stdin.take();
        let from = BufReader::new(
            process
                .stdout
                .take()
                .context("the child's output is a pipe")?,
        );
        Ok(Child { process, to, from })
    }

    /// Waits until the child says that it is ready.
    pub fn wait_ready(&mut self) -> Result<()> {
        let line = self.line()?;
        ensure!(line == "ready", "the child said {line:?} instead of ready");
        Ok(())
    }

    /// Lets the child begin, or go on.
    pub fn go(&mut self) -> Result<()> {
        let to = self.to.as_mut().context("the child's input is a pipe")?;
        to.write_all(b"\n")?;
        Ok(to.flush()?)
    }

    /// The next line of numbers.
    pub fn numbers(&mut self) -> Result<Vec<f64>> {
        let line = self.line()?;
        let numbers = line
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<Vec<f64>, _>>();
        numbers.with_context(|| format!("the child said {line:?}"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            bail!("the child ended early: {}", self.process.wait()?);
        }
        Ok(line.trim_end().to_owned())
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Waits until the child has ended well.
    pub fn end(mut self) -> Result<()> {
        self.to = None;
        let status = self.process.wait()?;
        ensure!(status.success(), "the child ended with {status}");
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what this is for.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// In the child: says that it is ready and waits for the row.
pub fn ready() -> Result<()> {
    println!("ready");
    wait()
}

/// In the child: says that it is ready and does not wait.
pub fn ready_and_go_on() {
    println!("ready");
}

/// In the child: waits for the row.
pub fn wait() -> Result<()> {
    let mut line = String::new();
    ensure!(
        std::io::stdin().read_line(&mut line)? > 0,
        "the row is gone"
    );
    Ok(())
}

/// In the child: one line of numbers.
pub fn say(numbers: &[f64]) {
    let words: Vec<String> = numbers.iter().map(f64::to_string).collect();
    println!("{}", words.join(" "));
}

/// The words that [`Child::spawn`] handed over: role, store, numbers.
pub struct Order<'a> {
    pub role: &'a str,
    pub store: &'a Path,
    numbers: Vec<u64>,
}

impl<'a> Order<'a> {
    pub fn read(words: &'a [String]) -> Result<Order<'a>> {
        let [role, store, numbers @ ..] = words else {
            bail!("a child needs a role and a store")
        };
        let numbers = numbers
            .iter()
            .map(|word| word.parse())
            .collect::<Result<_, _>>()?;
        Ok(Order {
            role,
            store: Path::new(store),
            numbers,
        })
    }

    pub fn number(&self, index: usize) -> Result<u64> {
        self.numbers
            .get(index)
            .copied()
            .with_context(|| format!("number {index} is missing"))
    }
}
