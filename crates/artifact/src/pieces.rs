//! A content in pieces of chunk length, read into a few large blocks that are used again and again.
//!
//! Invariants: no more than the given number of blocks exist, so whoever holds pieces holds the reader back; a piece is
//! copied at most once more after it was read (when it crosses the end of a block).

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;

use crate::cut::{CHUNK_LEN_MAX, first_chunk_len};

/// Large enough that the tail that is carried to the next block is small beside it.
pub(crate) const BLOCK_LEN: usize = 8 << 20;

/// Reads a content and cuts it.
pub(crate) struct Pieces<R> {
    source: R,
    home: Receiver<Vec<u8>>,
    back: Sender<Vec<u8>>,
    blocks_left: usize,
    block: Arc<Block>,
    /// What of the block has not been cut yet.
    rest: Range<usize>,
    /// So much has been read.
    pub read_len: u64,
    is_at_end: bool,
    /// What was read and not yet handed out by [`Pieces::take_fresh`].
    fresh: Vec<Bytes>,
}

/// Bytes that go home when nobody needs them any more.
struct Block {
    bytes: Vec<u8>,
    back: Sender<Vec<u8>>,
}

impl Drop for Block {
    fn drop(&mut self) {
        // Without anybody at home the content has been read, or reading was given up.
        drop(self.back.send(std::mem::take(&mut self.bytes)));
    }
}

struct Piece(Arc<Block>, Range<usize>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes[self.1.clone()]
    }
}

impl<R: Read> Pieces<R> {
    /// Reads with this many blocks at most; two are needed.
    pub fn new(source: R, blocks_max: usize) -> Pieces<R> {
        assert!(blocks_max >= 2, "one block is filled while another is held");
        let (back, home) = channel();
        Pieces {
            source,
            home,
            block: Arc::new(Block {
                bytes: Vec::new(),
                back: back.clone(),
            }),
            back,
            blocks_left: blocks_max,
            rest: 0..0,
            read_len: 0,
            is_at_end: false,
            fresh: Vec::new(),
        }
    }

    /// What was read since the last time, in order, for who looks at the content as a whole.
    pub fn take_fresh(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.fresh)
    }

    /// The next chunk; `None` at the end.
    pub fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        if self.rest.len() < CHUNK_LEN_MAX && !self.is_at_end {
            self.fill()?;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let len = first_chunk_len(&self.block.bytes[self.rest.clone()]);
        let range = self.rest.start..self.rest.start + len;
        self.rest.start += len;
        Ok(Some(Bytes::from_owner(Piece(self.block.clone(), range))))
    }

    /// Everything that was read and not yet cut, and whether that is all there is.
    pub fn look(&mut self, len: usize) -> io::Result<Option<&[u8]>> {
        if self.rest.len() < len && !self.is_at_end {
            self.fill()?;
        }
        let is_all = self.is_at_end && self.rest.len() <= len;
        Ok(is_all.then(|| &self.block.bytes[self.rest.clone()]))
    }

    /// How the content begins, before anything was cut.
    pub fn beginning(&self) -> &[u8] {
        &self.block.bytes[self.rest.clone()]
    }

    /// Carries the rest to a new block and reads that full.
    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = self.take_block();
        let carried_len = self.rest.len();
        bytes[..carried_len].copy_from_slice(&self.block.bytes[self.rest.clone()]);
        let mut len = carried_len;
        while len < BLOCK_LEN && !self.is_at_end {
            match self.source.read(&mut bytes[len..]) {
                Ok(count) => {
                    self.is_at_end = count == 0;
                    len += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.read_len += (len - carried_len) as u64;
        self.rest = 0..len;
        self.block = Arc::new(Block {
            bytes,
            back: self.back.clone(),
        });
        if len > carried_len {
            let fresh = Piece(self.block.clone(), carried_len..len);
            self.fresh.push(Bytes::from_owner(fresh));
        }
        Ok(())
    }

    /// A block of its own at first; then one that came home, which may have to be waited for.
    fn take_block(&mut self) -> Vec<u8> {
        loop {
            if let Ok(bytes) = self.home.try_recv() {
                if !bytes.is_empty() {
                    return bytes;
                }
                continue;
            }
            if self.blocks_left > 0 {
                self.blocks_left -= 1;
                return vec![0; BLOCK_LEN];
            }
            let bytes = self.home.recv().expect("this end holds a sender as well");
            if !bytes.is_empty() {
                return bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_together_are_the_content_however_it_is_read() {
        let mut content = vec![0; 20 << 20];
        blake3::Hasher::new().finalize_xof().fill(&mut content);
        let cuts = |reader: &mut dyn Read| {
            let mut pieces = Pieces::new(reader, 3);
            let (mut cuts, mut at) = (Vec::new(), 0);
            let mut whole = blake3::Hasher::new();
            while let Some(piece) = pieces.next_piece().expect("memory does not fail") {
                assert_eq!(piece, &content[at..at + piece.len()]);
                at += piece.len();
                cuts.push(at);
                for fresh in pieces.take_fresh() {
                    whole.update(&fresh);
                }
            }
            assert_eq!(
                (at, pieces.read_len as usize),
                (content.len(), content.len())
            );
            assert_eq!(whole.finalize(), blake3::hash(&content));
            cuts
        };
        let all = cuts(&mut content.as_slice());
        let mut in_parts = content[..777].chain(&content[777..]);
        assert_eq!(cuts(&mut in_parts), all);
    }
}
