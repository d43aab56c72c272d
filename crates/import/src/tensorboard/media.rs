//! Pictures and sounds as artifacts of a run.
//!
//! Invariant: a path never leads out of the run, whatever the tag is; the number in it is the step, by which the page
//! puts those of one tag side by side.

use mltrack::WallTime;

use super::tensor::{Items, Tensor};
use super::wire::{Fields, Read};
use crate::chunk::{Content, PastArtifact};

/// The encoded bytes of an `Image` or `Audio`, where its field 4 holds them.
pub(crate) fn encoded(message: &[u8]) -> Read<&[u8]> {
    let mut encoded = &[][..];
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        if number == 4 {
            encoded = value.bytes()?;
        }
    }
    Ok(encoded)
}

/// The encoded pictures of a tensor: behind a width and a height, if the plugin writes these.
pub(crate) fn of_tensor<'a>(tensor: &Tensor<'a>, plugin: &[u8]) -> Vec<&'a [u8]> {
    let Items::Texts(texts) = &tensor.items else {
        return Vec::new();
    };
    match plugin {
        b"images" => texts.get(2..).unwrap_or_default().to_vec(),
        // Sounds stand beside their labels.
        b"audio" if tensor.shape.len() == 2 => texts.iter().step_by(2).copied().collect(),
        _ => texts.clone(),
    }
}

/// An artifact for each of several pictures or sounds of a step.
pub(crate) fn artifacts(
    tag: &str,
    (step, time): (i64, WallTime),
    encoded: &[&[u8]],
) -> impl Iterator<Item = PastArtifact> {
    let is_alone = encoded.len() == 1;
    encoded.iter().enumerate().map(move |(at, bytes)| {
        let ending = ending(bytes);
        let name = folder(tag);
        let path = if is_alone {
            format!("{name}/{step}.{ending}")
        } else {
            format!("{name}/{at}/{step}.{ending}")
        };
        PastArtifact {
            path,
            step: Some(step),
            time,
            metadata: String::new(),
            content: Content::Bytes(bytes.to_vec()),
        }
    })
}

/// A tag as a path below the run.
pub(crate) fn folder(tag: &str) -> String {
    let parts = tag.split(['/', '\\']);
    let parts = parts.filter(|part| !part.is_empty() && *part != ".");
    let parts = parts.map(|part| match part {
        ".." => "__".to_owned(),
        part => part
            .chars()
            .map(|one| if one.is_control() { '_' } else { one })
            .collect(),
    });
    let path = parts.collect::<Vec<String>>().join("/");
    match mltrack::artifact_path(&path) {
        Ok(path) if path.len() <= PATH_LEN_MAX => path,
        // Whatever it is, two of them have two paths.
        _ => format!("tag-{}", &blake3::hash(tag.as_bytes()).to_hex()[..16]),
    }
}

const PATH_LEN_MAX: usize = 400;

fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpg",
        [b'G', b'I', b'F', b'8', ..] => "gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "webp",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "wav",
        [b'I', b'D', b'3', ..] => "mp3",
        [b'f', b'L', b'a', b'C', ..] => "flac",
        [b'O', b'g', b'g', b'S', ..] => "ogg",
        [b'B', b'M', ..] => "bmp",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_path_that_stays_in_the_run() {
        for (tag, path) in [
            ("a/b", "a/b"),
            ("/a//b/", "a/b"),
            ("../../etc/passwd", "__/__/etc/passwd"),
            ("a\\b", "a/b"),
            ("./a", "a"),
        ] {
            assert_eq!(folder(tag), path);
        }
        for strange in ["", "/", "a\0b", &"x".repeat(1000)] {
            let path = folder(strange);
            assert!(
                mltrack::artifact_path(&path).is_ok(),
                "{strange:?} became {path:?}"
            );
        }
    }

    #[test]
    fn one_picture_is_named_by_its_step_and_several_by_their_place_too() {
        let png: &[u8] = b"\x89PNG";
        let at = (7, WallTime(1));
        let paths = |encoded: &[&[u8]]| -> Vec<String> {
            artifacts("a/b", at, encoded).map(|one| one.path).collect()
        };
        assert_eq!(paths(&[png]), ["a/b/7.png"]);
        assert_eq!(paths(&[png, b"x"]), ["a/b/0/7.png", "a/b/1/7.bin"]);
    }
}
