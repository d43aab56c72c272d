//! The bytes of a stored object: a header of 16 bytes, then the content as it is or compressed. Drawn in `docs/format.md`, "Blobs".
//!
//! Invariant: opening one never allocates more than [`CONTENT_LEN_MAX`], whatever the header says.

use bytes::Bytes;

use crate::mismatch::Flaw;

pub(crate) const HEADER_LEN: usize = 16;
const MAGIC: [u8; 4] = *b"MLTB";
const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// No object holds more content than this, in any version that has this header.
pub(crate) const CONTENT_LEN_MAX: usize = 16 << 20;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub is_compressed: bool,
    pub content_len: u32,
    pub body_len: u32,
}

impl Header {
    pub fn encode(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = if self.is_compressed { ZSTD } else { PLAIN };
        bytes[8..12].copy_from_slice(&self.content_len.to_le_bytes());
        bytes[12..].copy_from_slice(&self.body_len.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Header, Flaw> {
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(Flaw::Format("it ends inside its header"));
        };
        if bytes[..4] != MAGIC {
            return Err(Flaw::Format("it does not begin like a blob"));
        }
        if bytes[4] != VERSION {
            return Err(Flaw::Format("a newer mltrack wrote it"));
        }
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let header = Header {
            is_compressed: match bytes[5] {
                PLAIN => false,
                ZSTD => true,
                _ => return Err(Flaw::Format("it is encoded in a way that is not known")),
            },
            content_len: word(8),
            body_len: word(12),
        };
        if header.content_len as usize > CONTENT_LEN_MAX || header.body_len > header.content_len {
            return Err(Flaw::Format("its header gives lengths that cannot be"));
        }
        if !header.is_compressed && header.body_len != header.content_len {
            return Err(Flaw::Format("its header gives two lengths"));
        }
        Ok(header)
    }

    /// How long the object with this header is.
    pub fn object_len(self) -> u64 {
        HEADER_LEN as u64 + u64::from(self.body_len)
    }
}

/// The object for a content: the header, and the body, compressed when that was worth it.
pub(crate) fn seal(content: Bytes, compressed: Option<Vec<u8>>) -> [Bytes; 2] {
    debug_assert!(content.len() <= CONTENT_LEN_MAX);
    let content_len = content.len() as u32;
    let is_compressed = compressed.is_some();
    let body = compressed.map_or(content, Bytes::from);
    let header = Header {
        is_compressed,
        content_len,
        body_len: body.len() as u32,
    };
    [Bytes::copy_from_slice(&header.encode()), body]
}

/// The content of a stored object, as `docs/format.md` draws it. Its hash is not looked at here.
pub fn open(object: &Bytes) -> Result<Bytes, Flaw> {
    let header = Header::decode(object)?;
    if object.len() as u64 != header.object_len() {
        return Err(Flaw::Length {
            expected: header.object_len(),
            found: object.len() as u64,
        });
    }
    let body = object.slice(HEADER_LEN..);
    if !header.is_compressed {
        return Ok(body);
    }
    let content = zstd::bulk::decompress(&body, header.content_len as usize)
        .map_err(|_| Flaw::Format("it does not decompress"))?;
    if content.len() != header.content_len as usize {
        return Err(Flaw::Format("it decompresses to another length"));
    }
    Ok(content.into())
}
