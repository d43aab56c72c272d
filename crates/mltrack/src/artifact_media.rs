//! What kind of bytes an artifact holds, from its name and its first bytes, where nobody said.
//!
//! Invariant: first bytes win over a name only for forms that announce themselves; a guess is never an error.

/// So many first bytes are enough to tell.
pub(crate) const HEAD_LEN: usize = 512;

/// Whatever nothing is known about.
const UNKNOWN: &str = "application/octet-stream";

/// Endings and what they stand for.
const ENDINGS: &[(&str, &str)] = &[
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("out", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("py", "text/x-python"),
    ("rs", "text/x-rust"),
    ("diff", "text/x-diff"),
    ("patch", "text/x-diff"),
    ("json", "application/json"),
    ("jsonl", "application/x-ndjson"),
    ("ndjson", "application/x-ndjson"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("toml", "application/toml"),
    ("xml", "application/xml"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mpeg"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("zst", "application/zstd"),
    ("xz", "application/x-xz"),
    ("tar", "application/x-tar"),
    ("parquet", "application/vnd.apache.parquet"),
    ("arrow", "application/vnd.apache.arrow.file"),
    ("npy", "application/x-npy"),
    ("npz", "application/x-npz"),
    ("pkl", "application/x-pickle"),
    ("pickle", "application/x-pickle"),
    ("pt", "application/x-pytorch"),
    ("pth", "application/x-pytorch"),
    ("ckpt", "application/x-pytorch"),
    ("safetensors", "application/x-safetensors"),
    ("onnx", "application/x-onnx"),
    ("gguf", "application/x-gguf"),
    ("h5", "application/x-hdf5"),
    ("hdf5", "application/x-hdf5"),
    ("ipynb", "application/x-ipynb+json"),
];

/// First bytes that announce a form.
const HEADS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"ARROW1", "application/vnd.apache.arrow.file"),
    (b"\x93NUMPY", "application/x-npy"),
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"GGUF", "application/x-gguf"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
];

/// The media type of bytes that begin with `head` under this path.
pub(crate) fn media_type(path: &str, head: &[u8]) -> &'static str {
    if let Some((_, announced)) = HEADS.iter().find(|(bytes, _)| head.starts_with(bytes)) {
        return announced;
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if let Some((_, ending)) = name.rsplit_once('.')
        && let Some((_, known)) = ENDINGS.iter().find(|(known, _)| *known == ending)
    {
        return known;
    }
    // PyTorch files are zip archives, so this comes behind the endings.
    match head {
        [b'P', b'K', 3, 4, ..] => "application/zip",
        _ if is_text(head) => "text/plain",
        _ => UNKNOWN,
    }
}

/// Whether these are the first bytes of a text: UTF-8 without control characters; the last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_comes_from_first_bytes_that_announce_it_then_from_the_name_then_from_whether_it_is_text()
     {
        for (path, head, expected) in [
            ("a.bin", b"\x89PNG\r\n\x1a\n...".as_slice(), "image/png"),
            ("plot.PNG", b"", "image/png"),
            ("ckpt/model.pt", b"PK\x03\x04", "application/x-pytorch"),
            ("a", b"PK\x03\x04", "application/zip"),
            ("README", b"hello\n", "text/plain"),
            ("README", "gr\u{fc}n".as_bytes(), "text/plain"),
            ("README", &"gr\u{fc}".as_bytes()[..3], "text/plain"),
            ("weights", b"\0\x01\x02", "application/octet-stream"),
            ("weights", b"", "application/octet-stream"),
            ("a.tar.gz", b"", "application/gzip"),
            (".csv", b"a,b", "text/csv"),
        ] {
            assert_eq!(media_type(path, head), expected, "{path} {head:?}");
        }
    }
}
