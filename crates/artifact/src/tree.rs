//! A folder as one blob: a list of its files, whose hash is the folder's digest.
//!
//! Invariants: the same files give the same bytes; a list that is read back has only names that stay in the folder, each once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::names::check_name;
use crate::put::Stored;
use crate::store::BlobStore;

/// Longest list that is read, in bytes: a million files.
const TREE_LEN_MAX: u64 = 512 << 20;
const WORD: &str = "tree";

/// The files of a folder, by their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Sorted by path.
    pub files: Vec<TreeFile>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Relative to the folder, with `/` between its parts.
    pub path: String,
    /// Its content.
    pub blob: BlobHash,
    /// Its length in bytes.
    pub len: u64,
}

/// The list as JSON. The order of the fields is format.
#[derive(Serialize, Deserialize)]
struct Document {
    mltrack: String,
    files: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    path: String,
    len: u64,
    blob: String,
}

impl Tree {
    /// The files, sorted; names that leave the folder, or are two files at once, are refused.
    pub fn new(mut files: Vec<TreeFile>) -> Result<Tree> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut seen = BTreeSet::new();
        for file in &files {
            check_name(&file.path)?;
            if !seen.insert(file.path.as_str()) {
                return Err(twice(&file.path));
            }
        }
        for file in &files {
            let folders = file.path.match_indices('/').map(|(at, _)| &file.path[..at]);
            if let Some(folder) = folders.into_iter().find(|folder| seen.contains(folder)) {
                return Err(twice(folder));
            }
        }
        Ok(Tree { files })
    }

    /// Its bytes: JSON without spaces.
    pub fn encode(&self) -> Vec<u8> {
        let rows = self.files.iter().map(|file| Row {
            path: file.path.clone(),
            len: file.len,
            blob: file.blob.to_string(),
        });
        let document = Document {
            mltrack: WORD.to_owned(),
            files: rows.collect(),
        };
        serde_json::to_vec(&document).expect("texts and numbers become JSON")
    }

    /// Reads its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Tree> {
        let wrong = |why: String| Error::Name {
            name: "a folder's list of files".to_owned(),
            why,
        };
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if document.mltrack != WORD {
            return Err(wrong(format!("it is no tree but {:?}", document.mltrack)));
        }
        let files = document.files.into_iter().map(|row| {
            Ok(TreeFile {
                blob: row.blob.parse()?,
                path: row.path,
                len: row.len,
            })
        });
        Tree::new(files.collect::<Result<_>>()?)
    }

    /// Length of all files together, in bytes.
    pub fn len(&self) -> u64 {
        self.files
            .iter()
            .fold(0, |sum, file| sum.saturating_add(file.len))
    }

    /// Whether it has no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

fn twice(path: &str) -> Error {
    Error::Name {
        name: path.to_owned(),
        why: "it stands twice in the folder, or is a file and a folder at once".to_owned(),
    }
}

impl BlobStore {
    /// Stores the list of a folder's files, whose contents are stored already. Its id is the folder's digest.
    pub fn put_tree(&self, files: &[(String, BlobHash, u64)]) -> Result<Stored> {
        let files = files.iter().map(|(path, blob, len)| TreeFile {
            path: path.clone(),
            blob: *blob,
            len: *len,
        });
        let tree = Tree::new(files.collect())?;
        self.put_bytes(&tree.encode())
    }

    /// Stores every file below a folder, then their list. Links to files are followed, links to folders are refused.
    pub fn put_folder(&self, folder: &Path) -> Result<(Stored, Tree)> {
        let guard = self.putting()?;
        let mut files = Vec::new();
        for (name, path) in walk(folder)? {
            let stored = self.put().guard(&guard).file(&path)?;
            files.push(TreeFile {
                path: name,
                blob: stored.id,
                len: stored.len,
            });
        }
        let tree = Tree::new(files)?;
        let stored = self.put().guard(&guard).bytes(&tree.encode())?;
        Ok((stored, tree))
    }

    /// The list of a folder's files.
    pub fn read_tree(&self, id: &BlobHash) -> Result<Tree> {
        let len = self.open_blob(id)?.len();
        if len > TREE_LEN_MAX {
            return Err(Error::TooLarge {
                what: format!("the list of files {id}"),
                len,
                max: TREE_LEN_MAX,
                is_at_least: false,
            });
        }
        let bytes = self.get_bytes(id)?;
        Tree::decode(&bytes).map_err(|error| Error::Name {
            name: format!("the list of files {id}"),
            why: error.to_string(),
        })
    }

    /// Writes a folder's files below this one. Files that are there are replaced; nothing is written through a link.
    pub fn get_tree(&self, id: &BlobHash, folder: &Path) -> Result<Tree> {
        let tree = self.read_tree(id)?;
        for file in &tree.files {
            let target = safe_target(folder, &file.path)?;
            self.get_to_file(&file.blob, &target)?;
        }
        Ok(tree)
    }
}

/// Where the file goes; the folders above it are made, and none of them is a link.
fn safe_target(folder: &Path, name: &str) -> Result<PathBuf> {
    check_name(name)?;
    fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
    let mut path = folder.to_owned();
    let (folders, file) = name
        .rsplit_once('/')
        .map_or((None, name), |(a, b)| (Some(a), b));
    for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(Error::Name {
                    name: name.to_owned(),
                    why: format!("{} is there and is no folder", path.display()),
                });
            }
            Err(_) => fs::create_dir(&path).map_err(Error::io("create the folder", &path))?,
        }
    }
    path.push(file);
    Ok(path)
}

/// Every file below a folder with its name, sorted.
fn walk(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let entry = entry.map_err(Error::io("list", &folder))?;
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                return Err(Error::Name {
                    name: path.display().to_string(),
                    why: "it is no UTF-8: rename it".to_owned(),
                });
            };
            let name = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(Error::io("look at", &path))?;
            let metadata = fs::metadata(&path).map_err(Error::io("look at", &path))?;
            if metadata.is_file() {
                check_name(&name)?;
                files.push((name, path));
            } else if metadata.is_dir() && !kind.is_symlink() {
                folders.push((format!("{name}/"), path));
            } else {
                return Err(Error::Name {
                    name: path.display().to_string(),
                    why: "it is neither a file nor a folder, or a link to a folder: store it apart"
                        .to_owned(),
                });
            }
        }
    }
    files.sort();
    Ok(files)
}
