//! A root behind `object_store`: S3 and what speaks like it, memory, or a client that the caller brings.
//!
//! Invariants: a request is repeated by the client as the options say, never here; an object appears whole or not at all.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::signer::{Method, Signer};
use object_store::{
    Error as ClientError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload,
};

use super::runtime::wait;
use super::{Found, Peeked, Promise, Root};
use crate::error::{Error, Result};

/// Parts of a long object; the least that S3 takes is 5 MiB.
const PART_LEN: usize = 8 << 20;

/// A client and, where it has one, what signs links.
#[derive(Clone)]
pub(crate) struct Client {
    pub store: Arc<dyn ObjectStore>,
    pub signer: Option<Arc<dyn Signer>>,
}

pub(crate) struct Remote {
    place: String,
    prefix: String,
    is_far: bool,
    make: Box<dyn Fn() -> Result<Client> + Send + Sync>,
    /// The process that made it: a client's connections do not survive a fork.
    made: Mutex<Option<(u32, Client)>>,
}

impl Remote {
    /// `make` is called at once, so that what is wrong with the settings is said here, and again after a fork.
    pub fn new(
        place: String,
        prefix: String,
        is_far: bool,
        make: impl Fn() -> Result<Client> + Send + Sync + 'static,
    ) -> Result<Remote> {
        let remote = Remote {
            place,
            prefix,
            is_far,
            make: Box::new(make),
            made: Mutex::new(None),
        };
        remote.client()?;
        Ok(remote)
    }

    fn client(&self) -> Result<Client> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if let Some((maker, client)) = &*made
            && *maker == process
        {
            return Ok(client.clone());
        }
        // The runtime installs what TLS needs, before a client is made.
        super::runtime::handle();
        let client = (self.make)()?;
        if let Some((_, old)) = made.replace((process, client.clone())) {
            // Its connections belong to the parent: closing them here would close them there.
            std::mem::forget(old);
        }
        Ok(client)
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        Ok(self.client()?.store)
    }

    fn path(&self, key: &str) -> Path {
        if self.prefix.is_empty() {
            Path::from(key)
        } else {
            Path::from(format!("{}/{key}", self.prefix))
        }
    }

    fn key(&self, path: &Path) -> Option<String> {
        let path = path.as_ref();
        if self.prefix.is_empty() {
            return Some(path.to_owned());
        }
        let key = path.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        Some(key.to_owned())
    }

    fn found(&self, meta: &ObjectMeta) -> Option<Found> {
        Some(Found {
            key: self.key(&meta.location)?,
            len: meta.size,
            time_ns: meta.last_modified.timestamp_nanos_opt().unwrap_or(0),
        })
    }

    fn failed<'a>(
        &'a self,
        doing: &'static str,
        key: &'a str,
    ) -> impl Fn(ClientError) -> Error + 'a {
        move |source| {
            let (key, place, source) = (key.to_owned(), self.place.clone(), Box::new(source));
            if is_no_bucket(&source) {
                Error::NoBucket { doing, key, place }
            } else if is_unauthorised(&source) {
                Error::Unauthorised {
                    doing,
                    key,
                    place,
                    source,
                }
            } else {
                Error::Remote {
                    doing,
                    key,
                    place,
                    source,
                }
            }
        }
    }
}

/// Whether the answer is about the bucket. An object that is not there is told by the same status, and by another word.
fn is_no_bucket(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::NotFound { .. } | ClientError::Generic { .. }
    ) && format!("{error:?}").contains("NoSuchBucket")
}

/// Whether the answer is about who asks. Credentials that could not be found are told only by their text.
fn is_unauthorised(error: &ClientError) -> bool {
    match error {
        ClientError::PermissionDenied { .. } | ClientError::Unauthenticated { .. } => true,
        ClientError::Generic { source, .. } => {
            let text = format!("{source:?}");
            [
                "169.254.169.254",
                "SignatureDoesNotMatch",
                "InvalidAccessKeyId",
                "ExpiredToken",
            ]
            .iter()
            .any(|sign| text.contains(sign))
        }
        _ => false,
    }
}

/// `None` for an object that is not there.
fn there<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ ClientError::NotFound { .. }) if !is_no_bucket(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Root for Remote {
    fn place(&self) -> &str {
        &self.place
    }

    fn is_remote(&self) -> bool {
        self.is_far
    }

    fn put(&self, key: &str, parts: &[Bytes], _: Promise) -> Result<()> {
        let (store, path) = (self.store()?, self.path(key));
        let payload: PutPayload = parts.iter().cloned().collect();
        wait(async move { store.put(&path, payload).await }).map_err(self.failed("store", key))?;
        Ok(())
    }

    fn put_new(&self, key: &str, content: Bytes) -> Result<bool> {
        let (store, path) = (self.store()?, self.path(key));
        let answer = wait(async move {
            let payload = PutPayload::from(content);
            store.put_opts(&path, payload, PutMode::Create.into()).await
        });
        match answer {
            Ok(_) => Ok(true),
            Err(ClientError::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(self.failed("store", key)(error)),
        }
    }

    fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let (store, path) = (self.store()?, self.path(key));
        wait(async move {
            match there(store.get(&path).await)? {
                Some(found) => found.bytes().await.map(Some),
                None => Ok(None),
            }
        })
        .map_err(self.failed("read", key))
    }

    fn head(&self, key: &str) -> Result<Option<Found>> {
        let (store, path) = (self.store()?, self.path(key));
        let meta = wait(async move { there(store.head(&path).await) })
            .map_err(self.failed("look at", key))?;
        Ok(meta.and_then(|meta| self.found(&meta)))
    }

    fn peek(&self, key: &str) -> Result<Option<Peeked>> {
        Ok(self.head(key)?.map(|found| Peeked {
            len: found.len,
            header: None,
        }))
    }

    fn delete(&self, key: &str) -> Result<bool> {
        let (store, path) = (self.store()?, self.path(key));
        let answer = wait(async move { there(store.delete(&path).await) })
            .map_err(self.failed("remove", key))?;
        Ok(answer.is_some())
    }

    fn list(&self, folder: &str, each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()> {
        let (store, path) = (self.store()?, self.path(folder));
        // A page at a time comes over, so that a root of millions of objects is not held in memory.
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        super::runtime::handle().spawn(async move {
            let mut pages = store.list(Some(&path)).try_chunks(1000);
            loop {
                let page = pages.try_next().await.map_err(|error| error.1);
                let is_last = !matches!(page, Ok(Some(_)));
                let (sender, page) = (sender.clone(), page);
                // Sending may wait for the receiver, which no thread of the runtime should.
                let sent = tokio::task::spawn_blocking(move || sender.send(page)).await;
                if is_last || !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
        });
        for page in receiver {
            let Some(page) = page.map_err(self.failed("list", folder))? else {
                return Ok(());
            };
            for found in page.iter().filter_map(|meta| self.found(meta)) {
                each(found)?;
            }
        }
        Ok(())
    }

    fn settle(&self, _: Option<&str>) -> Result<()> {
        Ok(())
    }

    fn sweep_drafts(&self) -> Result<u64> {
        Ok(0)
    }

    fn sign(&self, key: &str, expires: Duration) -> Result<String> {
        let Some(signer) = self.client()?.signer else {
            return Err(Error::Unsupported {
                place: self.place.clone(),
                what: "give links",
                next: "keep the blobs in S3, or let `mltrack serve` hand them out",
            });
        };
        let path = self.path(key);
        wait(async move { signer.signed_url(Method::GET, &path, expires).await })
            .map(String::from)
            .map_err(self.failed("sign a link to", key))
    }

    fn put_stream(&self, key: &str, content: &mut dyn io::Read) -> Result<()> {
        let (store, path) = (self.store()?, self.path(key));
        let upload = wait(async move { store.put_multipart(&path).await });
        let mut upload = upload.map_err(self.failed("store", key))?;
        let sent = loop {
            let mut part = Vec::with_capacity(PART_LEN);
            match io::Read::read_to_end(
                &mut io::Read::take(&mut *content, PART_LEN as u64),
                &mut part,
            ) {
                Ok(0) => break Ok(()),
                Ok(_) => {}
                Err(source) => {
                    break Err(Error::Reader {
                        read_len: 0,
                        source,
                    });
                }
            }
            let request = upload.put_part(part.into());
            if let Err(error) = wait(request) {
                break Err(self.failed("store", key)(error));
            }
        };
        let is_sent = sent.is_ok();
        let ended = wait(async move {
            if is_sent {
                upload.complete().await.map(drop)
            } else {
                upload.abort().await
            }
        });
        sent?;
        ended.map_err(self.failed("store", key))
    }
}
